"""Who could bid for a lot: as the search of groupings judges it."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allotment.domain.bidders import Counts, LocalFirm, Rules, supply
from allotment.domain.compact import shapes
from allotment.domain.need import Need
from allotment.domain.optimise import amounts_of
from consortia.domain import engine as engines
from consortia.domain.problem import Candidate, Problem
from consortia.domain.problem import Need as Part
from consortia.domain.rules import violations
from consortia.domain.solver import solve
from geo.domain.distance import distance_km, spread
from tests.domain.territories import firms_around, made, territory

SEEDS = st.integers(0, 10**6)


def counted(need: Need, firms: list[LocalFirm], held: int, group: int, enough: int = 99) -> Counts:
    found = shapes(need)
    inside = np.array([bit for bit in range(len(found.cells)) if held >> bit & 1], dtype=np.int64)
    start = np.array([0, len(inside)], dtype=np.int64)
    return supply(need, found, firms, Rules()).count((inside, start), np.array([group], dtype=np.int64), enough)


def problem(need: Need, firms: list[LocalFirm], held: int, group: int) -> Problem:
    """The same lot as the search of groupings is asked for it."""
    found = shapes(need)
    weight = {place.commune: place.weight for place in need.places}
    points = {place.commune: place.point for place in need.places}
    codes = found.codes(held)
    place = spread([(points[code], float(weight[code])) for code in codes])
    part, whole = sum(weight[code] for code in codes), sum(weight.values())
    needs = tuple(
        Part(one.trade, max(1, (one.amount_eur * part + whole // 2) // whole))
        for bit, one in enumerate(need.trades)
        if group >> bit & 1
    )
    candidates = []
    for firm in firms:
        km = 1.3 * distance_km(firm.point, place.centre)
        mine = {
            trade: radius + place.uncertainty_km
            for trade, radius in firm.radius_km.items()
            if trade in {one.trade for one in needs} and km < 1.5 * (radius + place.uncertainty_km)
        }
        if mine:
            candidates.append(
                Candidate(
                    firm.id,
                    frozenset(mine),
                    firm.room_eur,
                    100,
                    experienced=firm.leads,
                    ess=firm.social,
                    distance_km=km,
                    radius_km=max(mine.values()),
                )
            )
    return Problem(needs, tuple(candidates), supply=len(candidates))


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 9), st.integers(1, 3), st.data())
def test_counts_are_those_the_search_of_groupings_can_find(
    seed: int, communes: int, trades: int, data: st.DataObject
) -> None:
    """As many firms alone; a grouping is counted only where the exact search finds one too."""
    rng = random.Random(seed)
    need = territory(rng, communes, trades)
    firms = firms_around(rng, need, 20)
    held = data.draw(st.sampled_from(shapes(need).sets.tolist()))
    group = data.draw(st.integers(1, (1 << trades) - 1))
    found, lot = counted(need, firms, held, group), problem(need, firms, held, group)
    assert found.alone[0, 0] == sum(lot.able_alone(one) for one in lot.candidates)
    others = replace(lot, candidates=tuple(one for one in lot.candidates if not lot.able_alone(one)))
    solved = solve(others, count=1)
    if found.teams[0, 0]:
        assert solved.solutions
        assert not violations(others, solved.solutions[0].grouping)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 9), st.data())
def test_for_one_trade_a_grouping_is_counted_wherever_one_exists(seed: int, communes: int, data: st.DataObject) -> None:
    """With one trade the largest firms are the best members: nothing is missed but what the least parts forbid."""
    rng = random.Random(seed)
    need = territory(rng, communes, 1)
    firms = [replace(one, leads=True) for one in firms_around(rng, need, 20)]
    held = data.draw(st.sampled_from(shapes(need).sets.tolist()))
    lot = problem(need, firms, held, 1)
    others = replace(lot, candidates=tuple(one for one in lot.candidates if not lot.able_alone(one)))
    assert bool(counted(need, firms, held, 1).teams[0, 0]) == bool(solve(others, count=1).solutions)


def test_four_workshops_of_insertion_reach_a_lot_none_could_do_alone() -> None:
    """The lycée Talma: four inclusive firms in a grouping, among nine painters known."""
    need = replace(territory(random.Random(1), 3, 1), months=12)
    need = replace(need, trades=(replace(need.trades[0], trade="T07", amount_eur=130_000),))
    home = need.places[0].point
    workshops = [LocalFirm(number, home, {"T07": 40.0}, 35_000, social=True) for number in range(1, 5)]
    painters = [LocalFirm(number, home, {"T07": 40.0}, 5_000) for number in range(5, 10)]
    found = counted(need, workshops + painters, shapes(need).whole, 1)
    assert (found.alone[0, 0], found.teams[0, 0], found.social[0, 0]) == (0, 1, True)


def test_four_firms_of_seven_known_are_too_many_for_one_grouping() -> None:
    """C1: more than half of the identified supply."""
    need = territory(random.Random(1), 3, 1)
    need = replace(need, trades=(replace(need.trades[0], trade="T07", amount_eur=130_000),))
    home = need.places[0].point
    firms = [LocalFirm(number, home, {"T07": 40.0}, 35_000 if number < 5 else 5_000) for number in range(1, 8)]
    assert counted(need, firms, shapes(need).whole, 1).teams[0, 0] == 0


def test_hours_hosted_are_those_of_inclusive_firms_up_to_the_target() -> None:
    need = territory(random.Random(1), 3, 1)
    need = replace(need, trades=(replace(need.trades[0], amount_eur=100_000),))
    trade, home = need.trades[0].trade, need.places[0].point
    found = shapes(need)
    firm = LocalFirm(1, home, {trade: 40.0}, 200_000, hours=3_000, social=True)
    whole = np.array([0, 1, 2], dtype=np.int64), np.array([0, 3], dtype=np.int64)
    for target, hosted in ((5_000.0, 1_500), (1_000.0, 1_000)):
        counts = supply(need, found, [firm], Rules(), {trade: target}).count(whole, np.array([1]), 3)
        assert counts.hours[0, 0] == hosted


def test_amounts_of_cells_add_up_to_the_need() -> None:
    need, found, firms = made("amounts", 12, 3, 5)
    whole = found.sets.tolist().index(found.whole)
    singles = [found.sets.tolist().index(1 << bit) for bit in range(len(found.cells))]
    table = amounts_of(need, found, firms)
    assert table[whole, -1] == need.amount_eur == table[singles, -1].sum()


def test_plain_python_counts_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    _need, found, firms = made("plain", 7, 2, 20)
    groups = np.arange(1, 4, dtype=np.int64)
    compiled = firms.count((found.inside, found.start), groups, 3)
    monkeypatch.setattr(engines, "COMPILED", False)
    plain = firms.count((found.inside, found.start), groups, 3)
    for name in ("alone", "teams", "social", "hours"):
        assert getattr(plain, name).tolist() == getattr(compiled, name).tolist()
