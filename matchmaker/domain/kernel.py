"""The search itself, compiled by numba: exact best firms of lots in one trade, best blocks first.

Every function works on the columns of one segment and on many lots; what a lot found in one trade is kept in its heap
for the next. A block is opened in the order of the best score anything inside could have, and the search ends when that
is STRICTLY below the last score kept: ties go to the smaller id, wherever it stands. Bounds go through the same
operations as scores, each of which is monotone, rounding included: so they are safe to the last bit.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from matchmaker.domain.blocks import BLOCK, SUPER
from matchmaker.domain.compiled import (
    NO_BIT,
    ONE_BIT,
    OUT,
    Array,
    apart,
    at_least,
    capacity_of,
    decay,
    entry,
    evidence_of,
    holds,
    inner,
    reaches,
    serves,
    serves_all,
    some,
    text_of,
    total,
    want,
)

BUCKETS = 512
PER_POINT = 5.0  # buckets for each point of score


class Top(NamedTuple):
    """Best firms so far, one line a lot: a heap with the worst one first, then sorted, best first."""

    held: Array  # i8, how many
    score: Array  # f8, (lots, k)
    id: Array  # i8
    way: Array  # i8, place in Lots.way_*
    row: Array  # i8, in the segment of that way


class Details(NamedTuple):
    """What is told of the firms of a :class:`Top`, same places."""

    parts: Array  # f8, (lots, k, 6)
    distance_km: Array  # f8, (lots, k)
    radius_km: Array
    served: Array  # u8
    solo: Array  # bool


# ---------------------------------------------------------------- a heap, worst first


@inner
def _worse(score: Array, firm: Array, one: int, other: int) -> bool:
    return bool(score[one] < score[other] or (score[one] == score[other] and firm[one] > firm[other]))


@inner
def _swap(top: Any, lot: int, one: int, other: int) -> None:
    for column in (top.id, top.way, top.row):
        column[lot, one], column[lot, other] = column[lot, other], column[lot, one]
    top.score[lot, one], top.score[lot, other] = top.score[lot, other], top.score[lot, one]


@inner
def _sink(top: Any, lot: int, spot: int, held: int) -> None:
    score, firm = top.score[lot], top.id[lot]
    while True:
        child = 2 * spot + 1
        if child >= held:
            return
        if child + 1 < held and _worse(score, firm, child + 1, child):
            child += 1
        if not _worse(score, firm, child, spot):
            return
        _swap(top, lot, spot, child)
        spot = child


@inner
def _set(top: Any, lot: int, spot: int, score: float, firm: int, way: int, row: int) -> None:
    top.score[lot, spot] = score
    top.id[lot, spot] = firm
    top.way[lot, spot] = way
    top.row[lot, spot] = row


@inner
def _offer(top: Any, lot: int, score: float, firm: int, way: int, row: int, again: bool) -> None:
    """Keep a firm if it is among the best; ``again``: it may be there already, by another way."""
    held, size = top.held[lot], top.score.shape[1]
    if again:
        for spot in range(held):
            if top.id[lot, spot] == firm:
                known = top.score[lot, spot]
                if score > known or (score == known and way < top.way[lot, spot]):
                    _set(top, lot, spot, score, firm, way, row)
                    _sink(top, lot, spot, held)
                return
    if held < size:
        _set(top, lot, held, score, firm, way, row)
        top.held[lot] = held + 1
        spot = held
        while spot > 0 and _worse(top.score[lot], top.id[lot], spot, (spot - 1) // 2):
            _swap(top, lot, spot, (spot - 1) // 2)
            spot = (spot - 1) // 2
    elif score > top.score[lot, 0] or (score == top.score[lot, 0] and firm < top.id[lot, 0]):
        _set(top, lot, 0, score, firm, way, row)
        _sink(top, lot, 0, held)


@entry
def order(top: Any, places: Array) -> None:
    """Heaps to lists, best first: the worst one goes last, again and again."""
    for lot in places:
        for end in range(top.held[lot] - 1, 0, -1):
            _swap(top, lot, 0, end)
            _sink(top, lot, 0, end)


# ---------------------------------------------------------------- the search


@inner
def _texts(lot: int, lots: Any, words: Any, texts: Array) -> None:
    """Adds to each block the most its firms' words can be worth, by rising word: the order of ``_text``."""
    spot = 0
    for word in range(lots.term_ptr[lot], lots.term_ptr[lot + 1]):
        spot += np.searchsorted(words.term[spot:], lots.term[word])
        if spot < len(words.term) and words.term[spot] == lots.term[word]:
            for met in range(words.ptr[spot], words.ptr[spot + 1]):
                texts[words.block[met]] += words.most[met] * lots.weight[word]


@entry
def improve(
    trade: int, rows: Any, blocks: Any, words: Any, lots: Any, rules: Any, asked: Array, places: Array,
    low: int, high: int, top: Any,
) -> None:  # fmt: skip
    """Offer every lot ``asked[place]`` the firms of one trade in rows ``low`` to ``high``; heaps are by place.

    ``blocks`` holds the bounds of the superblocks, then those of the blocks. Columns are named once, outside the loops:
    numba counts the references of an array each time a tuple is asked for it, which cost ten times the search.
    """
    ids, xs, ys, zs, radii = rows.id, rows.x, rows.y, rows.z, rows.radius_m
    lows, mids, highs, trusts = rows.low, rows.mid, rows.high, rows.trust
    kind_of, ess_of, wins_of, buyers_of, trades_of = rows.kind, rows.ess, rows.wins, rows.buyers, rows.trades
    area0, area1, met0, met1, area_floor = rows.area0, rows.area1, blocks.area0, blocks.area1, rules.area_floor
    ptr, term, weight = rows.ptr, rows.term, rows.weight
    x0, y0, z0, x1, y1, z1, radius1 = blocks.x0, blocks.y0, blocks.z0, blocks.x1, blocks.y1, blocks.z1, blocks.radius1
    low1, mid1, high1, trust1 = blocks.low, blocks.mid, blocks.high, blocks.trust
    kinds_met, ess_met, wins1, buyers_met = blocks.kinds, blocks.ess, blocks.wins, blocks.buyers
    road, end, curve, steps, unknown = rules.road, rules.end, rules.decay, rules.steps, rules.unknown_capacity
    wins_full, same_buyer = rules.wins_full, rules.same_buyer
    w0, w1, w2 = rules.weights[0], rules.weights[1], rules.weights[2]
    w3, w4, w5 = rules.weights[3], rules.weights[4], rules.weights[5]
    held, scores = top.held, top.score
    count = (len(ids) + BLOCK - 1) // BLOCK
    supers = (count + SUPER - 1) // SUPER
    head, following = np.full(BUCKETS, -1), np.empty(supers + count, np.int64)
    bounds, texts = np.empty(supers + count), np.zeros(count)
    wanted = np.zeros(int(words.term[-1]) + 1 if len(words.term) else 0)
    fits, ways = np.empty(64), np.empty(64, np.int64)
    size = scores.shape[1]
    for place in places:
        lot = asked[place]
        x, y, z = float(lots.x[lot]), float(lots.y[lot]), float(lots.z[lot])
        uncertainty, yearly, within = lots.uncertainty_m[lot], lots.yearly[lot], lots.within_km[lot]
        kinds, buyer = lots.kinds[lot], lots.buyer[lot]
        ess_only, solo_only = lots.ess_only[lot], lots.solo_only[lot]
        here0, here1 = lots.area0[lot], lots.area1[lot]
        placed = some(here0, here1)
        others = lots.trades[lot] & ~(ONE_BIT << np.uint64(trade))
        many, fit = 0, 0.0
        for way in range(lots.way_ptr[lot], lots.way_ptr[lot + 1]):
            if lots.way_trade[way] == trade:
                fits[many], ways[many] = lots.way_fit[way], way
                many += 1
                fit = max(fit, lots.way_fit[way])
        spoken = len(wanted) > 0 and lots.term_ptr[lot + 1] > lots.term_ptr[lot]
        if spoken:
            want(lot, 1.0, lots, wanted)
            _texts(lot, lots, words, texts)
        least = scores[place, 0] if held[place] == size else OUT
        bucket, item, begin, stop = 0, -1, 0, supers
        while True:
            for child in range(begin, stop):
                if kinds_met[child] & kinds == 0 or (ess_only and not ess_met[child]):
                    continue
                if solo_only and (yearly < 0.0 or mid1[child] < yearly):
                    continue
                dx, dy, dz = (
                    apart(x, x0[child], x1[child]),
                    apart(y, y0[child], y1[child]),
                    apart(z, z0[child], z1[child]),
                )
                square = dx * dx + dy * dy + dz * dz
                widest = float(radius1[child] + uncertainty)
                held_in = placed and holds(met0[child], met1[child], here0, here1)
                if not held_in and not reaches(square, widest, road, end, curve, steps):
                    continue
                chord = math.sqrt(square)
                if chord * road / 1000.0 > within:
                    continue
                text = 0.0
                if spoken and child >= supers:
                    text = min(1.0, texts[child - supers])
                elif spoken:
                    for block in range(child * SUPER, min(count, (child + 1) * SUPER)):
                        text = max(text, min(1.0, texts[block]))
                distance = decay(chord * road / widest, curve, steps)
                if held_in:
                    distance = at_least(distance, chord * road / widest, area_floor)
                capacity = capacity_of(low1[child], mid1[child], high1[child], yearly, unknown)
                same = 1.0 if buyers_met[child] & buyer else 0.0
                evidence = evidence_of(wins1[child], same, wins_full, same_buyer)
                ess, trust = float(ess_met[child]), trust1[child]
                bound = total(w0, w1, w2, w3, w4, w5, fit * trust, text, distance, capacity, evidence, ess)
                if bound >= least:
                    slot = min(BUCKETS - 1, int(bound * PER_POINT))
                    bounds[child], following[child], head[slot] = bound, head[slot], child
                    bucket = max(bucket, slot)
            begin = stop
            while bucket >= 0 and head[bucket] < 0:
                bucket -= 1
            if bucket < 0:
                break
            item = head[bucket]
            head[bucket] = following[item]
            if bounds[item] < least:
                continue
            if item < supers:
                begin, stop = supers + item * SUPER, min(supers + count, supers + (item + 1) * SUPER)
                continue
            first = max(low, (item - supers) * BLOCK)
            zoned = placed and some(met0[item], met1[item])
            for row in range(first, min(high, (item - supers + 1) * BLOCK)):
                if not (kinds >> kind_of[row]) & 1 or (ess_only and not ess_of[row]):
                    continue
                dx, dy, dz = xs[row] - x, ys[row] - y, zs[row] - z
                square = dx * dx + dy * dy + dz * dz
                widest = float(radii[row] + uncertainty)
                by_area = zoned and some(area0[row], area1[row])
                if by_area:
                    if not holds(area0[row], area1[row], here0, here1):
                        continue
                elif not reaches(square, widest, road, end, curve, steps):
                    continue
                chord = math.sqrt(square)
                if chord * road / 1000.0 > within:
                    continue
                text = text_of(row, ptr, term, weight, wanted) if spoken else 0.0
                distance = decay(chord * road / widest, curve, steps)
                if by_area:
                    distance = at_least(distance, chord * road / widest, area_floor)
                capacity = capacity_of(lows[row], mids[row], highs[row], yearly, unknown)
                same = 1.0 if buyers_of[row] & buyer else 0.0
                evidence = evidence_of(wins_of[row], same, wins_full, same_buyer)
                ess, trust = float(ess_of[row]), trusts[row]
                score, best = OUT, 0
                for way in range(many):
                    one = total(w0, w1, w2, w3, w4, w5, fits[way] * trust, text, distance, capacity, evidence, ess)
                    if one > score:
                        score, best = one, ways[way]
                if score < least:
                    continue
                if solo_only and not serves_all(row, square, lot, rows, lots, rules):
                    continue
                again = (trades_of[row] & others) != NO_BIT
                _offer(top, place, score, ids[row], best, row, again)
                least = scores[place, 0] if held[place] == size else OUT
        if spoken:
            want(lot, 0.0, lots, wanted)
            texts[:] = 0.0


@entry
def tell(
    trade: int, rows: Any, words: Any, lots: Any, rules: Any, asked: Array, places: Array, top: Any, details: Any
) -> None:
    """The parts of the firms found by one trade."""
    xs, ys, zs, radii = rows.x, rows.y, rows.z, rows.radius_m
    lows, mids, highs, trusts, ess_of = rows.low, rows.mid, rows.high, rows.trust, rows.ess
    wins_of, buyers_of, trades_of, declared = rows.wins, rows.buyers, rows.trades, rows.declared
    area0, area1, area_floor = rows.area0, rows.area1, rules.area_floor
    ptr, term, weight = rows.ptr, rows.term, rows.weight
    road, curve, steps, unknown = rules.road, rules.decay, rules.steps, rules.unknown_capacity
    wins_full, same_buyer = rules.wins_full, rules.same_buyer
    way_trade, way_fit, need_ptr, needs = lots.way_trade, lots.way_fit, lots.need_ptr, lots.need
    held, way_in, row_in = top.held, top.way, top.row
    parts, km, radius_km, served_in, solo = (
        details.parts,
        details.distance_km,
        details.radius_km,
        details.served,
        details.solo,
    )
    wanted = np.zeros(int(words.term[-1]) + 1 if len(words.term) else 0)
    for place in places:
        lot = asked[place]
        x, y, z = float(lots.x[lot]), float(lots.y[lot]), float(lots.z[lot])
        uncertainty, yearly, buyer = lots.uncertainty_m[lot], lots.yearly[lot], lots.buyer[lot]
        placed = some(lots.area0[lot], lots.area1[lot])
        want(lot, 1.0, lots, wanted)
        for spot in range(held[place]):
            way, row = way_in[place, spot], row_in[place, spot]
            if way_trade[way] != trade:
                continue
            dx, dy, dz = xs[row] - x, ys[row] - y, zs[row] - z
            square = dx * dx + dy * dy + dz * dz
            chord, widest = math.sqrt(square), float(radii[row] + uncertainty)
            same = 1.0 if buyers_of[row] & buyer else 0.0
            distance, by_area = decay(chord * road / widest, curve, steps), placed and some(area0[row], area1[row])
            if by_area:  # found, hence inside
                distance = at_least(distance, chord * road / widest, area_floor)
            parts[place, spot, 0] = way_fit[way] * trusts[row]
            parts[place, spot, 1] = text_of(row, ptr, term, weight, wanted) if len(wanted) else 0.0
            parts[place, spot, 2] = distance
            parts[place, spot, 3] = capacity_of(lows[row], mids[row], highs[row], yearly, unknown)
            parts[place, spot, 4] = evidence_of(wins_of[row], same, wins_full, same_buyer)
            parts[place, spot, 5] = float(ess_of[row])
            km[place, spot] = chord * road / 1000.0
            radius_km[place, spot] = widest / 1000.0
            served, all_met = NO_BIT, True
            for need in range(need_ptr[lot], need_ptr[lot + 1]):
                common = trades_of[row] & needs[need]
                met = common != NO_BIT and (
                    declared[row]
                    or by_area
                    or (common >> np.uint64(trade)) & ONE_BIT != NO_BIT
                    or serves(row, square, lot, common, rows, lots, rules)
                )
                if met:
                    served |= ONE_BIT << np.uint64(need - need_ptr[lot])
                all_met = all_met and met
            served_in[place, spot] = served
            solo[place, spot] = all_met and yearly >= 0.0 and mids[row] >= yearly
        want(lot, 0.0, lots, wanted)
