"""Exact search for the groupings that cover a lot, each proven best.

There are no share variables in the search. By Hall's and Hoffman's conditions on flows, a set of members can share the
lot if and only if, for every subset of its needs, what they can do of it reaches its amount, and their least parts fit.
So a lot is a handful of covering rows over whole numbers (``columns``). For each size a Lagrangian bound orders the
candidates by reduced cost, and a depth-first search (``tree``) stops at the first bound that fails. Complete sets are
checked exactly there: parts for each possible mandataire, and insertion hours by part. ``shares.allocate`` writes the
parts of those that win.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from consortia.domain import tree
from consortia.domain.columns import BITS, Columns, Ints, columns, rows_of, rows_of_size
from consortia.domain.engine import engine
from consortia.domain.problem import Candidate, Grouping, Need, Problem
from consortia.domain.shares import allocate

NODE_LIMIT = 10_000_000  # about a second
MOST_BITS = 46  # of a shifted cost: sums of members and rows stay within 63
NEVER = 1 << 60


class SearchError(AssertionError):
    """La recherche et la répartition se contredisent sur un groupement : c'est un défaut à signaler."""


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


def solve(problem: Problem, *, count: int = 3, node_limit: int = NODE_LIMIT, robust: bool = False) -> Solved:
    """Best grouping, then further ones that each share at most half their members with each earlier one.

    Order: fewest members, then least total cost; least cost alone where ``problem.fewest_first`` is off. When no more
    exist, the next ones differ from each earlier one in one member at least. When ``node_limit`` is reached the best
    grouping found is returned with ``proven`` False and the best bound known. ``robust``: only groupings that would
    still cover the lot whichever member left.
    """
    pool = admissible(problem)
    search = Search(problem, pool, node_limit, robust)
    solutions = tuple(solution for solution, _ in zip(search, range(count), strict=False)) if count else ()
    return Solved(solutions, proven=not search.exhausted, nodes=search.nodes, candidates=len(pool))


def warm() -> None:
    """Load the compiled search, or compile it once a machine, before the first question does."""
    firms = tuple(Candidate(number, frozenset({"T07"}), 50, 1, hours=50) for number in range(3))
    solve(Problem((Need("T07", 100),), firms, supply=9, hours_required=1))


def admissible(problem: Problem) -> tuple[Candidate, ...]:
    """Candidates that may be a member of some lawful grouping."""
    least = problem.lower_bound_eur(mandataire=False)
    needs = {need.trade for need in problem.needs}
    return tuple(
        candidate
        for candidate in problem.candidates
        if candidate.eligible
        and candidate.producer
        and candidate.room_eur >= least
        and not needs.isdisjoint(candidate.needs)
        and candidate.distance_km < 1.5 * candidate.radius_km
        and not (problem.exclusive and candidate.committed)
    )


def largest_size(problem: Problem, candidates: int) -> int:
    """Most members a lawful grouping may have: the stated maximum and rule C1's part of the supply."""
    return min(problem.max_members, problem.supply_permille * problem.supply // 1000, candidates)


def covering_rows(problem: Problem, pool: tuple[Candidate, ...]) -> tuple[Ints, Ints]:
    """Rows ``A x >= b`` a member set must satisfy: Hall's subsets, turnover, hours. (m, n) and (m,)."""
    table = columns(problem, pool)
    rows = [np.minimum(table.most[1:], table.amounts[1:, None])]
    wanted = [table.amounts[1:]]
    for required, values in ((problem.turnover_required, table.turnover), (problem.hours_required, table.hours)):
        if required:
            rows.append(np.minimum(values, required)[None])
            wanted.append(np.array([required], dtype=np.int64))
    return np.concatenate(rows), np.concatenate(wanted)


@dataclass(slots=True)
class _Size:
    """What is known of the groupings of one size."""

    size: int
    rows: Ints
    reduced: Ints
    order: Ints  # firms not able alone by reduced cost
    single: Ints  # the others
    base: int
    shift: int
    floor: int  # no cost is below: root bound
    ceiling: int  # no cost reaches it
    least: int  # no cost is below among those not excluded so far
    found: tuple[int, tuple[int, ...]] | None = None  # cheapest of them, when it is known


class Search:
    """The groupings of a problem, best first: iterate."""

    def __init__(self, problem: Problem, pool: tuple[Candidate, ...], node_limit: int, robust: bool) -> None:
        self.problem, self.pool, self.node_limit, self.robust = problem, pool, node_limit, robust
        self.nodes = 0
        self.exhausted = False
        self.earlier: list[tuple[int, ...]] = []
        self._sizes: dict[int, _Size | None] = {}

    def __iter__(self) -> Iterator[Solution]:
        largest = largest_size(self.problem, len(self.pool))
        for distinct in (True, False):
            for one in self._sizes.values():
                if one:
                    one.least, one.found = one.floor, None
            following = self._fewest(largest, distinct) if self.problem.fewest_first else self._least(largest, distinct)
            yield from following
            if self.exhausted:
                return

    def _fewest(self, largest: int, distinct: bool) -> Iterator[Solution]:
        for number in range(2, largest + 1):
            size = self._size(number)
            while size is not None and not self.exhausted:
                self._settle(size, size.ceiling, distinct)
                if size.found is None:
                    break
                yield self._solution(size.found, size.least)
                size.found = None
            if self.exhausted:
                return

    def _least(self, largest: int, distinct: bool) -> Iterator[Solution]:
        """Sizes compete by cost: the one with the least bound is searched, no further than the best cost known."""
        sizes = [size for number in range(2, largest + 1) if (size := self._size(number))]
        while True:
            for size in sizes:
                if size.found and not self._allowed(size.found[1], distinct):
                    size.found = None
            known = min((size.found for size in sizes if size.found), default=None, key=lambda found: found[0])
            most = known[0] if known else NEVER
            open_sizes = [size for size in sizes if not size.found and size.least < min(most, size.ceiling)]
            if open_sizes and not self.exhausted:
                self._settle(min(open_sizes, key=lambda size: size.least), most, distinct)
            elif known is None:
                return
            else:
                yield self._solution(known, min([most, *(size.least for size in open_sizes)]))
                if self.exhausted:
                    return

    def _size(self, number: int) -> _Size | None:
        """Multipliers and order of one size; None when a bound already says that nothing exists."""
        if number not in self._sizes:
            self._sizes[number] = self._prepared(number)
        return self._sizes[number]

    @cached_property
    def _table(self) -> Columns:
        return columns(self.problem, self.pool)

    @cached_property
    def _rows(self) -> Ints:
        return rows_of(self._table)

    def _prepared(self, number: int) -> _Size | None:
        table, rows = self._table, self._rows
        if self.robust:  # whoever leaves: by averaging, all together reach k / (k - 1) of each row
            rows = -(-rows * (number - 1) // number)
        rows = np.concatenate([rows, *rows_of_size(table, number)])
        top = np.partition(rows, len(self.pool) - number, axis=1)[:, len(self.pool) - number :]
        if (top.sum(axis=1) < 1 << BITS).any():
            return None
        ceiling = int(np.sort(table.cost)[len(self.pool) - number :].sum()) + 1
        shift = MOST_BITS - max(1, int(table.cost.max())).bit_length()
        price = table.cost << shift
        whole, value = engine(tree).multipliers(price, table.alone, rows, number, shift, (ceiling - 1) << shift)
        if value > (ceiling - 1) << shift:
            return None
        total = int(whole.sum())
        reduced = price - whole @ rows
        if np.count_nonzero(whole) > 1:  # the rows together, as the multipliers weigh them
            rows = np.concatenate([-(-(whole @ rows) // total)[None], rows[np.argsort(-whole, kind="stable")]])
        ranked = np.argsort(reduced, kind="stable")
        alone = table.alone[ranked]
        floor = max(0, -(-int(value) >> shift))
        return _Size(
            number, np.ascontiguousarray(rows), reduced, ranked[~alone], ranked[alone], total << BITS, shift,
            floor, ceiling, floor,
        )  # fmt: skip

    def _settle(self, size: _Size, below: int, distinct: bool) -> None:
        """Find the cheapest grouping of a size under ``below``, or know that there is none.

        Only firms whose bound stays within a limit are looked at, and the limit grows until something is found.
        """
        below = min(below, size.ceiling)
        gap = max(2, size.least // 16)
        while size.found is None and size.least < below and not self.exhausted:
            limit = min(below, size.least + gap)
            cost, members, nodes, cut = engine(tree).search(
                self._table, size.reduced, size.order, size.single, size.rows, size.base, size.shift,
                size.size, self._earlier_bits(), self._common(size.size, distinct), limit, self.robust,
                self.nodes, self.node_limit,
            )  # fmt: skip
            self.nodes, self.exhausted = int(nodes), bool(cut)
            if cost >= 0:
                size.found = int(cost), tuple(int(member) for member in members)
            if not cut:
                size.least = int(cost) if cost >= 0 else limit
            gap *= 4

    def _earlier_bits(self) -> Ints:
        bits = np.zeros(len(self.pool), dtype=np.int64)
        for number, members in enumerate(self.earlier):
            bits[list(members)] |= 1 << number
        return bits

    def _common(self, size: int, distinct: bool) -> Ints:
        """How many members a grouping of this size may share with each earlier one."""
        most = [size // 2 if distinct else size - (len(members) == size) for members in self.earlier]
        return np.array(most, dtype=np.int64)

    def _allowed(self, members: Sequence[int], distinct: bool) -> bool:
        most = self._common(len(members), distinct).tolist()
        return all(len({*members} & {*other}) <= limit for other, limit in zip(self.earlier, most, strict=True))

    def _solution(self, found: tuple[int, tuple[int, ...]], floor: int) -> Solution:
        cost, members = found
        grouping = allocate(self.problem, [self.pool[member] for member in members])
        if grouping is None:
            raise SearchError(f"{SearchError.__doc__} {members}")
        self.earlier.append(members)
        return Solution(grouping, cost, bound=min(cost, floor) if self.exhausted else cost, proven=not self.exhausted)
