"""``manage.py check_groupings``: check all that is stored of groupings again, by the rules."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consortia.verify import verify

SHOWN = 20  # faults told one by one


class Command(BaseCommand):
    help = "Vérifie de nouveau, par les règles, tous les groupements enregistrés ; échoue si l'un en enfreint une."

    def handle(self, *args: Any, **options: Any) -> None:
        found = verify()
        for fault in found.faults[:SHOWN]:
            self.stdout.write(fault)
        told = f"{found.lots} lots, {found.proposals} groupements, {found.members} parts vérifiés"
        if found.faults:
            raise CommandError(f"{told} : {len(found.faults)} défauts. Relancez « ./run manage pipeline --force ».")
        self.stdout.write(f"{told} : aucun n'enfreint une règle.")
