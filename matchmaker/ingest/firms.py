"""Firms in: stream a table, deduce, write by batches; running it again changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import batched
from pathlib import Path

from django.db import DataError, transaction
from django.utils import timezone

from matchmaker.describe import Describer, describer, fingerprint
from matchmaker.domain.firm import FirmRecord
from matchmaker.ingest.report import Progress, Report, batch_size, importing, silent
from matchmaker.models import Firm, ImportRun, RawDocument
from matchmaker.sources import tables
from matchmaker.sources.catalogue import Source
from matchmaker.sources.firms import RefusedRow, mapping_of, read_firms

BATCH = 1_000
_WRITTEN = [
    field.name
    for field in Firm._meta.concrete_fields
    if field.name not in ("id", "siret")  # everything a source or a deduction may change
]


def ingest_firms(path: Path, progress: Progress = silent, *, source: Source | None = None) -> ImportRun:
    """Import one table of firms. Raises TableError when it is no table we know, ImportBusyError when busy."""
    with importing("firms", path.name, source) as report:
        mapping = mapping_of(path)  # inside: a file refused whole leaves a report too
        report.run.sha256 = tables.sha256(path)
        raw, _ = RawDocument.objects.get_or_create(
            sha256=report.run.sha256, defaults={"name": path.name, "size": path.stat().st_size}
        )
        deducing = describer(timezone.localdate())
        seen: set[int] = set()
        for batch in batched(read_firms(path, mapping), batch_size(BATCH), strict=False):
            with transaction.atomic():
                _keep(batch, path.name, mapping.name, deducing, raw, seen, report)
                report.save()
            progress(f"{report.counts['read']} lignes lues")
    return report.run


def _keep(
    batch: Iterable[FirmRecord | RefusedRow],
    file: str,
    source_format: str,
    describer: Describer,
    raw: RawDocument,
    seen: set[int],
    report: Report,
) -> None:
    records = list(_readable(batch, file, source_format, seen, report))
    known = {firm.siret: firm for firm in Firm.objects.filter(siret__in=[record.siret for record in records])}
    changed: dict[str, Firm] = {}
    for record in records:
        before = known.get(record.siret)
        firm = describer.describe(record, before)
        for warning in record.warnings:
            report.warn(warning)
        if firm.point is None:
            report.warn("Aucun lieu reconnu : l'entreprise est gardée mais ne peut pas être rapprochée.")
        if before is None or known_hash(before) != firm.record_hash:
            firm.raw, firm.updated_at = raw, timezone.now()
            changed[record.siret] = firm
    refused = _write(
        list(changed.values()), {record.siret: record.line for record in records}, file, source_format, report
    )
    for record in records:
        if record.line not in refused:
            report.count(_outcome(known.get(record.siret), changed.get(record.siret)), source_format)
    report.mend({_locator(file, record.line) for record in records if record.line not in refused})


def known_hash(firm: Firm) -> str:
    """Hash of a row as it stands; rows that came in bulk (``ingest/sirene.py``) are hashed when first compared."""
    return firm.record_hash or fingerprint(firm)


def _outcome(before: Firm | None, after: Firm | None) -> str:
    if after is None:
        return "unchanged"
    if before is None:
        return "new"
    return "retired" if before.active and not after.active else "changed"


def _write(firms: list[Firm], lines: dict[str, int], file: str, source_format: str, report: Report) -> set[int]:
    """Write a batch; when the database refuses it, row by row, so that only the bad one is set aside."""
    try:
        with transaction.atomic():
            upsert(firms)
        return set()
    except DataError:
        pass
    refused: set[int] = set()
    for firm in firms:
        try:
            with transaction.atomic():
                upsert([firm])
        except DataError as error:
            line = lines[firm.siret]
            refused.add(line)
            message = f"Une valeur ne tient pas dans la base ({str(error).splitlines()[0]}) : corrigez la ligne."
            report.quarantine(_locator(file, line), "valeur_refusee", message, source_format)
    return refused


def upsert(firms: list[Firm]) -> None:
    """Insert or replace firms by SIRET, in one statement."""
    Firm.objects.bulk_create(firms, update_conflicts=True, unique_fields=["siret"], update_fields=_WRITTEN)


def _locator(file: str, line: int) -> str:
    return f"{file}, ligne {line}"


def _readable(
    batch: Iterable[FirmRecord | RefusedRow], file: str, source_format: str, seen: set[int], report: Report
) -> Iterator[FirmRecord]:
    """Records to keep; refused rows go to quarantine, a SIRET met again in the file is passed over."""
    for item in batch:
        report.counts["read"] += 1
        report.formats[source_format]["read"] += 1
        if isinstance(item, RefusedRow):
            report.quarantine(_locator(file, item.number), item.reason, item.message, source_format, item.excerpt)
            continue
        if int(item.siret) in seen:
            report.warn("SIRET répété dans le fichier : la première ligne est gardée.")
            continue
        seen.add(int(item.siret))
        yield item
