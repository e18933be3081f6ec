"""Groupings that answer one question each, by name, proven like any other: by solving variants of the problem.

Each is the best one, in the order of the problem, among those of which the name is true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from consortia.domain.problem import MOST, Candidate, Problem, hosted_hours
from consortia.domain.solver import Solution, admissible, solve

HOURS_PERCENT = 1
NODES = 2_000_000  # of each question on hours: the last ones are close calls


def named(problem: Problem) -> dict[str, Solution]:
    """Proposals by name; a name is absent when there is none.

    "smallest": fewest members; "nearest": all within the least possible farthest distance; "ess": every member of the
    ESS or inclusive; "jobs": most insertion hours a year hosted on the parts, to one per cent; "robust": still covers
    the lot whichever member leaves.
    """
    found = {
        "smallest": _best(replace(problem, fewest_first=True)),
        "nearest": _nearest(problem),
        "ess": _best(_among(problem, (c for c in problem.candidates if c.ess or c.inclusive))),
        "jobs": _jobs(problem),
        "robust": _best(problem, robust=True),
    }
    return {name: solution for name, solution in found.items() if solution}


def _best(problem: Problem, *, robust: bool = False) -> Solution | None:
    return next(iter(solve(problem, count=1, robust=robust).solutions), None)


def _among(problem: Problem, candidates: Iterable[Candidate]) -> Problem:
    return replace(problem, candidates=tuple(candidates))


def _nearest(problem: Problem) -> Solution | None:
    """More firms never make a grouping unlawful: the least farthest distance is found by halving."""
    distances = sorted({candidate.distance_km for candidate in admissible(problem)})

    def within(place: int) -> Solution | None:
        return _best(_among(problem, (c for c in problem.candidates if c.distance_km <= distances[place])))

    return _halved(0, len(distances) - 1, within)


def _halved(low: int, high: int, at: Callable[[int], Solution | None]) -> Solution | None:
    """The solution at the least whole number that has one; numbers above it have one too."""
    best = at(high) if low <= high else None
    while best and low < high:
        middle = (low + high) // 2
        solution = at(middle)
        if solution:
            best, high = solution, middle
        else:
            low = middle + 1
    return best


def _jobs(problem: Problem) -> Solution | None:
    """Ask for more hours until no grouping hosts them; None where nobody hosts any.

    The most to within ``HOURS_PERCENT``: capacities are estimates, and an hour more would mean nothing.
    """
    asked = replace(problem, hours_alone=problem.alone_hours)  # C1 is judged by the lot, whatever more is tried
    best = _best(replace(asked, hours_required=max(1, problem.hours_required)))
    if best is None:
        return None
    hosts = sorted((hosted_hours(one, one.room_eur) for one in admissible(problem)), reverse=True)
    low, high = int(best.grouping.hours), min(int(sum(hosts[: problem.max_members])) + 1, MOST - 1)
    proven = best.proven
    while high - low > max(1, low * HOURS_PERCENT // 100):
        middle = (low + high) // 2
        solved = solve(replace(asked, hours_required=middle), count=1, node_limit=NODES)
        if solved.solutions:  # cheapest of those that host so much, hence of those that host what it hosts
            best = solved.solutions[0]
            low, proven = int(best.grouping.hours), proven and best.proven
        else:
            high, proven = middle, proven and solved.proven
    return replace(best, proven=proven)
