"""How many candidates a lot can have, by its size: the curve, its elasticity, and the size where it bends.

The elasticity of a number N to a size s is d ln N / d ln s: -1 says that lots half as large have twice the candidates,
0 that the size changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

LOTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32)  # equal lots the whole is cut into: the sizes looked at
LEAST_BEND = 0.1  # distance to the chord, of a square of side 1, under which a curve is called straight


class CurveError(ValueError):
    """Une courbe demande des tailles positives, de la plus grande à la plus petite, et des nombres positifs ou nuls."""


@dataclass(frozen=True, slots=True)
class Sized:
    """So many candidates (``n``) for lots of ``size`` euros a year."""

    size: float
    n: float


@dataclass(frozen=True, slots=True)
class Knee:
    """Where the curve bends. ``saturates``: smaller lots gain little more; else it is only there that they begin to."""

    place: int
    size: float
    saturates: bool


def sizes(whole_eur: int) -> tuple[int, ...]:
    """Euros a year of equal lots, largest first, each once; of nothing there is none."""
    found = (-(-whole_eur // lots) for lots in LOTS)
    return tuple(dict.fromkeys(size for size in found if size > 0))


def elasticities(curve: Sequence[Sized]) -> tuple[float | None, ...]:
    """Between each size and the next one; None where either has no candidate. One fewer than the points."""
    _check(curve)
    return tuple(
        math.log(after.n / before.n) / math.log(after.size / before.size) if before.n and after.n else None
        for before, after in pairwise(curve)
    )


def elasticity(curve: Sequence[Sized]) -> float | None:
    """Of the curve as a whole: the slope of ln N on ln s by least squares, over sizes that have candidates."""
    _check(curve)
    known = [(math.log(one.size), math.log(one.n)) for one in curve if one.n]
    if len(known) < 2:
        return None
    middle_x = sum(x for x, _ in known) / len(known)
    middle_y = sum(y for _, y in known) / len(known)
    spread = sum((x - middle_x) ** 2 for x, _ in known)
    return sum((x - middle_x) * (y - middle_y) for x, y in known) / spread


def knee(curve: Sequence[Sized]) -> Knee | None:
    """The point farthest from the chord, sizes on a logarithmic scale, both axes brought to 0..1.

    The way of "kneedle" (Satopaa and others, 2011) without smoothing. Above the chord the curve saturates: that point
    is preferred, for smaller lots gain little there. None for a flat or nearly straight curve; at equal distance the
    larger lot.
    """
    _check(curve)
    bends = bend(curve)
    for above in (True, False):
        side = [distance if above else -distance for distance in bends]
        best = max(side, default=0.0)
        if best >= LEAST_BEND:
            place = next(index for index, distance in enumerate(side) if distance >= best - 1e-12)
            return Knee(place, curve[place].size, above)
    return None


def bend(curve: Sequence[Sized]) -> list[float]:
    """How far each point is above (positive) or below the chord between the ends; all 0 for a flat curve."""
    if len(curve) < 3 or curve[0].n == curve[-1].n:
        return [0.0] * len(curve)
    first, last = curve[0], curve[-1]
    width, height = math.log(first.size / last.size), last.n - first.n
    sign = 1.0 if height > 0 else -1.0
    return [sign * ((one.n - first.n) / height - math.log(first.size / one.size) / width) for one in curve]


def _check(curve: Sequence[Sized]) -> None:
    if any(one.size <= 0 or one.n < 0 for one in curve) or any(a.size <= b.size for a, b in pairwise(curve)):
        raise CurveError(CurveError.__doc__)
