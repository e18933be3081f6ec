"""How many firms could answer a lot, and how many alone: exact counts, compiled by numba, block by block."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from matchmaker.domain.blocks import BLOCK, SUPER
from matchmaker.domain.compiled import NO_BIT, ONE_BIT, Array, bound_of, entry, in_reach, inner, serves, serves_all


@inner
def _whole(at: Any, item: int, lot: int, x: float, y: float, z: float, before: Any, lots: Any, rules: Any) -> bool:
    """Whether every firm of a block is in reach and may answer, none counted before, no filter set but of kinds."""
    if at.kinds[item] & ~lots.kinds[lot] or at.trades[item] & before != NO_BIT or lots.within_km[lot] != np.inf:
        return False
    if lots.ess_only[lot] or lots.solo_only[lot]:
        return False
    dx, dy = max(abs(x - at.x0[item]), abs(x - at.x1[item])), max(abs(y - at.y0[item]), abs(y - at.y1[item]))
    dz = max(abs(z - at.z0[item]), abs(z - at.z1[item]))
    return in_reach(dx * dx + dy * dy + dz * dz, float(at.radius0[item] + lots.uncertainty_m[lot]), rules)


@inner
def _counts(row: int, lot: int, x: float, y: float, z: float, before: Any, rows: Any, lots: Any, rules: Any) -> int:
    """0: not an answer, or counted before; 1: in reach; 2: able alone too."""
    if not (lots.kinds[lot] >> rows.kind[row]) & 1 or (lots.ess_only[lot] and not rows.ess[row]):
        return 0
    dx, dy, dz = rows.x[row] - x, rows.y[row] - y, rows.z[row] - z
    square = dx * dx + dy * dy + dz * dz
    if not in_reach(square, float(rows.radius_m[row] + lots.uncertainty_m[lot]), rules):
        return 0
    if math.sqrt(square) * rules.road / 1000.0 > lots.within_km[lot]:
        return 0
    if serves(row, square, lot, before, rows, lots, rules):
        return 0
    if serves_all(row, square, lot, rows, lots, rules):
        return 2
    return 0 if lots.solo_only[lot] else 1


@inner
def _glance(item: int, first: int, last: int, place: int, x: float, y: float, z: float, before: Any, at: Any, lots: Any,
            rules: Any, lot: int, low: int, high: int, supply: Array, solo: Array) -> bool:  # fmt: skip
    """Count the rows ``first`` to ``last`` of a block at once: True when that could be done."""
    if max(first, low) >= min(last, high) or bound_of(at, item, lot, x, y, z, 0.0, 0.0, lots, rules) < 0.0:
        return True
    if first < low or last > high or not _whole(at, item, lot, x, y, z, before, lots, rules):
        return False
    yearly = lots.yearly[lot]
    if yearly < 0.0 or at.mid[item] < yearly:
        supply[place] += last - first
        return True
    if lots.need_ptr[lot + 1] - lots.need_ptr[lot] == 1 and at.mid0[item] >= yearly:
        supply[place] += last - first
        solo[place] += last - first
        return True
    return False


@entry
def count(
    trade: int, rows: Any, bounds: Any, lots: Any, rules: Any, asked: Array, places: Array, low: int, high: int,
    supply: Array, solo: Array,
) -> None:  # fmt: skip
    """Add to each lot its firms of one trade in reach, and those able alone, unless a trade before counted them.

    A block wholly in reach is counted at one glance when all its firms can do the lot alone, or none.
    """
    total, wide = len(rows.id), BLOCK * SUPER
    supers = (total + wide - 1) // wide
    for place in places:
        lot = asked[place]
        x, y, z = float(lots.x[lot]), float(lots.y[lot]), float(lots.z[lot])
        before = lots.trades[lot] & ((ONE_BIT << np.uint64(trade)) - ONE_BIT)
        for upper in range(supers):
            last = min(total, (upper + 1) * wide)
            if _glance(
                upper, upper * wide, last, place, x, y, z, before, bounds, lots, rules, lot, low, high, supply, solo
            ):
                continue
            for first in range(upper * wide, last, BLOCK):
                item, after = supers + first // BLOCK, min(total, first + BLOCK)
                if _glance(
                    item, first, after, place, x, y, z, before, bounds, lots, rules, lot, low, high, supply, solo
                ):
                    continue
                for row in range(max(first, low), min(after, high)):
                    told = _counts(row, lot, x, y, z, before, rows, lots, rules)
                    supply[place] += told > 0
                    solo[place] += told > 1
