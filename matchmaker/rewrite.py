"""Answers asked again, written where they differ, with the news they make, in the same transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from matchmaker.domain.news import Place, Told, told
from matchmaker.domain.query import Answer, Found, LotQuery
from matchmaker.match import state_of
from matchmaker.models import Lot, Match, MatchNews

PART_COLUMNS = ("trade_part", "text_part", "distance_part", "capacity_part", "evidence_part", "ess_part")
COLUMNS = ("firm_id", "rank", "score", "trade", *PART_COLUMNS, "distance_km", "radius_km", "solo")
Row = tuple[Any, ...]  # a match by COLUMNS
_COUNTS = """
    UPDATE matchmaker_lot l SET supply_count = v.supply, solo_count = v.solo, match_state = v.state, matched_at = %s
    FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::text[]) v(id, supply, solo, state) WHERE l.id = v.id"""


@dataclass(slots=True)
class Asked:
    """A lot asked again. Of the firms that changed, ``arrived`` were out of its reach, ``stronger`` not able alone."""

    lot: Lot
    query: LotQuery | None
    answer: Answer
    renamed: bool  # its trades were deduced anew, otherwise than before
    arrived: set[int] = field(default_factory=set)
    stronger: set[int] = field(default_factory=set)


def rewrite(asked: Sequence[Asked], best: int) -> tuple[int, list[int]]:
    """Keep answers; ``best`` > 0 tells what changed up to that rank. Returns rows written and ids of news.

    Lots that someone else holds (an import under way) are waited for one by one, with no other lot held meanwhile:
    two who each wait for the other's lot would be stopped by the database.
    """
    with transaction.atomic():
        free = _held([one.lot.pk for one in asked], skip_locked=True)
        written, news = _write([one for one in asked if one.lot.pk in free], best)
    for one in asked:
        if one.lot.pk in free:
            continue
        with transaction.atomic():
            if _held([one.lot.pk], skip_locked=False):  # else it was withdrawn meanwhile
                more, others = _write([one], best)
                written, news = written + more, news + others
    return written, news


def _held(ids: Sequence[int], *, skip_locked: bool) -> set[int]:
    lots = Lot.objects.select_for_update(skip_locked=skip_locked).filter(pk__in=ids).order_by("pk")
    return set(lots.values_list("pk", flat=True))


def _write(asked: Sequence[Asked], best: int) -> tuple[int, list[int]]:
    """Five statements whatever the number of lots, all of them held."""
    kept: dict[int, dict[Row, int]] = defaultdict(dict)
    rows = Match.objects.filter(lot__in=[one.lot.pk for one in asked]).order_by()
    for pk, lot, *row in rows.values_list("pk", "lot_id", *COLUMNS):
        kept[lot][tuple(row)] = pk
    gone: list[int] = []
    fresh: list[Row] = []
    news: list[tuple[int, Told]] = []
    for one in asked:
        before = kept[one.lot.pk]
        after = dict.fromkeys(_row(found, rank) for rank, found in enumerate(one.answer.top, start=1))
        gone += [pk for row, pk in before.items() if row not in after]
        fresh += [(one.lot.pk, *row) for row in after if row not in before]
        if best:
            news += [(one.lot.pk, line) for line in _told(one, before, after, best)]
    Match.objects.filter(pk__in=gone).delete()
    _copy(fresh)
    _keep_counts(asked)
    return len(gone) + len(fresh), _keep_news(news)


def _row(found: Found, rank: int) -> Row:
    return (
        found.id,
        rank,
        found.score,
        found.trade,
        *map(float, found.parts),
        found.distance_km,
        found.radius_km,
        found.solo,
    )


def _told(one: Asked, before: Iterable[Row], after: Iterable[Row], best: int) -> Iterator[Told]:
    then, now = ({row[0]: Place(row[1], row[-1]) for row in rows} for rows in (before, after))
    first = one.lot.matched_at is None
    return told(then, now, best=best, first=first, arrived=one.arrived, stronger=one.stronger)


def _copy(rows: Sequence[Row]) -> None:
    if rows:
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY matchmaker_match (lot_id, {', '.join(COLUMNS)}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)


def _keep_counts(asked: Sequence[Asked]) -> None:
    now: datetime = timezone.now()
    columns: list[Sequence[Any]] = [
        [one.lot.pk for one in asked],
        [one.answer.supply for one in asked],
        [one.answer.solo for one in asked],
        [str(state_of(one.lot, one.answer)) for one in asked],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [now, *columns])
    for one in asked:
        if one.renamed:
            one.lot.save(update_fields=["needs", "trades"])


def _keep_news(lines: Sequence[tuple[int, Told]]) -> list[int]:
    news = [MatchNews(lot_id=lot, firm_id=line.firm, kind=line.kind, rank=line.rank) for lot, line in lines]
    return [one.pk for one in MatchNews.objects.bulk_create(news)]
