"""Claim: the index answers lots exactly, many times faster than the best SQL, with the same firms and score bits.

Run by ``./run bench matching``; sizes by the environment: ``MAILLAGE_BENCH_SIZES="5000x500 220000x10000"`` (default),
``2300000x10000`` for a country. ``MAILLAGE_BENCH_SAMPLE`` lots (40) are asked of PostGIS, whose tables stand in a
schema of their own, dropped afterwards. Data: ``matching_data.py``, without words; one need a lot; no uncertain place.
"""

from __future__ import annotations

import gc
import os
import resource
from collections.abc import Callable, Sequence

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import duckdb  # noqa: E402
import numpy as np  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks import matching_data, matching_sql  # noqa: E402
from benchmarks.table import median, percentile, show, timed  # noqa: E402
from matchmaker.domain.answers import Answers  # noqa: E402
from matchmaker.domain.index import FirmIndex, warm  # noqa: E402
from matchmaker.domain.query import LotQuery  # noqa: E402
from matchmaker.domain.reference import Reference, build_reference  # noqa: E402
from matchmaker.domain.segment import Segment, segments_of_columns, trade_numbers  # noqa: E402
from matchmaker.reference import shipped_tables  # noqa: E402

K = 50
Rows = list[tuple[int, float]]

NEAR = "ST_DWithin(f.geog, ST_MakePoint(%(lon)s, %(lat)s)::geography, f.radius_m * {scale} + 10, false)"
BOX = "f.box && ST_MakePoint(%(east)s, %(north)s)"


def ours(answers: Answers, lot: int) -> Rows:
    part = slice(answers.ptr[lot], answers.ptr[lot + 1])
    return list(zip(answers.id[part].tolist(), answers.score[part].tolist(), strict=True))


def asked(sql: str, values: Sequence[dict[str, object]]) -> tuple[list[float], list[Rows]]:
    """Seconds and answer of each lot; the first one is asked once before, to fill caches."""
    seconds, answers = [], []
    with connection.cursor() as cursor:
        cursor.execute(sql, values[0])
        for one in values:
            found: list[Rows] = []

            def run(one: dict[str, object] = one, found: list[Rows] = found) -> None:
                cursor.execute(sql, one)
                found.append(cursor.fetchall())

            seconds += timed(run)
            answers += found
    return seconds, answers


def duck(rows: dict[str, np.ndarray], lots: Sequence[LotQuery], tables: Reference) -> tuple[float, list[Rows]]:
    """One query for all lots, on two threads."""
    numbers = trade_numbers(tables)
    values = [matching_sql.values_of(lot, numbers, K) for lot in lots]
    ways = [
        (number, one["x"], one["y"], one["z"], one["yearly"], one["buyer"], trade, fit)
        for number, one in enumerate(values)
        for trade, fit in zip(one["trades"], one["fits"], strict=True)
    ]
    names = ("lot", "qx", "qy", "qz", "yearly", "buyer", "way_trade", "fit")
    way = {name: np.array(column) for name, column in zip(names, zip(*ways, strict=True), strict=True)}
    base = duckdb.connect(config={"threads": 2})
    base.register("firm_view", rows)
    base.register("way_view", way)
    base.execute("CREATE TABLE firm AS SELECT * FROM firm_view; CREATE TABLE way AS SELECT * FROM way_view")
    flat = "[" + ",".join(f"{value}::double" for value in tables.formula.decay.values) + "]"
    score = matching_sql.score(tables, flat)
    sql = f"""
      SELECT lot, id, score FROM (
        SELECT lot, id, max({score}) AS score FROM (
          SELECT *, (x - qx)::double * (x - qx) + (y - qy)::double * (y - qy) + (z - qz)::double * (z - qz) AS d2
          FROM way JOIN firm ON trade = way_trade
        ) WHERE sqrt(d2) * {tables["distance.road_factor"]}::double / radius_m < {tables.formula.decay.end}
        GROUP BY lot, id
      ) QUALIFY row_number() OVER (PARTITION BY lot ORDER BY score DESC, id) <= {K} ORDER BY lot, score DESC, id"""
    found: list[tuple[int, int, float]] = []
    seconds = timed(lambda: found.extend(base.execute(sql).fetchall()))[0]
    answers: list[Rows] = [[] for _ in lots]
    for lot, pk, points in found:
        answers[lot].append((pk, points))
    return seconds, answers


def measure(firm_count: int, lot_count: int, sample: int, tables: Reference) -> None:
    random = np.random.default_rng(4)
    points, shares = matching_data.towns(random)
    places = np.array([point.metres() for point in points])
    columns = matching_data.firms(firm_count, places, shares, tables, random)
    lots = matching_data.lots(lot_count, points, shares, tables, random)
    segments: dict[str, Segment] = {}
    built = timed(lambda: segments.update(segments_of_columns(columns, tables)))[0]
    held = sum(array.nbytes for segment in segments.values() for array in segment.arrays().values())
    index = FirmIndex.over(segments, tables)
    gc.collect()

    some, numbers = lots[:sample], trade_numbers(tables)
    values = [matching_sql.values_of(lot, numbers, K) for lot in some]
    rows = matching_sql.table(segments, numbers)
    scale = tables.formula.decay.end / tables["distance.road_factor"] * 1.001
    with connection.cursor() as cursor:
        filled = timed(lambda: matching_sql.fill(cursor.cursor, rows, tables))[0]
    table = f"{matching_sql.SCHEMA}.firm"
    near = NEAR.format(scale=scale)
    box, boxed = asked(matching_sql.query(tables, table, BOX), values)
    naive, naively = asked(matching_sql.query(tables, table, near), values)
    peer, _ = asked(
        f"SELECT id FROM {table} f WHERE trade = ANY(%(trades)s) AND {near} ORDER BY id LIMIT %(k)s", values
    )
    duck_seconds, ducked = duck(rows, lots[: sample * 5], tables)

    answers = index.ask_arrays(lots, K)
    wrong = {
        name: sum(found[lot] != ours(answers, lot) for lot in range(len(found)))
        for name, found in (("box", boxed), ("naive", naively), ("duck", ducked))
    }
    base = median(box)
    mean_box = sum(box) / len(box)

    def many(action: Callable[[], object]) -> float:
        return min(timed(action, 3)) / lot_count

    def line(name: str, mean: float, alone: Sequence[float], note: str) -> list[object]:
        spread = [f"{1000 * median(alone):.2f} / {1000 * percentile(alone, 0.95):.2f}"] if alone else ["-"]
        return [name, f"{1 / mean:,.0f}", *spread, f"{mean_box / mean:,.1f} x", note]

    single = [seconds for lot in some for seconds in timed(lambda lot=lot: index.ask(lot, K))]
    whole = many(lambda: index.ask_arrays(lots, K))
    result = [
        line(
            "(a) PostGIS geography, one query a lot", sum(naive) / len(naive), naive, compared(naively, wrong["naive"])
        ),
        line("(b) PostGIS, GiST on trade and box", mean_box, box, compared(boxed, wrong["box"])),
        line("(c) DuckDB, one query for many lots", duck_seconds / len(ducked), [], compared(ducked, wrong["duck"])),
        line("(d) filter by trade and place, no ranking", sum(peer) / len(peer), peer, "another answer"),
        line("ours, one lot as objects, with counts", sum(single) / len(single), single, ""),
        line("ours, all lots with parts and counts", whole, [], "1 thread"),
        line("ours, with parts, no counts", many(lambda: index.ask_arrays(lots, K, counts=False)), [], "1 thread"),
        line("ours, with parts, no counts", many(lambda: index.ask_arrays(lots, K, counts=False, threads=2)), [], "2"),
    ]
    rows_held = sum(map(len, segments.values()))
    load = os.getloadavg()[0]
    show(
        f"Matching: {firm_count:,} firms ({rows_held:,} by trade), {lot_count:,} lots, top {K}",
        ["Way", "lots/s", "one lot p50 / p95 ms", "times (b)", "lots compared"],
        result,
        [
            f"Segments built in {built:.2f} s from columns, {held / 1e6:.0f} MB; SQL tables in {filled:.0f} s. "
            f"Peak memory of the process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB. "
            f"Median of (b) {1000 * base:.1f} ms. Load of the machine {load:.1f} on {os.cpu_count()} cores: "
            "only ratios within this run count."
        ],
    )
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA {matching_sql.SCHEMA} CASCADE")


def compared(found: Sequence[Rows], wrong: int) -> str:
    return f"{len(found)}, {wrong} different"


def main() -> None:
    tables = build_reference("shipped", shipped_tables())
    warm(tables)
    sample = int(os.environ.get("MAILLAGE_BENCH_SAMPLE", "40"))
    for size in os.environ.get("MAILLAGE_BENCH_SIZES", "5000x500 220000x10000").split():
        firm_count, lot_count = map(int, size.split("x"))
        measure(firm_count, lot_count, min(sample, lot_count), tables)


if __name__ == "__main__":
    main()
