"""Lambert-93 (EPSG:2154), in which SIRENE gives metropolitan coordinates, to longitude and latitude.

IGN, notes techniques NT/G 71 (algorithms 2 and 4) with the constants of RGF93 / Lambert-93.
"""

from __future__ import annotations

import math

from geo.domain.point import Point, PointError, point

_N = 0.7256077650532670
_C = 11_754_255.426096
_X0, _Y0 = 700_000.0, 12_655_612.049876
_E = 0.08181919106  # first eccentricity of GRS80
_LON0 = math.radians(3.0)


def from_lambert93(x: float, y: float) -> Point:
    """Point of Lambert-93 metres; raises PointError outside the projection's domain (metropolitan France)."""
    if not (0 <= x <= 1_300_000 and 6_000_000 <= y <= 7_200_000):
        raise PointError(f"Coordonnées Lambert-93 hors de France métropolitaine ({x:.0f}, {y:.0f}).")
    radius = math.hypot(x - _X0, y - _Y0)
    gamma = math.atan((x - _X0) / (_Y0 - y))
    isometric = -math.log(radius / _C) / _N
    latitude = 2 * math.atan(math.exp(isometric)) - math.pi / 2
    for _ in range(12):
        sine = _E * math.sin(latitude)
        stretched = ((1 + sine) / (1 - sine)) ** (_E / 2) * math.exp(isometric)
        latitude = 2 * math.atan(stretched) - math.pi / 2
    return point(lon=math.degrees(_LON0 + gamma / _N), lat=math.degrees(latitude))
