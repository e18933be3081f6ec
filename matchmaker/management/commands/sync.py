"""``manage.py sync [SOURCE [FILE...]]``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from matchmaker.ingest import ImportBusyError
from matchmaker.management.progress import on_terminal, show_run
from matchmaker.sources.catalogue import SOURCES, UnknownSourceError
from matchmaker.sources.tables import TableError
from matchmaker.sync import sync


class Command(BaseCommand):
    help = (
        "Met à jour une source de données ouvertes, depuis le réseau ou depuis des fichiers ; sans argument, les liste."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", nargs="?")
        parser.add_argument("files", nargs="*", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["source"]:
            for known in SOURCES:
                self.stdout.write(f"{known.key:24} {known.title} — {known.producer}. {known.help}")
            return
        try:
            runs = sync(options["source"], options["files"], on_terminal)
        except (UnknownSourceError, ImportBusyError, TableError) as error:
            raise CommandError(str(error)) from error
        on_terminal("")
        for run in runs:
            self.stdout.write(f"{run.source} :")
            show_run(self.stdout, run)
