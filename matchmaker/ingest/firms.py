"""Firms in: stream a table, deduce, write by batches; running it again changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import batched
from pathlib import Path

from django.db import DataError, transaction
from django.utils import timezone

from matchmaker.describe import Describer, describer
from matchmaker.domain.firm import FirmRecord
from matchmaker.domain.register import INCLUSIVE
from matchmaker.ingest.registers import Edition, keep_entries, linked_by_name, retire_absent
from matchmaker.ingest.report import Progress, Report, batch_size, importing, silent
from matchmaker.ingest.rows import BATCH, known_hash, upsert
from matchmaker.models import Firm, ImportRun, RawDocument, RegisterEntry
from matchmaker.sources import tables
from matchmaker.sources.catalogue import Source
from matchmaker.sources.firms import RefusedRow, read_firms
from matchmaker.sources.registers import mapping_of

NOWHERE = "Aucun lieu reconnu : l'entreprise est gardée mais ne peut pas être rapprochée."
REPEATED = "SIRET répété dans le fichier : la première ligne est gardée."
_NAMELESS = 20_000  # rows without SIRET that one table may have searched by name


def ingest_firms(
    path: Path,
    progress: Progress = silent,
    *,
    source: Source | None = None,
    edition: Edition | None = None,
    last: bool = True,
) -> ImportRun:
    """Import one table of firms. Raises TableError when it is no table we know, ImportBusyError when busy.

    ``edition``: this file is a whole edition of a register, or one of its files; after its ``last`` one, firms the
    register no longer holds lose the kind it gave them.
    """
    with importing("firms", path.name, source) as report:
        mapping = mapping_of(path, source.key if source else "")  # inside: a file refused whole leaves a report too
        report.run.sha256 = tables.sha256(path)
        raw, _ = RawDocument.objects.get_or_create(
            sha256=report.run.sha256, defaults={"name": path.name, "size": path.stat().st_size}
        )
        table = Table(path.name, mapping.name, describer(timezone.localdate()), raw, report)
        for batch in batched(read_firms(path, mapping), batch_size(BATCH), strict=False):
            with transaction.atomic():
                table.keep(list(table.readable(batch)))
                report.save()
            progress(f"{report.counts['read']} lignes lues")
        with transaction.atomic():
            table.keep(list(table.found_by_name()))
            report.save()
        if mapping.name == "recherche_entreprises":
            report.facts["unités légales"] = len({number // 100_000 for number in table.seen})
        if edition is not None:
            edition.numbers |= {f"{number:014d}" for number in table.seen}
            if last:
                retire_absent(edition, table.deducing, report)
    return report.run


@dataclass(slots=True)
class Table:
    """A table on its way in."""

    file: str
    source_format: str
    deducing: Describer
    raw: RawDocument
    report: Report
    seen: set[int] = field(default_factory=set)
    nameless: list[RefusedRow] = field(default_factory=list)  # rows of a register without SIRET
    sure: dict[str, float] = field(default_factory=dict)  # SIRET found by a name -> how likely

    def readable(self, batch: Iterable[FirmRecord | RefusedRow]) -> Iterator[FirmRecord]:
        """Records to keep; rows without SIRET wait for the end, others that cannot be read go to quarantine."""
        for item in batch:
            self.report.counts["read"] += 1
            self.report.formats[self.source_format]["read"] += 1
            if isinstance(item, FirmRecord):
                if self._is_first(item.siret):
                    yield item
            elif item.record is not None and self.source_format in INCLUSIVE and len(self.nameless) < _NAMELESS:
                self.nameless.append(item)
            else:
                self._refuse(item)

    def found_by_name(self) -> Iterator[FirmRecord]:
        """Rows without SIRET whose name and place stand for one firm without doubt; the others go to quarantine.

        Last, when every firm of the table is known, so that what is found does not depend on an interruption.
        """
        for row, linked in zip(self.nameless, linked_by_name(self.nameless), strict=True):
            if linked is None or row.record is None:
                self._refuse(row)
                continue
            self.report.facts["rapprochés par le nom"] = self.report.facts.get("rapprochés par le nom", 0) + 1
            if self._is_first(linked.siret):
                self.sure[linked.siret] = linked.probability
                yield replace(row.record, siret=linked.siret)

    def _is_first(self, siret: str) -> bool:
        first = int(siret) not in self.seen
        if not first:
            self.report.warn(REPEATED)
        self.seen.add(int(siret))
        return first

    def _refuse(self, row: RefusedRow) -> None:
        payload = json.dumps(dict(row.values), ensure_ascii=False).encode()
        locator = _locator(self.file, row.number)
        self.report.quarantine(locator, row.reason, row.message, self.source_format, row.excerpt, payload)

    def keep(self, records: Sequence[FirmRecord]) -> None:
        """Deduce and write a batch."""
        report = self.report
        entries = [self._entry(record) for record in records] if self.source_format in INCLUSIVE else []
        for entry in entries:
            self.deducing.claims.put(entry.number, entry.claim())
        known = {firm.siret: firm for firm in Firm.objects.filter(siret__in=[record.siret for record in records])}
        changed: dict[str, Firm] = {}
        for record in records:
            before = known.get(record.siret)
            firm = self.deducing.describe(record, before)
            for warning in record.warnings:
                report.warn(warning)
            if firm.point is None:
                report.warn(NOWHERE)
            if before is None or known_hash(before) != firm.record_hash:
                firm.raw, firm.updated_at = self.raw, timezone.now()
                changed[record.siret] = firm
        lines = {record.siret: record.line for record in records}
        refused = _write(list(changed.values()), lines, self.file, self.source_format, report)
        keep_entries([entry for entry in entries if lines[entry.number] not in refused], self.deducing)
        for record in records:
            if record.line not in refused:
                report.count(_outcome(known.get(record.siret), changed.get(record.siret)), self.source_format)
        report.mend({_locator(self.file, record.line) for record in records if record.line not in refused})

    def _entry(self, record: FirmRecord) -> RegisterEntry:
        """What a register of establishments holds of one."""
        return RegisterEntry(
            source=record.source,
            number=record.siret,
            name=record.name[:200],
            inclusive_kind=record.inclusive_kind,
            probability=self.sure.get(record.siret),
        )


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


def _locator(file: str, line: int) -> str:
    return f"{file}, ligne {line}"
