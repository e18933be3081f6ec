"""A reserved lot without a grouping: eligible firms with one limited sub-contractor, never a member."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consortia.domain.problem import Candidate, Need, Problem
from consortia.domain.solver import solve
from consortia.domain.subcontract import Alternative, alternative
from tests.domain.problems import firm, painting

LIMIT = 300  # parts per thousand


def reserved(*firms: Candidate, amount: int = 100_000) -> Problem:
    return painting(*firms, amount=amount, reserved=True)


def ordinary(number: int, capacity: int, trades: str = "T07", **more: object) -> Candidate:
    return firm(number, capacity, trades, eligible=False, **more)


def test_two_siae_that_lack_a_fifth_hand_it_to_an_ordinary_firm() -> None:
    found = alternative(reserved(firm(1, 45_000), firm(2, 35_000)), [ordinary(9, 90_000)], LIMIT)
    assert found is not None
    assert {part.candidate.id for part in found.holders} == {1, 2}
    assert found.subcontractor.candidate.id == 9
    assert found.given_eur == pytest.approx(20_000, abs=300)
    assert sum(part.amount_eur for part in found.holders) + found.given_eur == 100_000


def test_more_than_the_limited_part_is_not_sub_contracted() -> None:
    assert alternative(reserved(firm(1, 30_000), firm(2, 30_000)), [ordinary(9, 90_000)], LIMIT) is None


def test_a_trade_that_no_eligible_firm_does_is_given_away_whole() -> None:
    problem = Problem((Need("T07", 80_000), Need("T13", 20_000)), (firm(1, 50_000), firm(2, 40_000)), 20, reserved=True)
    found = alternative(problem, [ordinary(8, 90_000), ordinary(9, 90_000, "T13")], LIMIT)
    assert found is not None
    assert dict(found.subcontractor.by_trade) == {"T13": 20_000}
    assert found.subcontractor.candidate.id == 9


def test_a_trade_that_is_most_of_the_lot_cannot_be_given_away() -> None:
    problem = Problem((Need("T07", 20_000), Need("T13", 80_000)), (firm(1, 50_000), firm(2, 40_000)), 20, reserved=True)
    assert alternative(problem, [ordinary(9, 90_000, "T13")], LIMIT) is None


def test_one_siae_alone_may_hold_the_contract() -> None:
    found = alternative(reserved(firm(1, 75_000)), [ordinary(9, 90_000)], LIMIT)
    assert found is not None
    assert [part.candidate.id for part in found.holders] == [1]
    assert found.given_eur == pytest.approx(25_000, abs=300)


def test_the_cheapest_sub_contractor_is_chosen() -> None:
    firms = [ordinary(8, 90_000, cost=50), ordinary(9, 90_000, cost=10)]
    found = alternative(reserved(firm(1, 45_000), firm(2, 35_000)), firms, LIMIT)
    assert found is not None
    assert found.subcontractor.candidate.id == 9


def test_nobody_eligible_is_no_alternative() -> None:
    """Article L2193-3: the whole contract is never sub-contracted."""
    assert alternative(reserved(), [ordinary(9, 900_000)], 1000) is None


def test_a_sub_contractor_out_of_reach_is_none() -> None:
    far = ordinary(9, 90_000, distance_km=80.0)
    assert alternative(reserved(firm(1, 45_000), firm(2, 35_000)), [far], LIMIT) is None


capacities = st.lists(st.integers(5_000, 60_000), min_size=1, max_size=5)


@given(capacities, st.integers(10_000, 90_000), st.integers(50, 900))
def test_what_is_proposed_is_lawful(own: list[int], other: int, limit: int) -> None:
    problem = reserved(*(firm(n, capacity) for n, capacity in enumerate(own, start=1)))
    found: Alternative | None = alternative(problem, [ordinary(99, other)], limit)
    if found is None:
        return
    assert 0 < found.given_eur <= min(other, problem.amount_eur * limit // 1000)
    assert all(part.candidate.eligible for part in found.holders)
    assert all(part.amount_eur <= part.candidate.capacity_eur for part in found.holders)
    assert sum(part.amount_eur for part in found.holders) + found.given_eur == problem.amount_eur
    assert found.holders[0].amount_eur >= problem.lower_bound_eur(mandataire=True)


@given(capacities)
def test_where_members_suffice_a_little_is_enough_to_give_away(own: list[int]) -> None:
    problem = reserved(*(firm(n, capacity) for n, capacity in enumerate(own, start=1)), amount=60_000)
    if solve(problem, count=1).solutions:
        found = alternative(replace(problem), [ordinary(99, 60_000)], LIMIT)
        assert found is not None
        assert found.given_eur <= 60_000 * LIMIT // 1000
