"""The lawful alternative on a reserved lot without a grouping: eligible firms with limited sub-contractors.

Rule R6: members of a grouping on a reserved lot are all eligible; an ordinary firm may only be a sub-contractor, for a
limited part (an estimate, ``share``). Rule T1: each is accepted by the buyer (DC4), and sub-contracting everything is
barred (article L2193-3). What is sub-contracted is taken off the needs; eligible firms must cover the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from consortia.domain.problem import Candidate, Need, Part, Problem
from consortia.domain.rules import violations
from consortia.domain.solver import solve

STEPS = 7  # halvings of the part given away: its least, to about a hundredth of the most allowed
NODE_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Alternative:
    """Who holds the contract (mandataire first, one firm alone or several) and who works for them, never members."""

    holders: tuple[Part, ...]
    subcontractor: Part

    @property
    def given_eur(self) -> int:
        """Sub-contracted, euros a year."""
        return self.subcontractor.amount_eur


def alternative(problem: Problem, ordinary: Sequence[Candidate], share_permille: int) -> Alternative | None:
    """The cheapest sub-contractor that makes the lot lawful, with the least part it must take; None when none does.

    ``ordinary``: firms that are not eligible. Only one is sought: two make the part given away no smaller.
    """
    most = problem.amount_eur * share_permille // 1000
    missing = _undone(problem)
    for firm in sorted(ordinary, key=lambda one: (one.cost, one.id)):
        if firm.distance_km < 1.5 * firm.radius_km and missing <= firm.needs:
            found = _with(problem, firm, most, missing)
            if found is not None:
                return found
    return None


def _undone(problem: Problem) -> frozenset[str]:
    """Needs that no eligible firm serves: all of them must be given away."""
    done = frozenset[str]().union(*(one.needs for one in problem.candidates if one.eligible and one.producer))
    return frozenset(need.trade for need in problem.needs) - done


def _with(problem: Problem, firm: Candidate, most: int, missing: frozenset[str]) -> Alternative | None:
    """The least this firm must take, found by halving: the less is left to the holders, the easier the lot is."""
    forced = sum(need.amount_eur for need in problem.needs if need.trade in missing)
    high = min(most, firm.room_eur)
    best = _sharing(problem, firm, high, missing) if forced <= high else None
    low = max(1, forced)
    for _ in range(STEPS if best else 0):
        middle = (low + high) // 2
        found = _sharing(problem, firm, middle, missing)
        if found is not None:
            best, high = found, middle
        else:
            low = middle
    return best


def _sharing(problem: Problem, firm: Candidate, amount: int, missing: frozenset[str]) -> Alternative | None:
    given = _given(problem, firm, amount, missing)
    taken = sum(given.values())
    if not 0 < taken < problem.amount_eur:  # L2193-3: never everything
        return None
    rest = reduced(problem, given)
    holders = _holders(rest)
    return Alternative(holders, Part(firm, tuple(given.items()))) if holders else None


def _given(problem: Problem, firm: Candidate, amount: int, missing: frozenset[str]) -> dict[str, int]:
    """Euros by need that a sub-contractor takes: what nobody else does first, then the largest needs it serves."""
    given: dict[str, int] = {}
    served = [need for need in problem.needs if need.trade in firm.needs]
    for need in sorted(served, key=lambda need: (need.trade not in missing, -need.amount_eur, need.trade)):
        part = min(amount, need.amount_eur, firm.cap_eur((need.trade,)))
        if part:
            given[need.trade] = part
            amount -= part
    return given


def reduced(problem: Problem, given: Mapping[str, int]) -> Problem:
    """The lot less what is given away; parts of members stay those of the whole lot."""
    needs = tuple(
        Need(need.trade, left, need.hours * left // need.amount_eur)
        for need in problem.needs
        if (left := need.amount_eur - given.get(need.trade, 0)) > 0
    )
    left = sum(need.amount_eur for need in needs)

    def of_the_rest(permille: int) -> int:
        return min(1000, -(-permille * problem.amount_eur // left))

    return replace(
        problem,
        needs=needs,
        mandataire_permille=of_the_rest(problem.mandataire_permille),
        min_share_permille=of_the_rest(problem.min_share_permille),
        turnover_multiple_permille=-(-problem.turnover_multiple_permille * problem.amount_eur // left),
    )


def _holders(rest: Problem) -> tuple[Part, ...]:
    """One eligible firm able to do the rest alone, the cheapest; else the best grouping; () when there is none."""
    able = [one for one in rest.candidates if rest.able_alone(one) and one.distance_km < 1.5 * one.radius_km]
    if able:
        alone = min(able, key=lambda one: (one.cost, one.id))
        return (Part(alone, tuple((need.trade, need.amount_eur) for need in rest.needs)),)
    solutions = solve(rest, count=1, node_limit=NODE_LIMIT).solutions
    if not solutions or violations(rest, solutions[0].grouping):
        return ()
    return solutions[0].grouping.parts
