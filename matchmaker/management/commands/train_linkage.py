"""Fit the classifier of linking on a table of names whose SIRET is known."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from matchmaker.link import Sought
from matchmaker.linktrain import SPLITS, Example, TooPlainError, train
from matchmaker.sources.tables import TableError, read_rows

_FIELDS = ("name", "sigle", "trade_name", "postcode", "city", "commune_code", "departement", "address", "legal_form",
           "naf", "kind")  # fmt: skip


class Command(BaseCommand):
    help = (
        "Entraîne le rapprochement des noms sans SIRET sur une table dont le SIRET est connu (colonnes siret, split — "
        f"{', '.join(SPLITS)} —, name et, si connues, {', '.join(_FIELDS[1:])}) et écrit le modèle livré."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("table", type=Path)

    def handle(self, *args: Any, table: Path, **options: Any) -> None:
        try:
            examples = [
                Example(
                    Sought(**{field: row.values.get(field, "") for field in _FIELDS}),
                    row.values["siret"],
                    row.values["split"],
                    float(row.values.get("weight") or 1),
                )
                for row in read_rows(table)
            ]
        except (TableError, KeyError, OSError) as error:
            raise CommandError(
                f"{table.name} ne se lit pas ({error}) : donnez une table avec siret, split, name."
            ) from error
        if not {"train", "calibration"} <= {example.split for example in examples}:
            raise CommandError("La colonne « split » doit dire train et calibration : il faut des noms des deux.")
        try:
            said = train(examples, note=table.name, on=timezone.localdate())
        except TooPlainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Modèle écrit : {said['pairs']}. Seuils à reporter dans parameters.csv : {said['thresholds']}."
        )
