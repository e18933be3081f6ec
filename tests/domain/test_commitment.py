"""The 20 % commitment: each contract once, unknown is not zero, and the law's indicators."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.domain.commitment import (
    Contract,
    Kind,
    LevelError,
    Part,
    Published,
    Winner,
    asks,
    considerations,
    project,
    read_levels,
    spaser,
    told_once,
    won,
    year_of,
)

CLAUSE, CRITERION, RESERVED, ESS, GROUPING = Kind


def contract(
    eur: int | None = 100_000, *kinds: Kind, said: bool = True, on: date = date(2025, 3, 1), **more: object
) -> Contract:
    return Contract(f"{next(_numbers)}", on, eur, frozenset(kinds), said, **more)  # type: ignore[arg-type]


_numbers = iter(range(10**9))

contracts = st.lists(
    st.builds(
        Contract,
        key=st.integers(0, 60).map(str),
        on=st.dates(date(2022, 1, 1), date(2025, 12, 31)),
        amount_eur=st.none() | st.integers(1, 10**9),
        kinds=st.frozensets(st.sampled_from(Kind)),
        said=st.booleans(),
        green=st.none() | st.booleans(),
        esus=st.booleans(),
        inclusive=st.booleans(),
    ),
    max_size=40,
)


# ---------------------------------------------------------------- what is published


@pytest.mark.parametrize(
    ("words", "kinds", "known"),
    [
        (["Clause sociale"], {CLAUSE}, True),
        (["Critère social"], {CRITERION}, True),
        (["Marché réservé"], {RESERVED}, True),
        (["Clause sociale", "Critère social"], {CLAUSE, CRITERION}, True),
        (["Pas de considération sociale"], set(), True),
        (["none"], set(), True),
        (["opp"], {CLAUSE}, True),  # a code of an eForms notice: employment of people far from work
        ([], set(), False),
        ([" "], set(), False),
    ],
)
def test_social_considerations_are_read_as_published(words: list[str], kinds: set[Kind], known: bool) -> None:
    said = considerations(words)
    assert (set(said.kinds), said.known) == (kinds, known)


def test_a_buyer_that_says_nothing_is_not_one_that_says_none() -> None:
    assert asks([]) is None
    assert asks(["Pas de considération environnementale"]) is False
    assert asks(["Clause environnementale"]) is True


# ---------------------------------------------------------------- who won


def test_a_contract_of_a_social_firm_is_converted_by_its_holder() -> None:
    assert won([Winner(ess=True)], grouped=False) == {ESS}
    assert won([Winner(esus=True)], grouped=False) == {ESS}
    assert won([Winner(inclusive=True)], grouped=False) == {ESS}
    assert won([Winner()], grouped=False) == frozenset()
    assert won([], grouped=False) == frozenset()


def test_a_grouping_with_one_social_firm_is_converted_as_such() -> None:
    assert won([Winner(), Winner(ess=True)], grouped=True) == {GROUPING}
    assert won([Winner(ess=True), Winner(ess=True)], grouped=True) == {ESS, GROUPING}


def test_several_winners_of_a_framework_agreement_are_no_grouping() -> None:
    assert won([Winner(), Winner(ess=True)], grouped=False) == frozenset()


# ---------------------------------------------------------------- a year


def test_a_contract_converted_twice_counts_once_in_the_total() -> None:
    year = year_of([contract(300_000, CLAUSE, RESERVED), contract(700_000)], 2025)
    assert year.converted == Part(1, 300_000)
    assert year.share == 0.3
    assert year.by_kind[CLAUSE] == year.by_kind[RESERVED] == Part(1, 300_000)


def test_what_nobody_said_is_unknown_and_not_zero() -> None:
    year = year_of([contract(200_000, CLAUSE), contract(300_000, said=False), contract(500_000)], 2025)
    assert year.unknown == Part(1, 300_000)
    assert (year.share, year.share_high) == (0.2, 0.5)


def test_a_contract_won_by_a_social_firm_is_converted_whatever_is_said() -> None:
    assert not contract(1, ESS, said=False).unknown


def test_a_contract_without_amount_is_counted_and_told() -> None:
    year = year_of([contract(None, CLAUSE), contract(100_000)], 2025)
    assert (year.total, year.unpriced, year.share) == (Part(2, 100_000), 1, 0.0)


def test_a_year_without_spend_has_no_share() -> None:
    assert year_of([], 2025).share is None
    assert year_of([contract(None)], 2025).share is None


@given(contracts)
def test_shares_add_up_and_conversion_is_never_over_all(found: list[Contract]) -> None:
    for number in range(2022, 2026):
        year = year_of(found, number)
        assert year.converted.eur + year.unknown.eur + year.plain.eur == year.total.eur
        assert year.converted.contracts + year.unknown.contracts + year.plain.contracts == year.total.contracts
        assert all(part.eur <= year.converted.eur for part in year.by_kind.values())
        assert sum(part.eur for part in year.by_kind.values()) >= year.converted.eur
        if year.share is not None and year.share_high is not None:
            assert 0 <= year.share <= year.share_high <= 1


@given(contracts)
def test_a_contract_told_again_changes_nothing(found: list[Contract]) -> None:
    assert year_of(found + found[-1:], 2025).total == year_of(found, 2025).total


# ---------------------------------------------------------------- the running year


def test_half_a_year_projects_what_the_rest_would_convert_as_years_did() -> None:
    past = [
        year_of([contract(100, CLAUSE, on=date(2023, 5, 1)), contract(900, on=date(2023, 5, 1))], 2023),
        year_of([contract(300, CLAUSE, on=date(2024, 5, 1)), contract(700, on=date(2024, 5, 1))], 2024),
    ]
    now = year_of([contract(200, CLAUSE), contract(800)], 2025)
    found = project(now, past, date(2025, 7, 2))  # day 183 of 365
    assert found is not None
    assert found.total_eur == pytest.approx(2000, abs=10)
    assert found.share == pytest.approx((0.15, 0.2, 0.25), abs=0.001)
    assert found.years == (2023, 2024)


def test_a_closed_year_and_an_empty_one_are_not_projected() -> None:
    assert project(year_of([contract()], 2025), [], date(2026, 1, 2)) is None
    assert project(year_of([], 2025), [], date(2025, 6, 1)) is None


def test_on_its_last_day_a_year_is_what_it_is() -> None:
    found = project(year_of([contract(200, CLAUSE), contract(800)], 2025), [], date(2025, 12, 31))
    assert found is not None
    assert (found.total_eur, found.share) == (1000, (0.2, 0.2, 0.2))


@given(contracts, st.dates(date(2025, 1, 1), date(2025, 12, 31)))
def test_a_projection_is_an_interval_of_shares(found: list[Contract], today: date) -> None:
    years = [year_of(found, number) for number in range(2022, 2026)]
    projection = project(years[-1], years[:-1], today)
    if projection is not None:
        low, mid, high = projection.share
        assert -1e-9 <= low <= mid + 1e-9 <= high + 2e-9 <= 1 + 3e-9
        assert projection.total_eur >= years[-1].total.eur


# ---------------------------------------------------------------- SPASER


def test_above_50_million_a_spaser_is_due_and_below_it_is_not() -> None:
    assert spaser([contract(50_000_001)], 2025, 50_000_000).due is True
    assert spaser([contract(50_000_000)], 2025, 50_000_000).due is False
    assert spaser([contract(10**9)], 2025, None).due is None


def test_spaser_indicators_are_told_in_number_and_in_value() -> None:
    found = spaser(
        [contract(100, CLAUSE, esus=True), contract(300, RESERVED, inclusive=True, green=True), contract(600)],
        2025,
        50_000_000,
    )
    told = {one.key: (one.part.contracts, one.value_share) for one in found.indicators}
    assert told == {
        "social": (2, 0.4),
        "green": (1, 0.3),
        "reserved": (1, 0.3),
        "esus": (1, 0.1),
        "inclusive": (1, 0.3),
    }


# ---------------------------------------------------------------- told twice, levels


def test_an_award_notice_that_decp_tell_too_is_left_out() -> None:
    decp = Published("decp 1", True, date(2025, 3, 1), frozenset({"111"}))
    notice = Published("ted 1", False, date(2025, 4, 1), frozenset({"111", "222"}))
    other = Published("ted 2", False, date(2025, 4, 1), frozenset({"333"}))
    late = Published("ted 3", False, date(2025, 12, 1), frozenset({"111"}))
    assert told_once([decp, notice, other, late], 120) == {"decp 1", "ted 2", "ted 3"}


def test_a_level_above_all_is_refused() -> None:
    row = {"key": "x", "measure": "social", "nature": "target", "value": "30", "first": "2022", "last": ""}
    with pytest.raises(LevelError, match="de 0 à 1"):
        read_levels([row])
    assert read_levels([row | {"value": "0.3"}])[0].value == 0.3
