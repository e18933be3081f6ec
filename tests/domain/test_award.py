"""A contract won: who it is, what holds after its modifications, what it is worth a year."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.domain.award import AwardChange, AwardRecord, Holder, add_months, current_terms
from matchmaker.domain.reference import Reference
from tests.domain.tables import shipped

A, B, C = (
    Holder("SIRET", f"{siren}00010", f"{siren}00010", siren) for siren in ("111111111", "222222222", "333333333")
)
BRANCH = Holder("SIRET", "11111111100028", "11111111100028", "111111111")


@pytest.fixture
def reference() -> Reference:
    return shipped()


def record(*holders: Holder, **more: object) -> AwardRecord:
    facts: dict[str, object] = {
        "nature": "Marché",
        "notified_on": date(2024, 1, 31),
        "months": 24,
        "amount_eur": 240_000,
    }
    return AwardRecord("essai", "21380185500015", "2024-01", holders=holders or (A,), **(facts | more))  # type: ignore[arg-type]


def test_a_contract_is_brought_to_a_year_and_shared_equally(reference: Reference) -> None:
    terms = current_terms(record(A, B), reference)
    assert (terms.annual_eur, terms.part_eur) == (120_000, 60_000)


def test_half_of_a_frameworks_maximum_is_counted(reference: Reference) -> None:
    assert current_terms(record(framework=True), reference).annual_eur == 60_000


def test_a_contract_shorter_than_a_year_is_all_due_within_it(reference: Reference) -> None:
    assert current_terms(record(months=2), reference).annual_eur == 240_000


def test_it_ends_with_the_last_day_of_a_shorter_month(reference: Reference) -> None:
    assert current_terms(record(months=25), reference).ends_on == date(2026, 2, 28)


def test_without_amount_or_duration_nothing_is_made_up(reference: Reference) -> None:
    assert current_terms(record(amount_eur=None), reference).annual_eur is None
    terms = current_terms(record(months=None), reference)
    assert (terms.annual_eur, terms.ends_on) == (None, None)


def test_the_latest_modification_wins_field_by_field(reference: Reference) -> None:
    changes = (AwardChange(amount_eur=300_000, months=36), AwardChange(holders=(B,)), AwardChange(amount_eur=330_000))
    terms = current_terms(record(changes=changes), reference)
    assert (terms.amount_eur, terms.months, terms.holders) == (330_000, 36, (B,))
    assert terms.ends_on == date(2027, 1, 31)
    assert terms.annual_eur == 110_000


@pytest.mark.parametrize(
    ("holders", "more", "expected"),
    [
        ((A,), {}, "none"),
        ((A, BRANCH), {}, "none"),  # two branches of one company are one
        ((A, B), {}, "presumed"),
        ((A, B), {"nature": "Marché subséquent"}, "presumed"),
        ((A, B), {"nature": "Accord-cadre", "framework": True}, "multi"),
        ((A, B), {"declared_grouping": "solidaire"}, "solidaire"),
        ((A,), {"declared_grouping": "conjoint"}, "conjoint"),  # only its mandataire was published
        ((A, B), {"declared_grouping": "none"}, "unknown"),
        ((A, B), {"declared_grouping": "none", "framework": True}, "multi"),
        ((A, B), {"concession": True, "nature": "Concession de service"}, "group"),
    ],
)
def test_how_several_holders_stand_to_one_another(
    reference: Reference, holders: tuple[Holder, ...], more: dict[str, object], expected: str
) -> None:
    assert current_terms(record(*holders, **more), reference).grouping == expected


def test_many_holders_of_a_marche_are_no_presumed_group(reference: Reference) -> None:
    many = tuple(Holder("SIRET", siren=f"{n}" * 9) for n in range(1, 7))
    assert current_terms(record(*many), reference).grouping == "unknown"


def test_one_number_written_in_several_ways_is_one_contract() -> None:
    first = record()
    same = replace(first, contract_id=" 2024_01 ", title="autre plateforme")
    assert (first.contract, first.uid) == (same.contract, same.uid)


def test_other_holders_under_one_number_are_another_award_of_the_same_contract() -> None:
    assert record(A).contract == record(B).contract
    assert record(A).uid != record(B).uid
    assert record(A, B).uid == record(B, A).uid
    assert record(A).uid == record(BRANCH).uid


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 600), st.integers(0, 600))
def test_adding_months_never_goes_back(day: date, fewer: int, more: int) -> None:
    fewer, more = sorted((fewer, more))
    assert day <= add_months(day, fewer) <= add_months(day, more)
    assert add_months(day, 12 * fewer).year == day.year + fewer


@given(st.integers(1, 10**9), st.integers(1, 1188), st.integers(1, 30))
def test_the_parts_never_exceed_the_whole(amount: int, months: int, n: int) -> None:
    people = tuple(Holder("SIRET", siren=f"{rank:09}") for rank in range(n))
    terms = current_terms(record(*people, amount_eur=amount, months=months), shipped())
    assert terms.annual_eur is not None and terms.part_eur is not None
    assert n * terms.part_eur <= terms.annual_eur <= amount
