"""A plane on which a disc of the sphere is a disc: stereographic projection around a centre.

All places within a distance of a point make a disc of the plane, exactly, whatever the distance and wherever on Earth
but the antipode of the centre: planar geometry then answers questions of reach without a country's own projection.
Lengths are true near the centre only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from geo.domain.point import EARTH_RADIUS_M, Point

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Disc:
    """Centre and radius on the plane, in metres of it."""

    x: float
    y: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Plane:
    """The plane that touches the sphere at ``centre``; x to the east there, y to the north."""

    centre: Point

    def disc(self, place: Point, chord_m: float) -> Disc:
        """The places whose chord to ``place`` is at most ``chord_m``, as :func:`geo.domain.distance.distance_m`."""
        up, east, north = self._axes()
        to = _unit(place)
        x, y = _dot(to, east), _dot(to, north)
        away, across = math.atan2(math.hypot(x, y), _dot(to, up)), math.hypot(x, y)
        reach = 2 * math.asin(min(1.0, chord_m / (2 * EARTH_RADIUS_M)))
        near, far = 2 * math.tan((away - reach) / 2), 2 * math.tan((away + reach) / 2)
        middle = EARTH_RADIUS_M * (near + far) / 2
        along = (x / across, y / across) if across else (1.0, 0.0)
        return Disc(middle * along[0], middle * along[1], EARTH_RADIUS_M * (far - near) / 2)

    def place(self, x: float, y: float) -> Point:
        """The place of the Earth that a point of the plane stands for."""
        up, east, north = self._axes()
        across = math.hypot(x, y)
        away = 2 * math.atan(across / (2 * EARTH_RADIUS_M))
        sin, cos = math.sin(away), math.cos(away)
        along = (x / across, y / across) if across else (1.0, 0.0)
        a, b, c = (cos * u + sin * (along[0] * e + along[1] * n) for u, e, n in zip(up, east, north, strict=True))
        return Point(lon=math.degrees(math.atan2(b, a)), lat=math.degrees(math.asin(max(-1.0, min(1.0, c)))))

    def _axes(self) -> tuple[Vector, Vector, Vector]:
        lon, lat = math.radians(self.centre.lon), math.radians(self.centre.lat)
        east = (-math.sin(lon), math.cos(lon), 0.0)
        north = (-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat))
        return _unit(self.centre), east, north


def _unit(place: Point) -> Vector:
    lon, lat = math.radians(place.lon), math.radians(place.lat)
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
