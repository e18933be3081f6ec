"""From the words of a notice to a place: codes, postcodes, CEDEX, misspelt names, NUTS of two editions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.domain.codes import commune_code, departement_of, postcode, search_name
from geo.domain.distance import distance_km
from geo.domain.gazetteer import Gazetteer, KnownCommune, KnownDepartement, Located, gather
from geo.domain.point import Point, point


def commune(code: str, name: str, codes: str, people: int, lon: float, lat: float, **more: object) -> KnownCommune:
    place = None if lon == 0 else point(lon=lon, lat=lat)
    return KnownCommune(
        code=code,
        name=name,
        search_name=search_name(name),
        departement=departement_of(code),
        population=people,
        postcodes=tuple(codes.split()),
        parent=str(more.get("parent", "")),
        current=bool(more.get("current", True)),
        point=place,
    )


COMMUNES = [
    commune("44109", "Nantes", "44000 44100 44200 44300", 325_000, -1.5480, 47.2316),
    commune("44162", "Saint-Herblain", "44800", 50_000, -1.6330, 47.2244),
    commune("44190", "Saint-Sébastien-sur-Loire", "44230", 28_000, -1.5010, 47.2064),
    commune("44184", "Saint-Nazaire", "44600", 73_000, -2.2510, 47.2802),
    commune("44035", "La Chapelle-sur-Erdre", "44240", 20_000, -1.5495, 47.3009),
    commune("44208", "Treillières", "44119", 10_000, -1.6321, 47.3313),
    commune("44066", "Grandchamps-des-Fontaines", "44119", 6_000, -1.6180, 47.3586),
    commune("49007", "Angers", "49000 49100", 157_000, -0.5580, 47.4770),
    commune("75056", "Paris", "75001 75012 75020", 2_133_000, 2.3430, 48.8566),
    commune("75112", "Paris 12e Arrondissement", "75012", 140_000, 2.4217, 48.8352, current=False, parent="75056"),
    commune("38100", "Chélieu", "38730", 700, 5.4800, 45.5100),
    commune("38185", "Grenoble", "38000 38100", 157_000, 5.7210, 45.1842),
    commune("2A004", "Ajaccio", "20000 20090 20167", 73_000, 8.7010, 41.9347),
    commune("2B033", "Bastia", "20200 20600", 48_000, 9.4303, 42.6864),
    commune("97411", "Saint-Denis", "97400 97490", 155_000, 55.4460, -20.9342),
    commune("93066", "Saint-Denis", "93200 93210", 150_000, 2.3590, 48.9300),
    commune("97302", "Cayenne", "97300", 63_000, -52.3100, 4.9300),
    commune("55039", "Beaumont-en-Verdunois", "55100", 0, 0, 0),
]


def departement(code: str, name: str, region: str, people: int, lon: float, lat: float, km: float) -> KnownDepartement:
    return KnownDepartement(
        code, name, region, {"52": "Pays de la Loire"}.get(region, name), people, Point(lon, lat), km
    )


DEPARTEMENTS = [
    departement("44", "Loire-Atlantique", "52", 1_450_000, -1.65, 47.28, 33.0),
    departement("49", "Maine-et-Loire", "52", 820_000, -0.57, 47.39, 34.0),
    departement("38", "Isère", "84", 1_280_000, 5.58, 45.26, 35.0),
    departement("75", "Paris", "11", 2_133_000, 2.34, 48.86, 4.0),
    departement("2A", "Corse-du-Sud", "94", 160_000, 8.90, 41.85, 25.0),
    departement("2B", "Haute-Corse", "94", 182_000, 9.35, 42.50, 30.0),
    departement("974", "La Réunion", "04", 870_000, 55.48, -21.10, 18.0),
]
NUTS3 = {
    "FRG01": "44",
    "FR511": "44",  # 2013 edition
    "FRG02": "49",
    "FR512": "49",
    "FRK24": "38",
    "FRM01": "2A",
    "FRY40": "974",
    "FR940": "974",
}


@pytest.fixture(scope="module")
def places() -> Gazetteer:
    return Gazetteer({c.code: c for c in COMMUNES}, {d.code: d for d in DEPARTEMENTS}, NUTS3)


def test_a_commune_is_found_by_its_code_even_when_a_spreadsheet_ate_the_zero(places: Gazetteer) -> None:
    assert places.commune("44109").name == "Nantes"  # type: ignore[union-attr]
    assert commune_code("1001") == "01001"
    assert places.commune("99999") is None
    assert places.commune("pas un code") is None


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("nantes", "44109"),
        ("NANTE", "44109"),
        ("Nantess", "44109"),
        ("st herblain", "44162"),
        ("Saint Herblin", "44162"),
        ("chapelle sur erdre", "44035"),
        ("La Chapelle-sur-Erdre", "44035"),
        ("Treilliere", "44208"),
        ("Angers cedex 01", "49007"),
        ("2a004", "2A004"),
        ("44109", "44109"),
    ],
)
def test_a_commune_is_found_by_a_name_written_otherwise(places: Gazetteer, typed: str, code: str) -> None:
    assert places.search(typed)[0].code == code


def test_a_postcode_lists_its_communes_the_larger_first(places: Gazetteer) -> None:
    assert [c.name for c in places.search("44119")] == ["Treillières", "Grandchamps-des-Fontaines"]


def test_five_digits_that_are_a_code_here_and_a_postcode_there_find_both(places: Gazetteer) -> None:
    """38100 is the INSEE code of Chélieu and a postcode of Grenoble."""
    assert {c.name for c in places.search("38100")} == {"Chélieu", "Grenoble"}


def test_namesakes_come_larger_first(places: Gazetteer) -> None:
    assert [c.code for c in places.search("Saint-Denis", 2)] == ["97411", "93066"]


@pytest.mark.parametrize("typed", ["", " ", "x", "00000", "zzzzzzzzzz"])
def test_nothing_is_found_for_nothing_typed(places: Gazetteer, typed: str) -> None:
    assert places.search(typed) == []


@pytest.mark.parametrize(
    ("zipcode", "city", "code"),
    [
        ("44000", "Nantes", "44109"),
        ("44800", "St-Herblain", "44162"),
        ("44042", "NANTES CEDEX 1", "44109"),  # a CEDEX postcode belongs to no commune
        ("44119", "Grandchamp des fontaines", "44066"),  # misspelt among those of its postcode
        ("44000", "Nantes Métropole", "44109"),
        ("F-75012", "Paris", "75056"),
        ("20700", "AJACCIO CEDEX 9", "2A004"),  # postcodes of Corsica do not name its départements
        ("20289", "Bastia Cedex", "2B033"),
        ("97400", "Saint-Denis", "97411"),
        ("93200", "Saint-Denis", "93066"),
    ],
)
def test_a_postcode_and_a_city_make_a_commune(places: Gazetteer, zipcode: str, city: str, code: str) -> None:
    found = places.locate(zipcode=zipcode, city=city)
    assert found is not None
    assert (found.commune, found.precision, found.uncertainty_km) == (code, "commune", 0.0)


def test_a_paris_arrondissement_is_paris_under_its_current_name(places: Gazetteer) -> None:
    """The municipal arrondissement has its own point; the commune is what a city name means."""
    assert places.locate(zipcode="75012", city="Paris").commune == "75056"  # type: ignore[union-attr]
    assert places.locate(zipcode="75012", city="Paris 12e arrondissement").commune == "75112"  # type: ignore[union-attr]
    assert places.locate_commune("75112").label == "Paris 12e Arrondissement (75)"  # type: ignore[union-attr]


def test_a_city_without_postcode_is_looked_for_in_its_nuts(places: Gazetteer) -> None:
    assert places.locate(nuts="FRG01", city="Saint Nazaire").commune == "44184"  # type: ignore[union-attr]


def test_a_name_alone_is_believed_when_france_has_one_commune_of_that_very_name(places: Gazetteer) -> None:
    assert places.locate(nuts="FR", city="Angers").commune == "49007"  # type: ignore[union-attr]
    assert places.locate(city="ANGERS").commune == "49007"  # type: ignore[union-attr]
    assert places.locate(city="Saint-Denis") is None  # La Réunion or Seine-Saint-Denis
    assert places.locate(city="Angerz") is None  # near is not enough
    assert places.locate(city="Angers", country="DE") is None


def test_a_city_unknown_to_its_postcode_leaves_the_postcode(places: Gazetteer) -> None:
    found = places.locate(zipcode="44119", city="Zone d'activités des Ajoncs")
    assert found is not None
    assert (found.precision, found.label, found.commune) == ("postcode", "code postal 44119", "")
    assert 0 < found.uncertainty_km < 4


def test_a_postcode_of_one_commune_is_that_commune(places: Gazetteer) -> None:
    assert places.locate(zipcode="44600").commune == "44184"  # type: ignore[union-attr]


@pytest.mark.parametrize(("zipcode", "expected"), [("44042", "44"), ("20700", "2A"), ("20289", "2B"), ("97499", "974")])
def test_an_unknown_postcode_leaves_its_departement(places: Gazetteer, zipcode: str, expected: str) -> None:
    found = places.locate(zipcode=zipcode)
    assert found is not None
    assert (found.precision, found.departement) == ("departement", expected)
    assert found.uncertainty_km > 10


@pytest.mark.parametrize("nuts", ["FRG01", "FR511"])
def test_nuts_of_2013_and_of_2021_name_the_same_departement(places: Gazetteer, nuts: str) -> None:
    found = places.locate(nuts=nuts)
    assert found is not None
    assert (found.label, found.precision, found.uncertainty_km) == ("Loire-Atlantique (44)", "departement", 33.0)


def test_overseas_nuts_are_places_like_others(places: Gazetteer) -> None:
    assert places.locate(nuts="FRY40").point == places.locate(nuts="FR940").point  # type: ignore[union-attr]


def test_a_region_is_as_uncertain_as_its_departements_are_apart(places: Gazetteer) -> None:
    found = places.locate(nuts="FRG0")
    assert found is not None
    assert (found.label, found.precision, found.departement) == ("Pays de la Loire", "region", "")
    assert found.uncertainty_km > 34


@pytest.mark.parametrize("nuts", ["FR", "DE300", "FRZZZ", "", "fr511"])
def test_the_whole_country_or_another_one_is_no_place(places: Gazetteer, nuts: str) -> None:
    assert places.locate(nuts=nuts) is None


def test_a_city_abroad_is_no_place_even_with_french_looking_digits(places: Gazetteer) -> None:
    assert places.locate(zipcode="44000", city="Nantes", country="DE") is None
    assert places.locate(zipcode="97400", city="Saint-Denis", country="RE") is not None


def test_a_commune_without_point_locates_nothing(places: Gazetteer) -> None:
    assert places.locate_commune("55039") is None


def test_gathering_one_place_or_none_changes_nothing(places: Gazetteer) -> None:
    nantes = places.locate_commune("44109")
    assert nantes is not None
    assert gather([nantes, nantes]) == nantes
    assert gather([]) is None


def test_two_communes_gathered_are_uncertain_enough_to_hold_both(places: Gazetteer) -> None:
    found = [places.locate_commune(code) for code in ("44109", "44184")]
    known = [place for place in found if place]
    middle = gather(known)
    assert middle is not None
    assert all(distance_km(middle.point, place.point) <= middle.uncertainty_km + 0.001 for place in known)
    assert (middle.departement, middle.label) == ("44", "Nantes (44), Saint-Nazaire (44)")


def test_a_commune_among_departements_is_the_place_meant(places: Gazetteer) -> None:
    nantes, around = places.locate_commune("44109"), places.locate(nuts="FRG01")
    assert nantes and around
    assert gather([around, nantes]) == nantes


@given(st.lists(st.sampled_from(COMMUNES[:15]), min_size=1, max_size=5))
def test_gathered_places_always_lie_within_the_uncertainty(chosen: list[KnownCommune]) -> None:
    known = [Located(c.point, 1.0, c.name, c.departement, "commune", c.code) for c in chosen if c.point]
    middle = gather(known)
    assert middle is not None
    assert all(distance_km(middle.point, place.point) <= middle.uncertainty_km + 0.001 for place in known)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1150", "01150"),
        ("F-75012", "75012"),
        (" 44 000 ", "44000"),
        ("750", None),
        ("440001", None),
        ("", None),
        ("00000", None),
    ],
)
def test_postcodes_are_mended_or_refused(text: str, expected: str | None) -> None:
    assert postcode(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L'Haÿ-les-Roses", "hay les roses"),
        ("Saint-Étienne", "saint etienne"),
        ("STE FOY LES LYON", "sainte foy les lyon"),
        ("Œuilly", "oeuilly"),
        ("Le Havre CEDEX 2", "havre"),
    ],
)
def test_names_are_compared_without_accents_articles_or_cedex(text: str, expected: str) -> None:
    assert search_name(text) == expected


@given(st.text(max_size=40))
def test_names_are_compared_in_plain_letters_and_digits(text: str) -> None:
    assert all(c.isascii() and (c.isalnum() or c == " ") for c in search_name(text))


@given(nuts=st.text(max_size=6), zipcode=st.text(max_size=8), city=st.text(max_size=30), country=st.text(max_size=3))
def test_no_text_makes_the_gazetteer_fail(places: Gazetteer, nuts: str, zipcode: str, city: str, country: str) -> None:
    found = places.locate(nuts=nuts, zipcode=zipcode, city=city, country=country)
    assert found is None or found.precision in ("commune", "postcode", "departement", "region")
