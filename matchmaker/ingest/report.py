"""The report of an import: counts, what was set aside with its reason, and what a re-run mended."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from matchmaker.changes import ask_rematch
from matchmaker.locks import ImportBusyError, holding, of_kind
from matchmaker.models import ImportRun, QuarantineItem
from matchmaker.sources.catalogue import Source

__all__ = [
    "ImportBusyError",
    "Origin",
    "Progress",
    "Report",
    "batch_size",
    "importing",
    "reading",
    "reading_again",
    "rereading",
    "silent",
]

Progress = Callable[[str], None]
ONE_PAYLOAD = 1024 * 1024  # bytes, compressed, that quarantine keeps of one record
ALL_PAYLOADS = 256 * 1024 * 1024  # ... of one import
_PREFIX = re.compile(r"^(?:Lot [^:]{1,50}|Ensemble de l'avis) : ")


@dataclass(frozen=True, slots=True)
class Origin:
    """A file that is about to be imported: where it comes from, and when its producer wrote it."""

    name: str
    url: str = ""
    sha256: str = ""
    dated: date | None = None
    size: int = 0


_READING: ContextVar[tuple[Origin, ...]] = ContextVar("reading", default=())
_TOGETHER: ContextVar[str] = ContextVar("together", default="")
_AGAIN: ContextVar[Mapping[str, str] | None] = ContextVar("again", default=None)


@contextmanager
def reading(origins: Sequence[Origin]) -> Iterator[None]:
    """Imports opened in this block say in their report where what they read comes from, and count as one."""
    token, together = _READING.set(tuple(origins)), _TOGETHER.set(uuid4().hex)
    try:
        yield
    finally:
        _READING.reset(token)
        _TOGETHER.reset(together)


def batch_size(usual: int) -> int:
    """Records in one transaction: what the settings ask, else what suits the importer."""
    return settings.IMPORT_BATCH or usual


def silent(_words: str) -> None:
    """Progress for callers that show none."""


@contextmanager
def reading_again(places: Mapping[str, str]) -> Iterator[None]:
    """Records of quarantine, read anew from elsewhere: ``places`` gives back to each its own locator."""
    token = _AGAIN.set(places)
    try:
        yield
    finally:
        _AGAIN.reset(token)


def rereading() -> bool:
    """Whether what is imported are records of quarantine: a part of a source, never the whole."""
    return _AGAIN.get() is not None


def _own(locator: str) -> str:
    return (_AGAIN.get() or {}).get(locator, locator)[:500]


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
    files: list[dict[str, object]] = field(default_factory=list)  # what is read: name, address, hash, size
    together: str = field(default_factory=_TOGETHER.get)  # the same for all files of one sync
    refused: set[str] = field(default_factory=set)  # locators set aside by this import
    kept: int = 0  # bytes of payloads

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

        ``payload`` is what a retry reads again: the document, or the row as JSON. Kept compressed, up to a limit
        for each and for all of an import.
        """
        self.count("quarantined", source_format)
        self.reasons[reason] += 1
        self.refused.add(_own(locator))
        QuarantineItem.objects.update_or_create(
            kind=self.run.kind,
            locator=_own(locator),
            defaults={
                "run": self.run,
                "reason": reason[:40],
                "message": message,
                "excerpt": excerpt.replace("\x00", "")[:2000],
                "payload": self._kept(payload),
                "mended_at": None,
            },
        )

    def _kept(self, payload: bytes | None) -> bytes | None:
        packed = zlib.compress(payload) if payload is not None else None
        if packed is None:
            return None
        if len(packed) > ONE_PAYLOAD or self.kept + len(packed) > ALL_PAYLOADS:
            self.warn("Trop volumineux pour être gardé en quarantaine : pour le relire, il faudra redonner le fichier.")
            return None
        self.kept += len(packed)
        return packed

    def mend(self, locators: set[str]) -> None:
        """Records read at last leave quarantine."""
        mended = {_own(locator) for locator in locators} & self.open_locators
        if mended:
            QuarantineItem.objects.filter(kind=self.run.kind, locator__in=mended).update(
                mended_at=timezone.now(), payload=None
            )
            self.open_locators -= mended
            self.counts["mended"] += len(mended)

    def mend_file(self, name: str) -> None:
        """A file read to its end: what was wrong in it and no longer is leaves quarantine, a cut end above all."""
        if name in self.refused or rereading():
            return
        wrong = {locator for locator in self.open_locators if locator == name or locator.startswith(f"{name}, ")}
        self.mend(wrong - self.refused)

    def save(self) -> None:
        for name in ("read", "new", "changed", "unchanged", "retired", "quarantined"):
            setattr(self.run, name, self.counts[name])
        self.run.details = {
            "formats": {name: dict(counts) for name, counts in sorted(self.formats.items())},
            "reasons": dict(self.reasons.most_common()),
            "warnings": dict(self.warnings.most_common(50)),
            "facts": self.facts,
            "mended": self.counts["mended"],
            "files": self.files,
            "together": self.together,
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
    with holding(of_kind(kind)):
        ImportRun.objects.filter(kind=kind, state=ImportRun.State.RUNNING).update(
            state=ImportRun.State.FAILED, error="Arrêté avant la fin ; relancer reprend sans rien perdre."
        )
        origins = [origin for origin in _READING.get() if origin.name == name] or list(_READING.get())
        run = ImportRun.objects.create(
            kind=kind,
            source=name[:500],
            source_key=source.key if source else "",
            licence=source.licence if source else "",
            url=(url or next((origin.url for origin in origins if origin.url), ""))[:500],
            sha256=sha256 or _hash_of_all(origins),
            dated=dated or max((origin.dated for origin in origins if origin.dated), default=None),
        )
        report = Report(run, files=[_told(origin) for origin in origins])
        try:
            yield report
        except BaseException as error:  # the batch under way was undone: the counts stay those of the last one kept
            report.run.state = ImportRun.State.FAILED
            interrupted = isinstance(error, KeyboardInterrupt | SystemExit)
            report.run.error = "Interrompu : relancez pour finir." if interrupted else str(error).replace("\x00", "")
            report.run.finished_at = timezone.now()
            report.run.save(update_fields=["state", "error", "finished_at"])
            raise
        report.run.state = ImportRun.State.DONE
        report.run.finished_at = timezone.now()
        report.save()
    ask_rematch()


def _hash_of_all(origins: Sequence[Origin]) -> str:
    """Of the one file; of the hashes of all, in their order, when there are several."""
    hashes = [origin.sha256 for origin in origins if origin.sha256]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest() if hashes else ""


def _told(origin: Origin) -> dict[str, object]:
    return {"name": origin.name, "url": origin.url, "sha256": origin.sha256, "size": origin.size}
