"""How many firms could answer a lot, and how many alone: exact counts, compiled by numba, block by block."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from matchmaker.domain.blocks import BLOCK, SUPER
from matchmaker.domain.compiled import NO_BIT, ONE_BIT, Array, apart, entry, holds, reaches, serves, serves_all, some


@entry
def count(
    trade: int, rows: Any, bounds: Any, lots: Any, rules: Any, asked: Array, places: Array, low: int, high: int,
    supply: Array, solo: Array,
) -> None:  # fmt: skip
    """Add to each lot its firms of one trade in reach, and those able alone, unless a trade before counted them.

    A block wholly in reach is counted at one glance when all its firms can do the lot alone, or none. Columns are named
    once, outside the loops: numba counts the references of an array each time a tuple is asked for it.
    """
    xs, ys, zs, radii, mids = rows.x, rows.y, rows.z, rows.radius_m, rows.mid
    kind_of, ess_of, trades_of = rows.kind, rows.ess, rows.trades
    x0, y0, z0, radius0, mid0 = bounds.x0, bounds.y0, bounds.z0, bounds.radius0, bounds.mid0
    x1, y1, z1, radius1, mid1 = bounds.x1, bounds.y1, bounds.z1, bounds.radius1, bounds.mid
    kinds_met, ess_met, trades_met = bounds.kinds, bounds.ess, bounds.trades
    area0, area1, met0, met1 = rows.area0, rows.area1, bounds.area0, bounds.area1
    road, end, curve, steps = rules.road, rules.end, rules.decay, rules.steps
    total, wide = len(rows.id), BLOCK * SUPER
    supers = (total + wide - 1) // wide
    for place in places:
        lot = asked[place]
        x, y, z = float(lots.x[lot]), float(lots.y[lot]), float(lots.z[lot])
        uncertainty, yearly, within = lots.uncertainty_m[lot], lots.yearly[lot], lots.within_km[lot]
        kinds, ess_only, solo_only = lots.kinds[lot], lots.ess_only[lot], lots.solo_only[lot]
        before = lots.trades[lot] & ((ONE_BIT << np.uint64(trade)) - ONE_BIT)
        one_need = lots.need_ptr[lot + 1] - lots.need_ptr[lot] == 1  # in reach by this trade is then able to do it
        plain = within == np.inf and not ess_only and not solo_only
        here0, here1 = lots.area0[lot], lots.area1[lot]
        placed = some(here0, here1)
        found, able = 0, 0
        upper, lower, stop = 0, 0, 0  # superblock; its blocks left to see
        while upper < supers or lower < stop:
            if lower < stop:
                item, first, last = supers + lower, lower * BLOCK, min(total, (lower + 1) * BLOCK)
                lower += 1
            else:
                item, first, last = upper, upper * wide, min(total, (upper + 1) * wide)
                upper += 1
            if first >= high or last <= low or kinds_met[item] & kinds == 0 or (ess_only and not ess_met[item]):
                continue
            dx, dy, dz = apart(x, x0[item], x1[item]), apart(y, y0[item], y1[item]), apart(z, z0[item], z1[item])
            zoned = placed and some(met0[item], met1[item])
            if not (zoned and holds(met0[item], met1[item], here0, here1)) and not reaches(
                dx * dx + dy * dy + dz * dz, float(radius1[item] + uncertainty), road, end, curve, steps
            ):
                continue
            if plain and not zoned and first >= low and last <= high and not kinds_met[item] & ~kinds:
                dx = max(abs(x - x0[item]), abs(x - x1[item]))
                dy = max(abs(y - y0[item]), abs(y - y1[item]))
                dz = max(abs(z - z0[item]), abs(z - z1[item]))
                least = float(radius0[item] + uncertainty)
                if trades_met[item] & before == NO_BIT and reaches(
                    dx * dx + dy * dy + dz * dz, least, road, end, curve, steps
                ):
                    all_able = yearly >= 0.0 and one_need and mid0[item] >= yearly
                    if all_able or yearly < 0.0 or mid1[item] < yearly:
                        found += last - first
                        able += last - first if all_able else 0
                        continue
            if item < supers:
                lower, stop = first // BLOCK, (last + BLOCK - 1) // BLOCK
                continue
            for row in range(max(first, low), min(last, high)):
                if not (kinds >> kind_of[row]) & 1 or (ess_only and not ess_of[row]):
                    continue
                dx, dy, dz = xs[row] - x, ys[row] - y, zs[row] - z
                square = dx * dx + dy * dy + dz * dz
                if zoned and some(area0[row], area1[row]):
                    if not holds(area0[row], area1[row], here0, here1):
                        continue
                elif not reaches(square, float(radii[row] + uncertainty), road, end, curve, steps):
                    continue
                if not plain and math.sqrt(square) * road / 1000.0 > within:
                    continue
                if trades_of[row] & before != NO_BIT and serves(row, square, lot, before, rows, lots, rules):
                    continue
                alone = yearly >= 0.0 and mids[row] >= yearly
                if alone and not one_need:
                    alone = serves_all(row, square, lot, rows, lots, rules)
                if alone or not solo_only:
                    found += 1
                    able += alone
        supply[place] += found
        solo[place] += able
