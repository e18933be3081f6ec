"""E and N of a firm: contracts that end before a lot starts, contracts newer than its turnover."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.domain.capacity import Capacity, CapacityInput, estimate
from matchmaker.domain.commitments import Commitments, Running, commitments, turnover_year
from tests.domain.tables import shipped

ON, START = date(2026, 11, 23), date(2027, 5, 23)


def found(*contracts: Running, on: date = ON, start: date = START, year: int = 2024) -> Commitments:
    return commitments(contracts, on=on, start=start, turnover_year=year)


def contract(annual: int = 10_000, notified: str = "2024-06-01", ends: str = "2027-12-31") -> Running:
    return Running(annual, date.fromisoformat(notified), date.fromisoformat(ends))


def test_a_contract_notified_after_the_turnovers_year_is_n() -> None:
    assert found(contract(notified="2025-01-01")) == Commitments(0, 10_000)
    assert found(contract(notified="2024-12-31")) == Commitments(0, 0)


def test_a_contract_that_ends_before_the_lot_starts_is_e() -> None:
    assert found(contract(ends="2027-05-22")) == Commitments(10_000, 0)
    assert found(contract(ends="2027-05-23")) == Commitments(0, 0)


def test_a_recent_contract_that_ends_in_time_is_both_and_cancels_out() -> None:
    assert found(contract(notified="2025-06-01", ends="2027-01-01")) == Commitments(10_000, 10_000)


def test_what_is_over_or_not_yet_notified_counts_for_nothing() -> None:
    assert found(contract(ends="2026-11-22"), contract(notified="2026-11-24")) == Commitments()


def test_the_year_of_the_turnover_is_that_of_the_headcount_else_the_year_before() -> None:
    assert turnover_year(2023, False, ON, shipped()) == 2023
    assert turnover_year(2023, True, ON, shipped()) == 2025
    assert turnover_year(None, False, ON, shipped()) == 2025


# --- case V5 of the domain guide, with E and N ---------------------------------------------------


def capacity(**facts: object) -> Capacity:
    """T01, 10 to 19 people, part-time factor off: T = 672 kEUR."""
    known = CapacityInput(headcount=14.0, **facts)  # type: ignore[arg-type]
    return estimate(known, shipped().trades["T01"], shipped(), on=ON)


def test_v5_contracts_notified_leave_34_keur() -> None:
    assert capacity(notified_eur=100_000).mid_eur == pytest.approx(34_400, abs=10)


def test_v5_contracts_that_end_give_their_value_back() -> None:
    assert capacity(notified_eur=100_000, ending_eur=60_000).mid_eur == pytest.approx(94_400, abs=10)


def test_v5_contracts_that_end_never_lift_capacity_above_the_dependency_limit() -> None:
    assert capacity(ending_eur=10_000_000).mid_eur == pytest.approx(201_600, abs=10)


def test_v5_a_declaration_of_three_free_fte_stands_whatever_the_contracts() -> None:
    assert capacity(free_fte=3.0, declared_on=ON, notified_eur=100_000).mid_eur == pytest.approx(144_000, abs=10)


EUR = st.integers(0, 10**8)


@given(EUR, EUR, EUR)
def test_more_n_never_raises_and_more_e_never_lowers_capacity(ending: int, notified: int, more: int) -> None:
    before = capacity(ending_eur=ending, notified_eur=notified)
    assert capacity(ending_eur=ending, notified_eur=notified + more).mid_eur <= before.mid_eur
    assert capacity(ending_eur=ending + more, notified_eur=notified).mid_eur >= before.mid_eur
    assert before.high_eur <= 0.30 * before.turnover_eur + 1


@given(
    st.lists(st.tuples(EUR, st.integers(-2000, 400), st.integers(0, 3000)), max_size=8),
    st.integers(0, 1500),
    st.integers(0, 1500),
)
def test_a_later_start_never_frees_less(rows: list[tuple[int, int, int]], sooner: int, later: int) -> None:
    contracts = [
        Running(annual, ON + timedelta(days=first), ON + timedelta(days=first + length))
        for annual, first, length in rows
    ]
    sooner, later = sorted((sooner, later))
    first = found(*contracts, start=ON + timedelta(days=sooner))
    second = found(*contracts, start=ON + timedelta(days=later))
    assert first.ending_eur <= second.ending_eur
    assert first.notified_eur == second.notified_eur
