from django.core.management.base import BaseCommand

from matchmaker.reference import load_reference


class Command(BaseCommand):
    help = "Charge les tables de référence (métiers, effectifs, paramètres) ; garde les lignes modifiées à la main."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(f"{load_reference()} lignes de référence en place.")
