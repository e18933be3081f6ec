"""``manage.py pipeline [--as-of DATE] [--wait] [--inline] [--shards N]``: match open lots and build their groupings."""

from __future__ import annotations

import sys
import time
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config.celery import app
from config.pipeline import counts, follow, resume, settled, start
from matchmaker.domain.reference import InvalidReferenceError
from matchmaker.domain.store import SnapshotError
from matchmaker.jobs import SharedStorageError
from matchmaker.models import Run

STALLED_S = 30


class Command(BaseCommand):
    help = "Rapproche les lots ouverts des entreprises et construit les groupements (par Celery)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=date.fromisoformat, help="date à laquelle un lot compte comme ouvert")
        parser.add_argument("--wait", action="store_true", help="attendre la fin en montrant l'avancement")
        parser.add_argument("--inline", action="store_true", help="calculer ici, sans Celery")
        parser.add_argument(
            "--shards",
            type=int,
            help="partager les entreprises entre N parts (0 : aucune ; par défaut selon la taille)",
        )
        parser.add_argument("--force", action="store_true", help="recalculer même si rien n'a changé")

    def handle(self, *args: Any, **options: Any) -> None:
        as_of = options["as_of"] or timezone.localdate()
        begin = time.perf_counter()
        try:
            run, needed = start(
                as_of,
                force=options["force"],
                inline=options["inline"],
                shards=options["shards"],
                progress=self._progress,
            )
        except (InvalidReferenceError, SharedStorageError, SnapshotError) as error:
            raise CommandError(str(error)) from error
        if not needed:
            self.stdout.write(
                f"Rien n'a changé depuis le calcul du {timezone.localtime(run.started_at):%d/%m/%Y à %H:%M}."
            )
        elif options["wait"]:
            run = self._wait(run)
            self._settle()
        self._show(run, time.perf_counter() - begin)

    def _wait(self, run: Run) -> Run:
        last, since = (-1, -1), time.monotonic()
        while run.state == Run.State.RUNNING:
            if (run.matched, run.grouped) != last:
                last, since = (run.matched, run.grouped), time.monotonic()
                self._progress(f"{run.matched}/{run.total} lots rapprochés, {run.grouped}/{run.total} groupements")
            elif time.monotonic() - since > STALLED_S:
                if not app.control.ping(timeout=2):
                    raise CommandError("Aucun ouvrier Celery ne répond : lancez « ./run worker », puis recommencez.")
                resume(run)
                since = time.monotonic()
            time.sleep(0.2)
            run.refresh_from_db()
        self._progress("")
        if run.state == Run.State.FAILED:
            raise CommandError(f"Calcul interrompu : {run.error}")
        return run

    def _settle(self) -> None:
        """Wait for what changed since the run to be in the matches and groupings."""
        since = time.monotonic()
        while not settled():
            if time.monotonic() - since > STALLED_S:
                if not app.control.ping(timeout=2):
                    raise CommandError("Aucun ouvrier Celery ne répond : lancez « ./run worker », puis recommencez.")
                follow(inline=False)
                since = time.monotonic()
            time.sleep(0.2)

    def _progress(self, words: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{words}")
            sys.stderr.flush()

    def _show(self, run: Run, seconds: float) -> None:
        found = counts(run)
        self.stdout.write(
            f"{found['lots']} lots ouverts au {run.as_of:%d/%m/%Y} : {found['matched']} ont des entreprises à portée, "
            f"{found['solo']} une entreprise capable seule, {found.get('proposed', 0)} un groupement, "
            f"{found.get('none', 0)} une raison de ne pas en avoir, {found.get('not_needed', 0)} n'en ont pas besoin, "
            f"{found.get('unsized', 0)} sans dimensionnement possible ({seconds:.1f} s)."
        )
