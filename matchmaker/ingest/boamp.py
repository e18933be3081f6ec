"""The BOAMP in: day after day from its API, or from files one already has.

The cursor is the last day kept whole; it commits with the documents it speaks of. Each collection reads some days
again, as notices are completed after they appeared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from matchmaker.ingest.notices import keep_documents
from matchmaker.ingest.report import Progress, Report, importing, silent
from matchmaker.models import ImportRun, SourceState
from matchmaker.reference import reference
from matchmaker.sources.boamp_api import BoampApi
from matchmaker.sources.catalogue import Source
from matchmaker.sources.files import RawDocument, iter_documents
from matchmaker.sources.http import PoliteClient, Politeness

_ONE_DAY = timedelta(days=1)


def collect_boamp(
    source: Source,
    progress: Progress = silent,
    *,
    since: date | None = None,
    until: date | None = None,
    client: PoliteClient | None = None,
) -> ImportRun:
    """Everything published since the last collection, or ``since``. Raises ImportBusyError or a SourceError."""
    days = _Days(source.key, since, until or timezone.localdate())
    with (
        importing("notices", source.title, source, url=settings.BOAMP_URL) as report,
        client or PoliteClient(Politeness(interval=settings.BOAMP_INTERVAL)) as asked,
    ):
        api = BoampApi(asked, settings.BOAMP_URL)
        keep_documents(days.documents(api, report, progress), report, after_batch=days.remember)
        days.remember()
        report.run.dated = days.last
        for sentence in api.warnings:
            report.warn(sentence)
    return report.run


def ingest_boamp(source: Source, paths: Sequence[Path], progress: Progress = silent) -> ImportRun:
    """Answers of the API saved to files, JSON Lines, XML. Raises InputNotFoundError or ImportBusyError."""
    with importing("notices", ", ".join(path.name for path in paths), source) as report:
        keep_documents(iter_documents(paths), report, progress)
    return report.run


class _Days:
    """The days to read, and how far one got."""

    def __init__(self, key: str, since: date | None, until: date) -> None:
        self.key, self.until = key, until
        self.first = min(since or self._next(), until)
        self.last: date | None = None  # kept whole

    def _next(self) -> date:
        """Some days before where the last collection stopped; at the first one, some weeks ago."""
        state = SourceState.objects.filter(key=self.key).first()
        reached = state.cursor.get("day") if state else None
        if reached:
            return date.fromisoformat(reached) + _ONE_DAY - timedelta(days=round(reference()["boamp.overlap_days"]))
        return self.until - timedelta(days=round(reference()["boamp.first_days"]))

    def documents(self, api: BoampApi, report: Report, progress: Progress) -> Iterator[RawDocument]:
        """Every notice of every day. A day counts as kept only once the next one is asked for."""
        day = self.first
        while day <= self.until:
            progress(f"BOAMP du {day:%d/%m/%Y} ; {report.counts['read']} avis lus")
            yield from api.day(day)
            self.last = day
            day += _ONE_DAY

    def remember(self) -> None:
        """Inside the transaction of the documents drawn so far."""
        if self.last:
            SourceState.objects.update_or_create(key=self.key, defaults={"cursor": {"day": self.last.isoformat()}})
