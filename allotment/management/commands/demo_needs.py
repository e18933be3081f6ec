"""``manage.py demo_needs``: a fictitious buyer, its user with a new password, and a need ready to be split."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from allotment.demo import BUYER, NoTerritoryError, demo_buyer


class Command(BaseCommand):
    help = "Crée un acheteur fictif, son compte (mot de passe nouveau, affiché) et un besoin prêt à découper."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            user, password = demo_buyer()
        except NoTerritoryError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Acheteur fictif ({BUYER}) : identifiant {user.username}, mot de passe {password}")
