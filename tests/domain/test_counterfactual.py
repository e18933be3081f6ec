"""Last year's contracts split as proposed: capacities counted once, splitting never lowers what is reachable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.domain.counterfactual import (
    CounterfactualError,
    Limits,
    Purchase,
    Work,
    counterfactual,
    hours,
    reach,
)

LIMITS = Limits(team=4, lots=12, smallest_lot_eur=10_000)
CLEANING = Work(0.8, 24, (0.05, 0.15, 0.20), (0.0, 0.5, 0.8))
PAINTING = Work(0.5, 30, (0.05, 0.07, 0.20))
WORKS = {"T01": CLEANING, "T07": PAINTING}


def bought(eur: int, *near: int, **more: object) -> Purchase:
    return Purchase("m", "T01", eur, near, **more)  # type: ignore[arg-type]


# ---------------------------------------------------------------- what is within reach


def test_a_contract_one_firm_can_take_is_reachable_as_bought() -> None:
    found = reach([bought(50_000, 0)], [60_000], LIMITS)
    assert (found.before, found.after) == ((50_000,), (50_000,))


def test_four_firms_may_take_one_together_but_not_five() -> None:
    assert reach([bought(40_000, *range(4))], [10_000] * 4, LIMITS).before == (40_000,)
    assert reach([bought(50_000, *range(5))], [10_000] * 5, LIMITS).before == (0,)


def test_cut_into_lots_a_contract_too_large_is_reached_for_what_firms_can_take() -> None:
    found = reach([bought(500_000, 0, 1)], [60_000, 40_000], LIMITS)
    assert (found.before, found.after, found.lots) == ((0,), (100_000,), (3,))  # what no firm takes is a lot too


def test_a_contract_is_never_cut_below_the_smallest_lot() -> None:
    assert reach([bought(500_000, 0)], [9_000], LIMITS).after == (0,)
    assert reach([bought(19_000, 0)], [15_000], LIMITS).after == (0,)


def test_a_contract_is_cut_into_twelve_lots_at_most() -> None:
    assert reach([bought(900_000, *range(20))], [20_000] * 20, LIMITS).after == (240_000,)


def test_a_capacity_is_counted_once_over_the_year() -> None:
    found = reach([bought(50_000, 0), bought(50_000, 0)], [60_000], LIMITS)
    assert sum(found.before) == sum(found.after) == 60_000


def test_a_firm_too_far_gives_nothing() -> None:
    assert reach([bought(50_000)], [60_000], LIMITS).after == (0,)


FIRMS = 6
purchases = st.lists(
    st.builds(
        Purchase,
        key=st.just("m"),
        trade=st.sampled_from(["T01", "T07"]),
        yearly_eur=st.integers(1, 4000).map(lambda hundreds: 100 * hundreds),
        near=st.frozensets(st.integers(0, FIRMS - 1)).map(lambda ranks: tuple(sorted(ranks))),
        clause=st.none() | st.booleans(),
    ),
    max_size=8,
)
capacities = st.lists(st.integers(0, 2000).map(lambda hundreds: 100 * hundreds), min_size=FIRMS, max_size=FIRMS)


@given(purchases, capacities)
def test_nothing_gives_more_than_it_is_worth_and_splitting_never_lowers(found: list[Purchase], able: list[int]) -> None:
    answer = reach(found, able, LIMITS)
    for one, before, after in zip(found, answer.before, answer.after, strict=True):
        assert 0 <= before <= after <= one.yearly_eur
    assert sum(answer.after) <= sum(able)


@given(purchases, capacities, st.integers(0, FIRMS - 1), st.integers(1, 500))
def test_more_capacity_never_lowers_what_is_reachable(
    found: list[Purchase], able: list[int], firm: int, more: int
) -> None:
    richer = [eur + (100 * more if rank == firm else 0) for rank, eur in enumerate(able)]
    poor, rich = reach(found, able, LIMITS), reach(found, richer, LIMITS)
    assert sum(rich.before) >= sum(poor.before)
    assert sum(rich.after) >= sum(poor.after)


# ---------------------------------------------------------------- hours


def test_hours_are_the_arithmetic_of_insertion() -> None:
    low, mid, high = hours(240_000, CLEANING)  # 8 000 h of labour
    assert (low, mid, high) == pytest.approx((0.05 * 1_600, 0.15 * 4_000, 0.20 * 8_000))


def test_a_contract_that_says_nothing_may_bear_a_clause_or_not() -> None:
    found = counterfactual([bought(240_000)], [], WORKS, LIMITS, 150)
    assert found.hours_before == pytest.approx((0, 0, 1_600))
    assert found.hours_after == pytest.approx((80, 600, 1_600))
    assert (found.with_clause, found.without_clause, found.silent) == (0, 0, 1)


def test_a_small_contract_bears_no_clause() -> None:
    found = counterfactual([bought(12_000, clause=False)], [], WORKS, LIMITS, 150)
    assert found.hours_after == (0, 0, 0)


@given(purchases, capacities)
def test_lines_add_up_and_every_level_keeps_its_order(found: list[Purchase], able: list[int]) -> None:
    answer = counterfactual(found, [(eur // 2, eur, 2 * eur) for eur in able], WORKS, LIMITS, 150)
    assert sum(line.yearly_eur for line in answer.lines) == answer.yearly_eur
    assert sum(line.before_eur for line in answer.lines) == answer.before_eur[1]
    assert sum(line.after_eur for line in answer.lines) == answer.after_eur[1]
    for values in (answer.before, answer.after):
        assert 0 <= values[0] <= values[1] <= values[2] <= 1
    for values in (answer.hours_before, answer.hours_after):
        assert list(values) == sorted(values)
    assert all(a <= b + 1e-6 for a, b in zip(answer.hours_before, answer.hours_after, strict=True))


def test_impossible_amounts_and_unknown_trades_are_refused() -> None:
    with pytest.raises(CounterfactualError):
        bought(0)
    with pytest.raises(CounterfactualError):
        bought(100, won_eur=200)
    with pytest.raises(CounterfactualError, match="T99"):
        counterfactual([Purchase("m", "T99", 100, ())], [], WORKS, LIMITS, 150)
