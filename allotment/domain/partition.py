"""The best way to part communes into sets of a list, at most so many: prices first, then a search that proves.

``relax`` solves the linear relaxation (revised simplex, floating point): its prices are hints. With whole prices ``y``
and a whole price ``c`` of a lot such that no set is worth more than it pays, a parting into ``q <= L`` sets is worth
exactly ``sum y + c L - (sum of penalties + c (L - q))``: the first two terms bound every parting, the rest is what
``search`` makes least, in whole numbers, so that every pruning is exact. Plain functions, compiled by ``engine``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

SMALL = 1e-9
LISTED = 256  # sets looked at between two looks at all of them
PIVOTS = 4_000
ANEW = 64  # pivots between two inversions
PROBES = 8


# ---------------------------------------------------------------- prices


def relax(worth: Any, inside: Any, start: Any, basis: Any, cost: float, tolerance: float) -> Any:
    """Price of each commune when a lot costs ``cost``: (prices, lots of the relaxation). ``basis`` goes on from call to
    call; at first the sets of one commune each, in order."""
    rows = len(basis)
    ask = np.empty(rows)
    for row in range(rows):
        ask[row] = 1.0 + 1e-6 * ((row * 7919 + 13) % 101 + 1)  # unequal, so that no pivot is void
    inverse = np.empty((rows, rows))
    taken = np.empty(rows)
    prices = np.empty(rows)
    way = np.empty(rows)
    gains = np.empty(len(worth))
    listed = np.empty(LISTED, dtype=np.int64)
    _invert(inside, start, basis, inverse)
    taken[:] = inverse @ ask
    held = 0
    for pivot in range(PIVOTS):
        if pivot % ANEW == ANEW - 1:
            _invert(inside, start, basis, inverse)
            taken[:] = inverse @ ask
            held = 0
        prices[:] = 0.0
        for row in range(rows):
            gain = worth[basis[row]] - cost
            for column in range(rows):
                prices[column] += gain * inverse[row, column]
        best, most = -1, tolerance
        for place in range(held):
            gain = _gain(listed[place], worth, inside, start, prices, cost)
            if gain > most:
                best, most = int(listed[place]), gain
        if best < 0:
            held = _list(worth, inside, start, prices, cost, tolerance, gains, listed)
            if held == 0:
                break
            best = int(listed[0])
        way[:] = 0.0
        for at in range(start[best], start[best + 1]):
            for row in range(rows):
                way[row] += inverse[row, inside[at]]
        leaving, step = -1, 1e300
        for row in range(rows):
            if way[row] > SMALL and taken[row] < step * way[row]:
                leaving, step = row, max(0.0, taken[row] / way[row])
        if leaving < 0:
            break
        _pivot(inverse, taken, way, leaving, step)
        basis[leaving] = best
    lots = 0.0
    for row in range(rows):
        for column in range(rows):
            lots += inverse[row, column]
    return prices, lots


def _invert(inside: Any, start: Any, basis: Any, inverse: Any) -> None:
    matrix = np.zeros((len(basis), len(basis)))
    for row in range(len(basis)):
        for at in range(start[basis[row]], start[basis[row] + 1]):
            matrix[inside[at], row] = 1.0
    inverse[:, :] = np.linalg.inv(matrix)


def _gain(number: int, worth: Any, inside: Any, start: Any, prices: Any, cost: float) -> float:
    gain = worth[number] - cost
    for at in range(start[number], start[number + 1]):
        gain -= prices[inside[at]]
    return float(gain)


def _list(
    worth: Any, inside: Any, start: Any, prices: Any, cost: float, tolerance: float, gains: Any, listed: Any
) -> int:
    """The set that gains most, then others that gain about as much."""
    best, most = -1, tolerance
    for number in range(len(worth)):
        gains[number] = _gain(number, worth, inside, start, prices, cost)
        if gains[number] > most:
            best, most = number, gains[number]
    if best < 0:
        return 0
    listed[0] = best
    held = 1
    for number in range(len(worth)):
        if gains[number] > 0.25 * most and number != best and held < len(listed):
            listed[held] = number
            held += 1
    return held


def _pivot(inverse: Any, taken: Any, way: Any, leaving: int, step: float) -> None:
    rows = len(taken)
    for column in range(rows):
        inverse[leaving, column] /= way[leaving]
    for row in range(rows):
        if row != leaving and way[row] != 0.0:
            for column in range(rows):
                inverse[row, column] -= way[row] * inverse[leaving, column]
            taken[row] = max(0.0, taken[row] - step * way[row])
    taken[leaving] = step


# ---------------------------------------------------------------- the search


def search(
    sets: Any, penalty: Any, waste: Any, spare: int, first: Any, near: Any, most: int, slack: int, whole: int,
    ceiling: int, node_limit: int, size: int,
) -> Any:  # fmt: skip
    """Least penalty below ``ceiling`` of a parting into ``most`` sets or fewer: (it or -1, sets, nodes, cut short).

    ``sets`` by lowest commune, then by penalty; those of commune i start at ``first[i]``. ``slack`` is paid for each
    set fewer than ``most``. A parting wastes ``spare`` at most (see ``parting``). ``size``: a power of two, of the
    memory of partings begun that led nowhere. The last set is looked up, and what is left in more pieces than sets are
    left is given up at once.
    """
    index = _indexed(sets)
    known = np.zeros(size, dtype=np.int64)
    paid = np.zeros(size, dtype=np.int64)
    chosen = np.full(most, -1, dtype=np.int64)
    best = np.full(most, -1, dtype=np.int64)
    covered = np.zeros(most + 1, dtype=np.int64)
    sums = np.zeros(most + 1, dtype=np.int64)
    wasted = np.zeros(most + 1, dtype=np.int64)
    place = np.zeros(most + 1, dtype=np.int64)
    end = np.zeros(most + 1, dtype=np.int64)
    found, nodes, depth = -1, 0, 0
    place[0], end[0] = first[0], first[1]
    while depth >= 0:
        at = place[depth]
        if at >= end[depth] or sums[depth] + penalty[at] >= ceiling:
            depth -= 1
            continue
        place[depth] += 1
        if sets[at] & covered[depth] or wasted[depth] + waste[at] > spare:
            continue
        if nodes >= node_limit:
            return found, best, nodes, True
        nodes += 1
        chosen[depth] = at
        union = covered[depth] | sets[at]
        total = sums[depth] + penalty[at]
        if union == whole:
            total += slack * (most - depth - 1)
            if total < ceiling:
                ceiling, found = total, total
                best[:] = -1
                best[: depth + 1] = chosen[: depth + 1]
            continue
        rest, left = whole & ~union, most - depth - 1
        if left == 0:
            continue
        if left == 1:
            last = _number(rest, sets, index)
            if last >= 0 and total + penalty[last] < ceiling:
                ceiling = found = total + penalty[last]
                best[:] = -1
                best[: depth + 1] = chosen[: depth + 1]
                best[depth + 1] = last
            continue
        if total + slack * max(0, left - _size(rest)) >= ceiling or _pieces(rest, near, left) > left:
            continue
        if _seen(known, paid, union, depth + 1, total):
            continue
        depth += 1
        covered[depth], sums[depth] = union, total
        wasted[depth] = wasted[depth - 1] + waste[at]
        low = 0
        while union >> low & 1:
            low += 1
        place[depth], end[depth] = first[low], first[low + 1]
    return found, best, nodes, False


def _seen(known: Any, paid: Any, union: int, used: int, total: int) -> bool:
    """Whether these communes were already parted into as many sets for no more; else remember it."""
    key = union * 64 + used  # 56 communes at most: no two alike
    spot = _spot(key, len(known))
    for _ in range(PROBES):
        if known[spot] == key:
            if paid[spot] <= total:
                return True
            paid[spot] = total
            return False
        if known[spot] == 0:
            break
        spot = (spot + 1) & (len(known) - 1)
    known[spot], paid[spot] = key, total
    return False


def _indexed(sets: Any) -> Any:
    """Places of the sets by their bits: open addressing."""
    size = 64
    while size < 2 * len(sets):
        size *= 2
    index = np.full(size, -1, dtype=np.int64)
    for number in range(len(sets)):
        spot = _spot(sets[number], size)
        while index[spot] >= 0:
            spot = (spot + 1) & (size - 1)
        index[spot] = number
    return index


def _number(held: int, sets: Any, index: Any) -> int:
    spot = _spot(held, len(index))
    while index[spot] >= 0:
        if sets[index[spot]] == held:
            return int(index[spot])
        spot = (spot + 1) & (len(index) - 1)
    return -1


def _spot(key: int, size: int) -> int:
    return (key ^ key >> 37 ^ key >> 23 ^ key >> 11) & (size - 1)


def _pieces(held: int, near: Any, enough: int) -> int:
    """How many pieces these communes are in; counting stops above ``enough``."""
    pieces = 0
    while held and pieces <= enough:
        pieces += 1
        edge = held & -held
        held ^= edge
        while edge:
            bit = edge & -edge
            edge ^= bit
            low, place = bit, 0
            while low > 1:
                low >>= 1
                place += 1
            fresh = near[place] & held
            held ^= fresh
            edge |= fresh
    return pieces


def _size(held: int) -> int:
    size = 0
    while held:
        held &= held - 1
        size += 1
    return size
