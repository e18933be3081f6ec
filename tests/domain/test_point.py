"""A place on Earth: written one way only, refused when it cannot exist."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.domain.point import EARTH_RADIUS_M, Point, PointError, in_france, point

NANTES = point(lon=-1.5534, lat=47.2173)
PLACES = {
    "Nantes": NANTES,
    "Saint-Denis de La Réunion": point(lon=55.4504, lat=-20.8823),
    "Cayenne": point(lon=-52.3261, lat=4.9227),
    "Mata-Utu": point(lon=-176.1736, lat=-13.2825),
    "Nouméa": point(lon=166.4580, lat=-22.2758),
    "Papeete": point(lon=-149.5696, lat=-17.5516),
    "Mamoudzou": point(lon=45.2278, lat=-12.7806),
    "Saint-Pierre": point(lon=-56.1773, lat=46.7811),
    "Marigot": point(lon=-63.0886, lat=18.0679),
}


def test_longitude_and_latitude_are_named_never_guessed() -> None:
    with pytest.raises(TypeError):
        point(-1.55, 47.2)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("lon", "lat"), [(181, 0), (-180.1, 0), (0, 90.1), (0, -91), (math.nan, 45), (2, math.inf), (-math.inf, 0)]
)
def test_a_place_that_cannot_exist_is_refused_in_french(lon: float, lat: float) -> None:
    with pytest.raises(PointError, match="Coordonnées impossibles"):
        point(lon=lon, lat=lat)


@pytest.mark.parametrize(("lon", "lat"), [(180, 0), (-180, 0), (0, 90), (0, -90)])
def test_the_edges_of_the_globe_exist(lon: float, lat: float) -> None:
    assert point(lon=lon, lat=lat) == Point(lon, lat)


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_metres_lie_on_the_sphere_to_the_metre(lon: float, lat: float) -> None:
    x, y, z = point(lon=lon, lat=lat).metres()
    assert abs(math.sqrt(x * x + y * y + z * z) - EARTH_RADIUS_M) <= 1
    assert all(isinstance(value, int) for value in (x, y, z))


@pytest.mark.parametrize("name", PLACES)
def test_french_territories_are_in_france(name: str) -> None:
    assert in_france(PLACES[name])


@pytest.mark.parametrize("name", PLACES)
def test_swapped_longitude_and_latitude_leave_france(name: str) -> None:
    place = PLACES[name]
    if abs(place.lon) <= 90:
        assert not in_france(Point(place.lat, place.lon))
    else:
        with pytest.raises(PointError):
            point(lon=place.lat, lat=place.lon)


@pytest.mark.parametrize(("lon", "lat"), [(-0.12, 51.5), (13.4, 52.5), (-3.7, 40.4), (0, 0), (1.5534, -47.2173)])
def test_london_berlin_madrid_the_gulf_of_guinea_and_a_lost_sign_are_not_in_france(lon: float, lat: float) -> None:
    assert not in_france(point(lon=lon, lat=lat))
