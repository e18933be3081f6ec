"""Communes as SVG paths drawn once a page: small maps of versions side by side, without any script."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

from geo.queries import edition

_SIDE = 200.0  # of the longest side of the drawing
_DETAIL = 0.004  # of that side, in its own units of degrees


@dataclass(frozen=True, slots=True)
class Picture:
    """``paths``: commune to the ``d`` of its outline, in the units of ``box``."""

    box: str
    paths: dict[str, str]


def picture(codes: frozenset[str]) -> Picture:
    """One query a set of communes and edition of the territory."""
    return _picture(codes, edition())


@lru_cache(maxsize=32)
def _picture(codes: frozenset[str], _edition: str) -> Picture:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM"
            " (SELECT ST_Extent(boundary) AS box FROM geo_commune WHERE code = ANY(%s)) found WHERE box IS NOT NULL",
            [list(codes)],
        )
        extent = cursor.fetchone()
        if extent is None:
            return Picture("0 0 1 1", {})
        west, south, east, north = extent
        stretch = math.cos(math.radians((south + north) / 2))
        width, height = (east - west) * stretch, north - south
        scale = _SIDE / max(width, height)
        cursor.execute(
            "SELECT code, ST_AsSVG(ST_Affine(ST_SimplifyPreserveTopology(boundary, %s), %s, 0, 0, %s, %s, %s), 1, 1)"
            " FROM geo_commune WHERE code = ANY(%s) AND boundary IS NOT NULL",
            [
                _DETAIL * max(width, height), scale * stretch, scale, -west * scale * stretch, -north * scale,
                list(codes),
            ],
        )  # fmt: skip
        paths = dict(cursor.fetchall())
    return Picture(f"-2 -2 {width * scale + 4:.1f} {height * scale + 4:.1f}", paths)
