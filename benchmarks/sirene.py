"""Claim: a national stock of SIRENE comes in in bounded memory, at a small multiple of a plain COPY, and the next
month costs a fraction of it.

``./run bench sirene`` with ``BENCH_FIRMS`` (100 000) useful establishments and ``BENCH_OTHERS`` (1) more for each that
are closed, or neither employers nor ESS. Runs ``manage.py sync sirene`` in processes of their own, on a database of
its own that goes away at the end. ``BENCH_FIRMS=2300000`` is the country's useful ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.sirene_stock import write_stock
from benchmarks.table import show
from config.settings import BASE_DIR, DATABASES

NAME = "bench_sirene"
FIRMS = int(os.environ.get("BENCH_FIRMS", "100000"))
OTHERS = float(os.environ.get("BENCH_OTHERS", "1"))


@dataclass(frozen=True, slots=True)
class Measure:
    seconds: float
    peak_mb: float


def connect(database: str) -> psycopg.Connection:
    place = DATABASES["default"]
    return psycopg.connect(
        host=place["HOST"],
        port=place["PORT"],
        user=place["USER"],
        password=place["PASSWORD"] or None,
        dbname=database,
        autocommit=True,
    )


@contextmanager
def database() -> Iterator[None]:
    """A database with the territory and the reference tables, and no firm."""
    with connect("postgres") as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {NAME}")
    try:
        for verb in ("migrate", "load_reference", "load_territory"):
            manage(verb)
        yield
    finally:
        with connect("postgres") as server:
            server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")


def manage(*words: str) -> Measure:
    """One command of manage.py: its time, start of Python included, and the most memory it ever held."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=BASE_DIR,
        env=os.environ | {"MAILLAGE_DB_NAME": NAME},
        stdout=subprocess.DEVNULL,
    )
    peak = 0.0  # the kernel's own high-water mark of this process, read until it ends
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = max(peak, *(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"manage.py {words[0]} a échoué ({process.returncode})")
    return Measure(time.perf_counter() - start, peak)


def sync(files: Sequence[Path]) -> Measure:
    with connect(NAME) as db:
        db.execute("CHECKPOINT")
    return manage("sync", "sirene", *map(str, files))


def plain_copies(folder: Path) -> tuple[int, float, float]:
    """Seconds to COPY the very same rows into a table like ours, and into one without index nor constraint."""
    rows = folder / "rows.copy"
    with connect(NAME) as db, db.cursor() as cursor:
        with (
            rows.open("wb") as file,
            cursor.copy("COPY (SELECT * FROM matchmaker_firm ORDER BY siret) TO STDOUT") as out,
        ):
            for block in out:
                file.write(block)
        cursor.execute("CREATE TABLE twin (LIKE matchmaker_firm INCLUDING ALL)")
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conrelid = 'matchmaker_firm'::regclass AND contype = 'f'"
        )
        for (definition,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE twin ADD {definition}")
        cursor.execute("CREATE TABLE bare (LIKE matchmaker_firm)")
        seconds = []
        for table in ("twin", "bare"):
            cursor.execute("CHECKPOINT")
            start = time.perf_counter()
            with rows.open("rb") as file, cursor.copy(f"COPY {table} FROM STDIN") as copy:
                while block := file.read(1 << 20):
                    copy.write(block)
            seconds.append(time.perf_counter() - start)
            (count,) = cursor.execute(f"SELECT count(*) FROM {table}").fetchone()
            cursor.execute(f"DROP TABLE {table}")
    rows.unlink()
    return count, seconds[0], seconds[1]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-sirene-") as name, database():
        folder = Path(name)
        first = write_stock(folder / "1", FIRMS, OTHERS)
        empty = manage("sync")  # lists the sources: what starting costs
        whole = sync(first.files)
        rows, copied, bare = plain_copies(folder)
        second = write_stock(folder / "2", FIRMS, OTHERS, edition=2, share=0.01)
        month = sync(second.files)
        same = sync(second.files)

    def line(words: str, seconds: float, memory: str) -> list[object]:
        return [words, f"{seconds:.1f}", f"{seconds / copied:.2f} x", f"{seconds / whole.seconds:.2f}", memory]

    show(
        f"SIRENE: {first.rows:,} establishments read, {rows:,} kept",
        ["", "seconds", "ratio to plain COPY", "share of the first import", "peak memory, MB"],
        [
            line("plain COPY of the same rows, same indexes and constraints", copied, ""),
            line("plain COPY into a bare table", bare, ""),
            line("first import, from Parquet to firms", whole.seconds, f"{whole.peak_mb:.0f}"),
            line("the month after, 1 % changed", month.seconds, f"{month.peak_mb:.0f}"),
            line("the same month again", same.seconds, f"{same.peak_mb:.0f}"),
            line("starting manage.py", empty.seconds, f"{empty.peak_mb:.0f}"),
        ],
        [
            "Peak memory is the importer's (Python and duckdb); PostgreSQL's is not in it. The stock is synthetic: "
            "real names and addresses are more varied, the real files hold 17 useless establishments a useful one, and "
            "all headcounts change once a year, which makes that month cost more than 1 % does.",
        ],
    )


if __name__ == "__main__":
    main()
