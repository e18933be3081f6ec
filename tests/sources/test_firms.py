"""One row of a table of firms to one record, or to the reason why not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.domain.distance import distance_km
from geo.domain.point import point
from matchmaker.domain.firm import FirmRecord
from matchmaker.domain.siret import is_valid_siret
from matchmaker.sources import firms, registers
from matchmaker.sources.firms import RefusedRow, parse_rows, read_firms
from matchmaker.sources.registers import mapping_of
from matchmaker.sources.tables import Row, TableError
from tests.sources.firm_tables import COLLECTERIE, ESAT, ESAT_ROW, SIAE, SIRENE, write_csv

MAPPINGS = {"sirene": (firms.SIRENE, SIRENE), "siae": (registers.SIAE, SIAE), "esat": (registers.ESAT, ESAT_ROW)}


def read(source: str, **changes: str) -> FirmRecord | RefusedRow:
    mapping, row = MAPPINGS[source]
    (found,) = parse_rows([Row(2, row | changes)], mapping)
    return found


def record(source: str, **changes: str) -> FirmRecord:
    found = read(source, **changes)
    assert isinstance(found, FirmRecord), found
    return found


def refused(source: str, **changes: str) -> RefusedRow:
    found = read(source, **changes)
    assert isinstance(found, RefusedRow), found
    return found


@pytest.mark.parametrize("source", MAPPINGS)
def test_the_columns_tell_the_format(tmp_path: Path, source: str) -> None:
    assert mapping_of(write_csv(tmp_path / "liste.csv", [MAPPINGS[source][1]])).name == source


def test_unknown_columns_are_refused_with_those_that_are_wanted(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "clients.csv", [{"nom": "Dupont", "ville": "Vif"}])
    with pytest.raises(TableError, match=r"clients.csv : colonnes non reconnues.*esat : ET-SIRET.*sirene : siret"):
        mapping_of(path)


def test_a_sirene_row_is_an_establishment() -> None:
    found = record("sirene")
    assert (found.siret, found.name, found.source) == (COLLECTERIE, "LA COLLECTERIE", "sirene")
    assert (found.legal_form, found.naf, found.headcount_band, found.headcount_year) == ("9220", "81.21Z", "11", 2024)
    assert (found.address, found.postcode, found.commune_code) == ("18 RUE SAINT ANTOINE", "38000", "38185")
    assert (found.active, found.partial_diffusion, found.ess_flag) == (True, False, None)
    assert found.line == 2


def test_lambert_93_metres_of_sirene_are_turned_into_degrees() -> None:
    metres = {
        "coordonneeLambertAbscisseEtablissement": "355577.8",
        "coordonneeLambertOrdonneeEtablissement": "6689723.1",
    }
    found = record("sirene", **metres)
    assert found.point is not None
    assert distance_km(found.point, point(lon=-1.5534, lat=47.2173)) < 1


def test_overseas_metres_are_of_another_projection_and_left_aside() -> None:
    metres = {"coordonneeLambertAbscisseEtablissement": "338000", "coordonneeLambertOrdonneeEtablissement": "7690000"}
    found = record("sirene", codeCommuneEtablissement="97411", **metres)
    assert (found.point, found.warnings) == (None, ())


def test_masked_values_of_a_partial_diffusion_are_silence() -> None:
    found = record(
        "sirene",
        statutDiffusionEtablissement="P",
        denominationUniteLegale="[ND]",
        libelleVoieEtablissement="[ND]",
        coordonneeLambertAbscisseEtablissement="[ND]",
        coordonneeLambertOrdonneeEtablissement="[ND]",
    )
    assert (found.partial_diffusion, found.name, found.point, found.warnings) == (True, "", None, ())
    assert "[ND]" not in found.address


@pytest.mark.parametrize(("letter", "active"), [("A", True), ("F", False), ("f", False)])
def test_a_closed_establishment_is_inactive(letter: str, active: bool) -> None:
    assert record("sirene", etatAdministratifEtablissement=letter).active is active


@pytest.mark.parametrize(("letter", "flag"), [("O", True), ("N", False), ("", None), ("?", None)])
def test_the_ess_flag_is_yes_no_or_silence(letter: str, flag: bool | None) -> None:
    assert record("sirene", economieSocialeSolidaireUniteLegale=letter).ess_flag is flag


def test_a_network_adds_what_its_members_declare() -> None:
    found = record(
        "sirene",
        metiersDeclares="T07|t01",
        etpLibresDeclares="2,5",
        dateDeclaration="2026-10-01",
        rayonInterventionKm="60",
        chiffreAffaires="1\u202f200 000",
        referencesMarches="3",
    )
    assert (found.declared_trades, found.declared_free_fte) == (("T07", "T01"), 2.5)
    assert (found.declared_on, found.declared_radius_km) == (date(2026, 10, 1), 60.0)
    assert (found.turnover_eur, found.references) == (1_200_000, 3)


def test_an_inclusive_structure_has_its_kind_and_its_place() -> None:
    found = record("siae", api_entreprise_employees="50 à 99 salariés", c2_etp_count="12.5")
    assert (found.inclusive_kind, found.naf, found.headcount_band, found.headcount_fte) == ("ACI", "88.99B", "21", 12.5)
    assert found.point == point(lon=5.7310, lat=45.1890)
    assert found.partial_diffusion is None  # this list does not say


def test_an_esat_has_its_authorised_places() -> None:
    found = record("esat")
    assert (found.siret, found.inclusive_kind, found.places, found.city) == (ESAT, "ESAT", 66, "Grenoble")


def test_zeros_a_spreadsheet_ate_come_back() -> None:
    found = record("esat", **{"ET-Code Postal": "1150", "ET-Commune Code": "1047"})
    assert (found.postcode, found.commune_code) == ("01150", "01047")


@pytest.mark.parametrize(
    ("source", "changes", "reason", "words"),
    [
        ("siae", {"siret": "75187049400027"}, "siret_invalide", "a une clé fausse"),
        ("siae", {"siret": ""}, "sans_siret", "Le SIRET manque"),
    ],
)
def test_a_row_without_a_right_siret_is_refused_with_a_french_reason(
    source: str, changes: dict[str, str], reason: str, words: str
) -> None:
    row = refused(source, **changes)
    assert (row.number, row.reason) == (2, reason)
    assert words in row.message
    assert row.excerpt


@pytest.mark.parametrize(
    ("source", "changes", "words"),
    [
        ("siae", {"kind": "XYZ"}, "Type de structure inclusive inconnu"),
        ("siae", {"c2_etp_count": "-3"}, "ne peut pas être négatif"),
        ("siae", {"ca": "beaucoup"}, "« beaucoup » n'est pas un nombre"),
        ("siae", {"ca": "9" * 20}, "dépasse tout"),
        ("siae", {"ca": "nan"}, "n'est pas un nombre"),
        ("siae", {"ca": "inf"}, "dépasse tout"),
        ("sirene", {"dateDeclaration": "31/02/2026"}, "n'est pas une date"),
        ("sirene", {"metiersDeclares": "peinture"}, "attendu : T01 à T63"),
        ("sirene", {"metiersDeclares": "T64"}, "attendu : T01 à T63"),
        ("sirene", {"rayonInterventionKm": "-10"}, "ne peut pas être négatif"),
        ("esat", {"Capacité autorisée agrégée": "-1"}, "ne peut pas être négatif"),
    ],
)
def test_a_cell_that_cannot_be_read_is_left_empty_with_a_french_warning(
    source: str, changes: dict[str, str], words: str
) -> None:
    """One bad cell loses itself, not the firm."""
    found = record(source, **changes)
    assert any(words in warning and "laissée vide" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [
        ("45.189", "5.731", "longitude et latitude semblent échangées"),
        ("2.35", "-48.85", "hors de France"),
        ("0", "0", "hors de France"),
        ("500", "45", "Coordonnées impossibles"),
        ("est", "45", "Coordonnées illisibles"),
        ("nan", "45", "Coordonnées"),
    ],
)
def test_an_impossible_place_is_a_warning_and_the_commune_stands_in(lon: str, lat: str, words: str) -> None:
    found = record("siae", lon=lon, lat=lat)
    assert found.point is None
    (warning,) = found.warnings
    assert words in warning
    assert "la commune est utilisée à la place" in warning.lower()


def test_half_a_place_is_no_place() -> None:
    assert record("siae", lat="").point is None


def test_a_row_of_windows_1252_says_so(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "l.csv", [SIAE | {"name": "Régie"}], encoding="cp1252")
    (found,) = read_firms(path, registers.SIAE)
    assert isinstance(found, FirmRecord)
    assert found.name == "Régie"
    assert found.warnings == ("Caractères mal codés : lus comme du Windows-1252.",)


def test_a_bad_row_never_hides_the_next_one(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "l.csv", [SIAE, SIAE | {"siret": "123"}, SIAE | {"siret": ESAT}])
    found = list(read_firms(path, registers.SIAE))
    assert [type(item).__name__ for item in found] == ["FirmRecord", "RefusedRow", "FirmRecord"]


@given(st.sampled_from(sorted(MAPPINGS)), st.data())
def test_no_text_in_any_column_makes_a_reader_fail(source: str, data: st.DataObject) -> None:
    """Each row comes out as a record with a valid SIRET, or as a refusal with a sentence."""
    mapping, row = MAPPINGS[source]
    names = sorted({*row, *(column for columns, _ in mapping.fields.values() for column in columns)})
    spoilt = data.draw(st.dictionaries(st.sampled_from(names), st.text(max_size=30), max_size=4))
    (found,) = parse_rows([Row(2, row | spoilt)], mapping)
    if isinstance(found, RefusedRow):
        assert found.message.endswith((".", ")"))
    else:
        assert is_valid_siret(found.siret)
