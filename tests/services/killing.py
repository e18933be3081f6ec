"""Proof that an import survives ``kill -9``: killed again and again, it ends as if it had never been.

    Import("siae", siae_list, (Firm,))      # in test_killed.py: one line an importer

``prepare(folder)`` writes small inputs of several batches (there are BATCH records in one) and returns the command
line after ``manage.py``; ``tables`` are those it writes. Moments are drawn with a fixed seed, half of them right after
a statement or a commit, half by the clock, and spread over the whole run. Every other re-run is killed too.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, models, transaction

from matchmaker.models import ImportRun, QuarantineItem, RawDocument, SourceState
from tests.services.broker import ROOT, until
from tests.services.conftest import checksum

BATCH = 4
KILLS = 10
REPORTS = (ImportRun, QuarantineItem, RawDocument, SourceState)


def nothing() -> None:
    """For imports that need nothing in the database beforehand."""


@dataclass(frozen=True, slots=True)
class Import:
    """An import to kill. ``clear`` undoes what deleting ``tables`` does not; ``before`` fills what it needs each time.

    ``resumes``: it goes on from a cursor, so that its last run need not read everything again.
    """

    name: str
    prepare: Callable[[Path], Sequence[str]]
    tables: tuple[type[models.Model], ...]
    clear: Callable[[], object] = nothing
    before: Callable[[], object] = nothing
    resumes: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


Order = Callable[..., dict[str, Any]]


@contextmanager
def commands(argv: Sequence[str], log: Path, environment: Mapping[str, str]) -> Iterator[Order]:
    """Runs of one command on the committed test database, each a process of its own."""
    settings = {
        "MAILLAGE_DB_NAME": str(connection.settings_dict["NAME"]),
        "MAILLAGE_IMPORT_BATCH": str(BATCH),
        "OPENBLAS_NUM_THREADS": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.services.mortal"],
        cwd=ROOT,
        env=os.environ | settings | dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout

        def order(**death: float) -> dict[str, Any]:
            process.stdin.write(json.dumps({"argv": [*argv], "log": str(log), **death}) + "\n")
            process.stdin.flush()
            ended = json.loads(process.stdout.readline())
            until(unlocked, "le verrou d'un import tué n'a pas été rendu")
            return ended

        yield order
        process.stdin.close()


def unlocked() -> bool:
    """No import holds its lock; the server lets go of it once it notices that the client is gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE l.locktype = 'advisory' AND d.datname = current_database() AND l.pid <> pg_backend_pid())"
        )
        return bool(cursor.fetchone()[0])


def moments(whole: Mapping[str, Any], seed: str) -> Iterator[dict[str, float]]:
    """Where to strike, without end: each round of five covers the run from its beginning to its end."""
    dice = random.Random(seed)
    while True:
        for part in dice.sample(range(5), 5):
            share = (part + dice.random()) / 5
            yield {"statements": max(1, round(share * whole["statements"]))}
            yield {"seconds": share * whole["seconds"]}


def survives(wanted: Import, folder: Path) -> int:
    """Kill an import KILLS times. Returns how many kills it survived; fails where it ends otherwise than unhindered."""
    folder.mkdir(exist_ok=True)
    log = folder / "commands.log"
    with commands(wanted.prepare(folder), log, wanted.environment) as order:

        def completed() -> tuple[str, list[tuple[int, ...]]]:
            ended = order()
            assert ended["code"] == 0, log.read_text("utf-8")[-3000:]
            whole.update(ended)
            return checksum(*wanted.tables, QuarantineItem), reports(wanted)

        whole: dict[str, Any] = {}
        anew(wanted)
        unhindered = completed()
        anew(wanted)
        killed = 0
        for again, moment in enumerate(moments(dict(whole), wanted.name)):
            killed += order(**moment)["killed"]
            if again % 2:
                assert completed() == unhindered, f"tué après {moment}"
                if killed >= KILLS:
                    return killed
                anew(wanted)
            assert again < 8 * KILLS, "l'import finit avant d'être tué : donnez-lui plusieurs lots d'enregistrements"
    raise AssertionError("unreachable")


@transaction.atomic  # the keys between these tables are checked at the end only
def anew(wanted: Import) -> None:
    """The state before any import."""
    wanted.clear()
    with connection.cursor() as cursor:
        for table in dict.fromkeys((*wanted.tables, *REPORTS)):
            cursor.execute(f'DELETE FROM "{table._meta.db_table}"')
    wanted.before()


def reports(wanted: Import) -> list[tuple[int, ...]]:
    """What the last run of each thing read says, once coherent: the same however often it was killed before."""
    runs = ImportRun.objects.order_by("started_at", "pk")
    assert not runs.filter(state=ImportRun.State.RUNNING).exists(), "un import tué passe encore pour en cours"
    last = list({run.source: run for run in runs}.values())
    for run in last:
        kept = run.new + run.changed + run.unchanged + run.retired
        assert run.state == ImportRun.State.DONE, run.error
        assert run.finished_at is not None
        assert run.quarantined == sum(run.details["reasons"].values())
        assert run.quarantined == 0 or QuarantineItem.objects.filter(mended_at=None).exists()
        assert run.read >= run.quarantined
        assert run.read == 0 or wanted.resumes or kept + run.quarantined > 0
    if wanted.resumes:
        return []
    return [(run.read, run.new + run.changed + run.unchanged + run.retired, run.quarantined) for run in last]
