"""Disjoint lawful groupings of a lot: how many teams could bid against each other."""

from __future__ import annotations

from dataclasses import replace

from consortia.domain.problem import Grouping, Problem
from consortia.domain.rules import violations
from consortia.domain.solver import solve

MOST = 12  # a buyer needs to know no more
NODES = 200_000  # of one search


def disjoint(problem: Problem, most: int = MOST, nodes: int = NODES) -> tuple[tuple[Grouping, ...], bool]:
    """Groupings without a common member, each the best of the firms left; and whether there may be more.

    Firms able alone are left out: they are candidates already, and two of them together would break C1. A floor: other
    choices of members might make more teams.
    """
    left = tuple(one for one in problem.candidates if not problem.able_alone(one))
    teams: list[Grouping] = []
    while len(teams) < most:
        rest = replace(problem, candidates=left)
        solved = solve(rest, count=1, node_limit=nodes)
        if not solved.solutions or violations(rest, solved.solutions[0].grouping):
            return tuple(teams), not solved.proven
        team = solved.solutions[0].grouping
        teams.append(team)
        left = tuple(one for one in left if one.id not in team.ids)
    return tuple(teams), True


def by_social_alone(problem: Problem, nodes: int = NODES) -> bool:
    """Whether ESS and inclusive firms alone could do the lot: one of them, or a lawful grouping of them only."""
    social = tuple(one for one in problem.candidates if one.ess or one.inclusive)
    if any(problem.able_alone(one) for one in social):
        return True
    rest = replace(problem, candidates=social)
    return any(not violations(rest, one.grouping) for one in solve(rest, count=1, node_limit=nodes).solutions)
