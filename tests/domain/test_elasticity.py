"""Candidates by size of lot: elasticity, and the size where the curve bends."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.domain.concentration import concentration
from allotment.domain.elasticity import (
    LEAST_BEND,
    CurveError,
    Sized,
    elasticities,
    elasticity,
    knee,
    sizes,
)

EQUAL_LOTS = [400_000, 200_000, 100_000, 50_000, 25_000]


def curve(*numbers: float) -> list[Sized]:
    """One number a size, from the largest lot on; each lot half the one before."""
    return [Sized(400_000 / 2**place, n) for place, n in enumerate(numbers)]


curves = st.lists(st.integers(0, 60), min_size=1, max_size=12).map(lambda numbers: curve(*numbers))


def test_sizes_go_from_the_whole_to_a_thirty_second_of_it() -> None:
    found = sizes(960_000)
    assert len(found) == 12
    assert (found[0], found[1], found[-1]) == (960_000, 480_000, 30_000)


def test_a_need_of_a_few_euros_has_each_size_once_and_none_of_nothing() -> None:
    assert sizes(3) == (3, 2, 1)
    assert sizes(0) == ()


def test_lots_half_as_large_that_have_twice_the_candidates_have_elasticity_minus_one() -> None:
    assert elasticities(curve(3, 6, 12)) == pytest.approx((-1.0, -1.0))
    assert elasticity(curve(3, 6, 12)) == pytest.approx(-1.0)


def test_where_nobody_can_there_is_no_elasticity_to_tell() -> None:
    assert elasticities(curve(0, 0, 4, 8)) == (None, None, pytest.approx(-1.0))
    assert elasticity(curve(0, 0, 4)) is None


@given(st.floats(0.05, 3), st.floats(0.5, 500))
def test_a_power_law_gives_its_own_exponent(exponent: float, scale: float) -> None:
    law = [Sized(size, scale * (size / 400_000) ** -exponent) for size in EQUAL_LOTS]
    assert elasticity(law) == pytest.approx(-exponent, abs=1e-9)


def test_the_knee_is_where_smaller_lots_stop_bringing_firms() -> None:
    found = knee(curve(1, 9, 18, 19, 20))
    assert found is not None and found.saturates
    assert found.size == 100_000


def test_a_curve_that_only_takes_off_bends_where_small_lots_begin_to_count() -> None:
    found = knee(curve(1, 1, 2, 4, 20))
    assert found is not None and not found.saturates
    assert found.size == 50_000


@pytest.mark.parametrize("numbers", [(5, 5, 5, 5), (1, 2, 3, 4, 5), (0, 0, 0), (4,), (2, 8)])
def test_a_flat_or_straight_curve_and_one_of_two_points_have_no_knee(numbers: tuple[int, ...]) -> None:
    assert knee(curve(*numbers)) is None


def distance_to_chord(points: list[Sized], place: int) -> float:
    """Brute force: signed distance from the line through both ends, by the cross product, times the root of two."""
    low, high = math.log(points[-1].size), math.log(points[0].size)
    top, bottom = max(points[0].n, points[-1].n), min(points[0].n, points[-1].n)
    xy = [((high - math.log(p.size)) / (high - low), (p.n - bottom) / (top - bottom)) for p in points]
    (ax, ay), (bx, by), (px, py) = xy[0], xy[-1], xy[place]
    return ((bx - ax) * (py - ay) - (by - ay) * (px - ax)) / math.hypot(bx - ax, by - ay) * math.sqrt(2)


@given(curves)
def test_the_knee_is_the_farthest_point_found_by_brute_force(points: list[Sized]) -> None:
    found = knee(points)
    if len(points) < 3 or points[0].n == points[-1].n:
        assert found is None
        return
    distances = [distance_to_chord(points, place) for place in range(len(points))]
    if found is None:
        assert max(map(abs, distances)) < LEAST_BEND + 1e-9
        return
    side = distances if found.saturates else [-one for one in distances]
    assert side[found.place] == pytest.approx(max(side))
    assert all(one < side[found.place] - 1e-9 for one in side[: found.place])
    assert found.saturates or max(distances) < LEAST_BEND + 1e-9


@given(curves, st.integers(2, 9))
def test_the_knee_does_not_depend_on_the_unit_of_sizes_nor_of_numbers(points: list[Sized], factor: int) -> None:
    before, after = knee(points), knee([Sized(factor * one.size, factor * one.n) for one in points])
    assert (before and (before.place, before.saturates)) == (after and (after.place, after.saturates))


@given(curves)
def test_a_knee_is_never_an_end(points: list[Sized]) -> None:
    found = knee(points)
    assert found is None or 0 < found.place < len(points) - 1


def test_sizes_out_of_order_or_negative_numbers_are_refused() -> None:
    for wrong in ([Sized(1, 1), Sized(2, 1)], [Sized(1, -1)], [Sized(0, 1)]):
        with pytest.raises(CurveError):
            elasticities(wrong)
        with pytest.raises(CurveError):
            knee(wrong)


def test_one_firm_alone_is_the_most_concentrated_a_territory_can_be() -> None:
    found = concentration([80_000])
    assert found is not None and (found.largest, found.hhi) == (1.0, 10_000)


def test_ten_equal_firms_have_an_index_of_a_thousand_and_half_is_with_the_five_largest() -> None:
    found = concentration([10_000] * 10)
    assert found is not None and (found.largest, found.hhi) == (0.5, 1_000)


def test_without_capacity_there_is_no_concentration() -> None:
    assert concentration([]) is None and concentration([0, 0]) is None


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=30))
def test_concentration_lies_between_equal_parts_and_one_firm(capacities: list[int]) -> None:
    found = concentration(capacities)
    assert found is not None
    assert round(10_000 / len(capacities)) <= found.hhi <= 10_000
    assert min(1.0, 5 / len(capacities)) <= found.largest + 1e-12 <= 1.0 + 1e-9
