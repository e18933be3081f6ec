"""The figures of a split: small lots by the law of the day, expected bidders, limits of lots won, totals."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.domain.evaluate import (
    LotResult,
    LotSupply,
    Rates,
    Seat,
    Totals,
    Triple,
    awardable,
    best,
    bidders,
    settle,
    totals,
)
from allotment.domain.law import Thresholds, read_rules, rules_on
from allotment.domain.need import Nature, Need, Place, TradeNeed
from geo.domain.point import point

TABLE = Path(__file__).parents[2] / "allotment" / "reference_data" / "thresholds.csv"
RATES = Rates(Triple(0.1, 0.2, 0.5), Triple(0.0, 0.1, 0.5), lots_answered=2, lot_eur=2_500)


def law(day: date) -> Thresholds:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return rules_on(day, read_rules(csv.DictReader(file)))


def need(launched: date = date(2026, 12, 1), nature: Nature = Nature.SERVICES, **more: int) -> Need:
    laval = Place("53130", point(lon=-0.77, lat=48.07))
    return Need(nature, (TradeNeed("T01", 1_000_000),), (laval,), months=12, launched_on=launched, **more)


def supply(able: dict[int, int] | None = None, teams: tuple[tuple[int, ...], ...] = (), ess: bool = False) -> LotSupply:
    """``able``: firm to the estimate (0 low, 1 middle, 2 high) at which it can do the lot."""
    return LotSupply(
        yearly_eur=100_000,
        supply=20,
        able=tuple((able or {}).items()),
        able_ess=0,
        teams=tuple(tuple(Seat(firm, 50_000, social=False) for firm in team) for team in teams),
        more_teams=False,
        ess_reachable=ess,
        hours_target=100,
        hours=(80.0, 100.0),
        hfi=(60.0, 90.0),
    )


def lots(amounts: list[int], found: list[LotSupply] | None = None, **more: object) -> tuple[LotResult, ...]:
    asked = need(**more)  # type: ignore[arg-type]
    return settle(
        asked, [{"T01": eur} for eur in amounts], found or [supply()] * len(amounts), law(asked.launched_on), RATES
    )


def test_a4_lots_under_80_000_euros_within_a_fifth_of_all_are_small() -> None:
    assert [lot.small_lot for lot in lots([800_000, 79_000, 79_000])] == [False, True, True]


def test_a4_beyond_a_fifth_of_all_lots_none_is_small() -> None:
    assert not any(lot.small_lot for lot in lots([600_000, 79_000, 79_000]))


def test_a5_the_dispense_rises_to_60_000_euros_on_the_first_of_april_2026() -> None:
    amounts = [800_000, 50_000]
    assert [lot.dispensed for lot in lots(amounts, launched=date(2026, 3, 31))] == [False, False]
    assert [lot.dispensed for lot in lots(amounts, launched=date(2026, 4, 1))] == [False, True]


def test_firms_are_counted_by_the_estimate_of_their_capacity() -> None:
    assert supply({1: 0, 2: 1, 3: 2}).alone == (1, 2, 3)


def test_expected_bidders_are_firms_and_groupings_by_their_chance_to_answer() -> None:
    assert bidders([supply({1: 0, 2: 0}, teams=((3, 4),))], RATES) == [Triple(0.2, 0.5, 1.5)]


def test_a_firm_able_for_many_lots_answers_a_few_of_them() -> None:
    alone = supply({1: 0})
    assert bidders([alone] * 2, RATES)[0].mid == 0.2
    assert bidders([alone] * 4, RATES)[0].mid == 0.1


def test_a3_the_documents_may_limit_the_lots_a_firm_answers() -> None:
    alone = supply({1: 0})
    assert bidders([alone] * 4, RATES, max_lots_bid=1)[0].mid == 0.05


@given(st.integers(1, 12), st.integers(1, 12))
def test_more_lots_never_raise_the_participation_in_each(few: int, more: int) -> None:
    few, many = sorted((few, few + more))
    alone = supply({1: 0, 2: 1, 3: 2})
    for less, plenty in zip(bidders([alone] * many, RATES)[0], bidders([alone] * few, RATES)[0], strict=True):
        assert less <= plenty


def test_a3_one_firm_alone_cannot_win_three_lots_where_two_are_the_most() -> None:
    assert awardable([supply({1: 0})] * 3, 2) == 2
    assert awardable([supply({1: 0})] * 3, None) == 3


def test_a3_a_firm_gives_way_to_another_that_can_do_nothing_else() -> None:
    assert awardable([supply({1: 0, 2: 0}), supply({1: 0})], 1) == 2


def test_a3_a_grouping_takes_the_lot_nobody_is_left_for() -> None:
    assert awardable([supply({1: 0}), supply({1: 0}, teams=((7, 8),))], 1) == 2


def test_a_split_adds_up_to_its_lots() -> None:
    found = [supply({1: 0, 2: 0, 3: 1}, ess=True), supply(), supply({1: 1}, teams=((4, 5),))]
    whole = totals(lots([500_000, 300_000, 200_000], found))
    assert (whole.lots, whole.amount_eur, whole.empty, whole.firms, whole.groupings) == (3, 1_000_000, 1, 3, 1)
    assert (whole.ess_share, whole.contested_share) == (0.5, 0.5)
    assert whole.hours == (240.0, 300.0)
    assert whole.coordination_eur == 7_500
    assert whole.least_bidders == (0, 0, 0)


def test_hours_unknown_everywhere_are_not_zero_hours() -> None:
    unknown = replace(supply(), hours=None, hfi=None)
    assert totals(lots([1_000_000], [unknown])).hours is None


def test_what_is_kept_reads_back_the_same() -> None:
    made = lots([900_000, 100_000], [supply({1: 0, 2: 2}, teams=((3, 4),)), replace(supply(), hours=None)])
    assert tuple(LotResult.from_json(lot.as_json()) for lot in made) == made
    assert Totals.from_json(totals(made).as_json()) == totals(made)


def test_the_best_version_of_each_measure_is_marked_and_none_where_all_are_alike() -> None:
    one = totals(lots([1_000_000], [supply(ess=True)]))
    two = totals(lots([500_000, 500_000], [supply(ess=True), supply(ess=True)]))
    marked = best([one, two])
    assert marked["ess_share"] == frozenset()
    assert marked["lots"] == {0}
    assert marked["hours"] == {1}


def test_a_split_without_lots_has_no_totals() -> None:
    with pytest.raises(ValueError, match="empty"):
        totals([])
