"""``manage.py export ocds [--since 2026-01-01]``: tenders as OCDS releases, one a line, on standard output."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand

from matchmaker.exports import published_since, releases


class Command(BaseCommand):
    help = "Écrit les marchés réels connus, une publication OCDS 1.1 par ligne."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("format", choices=["ocds"])
        parser.add_argument("--since", type=date.fromisoformat, help="publiés depuis ce jour, par exemple 2026-01-01")

    def handle(self, *args: Any, **options: Any) -> None:
        for release in releases(published_since(options["since"])):
            self.stdout.write(json.dumps(release, ensure_ascii=False))
