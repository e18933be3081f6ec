"""Free yearly capacity (domain guide, section 4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.domain.capacity import Capacity, CapacityInput, declaration_valid, estimate
from matchmaker.domain.reference import Reference
from tests.domain.tables import shipped

TODAY = date(2026, 11, 23)
FULL_TIME_CLEANING = replace(shipped().trades["T01"], part_time=1.0)  # V5: part-time factor off


def capacity(trade: str | None = "T01", **facts: object) -> Capacity:
    known = FULL_TIME_CLEANING if trade == "T01" else shipped().trades[trade] if trade else None
    return estimate(CapacityInput(**facts), known, shipped(), on=TODAY)  # type: ignore[arg-type]


def test_v5_fourteen_cleaners_with_100_keur_notified_keep_34_keur_free() -> None:
    found = capacity(headcount_band="11", ending_eur=0, notified_eur=100_000)
    assert found.turnover_eur == 672_000
    assert found.mid_eur == 34_400


def test_v5_with_three_declared_free_fte_144_keur_are_free() -> None:
    assert capacity(headcount_band="11", notified_eur=100_000, free_fte=3, declared_on=TODAY).mid_eur == 144_000


def test_part_time_weighs_on_cleaning() -> None:
    firm = CapacityInput(headcount_band="11")
    found = estimate(firm, shipped().trades["T01"], shipped(), on=TODAY)
    assert found.fte == pytest.approx(14 * 0.65)
    assert any("temps partiel, estimation" in step for step in found.steps)


def test_contracts_that_end_free_capacity_up_to_the_dependency_limit() -> None:
    assert capacity(headcount_band="11", ending_eur=50_000).mid_eur == 184_400
    assert capacity(headcount_band="11", ending_eur=500_000).mid_eur == int(0.30 * 672_000)


def test_notified_contracts_never_make_capacity_negative() -> None:
    assert capacity(headcount_band="11", notified_eur=10_000_000).mid_eur == 0


def test_a_declared_turnover_beats_the_headcount() -> None:
    found = capacity(headcount_band="11", turnover_eur=1_000_000)
    assert (found.turnover_eur, found.low_eur, found.mid_eur, found.high_eur) == (1_000_000, 200_000, 200_000, 200_000)


def test_a_counted_staff_beats_the_band() -> None:
    assert capacity(headcount_band="53", headcount=10).turnover_eur == 480_000


def test_places_of_an_esat_are_turned_into_economic_fte() -> None:
    found = capacity(places=100, inclusive_kind="ESAT")
    assert found.fte == pytest.approx(30)
    assert any("100 places autorisées" in step for step in found.steps)


def test_an_unknown_headcount_takes_the_usual_size_of_the_kind() -> None:
    found = capacity(inclusive_kind="EI")
    assert found.fte == shipped().kinds["EI"].fte[1]
    assert "taille habituelle" in found.steps[0]


def test_an_unknown_headcount_of_an_ordinary_firm_gives_no_capacity() -> None:
    assert capacity().high_eur == 0


def test_an_aci_is_held_under_its_ceiling_of_sales() -> None:
    """Sales under 30 % of activity costs (D5132-34), half of them presumed sold already."""
    found = capacity(headcount_band="11", inclusive_kind="ACI")
    assert found.mid_eur == pytest.approx(0.15 * 672_000, abs=1)
    assert any("D5132-34" in step for step in found.steps)


def test_a_declaration_expires_after_six_months(reference: Reference) -> None:
    days = reference.integer("capacity.declaration_days")
    fresh = CapacityInput(free_fte=3, declared_on=TODAY - timedelta(days=days))
    stale = CapacityInput(free_fte=3, declared_on=TODAY - timedelta(days=days + 1))
    assert declaration_valid(fresh, reference, TODAY)
    assert not declaration_valid(stale, reference, TODAY)
    assert not declaration_valid(CapacityInput(), reference, TODAY)


def test_a_declaration_of_nothing_free_is_believed() -> None:
    assert capacity(headcount_band="11", free_fte=0.0, declared_on=TODAY).mid_eur == 0


def test_every_estimate_is_explained_and_says_so() -> None:
    steps = capacity(headcount_band="11").steps
    assert len(steps) >= 3
    assert "10 à 19 salariés" in steps[0]
    assert any("estimation" in step for step in steps)


@given(
    band=st.sampled_from(sorted(shipped().bands)),
    kind=st.sampled_from(["", *shipped().kinds]),
    trade=st.sampled_from([None, *shipped().trades]),
    turnover=st.none() | st.integers(0, 10**9),
    free=st.none() | st.floats(0, 500),
    ending=st.integers(0, 10**8),
    notified=st.integers(0, 10**8),
)
def test_capacity_is_always_an_interval_of_whole_euros_within_the_dependency_limit(
    band: str, kind: str, trade: str | None, turnover: int | None, free: float | None, ending: int, notified: int
) -> None:
    facts = {"headcount_band": band, "inclusive_kind": kind, "turnover_eur": turnover, "free_fte": free}
    found = capacity(trade, ending_eur=ending, notified_eur=notified, **facts)
    assert 0 <= found.low_eur <= found.mid_eur <= found.high_eur
    assert all(isinstance(value, int) for value in (found.low_eur, found.mid_eur, found.high_eur))
    if found.turnover_eur and free is None:
        assert found.mid_eur <= 0.30 * found.turnover_eur + 1


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_more_work_already_notified_never_leaves_more_capacity(less: int, more: int) -> None:
    less, more = sorted((less, more))
    assert (
        capacity(headcount_band="21", notified_eur=more).mid_eur
        <= capacity(headcount_band="21", notified_eur=less).mid_eur
    )
