"""A problem as columns of whole numbers: what the search reads instead of objects."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consortia.domain import hosting
from consortia.domain.engine import engine
from consortia.domain.problem import Candidate, Problem

BITS = 20
ONE = 1 << BITS  # what each scaled row asks for

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Columns(NamedTuple):
    """Candidates of the search, one a place (n); subsets of the needs by their bits (s = 2 ** needs)."""

    cost: Ints  # (n,) tenths of points
    most: Ints  # (s, n) euros a year a firm can do of a subset of the needs
    amounts: Ints  # (s,) euros a year of a subset
    turnover: Ints  # (n,) euros
    hours: Ints  # (n,) insertion hours a year hosted on the whole capacity
    capacity: Ints  # (n,) euros a year
    leads: Flags  # (n,) may be mandataire
    alone: Flags  # (n,) able alone (C1)
    asked: Ints  # (4,) least part, mandataire's part, turnover, hours


def columns(problem: Problem, pool: tuple[Candidate, ...]) -> Columns:
    """The columns of these candidates, in their order."""
    amount = problem.amount_eur
    facts = np.array(
        [(c.cost, c.turnover_eur, c.hours, c.capacity_eur, c.room_eur) for c in pool], dtype=np.int64
    ).reshape(len(pool), 5)
    cost, turnover, hours, capacity, room = np.ascontiguousarray(facts.T)
    amounts, most = _subsets(problem, pool, room)
    least, leading = (problem.lower_bound_eur(mandataire=flag) for flag in (False, True))
    parts = np.zeros(len(pool), dtype=np.int64)  # the most each can take of this lot
    for bit in range(len(problem.needs)):
        parts += np.minimum(most[1 << bit], amounts[1 << bit])
    may = np.array([c.experienced and not c.committed_mandataire for c in pool], dtype=np.bool_)
    alone = (
        (most >= amounts[:, None]).all(axis=0)
        & (turnover >= problem.turnover_required)
        & (hours * amount >= problem.alone_hours * capacity)
    )
    asked = np.array([least, leading, problem.turnover_required, problem.hours_required], dtype=np.int64)
    leads = may & (np.minimum(parts, room) >= leading)
    return Columns(cost, most, amounts, turnover, hours, capacity, leads, alone, asked)


def _subsets(problem: Problem, pool: tuple[Candidate, ...], room: Ints) -> tuple[Ints, Ints]:
    """Amount of each subset of needs (s,), and the most each firm can do of it (s, n)."""
    bit_of = {need.trade: bit for bit, need in enumerate(problem.needs)}
    bits = np.array([sum(1 << bit_of[t] for t in c.needs if t in bit_of) for c in pool], dtype=np.int64)
    single = [np.where(bits >> bit & 1, room, 0) for bit in range(len(problem.needs))]
    for place, candidate in enumerate(pool):
        for trade, cap in candidate.caps:
            if trade in candidate.needs and trade in bit_of:
                column = single[bit_of[trade]]
                column[place] = min(int(column[place]), cap)
    amounts = np.zeros(1 << len(single), dtype=np.int64)
    most = np.zeros((len(amounts), len(pool)), dtype=np.int64)
    for subset in range(1, len(amounts)):
        bit = subset.bit_length() - 1
        rest = subset ^ (1 << bit)
        amounts[subset] = amounts[rest] + problem.needs[bit].amount_eur
        np.add(most[rest], single[bit], out=most[subset])
    return amounts, np.minimum(most, room)


def rows_of(table: Columns) -> Ints:
    """Covering rows (m, n): whatever the size, the members of a lawful grouping add up to ``ONE`` in each.

    Hall's subsets, turnover, insertion hours and a possible mandataire, in fractions rounded up.
    """
    blocks = [_scaled(np.minimum(table.most[1:], table.amounts[1:, None]), table.amounts[1:])]
    turnover, hours = int(table.asked[2]), int(table.asked[3])
    if turnover:
        blocks.append(_scaled(np.minimum(table.turnover, turnover)[None], np.array([turnover])))
    if hours:
        blocks.append(_scaled(np.minimum(_hosted(table), hours)[None], np.array([hours])))
    blocks.append(np.where(table.leads, ONE, 0)[None])
    return np.ascontiguousarray(np.concatenate(blocks))


def _scaled(values: Ints, wanted: Ints) -> Ints:
    fractions: Ints = -(-(values << BITS) // wanted[:, None])
    return fractions


def _hosted(table: Columns) -> Ints:
    """Hours a year each hosts on all it can do of this lot, rounded up."""
    hosted: Ints = -(-(table.hours * np.minimum(table.most[-1], table.amounts[-1])) // np.maximum(table.capacity, 1))
    return hosted


def rows_of_size(table: Columns, size: int) -> list[Ints]:
    """Rows of the same form that hold for exactly ``size`` members."""
    rows = [_packing(table, size)]
    if table.asked[3]:
        rows.append(_most_hours(table, size))
    return rows


def _packing(table: Columns, size: int) -> Ints:
    """The least parts of members must fit in the needs they serve (Hoffman).

    Where those of firms bound to a subset W exceed it together: sum of excess <= amount of W, turned over.
    """
    least = int(table.asked[0])
    excess = np.maximum(least - table.most[::-1][1:], 0)  # [W - 1] = what lies outside of W cannot hold
    largest = excess.max(axis=1, initial=0)
    wanted = size * largest - table.amounts[1:]
    tight = np.flatnonzero(wanted > 0)
    return np.minimum(_scaled(largest[tight, None] - excess[tight], wanted[tight]), ONE)


def _most_hours(table: Columns, size: int) -> Ints:
    """Members gain, over the prices of hours in each need, what is asked beyond them (``hosting``)."""
    asked = float(table.asked[3])
    singles = [1 << bit for bit in range(len(table.amounts).bit_length() - 1)]
    amounts = table.amounts[singles].astype(np.float64)
    caps = np.minimum(table.most[singles], table.amounts[singles, None]).astype(np.float64)
    rate = table.hours / np.maximum(table.capacity, 1)
    room = table.most[-1].astype(np.float64)
    theta, gains = engine(hosting).hour_prices(rate, caps, room, amounts, float(table.asked[0]), size)
    lowest = float(gains.min())
    slack = 1e-6 * (1.0 + asked)  # hours, far above any rounding
    wanted = asked - float(theta @ amounts) - size * lowest - slack
    if wanted <= 0.0:
        return np.empty((0, len(rate)), dtype=np.int64)
    value = np.ceil((gains - lowest + slack) / wanted * ONE) + 1
    row: Ints = np.minimum(value, ONE).astype(np.int64)[None]
    return row
