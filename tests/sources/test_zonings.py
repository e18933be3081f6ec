"""Zonings of communes as INSEE and France Travail publish them: names of columns move every year."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo.sources.shapes import UnknownShapeError, open_table
from geo.sources.zones import BASSINS, EVENTS, ZONINGS, Refused, read_bassins, read_events, read_zonings, year_of
from tests.sources.territory_files import given, text_file, workbook


def zones(path: Path) -> list[tuple[str, str, str]]:
    rows = read_zonings(open_table(given(path), ZONINGS))
    return [(row.commune, *row.zones["ze"]) for row in rows if not isinstance(row, Refused) and "ze" in row.zones]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("insee.csv", "CODGEO;LIBGEO;ZE2020;LIBZE2020\n01001;L'Abergement;8405;Bourg-en-Bresse\n"),
        ("etalab.csv", "codgeo,libgeo,ze2020,libze2020\n1001,L'Abergement,8405,Bourg-en-Bresse\n"),
        ("etalab.csv.gz", "codgeo,libgeo,ze2020,libze2020\n1001,L'Abergement,8405,Bourg-en-Bresse\n"),
        ("excel.csv", "\ufeffcode_commune;code_zone;lib_zone\n01001;8405;Bourg-en-Bresse\n"),
    ],
)
def test_the_spellings_of_the_columns_are_all_read(tmp_path: Path, name: str, text: str) -> None:
    assert zones(text_file(tmp_path / name, text)) == [("01001", "8405", "Bourg-en-Bresse")]


def test_the_workbook_of_insee_is_read_below_its_titles(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "ZE2020.xlsx",
        Documentation=[["Zones d'emploi 2020"], ["Source : Insee"]],
        Composition_communale=[
            ["Composition communale des zones d'emploi"],
            ["Géographie au 01/01/2024"],
            [],
            ["Code géographique", "Libellé", "Zone", "Libellé"],
            ["CODGEO", "LIBGEO", "ZE2020", "LIBZE2020"],
            ["01001", "L'Abergement-Clémenciat", 8405, "Bourg-en-Bresse"],
        ],
    )
    assert zones(path) == [("01001", "8405", "Bourg-en-Bresse")]


def test_zeros_a_spreadsheet_ate_come_back_in_the_zone_too(tmp_path: Path) -> None:
    assert zones(text_file(tmp_path / "z.csv", "CODGEO,ZE2020,LIBZE2020\n97101,101,Cap Excellence\n"))[0][1] == "0101"


def test_communes_outside_any_zone_have_none_and_rubbish_is_refused(tmp_path: Path) -> None:
    path = text_file(tmp_path / "z.csv", "CODGEO,ZE2020\n01001,ZZZZZZZZZ\nrien,8405\n01003,8405\n")
    assert [code for code, _, _ in zones(path)] == ["01003"]
    refused = [row for row in read_zonings(open_table(given(path), ZONINGS)) if isinstance(row, Refused)]
    assert [(row.line, row.reason) for row in refused] == [(3, "commune_illisible")]


def test_a_table_of_insee_also_tells_bassins_de_vie_and_epci(tmp_path: Path) -> None:
    text = "CODGEO,LIBGEO,EPCI,ZE2020,BV2022\n01001,L'Abergement,200069193,8405,1093\n"
    (row,) = read_zonings(open_table(given(text_file(tmp_path / "t.csv", text)), ZONINGS))
    assert not isinstance(row, Refused)
    assert {zoning: code for zoning, (code, _) in row.zones.items()} == {
        "ze": "8405",
        "bv": "01093",
        "epci": "200069193",
    }


def test_another_table_is_refused_in_a_sentence_with_the_columns_expected_and_read(tmp_path: Path) -> None:
    path = text_file(tmp_path / "z.csv", "nom,ville\nDupont,Vif\n")
    with pytest.raises(UnknownShapeError, match=r"z.csv : colonnes attendues : .*codgeo, ze2020.*lues : nom, ville"):
        zones(path)


@pytest.mark.parametrize(
    ("header", "row", "name", "year"),
    [
        ("CODE_COMMUNE_INSEE,REG_CREDOC,REG,CCOMMUNE,NOMCOM,BE19,NOMBE19", "1001,A,84,01001,L',8401,BOURG", "x", 2019),
        ("reg,dep,code_commune_insee,code_bassin_BMO,lib_bassin_BMO", "84,01,01001,8401,BOURG", "be_2024", 2024),
        ("region,dep,code_commune,lib_commune,code_bassin_2026,lib_bassin_2026", "84,01,1001,L',8401,BOURG", "x", 2026),
        ("lib_bassin_2025;code_bassin_2025;code_commune", "BOURG;8401;01001", "x", 2025),
    ],
)  # fmt: skip
def test_the_crosswalk_of_each_year_is_recognised(tmp_path: Path, header: str, row: str, name: str, year: int) -> None:
    path = text_file(tmp_path / f"{name}.csv", f"{header}\n{row}\n")
    table = open_table(given(path), BASSINS)
    assert year_of(table, path.name, "bassin", "name") == str(year)
    (read,) = read_bassins(table)
    assert not isinstance(read, Refused)
    assert (read.commune, read.zones) == ("01001", {"bmo": ("8401", "BOURG")})


def test_a_zoning_whose_year_nothing_tells_asks_for_it(tmp_path: Path) -> None:
    path = text_file(tmp_path / "bassins.csv", "code_commune_insee,code_bassin_BMO,lib_bassin_BMO\n1001,104,ILES\n")
    with pytest.raises(UnknownShapeError, match=r"bassins_2024\.csv"):
        year_of(open_table(given(path), BASSINS), path.name, "bassin", "name")


def test_only_events_that_end_or_rename_a_commune_are_read(tmp_path: Path) -> None:
    text = (
        "MOD,DATE_EFF,TYPECOM_AV,COM_AV,TNCC_AV,NCC_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,TNCC_AP,NCC_AP,LIBELLE_AP\n"
        "32,2019-01-01,COM,38293,0,PANISSAGE,Panissage,COM,38560,0,VAL DE VIRIEU,Val-de-Virieu\n"
        "32,2019-01-01,COM,38560,0,VIRIEU,Virieu,COM,38560,0,VAL DE VIRIEU,Val-de-Virieu\n"
        "32,2019-01-01,COM,38560,0,VIRIEU,Virieu,COMD,38560,0,VIRIEU,Virieu\n"
    )
    path = text_file(tmp_path / "v_mvt_commune_2026.csv", text)
    events = list(read_events(open_table(given(path), EVENTS)))
    assert [(event.before, event.after) for event in events if not isinstance(event, Refused)] == [("38293", "38560")]
