"""Insertion arithmetic: the worked cases of the guide, section 2."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.domain.insertion import WorkShare, fte, insertion_hours, labour_hours, yearly


def test_v1_mde_ales() -> None:
    """1 500 000 EUR, labour 70 %, 30 EUR/h, effort 10 %: 35 000 h of labour, 3 500 h of insertion."""
    labour = labour_hours(1_500_000, [WorkShare(1.0, 0.70, 30)])
    assert labour == pytest.approx(35_000)
    assert insertion_hours(labour, 0.10) == pytest.approx(3_500)


def test_v2_mef_sud_77() -> None:
    """1 000 000 EUR, labour 50 %, 30 EUR/h, effort 5 %: 833 h."""
    assert round(insertion_hours(labour_hours(1_000_000, [WorkShare(1.0, 0.50, 30)]), 0.05)) == 833


def test_v3_inserpropre() -> None:
    """Cleaning, 1 200 000 EUR over 36 months, 32 000 h taken over, effort 20 %: base 8 000 h, 1 600 h, 0.33 FTE."""
    labour = labour_hours(1_200_000, [WorkShare(1.0, 0.80, 24)])
    assert labour == pytest.approx(40_000)
    hours = insertion_hours(labour, 0.20, transferred=32_000)
    assert hours == pytest.approx(1_600)
    assert fte(hours, 36) == pytest.approx(0.33, abs=0.005)


def test_staff_taken_over_never_makes_hours_negative() -> None:
    assert insertion_hours(1_000, 0.15, transferred=5_000) == 0


def test_trades_of_a_lot_add_up() -> None:
    halves = [WorkShare(0.5, 0.8, 24), WorkShare(0.5, 0.4, 30)]
    assert labour_hours(120_000, halves) == pytest.approx(60_000 * 0.8 / 24 + 60_000 * 0.4 / 30)


@pytest.mark.parametrize(
    ("months", "expected"), [(48, 25.0), (24, 50.0), (12, 100.0), (6, 100.0), (None, 100.0), (0, 100.0)]
)
def test_a_quantity_is_brought_to_a_year_and_is_all_due_below_one(months: int | None, expected: float) -> None:
    assert yearly(100.0, months) == expected


@given(st.floats(0, 1e9), st.floats(0, 1), st.floats(0, 1))
def test_more_effort_never_gives_fewer_hours(labour: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert insertion_hours(labour, low) <= insertion_hours(labour, high)
