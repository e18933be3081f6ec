"""Awards in: each contract is read, brought to its present terms, kept once; running it again changes nothing."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from itertools import batched
from pathlib import Path
from typing import Any

from django.contrib.gis.geos import Point as GeosPoint
from django.db import DataError, transaction

from geo.domain.gazetteer import Gazetteer
from geo.queries import gazetteer
from matchmaker.award_place import place_of
from matchmaker.domain.award import AwardRecord, RefusedAward, Terms, current_terms
from matchmaker.domain.reference import Reference
from matchmaker.domain.trade import trades_of_cpv
from matchmaker.ingest.report import Progress, Report, batch_size, importing, silent
from matchmaker.models import Award, AwardHolder, Buyer, ImportRun, RawDocument
from matchmaker.reference import reference
from matchmaker.sources import tables
from matchmaker.sources.catalogue import Source
from matchmaker.sources.decp import read_awards

BATCH = 500
FORMAT = "decp"
_WRITTEN = [field.name for field in Award._meta.concrete_fields if field.name not in ("id", "tender", "lot_number")]

Kept = tuple[Award, AwardRecord, Terms]


def ingest_awards(
    path: Path,
    progress: Progress = silent,
    *,
    source: Source | None = None,
    url: str = "",
    fictitious: bool = False,
) -> ImportRun:
    """Import one DECP file. Raises TableError when it is none, ImportBusyError when busy.

    What is deduced from awards is brought up to date by ``matchmaker.commitments`` and ``matchmaker.impute``.
    """
    with importing("awards", path.name, source, url=url) as report:
        rules = reference()
        facts: Counter[str] = Counter()
        report.run.sha256 = tables.sha256(path)
        raw, _ = RawDocument.objects.get_or_create(
            sha256=report.run.sha256, defaults={"name": path.name, "size": path.stat().st_size, "url": url[:500]}
        )
        found = read_awards(path, amendment_ratio=rules["award.amendment_ratio"], facts=facts)
        keeper = _Keeper(gazetteer(), rules, report, raw, fictitious)
        for batch in batched(found, batch_size(BATCH), strict=False):
            with transaction.atomic():
                keeper.keep(batch)
                report.facts = {**facts, **keeper.facts}
                report.save()
            progress(f"{report.counts['read']} contrats lus")
        report.mend_file(path.name)
    return report.run


class _Keeper:
    """Writes batches; a contract met again, in this file or in the database, keeps its latest publication."""

    def __init__(self, places: Gazetteer, rules: Reference, report: Report, raw: RawDocument, fictitious: bool) -> None:
        self.places, self.rules, self.report, self.raw, self.fictitious = places, rules, report, raw, fictitious
        self.facts: Counter[str] = Counter()
        self.trades: dict[str, list[str]] = {}

    def keep(self, batch: Iterable[AwardRecord | RefusedAward]) -> None:
        records = []
        for item in batch:
            self.report.counts["read"] += 1
            self.report.formats[FORMAT]["read"] += 1
            if isinstance(item, RefusedAward):
                self._refuse(item)
            else:
                records.append(item)
                self._tell(item)
        known: dict[str, list[Award]] = defaultdict(list)
        for award in Award.objects.filter(source=FORMAT, contract__in={record.contract for record in records}):
            known[award.contract].append(award)
        buyers = self._buyers(records)
        written: dict[int, Kept] = {}
        outcomes = []
        for record in records:
            terms = current_terms(record, self.rules)
            row = self._row(record, terms, buyers)
            outcome, before = _settle(row, known[record.contract])
            if outcome != "unchanged":
                written.pop(id(before), None)
                written[id(row)] = (row, record, terms)
            outcomes.append((outcome, record))
        refused = self._write(list(written.values()))
        for outcome, record in outcomes:
            if record.locator not in refused:
                self.report.count(outcome, FORMAT)
        self.report.mend({record.locator for record in records if record.locator not in refused})

    def _refuse(self, item: RefusedAward) -> None:
        excerpt = item.payload[:300].decode("utf-8", "replace")
        self.report.quarantine(item.locator, item.reason, item.message, FORMAT, excerpt, item.payload or None)

    def _tell(self, record: AwardRecord) -> None:
        for warning in record.warnings:
            self.report.warn(warning)
        people = len({holder.key for holder in record.holders})
        self.facts["contrats"] += 1
        self.facts["contrats à plusieurs titulaires"] += record.listed_holders > 1
        self.facts["contrats à plusieurs SIREN (hors concessions)"] += people > 1 and not record.concession
        self.facts["contrats de 2 à 5 SIREN (hors concessions)"] += 2 <= people <= 5 and not record.concession
        self.facts["contrats modifiés"] += bool(record.changes)
        self.facts["concessions"] += record.concession

    def _buyers(self, records: list[AwardRecord]) -> dict[str, Buyer]:
        """Buyers by their identifier; a name learnt later replaces the number that stood for it."""
        named = {record.buyer_id[:250]: record.buyer_name for record in records if record.buyer_name}
        wanted = {record.buyer_id[:250] for record in records}
        known = {buyer.key: buyer for buyer in Buyer.objects.filter(key__in=wanted)}
        fresh = [
            Buyer(key=key, name=(named.get(key) or _unnamed(key))[:300], siret=key if len(key) == 14 else "")
            for key in sorted(wanted - set(known))
        ]
        Buyer.objects.bulk_create(fresh, ignore_conflicts=True)
        renamed = [buyer for key, buyer in known.items() if buyer.name == _unnamed(key)[:300] and named.get(key)]
        for buyer in renamed:
            buyer.name = named[buyer.key][:300]
        Buyer.objects.bulk_update(renamed, ["name"])
        return {buyer.key: buyer for buyer in Buyer.objects.filter(key__in=wanted)}

    def _row(self, record: AwardRecord, terms: Terms, buyers: dict[str, Buyer]) -> Award:
        located, label = place_of(record, self.places)
        row = Award(
            source=FORMAT,
            uid=record.uid,
            contract=record.contract,
            buyer=buyers[record.buyer_id[:250]],
            nature=record.nature[:40],
            framework=record.framework,
            title=record.title,
            cpv=record.cpv,
            trades=self._trades(record.cpv),
            procedure=record.procedure[:80],
            place_code=record.place_code[:10],
            place_type=record.place_type[:30],
            place_label=label[:200],
            point=GeosPoint(located.point.lon, located.point.lat, srid=4326) if located else None,
            uncertainty_km=round(located.uncertainty_km, 1) if located else 0.0,
            departement_id=located.departement or None if located else None,
            notified_on=record.notified_on,
            published_on=record.published_on,
            duration_months=terms.months,
            ends_on=terms.ends_on,
            amount_eur=terms.amount_eur,
            initial_eur=record.amount_eur,
            annual_eur=terms.annual_eur,
            offers=record.offers,
            grouping=terms.grouping,
            subcontracted=record.subcontracted,
            social=list(record.social),
            green=list(record.green),
            modifications=[_change(change) for change in record.changes],
            warnings=list(record.warnings),
            fictitious=self.fictitious,
            raw=self.raw,
        )
        row.record_hash = _fingerprint(row, terms)
        return row

    def _trades(self, cpv: str) -> list[str]:
        if cpv and cpv not in self.trades:
            fits = trades_of_cpv(cpv, self.rules)
            self.trades[cpv] = [code for code, fit in fits.items() if fit >= self.rules["cpv.match_4"]]
        return self.trades.get(cpv, [])

    def _write(self, rows: list[Kept]) -> set[str]:
        """Write a batch; when the database refuses it, one by one, so that only the bad one is set aside."""
        try:
            with transaction.atomic():
                _save(rows)
            return set()
        except DataError:
            pass
        refused: set[str] = set()
        for row in rows:
            try:
                with transaction.atomic():
                    _save([row])
            except DataError as error:
                locator = row[1].locator
                refused.add(locator)
                message = f"Une valeur ne tient pas dans la base ({str(error).splitlines()[0]}) : corrigez le contrat."
                payload = json.dumps(asdict(row[1]), ensure_ascii=False, default=str).encode("utf-8", "replace")
                self.report.quarantine(locator, "valeur_refusee", message, FORMAT, payload=payload)
        return refused


def _settle(row: Award, known: list[Award]) -> tuple[str, Award | None]:
    """What a publication does to ``known`` (new, changed, unchanged), which is kept up to date, and whom it follows.

    The same holders, or all else equal but the holders and another day of publication (a corrected SIRET), make the
    same contract; other holders under the same number are another lot.
    """
    before = next((award for award in known if award.uid == row.uid), None) or _corrected(row, known)
    if before is None:
        known.append(row)
        return "new", None
    if before.record_hash == row.record_hash or _order(before) > _order(row):
        return "unchanged", before
    row.pk = before.pk
    known[next(place for place, award in enumerate(known) if award is before)] = row
    return "changed", before


def _corrected(row: Award, known: list[Award]) -> Award | None:
    def rest(award: Award) -> tuple[Any, ...]:
        return award.title, award.cpv, award.notified_on, award.initial_eur

    twins = [award for award in known if rest(award) == rest(row) and award.published_on != row.published_on]
    return twins[0] if len(twins) == 1 and row.published_on and twins[0].published_on else None


def _order(award: Award) -> tuple[date, str, int, str]:
    """Publications of one contract in order; the latest is believed, and equals are told apart for good."""
    changes = award.modifications
    return (
        award.published_on or date.min,
        max((str(change["on"] or "") for change in changes), default=""),
        len(changes),
        award.record_hash,
    )


def _save(rows: list[Kept]) -> None:
    """New awards, then changed ones in their old rows, in one statement each; holders anew."""
    fresh = [award for award, _, _ in rows if award.pk is None]
    later = [award for award, _, _ in rows if award.pk is not None]
    Award.objects.bulk_create(fresh)
    if later:
        Award.objects.bulk_create(later, update_conflicts=True, unique_fields=["id"], update_fields=_WRITTEN)
        AwardHolder.objects.filter(award__in=[award.pk for award in later]).delete()
    AwardHolder.objects.bulk_create(
        AwardHolder(
            award=award,
            position=position,
            id_type=holder.id_type,
            identifier=holder.identifier,
            siret=holder.siret,
            siren=holder.siren,
            name=holder.name,
            annual_eur=terms.part_eur,
        )
        for award, _, terms in rows
        for position, holder in enumerate(terms.holders, start=1)
    )


def _change(change: Any) -> dict[str, Any]:
    return {
        "on": change.on.isoformat() if change.on else None,
        "object": change.object,
        "amount_eur": change.amount_eur,
        "months": change.months,
        "holders": [holder.siret or holder.identifier for holder in change.holders],
    }


def _unnamed(key: str) -> str:
    return f"Acheteur {key}"


def _fingerprint(row: Award, terms: Terms) -> str:
    """Of all an award is written from, its holders included."""
    skipped = {"id", "record_hash", "updated_at", "raw", "point", "warnings", "buyer"}  # of whom the contract tells
    values: dict[str, Any] = {
        field.name: field.value_from_object(row) for field in Award._meta.concrete_fields if field.name not in skipped
    }
    values["holders"] = [asdict(holder) for holder in terms.holders]
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
