"""Files of SIRENE are recognised by their columns, whatever they are packed in."""

from __future__ import annotations

import zipfile
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from matchmaker.sources.sirene import PLACE, POINT, UNIT, StockFile, open_stock
from matchmaker.sources.tables import TableError
from tests.services.conftest import real
from tests.services.sirene_stock import row, written
from tests.sources.firm_tables import BALUCHON, COLLECTERIE, write_csv

ROWS = [row(COLLECTERIE), row(BALUCHON)]
POINTS = [{"siret": COLLECTERIE, "x_longitude": "5.7", "y_latitude": "45.2", "qualite_xy": "11"}]


def kinds(folder: Path, *paths: Path) -> list[str]:
    with closing((opened := open_stock(paths, folder)).db):
        return [file.kind for file in opened.files]


def staged(folder: Path, *paths: Path) -> list[tuple[object, ...]]:
    """Name, legal form and place of the rows kept when nothing is known."""
    with closing((opened := open_stock(paths, folder)).db) as db:
        db.execute("CREATE TABLE known (number BIGINT, known BIGINT)")
        db.execute("CREATE TABLE claim (number VARCHAR)")
        opened.stage([("9220", "O")], "1")
        columns = 'siret, "denominationUniteLegale", "categorieJuridiqueUniteLegale", longitude'
        return db.execute(f"SELECT {columns} FROM kept ORDER BY siret").fetchall()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "travail"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_files_come_in_any_order(suffix: str, tmp_path: Path, work: Path) -> None:
    places, units, points = written(tmp_path, ROWS, POINTS, suffix)
    assert kinds(work, points, units, places) == [POINT, UNIT, PLACE]


def test_the_published_zip_is_read_as_its_csv(tmp_path: Path, work: Path) -> None:
    places, units = written(tmp_path, ROWS)
    packed = tmp_path / "StockEtablissement_utf8.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(places, places.name)
    assert [name for _, name, *_ in staged(work, packed, units)] == ["LA COLLECTERIE"] * 2


def test_parquet_with_numbers_and_flags_reads_as_the_csv_does(tmp_path: Path, work: Path) -> None:
    files = written(tmp_path, ROWS, POINTS)
    stored = []
    for path in files:
        stored.append(path.with_suffix(".parquet"))
        duckdb.sql(  # types guessed: legal forms and years become numbers, flags booleans
            f"COPY (SELECT * REPLACE (siret::VARCHAR AS siret) FROM read_csv('{path}')) TO '{stored[-1]}'"
            if "Unite" not in path.name
            else f"COPY (SELECT * REPLACE (siren::VARCHAR AS siren) FROM read_csv('{path}')) TO '{stored[-1]}'"
        )
    expected = staged(work, *files)
    (work / "sirene.duckdb").unlink()
    assert staged(work, *stored) == expected


def test_the_case_of_columns_does_not_matter(tmp_path: Path, work: Path) -> None:
    places, _ = written(tmp_path, ROWS)
    upper = write_csv(
        tmp_path / "MAJUSCULES.csv", [{name.upper(): value for name, value in cells.items()} for cells in ROWS]
    )
    assert places.exists()
    assert len(staged(work, upper)) == 2


def test_a_stock_already_joined_works_alone(tmp_path: Path, work: Path) -> None:
    joined = write_csv(tmp_path / "jointe.csv", ROWS)
    assert [form for *_, form, _ in staged(work, joined)] == ["9220"] * 2


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (("siret", "dateFin", "activitePrincipaleEtablissement"), "est un historique"),
        (("siret", "activitePrincipaleEtablissement"), "il manque codePostalEtablissement"),
        (("nom", "ville"), "il manque"),
    ],
)
def test_a_file_that_is_none_of_them_is_refused_with_what_it_lacks(
    columns: tuple[str, ...], words: str, tmp_path: Path, work: Path
) -> None:
    path = write_csv(tmp_path / "autre.csv", [dict.fromkeys(columns, "x")])
    with pytest.raises(TableError, match=words):
        open_stock([path], work)


def test_a_damaged_file_is_refused_in_one_sentence(tmp_path: Path, work: Path) -> None:
    path = tmp_path / "StockEtablissement.parquet"
    path.write_bytes(b"PAR1 coupe")
    with pytest.raises(TableError, match="téléchargez-le à nouveau"):
        open_stock([path], work)


def test_real_headers_of_insee_are_recognised(work: Path) -> None:
    samples = [
        real("sirene", "api_sirene_insee", f"sample_{name}_OK.csv") for name in ("unites_legales", "etablissements")
    ]
    assert kinds(work, *samples) == [UNIT, PLACE]


def test_a_column_that_is_absent_reads_as_silence() -> None:
    assert StockFile("x", PLACE, "t", {"siret": "SIRET"}, frozenset()).text("sigleUniteLegale") == "''"
