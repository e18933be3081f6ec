"""What is new in the answers of lots, for programs that subscribe: see ``matchmaker.news``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import http_date
from ninja import Query, Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from matchmaker.models import MatchNews
from matchmaker.news import news_since
from matchmaker.queries import firm_by_siret, public_firm

router = Router(tags=["Nouvelles"])
MOST = 500


class NewsQuery(Schema):
    """``since``: a moment with its time zone; ``after``: the ``next`` of the answer before. Repeat ``siren``."""

    since: datetime | None = None
    after: Annotated[int, Field(ge=0, le=2**62)] = 0
    siret: str = ""
    siren: list[str] = []
    lot: int | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = 100


class NewsOut(Schema):
    """``kind``: entered or left (the best placed), solo (can do it alone), new_lot. ``rank``: null once out of it."""

    id: int
    at: datetime
    kind: str
    words: str
    rank: int | None
    lot: int
    title: str
    siret: str
    name: str


class NewsPage(Schema):
    """Oldest first. Ask again with ``after=next``: nothing is missed, nor told twice."""

    next: int
    more: bool
    results: list[NewsOut]


@router.get("", response=NewsPage, auth=None, summary="Ce qui est nouveau : entrées, sorties, capables seules, lots")
def news(request: HttpRequest, response: HttpResponse, query: Query[NewsQuery]) -> NewsPage:  # noqa: ARG001
    """At most two SQL queries. Firms of partial diffusion are never named; ``since`` or ``after`` bound the answer."""
    firm = firm_by_siret(query.siret) if query.siret else None
    if query.siret and firm is None:
        raise HttpError(404, "Aucune entreprise connue ne porte ce SIRET.")
    since = query.since
    if since is not None and timezone.is_naive(since):
        since = timezone.make_aware(since)
    found = news_since(since, after=query.after, firm=firm, sirens=query.siren, lot_id=query.lot, limit=query.limit + 1)
    rows, more = found[: query.limit], len(found) > query.limit
    if rows:
        response["Last-Modified"] = http_date(max(row.at for row in rows).timestamp())
    return NewsPage(next=rows[-1].pk if rows else query.after, more=more, results=[news_out(row) for row in rows])


def news_out(row: MatchNews) -> NewsOut:
    shown = public_firm(row.firm)
    return NewsOut(
        id=row.pk,
        at=row.at,
        kind=row.kind,
        words=row.get_kind_display(),
        rank=row.rank,
        lot=row.lot_id,
        title=row.lot.title or row.lot.tender.title,
        siret=shown.siret,
        name=shown.name,
    )
