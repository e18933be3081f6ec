"""How winning falls with distance: fitted, not guessed.

Among the firms of a trade that stood at different distances, how much likelier was one in a ring to win than one next
door? Discrete choice with one weight a ring: a firm in ring r wins with chance h_r / sum of h over all candidates, so
that crowded rings get no credit for being crowded. Rings of small groups lean on those of the whole (shrinkage), and
the result never rises. Intervals draw buyers anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.isotonic import isotonic_regression

from matchmaker.domain.backtest.metrics import Figure
from matchmaker.domain.backtest.world import Floats

RINGS_KM = (5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0, 80.0, 120.0, 180.0, 300.0)  # outer edges; one more beyond
_TURNS = 60
SIZES = ((40_000, "moins de 40 k€ par an"), (200_000, "40 à 200 k€ par an"), (2**62, "plus de 200 k€ par an"))
UNSIZED = "montant inconnu"


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """One winner: how far it stood, and how many firms of its trade stood in each ring."""

    day: int
    trade: str
    size: str
    buyer: int
    km: float
    ring: int
    rings: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Decay:
    """Fall of one group. ``curve`` by ring, 1 in the first; ``bands`` (2, rings). ``radius``: what leaves a stated
    share of winners in reach, with its interval; ``shipped`` the one in force (0 for groups that are no trade)."""

    key: str
    label: str
    winners: int
    curve: Floats
    bands: Floats
    half_km: float
    radius: Figure
    shipped: float
    enough: bool


def ring_of(km: Floats) -> Floats:
    """Number of the ring of each distance."""
    return np.searchsorted(np.array(RINGS_KM), km, side="left").astype(np.float64)


def chosen(day: int, trade: str, yearly_eur: int | None, buyer: int, km: float, others_km: Floats) -> Chosen:
    """``others_km``: of all candidates of the trade, the winner included."""
    size = UNSIZED if yearly_eur is None else next(label for edge, label in SIZES if yearly_eur < edge)
    counts = np.bincount(ring_of(others_km).astype(np.int64), minlength=len(RINGS_KM) + 1).astype(np.float64)
    return Chosen(day, trade, size, buyer, km, int(ring_of(np.array([km]))[0]), counts)


def curve_of(rows: Sequence[Chosen], times: Floats, prior: Floats | None = None, strength: float = 0.0) -> Floats:
    """Weights by ring, 1 in the first, never rising. ``times``: how often each winner counts."""
    counts = np.array([row.rings for row in rows]).reshape(len(rows), -1)
    wins = np.bincount([row.ring for row in rows], weights=times, minlength=len(RINGS_KM) + 1)
    towards = np.ones(len(wins)) if prior is None else prior
    pull = strength * (towards / towards.sum())  # winners that the prior weighs, spread as it would have them
    weight = towards.copy()
    for _ in range(_TURNS):  # fixed point of the likelihood's equations, ring by ring
        whole = np.maximum(counts @ weight, 1e-12)
        expected = (times / whole) @ counts
        weight = (wins + pull + 1e-9) / (expected + pull / np.maximum(towards, 1e-9) + 1e-9)
        weight /= weight.max()
    seen = (times / np.maximum(counts @ weight, 1e-12)) @ counts + 1e-9
    falling = isotonic_regression(weight, sample_weight=seen, increasing=False)
    kept: Floats = np.asarray(falling, dtype=np.float64) / max(float(falling[0]), 1e-12)
    return kept


def radius_of(km: Floats, times: Floats, share: float, reach_end: float, pool_km: Floats, pull: float) -> float:
    """Least radius that leaves ``share`` of winners in reach (``reach_end`` radii); ``pull`` of the pool join."""
    spread = np.full(len(pool_km), pull / max(1, len(pool_km)))
    all_km, weight = np.concatenate([km, pool_km]), np.concatenate([times, spread])
    order = np.argsort(all_km, kind="stable")
    sums = np.cumsum(weight[order])
    at = min(int(np.searchsorted(sums, share * sums[-1])), len(order) - 1)
    return float(all_km[order][at]) / reach_end


@dataclass(frozen=True, slots=True)
class Rules:
    """Parameters of the fit."""

    share: float  # of winners that a radius must reach
    enough: int  # winners from which a group speaks for itself
    strength: float  # winners that the whole weighs in a group
    reach_end: float  # radii at which the formula's curve ends
    times: int  # bootstrap draws
    seed: int


def fitted(rows: Iterable[Chosen], labels: Mapping[str, tuple[str, float]], rules: Rules) -> list[Decay]:
    """The whole, each size of contract, and each trade of ``labels`` (label, shipped radius) that has winners."""
    kept = list(rows)
    if not kept:
        return []
    whole = curve_of(kept, np.ones(len(kept)))
    every_km = np.array([row.km for row in kept])
    groups: list[tuple[str, str, list[Chosen], float]] = [("", "tous métiers", kept, 0.0)]
    sizes = [label for _, label in SIZES] + [UNSIZED]
    groups += [(f"size{at}", label, [row for row in kept if row.size == label], 0.0) for at, label in enumerate(sizes)]
    groups += [
        (code, label, [row for row in kept if row.trade == code], shipped) for code, (label, shipped) in labels.items()
    ]
    return [_decay(key, label, mine, shipped, whole, every_km, rules) for key, label, mine, shipped in groups if mine]


def _decay(
    key: str, label: str, rows: list[Chosen], shipped: float, whole: Floats, every_km: Floats, rules: Rules
) -> Decay:
    pull = rules.strength if key else 0.0
    km, ones = np.array([row.km for row in rows]), np.ones(len(rows))
    curve = curve_of(rows, ones, whole, pull)
    radius = radius_of(km, ones, rules.share, rules.reach_end, every_km, pull)
    curves, radii = [], []
    dice = np.random.default_rng(rules.seed)
    _, buyer = np.unique([row.buyer for row in rows], return_inverse=True)
    buyers = int(buyer.max()) + 1
    for _ in range(rules.times):
        times = dice.multinomial(buyers, np.full(buyers, 1 / buyers))[buyer].astype(np.float64)
        curves.append(curve_of(rows, times, whole, pull))
        radii.append(radius_of(km, times, rules.share, rules.reach_end, every_km, pull))
    bands = np.quantile(np.array(curves), (0.025, 0.975), axis=0)
    low, high = np.quantile(radii, (0.025, 0.975))
    below = np.flatnonzero(curve < 0.5)
    edges = (*RINGS_KM, float("inf"))
    half = edges[below[0] - 1] if len(below) else float("inf")
    figure = Figure(radius, float(low), float(high))
    return Decay(key, label, len(rows), curve, bands, half, figure, shipped, len(rows) >= rules.enough)


def proposals(decays: Iterable[Decay]) -> dict[str, float]:
    """Radii in whole km of trades with winners enough whose interval leaves the one in force out."""
    return {
        one.key: float(max(1, round(one.radius.value)))
        for one in decays
        if one.shipped and one.enough and not one.radius.low <= one.shipped <= one.radius.high
    }


def quick_radii(rows: Sequence[Chosen], rules: Rules) -> dict[str, float]:
    """Radii of trades with winners enough, without intervals: what a fold learns on the way."""
    if not rows:
        return {}
    every_km = np.array([row.km for row in rows])
    found = {}
    for trade in sorted({row.trade for row in rows}):
        km = np.array([row.km for row in rows if row.trade == trade])
        if len(km) >= rules.enough:
            radius = radius_of(km, np.ones(len(km)), rules.share, rules.reach_end, every_km, rules.strength)
            found[trade] = float(max(1, round(radius)))
    return found
