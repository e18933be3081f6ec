"""The square grid of web maps: ``2**zoom`` cells a side over the world in web mercator, x to the east, y to the south.

A place on the antimeridian or beyond the map's end (85.05 degrees) belongs to the cell at that edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MAX_ZOOM = 24
_INSIDE = 1 - 2.0**-40  # the last place before the eastern or southern edge


def world(lon: float, lat: float) -> tuple[float, float]:
    """Share of the world's width and height, 0 <= share < 1, from the north-west corner."""
    across = (lon + 180) / 360
    down = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return min(_INSIDE, max(0.0, across)), min(_INSIDE, max(0.0, down))


# The same as SQL over columns ``lon`` and ``lat``.
SQL_ACROSS = f"least({_INSIDE!r}, greatest(0, (lon + 180) / 360))"
SQL_DOWN = f"least({_INSIDE!r}, greatest(0, (1 - asinh(tan(radians(lat))) / pi()) / 2))"


class CellError(ValueError):
    """Cette case de la carte n'existe pas : x et y vont de 0 à 2^zoom - 1."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One square of a zoom's grid; a map's tile is one too. Raises CellError for one outside the grid."""

    zoom: int
    x: int
    y: int

    def __post_init__(self) -> None:
        if not (0 <= self.zoom <= MAX_ZOOM and 0 <= self.x < 2**self.zoom and 0 <= self.y < 2**self.zoom):
            raise CellError(CellError.__doc__)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        west, north = _degrees(self.zoom, self.x, self.y)
        east, south = _degrees(self.zoom, self.x + 1, self.y + 1)
        return west, south, east, north

    def within(self, steps: int) -> tuple[range, range]:
        """The columns and rows of its own cells, ``steps`` zooms further."""
        wide = 2**steps
        return range(self.x * wide, (self.x + 1) * wide), range(self.y * wide, (self.y + 1) * wide)


def cell_of(lon: float, lat: float, zoom: int) -> Cell:
    across, down = world(lon, lat)
    return Cell(zoom, int(across * 2**zoom), int(down * 2**zoom))


def _degrees(zoom: int, x: int, y: int) -> tuple[float, float]:
    lat = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / 2**zoom))))
    return x / 2**zoom * 360 - 180, lat
