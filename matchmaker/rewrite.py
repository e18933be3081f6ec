"""Answers asked again, written where they differ, with the news they make, in the same transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from matchmaker.domain.news import Place, Told, told
from matchmaker.domain.score import PARTS
from matchmaker.keep import Asked, state_with
from matchmaker.models import Lot, Match, MatchNews

COLUMNS = (
    "firm_id", "rank", "score", "trade", *(f"{part}_part" for part in PARTS), "distance_km", "radius_km", "solo",
)  # fmt: skip
Row = tuple[Any, ...]  # a match by COLUMNS
_COUNTS = """
    UPDATE matchmaker_lot l SET supply_count = v.supply, solo_count = v.solo, match_state = v.state, matched_at = %s
    FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::text[]) v(id, supply, solo, state) WHERE l.id = v.id"""


@dataclass(slots=True)
class Touched:
    """A lot to be asked again: itself ``corrected``, or in reach of ``firms`` that changed, in any version of theirs.
    One that a deleted firm was in reach of is as if corrected: the row that told of it is no more.

    Of those, ``arrived`` were out of its reach before, ``stronger`` not able alone. ``first``: it had no answer yet;
    ``renamed``: its trades are deduced otherwise than before.
    """

    lot: Lot
    first: bool
    renamed: bool
    corrected: bool = False
    firms: set[int] = field(default_factory=set)
    arrived: set[int] = field(default_factory=set)
    stronger: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer of a lot, its rows made only when they are wanted."""

    touched: Touched
    asked: Asked
    place: int | None  # among the lots put to the index

    @property
    def ids(self) -> set[int]:
        return set(self.asked.answers.id[self._part].tolist())

    @property
    def counts(self) -> tuple[int, int]:
        if self.place is None:
            return 0, 0
        answers = self.asked.answers
        return int(answers.supply[self.place]), int(answers.solo_supply[self.place])

    @property
    def _part(self) -> slice:
        if self.place is None:
            return slice(0, 0)
        start, end = self.asked.answers.ptr[self.place : self.place + 2].tolist()
        return slice(start, end)

    def rows(self) -> dict[Row, None]:
        answers, part = self.asked.answers, self._part
        plain = (answers.id, answers.score, answers.trade, answers.distance_km, answers.radius_km, answers.solo)
        columns = zip(*(column[part].tolist() for column in plain), answers.parts[part].tolist(), strict=True)
        return {
            (pk, rank, score, self.asked.codes[trade], *parts, distance, radius, solo): None
            for rank, (pk, score, trade, distance, radius, solo, parts) in enumerate(columns, start=1)
        }


def rewrite(touched: Sequence[Touched], asked: Asked, best: int) -> tuple[int, list[int]]:
    """Keep answers; ``best`` > 0 tells what changed up to that rank. Returns rows written and ids of news.

    Lots that someone else holds (an import under way) are waited for one by one, with no other lot held meanwhile:
    two who each wait for the other's lot would be stopped by the database.
    """
    places = iter(range(len(asked.answers.ptr)))
    found = {
        one.lot.pk: Answered(one, asked, next(places) if put else None)
        for one, put in zip(touched, asked.put, strict=True)
    }
    with transaction.atomic():
        free = _held(found, skip_locked=True)
        written, news = _write([found[pk] for pk in sorted(free)], best)
    for pk in sorted(found.keys() - free):
        with transaction.atomic():
            if _held([pk], skip_locked=False):  # else it was withdrawn meanwhile
                more, others = _write([found[pk]], best)
                written, news = written + more, news + others
    return written, news


def _held(ids: Iterable[int], *, skip_locked: bool) -> set[int]:
    lots = Lot.objects.select_for_update(skip_locked=skip_locked).filter(pk__in=list(ids)).order_by("pk")
    return set(lots.values_list("pk", flat=True))


def _write(answers: Sequence[Answered], best: int) -> tuple[int, list[int]]:
    """Six statements whatever the number of lots, all of them held."""
    differing = _differing(answers)
    kept = _kept(differing)
    gone: list[int] = []
    new: list[Row] = []
    news: list[tuple[int, Told]] = []
    for one in differing:
        lot, before, after = one.touched.lot.pk, kept[one.touched.lot.pk], one.rows()
        gone += [pk for row, pk in before.items() if row not in after]
        new += [(lot, *row) for row in after if row not in before]
        if best:
            news += [(lot, line) for line in _told(one.touched, before, after, best)]
    if gone:
        Match.objects.filter(pk__in=gone).delete()
    _copy(new)
    _keep_counts(answers)
    return len(gone) + len(new), _keep_news(news)


def _differing(answers: Sequence[Answered]) -> list[Answered]:
    """Where the best firms may differ: a changed one was, or is now, among them. Elsewhere only counts change."""
    lots = [one.touched.lot.pk for one in answers]
    firms = {firm for one in answers for firm in one.touched.firms}
    rows = Match.objects.filter(lot__in=lots, firm__in=firms) if firms else Match.objects.none()
    were = set(rows.order_by().values_list("lot_id", flat=True))
    return [
        one for one in answers if one.touched.corrected or one.touched.lot.pk in were or one.touched.firms & one.ids
    ]


def _kept(answers: Sequence[Answered]) -> Mapping[int, dict[Row, int]]:
    kept: defaultdict[int, dict[Row, int]] = defaultdict(dict)
    rows = Match.objects.filter(lot__in=[one.touched.lot.pk for one in answers]).order_by()
    for pk, lot, *row in rows.values_list("pk", "lot_id", *COLUMNS):
        kept[lot][tuple(row)] = pk
    return kept


def _told(touched: Touched, before: Iterable[Row], after: Iterable[Row], best: int) -> Iterator[Told]:
    then, now = ({row[0]: Place(row[1], row[-1]) for row in rows} for rows in (before, after))
    return told(then, now, best=best, first=touched.first, arrived=touched.arrived, stronger=touched.stronger)


def _copy(rows: Sequence[Row]) -> None:
    if rows:
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY matchmaker_match (lot_id, {', '.join(COLUMNS)}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)


def _keep_counts(answers: Sequence[Answered]) -> None:
    lots = [one.touched.lot for one in answers]
    counts = [one.counts for one in answers]
    states = [str(state_with(lot, supply)) for lot, (supply, _) in zip(lots, counts, strict=True)]
    columns = [[lot.pk for lot in lots], [supply for supply, _ in counts], [solo for _, solo in counts], states]
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [timezone.now(), *columns])
    for one in answers:
        if one.touched.renamed:
            one.touched.lot.save(update_fields=["needs", "trades"])


def _keep_news(lines: Sequence[tuple[int, Told]]) -> list[int]:
    news = [MatchNews(lot_id=lot, firm_id=line.firm, kind=line.kind, rank=line.rank) for lot, line in lines]
    return [one.pk for one in MatchNews.objects.bulk_create(news)]
