from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from geo.load import load_zones
from geo.sources.zones import ZoneFileError


class Command(BaseCommand):
    help = "Rattache les communes aux zones d'emploi 2020 d'un fichier CSV (colonnes CODGEO et ZE2020)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: object, **options: object) -> None:
        path = options["file"]
        assert isinstance(path, Path)
        try:
            zones, communes = load_zones(path)
        except (ZoneFileError, OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} : {error}") from error
        self.stdout.write(f"{zones} zones d'emploi, {communes} communes rattachées.")
