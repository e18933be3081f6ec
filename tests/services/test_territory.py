"""The territory in PostGIS: all of France, found by code, postcode, name, NUTS or outline."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.gis.geos import Point as GeosPoint
from django.db import connection

from geo.domain.distance import distance_m
from geo.domain.lambert import from_lambert93
from geo.domain.point import Point, point
from geo.load import load_territory
from geo.models import Commune, Departement, Vintage, Zone
from geo.queries import commune_at, edition, find_communes, gazetteer, locate, zone_of
from geo.sources.shapes import UnknownShapeError
from matchmaker.sync import sync
from tests.services.conftest import checksum, real

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("france")]

NANTES = point(lon=-1.5534, lat=47.2173)


def test_communes_departements_and_regions_are_all_there() -> None:
    assert 34_700 < Commune.objects.filter(kind="commune").count() < 35_100
    assert Departement.objects.count() >= 101
    assert Departement.objects.get(pk="44").region_name == "Pays de la Loire"


def test_loading_again_does_nothing() -> None:
    before = Vintage.objects.get(name="communes").loaded_at, edition()
    count, done = load_territory()
    assert not done
    assert count == Commune.objects.count()
    assert (Vintage.objects.get(name="communes").loaded_at, edition()) == before


def test_loading_by_force_ends_in_the_same_place_and_keeps_the_zones_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "zones.csv"
    path.write_text("CODGEO;ZE2020;LIBZE2020\n44109;5213;Nantes\n", encoding="utf-8")
    sync("zones", [path])

    def told() -> list[object]:
        columns = ("code", "name", "kind", "postcodes", "population", "departement_id", "parent_id", "zone_id")
        return list(Commune.objects.order_by("code").values_list(*columns))

    before = told(), checksum(Departement)
    assert load_territory(force=True) == (len(before[0]), True)
    assert (told(), checksum(Departement)) == before
    assert zone_of(NANTES).code == "5213"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("44109", "44109"),
        ("Nantes", "44109"),
        ("nante", "44109"),
        ("Saint Herblin", "44162"),
        ("st denis", "97411"),
        ("Hay les roses", "94038"),
        ("Bourg en bresse cedex", "01053"),
        ("2a004", "2A004"),
        ("97400", "97411"),
        ("Evry", "91228"),
    ],
)
def test_a_commune_is_found_by_code_postcode_or_misspelt_name(typed: str, code: str) -> None:
    assert code in [commune.code for commune in find_communes(typed, 5)]


@pytest.mark.parametrize(
    ("said", "label", "precision"),
    [
        ({"zipcode": "44200", "city": "Nantes"}, "Nantes (44)", "commune"),
        ({"zipcode": "44042", "city": "NANTES CEDEX 1"}, "Nantes (44)", "commune"),
        ({"zipcode": "20700", "city": "Ajaccio Cedex 9"}, "Ajaccio (2A)", "commune"),
        ({"zipcode": "75012", "city": "Paris"}, "Paris (75)", "commune"),
        ({"zipcode": "97200", "city": "Fort de France", "country": "MQ"}, "Fort-de-France (972)", "commune"),
        ({"nuts": "FRG01"}, "Loire-Atlantique (44)", "departement"),
        ({"nuts": "FR511"}, "Loire-Atlantique (44)", "departement"),
        ({"nuts": "FRY40"}, "La Réunion (974)", "departement"),
        ({"nuts": "FRG0"}, "Pays de la Loire", "region"),
        ({"zipcode": "44119"}, "code postal 44119", "postcode"),
    ],
)
def test_what_a_notice_says_becomes_a_place(said: dict[str, str], label: str, precision: str) -> None:
    found = locate(**said)
    assert found is not None
    assert (found.label, found.precision) == (label, precision)
    assert (found.uncertainty_km == 0) is (precision == "commune")


def test_a_place_abroad_or_the_whole_country_is_none() -> None:
    assert locate(zipcode="10115", city="Berlin", country="DE") is None
    assert locate(nuts="FR") is None
    assert locate() is None


def test_the_gazetteer_is_built_once_an_edition(django_assert_num_queries) -> None:
    first = gazetteer()
    with django_assert_num_queries(1):
        assert gazetteer() is first


@pytest.mark.parametrize(
    ("place", "code"),
    [
        (NANTES, "44109"),
        (point(lon=2.3522, lat=48.8566), "75056"),
        (point(lon=55.4504, lat=-20.8823), "97411"),
        (point(lon=8.7369, lat=41.9192), "2A004"),
    ],
)
def test_the_commune_of_a_point_is_the_one_whose_outline_holds_it(place: Point, code: str) -> None:
    found = commune_at(place)
    assert found is not None
    assert found.code == code


def test_a_point_at_sea_has_neither_commune_nor_zone() -> None:
    assert commune_at(point(lon=-4.0, lat=46.5)) is None
    assert zone_of(point(lon=-4.0, lat=46.5)) is None


def test_without_a_file_the_arrondissement_stands_in_for_the_zone_d_emploi() -> None:
    zone = zone_of(NANTES)
    assert zone is not None
    assert (zone.kind, zone.name) == ("arrondissement", "Nantes")


def test_a_file_attaches_communes_to_their_zone_d_emploi(tmp_path: Path) -> None:
    path = tmp_path / "zones.csv"
    path.write_text("CODGEO;ZE2020;LIBZE2020\n44109;5213;Nantes\n44162;5213;Nantes\n", encoding="utf-8")
    (run,) = sync("zones", [path])
    assert (run.read, run.new) == (2, 2)
    zone = zone_of(NANTES)
    assert zone is not None
    assert (zone.kind, zone.code, zone.source) == ("ze2020", "5213", "zones.csv")
    (again,) = sync("zones", [path])
    assert (again.read, again.new, again.changed, again.unchanged) == (2, 0, 0, 2)
    assert Zone.objects.filter(kind="ze2020").count() == 1


def test_an_empty_zone_file_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "zones.csv"
    path.write_text("CODGEO;ZE2020\n", encoding="utf-8")
    with pytest.raises(UnknownShapeError, match="aucune commune lisible"):
        sync("zones", [path])
    assert not Zone.objects.filter(kind="ze2020").exists()


def test_the_real_table_gives_a_zone_to_nearly_every_commune() -> None:
    (run,) = sync("zones", [real("zones", "commune_zone_emploi_2020.csv.gz")])
    assert run.details["facts"]["zones d'emploi 2020"] == 306
    assert (run.read, run.quarantined) == (34_875, 0)
    current = Commune.objects.filter(kind="commune")
    assert current.filter(zone__kind="ze2020").count() > 0.995 * current.count()
    assert zone_of(NANTES).name == "Nantes"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (355_577, 6_689_723),  # Nantes
        (652_381, 6_862_047),  # Paris
        (650_000, 7_105_000),  # Dunkerque
        (1_184_000, 6_107_000),  # Bonifacio
        (124_000, 6_838_000),  # Ouessant
        (1_050_000, 6_840_000),  # Strasbourg
        (700_000, 6_140_000),  # Pyrénées
    ],
)
def test_lambert_93_is_that_of_postgis_to_the_metre(x: int, y: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ST_AsEWKT(ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), 2154), 4326))", [x, y])
        there = GeosPoint.from_ewkt(cursor.fetchone()[0])
    assert distance_m(from_lambert93(x, y), Point(there.x, there.y)) <= 1


def test_the_chord_in_metres_is_the_sphere_of_postgis_within_a_few_metres() -> None:
    """What ranks firms (chord on a sphere) against PostGIS (arc on its own sphere), 80 km apart."""
    angers = point(lon=-0.5518, lat=47.4736)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_DistanceSphere(ST_MakePoint(%s, %s), ST_MakePoint(%s, %s))",
            [NANTES.lon, NANTES.lat, angers.lon, angers.lat],
        )
        there = cursor.fetchone()[0]
    assert distance_m(NANTES, angers) == pytest.approx(there, abs=5)
