"""Why a border is where it is: what each commune beside it would change by passing to the other lot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from allotment.domain import subsets
from allotment.domain.bidders import Supply
from allotment.domain.compact import Shapes, only
from allotment.domain.need import Need
from allotment.domain.optimise import Wish, amounts_of, gains
from consortia.domain.engine import engine

ENOUGH = 9  # candidates counted for a lot


@dataclass(frozen=True, slots=True)
class Side:
    """A lot as it is and as it would be: candidates (``ENOUGH``: or more), ESS and inclusive firms enough, euros."""

    lot: int
    candidates: tuple[int, int]
    social: tuple[bool, bool]
    eur: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Move:
    """``communes`` pass from ``giver`` to ``taker`` (places of the lots); ``gain_eur``: what the objective gains."""

    communes: tuple[str, ...]
    giver: Side
    taker: Side
    gain_eur: int


def moves(need: Need, shapes: Shapes, supply: Supply, wish: Wish, parts: Sequence[tuple[int, int]]) -> list[Move]:
    """Every cell beside a border between lots of the same trades that can pass, each lot staying in one piece.

    One count of a few dozen sets: some milliseconds.
    """
    found = list(_movable(shapes, parts))
    if not found:
        return []
    held = sorted({one for giver, taker, bit in found for one in _sets(parts[giver][1], parts[taker][1], bit)})
    sets = np.array(held, dtype=np.int64)
    some = only(shapes, sets)
    groups = np.arange(1, 1 << len(need.trades), dtype=np.int64)
    counts = supply.count((some.inside, some.start), groups, max(ENOUGH, wish.bidders))
    amounts, worth = amounts_of(need, some, supply), gains(need, some, supply, counts, wish)
    place = {one: number for number, one in enumerate(held)}

    def side(lot: int, group: int, before: int, after: int) -> Side:
        one, other = place[before], place[after]
        number = counts.candidates
        return Side(
            lot,
            (int(number[one, group - 1]), int(number[other, group - 1])),
            (bool(counts.social[one, group - 1]), bool(counts.social[other, group - 1])),
            (int(amounts[one, group - 1]), int(amounts[other, group - 1])),
        )

    told = []
    for giver, taker, bit in found:
        group = parts[giver][0]
        mine, less, theirs, more = _sets(parts[giver][1], parts[taker][1], bit)
        before, after = (
            sum(int(worth[place[one], group - 1]) for one in pair) for pair in ((mine, theirs), (less, more))
        )
        told.append(
            Move(shapes.cells[bit], side(giver, group, mine, less), side(taker, group, theirs, more), after - before)
        )
    return told


def _sets(mine: int, theirs: int, bit: int) -> tuple[int, int, int, int]:
    return mine, mine & ~(1 << bit), theirs, theirs | 1 << bit


def _movable(shapes: Shapes, parts: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    near = shapes.near.tolist()
    for giver, taker in permutations(range(len(parts)), 2):
        (group, mine), (other, theirs) = parts[giver], parts[taker]
        if group != other:
            continue
        for bit in range(len(shapes.cells)):
            rest = mine & ~(1 << bit)
            if mine >> bit & 1 and rest and near[bit] & theirs and engine(subsets).in_one_piece(rest, shapes.near):
                yield giver, taker, bit
