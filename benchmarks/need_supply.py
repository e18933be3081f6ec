"""Claim: a need's local supply answers in less than 1 s (p95) once known, and as soon (p50) when the need just changed.

Run by ``./run bench need_supply`` on the demo territory (``./run demo`` once). The need is the demo's: 40 communes, 4
trades. First what a need just changed costs (nothing kept of it), then the same page asked again. Compiled code and
communes are loaded, as in a web process that serves. Nothing is left in the database.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.models import User  # noqa: E402
from allotment import supply  # noqa: E402
from allotment.models import Need  # noqa: E402
from allotment.queries import need_of  # noqa: E402
from benchmarks.table import median, percentile, show, timed  # noqa: E402
from config.warm import warm  # noqa: E402

REPEATS = int(os.environ.get("BENCH_REPEATS", "20"))


def forgotten() -> None:
    supply._study.cache_clear()
    supply._curve.cache_clear()


def main() -> int:
    settings.ALLOWED_HOSTS = ["testserver"]
    user = User.objects.filter(username="acheteur").first()
    row = Need.objects.filter(fictitious=True, organisation__memberships__user=user).order_by("pk").first()
    if user is None or row is None:
        print("Aucun besoin de démonstration : lancez d'abord ./run demo.")
        return 1
    warm()
    client = Client()
    client.force_login(user)
    need = need_of(row)

    def fresh(action: Callable[[], object]) -> Callable[[], object]:
        def run() -> object:
            forgotten()
            return action()

        return run

    def page() -> object:
        response = client.get(f"/needs/{row.pk}/")
        assert response.status_code == 200
        return response

    page()
    measured = {
        "offre (indice), rien de connu": fresh(lambda: supply.study(need, fictitious=row.fictitious)),
        **{
            f"courbe {one.trade}, 12 tailles": fresh(partial(supply.curve, need, one.trade, fictitious=row.fictitious))
            for one in need.trades
        },
        "courbe, tous métiers en un lot": fresh(lambda: supply.curve(need, "", fictitious=row.fictitious)),
        "page entière (5 courbes), besoin changé": fresh(page),
        "page entière, redemandée": page,
    }
    rows = []
    for title, action in measured.items():
        seconds = timed(action, REPEATS)
        rows.append([title, f"{1000 * median(seconds):.0f}", f"{1000 * percentile(seconds, 0.95):.0f}"])
    show(
        "Offre locale d'un besoin (ms)",
        ("mesure", "p50", "p95"),
        rows,
        [f"{len(need.places)} communes, {REPEATS} fois."],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
