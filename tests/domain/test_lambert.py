"""Lambert-93 metres to degrees; tests/services/test_territory.py checks the same against PostGIS."""

from __future__ import annotations

import pytest

from geo.domain.lambert import from_lambert93
from geo.domain.point import PointError, in_france


def test_the_origin_of_the_projection_is_three_degrees_east_and_forty_six_and_a_half_north() -> None:
    place = from_lambert93(700_000, 6_600_000)
    assert (place.lon, place.lat) == pytest.approx((3.0, 46.5), abs=1e-9)


def test_north_is_up_and_east_is_right() -> None:
    south_west, north_east = from_lambert93(400_000, 6_300_000), from_lambert93(1_000_000, 6_900_000)
    assert south_west.lon < north_east.lon
    assert south_west.lat < north_east.lat


@pytest.mark.parametrize(
    ("x", "y"), [(0, 0), (6_600_000, 700_000), (2.35, 48.85), (700_000, 7_300_000), (-5, 6_500_000)]
)
def test_metres_that_are_not_of_metropolitan_france_are_refused(x: float, y: float) -> None:
    with pytest.raises(PointError, match="hors de France métropolitaine"):
        from_lambert93(x, y)


@pytest.mark.parametrize(("x", "y"), [(355_000, 6_690_000), (1_230_000, 6_130_000), (650_000, 7_090_000)])
def test_nantes_corsica_and_dunkirk_are_in_france(x: float, y: float) -> None:
    assert in_france(from_lambert93(x, y))
