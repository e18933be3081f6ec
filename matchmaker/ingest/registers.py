"""Registers in: what they hold is kept by SIRET or SIREN, and spoken to the firms it bears on.

A register given through ``sync`` is a whole edition: read to its end, it takes their inclusive kind, their place on the
ESS France list or their agrément back from those it no longer holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from geo.queries import gazetteer
from matchmaker.describe import Describer, describer
from matchmaker.domain.firm import FirmRecord
from matchmaker.domain.register import INCLUSIVE
from matchmaker.ingest.report import Progress, Report, batch_size, importing, rereading, silent
from matchmaker.ingest.rows import BATCH, known_hash, upsert
from matchmaker.link import Sought, link_rows
from matchmaker.models import Firm, ImportRun, RegisterEntry
from matchmaker.sources import tables
from matchmaker.sources.catalogue import Source
from matchmaker.sources.firms import RefusedRow
from matchmaker.sources.registers import UNITS, UnitRecord, read_units

MIN_KEPT = "import.min_kept_share"  # an edition that keeps less of the last one is a part of it, or a mistake
_ANTENNA = re.compile(r"antenne\b(?!.*\b(?:geiq|esat)\b)", re.IGNORECASE)  # names its town, not itself
_WORDS = ("name", "inclusive_kind", "ess", "esus", "esus_until", "probability")


@dataclass(slots=True)
class Edition:
    """The numbers met in the files of one edition of a register, read one after the other."""

    source: str
    numbers: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Found:
    """A row without SIRET, and the establishment its name stands for."""

    siret: str
    probability: float


def linked_by_name(rows: Sequence[RefusedRow]) -> list[Found | None]:
    """For rows of a register without SIRET, the establishment they name without doubt. No query when there is none.

    A register marks firms for years: beyond what the linker asks, the town must be the same, and the firm neither
    of another kind nor already in this register under a SIRET of its own (the row is then another site of it).
    """
    records = [row.record for row in rows if row.record and not _ANTENNA.match(row.record.name)]
    if not records:
        return [None] * len(rows)
    found: dict[int, Found] = {}
    linked = link_rows([_sought(record) for record in records])
    firms = Firm.objects.in_bulk([one.firm_id for one in linked if one.state == "linked" and one.firm_id])
    own = RegisterEntry.objects.filter(
        source=records[0].source, number__in=[firm.siret for firm in firms.values()], probability=None
    )
    taken = set(own.values_list("number", flat=True))
    places = gazetteer()
    for record, one in zip(records, linked, strict=True):
        firm = firms.get(one.firm_id or 0)
        if firm and firm.siret not in taken and firm.inclusive_kind in ("", record.inclusive_kind):
            by_code = places.locate_commune(record.commune_code) if record.commune_code else None
            located = by_code or places.locate(zipcode=record.postcode, city=record.city)
            if firm.postcode == record.postcode or (located and located.commune == firm.commune_id):
                found[record.line] = Found(firm.siret, one.probability)
    return [found.get(row.number) for row in rows]


def _sought(record: FirmRecord) -> Sought:
    return Sought(
        name=record.name,
        trade_name=record.trade_name,
        postcode=record.postcode,
        city=record.city,
        commune_code=record.commune_code,
        address=record.address,
        legal_form=record.legal_form,
        naf=record.naf,
        kind=record.inclusive_kind,
    )


def keep_entries(entries: Sequence[RegisterEntry], deducing: Describer) -> dict[str, str]:
    """Write entries, at most one a number; say of each number whether it is new, changed or unchanged."""
    if not entries:
        return {}
    source = entries[0].source
    known = {
        entry.number: entry
        for entry in RegisterEntry.objects.filter(source=source, number__in=[entry.number for entry in entries])
    }
    outcomes = {entry.number: _outcome(known.get(entry.number), entry) for entry in entries}
    fresh = [entry for entry in entries if outcomes[entry.number] != "unchanged"]
    RegisterEntry.objects.bulk_create(
        fresh, update_conflicts=True, unique_fields=["source", "number"], update_fields=_WORDS
    )
    for entry in entries:
        deducing.claims.put(entry.number, entry.claim())
    return outcomes


def _outcome(before: RegisterEntry | None, after: RegisterEntry) -> str:
    if before is None:
        return "new"
    same = all(getattr(before, name) == getattr(after, name) for name in _WORDS)
    return "unchanged" if same else "changed"


def retire_absent(edition: Edition, deducing: Describer, report: Report) -> None:
    """Take back what a register said of those its whole new edition no longer holds."""
    if rereading():
        return
    held = list(RegisterEntry.objects.filter(source=edition.source).values_list("pk", "number"))
    gone = [(pk, number) for pk, number in held if number not in edition.numbers]
    if len(held) - len(gone) < deducing.reference[MIN_KEPT] * len(held):
        report.warn(
            f"L'édition ne contient que {len(held) - len(gone)} des {len(held)} fiches déjà connues : aucune n'est "
            "retirée. Si elle est complète, importez-la en plusieurs fois ou videz d'abord ce registre."
        )
        return
    for batch in batched(gone, batch_size(BATCH), strict=False):
        numbers = [number for _, number in batch]
        with transaction.atomic():
            RegisterEntry.objects.filter(pk__in=[pk for pk, _ in batch]).delete()
            for number in numbers:
                deducing.claims.drop(number, edition.source)
            _speak_again(numbers, deducing, left=edition.source)
            for _ in numbers:
                report.count("retired", edition.source)
            report.save()


def _speak_again(numbers: Sequence[str], deducing: Describer, left: str = "") -> int:
    """Deduce anew the firms that entries bear on; ``left``: the register that dropped them. How many changed."""
    column = "siren" if any(len(number) == 9 for number in numbers) else "siret"
    rows = []
    for firm in Firm.objects.filter(**{f"{column}__in": numbers}).order_by("pk"):
        if left in INCLUSIVE:
            firm.inclusive_kind = ""
            firm.source = f"ex-{left}" if firm.source == left else firm.source
        again = deducing.again(firm)
        if again.record_hash != known_hash(firm):
            again.updated_at = timezone.now()
            rows.append(again)
    upsert(rows)
    return len(rows)


# ---------------------------------------------------------------- registers of legal units


def ingest_units(paths: Sequence[Path], progress: Progress = silent, *, source: Source) -> list[ImportRun]:
    """Import an edition of a register of legal units, in one file or several."""
    edition, runs = Edition(source.key), []
    for path in paths:
        with importing("firms", path.name, source) as report:
            report.run.sha256 = tables.sha256(path)
            deducing = describer(timezone.localdate())
            for batch in batched(read_units(path, UNITS[source.key]), batch_size(BATCH), strict=False):
                with transaction.atomic():
                    _keep_units(batch, path.name, deducing, edition, report)
                    report.save()
                progress(f"{report.counts['read']} lignes lues")
            if path == paths[-1]:
                retire_absent(edition, deducing, report)
        runs.append(report.run)
    return runs


def _keep_units(
    batch: Iterable[UnitRecord | RefusedRow], file: str, deducing: Describer, edition: Edition, report: Report
) -> None:
    records = list(_readable(batch, file, edition, report))
    entries = [
        RegisterEntry(
            source=edition.source,
            number=record.siren,
            name=record.name[:200],
            ess=record.claim.ess,
            esus=record.claim.esus,
            esus_until=record.claim.esus_until,
        )
        for record in records
    ]
    outcomes = keep_entries(entries, deducing)
    sirens = [record.siren for record in records]
    known = set(Firm.objects.filter(siren__in=sirens).values_list("siren", flat=True))
    updated = _speak_again(sorted(known), deducing)
    report.facts["établissements mis à jour"] = report.facts.get("établissements mis à jour", 0) + updated
    for record in records:
        if record.siren in known:
            report.count(outcomes[record.siren], edition.source)
        else:
            message = (
                f"Le SIREN {record.siren} n'est celui d'aucun établissement connu : ce que la liste en dit est gardé "
                "et servira dès que SIRENE l'apportera ; relancez alors cet import."
            )
            payload = json.dumps(dict(record.values), ensure_ascii=False).encode()
            report.quarantine(
                f"{file}, ligne {record.line}", "siren_inconnu", message, edition.source, record.name, payload
            )
    report.mend({f"{file}, ligne {record.line}" for record in records if record.siren in known})


def _readable(
    batch: Iterable[UnitRecord | RefusedRow], file: str, edition: Edition, report: Report
) -> Iterator[UnitRecord]:
    for item in batch:
        report.counts["read"] += 1
        report.formats[edition.source]["read"] += 1
        if isinstance(item, RefusedRow):
            payload = json.dumps(dict(item.values), ensure_ascii=False).encode()
            report.quarantine(
                f"{file}, ligne {item.number}", item.reason, item.message, edition.source, item.excerpt, payload
            )
        elif item.siren in edition.numbers:
            report.warn("SIREN répété dans la liste : la première ligne est gardée.")
        else:
            edition.numbers.add(item.siren)
            for warning in item.warnings:
                report.warn(warning)
            yield item
