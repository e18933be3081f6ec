"""What is new in the answers of lots: read since a moment or after a number, announced to those who listen.

Only passes of ``rematch`` write news, one at a time: numbers follow the order in which news appear.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from redis import Redis
from redis.exceptions import RedisError

from matchmaker.models import Firm, MatchNews
from matchmaker.queries import with_commune
from matchmaker.reference import reference

CHANNEL = "maillage:news"
NAMED = 100  # lots and firms named in one announcement
LOG = logging.getLogger(__name__)


def news() -> QuerySet[MatchNews]:
    """News anyone may read, oldest first: none of a partially diffused firm. Lazy."""
    related, heavy = with_commune("firm")
    open_firms = MatchNews.objects.filter(firm__diffusion=Firm.Diffusion.OPEN).order_by("pk")
    return open_firms.select_related(*related, "lot__tender").defer(*heavy, "lot__description", "firm__capacity_steps")


def news_since(
    moment: datetime | None,
    *,
    after: int = 0,
    firm: Firm | None = None,
    sirens: Sequence[str] = (),
    lot_id: int | None = None,
    limit: int = 100,
) -> list[MatchNews]:
    """News told at or after a moment, or after one's number, of a firm, of legal units, of a lot. One query.

    Of those who read on from the number of the last one, nobody misses any.
    """
    found = news().filter(pk__gt=after)
    if moment is not None:
        found = found.filter(at__gte=moment)
    if firm is not None:
        found = found.filter(firm=firm)
    if sirens:
        found = found.filter(firm__siren__in=sirens)
    if lot_id is not None:
        found = found.filter(lot=lot_id)
    return list(found[:limit])


def publish(ids: Iterable[int]) -> None:
    """Announce news on Redis once they are kept: ``{"last", "count", "at", "lots", "sirets"}``, masked firms left out.

    Nobody hears what is published while they are away: subscribers then read on from the last number they saw.
    """
    wanted = list(ids)
    if wanted:
        transaction.on_commit(lambda: _announce(wanted))


def _announce(ids: Sequence[int]) -> None:
    known = list(news().filter(pk__in=ids).values_list("lot_id", "firm__siret", "at"))
    if not known:
        return
    message = {
        "last": max(ids),
        "count": len(known),
        "at": max(at for *_, at in known).isoformat(),
        "lots": sorted({lot for lot, *_ in known})[:NAMED],
        "sirets": sorted({siret for _, siret, _ in known})[:NAMED],
    }
    try:
        with Redis.from_url(settings.REDIS_URL) as redis:
            redis.publish(CHANNEL, json.dumps(message))
    except RedisError as error:
        LOG.warning("news not announced: %s", error)


def purge() -> int:
    """Forget news older than ``news.keep_days``. Returns how many."""
    before = timezone.now() - timedelta(days=reference().integer("news.keep_days"))
    return MatchNews.objects.filter(at__lt=before).delete()[0]
