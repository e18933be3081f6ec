"""The one formula that ranks firms for a lot.

    score = eligible * (w_t * trade + w_d * distance + w_c * capacity + w_e * ess)      0..100

with parts in 0..1:

- trade = fit of the lot's CPV x trust in how the firm's trade is known;
- distance = 1 up to half the radius, then linear to 0 at 1.5 radius (domain guide, section 5);
- capacity = min(1, free yearly capacity / yearly amount): too large for one is "in a grouping", not zero;
- ess = 1 for an ESS firm.

A firm out of reach (distance part 0) or without the trade is not a match at all. Only ``+ - * /`` and
``min max sqrt`` are used, in a fixed order, so arrays and scalars give the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.domain.reference import Reference

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weights:
    """Points out of 100, and the neutral capacity part for lots without amount."""

    trade: float
    distance: float
    capacity: float
    ess: float
    unknown_capacity: float

    @classmethod
    def of(cls, reference: Reference) -> Weights:
        return cls(
            trade=reference["score.trade"],
            distance=reference["score.distance"],
            capacity=reference["score.capacity"],
            ess=reference["score.ess"],
            unknown_capacity=reference["score.unknown_capacity"],
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of the score, one value a firm (arrays of one length) or scalars."""

    trade: Any
    distance: Any
    capacity: Any
    ess: Any


def distance_part(distance_km: Floats, radius_km: Floats) -> Floats:
    """1 up to r/2, linear down to 0 at 1.5 r. ``radius_km`` > 0."""
    return np.minimum(1.0, np.maximum(0.0, 1.5 - distance_km / radius_km))


def capacity_part(capacity_eur: Floats, yearly_eur: float | None, weights: Weights) -> Floats:
    if yearly_eur is None:
        return np.full(np.shape(capacity_eur), weights.unknown_capacity)
    return np.minimum(1.0, capacity_eur / yearly_eur)


def total(parts: Parts, weights: Weights) -> Any:
    """Weighted sum in a fixed order, 0..100."""
    return (
        weights.trade * parts.trade
        + weights.distance * parts.distance
        + weights.capacity * parts.capacity
        + weights.ess * parts.ess
    )
