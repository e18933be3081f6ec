"""Exact search for the groupings that cover a lot: fewest members first, then least cost.

There are no share variables in the search. With uncapped member-need edges a set of members covers
the needs if and only if for every subset U of needs the capacity of the members who serve U is at
least the amount of U (Hall's condition for flows). Turnover and hours have the same form, so a lot
is a handful of covering rows over whole numbers
(for hours, those of whole capacities: a necessary row). For each size k, a Lagrangian bound orders the
candidates by reduced cost and a depth-first search stops at the first bound that fails. Least parts,
hours by part and the mandataire are checked where a set is complete, exactly, by ``shares.allocate``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from consortia.domain.problem import Candidate, Grouping, Problem
from consortia.domain.shares import allocate

NODE_LIMIT = 300_000
_EPSILON = 1e-6  # costs are whole numbers: rounding a bound outward by this much proves nothing false

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Solution:
    """A grouping with its certificate: ``bound == cost`` when ``proven``."""

    grouping: Grouping
    cost: int
    bound: int
    proven: bool


@dataclass(frozen=True, slots=True)
class Solved:
    """Up to ``count`` solutions. ``proven`` says the whole answer is: also that there is nothing else."""

    solutions: tuple[Solution, ...]
    proven: bool
    nodes: int
    candidates: int


def solve(problem: Problem, *, count: int = 3, node_limit: int = NODE_LIMIT) -> Solved:
    """Best grouping, then further ones that each share at most half their members with each earlier one.

    Order: fewest members, then least total cost. When ``node_limit`` is reached the best grouping
    found is returned with ``proven`` False and the best bound known.
    """
    pool = admissible(problem)
    search = _Search(problem, pool, node_limit)
    solutions: list[Solution] = []
    size = 2
    while len(solutions) < count and size <= largest_size(problem, len(pool)) and not search.exhausted:
        solution = search.best(size, [solution.grouping.ids for solution in solutions])
        if solution is None:
            size += 1
        else:
            solutions.append(solution)
    return Solved(tuple(solutions), proven=not search.exhausted, nodes=search.nodes, candidates=len(pool))


def admissible(problem: Problem) -> tuple[Candidate, ...]:
    """Candidates that may be a member of some lawful grouping."""
    least = problem.lower_bound_eur(mandataire=False)
    needs = {need.trade for need in problem.needs}
    return tuple(
        candidate
        for candidate in problem.candidates
        if candidate.eligible
        and candidate.producer
        and candidate.capacity_eur >= least
        and candidate.needs & needs
        and candidate.distance_km < 1.5 * candidate.radius_km
        and not (problem.exclusive and candidate.committed)
    )


def largest_size(problem: Problem, candidates: int) -> int:
    """Most members a lawful grouping may have: the stated maximum and rule C1's part of the supply."""
    return min(problem.max_members, problem.supply_permille * problem.supply // 1000, candidates)


def covering_rows(problem: Problem, pool: tuple[Candidate, ...]) -> tuple[Ints, Ints]:
    """Rows ``A x >= b`` a member set must satisfy: Hall's subsets, turnover, hours. (m, n) and (m,)."""
    rows: list[list[int]] = []
    wanted: list[int] = []
    for mask in range(1, 1 << len(problem.needs)):
        chosen = [need for index, need in enumerate(problem.needs) if mask >> index & 1]
        trades = {need.trade for need in chosen}
        amount = sum(need.amount_eur for need in chosen)
        rows.append([min(c.capacity_eur, amount) if c.needs & trades else 0 for c in pool])
        wanted.append(amount)
    for required, values in (
        (problem.turnover_required, [c.turnover_eur for c in pool]),
        (problem.hours_required, [c.hours for c in pool]),
    ):
        if required:
            rows.append([min(value, required) for value in values])
            wanted.append(required)
    return np.array(rows, dtype=np.int64).reshape(len(wanted), len(pool)), np.array(wanted, dtype=np.int64)


@dataclass(slots=True)
class _Search:
    problem: Problem
    pool: tuple[Candidate, ...]
    node_limit: int
    nodes: int = 0
    exhausted: bool = False
    rows: Ints = field(init=False)
    wanted: Ints = field(init=False)
    costs: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.rows, self.wanted = covering_rows(self.problem, self.pool)
        self.costs = np.array([candidate.cost for candidate in self.pool], dtype=np.int64)

    def best(self, size: int, earlier: list[frozenset[int]]) -> Solution | None:
        """Cheapest grouping of this size that differs enough from the earlier ones, or None."""
        top = np.sort(self.rows, axis=1)[:, ::-1][:, :size].sum(axis=1)
        if (top < self.wanted).any():
            return None
        ceiling = int(np.sort(self.costs)[::-1][:size].sum()) + 1
        multipliers, base = _lagrangian(self.costs, self.rows, self.wanted, size, ceiling)
        tree = _Tree(self, size, earlier, multipliers, base, ceiling)
        tree.dive(0, size, (), [0] * len(self.wanted), base, 0)
        if tree.found is None:
            return None
        bound = tree.ceiling if not self.exhausted else min(tree.ceiling, int(np.ceil(tree.root - _EPSILON)))
        return Solution(tree.found, cost=tree.ceiling, bound=bound, proven=not self.exhausted)


class _Tree:
    """Depth-first search over candidates sorted by reduced cost, for one size."""

    def __init__(
        self,
        search: _Search,
        size: int,
        earlier: list[frozenset[int]],
        multipliers: Floats,
        base: float,
        ceiling: int,
    ) -> None:
        reduced = search.costs - multipliers @ search.rows
        order = np.lexsort((np.arange(len(reduced)), reduced))
        self.search, self.size, self.ceiling = search, size, ceiling
        self.earlier = earlier
        self.found: Grouping | None = None
        self.pool = [search.pool[int(index)] for index in order]
        self.alone = [search.problem.able_alone(candidate) for candidate in self.pool]
        self.rows = search.rows[:, order].T.tolist()
        self.wanted = search.wanted.tolist()
        self.prefix = [0.0, *np.cumsum(reduced[order]).tolist()]
        self.reach = _suffix_tops(search.rows[:, order], size)
        self.root = base + self.prefix[size]

    def dive(self, start: int, left: int, chosen: tuple[int, ...], sums: list[int], bound: float, alone: int) -> None:
        """Extend ``chosen`` by ``left`` members from position ``start`` on; ``bound`` is its reduced cost."""
        for position in range(start, len(self.pool) - left + 1):
            least = bound + self.prefix[position + left] - self.prefix[position]
            if least > self.ceiling - 1 + _EPSILON:
                return
            if self.search.nodes >= self.search.node_limit:
                self.search.exhausted = True
                return
            self.search.nodes += 1
            if alone and self.alone[position]:
                continue
            reached = [total + value for total, value in zip(sums, self.rows[position], strict=True)]
            rest = self.reach[left - 1][position + 1]
            if any(r + more < want for r, more, want in zip(reached, rest, self.wanted, strict=True)):
                continue
            members = (*chosen, position)
            if left == 1:
                self._complete(members)
            else:
                step = bound + self.prefix[position + 1] - self.prefix[position]
                self.dive(position + 1, left - 1, members, reached, step, alone or self.alone[position])

    def _complete(self, members: tuple[int, ...]) -> None:
        candidates = [self.pool[position] for position in members]
        cost = sum(candidate.cost for candidate in candidates)
        ids = {candidate.id for candidate in candidates}
        if cost >= self.ceiling or any(len(ids & other) > self.size // 2 for other in self.earlier):
            return
        grouping = allocate(self.search.problem, candidates)
        if grouping is not None:
            self.found, self.ceiling = grouping, cost


def _lagrangian(
    costs: Ints, rows: Ints, wanted: Ints, size: int, ceiling: int, iterations: int = 60
) -> tuple[Floats, float]:
    """Multipliers (m,) of the best bound found by subgradient steps, and their constant term."""
    scaled = rows / wanted[:, None]  # each row now asks for 1
    multipliers = np.zeros(len(wanted))
    best, best_multipliers = -np.inf, multipliers
    pace = 1.0
    for _ in range(iterations):
        reduced = costs - multipliers @ scaled
        picked = np.argpartition(reduced, size - 1)[:size]
        value = float(multipliers.sum() + reduced[picked].sum())
        if value > best + 1e-9:
            best, best_multipliers = value, multipliers
        else:
            pace *= 0.85
        slope = 1.0 - scaled[:, picked].sum(axis=1)
        norm = float(slope @ slope)
        if norm == 0.0:
            break
        multipliers = np.maximum(0.0, multipliers + pace * max(1.0, ceiling - value) / norm * slope * 0.1)
    return best_multipliers / wanted, float(best_multipliers.sum())


def _suffix_tops(rows: Ints, size: int) -> list[list[list[int]]]:
    """``tops[r][p][j]``: the most that r candidates from position p on can add to row j."""
    count = rows.shape[1]
    tops = np.zeros((size, count + 1, rows.shape[0]), dtype=np.int64)
    for row, values in enumerate(rows):
        largest: list[int] = []
        for position in range(count - 1, -1, -1):
            largest = sorted([*largest, int(values[position])], reverse=True)[: size - 1]
            for taken in range(1, size):
                tops[taken, position, row] = sum(largest[:taken])
    result: list[list[list[int]]] = tops.tolist()
    return result
