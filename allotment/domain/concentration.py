"""How few firms hold the capacity of a territory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LARGEST = 5


@dataclass(frozen=True, slots=True)
class Concentration:
    """``largest``: part (0..1) of the five largest. ``hhi``: Herfindahl-Hirschman, the sum of squared parts in per cent
    (10,000 = one firm alone)."""

    largest: float
    hhi: int


def concentration(capacities: Iterable[int]) -> Concentration | None:
    """Of free capacities, whole euros a year; None where there is none."""
    known = sorted((one for one in capacities if one > 0), reverse=True)
    total = sum(known)
    if not total:
        return None
    return Concentration(sum(known[:LARGEST]) / total, round(10_000 * sum(one * one for one in known) / total**2))
