"""What is stored of groupings, checked again by the rules: the proof that no proposal shown breaks one.

The problem of each lot is made anew from the supply as it stands; parts are read back from the rows. Nothing the search
concluded is believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import F, QuerySet

from consortia.case import Case
from consortia.domain.problem import Form, Grouping, Part
from consortia.domain.rules import violations
from consortia.live import UnsizedLotError, problem_of
from consortia.models import Member, Outcome, Proposal
from matchmaker.models import Lot

NAMES = ("best", "smallest", "nearest", "ess", "jobs", "robust")
BATCH = 200  # lots read at once


@dataclass(slots=True)
class Checked:
    """How many rows were looked at, and what is wrong with them, in French."""

    lots: int = 0
    proposals: int = 0
    members: int = 0
    faults: list[str] = field(default_factory=list)


def verify(lots: QuerySet[Lot] | None = None) -> Checked:
    """Check every stored proposal, partner and sub-contractor of lots whose groupings are up to date."""
    found = Checked()
    current = (Lot.objects.all() if lots is None else lots).filter(outcome__matched_at=F("matched_at"))
    ids = list(current.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        some = Lot.objects.filter(pk__in=ids[start : start + BATCH]).select_related("tender__buyer", "outcome")
        for lot in some.prefetch_related("proposals__members__firm").order_by("pk"):
            found.lots += 1
            found.faults += [f"lot {lot.pk} : {fault}" for fault in _faults(lot, found)]
    return found


def _faults(lot: Lot, found: Checked) -> Iterator[str]:
    outcome: Outcome = lot.outcome
    proposals = list(lot.proposals.all())
    if (outcome.state == Outcome.State.PROPOSED) != bool(proposals):
        yield f"{len(proposals)} groupements pour un lot conclu « {outcome.state} »."
    try:
        case = problem_of(lot, whole=False)
    except UnsizedLotError:
        if outcome.state != Outcome.State.UNSIZED:
            yield "dimensionné sans montant, métier ni lieu."
        return
    teams = [frozenset(member.firm_id for member in one.members.all()) for one in proposals]
    if len(set(teams)) != len(teams):
        yield "deux groupements ont les mêmes membres."
    for proposal in proposals:
        found.proposals += 1
        found.members += len(proposal.members.all())
        yield from (f"G{proposal.rank} : {fault}" for fault in _proposal_faults(case, proposal))
    yield from _partner_faults(case, outcome)
    yield from _subcontract_faults(case, outcome)


def _proposal_faults(case: Case, proposal: Proposal) -> Iterator[str]:
    members = list(proposal.members.all())
    candidates = {one.id: one for one in case.problem.candidates}
    unknown = [member.firm.siret for member in members if member.firm_id not in candidates]
    if unknown:
        yield f"{', '.join(unknown)} n'est pas à portée du lot."
        return
    left = {need.trade: need.amount_eur for need in case.problem.needs}
    parts = tuple(Part(candidates[member.firm_id], _by_need(case, member, left)) for member in members)
    yield from violations(case.problem, Grouping(parts, Form(proposal.form)))
    if [member.mandataire for member in members] != [True] + [False] * (len(members) - 1):
        yield "un mandataire, le premier des membres, est attendu."
    if abs(sum(member.share for member in members) - 1) > 1e-6:
        yield "les parts ne font pas le lot entier."
    if set(proposal.names) - set(NAMES) or (proposal.rank == 1) != ("best" in proposal.names):
        yield f"noms inattendus : {proposal.names}."
    if proposal.measures.get("members") != len(members):
        yield "mesures d'un autre groupement."
    if "ess" in proposal.names and any(not (p.candidate.ess or p.candidate.inclusive) for p in parts):
        yield "dit de l'ESS, avec une entreprise ordinaire."
    leaving = sorted(trial["siret"] for trial in proposal.replay if trial["test"] == "leaves")
    if leaving != sorted(member.firm.siret for member in members):
        yield "chaque membre doit être mis à l'épreuve de son retrait."
    if "robust" in proposal.names and not all(one["survives"] for one in proposal.replay if one["test"] == "leaves"):
        yield "dit robuste, sans l'être."


def _by_need(case: Case, member: Member, left: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """A part by the needs of the lot, from what is stored by the firm's own trades; ``left`` of each need shrinks."""
    given: dict[str, int] = {}
    for trade, amount in member.by_trade.items():
        options = [need.trade for need in case.needs if trade in dict(need.options) and left.get(need.trade, 0) > 0]
        for need in options or [trade]:
            part = amount if need == (options or [trade])[-1] else min(amount, left[need])
            given[need] = given.get(need, 0) + part
            left[need] = left.get(need, 0) - part
            amount -= part
    return tuple((need, part) for need, part in given.items() if part)


def _partner_faults(case: Case, outcome: Outcome) -> Iterator[str]:
    ordinary = {case.firms[pk].siret: jobs for pk, jobs in case.vacancies.items()}
    rises = []
    for row in outcome.partners:
        if ordinary.get(row["siret"]) != row["vacancies"]:
            yield f"{row['siret']} n'est pas une entreprise ordinaire qui recrute près du lot."
        rises.append(row["hfi"][1] - row["hfi"][0])
    if any(rise < -0.1 for rise in rises):
        yield "des postes à pourvoir baissent l'indice d'embauche."


def _subcontract_faults(case: Case, outcome: Outcome) -> Iterable[str]:
    told = outcome.subcontract
    if not told:
        return
    eligible = {case.firms[one.id].siret for one in case.problem.candidates if one.eligible}
    if not case.problem.reserved or outcome.state != Outcome.State.NONE:
        yield "sous-traitance proposée sans raison."
    if not {row["siret"] for row in told["members"]} <= eligible:
        yield "R6 : titulaire non éligible."
    if {row["siret"] for row in told["subcontractors"]} & eligible:
        yield "un sous-traitant éligible serait membre."
    limit = case.tables["grouping.subcontract_share"]
    if not 0 < told["share"] <= limit + 0.001:
        yield f"T1 : {told['share']:.0%} sous-traités, {limit:.0%} au plus."
    whole = sum(row["amount_eur"] for side in ("members", "subcontractors") for row in told[side])
    if whole != case.problem.amount_eur:
        yield f"{whole} € répartis pour {case.problem.amount_eur} €."
