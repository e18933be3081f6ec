"""Claim: a matching fanned out over workers and machines stores the rows of one process; what it costs is told.

``./run bench scale`` with ``BENCH_FIRMS`` (220 000) made-up firms and ``BENCH_LOTS`` (10 000) lots, in a database and
a folder of their own that go away at the end; ``BENCH_FIRMS=2300000`` is the country. ``BENCH_SHARDS`` (4). Two
machines are two network namespaces (root needed). All rows are compared, whatever the way.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import django

from benchmarks import storing
from benchmarks.sirene import connect
from benchmarks.table import show, timed
from config import settings as site

NAME = "bench_scale"
SHARDS = int(os.environ.get("BENCH_SHARDS", "4"))
_ROWS = """SELECT count(*), sum(hashtextextended(m::text, 0)) FROM (SELECT lot_id, firm_id, rank, score, trade, solo,
    trade_part, text_part, distance_part, capacity_part, evidence_part, ess_part, distance_km, radius_km
    FROM matchmaker_match) m"""


def rows() -> tuple[int, int]:
    """How many matches, and a sum that changes with any bit of any of them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_ROWS)
        return cursor.fetchone()


def forget() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE matchmaker_match")
        cursor.execute("UPDATE matchmaker_lot SET run_id = NULL, matched_at = NULL")


def command(name: str, queues: str = "celery,shards") -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "config", "worker", "-P", "solo", "-n", f"{name}@banc", "-Q", queues]


@contextmanager
def working(started: list[subprocess.Popen[bytes]]) -> Iterator[None]:
    """Once all answer; ended after."""
    from config.celery import app
    from tests.services.broker import until

    try:
        until(lambda: len(app.control.ping(timeout=1)) == len(started), "les ouvriers ne répondent pas", seconds=120)
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def fan_out() -> tuple[float, float]:
    """Seconds to write the job down, and until all of it is stored."""
    from django.utils import timezone

    from matchmaker import fanout
    from matchmaker.fanout_tasks import send
    from matchmaker.models import Lot, Run

    forget()
    ids = list(Lot.objects.values_list("pk", flat=True))
    run = Run.objects.create(as_of=timezone.localdate(), total=len(ids))
    begin = time.perf_counter()
    job = fanout.fan_out(run.pk, ids, shards=SHARDS)
    written = time.perf_counter() - begin
    send(job)
    while run.state == Run.State.RUNNING:
        time.sleep(0.05)
        run.refresh_from_db()
    if run.state != Run.State.DONE:
        raise RuntimeError(run.error)
    return written, time.perf_counter() - begin


def alone_by_steps() -> list[list[object]]:
    """The same steps in this one process: what each costs, without broker nor waiting."""
    from django.utils import timezone

    from matchmaker import fanout
    from matchmaker.models import Lot, Run

    forget()
    ids = list(Lot.objects.values_list("pk", flat=True))
    run = Run.objects.create(as_of=timezone.localdate(), total=len(ids))
    begin = time.perf_counter()
    job = fanout.fan_out(run.pk, ids, shards=SHARDS)
    asked = time.perf_counter() - begin
    chunks = range(len(job.chunks))
    opened = timed(lambda: job.index(0))[0]
    answered = timed(lambda: [fanout.answer(job.name, n, chunk) for chunk in chunks for n in range(SHARDS)])[0]
    size = sum(path.stat().st_size for path in job.folder.glob("part-*")) / 1e6
    files = len(list(job.folder.glob("part-*")))
    stored = timed(lambda: [fanout.finish(job.name, chunk) for chunk in chunks])[0]
    fanout.end(job.name)
    return [
        ["job written: questions, snapshot held, shards cut", f"{asked:.2f}", f"{len(chunks)} chunks"],
        ["index opened, checksums verified", f"{opened:.2f}", "once a process"],
        ["all shards answer all chunks", f"{answered:.2f}", f"{files} parts, {size:.0f} MB"],
        ["parts merged and stored", f"{stored:.2f}", ""],
    ]


def measure(environment: dict[str, str]) -> None:
    from django.conf import settings

    from matchmaker import snapshot
    from matchmaker.match import match_lots
    from matchmaker.models import Firm, Lot
    from tests.services.broker import ROOT, broker
    from tests.services.hosts import hosts, impossible, served

    snapshot.build(False)
    ids = list(Lot.objects.values_list("pk", flat=True))
    match_lots(ids[:500])  # opens the snapshot, compiles what is compiled
    forget()
    single = timed(lambda: match_lots(ids))[0]
    truth = rows()
    table: list[list[object]] = [["one process, no fan-out", "", f"{single:.2f}", "1.00", "", "truth"]]
    steps = alone_by_steps()
    same = rows() == truth
    print(f"one process: {single:.2f} s; its steps: {steps}; same rows: {same}", file=sys.stderr, flush=True)
    table.append(["one process, the steps of a fan-out", "", f"{sum(float(str(s[1])) for s in steps):.2f}",
                  f"{sum(float(str(s[1])) for s in steps) / single:.2f}", "", same])  # fmt: skip
    first = 0.0

    def told(name: str, processes: int) -> None:
        nonlocal first
        fan_out()  # each process opens the snapshot and compiles once
        written, wall = fan_out()
        first = first or wall
        print(f"{name}: {wall:.2f} s, same rows: {rows() == truth}", file=sys.stderr, flush=True)
        efficiency = f"{first / (wall * processes):.0%}"
        table.append([name, f"{written:.2f}", f"{wall:.2f}", f"{wall / single:.2f}", efficiency, rows() == truth])

    with broker(8) as address:
        for count in (1, 2, 4):
            env = os.environ | environment
            with working([subprocess.Popen(command(f"o{n}"), cwd=ROOT, env=env) for n in range(count)]):
                told(f"{count} worker{'s' * (count > 1)}", count)
        if why := impossible():
            print(f"Two machines: not measured ({why}).")
        else:
            with hosts(2) as both, ExitStack() as stack:
                sockets = Path(str(settings.DATABASES["default"]["HOST"]))
                started = []
                for host in both:
                    redis = stack.enter_context(served(host.here, Path(address.split("://")[1].split("?")[0])))
                    database = stack.enter_context(served(host.here, sockets / ".s.PGSQL.5432"))
                    env = os.environ | environment | {
                        "CELERY_BROKER_URL": f"redis://{host.here}:{redis}/{address.rsplit('=', 1)[1]}",
                        "MAILLAGE_REDIS_URL": f"redis://{host.here}:{redis}/0",
                        "MAILLAGE_DB_HOST": host.here,
                        "MAILLAGE_DB_PORT": str(database),
                    }  # fmt: skip
                    started.append(host.start(command(host.namespace), env, ROOT))
                with working(started):
                    told("two machines (namespaces), one worker each", 2)
    size = sum(one.bytes for one in snapshot.current(False).manifest.files) / 1e6
    load = os.getloadavg()[0]
    show(
        f"Scale: {Firm.objects.count()} firms, {len(ids)} lots, {truth[0]} matches, {SHARDS} shards",
        ["Way", "job written s", "wall s", "of one process", "efficiency to 1 worker", "same rows"],
        table,
        [
            f"{os.cpu_count()} cores, load {load:.1f} when measured; snapshot {size:.0f} MB. PostgreSQL, Redis, the "
            "workers and both machines share these cores, and a relay in this process carries what the machines say: "
            "beyond one or two workers the wall time tells of the cores, not of the design.",
        ],
    )
    show("Where the time of one process goes", ["Step", "seconds", "how much"], steps)


def main() -> None:
    def drop() -> None:
        with connect("postgres") as server:
            server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")

    drop()
    with connect("postgres") as server:
        server.execute(f"CREATE DATABASE {NAME}")
    site.DATABASES["default"]["NAME"] = NAME
    try:
        with tempfile.TemporaryDirectory() as folder:
            site.SNAPSHOTS = Path(folder)
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
            django.setup()
            storing.fill()
            measure({"MAILLAGE_DB_NAME": NAME, "MAILLAGE_SNAPSHOTS": folder})
    finally:
        drop()


if __name__ == "__main__":
    main()
