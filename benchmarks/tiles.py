"""Claim: a tile of the supply takes less than 20 ms (p95) at any zoom on 220,000 clustered firms, and stays small.

Run by ``./run bench tiles``; BENCH_FIRMS sets how many. A database of its own is made and dropped: real communes, firms
drawn by population around them, a third at their very centre, trades as skewed as NAF codes. The baseline is the tile
a developer would write first: every firm of the tile a point. The marks of each of our tiles must add up to the firms
that brute force counts in it.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence

NAME = "bench_tiles"
FIRMS = int(os.environ.get("BENCH_FIRMS", "220000"))
TILES = int(os.environ.get("BENCH_TILES", "60"))  # a zoom
NAIVE_TILES = 6
os.environ["MAILLAGE_DB_NAME"] = NAME
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from benchmarks.sirene import connect  # noqa: E402
from benchmarks.table import median, percentile, show, timed  # noqa: E402
from geo.domain.mercator import SQL_ACROSS, SQL_DOWN, Cell, cell_of  # noqa: E402
from matchmaker import tiles  # noqa: E402
from matchmaker.models import Firm  # noqa: E402
from matchmaker.supply_cells import placed, refresh_cells  # noqa: E402
from tests.mvt import layers  # noqa: E402

SPREAD = """
WITH town AS (SELECT code, point::geometry AS place, population, sqrt(population) / 250 AS km FROM geo_commune
    WHERE kind = 'commune' AND point IS NOT NULL AND population > 0),
drawn AS (SELECT code, place, km, generate_series(1, floor(population::float8 * %(firms)s
    / (SELECT sum(population) FROM town) + random())::int) FROM town),
firm AS (SELECT row_number() OVER () AS n, code, km, place, random() AS a, random() AS b, random() AS c, random() AS d,
    random() AS e, random() AS f, sqrt(-2 * ln(1 - random())) AS far, 2 * pi() * random() AS way FROM drawn)
INSERT INTO matchmaker_firm (siret, siren, name, trade_name, legal_form, ess, ess_family, ess_provenance, ess_listed,
    esus, inclusive_kind, naf, naf25, declared_trades, trades, trade_source, headcount_band, ending_eur, notified_eur,
    fte_mid, capacity_low_eur, capacity_mid_eur, capacity_high_eur, turnover_mid_eur, capacity_steps, described_with,
    size_category, address, postcode, city, commune_id, point, point_precision, diffusion, active, website, fictitious,
    source, record_hash, updated_at)
SELECT lpad(n::text, 14, '0'), lpad(n::text, 9, '0'), 'Établissements Dupont et Fils numéro ' || n, '', '',
    CASE WHEN a < .1 THEN 'yes' ELSE 'no' END, '', '', false, false,
    CASE WHEN b < .02 THEN 'EI' WHEN b < .03 THEN 'ESAT' ELSE '' END, '', '', '{}',
    ARRAY(SELECT DISTINCT 'T' || lpad((1 + floor(46 * x ^ 2.2))::int::text, 2, '0')
        FROM unnest(CASE WHEN c < .6 THEN ARRAY[d] ELSE ARRAY[d, e] END) x),
    'naf', '11', 0, 0, 5, capacity / 2, capacity, capacity * 2, capacity * 4, '[]', '', '',
    '1 rue de la Paix', '', '', code,
    CASE WHEN f < .33 THEN place ELSE ST_Translate(place, km * far * cos(way) / 78, km * far * sin(way) / 111) END,
    'address', CASE WHEN f > .94 THEN 'P' ELSE 'O' END, true, '', false, 'bench', 'x', now()
FROM (SELECT *, round(20000 * exp(1.2 * far * cos(way)))::int AS capacity FROM firm) firm
"""

NAIVE = """
SELECT ST_AsMVT(t, 'supply', 4096, 'place') FROM (
    SELECT f.siret, f.name, f.inclusive_kind, f.ess, f.capacity_mid_eur,
        ST_AsMVTGeom(ST_Transform(f.point::geometry, 3857), ST_TileEnvelope(%(z)s, %(x)s, %(y)s)) AS place
    FROM matchmaker_firm f WHERE f.active AND NOT f.fictitious
        AND (%(trade)s = '' OR f.trades @> ARRAY[%(trade)s]::varchar[]) AND {near}) t
WHERE place IS NOT NULL
"""
# A box of a hemisphere means nothing to a geography's index: from afar all firms are read, as they must be anyway.
NEAR = "f.point && ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4326)::geography"
ALL = "f.point::geometry && ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4326)"


def fill() -> None:
    with connect("postgres") as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {NAME}")
    for verb in ("migrate", "load_reference", "load_territory"):
        subprocess.run(
            [sys.executable, "manage.py", verb], cwd=settings.BASE_DIR, check=True, stdout=subprocess.DEVNULL
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.42)")
        cursor.execute(SPREAD, {"firms": FIRMS})
        cursor.execute("ANALYZE matchmaker_firm")
        cursor.execute("ANALYZE geo_commune")


def counted(zoom: int, trade: str) -> dict[tuple[int, int], int]:
    """Firms by tile, by brute force over all of them."""
    firms, parameters = placed(fictitious=False, **({"trades__contains": [trade]} if trade else {}))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT floor({SQL_ACROSS} * {2**zoom})::int, floor({SQL_DOWN} * {2**zoom})::int, count(*)"
            f" FROM {firms} f GROUP BY 1, 2",
            parameters,
        )
        return {(x, y): n for x, y, n in cursor.fetchall()}


def naive(cell: Cell, trade: str) -> bytes:
    with connection.cursor() as cursor:
        sql = NAIVE.format(near=NEAR if cell.zoom > 3 else ALL)
        cursor.execute(sql, {"z": cell.zoom, "x": cell.x, "y": cell.y, "trade": trade})
        return bytes(cursor.fetchone()[0])


def measure(zoom: int, trade: str, places: Sequence[tuple[float, float]], client: Client) -> list[object]:
    """One line: tiles where firms are, the densest of all among them."""
    truth = counted(zoom, trade)
    densest = Cell(zoom, *max(truth, key=lambda at: truth[at]))
    drawn = list(dict.fromkeys(cell_of(lon, lat, zoom) for lon, lat in places))[:TILES]
    some = [densest, *(cell for cell in drawn if cell != densest)]
    bodies = {}
    ours: list[float] = []
    for cell in some:
        ours += timed(lambda cell=cell: bodies.__setitem__(cell, tiles.tile(cell, trade, fictitious=False)), 3)  # type: ignore[misc]
        marks = layers(bodies[cell]).get(tiles.LAYER, [])
        assert sum(mark.properties["n"] for mark in marks) == truth.get((cell.x, cell.y), 0), cell
        assert len(marks) <= tiles.MARKS
    web = [one for cell in some for one in timed(_asked(client, cell, trade))]
    few = some[:NAIVE_TILES]
    raw = [one for cell in few for one in timed(lambda cell=cell: bodies.__setitem__((cell,), naive(cell, trade)))]  # type: ignore[misc]
    same = [one for cell in few for one in timed(lambda cell=cell: tiles.tile(cell, trade, fictitious=False))]  # type: ignore[misc]
    largest, raw_largest = (max(len(bodies[key]) for key in keys) for keys in (some, [(cell,) for cell in few]))
    return [
        zoom, len(some), f"{truth[densest.x, densest.y]:,}", f"{1000 * median(ours):.1f}",
        f"{1000 * percentile(ours, 0.95):.1f}", f"{1000 * max(ours):.1f}", f"{largest / 1000:.1f}",
        f"{1000 * median(web):.1f} / {1000 * percentile(web, 0.95):.1f}", f"{1000 * median(raw):.0f}",
        f"{raw_largest / 1000:.0f}", f"{median(raw) / median(same):.0f}", f"{raw_largest / max(1, largest):.0f}",
    ]  # fmt: skip


def _asked(client: Client, cell: Cell, trade: str) -> Callable[[], object]:
    query = {"trade": trade} if trade else {}
    return lambda: client.get(
        f"/supply/tiles/{cell.zoom}/{cell.x}/{cell.y}.mvt", query, headers={"accept-encoding": "gzip"}
    )


def build() -> None:
    """Seconds to count all, and to follow changes."""
    rows: list[list[object]] = []

    def line(what: str) -> None:
        written: list[int] = []
        (seconds,) = timed(lambda: written.append(refresh_cells(fictitious=False)))
        rows.append([what, f"{seconds:.2f}", f"{written[0]:,}"])

    line("tout, la première fois")
    line("rien n'a changé")
    for share in (1 / Firm.objects.count(), 0.001, 0.01):
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE matchmaker_firm SET capacity_mid_eur = capacity_mid_eur + 1, updated_at = now()"
                " WHERE id %% %s = 0",
                [round(1 / share)],
            )
            changed = cursor.rowcount
        line(f"{changed} entreprise{'s' if changed > 1 else ''} changée{'s' if changed > 1 else ''}")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), pg_total_relation_size('matchmaker_supplycell') / 1e6 FROM matchmaker_supplycell"
        )
        cells, size = cursor.fetchone()
    show(
        f"Compter l'offre : {Firm.objects.count():,} entreprises",
        ["quoi", "s", "cases écrites"],
        rows,
        [f"{cells:,} cases gardées, {size:.0f} Mo, index compris."],
    )


def main() -> None:
    try:
        fill()
        build()
        pick = random.Random(42)
        places = [(at.x, at.y) for at in Firm.objects.filter(pk__gt=0).values_list("point", flat=True).iterator()]
        places = pick.sample(places, min(len(places), 4 * TILES))
        client = Client(headers={"host": "localhost"})
        columns = [
            "zoom", "tuiles", "entreprises de la plus dense", "p50 ms", "p95 ms", "max ms", "plus lourde, ko",
            "par le web p50 / p95 ms", "naïve p50 ms", "naïve ko", "temps ×", "poids ×",
        ]  # fmt: skip
        for trade in ("", "T01"):
            lines = [measure(zoom, trade, places, client) for zoom in range(tiles.MAX_ZOOM + 1)]
            load = f"Charge de la machine pendant la mesure : {os.getloadavg()[0]:.1f} pour {os.cpu_count()} cœurs."
            show(f"Tuiles de l'offre, {trade or 'tous métiers'}", columns, lines, [load])
    finally:
        connection.close()
        with connect("postgres") as server:
            server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")


if __name__ == "__main__":
    main()
