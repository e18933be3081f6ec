"""How far two places are, and what "within reach" means (domain guide, section 5)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geo.domain.point import Point


def distance_m(a: Point, b: Point) -> float:
    """Chord in metres between two points rounded to the metre; see ``geo.domain.point``."""
    (ax, ay, az), (bx, by, bz) = a.metres(), b.metres()
    dx, dy, dz = ax - bx, ay - by, az - bz
    return math.sqrt(float(dx * dx + dy * dy + dz * dz))


def distance_km(a: Point, b: Point) -> float:
    return distance_m(a, b) / 1000.0


@dataclass(frozen=True, slots=True)
class Spread:
    """A place known only as a set of weighted points: its centre, and how far the truth may lie."""

    centre: Point
    uncertainty_km: float


def spread(points: list[tuple[Point, float]]) -> Spread:
    """Centre and root mean square distance of weighted points (weights > 0 for at least one).

    The centre is the weighted mean of the Cartesian coordinates put back on the sphere.
    Raises ValueError when there is no point or no weight.
    """
    total = sum(weight for _, weight in points)
    if total <= 0:
        raise ValueError("Aucun point pondéré : la dispersion d'un lieu ne peut pas être calculée.")
    sums = [0.0, 0.0, 0.0]
    for place, weight in points:
        for axis, value in enumerate(place.metres()):
            sums[axis] += weight * value / total
    x, y, z = sums
    norm = math.sqrt(x * x + y * y + z * z)
    if norm == 0:
        raise ValueError("Les points s'annulent : leur centre n'existe pas.")
    centre = Point(lon=math.degrees(math.atan2(y, x)), lat=math.degrees(math.asin(z / norm)))
    mean_square = sum(weight * distance_km(centre, place) ** 2 for place, weight in points) / total
    return Spread(centre=centre, uncertainty_km=math.sqrt(mean_square))
