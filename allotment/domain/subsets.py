"""Connected sets of communes, each once, as bits: plain functions on whole numbers that ``engine`` compiles.

A set is the bits of its communes, 62 at most. The set grows from its lowest commune by communes it touches; one passed
over is not looked at again below that point, so that no set is made twice.
"""

from __future__ import annotations

from typing import Any

import numpy as np

ONE = np.int64(1)


def connected(near: Any, far: Any, most: int, limit: int) -> Any:
    """Sets of at most ``most`` communes in one piece, none far from another; more than ``limit``: cut short there.

    ``near[i]``: bits of the communes that i touches; ``far[i]``: those too far from it to be in one lot.
    """
    count = len(near)
    found = np.empty(limit, dtype=np.int64)
    total = 0
    held = np.empty(most + 1, dtype=np.int64)  # by depth: the set, what may be added, what may not
    edge = np.empty(most + 1, dtype=np.int64)
    barred = np.empty(most + 1, dtype=np.int64)
    for first in range(count):
        held[0] = ONE << first
        barred[0] = (ONE << first) - ONE | far[first]
        edge[0] = near[first] & ~barred[0]
        if total == limit:
            return found
        found[total] = held[0]
        total += 1
        depth = 0
        while depth >= 0:
            free = edge[depth]
            if free == 0 or depth + 1 >= most:
                depth -= 1
                continue
            bit = free & -free
            edge[depth] ^= bit
            barred[depth] |= bit
            place = _place(bit)
            held[depth + 1] = held[depth] | bit
            barred[depth + 1] = barred[depth] | far[place]
            edge[depth + 1] = (edge[depth] | near[place]) & ~(held[depth + 1] | barred[depth + 1])
            if total == limit:
                return found
            found[total] = held[depth + 1]
            total += 1
            depth += 1
    return found[:total].copy()


def in_one_piece(held: int, near: Any) -> bool:
    """Whether the communes of a set can all be reached from one of them without leaving it."""
    reached = held & -held
    edge = reached
    while edge:
        bit = edge & -edge
        edge ^= bit
        fresh = near[_place(bit)] & held & ~reached
        reached |= fresh
        edge |= fresh
    return bool(held != 0 and reached == held)


def members(sets: Any) -> Any:
    """The communes of each set, one after the other: (places, start of each set and the end)."""
    start = np.zeros(len(sets) + 1, dtype=np.int64)
    for number in range(len(sets)):
        rest = sets[number]
        size = 0
        while rest:
            rest &= rest - ONE
            size += 1
        start[number + 1] = start[number] + size
    places = np.empty(start[-1], dtype=np.int64)
    at = 0
    for number in range(len(sets)):
        rest = sets[number]
        while rest:
            bit = rest & -rest
            places[at] = _place(bit)
            at += 1
            rest ^= bit
    return places, start


def _place(bit: int) -> int:
    """Which bit is set, of the 62."""
    place = 0
    if bit >> 32:
        bit >>= 32
        place += 32
    if bit >> 16:
        bit >>= 16
        place += 16
    if bit >> 8:
        bit >>= 8
        place += 8
    if bit >> 4:
        bit >>= 4
        place += 4
    if bit >> 2:
        bit >>= 2
        place += 2
    return place + (1 if bit >> 1 else 0)
