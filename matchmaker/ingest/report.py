"""The report of an import: counts, what was set aside with its reason, and what a re-run mended."""

from __future__ import annotations

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

from django.conf import settings
from django.db import connection
from django.utils import timezone

from matchmaker.models import ImportRun, QuarantineItem, SourceState
from matchmaker.sources.catalogue import Source

Progress = Callable[[str], None]
_PREFIX = re.compile(r"^(?:Lot [^:]{1,50}|Ensemble de l'avis) : ")


class ImportBusyError(RuntimeError):
    """Un import de ce type est déjà en cours : attendez sa fin, puis relancez."""


def batch_size(usual: int) -> int:
    """Records in one transaction: what the settings ask, else what suits the importer."""
    return settings.IMPORT_BATCH or usual


def silent(_words: str) -> None:
    """Progress for callers that show none."""


@dataclass(slots=True)
class Report:
    """Counts as they grow; saved with every batch, so that an interrupted import says how far it went."""

    run: ImportRun
    counts: Counter[str] = field(default_factory=Counter)
    formats: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    reasons: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    facts: dict[str, int] = field(default_factory=dict)  # what else one wants to know of this source, in words
    open_locators: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        known = QuarantineItem.objects.filter(kind=self.run.kind, mended_at=None)
        self.open_locators = set(known.values_list("locator", flat=True))

    def count(self, outcome: str, source_format: str) -> None:
        """One record: new, changed, unchanged or retired."""
        self.counts[outcome] += 1
        self.formats[source_format][outcome] += 1

    def warn(self, sentence: str) -> None:
        """A sentence about a field left out; which lot it was is dropped so that like warnings count together."""
        self.warnings[_PREFIX.sub("", sentence)[:200]] += 1

    def quarantine(
        self,
        locator: str,
        reason: str,
        message: str,
        source_format: str,
        excerpt: str = "",
        payload: bytes | None = None,
    ) -> None:
        """Set a record aside; the same record set aside again replaces its earlier entry.

        ``payload`` is what a retry reads again: the document, or the row as JSON. Kept compressed.
        """
        self.count("quarantined", source_format)
        self.reasons[reason] += 1
        QuarantineItem.objects.update_or_create(
            kind=self.run.kind,
            locator=locator[:500],
            defaults={
                "run": self.run,
                "reason": reason[:40],
                "message": message,
                "excerpt": excerpt.replace("\x00", "")[:2000],
                "payload": zlib.compress(payload) if payload is not None else None,
                "mended_at": None,
            },
        )

    def mend(self, locators: set[str]) -> None:
        """Records read at last leave quarantine."""
        mended = {locator[:500] for locator in locators} & self.open_locators
        if mended:
            QuarantineItem.objects.filter(kind=self.run.kind, locator__in=mended).update(
                mended_at=timezone.now(), payload=None
            )
            self.open_locators -= mended
            self.counts["mended"] += len(mended)

    def save(self) -> None:
        for name in ("read", "new", "changed", "unchanged", "retired", "quarantined"):
            setattr(self.run, name, self.counts[name])
        self.run.details = {
            "formats": {name: dict(counts) for name, counts in sorted(self.formats.items())},
            "reasons": dict(self.reasons.most_common()),
            "warnings": dict(self.warnings.most_common(50)),
            "facts": self.facts,
            "mended": self.counts["mended"],
        }
        self.run.save()


@contextmanager
def importing(
    kind: str,
    name: str,
    source: Source | None = None,
    *,
    url: str = "",
    sha256: str = "",
    dated: date | None = None,
) -> Iterator[Report]:
    """Open a run under an advisory lock, close it done or failed. Raises :class:`ImportBusyError`.

    ``name`` is what is read, as a person names it; ``source`` its entry in the catalogue, if it has one.

    A run found "running" while we hold the lock was killed: it is marked failed here.
    """
    key = f"maillage import {kind}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [key])
        if not cursor.fetchone()[0]:
            raise ImportBusyError(ImportBusyError.__doc__)
    try:
        ImportRun.objects.filter(kind=kind, state=ImportRun.State.RUNNING).update(
            state=ImportRun.State.FAILED, error="Arrêté avant la fin ; relancer reprend sans rien perdre."
        )
        run = ImportRun.objects.create(
            kind=kind,
            source=name[:500],
            source_key=source.key if source else "",
            licence=source.licence if source else "",
            url=url[:500],
            sha256=sha256,
            dated=dated,
        )
        report = Report(run)
        try:
            yield report
        except BaseException as error:  # the batch under way was undone: the counts stay those of the last one kept
            report.run.state = ImportRun.State.FAILED
            interrupted = isinstance(error, KeyboardInterrupt | SystemExit)
            report.run.error = "Interrompu : relancez pour finir." if interrupted else str(error)
            report.run.finished_at = timezone.now()
            report.run.save(update_fields=["state", "error", "finished_at"])
            raise
        report.run.state = ImportRun.State.DONE
        report.run.finished_at = timezone.now()
        report.save()
        if source:
            SourceState.objects.update_or_create(key=source.key, defaults={"checked_at": timezone.now()})
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [key])
