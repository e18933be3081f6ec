"""From a matched lot to lawful groupings, or to the reason why none exists."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from django.utils import timezone

from consortia.build import build_lots, conclude
from consortia.domain.problem import Candidate, Form, Grouping, Need, Part, Problem
from consortia.domain.rules import violations
from consortia.domain.solver import solve
from consortia.models import Outcome, Proposal
from consortia.store import store
from matchmaker.domain.index import FirmIndex
from matchmaker.match import firm_index, lot_query, match_lots
from matchmaker.models import Firm, Lot
from matchmaker.needs import set_needs
from matchmaker.reference import reference
from tests.factories import make_commune, make_firm, make_lot, make_tender
from tests.services.teams import TOWNS, built, proposals, team

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]


def problem_of(lot: Lot, index: FirmIndex) -> tuple[Problem, dict[int, Candidate]]:
    """The same lot as a problem again, from what is stored and what the domain guide says."""
    tables = reference()
    query = lot_query(lot, set_needs(lot, tables), tables)
    assert query is not None
    assert query.yearly_eur is not None
    answer = index.ask(query, 1_000)
    firms = Firm.objects.in_bulk([found.id for found in answer.top])
    candidates = {
        found.id: Candidate(
            id=found.id,
            needs=frozenset(found.served),
            capacity_eur=firms[found.id].capacity_mid_eur,
            cost=0,
            turnover_eur=firms[found.id].turnover_mid_eur,
            experienced=bool(firms[found.id].references),
            distance_km=found.distance_km,
            radius_km=found.radius_km,
        )
        for found in answer.top
    }
    others = [Need(need.trade, int(query.yearly_eur * need.share)) for need in query.trades[1:]]
    main = Need(query.trades[0].trade, query.yearly_eur - sum(need.amount_eur for need in others))
    return Problem((main, *others), tuple(candidates.values()), supply=answer.supply), candidates


# ---------------------------------------------------------------- lawful proposals


@pytest.mark.parametrize(
    ("cpvs", "amount"),
    [(["90911200"], 240_000), (["90911200", "77310000"], 300_000), (["90911200", "77310000", "45442100"], 200_000)],
)
def test_stored_proposals_pass_every_rule(cpvs: list[str], amount: int) -> None:
    team(70_000, 60_000, 55_000, 50_000, 45_000, 40_000)
    team(30_000, 80_000, 70_000, trades=["T04", "T01"])
    team(60_000, 50_000, trades=["T07"])
    lot = make_lot(cpvs=cpvs, amount_eur=amount)
    outcome = built(lot)
    assert outcome.state == "proposed", outcome.message
    problem, candidates = problem_of(lot, firm_index(reference(), fictitious=False))
    for proposal in proposals(lot):
        members = sorted(proposal.members.all(), key=lambda member: member.position)
        parts = [Part(candidates[m.firm_id], tuple(m.by_trade.items())) for m in members]
        assert violations(problem, Grouping(tuple(parts), Form(proposal.form))) == ()
        assert [member.mandataire for member in members] == [True] + [False] * (len(members) - 1)
        assert sum(member.amount_eur for member in members) == amount // 2
        assert sum(member.share for member in members) == pytest.approx(1)


def test_firms_that_declare_the_departement_of_a_far_lot_make_a_grouping_of_it() -> None:
    vienne = make_lot(commune=make_commune("38540"))
    firms = team(70_000, 70_000, 70_000, 70_000)
    assert built(vienne).state == Outcome.State.NONE
    Firm.objects.update(declared_departements=["38"], updated_at=timezone.now())
    assert built(vienne).state == Outcome.State.PROPOSED
    members = {member.firm_id for one in proposals(vienne) for member in one.members.all()}
    assert members <= {firm.pk for firm in firms}
    Firm.objects.update(declared_departements=["73"], updated_at=timezone.now())
    assert built(vienne).state == Outcome.State.NONE
    assert built(make_lot()).state == Outcome.State.NONE  # nor at their door, in another département


def test_ten_proposals_are_ranked_and_no_two_have_the_same_members() -> None:
    team(70_000, 60_000, 65_000, 62_000, 63_000, 61_000, 64_000, 66_000)
    lot = make_lot()
    built(lot)
    found = proposals(lot)
    assert [proposal.rank for proposal in found] == list(range(1, len(found) + 1))
    assert len(found) >= 10
    assert all(proposal.names for proposal in found[10:])  # beyond the ten best: those known by a name
    assert "best" in found[0].names
    assert (found[0].members.count(), found[0].cost) == min((one.members.count(), one.cost) for one in found)
    teams = [frozenset(member.firm_id for member in proposal.members.all()) for proposal in found]
    assert len(set(teams)) == len(found)


def test_proposals_are_named_by_what_they_are_best_at() -> None:
    """Two near ordinary firms, four ESS firms farther away, of which one EI that alone hosts hours."""
    team(70_000, 70_000)
    for n, kind in enumerate(("", "", "", "EI")):
        facts = {"commune_code": "38563", "ess": "yes", "references": 4, "inclusive_kind": kind}
        make_firm(f"Solidaire {n}", capacity_eur=70_000, **facts)
    lot = make_lot(amount_eur=260_000)  # 130 000 a year: any two, no one alone
    built(lot)
    by_name = {name: proposal for proposal in proposals(lot) for name in proposal.names}
    assert {"best", "smallest", "nearest", "ess", "jobs", "robust"} == by_name.keys()
    assert all(member.firm.name.startswith("Propreté") for member in by_name["nearest"].members.all())
    assert all(member.firm.ess == "yes" for member in by_name["ess"].members.all())
    assert by_name["jobs"].hours == max(proposal.hours for proposal in proposals(lot)) > 0
    assert by_name["best"].rank == 1
    assert by_name["robust"].members.count() >= 3
    leaving = [trial for trial in by_name["robust"].replay if trial["test"] == "leaves"]
    assert all(trial["survives"] for trial in leaving)


def test_every_proposal_is_put_to_the_test() -> None:
    team(70_000, 60_000, 65_000, 62_000)
    lot = make_lot()
    built(lot)
    for proposal in proposals(lot):
        members = {member.firm.siret: member for member in proposal.members.all()}
        leaving = {trial["siret"]: trial for trial in proposal.replay if trial["test"] == "leaves"}
        assert leaving.keys() == members.keys()
        assert {trial["test"] for trial in proposal.replay} == {"leaves", "low", "payment"}
        for siret, trial in leaving.items():
            assert trial["text"] == members[siret].withdrawal
            assert not trial["survives"]  # no one firm covers the lot alone
            assert trial["repair"] in set(Firm.objects.values_list("siret", flat=True)) - members.keys()


def test_ordinary_firms_are_said_to_join_where_ess_firms_are_too_few() -> None:
    team(70_000, 60_000, 65_000)
    make_firm("Solidaire", ess="yes", capacity_eur=70_000, references=4)
    lot = make_lot()
    built(lot)
    told = [
        (
            any(one.firm.ess == "no" for one in proposal.members.all()),
            any("s'y joignent" in r for r in proposal.reasons),
        )
        for proposal in proposals(lot)
    ]
    assert all(ordinary == said for ordinary, said in told)
    assert any(said for _, said in told)


def test_a_proposal_says_what_it_is_compared_by() -> None:
    team(70_000, 60_000, 65_000, 62_000, ess="yes")
    lot = make_lot()
    built(lot)
    for proposal in proposals(lot):
        members = proposal.members.all()
        told = proposal.measures
        assert told["km"] == pytest.approx(sum(member.distance_km for member in members), abs=0.11)
        assert told["farthest_km"] == pytest.approx(max(member.distance_km for member in members), abs=0.06)
        assert told["apart_km"] <= told["km"] + 0.2  # by way of the place at most
        assert (told["ess_share"], told["hours"], told["members"]) == (1.0, proposal.hours, len(members))
        assert 0 < told["trade_proof"] <= 1


def test_every_proposal_says_why_what_to_watch_and_who_could_step_in() -> None:
    team(70_000, 60_000, 65_000, 62_000)
    lot = make_lot()
    outcome = built(lot)
    assert outcome.message.startswith("2 entreprises peuvent couvrir ce lot ensemble")
    assert outcome.solver["status"] == "optimal"
    for proposal in proposals(lot):
        assert proposal.proven
        assert proposal.cost == proposal.bound
        assert any("mandataire" in reason for reason in proposal.reasons)
        assert any("R2142-22" in reason for reason in proposal.reasons)  # G2: the form is the members' choice
        assert any("R2142-21" in warning for warning in proposal.warnings)
        assert "besoin économique" in proposal.justification
        assert all(member.withdrawal.startswith("Si Propreté ") for member in proposal.members.all())


def test_a_reserved_lot_proposes_eligible_members_only() -> None:
    """R6: an ordinary firm, however able, is no member of a grouping on a reserved lot."""
    team(60_000, 70_000, 65_000, 62_000, inclusive_kind="EI", ess="yes")
    team(500_000, 400_000)
    lot = make_lot(reservation="siae")
    assert built(lot).state == "proposed"
    kinds = {member.firm.inclusive_kind for proposal in proposals(lot) for member in proposal.members.all()}
    assert kinds == {"EI"}


def test_partially_diffused_members_stay_masked_in_every_sentence() -> None:
    """D1: the name and address of a firm that opposed its diffusion appear nowhere."""
    secret = {"diffusion": "P", "trade_name": "Enseigne Cachée", "address": "99 impasse Cachée"}
    hidden = [
        make_firm(f"Fernande Secrète {n}", commune_code=TOWNS[n], capacity_eur=65_000, references=2, **secret)
        for n in range(6)
    ]
    lot = make_lot()
    built(lot)
    texts = [lot.outcome.message]
    for proposal in proposals(lot):
        texts += [*proposal.reasons, *proposal.warnings, proposal.justification]
        texts += [member.withdrawal for member in proposal.members.all()]
    told = " ".join(texts)
    assert "Entreprise à diffusion partielle" in told
    assert not any(word in told for word in ("Fernande", "Secrète", "Cachée", *(firm.siret for firm in hidden)))


def test_building_again_gives_the_same_proposals() -> None:
    team(70_000, 60_000, 65_000, 62_000)
    lot = make_lot()

    def told() -> list[object]:
        return [
            (proposal.rank, proposal.cost, proposal.reasons, [(m.firm_id, m.by_trade) for m in proposal.members.all()])
            for proposal in proposals(lot)
        ]

    built(lot)
    before = told()
    built(lot)
    assert told() == before
    assert Outcome.objects.count() == 1


def test_fictitious_teams_answer_fictitious_lots() -> None:
    team(60_000, 70_000, 65_000, 62_000)
    demo = {firm.pk for firm in team(60_000, 70_000, 65_000, 62_000, fictitious=True)}
    lot = make_lot(tender=make_tender(fictitious=True))
    built(lot)
    members = {member.firm_id for proposal in proposals(lot) for member in proposal.members.all()}
    assert members
    assert members <= demo


def test_an_exclusive_consultation_is_told_so() -> None:
    team(70_000, 60_000, 65_000, 62_000)
    lot = make_lot(tender=make_tender(exclusive_grouping=True))
    built(lot)
    assert any("ces groupements s'excluent" in warning for warning in proposals(lot)[0].warnings)


def test_a_member_is_given_the_trade_it_does_among_those_that_meet_the_need() -> None:
    """CPV 85310000 may mean home help, early childhood or training: a training firm is not given home help."""
    facts = {"references": 4, "trade_source": "declared"}
    for n, trade in enumerate(("T43", "T40", "T43", "T40")):
        make_firm(f"Services {n}", commune_code=TOWNS[n], capacity_eur=70_000, trades=[trade], **facts)
    lot = make_lot(cpvs=["85310000"], amount_eur=100_000, duration_months=12)
    outcome = built(lot)
    assert any("Métier déduit d'un code CPV voisin" in note for note in outcome.notes)
    members = [member for proposal in proposals(lot) for member in proposal.members.all()]
    assert members
    for member in members:
        assert list(member.by_trade) == member.firm.trades


def test_a_member_hosts_hours_in_proportion_to_its_part() -> None:
    team(80_000, 80_000, 80_000, 80_000, inclusive_kind="EI")
    lot = make_lot(amount_eur=100_000, duration_months=12, insertion_hours=100)
    built(lot)
    for proposal in proposals(lot):
        assert proposal.hours >= 100
        whole = 80_000 / 48_000 * 1600 * 0.6  # free FTE x hours x insertion ratio of an EI
        for member in proposal.members.all():
            assert member.hours == pytest.approx(whole * member.amount_eur / 80_000, abs=2)


# ---------------------------------------------------------------- reasons why none


@pytest.mark.parametrize(
    ("changes", "reason", "words"),
    [
        ({"amount_eur": None}, "amount", "Le montant du lot n'est pas publié"),
        ({"point": None}, "no_place", "lieu d'exécution inconnu"),
        ({"cpvs": ["16000000"]}, "no_trade", "aucun métier reconnu"),
    ],
)
def test_a_lot_without_amount_place_or_trade_says_so_in_french(
    changes: dict[str, object], reason: str, words: str
) -> None:
    team(70_000, 60_000, 65_000, 62_000)
    lot = make_lot(**changes)
    outcome = built(lot)
    assert (outcome.state, outcome.reason) == ("unsized", reason)
    assert words in outcome.message
    assert not lot.proposals.exists()


def test_nobody_in_reach_is_a_reason_with_the_distance_searched() -> None:
    lot = make_lot()
    outcome = built(lot)
    assert (outcome.state, outcome.reason) == ("none", "trade")
    assert outcome.message == "Aucune entreprise admissible en nettoyage de locaux à moins de 38 km."


def test_missing_capacity_is_told_in_euros_and_hours_and_stored_for_the_page() -> None:
    team(20_000, 20_000, 15_000, 15_000, 5_000, 5_000, 5_000, 5_000)
    lot = make_lot()
    outcome = built(lot)
    assert (outcome.state, outcome.reason) == ("none", "capacity")
    assert "Il manque 50 000 € de capacité par an en nettoyage de locaux" in outcome.message
    (gap,) = outcome.gaps
    assert (gap["kind"], gap["trade"], gap["found_eur"], gap["missing_eur"]) == ("capacity", "T01", 70_000, 50_000)


def test_several_firms_able_alone_make_a_grouping_needless() -> None:
    team(200_000, 200_000)
    outcome = built(make_lot())
    assert (outcome.state, outcome.reason) == ("not_needed", "solo")
    assert outcome.message == "2 entreprises peuvent répondre seules ; aucun groupement licite ne ferait mieux."


def test_a_reservation_to_the_ess_that_is_doubtful_is_noted() -> None:
    """R5: cleaning is none of the services of article L2113-15, and four years are more than three."""
    lot = make_lot(reservation="ess", duration_months=48)
    notes = built(lot).notes
    assert len(notes) == 2
    assert all(note.startswith("Réserve à vérifier") for note in notes)


def test_two_vague_cpv_codes_that_begin_alike_never_stop_a_chunk() -> None:
    """Works and horticulture could both be green spaces; every lot after such a one was lost."""
    team(70_000, 60_000, 65_000, 62_000)
    vague, plain = make_lot(cpvs=["45000000", "77000000"]), make_lot()
    match_lots([vague.pk, plain.pk])
    assert build_lots([vague.pk, plain.pk]) == 2
    assert Outcome.objects.get(lot=vague).message
    assert Outcome.objects.get(lot=plain).state == "proposed"


def test_a_lot_withdrawn_while_its_groupings_were_sought_leaves_nothing_behind() -> None:
    team(70_000, 60_000, 65_000, 62_000)
    lot = make_lot(deadline=datetime(2026, 12, 24, tzinfo=UTC))
    match_lots([lot.pk])
    stale = Lot.objects.select_related("tender").get(pk=lot.pk)
    Lot.objects.filter(pk=lot.pk).delete()
    store([conclude(stale, reference(), firm_index(reference(), fictitious=False))])
    assert not Outcome.objects.exists()
    assert not Proposal.objects.exists()


def test_a_search_cut_short_claims_no_impossibility(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consortia.build.solve", partial(solve, node_limit=1))
    team(70_000, 60_000, 65_000, 62_000)
    lot = make_lot(amount_eur=100_000, duration_months=12)
    outcome = built(lot)
    assert (outcome.state, outcome.reason, outcome.solver["status"]) == ("none", "limit", "limit")
    assert "sans preuve qu'il n'en existe pas" in outcome.message
