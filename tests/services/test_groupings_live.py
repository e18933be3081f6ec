"""Groupings sought again on the spot, under the weights of the person who asks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

from consortia.build import build_lots
from consortia.case import weights_of
from consortia.domain.problem import Weights
from consortia.domain.rules import violations
from consortia.domain.solver import solve
from consortia.live import UnsizedLotError, problem_of, teams
from consortia.models import Outcome, Proposal
from consortia.queries import lot_view
from matchmaker.match import match_lots
from matchmaker.models import Firm, Lot
from matchmaker.reference import reference
from tests.factories import make_firm, make_lot

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

NEAR, FAR = "38185", "38563"  # Grenoble, Voiron


def four_firms() -> Lot:
    """Two ordinary firms at the place, two ESS firms twenty kilometres away; any two cover the lot."""
    facts = {"references": 4, "capacity_eur": 70_000}
    for n in range(2):
        make_firm(f"Ordinaire {n}", commune_code=NEAR, **facts)
        make_firm(f"Solidaire {n}", commune_code=FAR, ess="yes", **facts)
    lot = make_lot()
    match_lots([lot.pk])
    return Lot.objects.select_related("tender__buyer").get(pk=lot.pk)


def names(lot: Lot, weights: Weights | None = None) -> set[str]:
    first, *_ = teams(lot, weights, 1)
    return {one.firm.name for one in first.members}


def test_the_weights_of_a_person_change_the_team() -> None:
    lot = four_firms()
    nothing = Weights(0, 0, 0, 0, 0, 0)
    assert names(lot, replace(nothing, distance=40)) == {"Ordinaire 0", "Ordinaire 1"}
    assert names(lot, replace(nothing, ess=40)) == {"Solidaire 0", "Solidaire 1"}


def test_without_weights_the_teams_are_those_a_run_would_store() -> None:
    lot = four_firms()
    build_lots([lot.pk])
    stored = lot_view(lot.pk)
    assert stored is not None
    found = teams(lot)
    assert [[one.firm for one in team.members] for team in found] == [
        [one.firm for one in team.members] for team in stored.teams
    ]
    for team, kept in zip(found, stored.teams, strict=True):
        assert (team.reasons, team.warnings, team.justification) == (kept.reasons, kept.warnings, kept.justification)
        assert (team.proposal.measures, team.proposal.names) == (kept.proposal.measures, kept.proposal.names)


def test_nothing_is_stored() -> None:
    lot = four_firms()
    assert teams(lot, Weights(distance=0))
    assert not Outcome.objects.exists()
    assert not Proposal.objects.exists()


def test_a_lot_without_amount_says_why_no_grouping_can_be_sought() -> None:
    with pytest.raises(UnsizedLotError, match="aucun groupement ne peut être cherché"):
        teams(make_lot(amount_eur=None))


def test_a_partially_diffused_member_is_masked_in_a_team_sought_on_the_spot() -> None:
    for n in range(6):
        make_firm(f"Fernande Secrète {n}", diffusion="P", capacity_eur=65_000, references=2)
    lot = make_lot()
    told = " ".join(
        [text for team in teams(lot) for text in (*team.reasons, *team.warnings, team.justification)]
        + [text for team in teams(lot) for one in team.members for text in (one.firm.name, one.withdrawal)]
    )
    assert "Entreprise à diffusion partielle" in told
    assert "Secrète" not in told


def test_marks_say_what_speaks_against_a_firm() -> None:
    lot = four_firms()
    case = problem_of(lot)
    marks = {case.firms[one.id].name: one.marks for one in case.problem.candidates}
    assert (marks["Ordinaire 0"].ess, marks["Solidaire 0"].ess) == (1000, 0)
    assert marks["Ordinaire 0"].distance < marks["Solidaire 0"].distance
    assert marks["Ordinaire 0"].fragile == 400  # the low estimate is six tenths of the middle one
    assert {mark.solo for mark in marks.values()} == {0}
    for one in case.problem.candidates:
        assert one.cost == weights_of(reference()).cost(one.marks)


def test_needs_carry_their_hours_of_work() -> None:
    """Cleaning: 120 000 EUR a year x 80 % of labour / 24 EUR an hour."""
    (need,) = problem_of(four_firms()).problem.needs
    assert (need.amount_eur, need.hours) == (120_000, 4_000)


def test_the_ceiling_of_an_aci_is_said_and_not_taken_off_twice() -> None:
    """30 % of its activity, half of which is sold already: its free capacity was estimated within it."""
    make_firm("Chantier", inclusive_kind="ACI", capacity_eur=30_000, turnover_mid_eur=200_000, references=1)
    make_firm("Entreprise", inclusive_kind="EI", capacity_eur=30_000, turnover_mid_eur=200_000, references=1)
    case = problem_of(make_lot())
    by_kind = {one.kind: one for one in case.problem.candidates}
    assert (by_kind["ACI"].ceiling_eur, by_kind["EI"].ceiling_eur) == (30_000, None)
    assert by_kind["ACI"].room_eur == by_kind["EI"].room_eur == 30_000


def test_teams_are_lawful_whatever_the_weights() -> None:
    lot = four_firms()
    for weights in (Weights(ess=100), Weights(member=50, fewest_first=False)):
        case = problem_of(lot, weights)
        assert case.problem.fewest_first == weights.fewest_first
        for solution in solve(case.problem).solutions:
            assert violations(case.problem, solution.grouping) == ()


# ---------------------------------------------------------------- what programs read


def test_the_api_tells_names_measures_and_trials(client: Client) -> None:
    lot = four_firms()
    build_lots([lot.pk])
    told = client.get(f"/api/lots/{lot.pk}").json()["proposals"]
    stored = {proposal.rank: proposal for proposal in lot.proposals.all()}
    assert [one["rank"] for one in told] == sorted(stored)
    for one in told:
        assert one["names"] == stored[one["rank"]].names
        assert one["measures"] == stored[one["rank"]].measures
        assert [trial["test"] for trial in one["replay"]] == ["leaves"] * len(one["members"]) + ["low", "payment"]


def test_the_api_tells_what_clashes_and_which_firm_lacks(client: Client) -> None:
    for n in range(6):
        make_firm(f"Petite {n}", capacity_eur=10_000, references=2)
    lot = make_lot()
    match_lots([lot.pk])
    build_lots([lot.pk])
    outcome = client.get(f"/api/lots/{lot.pk}").json()["outcome"]
    assert [one["kind"] for one in outcome["conflict"]]
    assert all(one["text"] for one in outcome["conflict"])
    assert outcome["piece"]["trades"] == ["T01"]
    assert outcome["piece"]["capacity_eur"] == 100_000  # with one more known, three may answer: two of 10 000, and it
    assert outcome["piece"]["text"]


def test_who_opposes_diffusion_after_the_groupings_were_sought_is_named_nowhere(client: Client) -> None:
    """Names were written in sentences: also those of firms that would come in, or be sub-contractors."""
    for n in range(4):
        make_firm(f"Tremplin Discret {n}", inclusive_kind="EI", capacity_eur=45_000, references=2)
        make_firm(f"Ordinaire Discrète {n}", capacity_eur=65_000, references=2, declared_vacancies=2)
    lots = [make_lot(), make_lot(reservation="siae")]
    match_lots([lot.pk for lot in lots])
    build_lots([lot.pk for lot in lots])
    assert "Discr" in client.get(f"/api/lots/{lots[0].pk}").content.decode()
    assert "Discr" in client.get(f"/api/lots/{lots[1].pk}").content.decode()
    Firm.objects.update(diffusion="P")
    for lot in lots:
        assert "Discr" not in client.get(f"/api/lots/{lot.pk}").content.decode()
    assert client.get(f"/api/lots/{lots[1].pk}").json()["outcome"]["subcontract"]["subcontractors"]
