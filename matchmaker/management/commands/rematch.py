"""``manage.py rematch``: match again what recent changes touch, here and now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from matchmaker.rematch import rematch


class Command(BaseCommand):
    help = "Rapproche de nouveau les seuls lots ouverts que des changements récents touchent."

    def handle(self, *args: Any, **options: Any) -> None:
        done = rematch()
        self.stdout.write(
            f"{done.changes} changements : {done.asked} lots rapprochés de nouveau, {done.written} lignes écrites, "
            f"{len(done.news)} nouvelles."
        )
