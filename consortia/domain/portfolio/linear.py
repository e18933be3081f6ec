"""The linear relaxation and the integer programme of a component (HiGHS, inside scipy), and bounds that hold exactly.

HiGHS computes in floating point: its answers are hints. A bound is recomputed here in whole numbers from the dual
prices, or rounded outward by more than the solver's tolerances, before anyone calls it proven.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_array, csr_array

from consortia.domain.portfolio.reduce import Choice, Component, Row

SCALE = 2**50  # dual prices become whole numbers of 1/SCALE
ABSOLUTE, RELATIVE = 1e-6, 1e-9  # a column, and of the value: above HiGHS's own tolerances (1e-7, 1e-9)


@dataclass(frozen=True, slots=True)
class Model:
    """A component as arrays. Rows are lots first, then binding rows, each divided by its room (a row of ones)."""

    choices: tuple[Choice, ...]
    lot_of: NDArray[np.int64]
    values: NDArray[np.float64]
    matrix: csr_array
    upper: NDArray[np.float64]
    rows: tuple[Row, ...]
    lots: int


def model(component: Component) -> Model:
    choices = tuple(choice for lot in component.lots for choice in lot)
    lot_of = np.repeat(np.arange(len(component.lots)), [len(lot) for lot in component.lots])
    rows = tuple(component.room)
    place = {row: len(component.lots) + number for number, row in enumerate(rows)}
    taken = [
        (place[row], column, eur / component.room[row] if component.room[row] else 1.0)
        for column, choice in enumerate(choices)
        for row, eur in choice.takes.items()
    ]
    at, column, share = np.array(taken, dtype=float).reshape(-1, 3).T
    n, lots = len(choices), len(component.lots)
    data = np.concatenate([np.ones(n), share])
    where = (np.concatenate([lot_of, at.astype(int)]), np.concatenate([np.arange(n), column.astype(int)]))
    upper = np.array([1.0] * lots + [1.0 if component.room[row] else 0.0 for row in rows])
    matrix = csr_array(coo_array((data, where), shape=(lots + len(rows), n)))
    return Model(choices, lot_of, np.array([one.value for one in choices], dtype=float), matrix, upper, rows, lots)


@dataclass(frozen=True, slots=True)
class Relaxed:
    """The linear relaxation: what it would take of each choice, and the price of each binding row (1/SCALE)."""

    taken: NDArray[np.float64]
    prices: Mapping[Row, int]


def relax(component: Component, built: Model) -> Relaxed:
    """Solve the relaxation. The prices are those of euros (or units) of the row, never negative."""
    found = linprog(-built.values, A_ub=built.matrix, b_ub=built.upper, bounds=(0, None), method="highs-ipm")
    if found.x is None:  # HiGHS gave up: without a price the bound is still right, only loose
        return Relaxed(np.zeros(len(built.choices)), dict.fromkeys(built.rows, 0))
    marginal = -found.ineqlin.marginals[built.lots :]
    prices = {
        row: max(0, round(SCALE * price / (component.room[row] or 1)))
        for row, price in zip(built.rows, marginal, strict=True)
    }
    return Relaxed(found.x, prices)


def worth(choice: Choice, prices: Mapping[Row, int]) -> int:
    """What a choice is worth once what it takes is paid at these prices (1/SCALE)."""
    return SCALE * choice.value - sum(prices[row] * eur for row, eur in choice.takes.items())


def priced_bound(component: Component, prices: Mapping[Row, int]) -> int:
    """No plan of the component is worth more (1/SCALE): Lagrangian bound, exact whatever the prices are."""
    room = sum(prices[row] * eur for row, eur in component.room.items())
    return room + sum(max(0, *(worth(choice, prices) for choice in lot)) for lot in component.lots)


@dataclass(frozen=True, slots=True)
class Programmed:
    """What the integer programme found: columns taken (places), or None, and a bound rounded outward."""

    taken: list[int] | None
    bound: float


def programme(built: Model, seconds: float, known: int = 0) -> Programmed:
    """Solve the integer programme for at most ``seconds``; ``known`` is a value already reached."""
    n = len(built.choices)
    found = milp(
        -built.values,
        constraints=LinearConstraint(built.matrix, -np.inf, built.upper),
        bounds=Bounds(0, 1),
        integrality=np.ones(n),
        options={"time_limit": max(0.05, seconds), "mip_rel_gap": 0.0},
    )
    lowest = found.mip_dual_bound
    bound = math.inf if lowest is None or not math.isfinite(lowest) else -lowest
    taken = None if found.x is None else np.flatnonzero(found.x > 0.5).tolist()
    return Programmed(taken, max(float(known), bound + ABSOLUTE * n + RELATIVE * abs(bound)))
