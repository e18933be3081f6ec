"""Notices in: each document is read, kept or set aside; running it again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import batched
from pathlib import Path

from django.db import DataError, transaction

from geo.queries import edition, gazetteer
from matchmaker.domain.notice import Notice
from matchmaker.ingest.procedures import DoubleError, Filing
from matchmaker.ingest.report import Progress, Report, batch_size, importing, silent
from matchmaker.ingest.tenders import TenderWriter
from matchmaker.models import ImportRun, RawDocument
from matchmaker.reference import reference
from matchmaker.sources.catalogue import Source
from matchmaker.sources.files import Found, Unreadable, iter_documents
from matchmaker.sources.files import RawDocument as Document
from matchmaker.sources.notices import parse_notice
from matchmaker.sources.xml import NoticeError

BATCH = 100
# What a parser that meets the unforeseen ends with: the document is set aside and the rest goes on.
_UNFORESEEN = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)


def ingest_notices(
    paths: Iterable[Path], progress: Progress = silent, *, source: Source | None = None, fictitious: bool = False
) -> ImportRun:
    """Import files, folders and archives of notices. Raises InputNotFoundError or ImportBusyError."""
    wanted = [Path(path) for path in paths]
    with importing("notices", ", ".join(path.name for path in wanted), source) as report:
        keep_documents(iter_documents(wanted), report, progress, fictitious=fictitious)
    return report.run


def keep_documents(
    documents: Iterable[Found],
    report: Report,
    progress: Progress = silent,
    *,
    fictitious: bool = False,
    after_batch: Callable[[], None] | None = None,
) -> None:
    """Keep any stream of documents, a batch a transaction.

    ``after_batch`` runs inside each transaction, once the documents drawn from the stream so far are written: what
    it stores (a cursor) commits with them, or is undone with them. It is not called for a stream without documents.
    """
    keeper = _Keeper(report, fictitious)
    for batch in batched(documents, batch_size(BATCH), strict=False):
        with transaction.atomic():
            for document in batch:
                keeper.keep(document)
            report.mend(keeper.read)
            keeper.read.clear()
            report.save()
            if after_batch:
                after_batch()
        progress(f"{report.counts['read']} documents lus")


class _Keeper:
    """Keeps one document at a time, each in its own savepoint: one bad record never sinks the others."""

    def __init__(self, report: Report, fictitious: bool) -> None:
        self.report = report
        self.filing = Filing(TenderWriter(gazetteer(), reference()), edition(), fictitious)
        self.read: set[str] = set()

    def keep(self, document: Found) -> None:
        self.report.counts["read"] += 1
        if isinstance(document, Unreadable):
            self.report.formats["illisible"]["read"] += 1
            self.report.quarantine(document.name, document.reason_code, document.message, "illisible")
            return
        try:
            notice = parse_notice(document)
        except NoticeError as error:
            self.report.formats["refusé"]["read"] += 1
            self._set_aside(document, error.reason_code, str(error), "refusé")
            return
        except _UNFORESEEN as error:
            self.report.formats["refusé"]["read"] += 1
            message = f"Cet avis a une forme imprévue ({type(error).__name__}) : signalez-le, il sera relu ensuite."
            self._set_aside(document, "forme_imprevue", message, "refusé")
            return
        self.report.formats[notice.source]["read"] += 1
        try:
            with transaction.atomic():
                outcome = self.filing.keep(notice, _raw(document))
        except DoubleError:
            self._double(document.name, notice)
            return
        except DataError as error:
            message = f"Une valeur ne tient pas dans la base ({str(error).splitlines()[0]})."
            self._set_aside(document, "valeur_refusee", message, notice.source)
            return
        self.report.count(outcome, notice.source)
        self.read.add(document.name)
        if self.filing.displaced:
            self._double(self.filing.displaced, notice)
        for warning in notice.warnings:
            self.report.warn(warning)

    def _set_aside(self, document: Document, reason: str, message: str, source_format: str) -> None:
        excerpt = document.content[:300].decode("utf-8", "replace")
        self.report.quarantine(document.name, reason, message, source_format, excerpt, payload=document.content)

    def _double(self, name: str, notice: Notice) -> None:
        """No payload: read again, it would give way again."""
        self.read.discard(name)
        message = (
            f"Un autre document porte le même numéro d'avis ({notice.id}) et la même version avec un contenu "
            "différent : le plus complet est gardé ; s'il est faux, retirez-le et importez à nouveau celui-ci."
        )
        self.report.quarantine(name, "doublon", message, notice.source)


def _raw(document: Document) -> RawDocument:
    row, _ = RawDocument.objects.get_or_create(
        sha256=document.sha256,
        defaults={"name": document.name[:500], "url": document.url, "size": len(document.content)},
    )
    return row
