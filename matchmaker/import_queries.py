"""Named reads of imports and of their quarantine. Each says what it costs in SQL queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Q, QuerySet

from matchmaker.locks import held, of_kind
from matchmaker.models import ImportRun, QuarantineItem

RETRY = "Relecture de la quarantaine"  # how the imports that read it again are named


def runs(source: str | None = None) -> QuerySet[ImportRun]:
    """Imports, the latest first; those of one source if given. Lazy."""
    return ImportRun.objects.all() if source is None else ImportRun.objects.filter(source_key=source)


def stopped(these: Iterable[ImportRun]) -> set[int]:
    """Of these runs, the numbers of those "running" that nobody works on any more: they were killed. One query."""
    going = [run for run in these if run.state == ImportRun.State.RUNNING]
    alive = held({of_kind(run.kind) for run in going}) if going else set()
    return {run.pk for run in going if of_kind(run.kind) not in alive}


# ---------------------------------------------------------------- quarantine


@dataclass(frozen=True, slots=True)
class QuarantineFilter:
    """What to look at: one source ("" for imports without one), one kind of tables, one reason, some words."""

    source: str | None = None
    kind: str = ""
    reason: str = ""
    words: str = ""

    @property
    def active(self) -> bool:
        return self != QuarantineFilter()


def quarantine_filter(params: Mapping[str, str]) -> QuarantineFilter:
    """Read from an address."""
    clean = {name: str(value).replace("\x00", "").strip()[:100] for name, value in params.items()}
    source = clean.get("source") or (None if "kind" not in clean else "")
    return QuarantineFilter(source, clean.get("kind", ""), clean.get("reason", ""), clean.get("q", ""))


def quarantine(wanted: QuarantineFilter) -> QuerySet[QuarantineItem]:
    """Records set aside that nobody mended yet, without their payload. Lazy."""
    items = QuarantineItem.objects.filter(mended_at=None).select_related("run").defer("payload")
    items = items.annotate(kept=Q(payload__isnull=False))
    if wanted.source is not None:
        items = items.filter(run__source_key=wanted.source)
    if wanted.kind:
        items = items.filter(kind=wanted.kind)
    if wanted.reason:
        items = items.filter(reason=wanted.reason)
    if wanted.words:
        items = items.filter(Q(locator__icontains=wanted.words) | Q(message__icontains=wanted.words))
    return items.order_by("-created_at", "pk")


@dataclass(frozen=True, slots=True)
class Reason:
    """Records of one source set aside for one reason."""

    source: str
    kind: str
    reason: str
    example: str  # one of their messages
    count: int
    kept: int  # how many can be read again
    latest: date


def reasons(source: str | None = None) -> list[Reason]:
    """Quarantine by source and reason, the most frequent first. One query."""
    items = QuarantineItem.objects.filter(mended_at=None)
    if source is not None:
        items = items.filter(run__source_key=source)
    rows = (
        items.order_by()
        .values_list("run__source_key", "kind", "reason")
        .annotate(
            example=Max("message"),
            n=Count("pk"),
            kept=Count("pk", filter=Q(payload__isnull=False)),
            latest=Max("created_at__date"),
        )
    )
    return sorted((Reason(*row) for row in rows), key=lambda one: (-one.count, one.source, one.reason))
