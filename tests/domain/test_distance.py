"""How far two places are, and what "somewhere in the département" means."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.domain.distance import distance_km, distance_m, spread
from geo.domain.point import EARTH_RADIUS_M, Point, point

PLACES = st.builds(Point, st.floats(-180, 180), st.floats(-90, 90))
NANTES, ANGERS = point(lon=-1.5534, lat=47.2173), point(lon=-0.5518, lat=47.4736)


def great_circle_km(a: Point, b: Point) -> float:
    """Haversine, the textbook way."""
    phi_a, phi_b = math.radians(a.lat), math.radians(b.lat)
    h = (
        math.sin((phi_b - phi_a) / 2) ** 2
        + math.cos(phi_a) * math.cos(phi_b) * math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h))) / 1000


def test_nantes_to_angers_is_eighty_kilometres_as_the_crow_flies() -> None:
    assert distance_km(NANTES, ANGERS) == pytest.approx(80.6, abs=0.5)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_within_150_km_the_chord_is_the_arc_to_a_few_metres(east: float, north: float) -> None:
    other = Point(NANTES.lon + east, NANTES.lat + north)
    assert distance_km(NANTES, other) == pytest.approx(great_circle_km(NANTES, other), abs=0.006)


@given(PLACES, PLACES)
def test_the_chord_is_the_chord_of_the_arc_anywhere(a: Point, b: Point) -> None:
    arc = great_circle_km(a, b) * 1000
    assert distance_m(a, b) == pytest.approx(2 * EARTH_RADIUS_M * math.sin(arc / 2 / EARTH_RADIUS_M), abs=2)


@given(PLACES, PLACES)
def test_there_is_as_far_as_back(a: Point, b: Point) -> None:
    assert distance_m(a, b) == distance_m(b, a) >= 0
    assert distance_m(a, a) == 0


def test_two_places_on_either_side_of_the_antimeridian_are_neighbours() -> None:
    assert distance_km(point(lon=179.9, lat=-14), point(lon=-179.9, lat=-14)) == pytest.approx(21.6, abs=0.1)


def test_the_centre_of_weighted_places_leans_to_the_heavier() -> None:
    middle = spread([(NANTES, 3.0), (ANGERS, 1.0)])
    assert distance_km(middle.centre, NANTES) == pytest.approx(distance_km(NANTES, ANGERS) / 4, rel=0.01)


def test_the_uncertainty_is_the_root_mean_square_distance_to_the_centre() -> None:
    middle = spread([(NANTES, 1.0), (ANGERS, 1.0)])
    assert middle.uncertainty_km == pytest.approx(distance_km(NANTES, ANGERS) / 2, rel=0.01)


def test_one_place_is_certain() -> None:
    middle = spread([(NANTES, 5.0)])
    assert middle.uncertainty_km < 0.002
    assert distance_m(middle.centre, NANTES) < 2


def test_a_spread_across_the_antimeridian_is_centred_on_it() -> None:
    middle = spread([(point(lon=179, lat=-14), 1.0), (point(lon=-179, lat=-14), 1.0)])
    assert abs(middle.centre.lon) == pytest.approx(180, abs=0.01)


@pytest.mark.parametrize("places", [[], [(NANTES, 0.0)]])
def test_no_place_or_no_weight_has_no_centre(places: list[tuple[Point, float]]) -> None:
    with pytest.raises(ValueError, match="Aucun point pondéré"):
        spread(places)


def test_opposite_places_have_no_centre() -> None:
    with pytest.raises(ValueError, match="s'annulent"):
        spread([(point(lon=0, lat=0), 1.0), (point(lon=180, lat=0), 1.0)])
