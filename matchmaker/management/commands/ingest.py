"""``manage.py ingest firms FILE... | notices PATH... | awards FILE... | report``."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from matchmaker.changes import ask_rematch
from matchmaker.domain.reference import InvalidReferenceError
from matchmaker.ingest import ImportBusyError, ingest_awards, ingest_firms, ingest_notices
from matchmaker.management.progress import LABELS, on_terminal, show_run
from matchmaker.models import Firm, ImportRun, Lot, QuarantineItem
from matchmaker.refresh import refresh_from_awards
from matchmaker.sources.files import InputNotFoundError
from matchmaker.sources.tables import TableError


class Command(BaseCommand):
    help = "Importe des entreprises ou des avis, ou montre le rapport des imports et la quarantaine."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        firms = verbs.add_parser("firms", help="CSV (gzip ou non) ou Parquet au format SIRENE, liste SIAE ou ESAT")
        firms.add_argument("paths", nargs="+", type=Path)
        notices = verbs.add_parser("notices", help="fichiers, dossiers, tar.gz d'avis eForms ou TED")
        notices.add_argument("paths", nargs="+", type=Path)
        notices.add_argument("--fictitious", action="store_true", help="marquer ces avis comme fictifs")
        awards = verbs.add_parser("awards", help="fichiers DECP (JSON, XML, CSV, Parquet)")
        awards.add_argument("paths", nargs="+", type=Path)
        awards.add_argument("--fictitious", action="store_true", help="marquer ces marchés comme fictifs")
        report = verbs.add_parser("report", help="rapport des derniers imports et quarantaine")
        report.add_argument("--all", action="store_true", help="toute la quarantaine, sans limite")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            match options["verb"]:
                case "firms":
                    for path in options["paths"]:
                        show_run(self.stdout, self._timed(lambda path=path: ingest_firms(path, on_terminal)))
                case "notices":
                    run = self._timed(
                        lambda: ingest_notices(options["paths"], on_terminal, fictitious=options["fictitious"])
                    )
                    show_run(self.stdout, run)
                case "awards":
                    for path in options["paths"]:
                        marked = partial(ingest_awards, path, on_terminal, fictitious=options["fictitious"])
                        show_run(self.stdout, self._timed(marked))
                    refresh_from_awards(timezone.localdate())
                    ask_rematch()
                case _:
                    self._report(limit=None if options["all"] else 30)
        except (TableError, InputNotFoundError, ImportBusyError, InvalidReferenceError) as error:
            raise CommandError(str(error)) from error

    def _timed(self, action: Any) -> ImportRun:
        start = time.perf_counter()
        run = action()
        on_terminal("")
        self.stdout.write(f"{run.source} : importé en {time.perf_counter() - start:.1f} s.")
        return run

    def _report(self, limit: int | None) -> None:
        self.stdout.write(f"{Firm.objects.count()} entreprises, {Lot.objects.count()} lots en base.")
        for run in ImportRun.objects.all()[:10]:
            self.stdout.write(
                f"{timezone.localtime(run.started_at):%d/%m/%Y %H:%M} {run.kind} « {run.source} » : "
                f"{run.get_state_display()}"
            )
            show_run(self.stdout, run)
            for name, counts in run.details.get("formats", {}).items():
                words = ", ".join(f"{counts[key]} {label}" for key, label in LABELS.items() if counts.get(key))
                self.stdout.write(f"    {name} : {words}")
        waiting = QuarantineItem.objects.filter(mended_at=None)
        self.stdout.write(f"En quarantaine : {waiting.count()}.")
        for item in waiting[:limit]:
            self.stdout.write(f"  {item.locator} — {item.reason} : {item.message}")
