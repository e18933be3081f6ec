"""Claim: a declared capacity shows in the ranking of a lot in less than a second, through Celery, at 220 k x 10 k.

Run by ``./run bench rematch``. In a scratch database and a broker of its own: made firms in towns, made lots, a real
worker, the declaration and the lot read through the API. Sizes: MAILLAGE_BENCH_FIRMS, _LOTS, _CHANGES.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FIRMS = int(os.environ.get("MAILLAGE_BENCH_FIRMS", "220000"))
LOTS = int(os.environ.get("MAILLAGE_BENCH_LOTS", "10000"))
CHANGES = int(os.environ.get("MAILLAGE_BENCH_CHANGES", "40"))
INLINE = 10  # more changes, taken in this process to see where the time goes
USUAL = os.environ.get("MAILLAGE_DB_NAME", "maillage")
SCRATCH = f"{USUAL}_bench_rematch"
ROOT = Path(__file__).parents[1]

os.environ |= {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "MAILLAGE_DB_NAME": SCRATCH,
    "MAILLAGE_SNAPSHOTS": tempfile.mkdtemp(prefix="maillage-bench-"),
    "MAILLAGE_LOG_LEVEL": "ERROR",
}

import django  # noqa: E402

django.setup()

import psycopg  # noqa: E402
from django.conf import settings  # noqa: E402

os.environ["CELERY_BROKER_URL"] = settings.CELERY_BROKER_URL.replace("virtual_host=1", "virtual_host=12")

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.table import median, percentile, show  # noqa: E402
from benchmarks.territory import make_firms, make_lots  # noqa: E402
from config.celery import app  # noqa: E402
from matchmaker import rematch as passes  # noqa: E402
from matchmaker.changes import waiting  # noqa: E402
from matchmaker.declare import declare  # noqa: E402
from matchmaker.match import match_lots  # noqa: E402
from matchmaker.models import Firm, Lot, Match, PendingChange, Run  # noqa: E402
from matchmaker.reference import load_reference  # noqa: E402
from matchmaker.rewrite import COLUMNS  # noqa: E402
from matchmaker.snapshot import refresh  # noqa: E402

TIMEOUT_S = 60


def administered(statement: str) -> None:
    """A statement no transaction may hold, from the usual database."""
    facts = connection.settings_dict
    where = {"host": facts["HOST"], "port": facts["PORT"], "user": facts["USER"], "password": facts["PASSWORD"]}
    with psycopg.connect(dbname=USUAL, autocommit=True, **where) as outside:
        outside.execute(statement)


@contextmanager
def scratch() -> Iterator[None]:
    administered(f'DROP DATABASE IF EXISTS "{SCRATCH}" WITH (FORCE)')
    administered(f'CREATE DATABASE "{SCRATCH}"')
    try:
        yield
    finally:
        connections.close_all()
        connection.close_pool()
        administered(f'DROP DATABASE IF EXISTS "{SCRATCH}" WITH (FORCE)')


def fill() -> dict[str, float]:
    """Made firms and lots, all matched once by a run that is done. Seconds of each step."""
    seconds = {}

    def step(name: str, action: Callable[[], object]) -> None:
        begin = time.perf_counter()
        action()
        seconds[name] = time.perf_counter() - begin
        print(f"{name}: {seconds[name]:.1f} s", file=sys.stderr, flush=True)

    call_command("migrate", verbosity=0)
    load_reference()
    step("firms", lambda: make_firms(FIRMS))
    step("lots", lambda: make_lots(LOTS))
    step("snapshot", lambda: refresh(False))
    step("all lots matched", lambda: match_lots(Lot.objects.values_list("pk", flat=True)))
    Run.objects.create(as_of=timezone.localdate(), state=Run.State.DONE, finished_at=timezone.now())
    PendingChange.objects.all().delete()
    with connection.cursor() as cursor:  # groupings that are up to date, so that only those of touched lots follow
        cursor.execute(
            "INSERT INTO consortia_outcome (lot_id, state, reason, message, gaps, hours_required, hours_recommended,"
            " candidates, hours_suppliers, notes, solver, matched_at, updated_at)"
            " SELECT id, 'none', '', '', '[]', 0, 0, 0, '[]', '[]', '{}', matched_at, now() FROM matchmaker_lot"
        )
        cursor.execute("ANALYZE")
    return seconds


@contextmanager
def worker() -> Iterator[None]:
    app.control.purge()
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "config", "worker", "-c", "2", "-n", "mesure@%h"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not app.control.ping(timeout=0.5):
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(60)
        app.control.purge()


def chosen(dice: random.Random) -> Iterator[tuple[Firm, Lot]]:
    """A firm and a lot it stands in the ranking of, whose amount is known: a capacity always changes its score."""
    rows = Match.objects.filter(lot__amount_eur__gt=1_000_000, firm__capacity_mid_eur__lt=500_000)
    numbers = list(rows.order_by("pk").values_list("pk", flat=True))
    while True:
        match = Match.objects.select_related("firm", "lot").filter(pk=dice.choice(numbers)).first()
        if match is not None and match.firm.declared_free_fte is None:
            yield match.firm, match.lot


def shown(client: Client, firm: Firm, lot: Lot) -> tuple[int, float] | None:
    """Rank and score of a firm, as the API tells them."""
    rows = client.get(f"/api/lots/{lot.pk}").json()["matches"]
    return next(((row["rank"], row["score"]) for row in rows if row["firm"]["siret"] == firm.siret), None)


def end_to_end(client: Client, firm: Firm, lot: Lot) -> tuple[float, float]:
    """Seconds from the declaration's request to the lot's answer that tells it, and those of reading one answer."""
    before = shown(client, firm, lot)
    begin = time.perf_counter()
    body = {"free_fte": 400, "on": timezone.localdate().isoformat()}
    answer = client.put(f"/api/firms/{firm.siret}/declaration", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    read = 0.0
    while True:
        asked = time.perf_counter()
        now = shown(client, firm, lot)
        end = time.perf_counter()
        read = end - asked
        if now != before:
            return end - begin, read
        assert end - begin < TIMEOUT_S, "the new rank never came"


def steps_inline(dice: random.Random, user: Any) -> tuple[dict[str, list[float]], list[int]]:
    """The same in this process, without Celery: seconds of each step of a pass, and lots asked."""
    spent: dict[str, list[float]] = defaultdict(list)
    originals = {name: getattr(passes, name) for name in ("fresh", "near", "asked", "rewrite")}

    def timed(name: str) -> Callable[..., Any]:
        def action(*arguments: Any, **more: Any) -> Any:
            begin = time.perf_counter()
            try:
                return originals[name](*arguments, **more)
            finally:
                spent[name][-1] += time.perf_counter() - begin

        return action

    lots, pairs = [], chosen(dice)
    for name in originals:
        setattr(passes, name, timed(name))
    for _ in range(INLINE):
        firm, _lot = next(pairs)
        begin = time.perf_counter()
        declare(firm, 300, timezone.localdate(), user)
        spent["declare"].append(time.perf_counter() - begin)
        for name in originals:
            spent[name].append(0.0)
        begin = time.perf_counter()
        lots.append(passes.rematch().asked)
        spent["whole pass"].append(time.perf_counter() - begin)
    return spent, lots


def stored() -> list[Any]:
    return list(Match.objects.order_by("lot_id", "rank").values_list("lot_id", *COLUMNS))


def main() -> None:
    dice = random.Random(4)
    with scratch():
        filled = fill()
        user = get_user_model().objects.create(username="mesure", is_staff=True)
        client = Client(headers={"host": "localhost"})
        client.force_login(user)
        pairs = chosen(dice)
        with worker():
            for _ in range(3):  # the worker's processes open the snapshot and compile
                end_to_end(client, *next(pairs))
            load = os.getloadavg()
            measured = [end_to_end(client, *next(pairs)) for _ in range(CHANGES)]
            loads = load[0], os.getloadavg()[0]
        while waiting().exists():
            passes.rematch()
        spent, lots = steps_inline(dice, user)
        followed = stored()
        match_lots(Lot.objects.values_list("pk", flat=True))
        same = stored() == followed
    whole, reading = ([values[place] for values in measured] for place in (0, 1))
    rows = [
        ["declaration asked to rank shown, end to end", *_line(whole)],
        ["of which reading the lot's answer once", *_line(reading)],
        *([f"in one process: {name}", *_line(values)] for name, values in spent.items()),
    ]
    show(
        f"Re-match after one change: {FIRMS} firms, {LOTS} lots, {CHANGES} changes",
        ["Step", "p50 ms", "p95 ms", "worst ms"],
        rows,
        [
            f"A change touched {median(lots):.0f} lots (most: {max(lots)}). All rows identical to a full matching: "
            f"{'yes' if same else 'NO'}. Full matching of all lots: {filled['all lots matched']:.1f} s. Load of the "
            f"machine: {loads[0]:.1f} then {loads[1]:.1f} on {os.cpu_count()} cores. Groupings of the touched lots "
            "were sought again meanwhile by the same worker, after the matches."
        ],
    )


def _line(values: list[float]) -> list[str]:
    return [f"{1000 * found:.0f}" for found in (median(values), percentile(values, 0.95), max(values))]


if __name__ == "__main__":
    main()
