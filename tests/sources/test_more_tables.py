"""Workbooks and JSON: the same rows as a CSV would give."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from matchmaker.sources.api_records import rows_of
from matchmaker.sources.tables import TableError, columns, read_rows

FIRM = {"siret": "75187049400026", "nom": "La Collecterie", "cp": "01150"}
OTHER = {"siret": "26700012300011", "nom": "Régie du Drac", "cp": "38000"}
BOTH = [FIRM, OTHER]


def values(path: Path) -> list[dict[str, str]]:
    return [row.values for row in read_rows(path)]


def book(path: Path, **sheets: list[list[Any]]) -> Path:
    made = openpyxl.Workbook()
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.remove(made.worksheets[0])
    made.save(path)
    return path


# ---------------------------------------------------------------- workbooks


TABLE = [list(FIRM), *(list(firm.values()) for firm in BOTH)]


def test_a_workbook_reads_like_a_csv(tmp_path: Path) -> None:
    assert values(book(tmp_path / "l.xlsx", Feuille=TABLE)) == BOTH


def test_title_lines_before_the_header_are_passed_over_and_rows_keep_their_number(tmp_path: Path) -> None:
    path = book(tmp_path / "l.xlsx", Feuille=[["Adhérents de la CRESS"], [None, "au 1er mars"], [], *TABLE])
    rows = list(read_rows(path))
    assert [row.values for row in rows] == BOTH
    assert rows[0].number == 5


def test_titles_come_before_the_header_of_a_csv_too(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text("Adhérents, 2026;;\n;;\nsiret;nom;cp\n75187049400026;La Collecterie;01150\n", encoding="utf-8")
    assert values(path) == [FIRM]


def test_of_several_sheets_the_one_that_fits_is_read(tmp_path: Path) -> None:
    path = book(tmp_path / "l.xlsx", Lisez_moi=[["Ce classeur", "contient"], ["une", "liste"]], Liste=TABLE)
    assert [row.values for row in read_rows(path, lambda names: "siret" in names)] == BOTH
    assert columns(path) == ("Ce classeur", "contient")


def test_a_number_keeps_the_zeros_its_format_writes_and_a_date_is_a_day(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.active.append(["cp", "effectif", "agrément", "actif"])
    made.active.append([1150, 12.0, date(2026, 3, 1), True])
    made.active["A2"].number_format = "00000"
    made.save(tmp_path / "l.xlsx")
    assert values(tmp_path / "l.xlsx") == [{"cp": "01150", "effectif": "12", "agrément": "2026-03-01", "actif": "True"}]


def test_a_workbook_inside_gzip_is_read(tmp_path: Path) -> None:
    plain = book(tmp_path / "l.xlsx", Feuille=TABLE)
    (tmp_path / "l.xlsx.gz").write_bytes(gzip.compress(plain.read_bytes()))
    assert values(tmp_path / "l.xlsx.gz") == BOTH


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04 rien de plus", "classeur abîmé"),
        (b"\xd0\xcf\x11\xe0 ancien", "ancien classeur Excel"),
    ],
)
def test_what_is_no_workbook_is_refused_in_french(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "l.xlsx").write_bytes(content)
    with pytest.raises(TableError, match=words):
        values(tmp_path / "l.xlsx")


def test_columns_without_a_name_or_with_the_same_one_are_told_apart(tmp_path: Path) -> None:
    path = book(tmp_path / "l.xlsx", Feuille=[["nom", None, "nom"], ["a", "b", "c"]])
    assert values(path) == [{"nom": "a", "colonne 2": "b", "nom (2)": "c"}]


# ---------------------------------------------------------------- JSON


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(BOTH),
        json.dumps(BOTH, indent=2),
        "\n".join(json.dumps(firm) for firm in BOTH),
        json.dumps({"header": {"total": 2}, "etablissements": BOTH}),
        json.dumps({"count": 2, "next": None, "results": BOTH}),
        json.dumps({"args": {}, "result": {"results": BOTH}}),
        json.dumps({"records": [{"id": 1, "fields": firm} for firm in BOTH]}),
        json.dumps({"type": "FeatureCollection", "features": [{"type": "Feature", "properties": f} for f in BOTH]}),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_every_usual_shape_of_json_gives_the_same_rows(tmp_path: Path, text: str, packed: bool) -> None:
    path = tmp_path / "l.json"
    content = text.encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    assert values(path) == BOTH


@pytest.mark.parametrize("wrapped", [FIRM, {"header": {}, "etablissement": FIRM}, {"uniteLegale": FIRM}])
def test_a_single_record_is_a_row(tmp_path: Path, wrapped: dict[str, Any]) -> None:
    (tmp_path / "l.json").write_text(json.dumps(wrapped), encoding="utf-8")
    assert values(tmp_path / "l.json") == [FIRM]


def test_an_answer_without_result_has_no_row_and_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "l.json").write_text('{"result": {"results": [], "total_results": 0}}', encoding="utf-8")
    assert values(tmp_path / "l.json") == []


def test_a_bad_line_says_so_and_sinks_no_other(tmp_path: Path) -> None:
    (tmp_path / "l.jsonl").write_text(f"{json.dumps(FIRM)}\n{{coupé\n[1]\n{json.dumps(OTHER)}\n", encoding="utf-8")
    rows = list(read_rows(tmp_path / "l.jsonl"))
    assert [(row.number, row.values) for row in rows if not row.problem] == [(1, FIRM), (4, OTHER)]
    assert all(row.problem.endswith(".") for row in rows[1:3])


def test_a_truncated_array_keeps_what_precedes_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "l.json").write_text(json.dumps(BOTH)[:-20], encoding="utf-8")
    rows = read_rows(tmp_path / "l.json")
    assert next(rows).values == FIRM
    with pytest.raises(TableError, match="tronqué"):
        list(rows)


def test_nested_objects_are_laid_flat_and_lists_joined(tmp_path: Path) -> None:
    row = next(rows_of({"adresse": {"cp": "38000", "lignes": ["a", "b"]}, "postes": [{"rome": "K2204"}], "n": 3.0}))
    assert row == {"adresse.cp": "38000", "adresse.lignes": "a|b", "postes": "", "n": "3"}


# ---------------------------------------------------------------- APIs


def test_of_the_periods_of_an_establishment_the_open_one_wins() -> None:
    record = {
        "siret": "75187049400026",
        "uniteLegale": {"denominationUniteLegale": "LA COLLECTERIE", "categorieJuridiqueUniteLegale": "9220"},
        "adresseEtablissement": {"codePostalEtablissement": "93100"},
        "periodesEtablissement": [
            {"dateFin": "2020-01-01", "dateDebut": "2010-01-01", "etatAdministratifEtablissement": "A"},
            {
                "dateFin": None,
                "dateDebut": "2020-01-02",
                "etatAdministratifEtablissement": "F",
                "activitePrincipaleEtablissement": "38.11Z",
                "nomenclatureActivitePrincipaleEtablissement": "NAFRev2",
            },
        ],
    }
    row = next(rows_of(record))
    assert (row["etatAdministratifEtablissement"], row["activitePrincipaleEtablissement"]) == ("F", "38.11Z")
    assert (row["denominationUniteLegale"], row["codePostalEtablissement"]) == ("LA COLLECTERIE", "93100")


@pytest.mark.parametrize("nomenclature", ["NAF1993", "NAP", "NAFRev1"])
def test_a_code_of_an_old_nomenclature_is_not_taken_for_one_of_today(nomenclature: str) -> None:
    period = {
        "activitePrincipaleEtablissement": "74.1J",
        "nomenclatureActivitePrincipaleEtablissement": nomenclature,
    }
    row = next(rows_of({"siret": "1", "periodesEtablissement": [period]}))
    assert row["activitePrincipaleEtablissement"] == ""


def test_a_code_of_2025_goes_where_those_of_2025_are_kept() -> None:
    period = {"activitePrincipaleEtablissement": "81.21Y", "nomenclatureActivitePrincipaleEtablissement": "NAF2025"}
    row = next(rows_of({"siret": "1", "periodesEtablissement": [period]}))
    assert (row["activitePrincipaleEtablissement"], row["activitePrincipaleNAF25Etablissement"]) == ("", "81.21Y")


def test_names_of_natural_persons_do_not_enter() -> None:
    unit = {"categorieJuridiqueUniteLegale": "1000", "nomUniteLegale": "DURAND", "prenom1UniteLegale": "ANNE"}
    row = next(rows_of({"siret": "1", "uniteLegale": unit, "periodesEtablissement": []}))
    assert "DURAND" not in row.values()
    assert "ANNE" not in row.values()
    searched = {"siren": "1", "nomComplet": "ANNE DURAND", "natureJuridique": "1000", "siege": {"siret": "2"}}
    assert "ANNE DURAND" not in next(rows_of(searched)).values()


@pytest.mark.parametrize(
    "unit",
    [
        {"siren": "1", "nomComplet": "A", "siege": {"siret": "2", "codePostal": "38000"}, "matchingEtablissements": []},
        {"siren": "1", "nom_complet": "A", "siege": {"siret": "2", "code_postal": "38000"}},
    ],
)
def test_the_search_of_firms_speaks_the_same_in_both_spellings(unit: dict[str, Any]) -> None:
    (row,) = rows_of(unit)
    assert (row["siret"], row["code_postal"], row["unite.nom_complet"]) == ("2", "38000", "A")


def test_a_legal_unit_gives_each_of_its_establishments_once() -> None:
    head, branch = {"siret": "2"}, {"siret": "3"}
    unit = {
        "siren": "1",
        "siege": head,
        "matchingEtablissements": [branch],
        "etablissements": {"all": [head, branch, {"siret": "4"}]},
    }
    assert [row["siret"] for row in rows_of(unit)] == ["2", "3", "4"]
