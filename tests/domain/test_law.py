"""The law by the date a consultation is launched: both sides of each change, then rules on lots (A1-A5, S2-S4)."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.domain import law
from allotment.domain.law import BuyerKind, LawError, Rule, Thresholds, read_rules, rules_on
from allotment.domain.need import Nature

TABLE = Path(__file__).parents[2] / "allotment" / "reference_data" / "thresholds.csv"
DAY = timedelta(days=1)


@cache
def rows() -> tuple[dict[str, str], ...]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def rules() -> tuple[Rule, ...]:
    return read_rules(rows())


def on(year: int, month: int, day: int) -> Thresholds:
    return rules_on(date(year, month, day), rules())


# ---------------------------------------------------------------- both sides of each change


@pytest.mark.parametrize("nature", [Nature.SUPPLIES, Nature.SERVICES])
def test_supplies_and_services_are_dispensed_below_40_000_then_60_000(nature: Nature) -> None:
    assert on(2026, 3, 31).dispensed_eur(nature) == 40_000
    assert on(2026, 4, 1).dispensed_eur(nature) == 60_000


def test_works_are_dispensed_below_100_000_on_both_sides_of_2026() -> None:
    before, after = on(2025, 12, 31), on(2026, 1, 1)
    assert before.dispensed_eur(Nature.WORKS) == after.dispensed_eur(Nature.WORKS) == 100_000
    assert "permanent" in after.rule("dispensed", Nature.WORKS).source
    assert "temporaire" in before.rule("dispensed", Nature.WORKS).source


def test_free_documents_follow_the_dispense_threshold() -> None:
    assert on(2026, 3, 31).rule("free_documents").value == 40_000
    assert on(2026, 4, 1).rule("free_documents").value == 60_000


def test_minimum_turnover_falls_from_twice_to_one_and_a_half_times_the_lot() -> None:
    assert on(2025, 12, 31).turnover_multiple == 2
    assert on(2026, 1, 1).turnover_multiple == 1.5


@pytest.mark.parametrize(
    ("nature", "buyer", "before", "after"),
    [
        (Nature.SERVICES, BuyerKind.STATE, 143_000, 140_000),
        (Nature.SERVICES, BuyerKind.LOCAL, 221_000, 216_000),
        (Nature.SUPPLIES, BuyerKind.ENTITY, 443_000, 432_000),
        (Nature.WORKS, BuyerKind.LOCAL, 5_538_000, 5_404_000),
    ],
)
def test_european_thresholds_change_every_two_years(nature: Nature, buyer: BuyerKind, before: int, after: int) -> None:
    assert on(2025, 12, 31).formal_eur(nature, buyer) == before
    assert on(2026, 1, 1).formal_eur(nature, buyer) == after
    assert on(2027, 12, 31).formal_eur(nature, buyer) == after


def test_a_date_beyond_what_is_known_is_refused_not_guessed() -> None:
    with pytest.raises(LawError, match="01/01/2028"):
        on(2028, 1, 1).formal_eur(Nature.SERVICES)


def test_environmental_conditions_are_due_from_22_august_2026() -> None:
    assert not on(2026, 8, 21).environment_required
    assert on(2026, 8, 22).environment_required


def test_21_august_2026_is_flagged_and_the_days_around_are_not() -> None:
    assert on(2026, 8, 21).on_the_eve
    assert not on(2026, 8, 20).on_the_eve
    assert not on(2026, 8, 22).on_the_eve


def test_a_social_condition_is_due_from_22_august_2026_above_the_european_threshold() -> None:
    assert not on(2026, 8, 21).social_required(Nature.SERVICES, 216_000)
    assert on(2026, 8, 22).social_required(Nature.SERVICES, 216_000)
    assert not on(2026, 8, 22).social_required(Nature.SERVICES, 215_999)


@pytest.mark.parametrize(
    ("name", "first", "value"),
    [
        ("essential_data", date(2024, 1, 1), 40_000),
        ("small_business_share", date(2025, 1, 1), 0.2),
        ("spaser", date(2023, 1, 1), 50_000_000),
        ("spaser_years", date(2023, 1, 1), 2),
    ],
)
def test_a_rule_holds_from_its_first_day(name: str, first: date, value: float) -> None:
    assert rules_on(first - DAY, rules()).find(name) is None
    assert rules_on(first, rules()).rule(name).value == value


def test_what_does_not_change_is_the_same_on_any_day() -> None:
    for day in (on(2020, 6, 1), on(2026, 11, 28)):
        assert day.rule("publicity").value == 90_000
        assert day.rule("social_services", Nature.SERVICES).value == 750_000
        assert (day.small_lot_eur(Nature.SERVICES), day.small_lot_eur(Nature.WORKS)) == (80_000, 1_000_000)


@pytest.mark.parametrize("rule", [rule for rule in rules() if rule.last], ids=lambda rule: f"{rule.name}-{rule.last}")
def test_no_value_is_missing_the_day_after_another_ends(rule: Rule) -> None:
    if rule.name == "eve" or rule.last == date(2027, 12, 31):
        return  # one day only; the European Union has not told the next ones
    assert rule.last
    assert rules_on(rule.last + DAY, rules()).find(rule.name, rule.nature, rule.buyer)


def test_every_value_has_its_source_and_its_confidence() -> None:
    assert len(rules()) > 40
    assert all(rule.source and rule.confidence in ("H", "M", "L") for rule in rules())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"value": "beaucoup"}, "valeur chiffrée"),
        ({"value": "-1"}, "positive"),
        ({"valid_from": "le 1er avril"}, "AAAA-MM-JJ"),
        ({"valid_to": "2019-01-01"}, "la fin précède"),
        ({"source": ""}, "source"),
    ],
)
def test_a_row_that_is_wrong_is_refused_by_name(change: dict[str, str], said: str) -> None:
    row: dict[str, Any] = dict(rows()[0]) | change
    with pytest.raises(LawError, match=said):
        read_rules([row])


def test_two_values_on_the_same_day_are_refused() -> None:
    old, new = (row for row in rows() if row["rule"] == "turnover")
    with pytest.raises(LawError, match="01/01/2026"):
        read_rules([dict(old) | {"valid_to": "2026-01-01"}, new])


# ---------------------------------------------------------------- lots: A1, A4, A5

TODAY = on(2026, 11, 28)


@pytest.mark.parametrize(
    ("amount", "trades", "lots", "due"),
    [(60_000, 2, 1, True), (59_999, 2, 1, False), (500_000, 1, 1, False), (500_000, 2, 2, False)],
)
def test_a1_a_need_of_several_trades_kept_whole_owes_a_reason(amount: int, trades: int, lots: int, due: bool) -> None:
    assert law.lots_due(TODAY, Nature.SERVICES, amount, trades, lots) is due


def test_a1_applies_the_threshold_of_the_day_it_is_launched() -> None:
    assert law.lots_due(on(2026, 3, 31), Nature.SERVICES, 50_000, 2, 1)
    assert not law.lots_due(on(2026, 4, 1), Nature.SERVICES, 50_000, 2, 1)


def test_a2_the_exceptions_are_a_closed_list_of_three() -> None:
    assert [one.code for one in law.ONE_LOT] == ["coordination", "competition", "execution"]
    assert all(one.article.startswith("L2113-11") for one in law.ONE_LOT)


@pytest.mark.parametrize(
    ("lots", "bid", "won", "wrong"),
    [(4, 2, 1, 0), (4, None, None, 0), (4, 1, 2, 1), (4, 0, None, 1), (4, 4, None, 1), (1, 1, 1, 0)],
)
def test_a3_limits_of_lots_make_sense(lots: int, bid: int | None, won: int | None, wrong: int) -> None:
    assert len(law.limit_objections(lots, bid, won)) == wrong


def test_a3_the_documents_tell_the_limits() -> None:
    assert law.limits_in_words(None, None) == ""
    assert law.limits_in_words(3, 1) == (
        "Un même opérateur économique peut présenter une offre pour 3 lots au plus et se voir attribuer 1 lot au plus "
        "(article R2113-1)."
    )


def test_a4_small_lots_of_services_up_to_a_fifth_of_all() -> None:
    assert law.small_lots(TODAY, Nature.SERVICES, [79_999, 320_001]) == (True, False)
    assert law.small_lots(TODAY, Nature.SERVICES, [80_000, 900_000]) == (False, False)


def test_a4_exactly_a_fifth_is_allowed_and_a_euro_more_is_not() -> None:
    assert law.small_lots(TODAY, Nature.SERVICES, [50_000, 200_000]) == (True, False)
    assert law.small_lots(TODAY, Nature.SERVICES, [50_001, 200_000]) == (False, False)


def test_a4_small_lots_of_works_are_below_a_million() -> None:
    assert law.small_lots(TODAY, Nature.WORKS, [999_999, 6_000_000]) == (True, False)
    assert law.small_lots(TODAY, Nature.WORKS, [1_000_000, 6_000_000]) == (False, False)


def test_a4_when_small_lots_together_exceed_a_fifth_none_is_one() -> None:
    assert law.small_lots(TODAY, Nature.SERVICES, [70_000, 70_000, 200_000]) == (False, False, False)


def test_a5_the_same_with_the_dispense_thresholds_of_the_day() -> None:
    lots = [50_000, 400_000]
    assert law.dispensed_lots(on(2026, 3, 31), Nature.SERVICES, lots) == (False, False)
    assert law.dispensed_lots(on(2026, 4, 1), Nature.SERVICES, lots) == (True, False)


@given(st.lists(st.integers(1, 2_000_000), min_size=1, max_size=12))
def test_a_dispensed_lot_is_always_a_small_one_for_services(lots: list[int]) -> None:
    small, dispensed = (find(TODAY, Nature.SERVICES, lots) for find in (law.small_lots, law.dispensed_lots))
    total = sum(lots)
    for flags in (small, dispensed):
        assert 5 * sum(amount for amount, flag in zip(lots, flags, strict=True) if flag) <= total
    if any(small):
        assert all(one for one, other in zip(small, dispensed, strict=True) if other)


# ---------------------------------------------------------------- exceptions: S2, S3; criteria: S4


def test_s3_below_the_european_threshold_the_law_does_not_bind_and_says_so() -> None:
    codes = [one.code for one in law.social_exemptions(TODAY, Nature.SERVICES, 100_000, 12)]
    assert codes == ["not_due", "available", "link", "competition"]


def test_s3_above_it_only_the_exceptions_of_the_law_are_left() -> None:
    codes = [one.code for one in law.social_exemptions(TODAY, Nature.SERVICES, 300_000, 12)]
    assert codes == ["available", "link", "competition"]


@pytest.mark.parametrize(
    ("nature", "months", "allowed"), [("works", 5, True), ("works", 6, False), ("services", 5, False)]
)
def test_s3_short_works_only(nature: str, months: int, allowed: bool) -> None:
    codes = [one.code for one in law.social_exemptions(TODAY, Nature(nature), 6_000_000, months)]
    assert ("short_works" in codes) is allowed


def test_s2_no_exception_once_the_duty_holds() -> None:
    assert law.environment_exemptions(on(2026, 8, 22)) == ()
    assert [one.code for one in law.environment_exemptions(on(2026, 8, 21))] == ["not_due"]


def test_s4_a_criterion_on_the_whole_company_is_found() -> None:
    assert law.company_wide("Sera notée la Politique RSE du candidat") == ("politique rse",)
    assert law.company_wide("Performance environnementale de la prestation") == ()
