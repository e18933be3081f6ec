"""How well rankings place winners: expected ranks among ties, HR@k, MRR@k, bootstrap by buyer, calibration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from matchmaker.domain.backtest.world import Bools, Floats, Ints

HR_AT = (1, 5, 10, 20, 50)
MRR_AT = (10, 20, 50)
TOP = 20  # firms a page shows: where newcomers must be seen
_HARMONIC = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, max(MRR_AT) + 1))])


class Figure(NamedTuple):
    """A mean and its 95 % interval."""

    value: float
    low: float
    high: float


class Place(NamedTuple):
    """Candidates strictly before a winner, and how many share its place (itself included)."""

    before: int
    tied: int


def places_of(score: Floats, winners: Ints) -> list[Place]:
    """Where each winner stands among the candidates who did not win: a co-holder ahead does it no harm."""
    lost = np.ones(len(score), dtype=bool)
    lost[winners] = False
    others = score[lost]
    return [
        Place(int(np.count_nonzero(others > score[one])), int(np.count_nonzero(others == score[one])) + 1)
        for one in winners
    ]


def hit(place: Place, k: int) -> float:
    """Chance to be among the first k when ties are broken at random."""
    return min(1.0, max(0.0, (k - place.before) / place.tied))


def reciprocal(place: Place, k: int) -> float:
    """Expected 1 / rank, 0 beyond rank k, when ties are broken at random. ``k`` at most 50."""
    first, last = min(place.before, k), min(place.before + place.tied, k)
    return float(_HARMONIC[last] - _HARMONIC[first]) / place.tied


def exposure(score: Floats, flags: Bools, k: int = TOP) -> float:
    """Expected share of flagged candidates among the first k, ties at random; 0 without candidates."""
    k = min(k, len(score))
    if k == 0:
        return 0.0
    edge = float(np.partition(score, len(score) - k)[len(score) - k])
    sure, tied = score > edge, score == edge
    room = (k - np.count_nonzero(sure)) / np.count_nonzero(tied)
    return float((np.count_nonzero(flags & sure) + room * np.count_nonzero(flags & tied)) / k)


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """Draws of whole clusters (buyers) with replacement, the same for every figure, so that differences are paired."""

    clusters: Ints  # of each observation, 0..n-1
    draws: Floats  # (times, clusters): how often each is drawn

    @classmethod
    def of(cls, clusters: Sequence[int], times: int, seed: int) -> Bootstrap:
        names, number = np.unique(np.array(clusters, dtype=np.int64), return_inverse=True)
        n = max(1, len(names))
        dice = np.random.default_rng(seed)
        return cls(number.astype(np.int64), dice.multinomial(n, np.full(n, 1 / n), size=times).astype(np.float64))

    def mean(self, values: Floats, weights: Floats | None = None) -> Figure | None:
        """Weighted mean of observations with its interval; None without weight."""
        weight = np.ones(len(values)) if weights is None else weights
        if weight.sum() <= 0:
            return None
        size = self.draws.shape[1]
        top = np.bincount(self.clusters, weights=weight * values, minlength=size)
        low = np.bincount(self.clusters, weights=weight, minlength=size)
        drawn = self.draws @ low
        means = (self.draws @ top)[drawn > 0] / drawn[drawn > 0]
        bounds = np.quantile(means, (0.025, 0.975))
        return Figure(float(top.sum() / low.sum()), float(bounds[0]), float(bounds[1]))


class Bin(NamedTuple):
    """Pairs announced ``said`` on average, which won ``seen`` times, between ``low`` and ``high`` (Wilson, 95 %)."""

    said: float
    seen: float
    low: float
    high: float
    pairs: int


class Reliability:
    """Announced chances against outcomes, gathered pair by pair in small bins: memory does not grow."""

    _EDGES = np.linspace(-6.0, 0.0, 121)  # decimal logarithm of the chance

    def __init__(self) -> None:
        size = len(self._EDGES) + 1
        self.pairs, self.said, self.won = np.zeros(size), np.zeros(size), np.zeros(size)
        self.square = 0.0

    def add(self, chances: Floats, winners: Ints) -> None:
        at = np.digitize(np.log10(np.maximum(chances, 1e-9)), self._EDGES)
        self.pairs += np.bincount(at, minlength=len(self.pairs))
        self.said += np.bincount(at, weights=chances, minlength=len(self.pairs))
        self.won += np.bincount(at[winners], minlength=len(self.pairs))
        outcome = np.zeros(len(chances))
        outcome[winners] = 1.0
        self.square += float(((chances - outcome) ** 2).sum())

    def bins(self, wanted: int = 8) -> list[Bin]:
        """At most ``wanted`` bins that hold about as many winners each."""
        total, found, start, held = self.won.sum(), [], 0, 0.0
        for at in range(len(self.pairs)):
            held += self.won[at]
            if held >= total / wanted or at == len(self.pairs) - 1:
                chunk = slice(start, at + 1)
                if pairs := self.pairs[chunk].sum():
                    found.append(_bin(self.said[chunk].sum(), self.won[chunk].sum(), float(pairs)))
                start, held = at + 1, 0.0
        return found

    @property
    def error(self) -> float:
        """Mean gap between said and seen, bins weighing what they announced: 0 = honest."""
        bins = self.bins()
        weight = sum(one.said * one.pairs for one in bins)
        return sum(abs(one.said - one.seen) * one.pairs for one in bins) / weight if weight else 0.0

    @property
    def brier(self) -> float:
        return self.square / max(1.0, float(self.pairs.sum()))


def _bin(said: float, won: float, pairs: float) -> Bin:
    z, p = 1.96, won / pairs
    middle = (p + z * z / (2 * pairs)) / (1 + z * z / pairs)
    half = z * float(np.sqrt(p * (1 - p) / pairs + z * z / (4 * pairs * pairs))) / (1 + z * z / pairs)
    return Bin(float(said / pairs), float(p), max(0.0, middle - half), middle + half, round(pairs))


def mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0
