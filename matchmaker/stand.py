"""Where each source of the catalogue stands: its last import, how fresh it is, when it is asked next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from matchmaker.import_queries import RETRY
from matchmaker.locks import held, of_source
from matchmaker.models import ImportRun, QuarantineItem, SourceState
from matchmaker.sources.catalogue import BY_KEY, Source, source

COUNTED = ("read", "new", "changed", "unchanged", "retired", "quarantined")
LONGEST_PAUSE = timedelta(days=7)  # between two visits, however rarely the producer publishes
AFTER_FAILURE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Stand:
    """One source as people should see it."""

    source: Source
    state: SourceState
    last: ImportRun | None  # the latest, however it ended
    done: ImportRun | None  # the latest that came to its end
    parts: list[ImportRun]  # the runs of the same sync as ``done``: one a file, for some sources
    waiting: int  # records in quarantine
    busy: bool  # some process works on it right now
    today: date

    @property
    def figures(self) -> dict[str, int]:
        """Counts of the last import that came to its end, over all its files."""
        return {name: sum(getattr(run, name) for run in self.parts) for name in COUNTED}

    @property
    def facts(self) -> dict[str, int]:
        """What else that import found, over all its files."""
        total: Counter[str] = Counter()
        for run in self.parts:
            total.update(run.details.get("facts", {}))
        return dict(total)

    @property
    def main_facts(self) -> list[tuple[str, int]]:
        """The first of them, for a list of sources."""
        return list(self.facts.items())[:3]

    @property
    def dated(self) -> date | None:
        """The day the data speak of, when their producer says it."""
        return self.done.dated if self.done else None

    @property
    def imported_on(self) -> date | None:
        return timezone.localdate(self.done.finished_at or self.done.started_at) if self.done else None

    @property
    def verified(self) -> date | None:
        """Until when we know that nothing newer was published."""
        checked = timezone.localdate(self.state.checked_at) if self.state.checked_at else None
        return max(filter(None, (self.dated or self.imported_on, checked)), default=None) if self.done else None

    @property
    def age_days(self) -> int | None:
        return max(0, (self.today - self.verified).days) if self.verified else None

    @property
    def age_share(self) -> float:
        """Age as a share of what is still fresh; 1 or more is stale."""
        return (self.age_days or 0) / self.limit_days

    @property
    def age_percent(self) -> float:
        return 100 * min(1.0, self.age_share)

    @property
    def limit_days(self) -> int:
        return 2 * self.source.every_days

    @property
    def overdue(self) -> bool:
        return self.next_at is not None and self.next_at <= timezone.now()

    @property
    def fetchable(self) -> bool:
        """It comes by the network, so that it can be asked for without a file."""
        return bool(self.source.urls) or self.source.automatic

    @property
    def pending(self) -> bool:
        return self.busy or self.state.asked_at is not None

    @property
    def freshness(self) -> str:
        """never, fresh, or stale: not verified for twice as long as the producer takes to publish."""
        if self.age_days is None:
            return "never"
        return "fresh" if self.age_share <= 1 else "stale"

    @property
    def next_at(self) -> datetime | None:
        """When it is fetched next; None when nobody asked and it does not come by itself."""
        if self.state.asked_at:
            return self.state.asked_at
        if not (self.source.automatic and settings.AUTOMATIC_SYNC):
            return None
        if self.state.error and self.state.tried_at:
            return self.state.tried_at + AFTER_FAILURE
        if not self.state.checked_at:
            return timezone.now()
        return self.state.checked_at + min(timedelta(days=self.source.every_days), LONGEST_PAUSE)

    @property
    def due(self) -> bool:
        return not self.busy and self.overdue


def standing(sources: Iterable[Source] | None = None) -> list[Stand]:
    """All of them in the order of the catalogue. Six queries."""
    wanted = list(BY_KEY.values() if sources is None else sources)
    keys = [source.key for source in wanted]
    states = {state.key: state for state in SourceState.objects.filter(key__in=keys)}
    latest = ImportRun.objects.filter(source_key__in=keys).exclude(source__startswith=RETRY)
    latest = latest.order_by("source_key", "-started_at", "-pk")
    last = {run.source_key: run for run in latest.distinct("source_key")}
    done = {run.source_key: run for run in latest.filter(state=ImportRun.State.DONE).distinct("source_key")}
    parts = _parts(done.values())
    waiting = dict(
        QuarantineItem.objects.filter(mended_at=None, run__source_key__in=keys)
        .order_by()
        .values_list("run__source_key")
        .annotate(n=Count("pk"))
    )
    busy = held(of_source(key) for key in keys)
    return [
        Stand(
            source=source,
            state=states.get(source.key) or SourceState(key=source.key),
            last=last.get(source.key),
            done=done.get(source.key),
            parts=parts.get(source.key, []),
            waiting=waiting.get(source.key, 0),
            busy=of_source(source.key) in busy,
            today=timezone.localdate(),
        )
        for source in wanted
    ]


def _parts(done: Iterable[ImportRun]) -> dict[str, list[ImportRun]]:
    """By source, the runs that belong together with its last one. One query."""
    alone = {run.source_key: [run] for run in done}
    marks = [mark for runs in alone.values() if (mark := runs[0].details.get("together"))]
    several: dict[str, list[ImportRun]] = {}
    for run in ImportRun.objects.filter(state=ImportRun.State.DONE, details__together__in=marks):
        several.setdefault(run.source_key, []).append(run)
    return alone | several


def stand_of(key: str) -> Stand:
    """Raises UnknownSourceError. Six queries."""
    return standing([source(key)])[0]
