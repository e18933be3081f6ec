"""Tenders out as OCDS releases: what their publications fold into, firms of partial diffusion masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from itertools import batched
from typing import Any

from django.db.models import Prefetch, QuerySet

from matchmaker.domain.canonical import from_json
from matchmaker.domain.notice import Notice, Winner
from matchmaker.domain.procedure import fold
from matchmaker.models import Firm, Publication, Tender
from matchmaker.queries import MASKED_NAME
from matchmaker.sources.ocds_out import to_ocds

BATCH = 100


def ocds_of(tender_id: int) -> dict[str, Any] | None:
    """The release of one tender; None when it is unknown or was kept before publications were. Four queries."""
    return next(releases(Tender.objects.filter(pk=tender_id)), None)


def releases(tenders: QuerySet[Tender]) -> Iterator[dict[str, Any]]:
    """One release a tender, by batches: memory holds one batch. Three queries a batch."""
    for batch in batched(tenders.order_by("pk").values_list("pk", flat=True).iterator(BATCH), BATCH, strict=False):
        held = Prefetch("publications", Publication.objects.only("tender_id", "content"))
        rows = Tender.objects.filter(pk__in=batch).order_by("pk").prefetch_related(held)
        folded = [_folded(row) for row in rows if row.publications.all()]
        hidden = _hidden(folded)
        yield from (to_ocds(_masked(notice, hidden)) for notice in folded)


def published_since(day: date | None) -> QuerySet[Tender]:
    """Real tenders with a publication of that day or later; all of them without a day. Lazy."""
    real = Tender.objects.filter(fictitious=False, publications__isnull=False)
    return (real.filter(publications__published_on__gte=day) if day else real).distinct()


def _folded(tender: Tender) -> Notice:
    return fold([from_json(row.content) for row in tender.publications.all()]).notice


def _hidden(notices: Iterable[Notice]) -> set[str]:
    """The winners among firms that opposed publication of their identity (rule D1). One query."""
    sirets = {winner.national_id for notice in notices for award in notice.awards for winner in award.winners} - {""}
    partial = Firm.objects.exclude(diffusion=Firm.Diffusion.OPEN).filter(siret__in=sirets)
    return set(partial.values_list("siret", flat=True))


def _masked(notice: Notice, hidden: set[str]) -> Notice:
    def public(winner: Winner) -> Winner:
        return replace(winner, name=MASKED_NAME, national_id="") if winner.national_id in hidden else winner

    awards = tuple(replace(award, winners=tuple(map(public, award.winners))) for award in notice.awards)
    return replace(notice, awards=awards) if hidden else notice
