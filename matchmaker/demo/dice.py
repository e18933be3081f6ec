"""Seeded chance: one stream a purpose, so that adding a lot never changes a firm."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import exp, log
from zlib import crc32

import numpy as np


class Dice:
    """A seeded generator with the few throws the demo needs."""

    def __init__(self, seed: int, purpose: str) -> None:
        self.rng = np.random.default_rng([seed, crc32(purpose.encode())])

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * float(self.rng.random())

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self.rng.random() * (high - low + 1))

    def log_uniform(self, low: float, high: float) -> float:
        return exp(self.uniform(log(low), log(high)))

    def log_normal(self, median: float, sigma: float) -> float:
        return median * exp(sigma * float(self.rng.standard_normal()))

    def pick[T](self, items: Sequence[T]) -> T:
        return items[int(self.rng.random() * len(items))]

    def weighted[T](self, weights: Mapping[T, float]) -> T:
        keys = list(weights)
        sums = list(accumulate(weights.values()))
        return keys[min(bisect_right(sums, float(self.rng.random()) * sums[-1]), len(keys) - 1)]

    def several[T](self, weights: Mapping[T, float], count: int) -> list[T]:
        """Up to ``count`` different keys, in the order drawn."""
        left = dict(weights)
        drawn: list[T] = []
        while left and len(drawn) < count:
            drawn.append(self.weighted(left))
            del left[drawn[-1]]
        return drawn
