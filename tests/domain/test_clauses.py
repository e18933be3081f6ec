"""Sizing the social clause of a lot: V1 to V4 of the domain guide, and what binds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.domain.clauses import Bassin, ClauseError, Figures, Sizing, Work, size
from geo.domain.hiring import Count

FIGURES = Figures(max_effort=0.2, hours_per_fte=1_600, hours_each=439, candidates=5, exits=2)
WORK = Work("T04", 1_500_000, 0.70, 30, 0.10)
PLENTY = Bassin(Count.of(10_000), Count.of(10_000), 1e9)


def test_v1_mde_ales() -> None:
    """1 500 000 EUR, 70 %, 30 EUR/h, effort 10 %: 35 000 h of labour, 3 500 h of insertion."""
    found = size([WORK], 12, PLENTY, FIGURES)
    assert found.labour == pytest.approx(35_000)
    assert found.target == pytest.approx(3_500)
    assert found.recommended == pytest.approx((3_500, 3_500))
    assert found.binding == "target"


def test_v2_mef_sud_77() -> None:
    """1 000 000 EUR, 50 %, 30 EUR/h, 5 %: 833 h."""
    assert size([Work("T11", 1_000_000, 0.50, 30, 0.05)], 12, PLENTY, FIGURES).asked == 833


def test_v3_inserpropre() -> None:
    """Cleaning, 36 months, 32 000 h taken over, 20 %: 40 000 -> base 8 000 -> 1 600 h = 0.33 FTE."""
    found = size([Work("T01", 1_200_000, 0.80, 24, 0.20, 32_000)], 36, PLENTY, FIGURES)
    assert (found.labour, found.base) == pytest.approx((40_000, 8_000))
    assert found.asked == 1_600
    assert found.fte == pytest.approx(0.33, abs=0.005)


def test_v4_the_bassin_hosts_less_than_the_target() -> None:
    """Target 3 500 h over twelve months, J 30, O 10: min(6, 5) x 439 = 2 195 h."""
    found = size([WORK], 12, Bassin(Count.of(30), Count.of(10), 1e9), FIGURES)
    assert found.recommended == (2_195, 2_195)
    assert found.hosted == (2_195, 2_195)
    assert found.binding == "bassin"
    assert found.people == pytest.approx(5)


def test_a_statistical_secret_stays_an_interval_and_the_text_asks_for_what_is_sure() -> None:
    """``*`` hides one to four lasting jobs: half a place to two."""
    found = size([WORK], 12, Bassin(Count.of(30), Count(None, 1, 4), 1e9), FIGURES)
    assert found.recommended == (219.5, 878)
    assert found.asked == 219


def test_where_secrecy_hides_all_the_text_asks_for_what_is_possible() -> None:
    found = size([WORK], 12, Bassin(Count.of(30), Count(None, 0, 4), 1e9), FIGURES)
    assert found.recommended == (0, 878)
    assert found.asked == 878


def test_the_inclusive_firms_near_bind_when_they_have_little_room() -> None:
    found = size([WORK], 12, replace(PLENTY, free_hours=900), FIGURES)
    assert found.asked == 900
    assert found.binding == "hosts"


def test_no_more_than_the_highest_effort() -> None:
    found = size([replace(WORK, effort=0.3)], 12, PLENTY, FIGURES)
    assert found.asked == 7_000
    assert found.binding == "effort"


def test_without_survey_the_target_stands_and_no_index_is_told() -> None:
    found = size([WORK], 12, None, FIGURES)
    assert (found.fit, found.hosted, found.free_hours) == (None, None, None)
    assert found.asked == 3_500


def test_hours_taken_over_in_one_trade_do_not_lower_another() -> None:
    cleaning = Work("T01", 240_000, 0.8, 24, 0.15, transferred_hours=50_000)
    green = Work("T04", 310_000, 0.55, 31, 0.15)
    found = size([cleaning, green], 12, PLENTY, FIGURES)
    assert found.base == pytest.approx(5_500)
    assert found.target == pytest.approx(825)


@pytest.mark.parametrize(("works", "months"), [([], 12), ([WORK], 0), ([replace(WORK, effort=1.5)], 12)])
def test_impossible_lots_are_refused(works: list[Work], months: int) -> None:
    with pytest.raises(ClauseError):
        size(works, months, PLENTY, FIGURES)


counts = st.tuples(st.integers(0, 500), st.integers(0, 60)).map(
    lambda pair: Count(None if pair[1] else pair[0], pair[0], sum(pair))
)
works = st.builds(
    Work,
    st.just("T01"),
    st.floats(0, 5e6),
    st.floats(0.1, 1),
    st.floats(20, 60),
    st.floats(0, 0.2),
    st.floats(0, 50_000),
)
sizings = st.builds(
    lambda some, months, bassin: size(some, months, bassin, FIGURES),
    st.lists(works, min_size=1, max_size=4),
    st.integers(1, 48),
    st.builds(Bassin, counts, counts, st.floats(0, 50_000)),
)


@given(sizings)
def test_what_is_asked_is_within_target_effort_and_base(found: Sizing) -> None:
    low, high = found.recommended
    assert 0 <= low <= high <= found.target + 1e-6
    assert found.asked <= high
    assert high <= found.most + 1e-6
    assert found.base <= found.labour + 1e-6
