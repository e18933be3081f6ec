"""Read again what quarantine keeps, through the same importer: what can be read by now leaves it."""

from __future__ import annotations

import csv
import hashlib
import json
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

from django.utils import timezone

from matchmaker.import_queries import RETRY, QuarantineFilter, quarantine
from matchmaker.ingest.notices import keep_documents
from matchmaker.ingest.report import Progress, importing, reading_again, silent
from matchmaker.locks import ImportBusyError, held, holding, of_source
from matchmaker.models import QuarantineItem, SourceState
from matchmaker.sources.catalogue import BY_KEY, Source
from matchmaker.sources.files import RawDocument
from matchmaker.sync import RUNNERS

# What reads a kind again: the source these records came from, if it has an entry, and their numbers.
Reader = Callable[[Source | None, Sequence[int], Progress], None]


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of the records one wanted read again."""

    wanted: int
    mended: int
    gone: int  # their content was not kept: only the file itself can mend them

    @property
    def left(self) -> int:
        return self.wanted - self.mended - self.gone

    def __str__(self) -> str:
        words = [
            f"{self.wanted} enregistrement{'s' if self.wanted > 1 else ''} en quarantaine",
            f"{self.mended} réparé{'s' if self.mended > 1 else ''}",
            f"{self.left} toujours illisible{'s' if self.left > 1 else ''}",
        ]
        gone = f" ; {self.gone} sans contenu gardé : redonnez leur fichier" if self.gone else ""
        return f"{words[0]} : {words[1]}, {words[2]}{gone}."


def retry(numbers: Sequence[int], progress: Progress = silent) -> Retried:
    """Read these records again. Raises ImportBusyError when an import of their kind is under way."""
    items = QuarantineItem.objects.filter(pk__in=numbers, mended_at=None)
    wanted = items.count()
    kept = list(
        items.filter(payload__isnull=False, kind__in=READERS)
        .order_by("kind", "run__source_key", "pk")
        .values_list("kind", "run__source_key", "pk")
    )
    QuarantineItem.objects.filter(pk__in=[pk for *_, pk in kept]).update(retried_at=timezone.now())
    for (kind, key), group in groupby(kept, key=lambda row: row[:2]):
        READERS[kind](BY_KEY.get(key), [pk for *_, pk in group], progress)
    left = QuarantineItem.objects.filter(pk__in=[pk for *_, pk in kept], mended_at=None).count()
    return Retried(wanted, len(kept) - left, wanted - len(kept))


# ---------------------------------------------------------------- asked from a page, done by a worker

STATE = "quarantine"  # the request stands beside those for sources, as it is lost no more than they are


@dataclass(frozen=True, slots=True)
class RetryStand:
    """Whether a retry waits or is under way, and what the last one ended with."""

    asked: bool
    busy: bool
    words: str

    @property
    def due(self) -> bool:
        return self.asked and not self.busy


def retry_stand() -> RetryStand:
    """Two queries."""
    state = SourceState.objects.filter(key=STATE).first()
    return RetryStand(
        bool(state and state.asked_at), of_source(STATE) in held([of_source(STATE)]), state.words if state else ""
    )


def note_retry(wanted: QuarantineFilter) -> bool:
    """Write down what to read again; False when another request waits."""
    SourceState.objects.get_or_create(key=STATE)
    return bool(
        SourceState.objects.filter(key=STATE, asked_at=None).update(
            asked_at=timezone.now(), cursor=asdict(wanted), words=""
        )
    )


def retry_asked(progress: Progress = silent) -> Retried | None:
    """Do what was asked for, once. Raises ImportBusyError; the request then waits."""
    with holding(of_source(STATE)):
        state = SourceState.objects.filter(key=STATE).exclude(asked_at=None).first()
        if state is None:
            return None
        words = "La relecture a échoué ; réessayez, et prévenez l'équipe technique si elle échoue encore."
        try:
            numbers = list(quarantine(QuarantineFilter(**state.cursor)).values_list("pk", flat=True))
            done = retry(numbers, progress)
            words = str(done)
        except ImportBusyError:
            words = ""
            raise
        finally:
            if words:
                SourceState.objects.filter(key=STATE).update(asked_at=None, words=words[:200])
        return done


def _payloads(numbers: Sequence[int]) -> Iterator[tuple[str, bytes]]:
    """(locator, content) of each, streamed."""
    rows = QuarantineItem.objects.filter(pk__in=numbers).order_by("pk").values_list("locator", "payload")
    for locator, payload in rows.iterator(chunk_size=100):
        yield locator, zlib.decompress(payload)


def _documents(source: Source | None, numbers: Sequence[int], progress: Progress) -> None:
    with importing("notices", RETRY, source) as report:
        documents = (
            RawDocument(locator, content, hashlib.sha256(content).hexdigest())
            for locator, content in _payloads(numbers)
        )
        keep_documents(documents, report, progress)


def _rows(source: Source | None, numbers: Sequence[int], progress: Progress) -> None:
    """As a small table of the same columns, given to the importer of the source."""
    if source is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{RETRY}.csv"
        places = _write_table(path, [(locator, json.loads(content)) for locator, content in _payloads(numbers)])
        with reading_again(places):
            RUNNERS[source.key](source, [path], progress)


def _write_table(path: Path, rows: Sequence[tuple[str, Mapping[str, str]]]) -> dict[str, str]:
    """Returns where each row stands in the table, and its own locator."""
    columns = list(dict.fromkeys(name for _, row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(row for _, row in rows)
    return {f"{path.name}, ligne {number}": locator for number, (locator, _) in enumerate(rows, start=2)}


def _lines(source: Source | None, numbers: Sequence[int], progress: Progress) -> None:
    """As one JSON object a line, given to the importer of the source."""
    if source is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{RETRY}.jsonl"
        kept = list(_payloads(numbers))
        path.write_bytes(b"".join(content.replace(b"\n", b" ") + b"\n" for _, content in kept))
        places = {f"{path.name}, ligne {number}": locator for number, (locator, _) in enumerate(kept, start=1)}
        with reading_again(places):
            RUNNERS[source.key](source, [path], progress)


READERS: Mapping[str, Reader] = {
    "notices": _documents,
    "firms": _rows,
    "awards": _lines,
}
