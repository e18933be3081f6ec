"""A place on Earth, written one way only: ``point(lon=..., lat=...)``.

Distances are chords between points rounded to the metre on a sphere. A chord uses only
``+ - *`` and ``sqrt``, which every machine rounds alike, so that SQL, numpy and plain Python
rank firms identically, bit for bit. At 150 km a chord is 3.5 m shorter than the arc; at
1 500 km, 0.25 %. It holds overseas and across the antimeridian, without projections.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

EARTH_RADIUS_M = 6_371_009  # mean radius (IUGG), metres

# (west, south, east, north) of the territories where French public contracts are performed.
FRENCH_BOXES = (
    (-5.6, 41.2, 9.8, 51.3),  # metropolitan France
    (-63.3, 14.2, -60.7, 18.3),  # Guadeloupe, Martinique, Saint-Martin, Saint-Barthélemy
    (-54.8, 1.9, -51.4, 6.0),  # Guyane
    (55.0, -21.6, 56.1, -20.7),  # La Réunion
    (44.8, -13.2, 45.5, -12.4),  # Mayotte
    (-56.6, 46.6, -56.0, 47.3),  # Saint-Pierre-et-Miquelon
    (163.0, -23.0, 169.0, -17.9),  # Nouvelle-Calédonie
    (-179.0, -15.0, -175.9, -12.9),  # Wallis-et-Futuna
    (-155.0, -28.5, -134.0, -7.5),  # Polynésie française
    (39.5, -50.5, 78.5, -11.0),  # TAAF
)


class PointError(ValueError):
    """Coordonnées impossibles : la longitude va de -180 à 180, la latitude de -90 à 90."""


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees, WGS 84. Build it with :func:`point`."""

    lon: float
    lat: float

    def metres(self) -> tuple[int, int, int]:
        """Cartesian (x, y, z) on the sphere, whole metres."""
        lon, lat = math.radians(self.lon), math.radians(self.lat)
        return (
            round(EARTH_RADIUS_M * math.cos(lat) * math.cos(lon)),
            round(EARTH_RADIUS_M * math.cos(lat) * math.sin(lon)),
            round(EARTH_RADIUS_M * math.sin(lat)),
        )


def point(*, lon: float, lat: float) -> Point:
    """Return a point, or raise :class:`PointError` when no such place exists."""
    if not (math.isfinite(lon) and math.isfinite(lat) and -180 <= lon <= 180 and -90 <= lat <= 90):
        raise PointError(f"Coordonnées impossibles (longitude {lon}, latitude {lat}).")
    return Point(lon=lon, lat=lat)


def in_france(place: Point) -> bool:
    """Tell whether a point lies in the box of a French territory (a check against swapped or lost signs)."""
    return any(west <= place.lon <= east and south <= place.lat <= north for west, south, east, north in FRENCH_BOXES)
