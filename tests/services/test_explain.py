"""The capacity of a firm is explained on demand, with the tables in force."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from matchmaker.explain import capacity_of
from matchmaker.models import ReferenceRow
from tests.factories import make_firm

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]
TODAY = date(2026, 11, 23)


def test_contracts_ending_and_notified_are_told_with_their_amounts() -> None:
    """V5 with E and N: a cleaning firm of 10 to 19 people, part-time factor on."""
    firm = make_firm(headcount_band="11", ending_eur=40_000, notified_eur=100_000)
    told = " ".join(capacity_of(firm, TODAY).steps)
    assert "+ 40 000 € par an de marchés qui finissent" in told
    assert "- 100 000 € par an de marchés notifiés depuis" in told


def test_a_declaration_in_force_replaces_the_contracts() -> None:
    firm = make_firm(headcount_band="11", notified_eur=100_000, declared_free_fte=3.0, declared_on=TODAY)
    found = capacity_of(firm, TODAY)
    assert any(step.startswith("Déclaration : 3 ETP libres") for step in found.steps)
    assert not any("notifiés" in step for step in found.steps)


def test_a_declaration_too_old_says_why_it_no_longer_counts() -> None:
    firm = make_firm(headcount_band="11", declared_free_fte=3.0, declared_on=TODAY - timedelta(days=184))
    told = " ".join(capacity_of(firm, TODAY).steps)
    assert "La déclaration du 23/05/2026 (3 ETP libres) ne compte plus : elle vaut 183 jours" in told
    assert "Sans déclaration" in told


def test_an_edited_table_is_followed_at_once() -> None:
    firm = make_firm(headcount_band="11")
    before = capacity_of(firm, TODAY).mid_eur
    row = ReferenceRow.objects.get(table="parameter", key="capacity.growth")
    row.values["value"] = "0.10"
    row.save()
    assert capacity_of(firm, TODAY).mid_eur == pytest.approx(before / 2, abs=1)
