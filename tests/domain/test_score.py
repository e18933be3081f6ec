"""The one formula that ranks firms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.domain.score import Parts, Weights, capacity_part, distance_part, total
from tests.domain.tables import shipped

WEIGHTS = Weights.of(shipped())
KM = st.floats(0, 20_000)


def near(km: float, radius: float) -> float:
    return float(distance_part(np.array([km]), np.array([radius]))[0])


def room(capacity: float, yearly: float | None) -> float:
    return float(capacity_part(np.array([capacity]), yearly, WEIGHTS)[0])


@pytest.mark.parametrize(("km", "part"), [(0, 1), (20, 1), (40, 0.5), (60, 0), (100, 0)])
def test_distance_counts_fully_to_half_the_radius_then_falls_to_nothing_at_one_and_a_half(
    km: float, part: float
) -> None:
    assert near(km, 40) == part


@pytest.mark.parametrize(("capacity", "part"), [(0, 0), (50_000, 0.5), (100_000, 1), (900_000, 1)])
def test_capacity_counts_up_to_the_whole_lot(capacity: float, part: float) -> None:
    assert room(capacity, 100_000) == part


def test_an_unpublished_amount_is_neutral() -> None:
    assert room(0, None) == room(10**9, None) == shipped()["score.unknown_capacity"]


def test_a_perfect_firm_scores_a_hundred() -> None:
    assert total(Parts(1.0, 1.0, 1.0, 1.0), WEIGHTS) == 100


def test_being_ess_is_worth_its_weight() -> None:
    assert total(Parts(1.0, 1.0, 1.0, 1.0), WEIGHTS) - total(Parts(1.0, 1.0, 1.0, 0.0), WEIGHTS) == WEIGHTS.ess


@given(KM, KM, st.floats(1, 500))
def test_farther_never_scores_higher(one: float, other: float, radius: float) -> None:
    close, far = sorted((one, other))
    assert near(far, radius) <= near(close, radius)


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(1, 10**10))
def test_more_capacity_never_scores_lower(one: int, other: int, yearly: int) -> None:
    less, more = sorted((one, other))
    assert room(less, yearly) <= room(more, yearly)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_score_stays_between_nought_and_a_hundred(
    trade: float, distance: float, capacity: float, ess: float
) -> None:
    assert 0 <= total(Parts(trade, distance, capacity, ess), WEIGHTS) <= 100
