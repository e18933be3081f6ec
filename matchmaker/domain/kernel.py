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
    bound_of,
    capacity_of,
    decay,
    entry,
    evidence_of,
    in_reach,
    inner,
    serves,
    serves_all,
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

    ``blocks`` holds the bounds of the superblocks, then those of the blocks.
    """
    count = (len(rows.id) + BLOCK - 1) // BLOCK
    supers = (count + SUPER - 1) // SUPER
    head, following = np.full(BUCKETS, -1), np.empty(supers + count, np.int64)
    bounds, texts = np.empty(supers + count), np.zeros(count)
    wanted = np.zeros(int(words.term[-1]) + 1 if len(words.term) else 0)
    fits, ways = np.empty(64), np.empty(64, np.int64)
    size = top.score.shape[1]
    for place in places:
        lot = asked[place]
        x, y, z = float(lots.x[lot]), float(lots.y[lot]), float(lots.z[lot])
        uncertainty, yearly, within = lots.uncertainty_m[lot], lots.yearly[lot], lots.within_km[lot]
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
        bucket, item, begin, end = 0, -1, 0, supers
        while True:
            for child in range(begin, end):
                text = 0.0
                if spoken and child >= supers:
                    text = min(1.0, texts[child - supers])
                elif spoken:
                    for block in range(child * SUPER, min(count, (child + 1) * SUPER)):
                        text = max(text, min(1.0, texts[block]))
                bound = bound_of(blocks, child, lot, x, y, z, fit, text, lots, rules)
                if bound >= 0.0 and (top.held[place] < size or bound >= top.score[place, 0]):
                    slot = min(BUCKETS - 1, int(bound * PER_POINT))
                    bounds[child], following[child], head[slot] = bound, head[slot], child
                    bucket = max(bucket, slot)
            begin = end
            while bucket >= 0 and head[bucket] < 0:
                bucket -= 1
            if bucket < 0:
                break
            item = head[bucket]
            head[bucket] = following[item]
            if top.held[place] == size and bounds[item] < top.score[place, 0]:
                continue
            if item < supers:
                begin, end = supers + item * SUPER, min(supers + count, supers + (item + 1) * SUPER)
                continue
            first = max(low, (item - supers) * BLOCK)
            for row in range(first, min(high, (item - supers + 1) * BLOCK)):
                if not (lots.kinds[lot] >> rows.kind[row]) & 1 or (lots.ess_only[lot] and not rows.ess[row]):
                    continue
                dx, dy, dz = rows.x[row] - x, rows.y[row] - y, rows.z[row] - z
                square = dx * dx + dy * dy + dz * dz
                widest = float(rows.radius_m[row] + uncertainty)
                if not in_reach(square, widest, rules):
                    continue
                chord = math.sqrt(square)
                if chord * rules.road / 1000.0 > within:
                    continue
                text = text_of(row, rows, wanted) if spoken else 0.0
                distance = decay(chord * rules.road / widest, rules.decay, rules.steps)
                capacity = capacity_of(rows.low[row], rows.mid[row], rows.high[row], yearly, rules.unknown_capacity)
                same = 1.0 if rows.buyers[row] & lots.buyer[lot] else 0.0
                evidence = evidence_of(rows.wins[row], same, rules.wins_full, rules.same_buyer)
                ess, trust = float(rows.ess[row]), rows.trust[row]
                score, best = OUT, 0
                for way in range(many):
                    one = total(rules.weights, fits[way] * trust, text, distance, capacity, evidence, ess)
                    if one > score:
                        score, best = one, ways[way]
                if top.held[place] == size and score < top.score[place, 0]:
                    continue
                if lots.solo_only[lot] and not serves_all(row, square, lot, rows, lots, rules):
                    continue
                again = (rows.trades[row] & others) != NO_BIT
                _offer(top, place, score, rows.id[row], best, row, again)
        if spoken:
            want(lot, 0.0, lots, wanted)
            texts[:] = 0.0


@entry
def tell(
    trade: int, rows: Any, words: Any, lots: Any, rules: Any, asked: Array, places: Array, top: Any, details: Any
) -> None:
    """The parts of the firms found by one trade."""
    wanted = np.zeros(int(words.term[-1]) + 1 if len(words.term) else 0)
    for place in places:
        lot = asked[place]
        x, y, z = float(lots.x[lot]), float(lots.y[lot]), float(lots.z[lot])
        want(lot, 1.0, lots, wanted)
        for spot in range(top.held[place]):
            way, row = top.way[place, spot], top.row[place, spot]
            if lots.way_trade[way] != trade:
                continue
            dx, dy, dz = rows.x[row] - x, rows.y[row] - y, rows.z[row] - z
            square = dx * dx + dy * dy + dz * dz
            chord, widest = math.sqrt(square), float(rows.radius_m[row] + lots.uncertainty_m[lot])
            same = 1.0 if rows.buyers[row] & lots.buyer[lot] else 0.0
            parts = details.parts[place, spot]
            parts[0] = lots.way_fit[way] * rows.trust[row]
            parts[1] = text_of(row, rows, wanted) if len(wanted) else 0.0
            parts[2] = decay(chord * rules.road / widest, rules.decay, rules.steps)
            parts[3] = capacity_of(
                rows.low[row], rows.mid[row], rows.high[row], lots.yearly[lot], rules.unknown_capacity
            )
            parts[4] = evidence_of(rows.wins[row], same, rules.wins_full, rules.same_buyer)
            parts[5] = float(rows.ess[row])
            details.distance_km[place, spot] = chord * rules.road / 1000.0
            details.radius_km[place, spot] = widest / 1000.0
            served = NO_BIT
            for need in range(lots.need_ptr[lot], lots.need_ptr[lot + 1]):
                if serves(row, square, lot, lots.need[need], rows, lots, rules):
                    served |= ONE_BIT << np.uint64(need - lots.need_ptr[lot])
            details.served[place, spot] = served
            details.solo[place, spot] = serves_all(row, square, lot, rows, lots, rules)
        want(lot, 0.0, lots, wanted)
