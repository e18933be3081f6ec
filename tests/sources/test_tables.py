"""Tables of texts, whatever they are stored in."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.sources.tables import TableError, columns, read_rows, sha256
from tests.sources.firm_tables import SIAE, write_csv

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12).map(str.strip)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("name", ["liste.csv", "liste.csv.gz"])
def test_commas_semicolons_and_tabs_are_told_apart_gzip_or_not(tmp_path: Path, delimiter: str, name: str) -> None:
    path = write_csv(tmp_path / name, [SIAE], delimiter=delimiter)
    (row,) = read_rows(path)
    assert (row.values, row.number, row.repaired) == (SIAE, 2, False)


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    assert columns(write_csv(tmp_path / "excel.csv", [SIAE], encoding="utf-8-sig")) == tuple(SIAE)


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    assert [row.number for row in read_rows(write_csv(tmp_path / "l.csv", [SIAE] * 3))] == [2, 3, 4]


def test_windows_1252_is_read_as_it_was_meant_and_says_so(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "l.csv", [SIAE | {"name": "Régie d'Échirolles – œuvre €"}], encoding="cp1252")
    (row,) = read_rows(path)
    assert row.values["name"] == "Régie d'Échirolles – œuvre €"
    assert row.repaired


def test_only_the_rows_badly_coded_are_repaired(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_bytes("nom,ville\nRégie,Grenoble\n".encode() + "Régie,Vif\n".encode("cp1252"))
    assert [(row.values["nom"], row.repaired) for row in read_rows(path)] == [("Régie", False), ("Régie", True)]


def test_parquet_gives_the_same_rows_as_csv(tmp_path: Path) -> None:
    rows = [SIAE, SIAE | {"siret": "1", "name": "Été", "lon": ""}]
    path = write_csv(tmp_path / "l.csv", rows)
    parquet = tmp_path / "l.parquet"
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{path}', all_varchar = true)) TO '{parquet}' (FORMAT parquet)")
    assert [(r.number, r.values) for r in read_rows(parquet)] == [(r.number, r.values) for r in read_rows(path)]


def test_numbers_and_dates_of_parquet_become_texts_and_nan_or_null_nothing(tmp_path: Path) -> None:
    path = tmp_path / "l.parquet"
    duckdb.sql(
        f"COPY (SELECT 12 AS n, 'NaN'::double AS x, DATE '2026-11-23' AS d, NULL AS v) TO '{path}' (FORMAT parquet)"
    )
    (row,) = read_rows(path)
    assert row.values == {"n": "12", "x": "", "d": "2026-11-23", "v": ""}


@given(st.lists(st.fixed_dictionaries({"a": TEXT, "b": TEXT, "c": TEXT}), min_size=1, max_size=5))
def test_what_a_csv_holds_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]) -> None:
    path = write_csv(tmp_path_factory.mktemp("csv") / "l.csv", rows)
    assert [row.values for row in read_rows(path)] == rows


def test_a_row_cut_short_keeps_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("a,b,c\n1,2\n\n4,5,6,7\n", encoding="utf-8")
    assert [row.values for row in read_rows(tmp_path / "l.csv")] == [
        {"a": "1", "b": "2"},
        {"a": "4", "b": "5", "c": "6"},
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("vide.csv", b""),
        ("blanc.csv", b"\n\n"),
        ("entete.csv", b"siret,name\n"),
        ("image.csv", b"\x00\x01\x02\x00"),
        ("faux.parquet", b"PAR1 but no more"),
        ("coupe.csv.gz", gzip.compress(b"siret,name\n" + b"1,2\n" * 5000, mtime=0)[:60]),
    ],
)
def test_what_is_no_table_is_refused_in_french_with_its_name(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TableError, match=name):
        list(read_rows(tmp_path / name))
        columns(tmp_path / name)  # readable, and nothing under the header


def test_a_missing_file_is_said_missing(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="fichier introuvable"):
        columns(tmp_path / "absent.csv")


def test_the_same_bytes_have_the_same_hash_under_any_name(tmp_path: Path) -> None:
    one, other = write_csv(tmp_path / "a.csv", [SIAE]), write_csv(tmp_path / "b.csv", [SIAE])
    assert sha256(one) == sha256(other) != sha256(write_csv(tmp_path / "c.csv", [SIAE, SIAE]))
