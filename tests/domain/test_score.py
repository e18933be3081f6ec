"""The one formula that ranks firms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.domain.errors import InvalidReferenceError
from matchmaker.domain.score import PARTS, Parts, capacity_part, evidence_part, reach, total
from tests.domain.tables import shipped

FORMULA = shipped().formula
SHARES = st.floats(0, 1)


def near(metres: float, radius: int) -> float:
    return FORMULA.decay(float(reach(metres, 1.0, radius, 0)))


def room(capacity: float, yearly: int | None) -> float:
    return float(capacity_part(capacity, capacity, capacity, yearly, FORMULA))


@pytest.mark.parametrize(("metres", "part"), [(0, 1), (20_000, 1), (40_000, 0.5), (60_000, 0), (100_000, 0)])
def test_distance_counts_fully_to_half_the_radius_then_falls_to_nothing_at_one_and_a_half(
    metres: float, part: float
) -> None:
    assert near(metres, 40_000) == part


@pytest.mark.parametrize(("capacity", "part"), [(0, 0), (50_000, 0.5), (100_000, 1), (900_000, 1)])
def test_capacity_counts_up_to_the_whole_lot(capacity: float, part: float) -> None:
    assert room(capacity, 100_000) == part


def test_the_middle_estimate_of_capacity_counts_twice() -> None:
    assert capacity_part(0.0, 50_000.0, 200_000.0, 100_000, FORMULA) == 0.5


def test_an_unpublished_amount_is_neutral() -> None:
    assert room(0, None) == room(10**9, None) == FORMULA.unknown_capacity


def test_contracts_won_count_up_to_the_full_number_and_more_with_the_same_kind_of_buyer() -> None:
    assert evidence_part(0.0, 0.0, FORMULA) == 0
    assert evidence_part(255.0, 0.0, FORMULA) == 1 - FORMULA.same_buyer
    assert evidence_part(255.0, 1.0, FORMULA) == 1


def test_a_perfect_firm_scores_a_hundred() -> None:
    assert total(Parts(1.0, 1.0, 1.0, 1.0, 1.0, 1.0), FORMULA) == 100


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_worth_its_weight(part: str) -> None:
    alone = dict.fromkeys(PARTS, 0.0) | {part: 1.0}
    assert total(Parts(**alone), FORMULA) == FORMULA.weights[part]


def test_weights_that_do_not_sum_to_a_hundred_are_refused() -> None:
    with pytest.raises(InvalidReferenceError):
        replace(FORMULA, trade=FORMULA.trade + 1)


@given(st.floats(0, 2e7), st.floats(0, 2e7), st.integers(1, 500_000))
def test_farther_never_scores_higher(one: float, other: float, radius: int) -> None:
    close, far = sorted((one, other))
    assert near(far, radius) <= near(close, radius)


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(1, 10**10))
def test_more_capacity_never_scores_lower(one: int, other: int, yearly: int) -> None:
    less, more = sorted((one, other))
    assert room(less, yearly) <= room(more, yearly)


@given(st.lists(SHARES, min_size=6, max_size=6))
def test_the_score_stays_between_nought_and_a_hundred(parts: list[float]) -> None:
    assert 0 <= total(Parts(*parts), FORMULA) <= 100 + 1e-9


@given(st.lists(SHARES, min_size=6, max_size=6))
def test_arrays_and_scalars_give_the_same_bits(parts: list[float]) -> None:
    arrays = Parts(*(np.array([part]) for part in parts))
    assert total(arrays, FORMULA)[0] == total(Parts(*parts), FORMULA)
