"""Counts that may be secret: bounds always hold the truth, a secret is never a zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.domain.hiring import Count, openings, places, priority_seekers, secret_bounds

CEILING = 4


def published(value: int) -> int | None:
    """As the survey shows a figure: small ones, none at all included, are secret."""
    return value if value > CEILING else None


@st.composite
def truths(draw: st.DrawFn) -> tuple[int, int, int]:
    projects = draw(st.integers(1, 60))
    return projects, draw(st.integers(0, projects)), draw(st.integers(0, projects))


@given(truths())
def test_the_bounds_hold_the_true_figures(truth: tuple[int, int, int]) -> None:
    for value, count in zip(truth, secret_bounds(*map(published, truth), CEILING), strict=True):
        assert count.low <= value <= count.high
        assert count.value in (None, value)


@given(st.lists(truths(), max_size=6))
def test_lasting_openings_lie_between_their_bounds_whatever_is_secret(rows: list[tuple[int, int, int]]) -> None:
    counts = [secret_bounds(*map(published, row), CEILING) for row in rows]
    found = openings((projects, seasonal) for projects, _, seasonal in counts)
    assert found.low <= sum(projects - seasonal for projects, _, seasonal in rows) <= found.high


def test_openings_without_secret_are_a_plain_number() -> None:
    assert openings([(Count.of(20), Count.of(5)), (Count.of(10), Count.of(10))]) == Count.of(15)


def test_part_of_a_secret_never_exceeds_the_whole() -> None:
    projects, hard, _ = secret_bounds(7, None, None, 9)
    assert (projects, hard) == (Count.of(7), Count(None, 0, 7))


def test_a_secret_whole_holds_at_least_the_part_that_is_shown() -> None:
    assert secret_bounds(None, 6, None, CEILING)[0] == Count(None, 6, 6)


def test_more_hard_projects_than_projects_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Plus de projets difficiles .* que de projets"):
        secret_bounds(5, 6, None, CEILING)


def test_one_secret_makes_a_sum_an_interval() -> None:
    assert Count.of(10) + Count(None, 1, 4) == Count(None, 11, 14)
    assert Count.of(10) + Count.of(2) == Count.of(12)


def test_priority_seekers_are_a_share_of_all_rounded_outward_when_secret() -> None:
    assert priority_seekers([Count.of(100)], 0.4) == Count(40, 40, 40)
    assert priority_seekers([Count.of(101), Count(None, 0, 4)], 0.4) == Count(None, 40, 42)


def test_v4_thirty_seekers_and_ten_openings_make_five_places() -> None:
    """Domain guide, case V4: min(30 / 5, 10 / 2) = 5 places."""
    assert places(Count.of(30), Count.of(10), candidates=5, exits=2) == (5, 5)


def test_places_are_an_interval_when_openings_are_secret() -> None:
    assert places(Count.of(30), Count(None, 4, 10), candidates=5, exits=2) == (2, 5)
