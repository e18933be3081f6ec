"""The plane on which reach is a disc."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from geo.domain.distance import distance_m
from geo.domain.point import Point
from geo.domain.stereographic import Plane

GRENOBLE, SAINT_DENIS = Point(5.7245, 45.1885), Point(55.45, -20.88)
places = st.builds(Point, lon=st.floats(-180, 180), lat=st.floats(-80, 80))
french = st.builds(Point, lon=st.floats(-5, 9), lat=st.floats(41, 51))


@given(places, st.floats(-2e6, 2e6), st.floats(-2e6, 2e6))
def test_a_point_of_the_plane_and_its_place_are_one(centre: Point, x: float, y: float) -> None:
    plane = Plane(centre)
    back = plane.disc(plane.place(x, y), 0.0)
    assert (back.x, back.y) == pytest.approx((x, y), abs=0.01)


@given(french, french, french, st.floats(1_000, 400_000))
def test_a_place_is_within_reach_exactly_where_its_point_is_in_the_disc(
    centre: Point, lot: Point, firm: Point, reach_m: float
) -> None:
    plane = Plane(centre)
    disc, at = plane.disc(lot, reach_m), plane.disc(firm, 0.0)
    assume(abs(distance_m(lot, firm) - reach_m) > 5)  # places are rounded to the metre
    assert (math.hypot(at.x - disc.x, at.y - disc.y) <= disc.radius_m) == (distance_m(lot, firm) <= reach_m)


def test_overseas_reach_is_a_disc_of_the_same_plane() -> None:
    plane = Plane(GRENOBLE)
    disc, near = plane.disc(SAINT_DENIS, 30_000), plane.disc(Point(55.6, -21.0), 0.0)
    assert math.hypot(near.x - disc.x, near.y - disc.y) <= disc.radius_m
    assert math.hypot(disc.x, disc.y) > 5e6


def test_lengths_are_true_near_the_centre() -> None:
    assert Plane(GRENOBLE).disc(GRENOBLE, 30_000).radius_m == pytest.approx(30_000, rel=1e-4)
