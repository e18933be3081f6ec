"""The best ways to split a need for a stated objective, each with its certificate.

The trades are grouped (every way to group them is weighed), and for each group the communes are parted into shapes of a
list (``compact``). The value of a split is what its lots bring (:class:`Objective`, whole euros) less a stated cost per
lot. For each number of lots the best value is found, or bounded: together they are the Pareto front.

Bounds come first for every group and number of lots; only those that could be part of a best split are then searched
(``parting``), until what bounds the best split is what was found. All in whole numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from allotment.domain.bidders import Counts, Supply
from allotment.domain.compact import Ints, Shapes
from allotment.domain.need import Need
from allotment.domain.parting import Parting
from allotment.domain.split import MOST_LOTS, LotShape

NODES = 10_000_000  # of all searches of one question: some seconds
A_SEARCH = 2_000_000
MOST_TRADES = 6


class OptimiseError(ValueError):
    """Le calcul ne peut pas proposer de découpage de ce besoin ; le message dit quoi changer."""


class Objective(StrEnum):
    """What the lots of a split bring, in euros."""

    BIDDERS = "bidders"  # amount of the lots with at least k local bidders, alone or in grouping
    ESS = "ess"  # amount of the lots that ESS and inclusive firms could do by themselves
    HOURS = "hours"  # insertion work hosted, at its full cost


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked. ``lot_eur``: what one more lot costs the buyer; ``hour_eur``: full cost of an hour of work."""

    objective: Objective = Objective.BIDDERS
    bidders: int = 3
    lot_eur: int = 0
    most_lots: int = MOST_LOTS
    hour_eur: float = 30.0

    def __post_init__(self) -> None:
        if not 1 <= self.most_lots <= MOST_LOTS:
            raise OptimiseError(f"Demandez de 1 à {MOST_LOTS} lots.")
        if not 1 <= self.bidders <= 9:
            raise OptimiseError("Demandez de 1 à 9 candidats par lot.")
        if not 0 <= self.lot_eur <= 10**9:
            raise OptimiseError("Le coût d'un lot est un montant positif, d'un milliard d'euros au plus.")


@dataclass(frozen=True, slots=True)
class Point:
    """The best split found of at most ``lots`` lots. ``gain_eur``: what its lots bring; no split of as many lots of the
    listed shapes brings more than ``bound_eur``."""

    lots: int
    gain_eur: int
    bound_eur: int
    parts: tuple[tuple[int, int], ...]  # (bits of the trades, set of cells) of each lot
    shapes: tuple[LotShape, ...]

    @property
    def proven(self) -> bool:
        return self.gain_eur == self.bound_eur


@dataclass(frozen=True, slots=True)
class Answer:
    """``front``: one point for each number of lots up to the most. ``best``: the one of most value, the fewest lots."""

    wish: Wish
    amount_eur: int
    front: tuple[Point, ...]
    seconds: float
    sets: int
    communes: int
    km: float
    nodes: int

    def value_eur(self, point: Point) -> int:
        return point.gain_eur - self.wish.lot_eur * len(point.parts)

    @property
    def best(self) -> Point:
        return max(self.front, key=lambda point: (self.value_eur(point), -len(point.parts)))

    @property
    def bound_eur(self) -> int:
        """No split of the listed shapes is worth more, the cost of its lots taken off."""
        bounds = [point.bound_eur for point in self.front]
        fewer = [0, *(point.lots for point in self.front)]
        return max(
            bound - self.wish.lot_eur * (before + 1) for bound, (before, _) in zip(bounds, pairwise(fewer), strict=True)
        )

    @property
    def gap_eur(self) -> int:
        return max(0, self.bound_eur - self.value_eur(self.best))


Tell = Callable[[int, int], None]


def optimise(need: Need, shapes: Shapes, supply: Supply, wish: Wish, tell: Tell | None = None) -> Answer:
    """The front of a need and its best split. Raises :class:`OptimiseError` when there is none, or too many trades.

    ``tell`` hears how many pieces are settled, of how many known so far.
    """
    start = time.perf_counter()
    if len(need.trades) > MOST_TRADES:
        raise OptimiseError(
            f"Le calcul groupe au plus {MOST_TRADES} métiers ; ce besoin en compte {len(need.trades)} : "
            "faites-en deux besoins."
        )
    groups = np.arange(1, 1 << len(need.trades), dtype=np.int64)
    counts = supply.count((shapes.inside, shapes.start), groups, wish.bidders)
    worth = gains(need, shapes, supply, counts, wish)
    front = _Front(
        [Parting(shapes, worth[:, rank], wish.most_lots) for rank in range(len(groups))], wish.most_lots, tell
    )
    front.settle()
    points = tuple(_points(need, shapes, front))
    if not points:
        raise OptimiseError(f"Aucun découpage en {wish.most_lots} lots d'un seul tenant : autorisez plus de lots.")
    return Answer(
        wish=wish,
        amount_eur=need.amount_eur,
        front=points,
        seconds=time.perf_counter() - start,
        sets=len(shapes.sets),
        communes=shapes.communes,
        km=shapes.km,
        nodes=front.nodes,
    )


def gains(need: Need, shapes: Shapes, supply: Supply, counts: Counts, wish: Wish) -> Ints:
    """What a lot of each set and group brings, whole euros: (sets, groups)."""
    if wish.objective is Objective.HOURS:
        years = max(1.0, need.months / 12)
        return np.floor(counts.hours * years * wish.hour_eur).astype(np.int64)
    good = counts.candidates >= wish.bidders if wish.objective is Objective.BIDDERS else counts.social
    return np.where(good, amounts_of(need, shapes, supply), 0)


def amounts_of(need: Need, shapes: Shapes, supply: Supply) -> Ints:
    """Whole euros of each set and group, whole duration: (sets, groups). Those of the cells add up to the need's."""
    cells = np.array([_shared(one.amount_eur, supply.places.weight.tolist()) for one in need.trades], dtype=np.int64)
    by_trade = np.add.reduceat(cells[:, shapes.inside], shapes.start[:-1], axis=1)
    groups = range(1, 1 << len(need.trades))
    held = [by_trade[[t for t in range(len(need.trades)) if group >> t & 1]].sum(axis=0) for group in groups]
    return np.ascontiguousarray(np.array(held, dtype=np.int64).T)


def _shared(amount: int, weights: list[int]) -> list[int]:
    """An amount shared in proportion, whole euros that add up to it; what rounding leaves goes to the heaviest."""
    parts = [amount * weight // sum(weights) for weight in weights]
    for place in sorted(range(len(weights)), key=lambda place: -weights[place])[: amount - sum(parts)]:
        parts[place] += 1
    return parts


def _points(need: Need, shapes: Shapes, front: _Front) -> Iterator[Point]:
    """One for each number of lots that brings more than fewer do, or whose bound is higher."""
    trades = [one.trade for one in need.trades]
    for lots in range(1, front.most + 1):
        parts = front.parts(lots)
        if parts is not None:
            gain, bound = front.found(lots), front.bound(lots)
            lot_shapes = tuple(
                LotShape(frozenset(trade for bit, trade in enumerate(trades) if group >> bit & 1), shapes.codes(held))
                for group, held in parts
            )
            yield Point(lots, gain, bound, parts, lot_shapes)


# ---------------------------------------------------------------- groups together


class _Front:
    """Partings of all groups, and the ways to put groups together: by trades left and lots, the best and its bound."""

    def __init__(self, groups: list[Parting], most: int, tell: Tell | None) -> None:
        self.groups, self.most, self.tell = groups, most, tell
        self.full = len(groups)
        self._table: list[list[int]] = []
        self._ways: dict[tuple[int, int], tuple[int, int]] = {}

    @property
    def nodes(self) -> int:
        return sum(group.nodes for group in self.groups)

    def settle(self) -> None:
        """Search what bounds the best split of some number of lots, until nothing does that is not known exactly."""
        while True:
            self._combine([group.bounds for group in self.groups])
            wanted = {
                piece for lots in range(1, self.most + 1) for piece in self._pieces(lots) if not self._settled(*piece)
            }
            if self.tell:
                known = sum(len(group.settled) for group in self.groups)
                self.tell(known, known + len(wanted))
            if not wanted:
                return
            for group, lots in sorted(wanted):
                one = self.groups[group - 1]
                if not one.relaxed:
                    one.relax()
                elif not one.is_settled(lots):
                    one.search(lots, min(A_SEARCH, max(1_000, NODES - self.nodes)))

    def _settled(self, group: int, lots: int) -> bool:
        one = self.groups[group - 1]
        return one.relaxed and one.is_settled(lots)

    def found(self, lots: int) -> int:
        self._combine([group.values for group in self.groups])
        return self._table[self.full][lots]

    def bound(self, lots: int) -> int:
        self._combine([group.bounds for group in self.groups])
        return self._table[self.full][lots]

    def parts(self, lots: int) -> tuple[tuple[int, int], ...] | None:
        """Lots (group, set) of the best split found, or None."""
        self._combine([group.values for group in self.groups])
        if self._table[self.full][lots] < 0:
            return None
        return tuple(
            (group, held) for group, number in self._pieces(lots) for held in self.groups[group - 1].sets_of(number)
        )

    def _combine(self, worth: list[list[int]]) -> None:
        """By set of trades and most lots: the most that groups of them bring. ``worth[g - 1][lots]``, -1: no way."""
        self._table = [[0] * (self.most + 1)]
        self._ways = {}
        for trades in range(1, self.full + 1):
            row = [-1] * (self.most + 1)
            lowest, group = trades & -trades, trades
            while group:
                if group & lowest:
                    mine, others = worth[group - 1], self._table[trades ^ group]
                    for lots in range(1, self.most + 1):
                        for given in range(1, lots + 1):
                            if mine[given] >= 0 and others[lots - given] >= 0:
                                total = mine[given] + others[lots - given]
                                if total > row[lots]:
                                    row[lots] = total
                                    self._ways[trades, lots] = group, given
                group = (group - 1) & trades
            self._table.append(row)

    def _pieces(self, lots: int) -> list[tuple[int, int]]:
        """(group, lots) of the best way found by the last combination."""
        trades, pieces = self.full, []
        while trades and (trades, lots) in self._ways:
            group, given = self._ways[trades, lots]
            pieces.append((group, given))
            trades, lots = trades ^ group, lots - given
        return pieces
