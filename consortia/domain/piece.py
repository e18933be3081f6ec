"""The missing piece: the one firm, not known yet, that would make a lot reachable.

A firm of the fewest trades and the least free capacity that, added to the candidates and to the identified supply,
makes :func:`solve` find a lawful grouping. More capacity never loses a team up to the whole lot, turnover and hours
growing with it, so that bisection on whole euros finds the least; one euro less does not do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

from consortia.domain.explain import TradeWords, count, least_money, lower_first
from consortia.domain.problem import Candidate, Problem
from consortia.domain.rules import violations
from consortia.domain.solver import solve

NODE_LIMIT = 1_000_000  # a tenth of a second
HOURS_PER_FTE = 1600  # of work a year: the identity kEUR/FTE = 1.6 EUR/h / LS (domain guide, section 7)


@dataclass(frozen=True, slots=True)
class Piece:
    """A firm to look for. ``capacity_eur``: least free capacity a year, to the euro; ``fte`` the work of that.

    ``reach_km``: how far from the lot such a firm may be. ``hours``: insertion hours a year it must host;
    ``leads``: it must be experienced, nobody else can be mandataire. ``members`` are the ids of those who would
    answer with it.
    """

    trades: tuple[str, ...]
    capacity_eur: int
    fte: float
    reach_km: float
    hours: int = 0
    leads: bool = False
    reserved: bool = False
    members: tuple[int, ...] = ()
    text: str = ""

    def as_json(self) -> dict[str, Any]:
        """What ``Outcome.piece`` stores."""
        return asdict(self) | {"trades": list(self.trades), "members": list(self.members)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Piece | None:
        """What was stored, None for an outcome without a piece."""
        if not stored:
            return None
        known = {name: stored[name] for name in cls.__slots__ if name in stored}
        return cls(**known | {"trades": tuple(stored["trades"]), "members": tuple(stored.get("members", ()))})


@dataclass(frozen=True, slots=True)
class Likely:
    """What is presumed of a firm that is not known, by euro of free capacity (estimates).

    ``turnover``: euros of turnover; ``hours``: insertion hours an inclusive firm hosts, by trade.
    """

    turnover: float = 1.0
    hours: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class _Sketch:
    """A kind of firm to try; the less is asked of it the earlier it comes."""

    trades: tuple[str, ...]
    leads: bool
    inclusive: bool


def missing_piece(
    problem: Problem,
    words: Mapping[str, TradeWords],
    *,
    likely: Likely | None = None,
    largest: int = 2,
    node_limit: int = NODE_LIMIT,
) -> Piece | None:
    """The piece, or None: a grouping exists already, or no single firm of up to ``largest`` trades would do.

    Of equally few trades: one that need neither lead nor host hours first, then the least capacity.
    """
    likely = likely or Likely()
    if _members(problem, node_limit):
        return None
    for number in range(1, min(largest, len(problem.needs)) + 1):
        for leads, inclusive in _demands(problem, likely):
            sketches = [_Sketch(trades, leads, inclusive) for trades in _trades(problem, number)]
            found = [piece for one in sketches if (piece := _least(problem, one, words, likely, node_limit))]
            if found:
                return min(found, key=lambda piece: (piece.capacity_eur, piece.trades))
    return None


def _demands(problem: Problem, likely: Likely) -> Iterator[tuple[bool, bool]]:
    """(must lead, must be inclusive), the least first."""
    for inclusive in (False, True) if problem.hours_required and likely.hours else (False,):
        for leads in (False, True):
            yield leads, inclusive


def _trades(problem: Problem, number: int) -> Iterator[tuple[str, ...]]:
    return combinations((need.trade for need in problem.needs), number)


def _least(
    problem: Problem, sketch: _Sketch, words: Mapping[str, TradeWords], likely: Likely, node_limit: int
) -> Piece | None:
    """The least capacity with which such a firm makes the lot reachable, proven by the grouping it is in."""

    def with_capacity(capacity: int) -> Problem:
        new = _firm(problem, sketch, capacity, likely)
        return replace(problem, candidates=(*problem.candidates, new), supply=problem.supply + 1)

    low = problem.lower_bound_eur(mandataire=False)
    high = _most(problem, sketch)
    if high < low or not (members := _members(with_capacity(high), node_limit)):
        return None
    while low < high:
        middle = (low + high) // 2
        if found := _members(with_capacity(middle), node_limit):
            high, members = middle, found
        else:
            low = middle + 1
    new = with_capacity(high).candidates[-1]
    piece = Piece(
        trades=sketch.trades,
        capacity_eur=high,
        fte=round(high * _hours_per_eur(sketch.trades, words) / HOURS_PER_FTE, 1),
        reach_km=min(1.5 * words[trade].radius_km for trade in sketch.trades),
        hours=new.hours,
        leads=sketch.leads,
        reserved=problem.reserved,
        members=tuple(sorted(members - {new.id})),
    )
    return replace(piece, text=sentence(piece, words))


def _most(problem: Problem, sketch: _Sketch) -> int:
    """Most that is useful: its own needs, and never the whole lot, which is no matter for a grouping (C1)."""
    own = sum(need.amount_eur for need in problem.needs if need.trade in sketch.trades)
    return min(own, problem.amount_eur - problem.lower_bound_eur(mandataire=False))


def _firm(problem: Problem, sketch: _Sketch, capacity: int, likely: Likely) -> Candidate:
    """The firm that is not known: an id nobody has, next door, at the price of the dearest."""
    rate = min((likely.hours or {}).get(trade, 0.0) for trade in sketch.trades) if sketch.inclusive else 0.0
    return Candidate(
        id=min((candidate.id for candidate in problem.candidates), default=0) - 1,
        needs=frozenset(sketch.trades),
        capacity_eur=capacity,
        cost=max((candidate.cost for candidate in problem.candidates), default=0),
        turnover_eur=int(likely.turnover * capacity),
        hours=int(rate * capacity),
        inclusive=sketch.inclusive,
        experienced=sketch.leads,
    )


def _members(problem: Problem, node_limit: int) -> frozenset[int]:
    """Ids of a lawful grouping, none when none is found."""
    solutions = solve(problem, count=1, node_limit=node_limit).solutions
    return solutions[0].grouping.ids if solutions and not violations(problem, solutions[0].grouping) else frozenset()


def _hours_per_eur(trades: tuple[str, ...], words: Mapping[str, TradeWords]) -> float:
    return sum(words[trade].hours_per_eur for trade in trades) / len(trades)


def sentence(piece: Piece, words: Mapping[str, TradeWords]) -> str:
    """ "Une entreprise de peinture à moins de 60 km, avec 40 000 € ... de libre, rendrait ce lot atteignable." """
    names = " et ".join(lower_first(words[trade].label) for trade in piece.trades)
    asked = ["éligible à ce lot réservé"] * piece.reserved
    asked += [f"qui accueille environ {count(piece.hours)} h d'insertion par an"] * bool(piece.hours)
    asked += ["avec de l'expérience comme mandataire"] * piece.leads
    more = f", {', '.join(asked)}," if asked else ""
    return (
        f"Une entreprise de plus ({names}) à moins de {round(piece.reach_km)} km{more} avec "
        f"{least_money(piece.capacity_eur)} de capacité libre par an (environ {figure(piece.fte)} ETP) "
        "rendrait ce lot atteignable."
    )


def figure(value: float) -> str:
    """ "0,4" or "12": full-time equivalents as people write them."""
    return f"{value:.1f}".replace(".", ",") if value < 10 else f"{value:.0f}"
