"""``manage.py link_directory FILE [--name NETWORK] [--map name=COLUMN ...]``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from matchmaker.directory import DirectoryError, confirm, link, propose
from matchmaker.locks import ImportBusyError
from matchmaker.management.progress import on_terminal, show_run
from matchmaker.sources.tables import TableError


class Command(BaseCommand):
    help = "Rapproche la liste d'un réseau, sans SIRET, des établissements connus ; montre les colonnes devinées."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--name", default="", help="nom du réseau (sinon celui du fichier)")
        parser.add_argument("--owner", help="identifiant de la personne à qui la liste appartient (sinon l'équipe)")
        parser.add_argument("--map", nargs="*", default=[], metavar="CHAMP=COLONNE", help="ex. name='Raison sociale'")
        parser.add_argument("--guess-only", action="store_true", help="montrer les colonnes devinées sans rapprocher")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            directory = propose(path, options["name"] or path.stem[:200], self._owner(options["owner"]))
            mapping = directory.mapping | dict(self._pair(text) for text in options["map"])
            for field, column in mapping.items():
                self.stdout.write(f"  {field:13} {column}")
            for column in directory.dropped:
                self.stdout.write(f"  (données de contact laissées de côté : {column})")
            if options["guess_only"]:
                return
            confirm(directory, mapping)
            directory = link(directory, on_terminal)
        except (TableError, DirectoryError, ImportBusyError) as error:
            raise CommandError(str(error)) from error
        on_terminal("")
        if directory.run:
            show_run(self.stdout, directory.run)

    def _owner(self, name: str | None) -> Any:
        if not name:
            return None
        found = get_user_model().objects.filter(username=name).first()
        if found is None:
            raise CommandError(f"Personne ne porte l'identifiant « {name} ».")
        return found

    def _pair(self, text: str) -> tuple[str, str]:
        field, equals, column = text.partition("=")
        if not equals:
            raise CommandError(f"« {text} » : écrivez CHAMP=COLONNE, par exemple name=Nom.")
        return field, column
