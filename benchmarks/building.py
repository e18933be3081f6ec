"""Claim: ten thousand lots get their ten best groupings and those known by name, put to the test, in minutes.

``./run bench building`` with ``BENCH_FIRMS`` (220 000) made-up firms and ``BENCH_LOTS`` (10 000) lots, in a database
and a folder of their own that go away at the end. Lots are solved and stored by ``BENCH_WORKERS`` (2) Celery workers;
where the time goes is told from ``BENCH_SAMPLE`` (300) lots in one process. All that is stored is checked again by the
rules.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import django

from benchmarks.sirene import connect
from benchmarks.table import median, percentile, show, timed
from config import settings as site

NAME = "bench_building"
FIRMS = int(os.environ.get("BENCH_FIRMS", "220000"))
LOTS = int(os.environ.get("BENCH_LOTS", "10000"))
WORKERS = int(os.environ.get("BENCH_WORKERS", "2"))
SAMPLE = int(os.environ.get("BENCH_SAMPLE", "300"))
CHECKED = int(os.environ.get("BENCH_CHECKED", str(LOTS)))  # lots whose rows are checked again
CHUNK = 20  # lots a message: config.pipeline.CHUNK
ASKED = 200  # lots solved again one by one, as on a page

# Half the firms have known references; one in fifty is inclusive; one in a hundred hires.
_FIRMS = """UPDATE matchmaker_firm SET "references" = CASE id % 2 WHEN 0 THEN 3 ELSE 0 END,
    inclusive_kind = CASE id % 150 WHEN 0 THEN 'EI' WHEN 50 THEN 'ACI' WHEN 100 THEN 'ESAT' ELSE '' END,
    declared_vacancies = CASE WHEN id % 100 = 1 THEN 1 + id % 5 END, vacancies_on = current_date"""
_LOTS = """UPDATE matchmaker_lot SET reservation = CASE id % 25 WHEN 0 THEN 'siae' ELSE 'none' END,
    insertion_hours = CASE WHEN id % 20 = 1 THEN 400 END"""

if TYPE_CHECKING:
    from matchmaker.models import Lot, Run

T = TypeVar("T")


def fill() -> None:
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.territory import make_firms, make_lots
    from matchmaker import snapshot
    from matchmaker.match import match_lots
    from matchmaker.models import Lot, PendingChange

    call_command("migrate", verbosity=0)
    call_command("load_reference", verbosity=0)
    make_firms(FIRMS)
    make_lots(LOTS)
    with connection.cursor() as cursor:
        cursor.execute(_FIRMS)
        cursor.execute(_LOTS)
    PendingChange.objects.all().delete()
    snapshot.build(False)
    match_lots(Lot.objects.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def where_time_goes(ids: list[int]) -> list[list[object]]:
    """Seconds of each step over some lots, in this process."""
    from consortia.build import begun, tell
    from consortia.domain.named import named
    from consortia.domain.solver import solve
    from consortia.propose import joined, rows_of
    from consortia.store import Conclusion, store
    from matchmaker.match import firm_index
    from matchmaker.models import Lot
    from matchmaker.reference import reference

    spent: Counter[str] = Counter()

    def step(name: str, action: Callable[[], T]) -> T:
        start = time.perf_counter()
        result = action()
        spent[name] += time.perf_counter() - start
        return result

    def concluded(lot: Lot) -> Conclusion:
        outcome, case = step("reading: firms in reach, as a problem", lambda: begun(lot, tables, index))
        if case is None:
            return Conclusion(outcome)
        problem = case.problem
        solved = step("solving: the ten best, proven", lambda: solve(problem, count=10))
        by_name = step("solving: those known by name", lambda: named(problem) if solved.solutions else {})
        step("concluding: why none, partners, sub-contractors", lambda: tell(outcome, case, solved, index))
        return Conclusion(
            outcome, step("rules, trials and words", lambda: rows_of(case, joined(solved.solutions, by_name)))
        )

    tables = reference()
    index = firm_index(tables, fictitious=False)
    done = [concluded(lot) for lot in Lot.objects.filter(pk__in=ids).select_related("tender__buyer")]
    step("storing", lambda: [store(some) for some in batched(done, CHUNK, strict=False)])
    whole = sum(spent.values())
    return [[name, f"{1000 * s / len(ids):.1f}", f"{s / whole:.0%}"] for name, s in spent.most_common()]


def through_workers(ids: list[int]) -> tuple[float, float]:
    """Seconds a run's chunks take through Celery, from the first message on, and processor seconds of the workers."""
    from django.utils import timezone

    from consortia.tasks import build
    from matchmaker.models import Lot, Run
    from tests.services.broker import broker
    from tests.services.worker_processes import workers

    run = Run.objects.create(as_of=timezone.localdate(), total=len(ids))
    Lot.objects.filter(pk__in=ids).update(run=run)
    with broker(8), workers(*(f"o{n}" for n in range(WORKERS))) as started:
        warm = Run.objects.create(as_of=timezone.localdate(), total=4 * WORKERS * CHUNK)
        for chunk in list(batched(ids, CHUNK, strict=False))[: 4 * WORKERS]:
            build.delay(warm.pk, list(chunk))  # each process opens the snapshot and compiles once
        awaited(warm)
        before, start = _processor_s(started), time.perf_counter()
        for chunk in batched(ids, CHUNK, strict=False):
            build.delay(run.pk, list(chunk))
        awaited(run)
        return time.perf_counter() - start, _processor_s(started) - before


def awaited(run: Run) -> None:
    while run.state == "running":
        time.sleep(0.1)
        run.refresh_from_db()
    if run.state != "done":
        raise RuntimeError(run.error)


def _processor_s(processes: list[subprocess.Popen[bytes]]) -> float:
    ticks = [Path(f"/proc/{one.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13] for one in processes]
    return sum(int(tick) for pair in ticks for tick in pair) / os.sysconf("SC_CLK_TCK")


def on_the_spot(ids: list[int]) -> tuple[list[float], list[float]]:
    """Seconds of one lot under weights of a person: the ten best; with those known by name."""
    from consortia.domain.problem import Weights
    from consortia.live import UnsizedLotError, problem_of, teams
    from matchmaker.models import Lot

    def sized(lot: Lot) -> bool:
        try:
            return bool(problem_of(lot))
        except UnsizedLotError:
            return False

    lots = [lot for lot in Lot.objects.filter(pk__in=ids).select_related("tender__buyer") if sized(lot)][:ASKED]
    weights = Weights(trade=20, distance=60, ess=30, hiring=10, fragile=20, solo=10, member=5, fewest_first=False)
    short = [timed(lambda lot=lot: teams(lot, weights, 10, by_name=False))[0] for lot in lots]
    return short, [timed(lambda lot=lot: teams(lot, weights, 10))[0] for lot in lots]


def measure() -> None:
    from consortia.models import Member, Outcome, Proposal
    from consortia.verify import verify
    from matchmaker.models import Lot

    ids = list(Lot.objects.order_by("pk").values_list("pk", flat=True))
    sample = ids[:: max(1, len(ids) // SAMPLE)][:SAMPLE]
    where_time_goes(sample[:10])  # compiles what is compiled
    steps = where_time_goes(sample)
    wall, processor = through_workers(ids)
    states = Counter(Outcome.objects.values_list("state", flat=True))
    unproven = Proposal.objects.filter(proven=False).count()
    short, long = on_the_spot(ids[:: max(1, len(ids) // (2 * ASKED))])
    checking = time.perf_counter()
    checked = verify(Lot.objects.filter(pk__in=ids[:: max(1, len(ids) // CHECKED)]))
    checking = time.perf_counter() - checking
    show(
        f"Building: {FIRMS} firms, {len(ids)} lots, {WORKERS} Celery workers",
        ["What", "figure"],
        [
            ["all lots solved and stored, wall seconds", f"{wall:.1f}"],
            ["lots a second", f"{len(ids) / wall:.1f}"],
            ["processor seconds of the workers", f"{processor:.1f}"],
            ["proposals, members stored", f"{Proposal.objects.count()}, {Member.objects.count()}"],
            ["lots by state", ", ".join(f"{state} {n}" for state, n in states.most_common())],
            ["proposals not proven", unproven],
            [f"rows that break a rule, of {checked.proposals} proposals of {checked.lots} lots", len(checked.faults)],
            ["checking again, seconds", f"{checking:.1f}"],
            ["one lot on the spot, ten best: p50, p95 ms", f"{_ms(median(short))}, {_ms(percentile(short, 0.95))}"],
            ["with those known by name: p50, p95 ms", f"{_ms(median(long))}, {_ms(percentile(long, 0.95))}"],
        ],
        [f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} when measured.", *checked.faults[:5]],
    )
    show(f"Where the time goes, one process, {len(sample)} lots", ["Step", "ms a lot", "of all"], steps)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f}"


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
            fill()
            measure()
    finally:
        drop()


if __name__ == "__main__":
    main()
