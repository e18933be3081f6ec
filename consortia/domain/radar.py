"""The radar of missing pieces: where one firm of a trade would make most lots reachable at once.

Each lot that lacks a piece is a disc: the places from which the firm it lacks may reach it. The place of most lots is
the deepest point of these discs. Every set of discs that meet has a point of its meeting on some circle, so that
walking each circle with the arcs the others cover of it finds the depth exactly, in O(n log n) a circle. Taking the
deepest place, leaving out its lots and beginning again gives a sequence of beacons; depths only fall, so that a
circle is walked again only when its last depth is still the largest known (lazy greedy).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TOLERANCE_M = 1e-3  # discs that touch meet
STEPS = 120  # of the descent to the most central place


@dataclass(frozen=True, slots=True)
class Spot:
    """A lot and the firm it lacks: trades, free capacity a year, and the disc of a plane it may stand in (metres)."""

    lot: int
    trades: tuple[str, ...]
    capacity_eur: int
    fte: float
    x: float
    y: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Beacon:
    """A place of the plane where one firm of these trades would make ``lots`` reachable, one at a time or all.

    ``capacity_max_eur``: free capacity that does for any one of them; ``capacity_sum_eur``: for all at once.
    ``margin_m``: how far the place may move in any direction.
    """

    trades: tuple[str, ...]
    x: float
    y: float
    lots: tuple[int, ...]
    capacity_max_eur: int
    capacity_sum_eur: int
    fte_max: float
    fte_sum: float
    margin_m: float


def beacons(spots: Iterable[Spot], *, least: int = 1, most: int | None = None) -> tuple[Beacon, ...]:
    """Beacons of all trades, those of most lots first; each lot is in one. ``most`` bounds those of a trade.

    Places that make fewer than ``least`` lots reachable are left out. Of equal numbers, the least capacity first.
    """
    by_trades: dict[tuple[str, ...], list[Spot]] = {}
    for spot in sorted(spots, key=lambda spot: spot.lot):
        by_trades.setdefault(spot.trades, []).append(spot)
    found = [one for some in by_trades.values() for one in _sequence(some, least, most)]
    return tuple(sorted(found, key=lambda one: (-len(one.lots), one.capacity_sum_eur, one.trades, one.lots)))


def _sequence(spots: list[Spot], least: int, most: int | None) -> list[Beacon]:
    discs = _Discs(spots)
    heap = [(-len(spots), circle) for circle in range(len(spots))]  # no circle is deeper than all
    walked: dict[int, tuple[int, float]] = {}  # circle: (beacons found before, angle)
    found: list[Beacon] = []
    while heap and (most is None or len(found) < most):
        depth, circle = heap[0]
        if not discs.left[circle]:
            heapq.heappop(heap)
        elif circle in walked and walked[circle][0] == len(found):
            if -depth < least:
                break
            members = discs.around(circle, walked[circle][1])
            found.append(discs.beacon(members, circle, walked[circle][1]))
            discs.left[members] = False
        else:
            depth, angle = discs.walk(circle)
            walked[circle] = (len(found), angle)
            heapq.heapreplace(heap, (-depth, circle))
    return found


class _Discs:
    """The discs of one trade as columns; ``left`` says whose lots no beacon has yet."""

    def __init__(self, spots: list[Spot]) -> None:
        self.spots = spots
        self.x = np.array([spot.x for spot in spots])
        self.y = np.array([spot.y for spot in spots])
        self.r = np.array([spot.radius_m for spot in spots])
        self.left = np.ones(len(spots), dtype=bool)

    def walk(self, circle: int) -> tuple[int, float]:
        """Most discs that hold a point of this circle, itself included, and the angle of such a point."""
        own = self.r[circle]
        dx, dy = self.x - self.x[circle], self.y - self.y[circle]
        away = np.hypot(dx, dy)
        others = self.left.copy()
        others[circle] = False
        around = others & (away + own <= self.r + TOLERANCE_M)
        crossing = others & ~around & (away <= own + self.r + TOLERANCE_M) & (away + self.r >= own - TOLERANCE_M)
        base = 1 + int(around.sum())
        if not crossing.any():
            return base, 0.0
        away, middle = away[crossing], np.arctan2(dy[crossing], dx[crossing])
        cosine = (own**2 + away**2 - self.r[crossing] ** 2) / (2 * own * away)
        half = np.arccos(np.clip(cosine, -1.0, 1.0)) + TOLERANCE_M / own
        deepest, angle = _deepest(middle - half, middle + half)
        return base + deepest, angle

    def around(self, circle: int, angle: float) -> NDArray[np.intp]:
        """The discs left that hold this point of the circle."""
        x, y = self._point(circle, angle)
        return np.flatnonzero(self.left & (np.hypot(self.x - x, self.y - y) <= self.r + 2 * TOLERANCE_M))

    def _point(self, circle: int, angle: float) -> tuple[float, float]:
        own = self.r[circle]
        return float(self.x[circle] + own * np.cos(angle)), float(self.y[circle] + own * np.sin(angle))

    def beacon(self, members: NDArray[np.intp], circle: int, angle: float) -> Beacon:
        spots = [self.spots[int(index)] for index in members]
        x, y, margin = self._central(members, *self._point(circle, angle))
        return Beacon(
            trades=spots[0].trades,
            x=x,
            y=y,
            lots=tuple(spot.lot for spot in spots),
            capacity_max_eur=max(spot.capacity_eur for spot in spots),
            capacity_sum_eur=sum(spot.capacity_eur for spot in spots),
            fte_max=max(spot.fte for spot in spots),
            fte_sum=round(sum(spot.fte for spot in spots), 1),
            margin_m=max(0.0, margin),
        )

    def _central(self, members: NDArray[np.intp], x: float, y: float) -> tuple[float, float, float]:
        """Away from the edge: descent of the largest (distance - radius), which is convex; never left worse."""
        xs, ys, rs = self.x[members], self.y[members], self.r[members]
        best = (x, y, -2 * TOLERANCE_M)
        step = float(rs.min())
        for turn in range(STEPS):
            away = np.hypot(xs - x, ys - y)
            outermost = int(np.argmax(away - rs))
            margin = float(rs[outermost] - away[outermost])
            if margin > best[2]:
                best = (x, y, margin)
            if away[outermost] == 0:  # the middle of the smallest disc
                break
            pace = min(step / (turn + 2), float(away[outermost])) / float(away[outermost])
            x += pace * float(xs[outermost] - x)
            y += pace * float(ys[outermost] - y)
        return best


def _deepest(starts: Floats, ends: Floats) -> tuple[int, float]:
    """Most arcs over one angle, and that angle; arcs are closed and may pass the end of the turn."""
    turn = 2 * np.pi
    length = np.minimum(ends - starts, turn)
    starts = np.mod(starts, turn)
    ends = starts + length
    over = ends > turn  # these hold the angle 0 too
    angles = np.concatenate([starts, np.where(over, ends - turn, ends)])
    steps = np.concatenate([np.ones(len(starts), dtype=np.int64), np.full(len(ends), -1, dtype=np.int64)])
    order = np.lexsort((-steps, angles))  # at one angle, arcs begin before others end
    depths = int(over.sum()) + np.cumsum(steps[order])
    where = int(np.argmax(depths))
    if over.sum() >= depths[where]:
        return int(over.sum()), 0.0
    return int(depths[where]), float(angles[order][where])
