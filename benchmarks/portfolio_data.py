"""A synthetic territory for the portfolio: firms clustered in towns, small capacities, each lot with a few teams.

Skewed like real data: town sizes follow Zipf, capacities and amounts are log-normal, near firms come back in most
teams of their town, and a lot that a firm can do alone has that firm as its own team.
"""

from __future__ import annotations

import numpy as np

from consortia.domain.portfolio import Column, Portfolio

FIRMS_A_LOT = 4.1
TOWNS_A_LOT = 0.06
MEMBERS = (0.2, 0.36, 0.28, 0.16)  # share of columns with 1, 2, 3, 4 firms
COLUMNS = (2, 10)  # of a lot
TRIES = 16  # teams drawn for a lot, of which only the able are kept
NEAR = 20  # firms of the trade within reach of a lot
AMOUNT = 70_000  # median of a lot, euros a year
CALLED = 17  # one firm in so many is called far more often than the others


def territory(lots: int, seed: int = 1, objective: str = "lots") -> Portfolio:
    """``lots`` lots, about 4.6 columns each; a lot is worth one, or its euros a year."""
    rng = np.random.default_rng(seed)
    towns = max(3, round(lots * TOWNS_A_LOT))
    size = 1.0 / np.arange(1, towns + 1) ** 0.9
    size /= size.sum()
    home = rng.choice(towns, size=round(lots * FIRMS_A_LOT), p=size)
    capacity = np.maximum(4_000, rng.lognormal(np.log(60_000), 1.0, home.size)).astype(int)
    firms = [np.flatnonzero(home == town) for town in range(towns)]
    columns: list[Column] = []
    for lot in range(lots):
        near = _near(rng, int(rng.choice(towns, p=size)), firms)
        amount = int(max(8_000, rng.lognormal(np.log(AMOUNT), 0.9)))
        teams: dict[tuple[int, ...], list[int]] = {}
        wanted = int(rng.integers(*COLUMNS))
        for _ in range(TRIES):
            team = _team(rng, near)
            if len(teams) < wanted and (shares := _shares(amount, capacity[list(team)])):
                teams.setdefault(team, shares)
        value = 1 if objective == "lots" else amount
        for team, shares in teams.items():
            columns.append(Column(len(columns), lot, value, tuple(zip(team, shares, strict=True))))
    return Portfolio(tuple(columns), dict(enumerate(capacity.tolist())))


def _near(rng: np.random.Generator, town: int, firms: list[np.ndarray]) -> np.ndarray:
    """Firms of the trade around a place: a few dozen of the town and of the next ones, some called far more often."""
    around = np.concatenate([firms[(town + step) % len(firms)] for step in range(3)])
    weight = 1.0 / (1 + around % CALLED)
    wanted = min(around.size, NEAR)
    if wanted < 2:
        return np.concatenate(firms[:3])[:NEAR]
    return rng.choice(around, size=wanted, replace=False, p=weight / weight.sum())


def _team(rng: np.random.Generator, near: np.ndarray) -> tuple[int, ...]:
    members = min(near.size, 1 + int(rng.choice(4, p=MEMBERS)))
    pull = 1.0 / np.arange(1, near.size + 1)
    return tuple(sorted(int(firm) for firm in rng.choice(near, size=members, replace=False, p=pull / pull.sum())))


def _shares(amount: int, capacity: np.ndarray) -> list[int] | None:
    """Parts within each member's capacity, in proportion to it; None when the team cannot."""
    if capacity.sum() < amount:
        return None
    return np.maximum(1, (amount * capacity / capacity.sum()).astype(int)).tolist()
