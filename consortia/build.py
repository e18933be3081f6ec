"""From a matched lot to lawful groupings, or to the reason why none exists."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice

from django.db import transaction

from consortia.domain.explain import Gap, TradeWords, gaps, radius_km, replacements, sentence
from consortia.domain.problem import Candidate, Grouping, Need, Part, Problem
from consortia.domain.rules import violations
from consortia.domain.solver import Solved, largest_size, solve
from consortia.models import Member, Outcome, Proposal
from consortia.words import justification, notes, reasons, warnings, withdrawal
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.notice import Reservation
from matchmaker.domain.query import Answer, Found, LotQuery
from matchmaker.domain.reference import Reference
from matchmaker.domain.trade import LotTrade
from matchmaker.match import firm_index, held, lot_query
from matchmaker.models import Firm, Lot
from matchmaker.needs import recommended_hours, required_hours, set_needs
from matchmaker.queries import with_commune
from matchmaker.reference import reference

SUPPLIERS = 5  # firms that lend staff, counted and shown for a lot


class UnlawfulProposalError(AssertionError):
    """Un groupement calculé enfreint une règle : il n'est pas enregistré. C'est un défaut à signaler."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known of a lot when its groupings are sought."""

    lot: Lot
    needs: tuple[LotTrade, ...]
    problem: Problem
    firms: Mapping[int, Firm]
    answer: Answer
    suppliers: tuple[tuple[Firm, int, float], ...]  # mise à disposition: firm, hours a year, km
    tables: Reference


def build_lots(lot_ids: Iterable[int], run_id: int | None = None, *, again: bool = False) -> int:
    """Seek groupings for these lots anew; each lot changes in one transaction. Returns how many.

    ``again``: outside of any run; what is concluded stays with the run that came to the lot last.
    """
    tables = reference()
    index = cache(lambda fictitious: firm_index(tables, fictitious=fictitious))  # one look at the supply a call
    lots = list(Lot.objects.filter(pk__in=list(lot_ids)).select_related("tender__buyer").order_by("pk"))
    for lot in lots:
        build_lot(lot, tables, index(lot.tender.fictitious), run_id, again=again)
    return len(lots)


def build_lot(
    lot: Lot, tables: Reference, index: FirmIndex, run_id: int | None = None, *, again: bool = False
) -> Outcome:
    """Solve one lot and store what was found."""
    needs = set_needs(lot, tables)
    query = lot_query(lot, needs, tables)
    outcome = Outcome(lot=lot, run_id=run_id, matched_at=lot.matched_at, notes=notes(lot, needs, tables))
    outcome.hours_required = required_hours(lot, tables)
    outcome.hours_recommended = recommended_hours(lot, needs, tables)
    if query is None:
        outcome.state, outcome.reason = Outcome.State.UNSIZED, lot.match_state
        outcome.message = f"Aucun groupement ne peut être cherché : {lot.get_match_state_display()}."
        return _store(outcome, (), again)
    outcome.yearly_eur = query.yearly_eur
    if query.yearly_eur is None:
        outcome.state, outcome.reason = Outcome.State.UNSIZED, "amount"
        outcome.message = (
            "Le montant du lot n'est pas publié : un groupement ne peut pas être dimensionné. "
            "Les entreprises à portée sont classées ; demandez le montant à l'acheteur."
        )
        return _store(outcome, (), again)
    case = _case(lot, needs, query, tables, index, outcome.hours_required)
    start = time.perf_counter()
    solved = solve(case.problem, count=tables.integer("grouping.proposals"))
    outcome.candidates = solved.candidates
    outcome.solver = {
        "status": "optimal" if solved.proven else "limit",
        "nodes": solved.nodes,
        "ms": round(1000 * (time.perf_counter() - start), 1),
    }
    outcome.hours_suppliers = [
        {"siret": firm.siret, "hours": hours, "km": round(km, 1)} for firm, hours, km in case.suppliers
    ]
    _conclude(outcome, case, solved)
    return _store(outcome, _proposals(case, solved), again)


def _case(
    lot: Lot, needs: tuple[LotTrade, ...], query: LotQuery, tables: Reference, index: FirmIndex, hours: int
) -> Case:
    answer = index.ask(query, tables.integer("grouping.max_candidates"))
    lenders = index.ask(_supplier_query(query), tables.integer("grouping.max_candidates")).top if hours else ()
    related, heavy = with_commune()
    ids = [found.id for found in (*answer.top, *lenders)]
    firms = Firm.objects.select_related(*related).defer(*heavy, "capacity_steps").in_bulk(ids)
    offers = ((firms[found.id], _hours(firms[found.id], "T44", tables), found.distance_km) for found in lenders)
    # an ordinary temporary-work agency hosts no insertion hours: it must not hide the inclusive ones behind it
    suppliers = tuple(islice((offer for offer in offers if offer[1]), SUPPLIERS))
    lent = sum(hours_lent for _, hours_lent, _ in suppliers)
    problem = Problem(
        needs=_needs(needs, query.yearly_eur or 0),
        candidates=tuple(
            _candidate(found, firms[found.id], tables)
            for found in answer.top
            if found.parts.trade >= tables["grouping.min_trade_fit"]
        ),
        supply=answer.supply,
        hours_required=max(0, hours - lent),
        reserved=query.reservation is not Reservation.NONE,
        exclusive=bool(lot.tender.exclusive_grouping),
        turnover_multiple_permille=round(1000 * tables["grouping.turnover_multiple"]),
        max_members=tables.integer("grouping.max_members"),
        min_share_permille=round(1000 * tables["grouping.min_share"]),
        mandataire_permille=round(1000 * tables["grouping.mandataire_share"]),
        supply_permille=round(1000 * tables["grouping.supply_share"]),
    )
    return Case(lot, needs, problem, firms, answer, suppliers, tables)


def _supplier_query(query: LotQuery) -> LotQuery:
    """Who could lend staff to this lot: mise à disposition (T44) within reach, whatever the lot is reserved to."""
    lending = LotTrade(options=(("T44", 1.0),), share=1.0)
    return LotQuery(trades=(lending,), point=query.point, uncertainty_km=query.uncertainty_km)


def _needs(needs: tuple[LotTrade, ...], yearly: int) -> tuple[Need, ...]:
    """Whole euros a need; rounding goes to the main need so that the sum is exact."""
    others = [max(1, int(yearly * need.share)) for need in needs[1:]]
    main = max(1, yearly - sum(others))
    return tuple(Need(need.trade, amount) for need, amount in zip(needs, [main, *others], strict=True))


def _candidate(found: Found, firm: Firm, tables: Reference) -> Candidate:
    experienced = firm.experience > 0 if firm.experience is not None else None
    if experienced is None:
        experienced = firm.fte_mid >= tables["grouping.mandataire_fte"]
    return Candidate(
        id=found.id,
        needs=frozenset(found.served),
        capacity_eur=firm.capacity_mid_eur,
        cost=_cost(found, firm, tables),
        turnover_eur=firm.turnover_mid_eur,
        hours=_hours(firm, found.trade, tables),
        inclusive=bool(firm.inclusive_kind),
        ess=firm.ess == Firm.Ess.YES,
        experienced=experienced,
        distance_km=found.distance_km,
        radius_km=found.radius_km,
    )


def _cost(found: Found, firm: Firm, tables: Reference) -> int:
    """What taking a firm costs the objective, in tenths of points: weak trade proof, distance, not ESS, able alone."""
    far = min(1.0, found.distance_km / (1.5 * found.radius_km))
    social = firm.ess == Firm.Ess.YES or bool(firm.inclusive_kind)
    return round(
        10
        * (
            tables["grouping.weight_trade"] * (1.0 - found.parts.trade)
            + tables["grouping.weight_distance"] * far
            + tables["grouping.weight_ess"] * (not social)
            + tables["grouping.weight_solo"] * found.solo
        )
    )


def _hours(firm: Firm, trade: str, tables: Reference) -> int:
    """Insertion hours a year an inclusive firm can host within its free capacity; none elsewhere."""
    kind = tables.kinds.get(firm.inclusive_kind)
    if kind is None:
        return 0
    fte = firm.capacity_mid_eur / (1000 * tables.trades[trade].keur_per_fte)
    return round(fte * tables["insertion.hours_per_fte"] * kind.insertion_ratio)


def _conclude(outcome: Outcome, case: Case, solved: Solved) -> None:
    """State, reason and the sentence that answers the page's question."""
    problem, found = case.problem, solved.solutions
    words = trade_words(case.tables, case.lot.uncertainty_km)
    if found:
        outcome.state = Outcome.State.PROPOSED
        members = len(found[0].grouping.parts)
        proof = "aucune équipe plus petite ou moins coûteuse n'existe" if found[0].proven else "optimum non prouvé"
        outcome.message = (
            f"{members} entreprises peuvent couvrir ce lot ensemble ; {proof} "
            f"parmi les {solved.candidates} admissibles."
        )
        return
    if case.answer.solo:
        outcome.state, outcome.reason = Outcome.State.NOT_NEEDED, "solo"
        alone = case.answer.solo
        verb = "entreprises peuvent répondre seules" if alone > 1 else "entreprise peut répondre seule"
        outcome.message = f"{alone} {verb} ; aucun groupement licite ne ferait mieux."
        return
    if not solved.proven:
        outcome.state, outcome.reason = Outcome.State.NONE, "limit"
        outcome.message = (
            "Aucun groupement trouvé dans le temps de calcul imparti, sans preuve qu'il n'en existe pas : "
            f"{solved.candidates} entreprises admissibles, trop de combinaisons voisines."
        )
        return
    missing = gaps(problem)
    size = max(2, largest_size(problem, len(problem.candidates)))
    outcome.state, outcome.reason = Outcome.State.NONE, missing[0].kind
    limited = size < problem.max_members
    outcome.message = " ".join(sentence(gap, words, size=size, limited=limited) for gap in missing[:2])
    outcome.gaps = [_gap(gap, words) for gap in missing]


def trade_words(tables: Reference, uncertainty_km: float) -> dict[str, TradeWords]:
    """Trades as this lot speaks of them: an uncertain place widens every radius, as in the match."""
    return {
        code: TradeWords(trade.label, trade.radius_km + uncertainty_km, trade.labour_share / trade.hourly_eur)
        for code, trade in tables.trades.items()
    }


def _gap(gap: Gap, words: Mapping[str, TradeWords]) -> dict[str, object]:
    return {
        "kind": gap.kind,
        "trade": gap.trades[0] if gap.trades else "",
        "trades": list(gap.trades),
        "found_eur": gap.found_eur,
        "missing_eur": gap.missing_eur,
        "found_hours": gap.found_hours,
        "missing_hours": gap.missing_hours,
        "radius_km": math.ceil(radius_km(gap, words)),
    }


def _proposals(case: Case, solved: Solved) -> list[tuple[Proposal, list[Member]]]:
    rows = []
    for rank, solution in enumerate(solved.solutions, start=1):
        grouping = solution.grouping
        broken = violations(case.problem, grouping)
        if broken:
            raise UnlawfulProposalError(f"{UnlawfulProposalError.__doc__} {' '.join(broken)}")
        proposal = Proposal(
            lot=case.lot,
            rank=rank,
            form=grouping.form.value,
            cost=solution.cost,
            bound=solution.bound,
            proven=solution.proven,
            hours=int(grouping.hours),
            margin=round(sum(part.candidate.capacity_eur for part in grouping.parts) / case.problem.amount_eur, 3),
            reasons=reasons(case, grouping),
            warnings=warnings(case, grouping),
            justification=justification(case, grouping),
        )
        rows.append((proposal, _members(case, grouping, proposal)))
    return rows


def _members(case: Case, grouping: Grouping, proposal: Proposal) -> list[Member]:
    instead = replacements(case.problem, grouping)
    return [
        Member(
            proposal=proposal,
            firm_id=part.candidate.id,
            position=position,
            mandataire=position == 0,
            amount_eur=part.amount_eur,
            share=part.amount_eur / case.problem.amount_eur,
            by_trade=_own_trades(case, part),
            hours=int(part.hours),
            distance_km=part.candidate.distance_km,
            withdrawal=withdrawal(case, part.candidate, instead[part.candidate.id]),
        )
        for position, part in enumerate(grouping.parts)
    ]


def _own_trades(case: Case, part: Part) -> dict[str, int]:
    """A part by the trades the firm really does: a need may be met by several trades, named by one of them."""
    firm_trades = case.firms[part.candidate.id].trades
    amounts: dict[str, int] = {}
    for need, amount in part.by_trade:
        options = next(lot_need.options for lot_need in case.needs if lot_need.trade == need)
        known = [(fit, code) for code, fit in options if code in firm_trades]
        trade = max(known, key=lambda item: item[0])[1] if known else need
        amounts[trade] = amounts.get(trade, 0) + amount
    return amounts


@transaction.atomic
def _store(outcome: Outcome, rows: Iterable[tuple[Proposal, list[Member]]], again: bool) -> Outcome:
    """Replace what was concluded for a lot. The same task delivered twice at once waits its turn here."""
    if not held(outcome.lot):
        return outcome
    if again:
        outcome.run_id = Outcome.objects.filter(lot=outcome.lot).values_list("run_id", flat=True).first()
    Outcome.objects.filter(lot=outcome.lot).delete()
    Proposal.objects.filter(lot=outcome.lot).delete()
    outcome.save()
    for proposal, members in rows:
        proposal.save()
        Member.objects.bulk_create(members)
    return outcome
