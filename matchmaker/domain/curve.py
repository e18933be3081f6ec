"""Monotone piecewise-linear curves that every machine computes to the same bit.

Knots stand at equal steps that are powers of two, and values are multiples of 2**-12: differences of values are
exact, so that rounding never makes a falling curve rise. Bounds built on a curve are therefore safe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from matchmaker.domain.errors import InvalidReferenceError

GRAIN = 4096  # values are multiples of 1 / GRAIN


@dataclass(frozen=True, slots=True)
class Curve:
    """``values`` (0..1) at 0, step, 2 step ... ; constant beyond the last one. Never rises."""

    values: tuple[float, ...]
    steps_per_unit: int = 8

    def __post_init__(self) -> None:
        good = len(self.values) >= 2 and all(0.0 <= value <= 1.0 for value in self.values)
        falling = all(after <= before for before, after in zip(self.values, self.values[1:], strict=False))
        grain = all(value * GRAIN == int(value * GRAIN) for value in self.values)
        power = self.steps_per_unit > 0 and self.steps_per_unit & (self.steps_per_unit - 1) == 0
        if not (good and falling and grain and power):
            raise InvalidReferenceError(
                "Une courbe compte au moins deux valeurs entre 0 et 1, multiples de 1/4096, qui ne remontent jamais."
            )

    @classmethod
    def rounded(cls, values: list[float], steps_per_unit: int = 8) -> Curve:
        """The nearest lawful curve: values clipped, rounded to the grain, kept from rising."""
        least, kept = 1.0, []
        for value in values:
            least = min(least, max(0.0, round(value * GRAIN) / GRAIN))
            kept.append(least)
        return cls(tuple(kept), steps_per_unit)

    @property
    def end(self) -> float:
        """Where the curve reaches its last value."""
        return (len(self.values) - 1) / self.steps_per_unit

    def __call__(self, x: float) -> float:
        """Value at ``x`` >= 0."""
        place = x * self.steps_per_unit
        last = len(self.values) - 1
        if place >= last:
            return self.values[last]
        low = int(place)
        return self.values[low] + (self.values[low + 1] - self.values[low]) * (place - low)

    def over(self, x: Any) -> Any:
        """The same for an array, bit for bit."""
        values = np.array(self.values)
        place = np.asarray(x, dtype=np.float64) * self.steps_per_unit
        last = len(values) - 1
        low = np.minimum(place, last - 1).astype(np.int64)
        between = values[low] + (values[low + 1] - values[low]) * (place - low)
        return np.where(place >= last, values[last], between)
