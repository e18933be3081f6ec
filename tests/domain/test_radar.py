"""Beacons: the places where one firm of a trade would make most lots reachable."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consortia.domain.radar import Beacon, Spot, beacons

KM = 1000.0


def spot(lot: int, x_km: float, y_km: float, reach_km: float = 30.0, trade: str = "T13", **more: object) -> Spot:
    facts: dict[str, object] = {"capacity_eur": 10_000 * lot, "fte": 0.1 * lot}
    return Spot(lot, (trade,), x=x_km * KM, y=y_km * KM, radius_m=reach_km * KM, **(facts | more))  # type: ignore[arg-type]


# ---------------------------------------------------------------- the oracle: every centre, every crossing


def crossings(a: Spot, b: Spot) -> list[tuple[float, float]]:
    away = math.hypot(b.x - a.x, b.y - a.y)
    if away == 0 or away > a.radius_m + b.radius_m or away < abs(a.radius_m - b.radius_m):
        return []
    along = (away**2 + a.radius_m**2 - b.radius_m**2) / (2 * away)
    high = math.sqrt(max(0.0, a.radius_m**2 - along**2))
    ux, uy = (b.x - a.x) / away, (b.y - a.y) / away
    return [(a.x + along * ux - side * high * uy, a.y + along * uy + side * high * ux) for side in (1, -1)]


def held(x: float, y: float, spots: list[Spot], slack: float = 0.01) -> frozenset[int]:
    return frozenset(one.lot for one in spots if math.hypot(one.x - x, one.y - y) <= one.radius_m + slack)


def depth(spots: list[Spot]) -> int:
    places = [(one.x, one.y) for one in spots]
    places += [place for a, b in combinations(spots, 2) for place in crossings(a, b)]
    return max((len(held(x, y, spots)) for x, y in places), default=0)


@st.composite
def territories(draw: st.DrawFn) -> list[Spot]:
    """Lots on a coarse grid, so that discs often touch, coincide and contain each other."""
    grid = st.integers(0, 12)
    return [
        spot(lot, 10 * draw(grid), 10 * draw(grid), draw(st.sampled_from([10, 15, 20, 25, 40])))
        for lot in range(1, draw(st.integers(1, 14)) + 1)
    ]


# ---------------------------------------------------------------- laws


@given(territories())
@settings(max_examples=300)
def test_each_beacon_is_the_deepest_place_of_the_lots_left(spots: list[Spot]) -> None:
    found, left = list(beacons(spots)), list(spots)
    for beacon in sorted(found, key=lambda one: -len(one.lots)):
        assert len(beacon.lots) == depth(left)
        left = [one for one in left if one.lot not in beacon.lots]
    assert left == []


@given(territories())
@settings(max_examples=200)
def test_a_firm_at_the_beacon_reaches_each_of_its_lots(spots: list[Spot]) -> None:
    for beacon in beacons(spots):
        assert set(beacon.lots) <= held(beacon.x, beacon.y, spots)


@given(territories())
@settings(max_examples=100)
def test_the_place_may_move_by_its_margin(spots: list[Spot]) -> None:
    for beacon in beacons(spots):
        for turn in range(8):
            angle = turn * math.pi / 4
            x = beacon.x + beacon.margin_m * math.cos(angle)
            y = beacon.y + beacon.margin_m * math.sin(angle)
            assert set(beacon.lots) <= held(x, y, spots)


@given(territories())
@settings(max_examples=100)
def test_the_order_in_which_lots_come_changes_nothing(spots: list[Spot]) -> None:
    assert beacons(spots) == beacons(spots[::-1])


# ---------------------------------------------------------------- cases


def test_an_electrician_between_three_villages_unlocks_all_three() -> None:
    (beacon,) = beacons([spot(1, 0, 0), spot(2, 50, 0), spot(3, 25, 40)])
    assert beacon.lots == (1, 2, 3)
    assert (beacon.capacity_max_eur, beacon.capacity_sum_eur, beacon.fte_sum) == (30_000, 60_000, 0.6)


def test_trades_do_not_mix() -> None:
    found = beacons([spot(1, 0, 0), spot(2, 0, 0), spot(3, 0, 0, trade="T07")])
    assert [(one.trades, one.lots) for one in found] == [(("T13",), (1, 2)), (("T07",), (3,))]


def test_a_far_lot_has_its_own_beacon_unless_too_few_are_asked_for() -> None:
    spots = [spot(1, 0, 0), spot(2, 10, 0), spot(3, 300, 0)]
    assert [one.lots for one in beacons(spots)] == [(1, 2), (3,)]
    assert [one.lots for one in beacons(spots, least=2)] == [(1, 2)]
    assert [one.lots for one in beacons(spots, most=1)] == [(1, 2)]


def test_a_lone_lot_has_its_beacon_in_its_middle() -> None:
    (beacon,) = beacons([spot(1, 7, 9)])
    assert (beacon.x, beacon.y) == pytest.approx((7 * KM, 9 * KM), abs=500)


def test_discs_that_only_touch_meet() -> None:
    (beacon,) = beacons([spot(1, 0, 0), spot(2, 60, 0)])
    assert (beacon.x, beacon.y) == pytest.approx((30 * KM, 0), abs=1)


def test_no_lot_no_beacon() -> None:
    assert beacons([]) == ()


def test_two_thousand_lots_are_searched_whole() -> None:
    """A beacon of so many lots is as deep as the walk of each circle alone says."""
    spots = [spot(n, (n * 7919) % 701, (n * 104729) % 809, 20 + n % 15) for n in range(1, 2001)]
    found: list[Beacon] = list(beacons(spots))
    assert sorted(lot for one in found for lot in one.lots) == list(range(1, 2001))
    assert all(set(one.lots) <= held(one.x, one.y, spots) for one in found)
