"""Groupings sought on the spot, under the weights of the person who asks. Nothing is stored."""

from __future__ import annotations

from consortia.case import Case, case_of
from consortia.domain.named import named
from consortia.domain.problem import Weights
from consortia.domain.solver import solve
from consortia.propose import joined, rows_of
from consortia.queries import Team, team_view
from matchmaker.match import lot_query
from matchmaker.models import Lot
from matchmaker.needs import needs_of
from matchmaker.reference import reference
from matchmaker.snapshot import current


class UnsizedLotError(ValueError):
    """Ce lot n'a pas de montant, de métier ou de lieu connu : aucun groupement ne peut être cherché."""


def problem_of(lot: Lot, weights: Weights | None = None, *, whole: bool = True) -> Case:
    """The problem of a lot, from the supply as it stands. Raises :class:`UnsizedLotError`.

    ``whole``: with all that may be shown of each firm; else what a search reads. ``lot.tender.buyer`` fetched
    beforehand saves two queries.
    """
    tables = reference()
    needs = needs_of(lot, tables)
    query = lot_query(lot, needs, tables)
    if query is None or query.yearly_eur is None:
        raise UnsizedLotError(UnsizedLotError.__doc__)
    return case_of(lot, needs, query, tables, current(lot.tender.fictitious, tables).index, weights, whole=whole)


def teams(lot: Lot, weights: Weights | None = None, count: int | None = None, *, by_name: bool = True) -> list[Team]:
    """The best groupings of a lot under these weights (those of the tables without any), best first.

    ``by_name``: with those that are the smallest, the nearest... (``domain.named``), after the ``count`` best.
    Ready to be shown, as those that are stored, though no row of them exists. Raises :class:`UnsizedLotError`.
    """
    case = problem_of(lot, weights, whole=False)
    solved = solve(case.problem, count=case.tables.integer("grouping.proposals") if count is None else count)
    others = named(case.problem) if by_name and solved.solutions else {}
    rows = rows_of(case, joined(solved.solutions, others), ess_short=by_name and "ess" not in others)
    # Sentences written now hide names by themselves.
    return [team_view(proposal, members, ()) for proposal, members in rows]
