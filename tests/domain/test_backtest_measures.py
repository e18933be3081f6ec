"""Measures of rankings against small cases counted by hand; distances fitted on planted ones; readable charts."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.domain.backtest import charts
from matchmaker.domain.backtest.decay import RINGS_KM, Chosen, Rules, chosen, fitted, proposals, quick_radii
from matchmaker.domain.backtest.metrics import (
    MRR_AT,
    Bootstrap,
    Figure,
    Place,
    Reliability,
    exposure,
    hit,
    places_of,
    reciprocal,
)
from tests.domain.tables import shipped

RULES = Rules(share=0.8, enough=50, strength=20, reach_end=1.5, times=30, seed=1)


@pytest.mark.parametrize(
    ("place", "k", "hr", "rr"),
    [
        (Place(0, 1), 1, 1.0, 1.0),
        (Place(4, 1), 5, 1.0, 0.2),
        (Place(5, 1), 5, 0.0, 0.0),
        (Place(0, 4), 1, 0.25, 0.25),  # first of four alike, by chance
        (Place(1, 2), 2, 0.5, 0.25),  # second or third: 1/2 x 1/2
        (Place(2, 3), 20, 1.0, (1 / 3 + 1 / 4 + 1 / 5) / 3),
    ],
)
def test_ties_are_broken_by_chance_and_the_mean_is_told(place: Place, k: int, hr: float, rr: float) -> None:
    assert hit(place, k) == pytest.approx(hr)
    assert reciprocal(place, k) == pytest.approx(rr)


def test_a_winner_is_not_harmed_by_its_co_holder() -> None:
    score = np.array([9.0, 8.0, 7.0, 7.0, 1.0])
    assert places_of(score, np.array([0, 2])) == [Place(0, 1), Place(1, 2)]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.data())
def test_the_expected_rank_is_the_mean_over_every_order_of_the_ties(values: list[int], data: st.DataObject) -> None:
    winner = data.draw(st.integers(0, len(values) - 1))
    place = places_of(np.array(values, dtype=float), np.array([winner]))[0]
    ranks = [place.before + 1 + shift for shift in range(place.tied)]
    for k in MRR_AT:
        assert reciprocal(place, k) == pytest.approx(np.mean([1 / rank if rank <= k else 0 for rank in ranks]))
        assert hit(place, k) == pytest.approx(np.mean([rank <= k for rank in ranks]))


def test_exposure_counts_the_first_ones_and_shares_the_last_places() -> None:
    score, new = np.array([3.0, 2.0, 1.0, 1.0]), np.array([True, False, True, False])
    assert exposure(score, new, k=1) == 1
    assert exposure(score, new, k=2) == 0.5
    assert exposure(score, new, k=3) == pytest.approx((1 + 0.5) / 3)
    assert exposure(np.zeros(0), np.zeros(0, dtype=bool)) == 0


def test_the_interval_holds_the_mean_and_closes_when_all_agree() -> None:
    drawn = Bootstrap.of([1, 1, 2, 3, 3], 500, 1)
    assert drawn.mean(np.full(5, 0.4)) == pytest.approx(Figure(0.4, 0.4, 0.4))
    found = drawn.mean(np.array([0.0, 0, 1, 1, 1]))
    assert found is not None
    assert found.low <= found.value == 0.6 <= found.high
    assert drawn.mean(np.zeros(5), np.zeros(5)) is None


def test_one_buyer_alone_proves_nothing_beyond_itself() -> None:
    """Whole buyers are drawn: hundred contracts of two buyers are two witnesses, and the interval says so."""
    values = np.repeat([0.0, 1.0], 50)
    two = Bootstrap.of([1] * 50 + [2] * 50, 500, 1).mean(values)
    hundred = Bootstrap.of(list(range(100)), 500, 1).mean(values)
    assert two is not None and hundred is not None
    assert two.high - two.low > 3 * (hundred.high - hundred.low)


def test_honest_chances_lie_on_the_diagonal_and_boasting_ones_do_not() -> None:
    dice = np.random.default_rng(2)
    honest, boasting = Reliability(), Reliability()
    for _ in range(300):
        chance = dice.uniform(0.01, 0.6, 40)
        won = np.flatnonzero(dice.random(40) < chance)
        honest.add(chance, won)
        boasting.add(np.minimum(1, 2 * chance), won)
    assert honest.error < 0.05 < 0.3 < boasting.error
    assert honest.brier < boasting.brier
    assert all(one.low <= one.seen <= one.high for one in honest.bins())


def winners(fall: float, n: int = 400, seed: int = 3, crowd: float = 1.0) -> list[Chosen]:
    """Winners drawn with chance exp(-km / fall) among firms spread to 200 km, ``crowd`` times denser far away."""
    dice, rows = np.random.default_rng(seed), []
    for at in range(n):
        km = np.concatenate([dice.uniform(0, 50, 60), dice.uniform(50, 200, round(60 * crowd))])
        chance = np.exp(-km / fall)
        rows.append(chosen(at, "T04", 90_000, at % 80, float(dice.choice(km, p=chance / chance.sum())), km))
    return rows


def test_the_planted_fall_comes_back_whatever_the_crowd_far_away() -> None:
    for crowd in (0.3, 5.0):
        whole = fitted(winners(25, crowd=crowd), {}, RULES)[0]
        middle = np.array([2.5, 7.5, 12.5, 17.5, 25, 35, 50])
        assert whole.curve[:7] == pytest.approx(np.exp(-(middle - 2.5) / 25), abs=0.16)
        assert (np.diff(whole.curve) <= 1e-12).all()
        assert (whole.bands[0] <= whole.curve + 1e-9).all()


def test_a_trade_that_goes_farther_gets_a_wider_radius_and_few_winners_none() -> None:
    near, far = fitted(winners(10), {"T04": ("près", 60.0)}, RULES), fitted(winners(60), {"T04": ("loin", 60.0)}, RULES)
    assert near[-1].radius.value < far[-1].radius.value
    assert "T04" in proposals(near)
    few = fitted(winners(10, n=20), {"T04": ("peu", 60.0)}, RULES)
    assert proposals(few) == {}
    assert quick_radii(winners(10, n=20), RULES) == {}
    assert quick_radii([], RULES) == {}
    assert fitted([], {}, RULES) == []


def test_a_handful_of_winners_leans_on_the_whole() -> None:
    many = winners(25)
    lonely = [Chosen(0, "T05", "", 1, 250.0, len(RINGS_KM) - 1, np.ones(len(RINGS_KM) + 1))]
    found = {one.key: one for one in fitted(many + lonely, {"T05": ("seul", 60.0)}, RULES)}
    assert found["T05"].curve == pytest.approx(found[""].curve, abs=0.15)


def test_charts_are_readable_by_machines_and_by_those_who_cannot_see_them() -> None:
    figure = Figure(0.5, 0.4, 0.6)
    honest = Reliability()
    honest.add(np.array([0.1, 0.4, 0.01]), np.array([1]))
    drawn = [
        charts.bars("a", "HR@10", [("formule <v1>", figure, True), ("au hasard", figure, False)], "Part"),
        charts.calibration("b", "Chances", honest.bins()),
        charts.falls("c", "Distance", fitted(winners(25, n=80), {"T04": ("Espaces verts & co", 35.0)}, RULES)),
        charts.weights("d", "Poids", shipped().formula, shipped().formula, {}),
    ]
    for drawing in drawn:
        root = ElementTree.fromstring(drawing)
        space = "{http://www.w3.org/2000/svg}"
        assert root.find(f"{space}title") is not None
        described = root.find(f"{space}desc")
        assert described is not None and described.text
        assert "style=" not in drawing  # the site's content policy allows no inline style
