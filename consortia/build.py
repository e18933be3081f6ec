"""From a matched lot to lawful groupings, or to the reason why none exists."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from functools import cache

from consortia.case import Case, case_of
from consortia.domain.conflict import as_json, conflict
from consortia.domain.explain import Gap, TradeWords, gaps, radius_km, sentence
from consortia.domain.named import named
from consortia.domain.piece import Likely, missing_piece
from consortia.domain.solver import Solved, largest_size, solve
from consortia.hiring import partners_of
from consortia.models import Outcome
from consortia.propose import joined, rows_of
from consortia.store import Conclusion, store
from consortia.subcontract import subcontract_of
from consortia.words import notes
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.reference import Reference
from matchmaker.match import firm_index, lot_query
from matchmaker.models import Lot
from matchmaker.needs import recommended_hours, required_hours, set_needs
from matchmaker.reference import reference


def build_lots(lot_ids: Iterable[int], run_id: int | None = None, *, again: bool = False) -> int:
    """Seek groupings for these lots anew, then store them all at once. Returns how many lots.

    ``again``: outside of any run; what is concluded stays with the run that came to the lot last.
    """
    tables = reference()
    index = cache(lambda fictitious: firm_index(tables, fictitious=fictitious))  # one look at the supply a call
    lots = list(Lot.objects.filter(pk__in=list(lot_ids)).select_related("tender__buyer").order_by("pk"))
    store([conclude(lot, tables, index(lot.tender.fictitious), run_id) for lot in lots], again=again)
    return len(lots)


def conclude(lot: Lot, tables: Reference, index: FirmIndex, run_id: int | None = None) -> Conclusion:
    """Solve one lot. Nothing is saved."""
    outcome, case = begun(lot, tables, index, run_id)
    if case is None:
        return Conclusion(outcome)
    start = time.perf_counter()
    solved = solve(case.problem, count=tables.integer("grouping.proposals"))
    by_name = named(case.problem) if solved.solutions else {}
    outcome.candidates = solved.candidates
    outcome.solver = {
        "status": "optimal" if solved.proven else "limit",
        "nodes": solved.nodes,
        "ms": round(1000 * (time.perf_counter() - start), 1),
    }
    tell(outcome, case, solved, index)
    return Conclusion(outcome, rows_of(case, joined(solved.solutions, by_name), ess_short="ess" not in by_name))


def begun(lot: Lot, tables: Reference, index: FirmIndex, run_id: int | None = None) -> tuple[Outcome, Case | None]:
    """What is known before any search: the outcome to fill, and the problem; None where the lot cannot be sized."""
    needs = set_needs(lot, tables)
    query = lot_query(lot, needs, tables)
    outcome = Outcome(lot=lot, run_id=run_id, matched_at=lot.matched_at, notes=notes(lot, needs, tables))
    outcome.hours_required = required_hours(lot, tables)
    outcome.hours_recommended = recommended_hours(lot, needs, tables)
    if query is None or query.yearly_eur is None:
        _unsized(outcome, "amount" if query else lot.match_state)
        return outcome, None
    outcome.yearly_eur = query.yearly_eur
    return outcome, case_of(lot, needs, query, tables, index)


def tell(outcome: Outcome, case: Case, solved: Solved, index: FirmIndex) -> None:
    """Fill an outcome with what the search says, and with who else could help."""
    outcome.hours_suppliers = [
        {"siret": firm.siret, "hours": hours, "km": round(km, 1)} for firm, hours, km in case.suppliers
    ]
    outcome.partners = partners_of(case)
    _say(outcome, case, solved)
    if outcome.state == Outcome.State.NONE:
        outcome.subcontract = subcontract_of(case, index)


def _unsized(outcome: Outcome, reason: str) -> None:
    outcome.state, outcome.reason = Outcome.State.UNSIZED, reason
    outcome.message = (
        "Le montant du lot n'est pas publié : un groupement ne peut pas être dimensionné. "
        "Les entreprises à portée sont classées ; demandez le montant à l'acheteur."
        if reason == "amount"
        else f"Aucun groupement ne peut être cherché : {outcome.lot.get_match_state_display()}."
    )


def _say(outcome: Outcome, case: Case, solved: Solved) -> None:
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
    outcome.conflict = as_json(conflict(problem), words)
    piece = missing_piece(problem, words, likely=_likely(case))
    outcome.piece = piece.as_json() if piece else {}


def _likely(case: Case) -> Likely:
    """What is presumed of the firm that lacks: turnover as its capacity allows, hours as an EI's where asked for."""
    ratio = case.tables.kinds["EI"].insertion_ratio * case.tables["insertion.hours_per_fte"]
    hours = {need.trade: ratio / (1000 * case.tables.trades[need.trade].keur_per_fte) for need in case.problem.needs}
    return Likely(turnover=1 / case.tables["capacity.growth"], hours=hours)


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
