"""The same question, the same formula, the same bits, asked of PostGIS and of DuckDB by ``benchmarks/matching.py``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from matchmaker.domain.query import LotQuery
from matchmaker.domain.reference import Reference
from matchmaker.domain.segment import Segment

SCHEMA = "bench_matching"
COLUMNS = ("id", "trade", "x", "y", "z", "radius_m", "low", "mid", "high", "trust", "ess", "kind", "wins", "buyers")
CENTRE = (math.radians(2.5), math.radians(46.5))


def score(tables: Reference, flat: str) -> str:
    """The formula in SQL, over columns of f (a firm in a trade) and q (a lot); ``flat``: the list of curve values."""
    one = tables.formula
    last = len(one.decay.values) - 1
    place = f"(sqrt(d2) * {tables['distance.road_factor']}::float8 / radius_m * {one.decay.steps_per_unit}::float8)"
    low = f"floor({place})::int"
    near = (
        f"CASE WHEN {place} >= {last} THEN 0::float8 ELSE {flat}[{low} + 1] + ({flat}[{low} + 2] - {flat}[{low} + 1])"
        f" * ({place} - floor({place})) END"
    )

    def covered(eur: str) -> str:
        return f"least(1::float8, {eur}::float8 / yearly)"

    room = (
        f"CASE WHEN yearly < 0 THEN {one.unknown_capacity}::float8 ELSE"
        f" ({covered('low')} + ({covered('mid')} + {covered('mid')}) + {covered('high')}) * 0.25::float8 END"
    )
    known = (
        f"(least(1::float8, wins / {one.wins_full}::float8) * (1::float8 - {one.same_buyer}::float8)"
        f" + CASE WHEN buyers & buyer > 0 THEN 1::float8 ELSE 0::float8 END * {one.same_buyer}::float8)"
    )
    return (
        f"{one.trade}::float8 * (fit * trust) + {one.text}::float8 * 0::float8 + {one.distance}::float8 * ({near})"
        f" + {one.capacity}::float8 * ({room}) + {one.evidence}::float8 * {known} + {one.ess}::float8 * ess"
    )


def query(tables: Reference, source: str, reach: str) -> str:
    """Top k of one lot; ``reach`` is the condition that brings the index in."""
    values = "(ARRAY[" + ",".join(str(value) for value in tables.formula.decay.values) + "]::float8[])"
    limit = tables.formula.decay.end
    return f"""
    WITH way AS (
      SELECT id, {score(tables, values)} AS score FROM (
        SELECT f.*, o.fit, %(yearly)s::float8 AS yearly, %(buyer)s::int AS buyer,
          ((f.x - %(x)s)::float8 * (f.x - %(x)s) + (f.y - %(y)s)::float8 * (f.y - %(y)s)
            + (f.z - %(z)s)::float8 * (f.z - %(z)s)) AS d2
        FROM unnest(%(trades)s::int[], %(fits)s::float8[]) AS o(trade, fit)
        JOIN {source} f ON f.trade = o.trade AND {reach}
        OFFSET 0
      ) met WHERE sqrt(d2) * {tables["distance.road_factor"]}::float8 / radius_m < {limit}::float8
    )
    SELECT id, max(score) AS score FROM way GROUP BY id ORDER BY 2 DESC, 1 LIMIT %(k)s"""


def values_of(lot: LotQuery, numbers: Mapping[str, int], k: int) -> dict[str, Any]:
    x, y, z = lot.point.metres()
    east, north = plane(*(np.array([float(value)]) for value in (x, y, z)))
    options = lot.trades[0].options
    return {
        "x": x, "y": y, "z": z, "k": k, "buyer": lot.buyer,
        "yearly": -1.0 if lot.yearly_eur is None else float(lot.yearly_eur),
        "trades": [numbers[code] for code, _ in options], "fits": [fit for _, fit in options],
        "east": float(east[0]), "north": float(north[0]), "lon": lot.point.lon, "lat": lot.point.lat,
    }  # fmt: skip


def plane(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """East and north of the country's middle, metres: no two places are farther apart there than their chord."""
    lon, lat = CENTRE
    east = y * math.cos(lon) - x * math.sin(lon)
    return east, z * math.cos(lat) - (x * math.cos(lon) + y * math.sin(lon)) * math.sin(lat)


def table(segments: Mapping[str, Segment], numbers: Mapping[str, int]) -> dict[str, np.ndarray]:
    """One row a firm and trade."""
    rows = {
        name: np.concatenate([getattr(s.rows, name) for s in segments.values()]) for name in COLUMNS if name != "trade"
    }
    rows["trade"] = np.concatenate([np.full(len(s), numbers[code]) for code, s in segments.items()])
    return {name: rows[name] for name in COLUMNS}


def fill(cursor: Any, rows: Mapping[str, np.ndarray], tables: Reference) -> None:
    """Tables with both indexes, in a schema of their own."""
    cursor.execute(
        f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}; CREATE EXTENSION IF NOT EXISTS btree_gist"
    )
    kinds = {"id": "bigint", "low": "bigint", "mid": "bigint", "high": "bigint", "trust": "float8"}
    names = ", ".join(f"{name} {kinds.get(name, 'int')}" for name in COLUMNS)
    cursor.execute(f"CREATE UNLOGGED TABLE {SCHEMA}.plain ({names}, east float8, north float8, lon float8, lat float8)")
    x, y, z = (rows[axis].astype(np.float64) for axis in "xyz")
    east, north = plane(x, y, z)
    places = [east, north, np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))]
    with cursor.copy(f"COPY {SCHEMA}.plain FROM STDIN") as copy:
        for row in zip(*(column.tolist() for column in [*rows.values(), *places]), strict=True):
            copy.write_row(row)
    reach = f"(radius_m * {tables.formula.decay.end} / {tables['distance.road_factor']} + 1)"
    cursor.execute(f"""
        CREATE UNLOGGED TABLE {SCHEMA}.firm AS SELECT *, ST_MakePoint(lon, lat)::geography AS geog,
          ST_Expand(ST_MakePoint(east, north), {reach}) AS box FROM {SCHEMA}.plain;
        CREATE INDEX ON {SCHEMA}.firm USING gist (geog);
        CREATE INDEX ON {SCHEMA}.firm USING gist (trade, box);
        ANALYZE {SCHEMA}.firm""")
