"""The ground under a map, as vector tiles of our own: outlines of départements from afar, of communes near, and names.

No tile server is needed, and nothing is asked from another host.
"""

from __future__ import annotations

from django.db import connection, transaction

from geo.domain.mercator import Cell
from geo.models import Departement

COMMUNES_FROM = 8  # below, départements
FINEST = 12  # outlines have no more detail; a map enlarges these tiles beyond
EXTENT, MARGIN = 4096, 64
# The smallest population whose name is sent, by zoom.
NAMED = {4: 400_000, 5: 150_000, 6: 60_000, 7: 25_000, 8: 10_000, 9: 4_000, 10: 1_500, 11: 500, 12: 0}
_DETAIL = (
    0.003  # degrees; holes are dropped: slivers between communes, or a neighbour's exclave that has its own outline
)


def draw_outlines(*, force: bool = False) -> int:
    """Join the communes into départements, once an edition (5 s for France). Returns how many were drawn."""
    if not force and Departement.objects.filter(outline__isnull=False).exists():
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "WITH joined AS (SELECT departement_id, ST_Union(boundary) AS shape FROM geo_commune"
            " WHERE kind = 'commune' AND boundary IS NOT NULL GROUP BY departement_id),"
            " part AS (SELECT departement_id, ST_MakePolygon(ST_ExteriorRing((ST_Dump(shape)).geom)) AS shape"
            " FROM joined)"
            " UPDATE geo_departement SET outline = drawn.shape FROM (SELECT departement_id,"
            " ST_SimplifyPreserveTopology(ST_Collect(shape), %s) AS shape FROM part GROUP BY departement_id) drawn"
            " WHERE code = drawn.departement_id",
            [_DETAIL],
        )
        return cursor.rowcount


def tile(cell: Cell) -> bytes:
    """A Mapbox vector tile with layers ``land`` (polygons: code) and ``names`` (points: name, population). One query.

    Empty bytes where there is no land.
    """
    if cell.zoom >= COMMUNES_FROM:
        land = "SELECT code, boundary AS shape FROM geo_commune WHERE kind = 'commune' AND boundary && area.degrees"
        near = "AND boundary && area.degrees"
    else:
        near = ""
        land = "SELECT code, outline AS shape FROM geo_departement WHERE outline && area.degrees"
    west, south, east, north = cell.box
    smallest = next((NAMED[zoom] for zoom in sorted(NAMED, reverse=True) if zoom <= cell.zoom), None)
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH area AS (SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS metres, ST_Transform(ST_TileEnvelope(%(z)s,"
            f" %(x)s, %(y)s, margin => {MARGIN / EXTENT}), 4326) AS degrees),"
            " land AS (SELECT found.code, ST_AsMVTGeom(ST_Transform(found.shape, 3857), area.metres,"
            f" {EXTENT}, {MARGIN}) AS shape FROM area, LATERAL ({land}) found),"
            " names AS (SELECT name, population, ST_AsMVTGeom(ST_Transform(point::geometry, 3857), area.metres,"
            f" {EXTENT}, 0) AS shape FROM area, geo_commune WHERE kind = 'commune' AND population >= %(smallest)s"
            f" {near}"
            " AND ST_X(point::geometry) >= %(west)s AND ST_X(point::geometry) < %(east)s"
            " AND ST_Y(point::geometry) > %(south)s AND ST_Y(point::geometry) <= %(north)s)"
            f" SELECT (SELECT ST_AsMVT(land, 'land', {EXTENT}, 'shape') FROM land WHERE shape IS NOT NULL)"
            f" || (SELECT ST_AsMVT(names, 'names', {EXTENT}, 'shape') FROM names WHERE shape IS NOT NULL)",
            {
                "z": cell.zoom, "x": cell.x, "y": cell.y, "smallest": smallest,
                "west": west, "south": south, "east": east, "north": north,
            },
        )  # fmt: skip
        return bytes(cursor.fetchone()[0])
