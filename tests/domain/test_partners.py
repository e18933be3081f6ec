"""Partnerships with local firms: the rise of H_rec and HFI once their vacancies join those of the bassin."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consortia.domain.partners import Hiring, HiringFitError, Offer, fit, partners
from geo.domain.hiring import Count

V4 = Hiring(
    target_hours=3_500, most_hours=9_999, free_hours=9_999, months=12, seekers=Count.of(30), openings=Count.of(10)
)
SECRET = replace(V4, openings=Count(None, 1, 4))


def test_v4_five_places_of_439_hours_where_exits_bind() -> None:
    """V4: target 3 500 h, twelve months, J 30, O 10: min(6, 5) x 439 = 2 195 h."""
    assert fit(V4).hours == (2_195, 2_195)


def test_the_hiring_fit_index_of_v4() -> None:
    """P_y = 3 500 / 439: 30 seekers for 39.9 wanted, 10 jobs for 15.9."""
    persons = 3_500 / 439
    expected = 100 * (30 / (5 * persons)) * (10 / (2 * persons))
    assert fit(V4).index == pytest.approx((expected, expected))


def test_two_vacancies_open_one_more_place() -> None:
    """O = 12: min(6, 6) x 439 = 2 634 h; beyond, candidates bind and more vacancies change nothing."""
    assert fit(V4, 2).hours == (2_634, 2_634)
    assert fit(V4, 50).hours == (2_634, 2_634)


@pytest.mark.parametrize(
    ("changes", "hours"), [({"most_hours": 700}, 700), ({"free_hours": 900}, 900), ({"target_hours": 500}, 500)]
)
def test_no_more_hours_than_the_lot_the_effort_and_the_siae_allow(changes: dict[str, float], hours: float) -> None:
    assert fit(replace(V4, **changes)).hours == (hours, hours)


def test_a_statistical_secret_stays_an_interval() -> None:
    """``*`` hides one to four projects: half a place to two, never none."""
    assert fit(SECRET).hours == (0.5 * 439, 2 * 439)
    low, high = fit(SECRET).index
    assert 0 < low < high


def test_the_firm_that_raises_the_fit_most_comes_first() -> None:
    found = partners(V4, [Offer(1, 1, 2.0), Offer(2, 2, 30.0), Offer(3, 0, 1.0), Offer(4, 2, 10.0)])
    assert [one.offer.id for one in found] == [4, 2, 1]  # equal rises: the nearest; who hires nobody is no partner
    assert found[0].before == fit(V4)
    assert found[0].gain[1] == 439


def test_a_lot_that_calls_for_nobody_fits_any_bassin() -> None:
    nobody = replace(V4, target_hours=0)
    assert fit(nobody).index == (100, 100)
    assert fit(nobody).hours == (0, 0)


@pytest.mark.parametrize("changes", [{"months": 0}, {"target_hours": -1}, {"exits": 0}])
def test_impossible_figures_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(HiringFitError):
        replace(V4, **changes)


counts = st.tuples(st.integers(0, 60), st.integers(0, 40)).map(
    lambda pair: Count(pair[0] if not pair[1] else None, pair[0], pair[0] + pair[1])
)
amounts = st.floats(0, 20_000)
hirings = st.builds(Hiring, amounts, amounts, amounts, st.integers(1, 48), counts, counts)


@given(hirings, st.integers(0, 50), st.integers(0, 50))
def test_more_vacancies_never_lower_the_fit(hiring: Hiring, some: int, more: int) -> None:
    before, after = fit(hiring, some), fit(hiring, some + more)
    for low_and_high in ("hours", "index"):
        assert all(x <= y for x, y in zip(getattr(before, low_and_high), getattr(after, low_and_high), strict=True))


@given(hirings, st.integers(0, 50))
def test_an_interval_is_in_order_and_an_index_within_0_and_100(hiring: Hiring, vacancies: int) -> None:
    found = fit(hiring, vacancies)
    assert 0 <= found.hours[0] <= found.hours[1] <= hiring.target_hours
    assert 0 <= found.index[0] <= found.index[1] <= 100


@given(hirings, st.lists(st.builds(Offer, st.integers(1, 99), st.integers(0, 9), st.floats(0, 90)), max_size=8))
def test_each_rise_is_at_least_that_of_the_next(hiring: Hiring, offers: list[Offer]) -> None:
    gains = [one.gain for one in partners(hiring, offers)]
    assert gains == sorted(gains, reverse=True)
    assert all(rise >= 0 for gain in gains for rise in gain)
