"""The best partings of a territory for one group of trades: bounds from prices, then searches that prove.

Prices come from floating point and are hints: rounded to whole numbers, raised until no set is worth more than it pays,
they bound every parting exactly. A parting is found below that bound by as much as its penalties.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from allotment.domain import partition
from allotment.domain.compact import Ints, Shapes
from consortia.domain.engine import engine

BITS = 16  # of fractions of a euro, of prices and penalties
A_TRY = 20_000  # before more is spent on bounds
ONE = 1 << 20  # a lot, where parts of lots are added up
MEMORY = 1 << 17
LOOKS = 6  # at the relaxation, for one number of lots
NEVER = 1 << 60


@dataclass(frozen=True, slots=True)
class _Prices:
    """Whole prices (``BITS``) at which no set is worth more than it pays: of each cell in all, and of a lot."""

    total: int
    lot: int
    penalty: Ints

    def bound(self, lots: int) -> int:
        """Whole euros that no parting into so many sets exceeds."""
        return (self.total + self.lot * lots) >> BITS


@dataclass
class Parting:
    """Of the territory for one group of trades, by most lots (index 0 unused): what is found, what cannot be exceeded.

    ``worth``: whole euros that each set brings as a lot, never negative.
    """

    shapes: Shapes
    worth: Ints
    most: int
    bounds: list[int] = field(default_factory=list)
    values: list[int] = field(default_factory=list)
    settled: set[int] = field(default_factory=set)
    relaxed: bool = False
    nodes: int = 0

    def __post_init__(self) -> None:
        cells = len(self.shapes.cells)
        bits = np.left_shift(np.int64(1), np.arange(cells, dtype=np.int64))
        self._basis = np.searchsorted(self.shapes.sets, bits)
        self._prices: list[tuple[float, float, _Prices]] = []  # cost of a lot, lots of the relaxation
        self._found: dict[int, tuple[int, ...]] = {}
        most = self._most_covered()
        self.bounds = [-1] + [most] * self.most
        self.values = [-1] * (self.most + 1)
        whole = int(np.searchsorted(self.shapes.sets, self.shapes.whole))
        if whole < len(self.shapes.sets) and self.shapes.sets[whole] == self.shapes.whole:
            self._keep(1, (whole,))
            self._lower(1, int(self.worth[whole]))
            self.settled.add(1)

    def _most_covered(self) -> int:
        """No parting brings more than each cell at its best rate in any set; whole euros, rounded up."""
        size = np.diff(self.shapes.start)
        rate = np.zeros(len(self.shapes.cells))
        np.maximum.at(rate, self.shapes.inside, np.repeat(self.worth / size, size))
        return int(np.ceil(rate.sum() * (1 + 1e-9))) + 1

    def is_settled(self, lots: int) -> bool:
        return lots in self.settled or self.values[lots] == self.bounds[lots]

    def sets_of(self, lots: int) -> list[int]:
        return [int(self.shapes.sets[number]) for number in self._found[lots]]

    def _keep(self, lots: int, numbers: tuple[int, ...]) -> None:
        """A parting found also serves for more lots."""
        value = int(self.worth[list(numbers)].sum())
        for more in range(len(numbers) if len(numbers) < lots else lots, self.most + 1):
            if value > self.values[more]:
                self.values[more] = value
                self._found[more] = numbers

    def _lower(self, lots: int, bound: int) -> None:
        """A bound also holds for fewer lots."""
        for fewer in range(1, lots + 1):
            self.bounds[fewer] = max(self.values[fewer], min(self.bounds[fewer], bound))

    def relax(self) -> None:
        """Bounds for every number of lots, from a few looks at the relaxation."""
        self.relaxed = True
        free = self._look(0.0)
        top = float(self.worth.max()) + 1.0
        if free > 1.0 + 1e-3 and top > 1.0:
            self._look(top)
            for lots in range(1, self.most + 1):
                self._narrow(lots)
        for lots in range(self.most, 0, -1):
            self._lower(lots, min(prices.bound(lots) for _, _, prices in self._prices))

    def _narrow(self, lots: int) -> None:
        """Seek the cost of a lot at which the bound for so many lots is least: the relaxation is convex in it."""
        for _ in range(LOOKS):
            many = [one for one in self._prices if one[1] > lots + 1e-3]
            few = [one for one in self._prices if one[1] <= lots + 1e-3]
            if not many or not few:
                return
            left, right = max(many, key=lambda one: one[0]), min(few, key=lambda one: one[0])
            euro = float(1 << BITS)
            slope = left[1] - right[1]
            cost = (left[2].total / euro - right[2].total / euro + left[1] * left[0] - right[1] * right[0]) / slope
            reached = left[2].total / euro - left[1] * (cost - left[0]) + cost * lots
            best = min(one[2].bound(lots) for one in self._prices)
            if not left[0] < cost < right[0] or best - reached <= max(1.0, best * 2e-4):
                return
            self._look(cost)

    def _look(self, cost: float) -> float:
        shapes = self.shapes
        tolerance = max(1e-4, float(self.worth.max()) * 1e-11)
        prices, lots = engine(partition).relax(
            self.worth.astype(np.float64), shapes.inside, shapes.start, self._basis, cost, tolerance
        )
        whole = np.ceil(prices * (1 << BITS)).astype(np.int64)
        lot = int(cost * (1 << BITS))
        penalty = np.add.reduceat(whole[shapes.inside], shapes.start[:-1]) + lot - (self.worth << BITS)
        short = max(0, -int(penalty.min()))  # a set is worth more than it pays: a lot costs that much more
        self._prices.append((cost, float(lots), _Prices(int(whole.sum()), lot + short, penalty + short)))
        return float(lots)

    def search(self, lots: int, node_limit: int) -> None:
        """The best parting into so many sets or fewer; where the limit is reached, its bound stays above its value."""
        _, _, prices = min(self._prices, key=lambda one: one[2].total + one[2].lot * lots)
        total = prices.total + prices.lot * lots
        ceiling = total - (self.values[lots] << BITS) if self.values[lots] >= 0 else NEVER
        limit = max(1 << BITS, total // 400)
        left = node_limit
        while True:
            limit = min(limit, ceiling)
            found, numbers, nodes, cut = self._search(prices, lots, limit, left)
            left -= nodes
            self.nodes += nodes
            if found >= 0:
                self._keep(lots, numbers)
            if not cut:
                self._lower(lots, (total - (found if found >= 0 else limit)) >> BITS)
            if cut or found >= 0 or limit >= ceiling:
                break
            limit *= 4
        self.settled.add(lots)

    def _search(self, prices: _Prices, lots: int, limit: int, nodes: int) -> tuple[int, tuple[int, ...], int, bool]:
        """A short search first; a long one also counts how many lots what is left needs at least."""
        kept = self._kept(prices.penalty, limit)
        none = np.zeros(len(kept), dtype=np.int64)
        short = self._dive(kept, prices, lots, limit, min(nodes, A_TRY), none, 0)
        if not short[3] or short[2] == nodes:
            return short
        shares, spare = self._shares(kept, lots)
        if spare < 0:
            return -1, (), short[2], False
        waste = ONE - np.add.reduceat(shares[self.shapes.inside], self.shapes.start[:-1])[kept]
        long = self._dive(kept, prices, lots, limit, nodes - short[2], waste, spare)
        return long[0], long[1], long[2] + short[2], long[3]

    def _kept(self, penalty: Ints, limit: int) -> Ints:
        """Sets that some parting below the limit may hold: by lowest cell, then penalty, then the most cells first."""
        shapes = self.shapes
        kept = np.flatnonzero(penalty < limit)
        size = np.diff(shapes.start)[kept]
        return kept[np.lexsort((-size, penalty[kept], shapes.inside[shapes.start[kept]]))]

    def _dive(
        self, kept: Ints, prices: _Prices, lots: int, limit: int, nodes: int, waste: Ints, spare: int
    ) -> tuple[int, tuple[int, ...], int, bool]:
        shapes = self.shapes
        first = np.searchsorted(shapes.inside[shapes.start[kept]], np.arange(len(shapes.cells) + 1))
        found, chosen, used, cut = engine(partition).search(
            shapes.sets[kept], prices.penalty[kept], waste, spare, first, shapes.near, lots, prices.lot, shapes.whole,
            limit, nodes, MEMORY,
        )  # fmt: skip
        return int(found), tuple(int(kept[place]) for place in chosen if place >= 0), int(used), bool(cut)

    def _shares(self, kept: Ints, lots: int) -> tuple[Ints, int]:
        """Part of a lot each cell asks for (``ONE``: a lot), such that no kept set holds more than one; and how much
        may be wasted in all by so many lots. Below 0: they are too few."""
        shapes = self.shapes
        worth = np.full(len(shapes.sets), -float(len(shapes.cells)))
        worth[kept] = 0.0
        prices, _ = engine(partition).relax(worth, shapes.inside, shapes.start, self._basis.copy(), 1.0, 1e-9)
        shares = np.floor(np.maximum(0.0, -prices) * ONE).astype(np.int64)
        fullest = int(np.add.reduceat(shares[shapes.inside], shapes.start[:-1])[kept].max(initial=1))
        if fullest > ONE:
            shares = shares * ONE // fullest
        return shares, ONE * lots - int(shares.sum())
