"""What a search found, as rows with their words. Nothing is saved here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from consortia.case import Case, shown_firms
from consortia.domain.problem import Grouping, Part
from consortia.domain.replay import Bench, as_json, named_in, replay, sentence, terms_of
from consortia.domain.rules import violations
from consortia.domain.solver import Solution
from consortia.models import Member, Proposal
from consortia.words import justification, name, reasons, warnings
from geo.domain.distance import distance_km
from geo.domain.point import Point
from matchmaker.domain.reference import Reference
from matchmaker.models import Firm
from matchmaker.queries import public_firm

Row = tuple[Proposal, list[Member]]


class UnlawfulProposalError(AssertionError):
    """Un groupement calculé enfreint une règle : il n'est pas enregistré. C'est un défaut à signaler."""


@dataclass(frozen=True, slots=True)
class Named:
    """A solution with what it is best at."""

    solution: Solution
    names: tuple[str, ...] = ()


def joined(solutions: Sequence[Solution], by_name: Mapping[str, Solution]) -> list[Named]:
    """The solutions in their order, then those known by a name only: one a set of members.

    A named one that is there already gives its name to the other, and its parts where they host more hours.
    """
    found = {one.grouping.ids: Named(one, ("best",) if place == 0 else ()) for place, one in enumerate(solutions)}
    for what, solution in by_name.items():
        ids = solution.grouping.ids
        known = found.get(ids, Named(solution))
        better = solution.grouping.hours > known.solution.grouping.hours
        kept = replace(known.solution, grouping=solution.grouping) if better else known.solution
        found[ids] = Named(kept, (*known.names, what))
    return list(found.values())


def rows_of(case: Case, found: Sequence[Named], *, ess_short: bool = False) -> list[Row]:
    """Proposals best first, each checked by the rules and put to the test. Raises :class:`UnlawfulProposalError`.

    ``ess_short``: no team of ESS and inclusive firms alone covers the lot, which the others' members are told.
    """
    bench = Bench(case.problem, terms_of(case.tables))
    case = _with_members(case, found)
    return [_row(case, rank, one, bench, ess_short) for rank, one in enumerate(found, start=1)]


def _with_members(case: Case, found: Sequence[Named]) -> Case:
    """The same, with all that is shown of the firms that are members. One query when there is any."""
    ids = frozenset[int]().union(*(one.solution.grouping.ids for one in found))
    return replace(case, firms={**case.firms, **shown_firms().in_bulk(ids)}) if ids else case


def _row(case: Case, rank: int, found: Named, bench: Bench, ess_short: bool) -> Row:
    solution, grouping = found.solution, found.solution.grouping
    broken = violations(case.problem, grouping)
    if broken:
        raise UnlawfulProposalError(f"{UnlawfulProposalError.__doc__} {' '.join(broken)}")
    trials = replay(case.problem, grouping, bench=bench)
    firms = {one: case.firms[one] for one in named_in(trials) | grouping.ids}
    names = {one: name(firm) for one, firm in firms.items()}
    proposal = Proposal(
        lot=case.lot,
        rank=rank,
        form=grouping.form.value,
        cost=solution.cost,
        bound=solution.bound,
        proven=solution.proven,
        hours=int(grouping.hours),
        margin=_margin(case, grouping),
        names=list(found.names),
        measures=measures(case, grouping),
        replay=as_json(trials, names, {one: firm.siret for one, firm in firms.items()}, bench.terms),
        reasons=reasons(case, grouping, ess_short=ess_short),
        warnings=warnings(case, grouping),
        justification=justification(case, grouping),
    )
    leaving = {one.firm: sentence(one, names, bench.terms) for one in trials if one.test == "leaves"}
    return proposal, _members(case, grouping, proposal, leaving)


def _margin(case: Case, grouping: Grouping) -> float:
    return round(sum(part.candidate.capacity_eur for part in grouping.parts) / case.problem.amount_eur, 3)


def measures(case: Case, grouping: Grouping) -> dict[str, float]:
    """What proposals are compared by: km to the place in all, of the farthest, and between the two farthest members;
    share (0..1) of the lot that ESS and inclusive firms do; proof of trade (0..1) by parts; insertion hours a year;
    free capacity over the amount; members.
    """
    parts, amount = grouping.parts, case.problem.amount_eur
    social = sum(part.amount_eur for part in parts if part.candidate.ess or part.candidate.inclusive)
    proof = sum(part.amount_eur * (1000 - part.candidate.marks.trade) for part in parts)
    return {
        **distances([part.candidate.distance_km for part in parts]),
        "apart_km": round(apart_km([case.firms[part.candidate.id] for part in parts], case.tables), 1),
        "ess_share": round(social / amount, 3),
        "trade_proof": round(proof / (1000 * amount), 3),
        "hours": int(grouping.hours),
        "margin": _margin(case, grouping),
        "members": len(parts),
    }


def distances(kilometres: Sequence[float]) -> dict[str, float]:
    """Of the members to the place, in all and of the farthest."""
    return {"km": round(sum(kilometres), 1), "farthest_km": round(max(kilometres), 1)}


def apart_km(firms: Sequence[Firm], tables: Reference) -> float:
    """By road between the two members farthest from each other; a masked one is placed in its commune."""
    seen = [public_firm(firm) for firm in firms]
    places = [Point(one.lon, one.lat) for one in seen if one.lon is not None and one.lat is not None]
    straight = max((distance_km(a, b) for a, b in combinations(places, 2)), default=0.0)
    return straight * tables["distance.road_factor"]


def _members(case: Case, grouping: Grouping, proposal: Proposal, leaving: Mapping[int | None, str]) -> list[Member]:
    return [
        Member(
            proposal=proposal,
            firm=case.firms[part.candidate.id],
            position=position,
            mandataire=position == 0,
            amount_eur=part.amount_eur,
            share=part.amount_eur / case.problem.amount_eur,
            by_trade=_own_trades(case, part),
            hours=int(part.hours),
            distance_km=part.candidate.distance_km,
            withdrawal=leaving[part.candidate.id],
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
