"""``manage.py backtest [--out DOSSIER] [--adopt] [--adopt-radius]``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from matchmaker.backtest import NothingToTestError, Wishes, backtest, write
from matchmaker.domain.backtest.summary import told
from matchmaker.domain.reference import InvalidReferenceError
from matchmaker.management.progress import on_terminal


class Command(BaseCommand):
    help = (
        "Éprouve le classement sur les marchés attribués de la base : périodes successives, classements comparés, "
        "distance ajustée, cotitulaire caché. N'adopte rien sans --adopt ou --adopt-radius, ni sans preuve."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, metavar="DOSSIER", help="où écrire rapport, chiffres et dessins")
        parser.add_argument("--data", default="les marchés de la base", help="ce que sont ces données, pour le rapport")
        parser.add_argument("--max-awards", type=int, default=0, metavar="N", help="marchés éprouvés au plus")
        parser.add_argument("--draws", type=int, default=0, metavar="N", help="tirages pour les intervalles")
        parser.add_argument("--seed", type=int, default=Wishes().seed, help="graine des tirages")
        parser.add_argument("--no-wide", action="store_true", help="sans la mesure où toute la base est candidate")
        parser.add_argument("--adopt", action="store_true", help="mettre en vigueur les poids appris s'ils l'emportent")
        parser.add_argument("--adopt-radius", action="store_true", help="de même pour les rayons ajustés")

    def handle(self, *args: Any, **options: Any) -> None:
        wishes = Wishes(
            data=options["data"],
            seed=options["seed"],
            most=max(0, options["max_awards"]),
            wide=not options["no_wide"],
            adopt=options["adopt"],
            adopt_radius=options["adopt_radius"],
            draws=max(0, options["draws"]),
        )
        try:
            result = backtest(wishes, on_terminal if sys.stderr.isatty() else self._say)
            files = write(result, options["out"]) if options["out"] else []
        except (NothingToTestError, InvalidReferenceError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"Le dossier {options['out']} ne peut pas être écrit ({error}).") from error
        on_terminal("")
        found = result.findings
        tested = len({one.case for one in found.outcome.tested})
        self.stdout.write(f"{tested} marchés éprouvés, couverture {100 * found.coverage:.1f} %.")
        for one in found.scores:
            self.stdout.write(f"  {one.label} : HR@10 {told(one.hr[10])}, MRR@20 {told(one.mrr[20])}")
        self.stdout.write(found.decision)
        self.stdout.write(found.radius_decision)
        for path in files:
            self.stdout.write(f"  écrit : {path}")

    def _say(self, words: str) -> None:
        self.stderr.write(words)
