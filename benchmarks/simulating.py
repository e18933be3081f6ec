"""Claim: a border moved on a split answers in less than 1 s (p95), the real index and the real solver behind it.

Run by ``./run bench simulating`` on the demo territory (``./run demo`` once). The need is the demo's: 40 communes, 4
trades. Random legal moves, one after the other, through the page's own address as a signed-in buyer: the change posted,
evaluated, kept as a version, and the new page rendered. Nothing found before counts: the cache starts empty, so each
move asks anew for the two lots it touches. Beside it, the evaluation alone, and whole splits asked for the first time.
``BENCH_MOVES`` moves a split. Nothing is left in the database.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.models import User  # noqa: E402
from allotment import simulate  # noqa: E402
from allotment.domain import versions  # noqa: E402
from allotment.domain.need import Need as DomainNeed  # noqa: E402
from allotment.domain.versions import Shapes  # noqa: E402
from allotment.models import Need, Split  # noqa: E402
from allotment.queries import need_of  # noqa: E402
from allotment.splits import keep, shapes_of  # noqa: E402
from benchmarks.table import median, percentile, show  # noqa: E402
from config.warm import warm  # noqa: E402

MOVES = int(os.environ.get("BENCH_MOVES", "60"))
SEED = 20261123


def by_trade_and_parts(need: DomainNeed) -> Shapes:
    lots = versions.by_trade(need, versions.whole(need), 0)
    for place in range(len(lots) - 1, -1, -1):
        lots = versions.by_parts(need, lots, place, 3)
    return lots


STARTS: dict[str, Callable[[DomainNeed], Shapes]] = {
    "un lot par métier et tiers de territoire (12)": by_trade_and_parts,
    "six territoires, quatre métiers ensemble (6)": lambda need: versions.by_parts(need, versions.whole(need), 0, 6),
    "deux territoires, quatre métiers ensemble (2)": lambda need: versions.by_parts(need, versions.whole(need), 0, 2),
}


def emptied() -> None:
    """Nothing found so far counts."""
    simulate.LAYOUT = f"bench {time.perf_counter_ns()}"


def moves(row: Need, client: Client, made: Split, count: int = MOVES) -> tuple[list[float], list[float]]:
    """Seconds of each move: through the page, and of the evaluation alone."""
    pages, alone = [], []
    chance = random.Random(SEED)
    need = need_of(row)
    for _turn in range(count):
        lots = shapes_of(list(made.lots.all()))
        choices = sorted(
            (giver, commune, taker)
            for (giver, commune), takers in versions.takers(need, lots).items()
            for taker in takers
            if len(lots[giver].communes) > 1
        )
        giver, commune, taker = chance.choice(choices)
        emptied()
        simulate.evaluate(need, lots, fictitious=row.fictitious)  # all lots but those the move makes are known
        start = time.perf_counter()
        simulate.evaluate(need, versions.moved(need, lots, {commune: (giver, taker)}), fictitious=row.fictitious)
        alone.append(time.perf_counter() - start)
        emptied()
        simulate.evaluate(need, lots, fictitious=row.fictitious)
        said = {"do": "move", "commune": commune, "from": giver + 1, "to": taker + 1}
        start = time.perf_counter()
        answer = client.post(f"/needs/{row.pk}/splits/{made.number}/change/", said, follow=True)
        pages.append(time.perf_counter() - start)
        if answer.status_code != 200 or len(answer.redirect_chain) != 1:
            raise SystemExit(f"a legal move was refused: {answer.status_code}")
        made = row.splits.get(number=made.number + 1)
    return pages, alone


def main() -> int:
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    row = Need.objects.filter(fictitious=True, deleted_at=None).order_by("pk").first()
    user = row and User.objects.filter(memberships__organisation=row.organisation_id).first()
    if row is None or user is None:
        print("Aucun besoin de démonstration : lancez d'abord ./run demo.")
        return 1
    warm()
    rows = []
    with transaction.atomic():
        client = Client()
        client.force_login(user)
        need = need_of(row)
        moves(row, client, keep(row, by_trade_and_parts(need), need=need), 3)  # the page's own code is loaded
        for title, start_of in STARTS.items():
            lots = start_of(need)
            emptied()
            start = time.perf_counter()
            simulate.evaluate(need, lots, fictitious=row.fictitious)
            first = time.perf_counter() - start
            pages, alone = moves(row, client, keep(row, lots, need=need))
            figures = (
                first,
                median(pages),
                percentile(pages, 0.95),
                max(pages),
                median(alone),
                percentile(alone, 0.95),
            )
            rows.append([title, *(f"{1000 * seconds:.0f}" for seconds in figures)])
        transaction.set_rollback(True)
    show(
        "Une frontière déplacée (ms)",
        ("découpage", "première évaluation", "page p50", "page p95", "page max", "calcul seul p50", "calcul seul p95"),
        rows,
        [
            f"{MOVES} déplacements licites au hasard par découpage ; {len(need.places)} communes, "
            f"{len(need.trades)} métiers."
        ],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
