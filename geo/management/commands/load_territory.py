import time

from django.core.management.base import BaseCommand, CommandError, CommandParser

from geo.ground import draw_outlines
from geo.load import load_territory
from geo.sources.territory import TerritoryError


class Command(BaseCommand):
    help = "Charge les communes, départements et arrondissements depuis les paquets installés."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="recharger même si rien n'a changé")

    def handle(self, *args: object, **options: object) -> None:
        start = time.perf_counter()
        try:
            count, done = load_territory(force=bool(options["force"]))
        except TerritoryError as error:
            raise CommandError(str(error)) from error
        draw_outlines(force=done)
        words = f"chargées en {time.perf_counter() - start:.1f} s" if done else "déjà en place"
        self.stdout.write(f"{count} communes {words}.")
