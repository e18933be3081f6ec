"""What a lot's groupings say of insertion hours, and of sub-contracting where it is reserved."""

from __future__ import annotations

import pytest

from tests.factories import make_firm, make_lot
from tests.services.teams import built, proposals, team

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]


def test_hours_the_members_cannot_host_are_named() -> None:
    """2 400 h over two years are 1 200 a year; ordinary firms host none."""
    team(70_000, 60_000, 65_000, 62_000)
    lot = make_lot(insertion_hours=2_400)
    outcome = built(lot)
    assert (outcome.state, outcome.reason, outcome.hours_required) == ("none", "hours", 1_200)
    assert outcome.message == (
        "Il manque 1200 h d'insertion par an : les membres possibles peuvent en accueillir 0 au mieux."
    )
    assert outcome.gaps[0]["missing_hours"] == 1_200


def test_inclusive_members_host_the_hours_their_capacity_allows() -> None:
    """60 000 EUR at 48 kEUR per FTE are 1.25 FTE: 1 200 h of 60 % insertion each."""
    team(60_000, 60_000, 60_000, 60_000, inclusive_kind="EI", ess="yes")
    lot = make_lot(insertion_hours=4_000)
    assert built(lot).state == "proposed"
    first = proposals(lot)[0]
    assert first.hours == 2_400
    assert [member.hours for member in first.members.all()] == [1_200, 1_200]


def test_mise_a_disposition_lends_hours_and_is_never_a_member() -> None:
    """The missing hours come from an employment agency for insertion, which produces nothing itself."""
    team(70_000, 60_000, 65_000, 62_000)
    agency = make_firm("Travail Partagé", trades=["T01", "T44"], inclusive_kind="ETTI", capacity_eur=90_000)
    lot = make_lot(insertion_hours=2_400)
    outcome = built(lot)
    assert outcome.state == "proposed"
    (supplier,) = outcome.hours_suppliers
    assert supplier["siret"] == agency.siret
    assert supplier["hours"] == round(90_000 / 44_000 * 1_600 * 0.8)
    members = {member.firm_id for proposal in proposals(lot) for member in proposal.members.all()}
    assert agency.pk not in members
    assert any("Travail Partagé" in reason and "sans être membre" in reason for reason in proposals(lot)[0].reasons)


def test_recommended_hours_follow_the_arithmetic_of_the_guide() -> None:
    """240 000 EUR over two years of cleaning: 120 000 x 0.8 / 24 x 15 % = 600 h a year."""
    assert built(make_lot()).hours_recommended == 600


def test_a_small_lot_is_recommended_no_clause() -> None:
    assert built(make_lot(amount_eur=40_000)).hours_recommended == 0


def test_ordinary_agencies_do_not_hide_the_inclusive_ones_that_lend_staff() -> None:
    for n in range(8):
        make_firm(f"Intérim {n}", trades=["T44"], capacity_eur=900_000, ess="yes")
    lender = make_firm("Tremplin", trades=["T44"], inclusive_kind="ETTI", commune_code="38421", capacity_eur=200_000)
    team(70_000, 60_000, 65_000, 62_000)
    outcome = built(make_lot(amount_eur=100_000, duration_months=12, insertion_hours=500))
    assert [row["siret"] for row in outcome.hours_suppliers] == [lender.siret]
    assert outcome.state == "proposed"


# ---------------------------------------------------------------- sub-contracting on reserved lots


def test_a_reserved_lot_without_a_grouping_is_told_of_a_lawful_sub_contractor() -> None:
    """Two EI of 45 000 EUR a year for a lot of 120 000: a quarter goes to an ordinary firm, which is no member."""
    eligible = team(45_000, 45_000, 1_000, 1_000, inclusive_kind="EI", ess="yes")
    (other,) = team(200_000)
    lot = make_lot(reservation="siae")
    outcome = built(lot)
    assert outcome.state == "none"
    told = outcome.subcontract
    assert {row["siret"] for row in told["members"]} == {firm.siret for firm in eligible[:2]}
    assert [row["siret"] for row in told["subcontractors"]] == [other.siret]
    assert told["share"] == pytest.approx(0.25, abs=0.01)
    assert "DC4" in told["text"]
    assert "L2193-3" in told["text"]
    assert not lot.proposals.exists()


def test_a_lot_open_to_all_is_told_of_no_sub_contractor() -> None:
    team(20_000, 20_000, 15_000, 15_000)
    assert built(make_lot()).subcontract == {}
