"""``manage.py demo_data DIR``: write the fictitious demo territory as files."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from geo.models import Commune
from matchmaker.demo.places import NUTS3, Town
from matchmaker.demo.write import HIRING, FolderTakenError, write_demo
from matchmaker.domain.reference import build_reference
from matchmaker.reference import shipped_rows, shipped_tables
from matchmaker.sync import sync


def demo_towns() -> list[Town]:
    """Communes of the demo départements with people, a postcode and a point (one query)."""
    communes = (
        Commune.objects.filter(
            departement__in=sorted(NUTS3), kind=Commune.Kind.COMMUNE, population__gt=0, point__isnull=False
        )
        .only("code", "name", "postcodes", "population", "point", "departement")  # boundaries are heavy
        .order_by("code")
    )
    return [
        Town(
            code=commune.code,
            name=commune.name,
            postcodes=tuple(sorted(commune.postcodes)),
            population=commune.population or 0,
            lon=commune.point.x,
            lat=commune.point.y,
            departement=commune.departement_id,
        )
        for commune in communes
        if commune.postcodes and commune.point
    ]


class Command(BaseCommand):
    help = (
        "Écrit un territoire de démonstration fictif : DIR/firms.csv, DIR/notices/*.xml (eForms), "
        "DIR/awards.json (DECP) et "
        "DIR/recrutement/*.csv (bassins, projets de recrutement, demandeurs d'emploi)."
    )
    requires_system_checks = []  # it reads communes and writes files: pages need not be in order

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, help="dossier à écrire (remplacé d'un coup)")
        parser.add_argument("--firms", type=int, default=5000, help="nombre d'établissements (5000)")
        parser.add_argument("--lots", type=int, default=500, help="nombre de lots (500)")
        parser.add_argument("--seed", type=int, default=2026, help="graine du hasard (2026)")
        parser.add_argument("--load-hiring", action="store_true", help="importer aussi DIR/recrutement")
        parser.add_argument("--as-of", type=date.fromisoformat, help="date du jour, AAAA-MM-JJ (aujourd'hui)")

    def handle(self, *_args: Any, **options: Any) -> None:
        if min(options["firms"], options["lots"]) < 1 or options["seed"] < 0:
            raise CommandError("Demandez au moins une entreprise et un lot, et une graine positive ou nulle.")
        towns = demo_towns()
        if not towns:
            raise CommandError("Aucune commune en base : lancez d'abord « ./run manage load_territory ».")
        try:
            written = write_demo(
                options["folder"],
                towns,
                build_reference("shipped", shipped_tables()),  # people's edits would change the files
                firms=options["firms"],
                lots=options["lots"],
                seed=options["seed"],
                as_of=options["as_of"] or timezone.localdate(),
                say=self.stdout.write,
                jobs=shipped_rows("rome_fap"),
            )
        except FolderTakenError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            self.style.SUCCESS(
                f"Démonstration fictive écrite dans {options['folder']} : {written.firms} entreprises, "
                f"{written.notices} avis, {written.lots} lots, {written.awards} marchés attribués."
            )
        )
        if options["load_hiring"]:
            self._load_hiring(options["folder"] / HIRING)

    def _load_hiring(self, folder: Path) -> None:
        """By the importer of the real files, in this process: three more would cost a second each."""
        for key in ("bassins", "bmo", "demandeurs"):
            for path in folder.glob(f"{key}_fictif*.csv"):
                (run,) = sync(key, [path])
                self.stdout.write(f"{path.name} : {run.read} lignes, {run.new} nouvelles.")
