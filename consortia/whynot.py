"""Why a given firm is not in a grouping of a lot, asked on the spot: the case, the firm as a candidate, the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from consortia.build import trade_words
from consortia.case import Case, as_reached, candidate_of, weights_of
from consortia.domain.problem import Candidate, Grouping
from consortia.domain.rules import violations
from consortia.domain.shares import allocate
from consortia.domain.solver import solve
from consortia.domain.whynot import WhyNot, sentence, why_not
from consortia.live import problem_of
from consortia.models import Member
from matchmaker.domain.area import covers
from matchmaker.domain.eligibility import delivers
from matchmaker.domain.pair import Scored, chord_m, scored
from matchmaker.domain.query import Found, IndexedFirm, LotQuery
from matchmaker.domain.reference import Reference
from matchmaker.domain.score import Parts
from matchmaker.match import lot_query
from matchmaker.models import Firm, Lot
from matchmaker.queries import PublicFirm, public_firm
from matchmaker.snapshot import indexed

_NOTHING = "Aucun groupement n'existe pour ce lot : la page du lot dit ce qui manque."
_ELSEWHERE = "Le département {} n'est pas de ceux où elle déclare intervenir : elle ne peut pas être placée."
_NOTHING_LEFT = "Aucun groupement ne tient plus avec les entreprises d'aujourd'hui : ceux de la page seront recalculés."


@dataclass(frozen=True, slots=True)
class Swap:
    """One way in: its sentence, and the parts (0..1) of the grouping it proves, mandataire first."""

    sentence: str
    parts: tuple[tuple[PublicFirm, float], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """The answer in French; ``state`` as ``WhyNot.state``, or "none" where there is no grouping, "unknown" where the
    firm cannot be placed. ``members`` are those of the grouping it was measured against.
    """

    state: str
    sentence: str
    swaps: tuple[Swap, ...] = ()
    members: tuple[PublicFirm, ...] = ()


def why_not_in(lot: Lot, firm: Firm, rank: int = 1) -> Told:
    """Why ``firm`` is not in the stored grouping ``rank`` of a lot (where it holds no more, in the best one).

    ``firm.commune`` fetched beforehand saves a query. Raises ``UnsizedLotError``.
    """
    case = problem_of(lot)
    grouping = _grouping(case, rank)
    if grouping is None:
        return Told("none", _NOTHING_LEFT if lot.proposals.exists() else _NOTHING)
    members = tuple(public_firm(case.firms[part.candidate.id]) for part in grouping.parts)
    met = None if firm.fictitious != lot.tender.fictitious else indexed(firm, case.tables)
    query = lot_query(lot, case.needs, case.tables)
    if met is None or query is None:
        return Told(
            "unknown", "Son métier ou son adresse ne sont pas connus : elle ne peut pas être placée.", (), members
        )
    if covers(met.departements, query.departement) is False:
        return Told("unknown", _ELSEWHERE.format(query.departement), (), members)
    candidate = _candidate(case, firm, met, query)
    told = why_not(
        case.problem,
        grouping,
        candidate,
        weights=weights_of(case.tables),
        farthest=case.tables["whynot.farthest"],
        declared=_declared(met, query, case.tables) if firm.trade_source != Firm.TradeSource.DECLARED else 1000,
    )
    return _told(case, firm, candidate, told, members)


def _grouping(case: Case, rank: int) -> Grouping | None:
    """The stored one, shared anew; else the best there is now."""
    ids = set(Member.objects.filter(proposal__lot=case.lot, proposal__rank=rank).values_list("firm_id", flat=True))
    stored = [one for one in case.problem.candidates if one.id in ids]
    if ids and len(stored) == len(ids):
        grouping = allocate(case.problem, stored)
        if grouping is not None and not violations(case.problem, grouping):
            return grouping
    solutions = solve(case.problem, count=1).solutions
    return solutions[0].grouping if solutions else None


def _candidate(case: Case, firm: Firm, met: IndexedFirm, query: LotQuery) -> Candidate:
    """The firm as the problem has it, or would have it: out of reach, of another trade or not eligible too."""
    known = next((one for one in case.problem.candidates if one.id == firm.pk), None)
    if known is not None:
        return known
    trusted = case.tables["grouping.min_trade_fit"]
    ways = [way for way in scored(met, query, case.tables) if way.parts.trade >= trusted]
    found = _found(met, query, ways, case.tables)
    able = any(delivers(firm.inclusive_kind, need.trade, case.tables.kinds) for need in case.problem.needs)
    reached = as_reached(found, firm, query, case.tables)
    seen = candidate_of(reached, firm, case.tables, weights_of(case.tables))
    return replace(seen, eligible=query.admits(firm.inclusive_kind, firm.ess), producer=able)


def _found(met: IndexedFirm, query: LotQuery, ways: list[Scored], tables: Reference) -> Found:
    """What the index would say of it, its reach apart. Of no trade of the lot, it has the usual radius of the first."""
    served = tuple(wanted.trade for need, wanted in enumerate(query.trades) if any(way.need == need for way in ways))
    if ways:
        best = max(ways, key=lambda way: way.score)
        trade, parts, far, radius = best.trade, best.parts, best.distance_km, best.radius_km
    else:
        trade, parts = query.trades[0].trade, Parts(1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        far = chord_m(met, query) * tables["distance.road_factor"] / 1000
        radius = (met.declared_radius_km or tables.trades[trade].radius_km) + query.uncertainty_km
    return Found(met.id, 0.0, trade, parts, far, radius, solo=False, served=served)


def _declared(met: IndexedFirm, query: LotQuery, tables: Reference) -> int:
    """The mark of its trade if it declared it, parts per thousand: only how well it fits the lot's code is left."""
    trusted = replace(met, trust=1.0)
    return round(1000 * (1 - max((way.parts.trade for way in scored(trusted, query, tables)), default=1.0)))


def _told(case: Case, firm: Firm, candidate: Candidate, told: WhyNot, members: tuple[PublicFirm, ...]) -> Told:
    words = trade_words(case.tables, case.lot.uncertainty_km)
    shown = {pk: public_firm(one) for pk, one in case.firms.items()} | {firm.pk: public_firm(firm)}
    names = {pk: one.name for pk, one in shown.items()}
    swaps = tuple(
        Swap(
            sentence(replace(told, ways=(way,)), candidate, words, names),
            tuple((shown[part.candidate.id], part.amount_eur / case.problem.amount_eur) for part in way.grouping.parts),
        )
        for way in told.ways
    )
    return Told(told.state, sentence(told, candidate, words, names), swaps, members)
