"""Hiring projects, jobseekers and métiers as published: shapes move, secrets stay secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo.domain.hiring import Count
from geo.sources.employment import (
    HIRING,
    JOBSEEKERS,
    ROME_FAP,
    Hiring,
    Pair,
    Seekers,
    figure,
    read_hiring,
    read_jobseekers,
    read_rome_fap,
)
from geo.sources.shapes import UnknownShapeError, open_table
from geo.sources.zones import Refused
from tests.sources.territory_files import given, text_file, workbook

HEAD_2024 = [
    *("annee", "Code métier BMO", "Nom métier BMO", "Famille_met", "Lbl_fam_met", "REG", "NOM_REG"),
    *("Dept", "NomDept", "BE24", "NOMBE24", "met", "xmet", "smet"),
]
HEAD_2026 = [
    *("annee", "Code métier BMO", "Nom métier BMO", "Famille_met", "Lbl_fam_met", "REG", "NOM_REG"),
    *("Dept", "NomDept", "BE26", "NOMBE26", "clpe", "met", "xmet", "smet"),
]


def line(met: object, xmet: object, smet: object, *, year: int = 2024, bassin: object = "104") -> list[object]:
    return [year, "T4X60", "Agents d'entretien", "V", "x", "01", "x", "971", "x", bassin, "ILES", met, xmet, smet]


def survey(path: Path, *rows: list[object], head: list[str] = HEAD_2024) -> Path:
    return text_file(path / "bmo.csv", "\n".join(",".join(f'"{cell}"' for cell in row) for row in [head, *rows]) + "\n")


def read(path: Path, ceiling: int = 4) -> list[Hiring]:
    return [row for row in read_hiring(open_table(given(path), HIRING), ceiling) if not isinstance(row, Refused)]


def test_a_row_of_the_survey_keeps_its_figures_and_its_bassin_gets_its_zeros_back(tmp_path: Path) -> None:
    (row,) = read(survey(tmp_path, line("120", "40", "30")))
    assert (row.year, row.bassin, row.name, row.fap, row.part) == (2024, "0104", "ILES", "T4X60", "971")
    assert (row.projects, row.hard, row.seasonal) == (Count.of(120), Count.of(40), Count.of(30))


def test_a_secret_is_null_with_bounds_and_never_zero(tmp_path: Path) -> None:
    (row,) = read(survey(tmp_path, line("*", "*", "*")))
    assert row.projects == Count(None, 1, 4)
    assert row.hard == row.seasonal == Count(None, 0, 4)


def test_the_workbook_of_2026_is_found_among_its_sheets_with_its_local_committee(tmp_path: Path) -> None:
    row = [2026, "T4X60", "Agents", "V", "x", "75", "x", "64", "x", 7539, "PAYS BASQUE", "CLPE64001", 12, "*", 5]
    path = workbook(tmp_path / "b.xlsx", Description_des_variables=[["annee"]], BMO_2026_open_data=[HEAD_2026, row])
    table = open_table(given(path), HIRING)
    assert table.captured("bassin") == "26"
    (hiring,) = read(path)
    assert (hiring.year, hiring.bassin, hiring.part) == (2026, "7539", "64/CLPE64001")
    assert hiring.hard == Count(None, 0, 4)


def test_columns_in_another_order_and_spelling_are_the_same_survey(tmp_path: Path) -> None:
    text = "BE20;NOMBE20;annee;metier;nommetier;Dept;met;xmet;smet\n8401;BOURG;2020;T4Z60;Agents;01;20;10;5\n"
    (row,) = read(text_file(tmp_path / "b.csv", text))
    assert (row.year, row.bassin, row.fap, row.projects) == (2020, "8401", "T4Z60", Count.of(20))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (line("12", "40", "5"), "effectif_illisible"),
        (line("douze", "4", "5"), "effectif_illisible"),
        (line("", "", ""), "effectif_absent"),
        (line("12", "5", "5", bassin="rien du tout"), "ligne_illisible"),
    ],
)
def test_a_row_that_cannot_be_true_is_refused_with_its_reason(tmp_path: Path, row: list[object], reason: str) -> None:
    (refused,) = read_hiring(open_table(given(survey(tmp_path, row)), HIRING), 4)
    assert isinstance(refused, Refused)
    assert (refused.line, refused.reason) == (2, reason)
    assert refused.message.endswith(".")


def test_a_survey_without_its_seasonal_column_says_which_are_expected(tmp_path: Path) -> None:
    with pytest.raises(UnknownShapeError, match="met, xmet, smet"):
        read(text_file(tmp_path / "b.csv", "annee,Code métier BMO,Nom métier BMO,BE24,NOMBE24,met,xmet\n"))


def test_jobseekers_fewer_than_five_are_bounds_only(tmp_path: Path) -> None:
    text = (
        "annee;ROME;rome_label;cbassin;lib_bassin_bmo19;oee;defm_abc;ind_tension_d\n"
        "2020;A1203;Espaces verts;302;KOUROU;1;103;2\n2020;K2204;Nettoyage;302;KOUROU;7;3;5\n"
    )
    table = open_table(given(text_file(tmp_path / "d.csv", text)), JOBSEEKERS)
    assert table.captured("bassin", "name") == "19"
    many, few = (row for row in read_jobseekers(table, 5) if isinstance(row, Seekers))
    assert (many.bassin, many.seekers, many.offers, many.tension) == ("0302", Count.of(103), 1, 2)
    assert few.seekers == Count(None, 0, 4)


def test_the_table_of_metiers_needs_no_header_and_old_codes_tell_a_family_only(tmp_path: Path) -> None:
    text = "A0Z40;691e;A1416\n;;\nA0Z42;533b;A1201\n;691f;A1204\n;;A1205\nG0A43;;I1203\nA1Z00;111b;\n"
    table = open_table(given(text_file(tmp_path / "c.csv", text)), ROME_FAP)
    pairs = [(pair.rome, pair.fap, pair.approximate) for pair in read_rome_fap(table) if isinstance(pair, Pair)]
    assert pairs == [
        ("A1416", "A0X", True),
        ("A1201", "A0X", True),
        ("A1204", "A0X", True),
        ("A1205", "A0X", True),
        ("I1203", "G0A43", False),
    ]


@pytest.mark.parametrize(("text", "value"), [("1 240", 1240), ("1\u202f240", 1240), ("*", None), ("", None), ("0", 0)])
def test_a_figure_is_a_count_or_unknown(text: str, value: int | None) -> None:
    assert figure(text) == value


@pytest.mark.parametrize("text", ["-3", "4,5", "beaucoup", "9" * 12])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="illisible"):
        figure(text)
