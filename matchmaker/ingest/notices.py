"""Notices in: each document is read, kept or set aside; running it again changes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from itertools import batched
from pathlib import Path

from django.contrib.gis.geos import Point as GeosPoint
from django.db import DataError, transaction

from geo.domain.codes import search_name
from geo.domain.gazetteer import Gazetteer, Located, gather
from geo.queries import edition, gazetteer
from matchmaker.domain.notice import Buyer as NoticeBuyer
from matchmaker.domain.notice import Notice, NoticeLot
from matchmaker.ingest.report import Progress, Report, importing, silent
from matchmaker.models import Buyer, ImportRun, Lot, RawDocument, Tender
from matchmaker.needs import set_needs
from matchmaker.reference import reference
from matchmaker.sources.files import Found, Unreadable, iter_documents
from matchmaker.sources.notices import parse_notice
from matchmaker.sources.xml import NoticeError

BATCH = 100


def ingest_notices(paths: Iterable[Path], progress: Progress = silent, *, fictitious: bool = False) -> ImportRun:
    """Import files, folders and archives of notices. Raises InputNotFoundError or ImportBusyError."""
    wanted = [Path(path) for path in paths]
    with importing("notices", ", ".join(path.name for path in wanted)) as report:
        documents = iter_documents(wanted)
        keeper = _Keeper(gazetteer(), report, fictitious)
        for batch in batched(documents, BATCH, strict=False):
            with transaction.atomic():
                for document in batch:
                    keeper.keep(document)
                report.mend(keeper.read)
                keeper.read.clear()
                report.save()
            progress(f"{report.counts['read']} documents lus")
    return report.run


class _Keeper:
    """Writes one document at a time, each in its own savepoint: one bad record never sinks the others."""

    def __init__(self, places: Gazetteer, report: Report, fictitious: bool) -> None:
        self.places, self.report, self.fictitious = places, report, fictitious
        self.edition = edition()
        self.reference = reference()
        self.read: set[str] = set()
        self.seen: dict[tuple[str, str, str], str] = {}  # of this import: (source, id, version) -> content

    def keep(self, document: Found) -> None:
        self.report.counts["read"] += 1
        if isinstance(document, Unreadable):
            self.report.formats["illisible"]["read"] += 1
            self.report.quarantine(document.name, document.reason_code, document.message, "illisible")
            return
        try:
            notice = parse_notice(document)
        except NoticeError as error:
            excerpt = document.content[:300].decode("utf-8", "replace")
            self.report.formats["xml refusé"]["read"] += 1
            self.report.quarantine(document.name, error.reason_code, str(error), "xml refusé", excerpt)
            return
        self.report.formats[notice.source]["read"] += 1
        digest = _fingerprint(notice, self.fictitious, self.edition)
        if self.seen.setdefault((notice.source, notice.id, notice.version), digest) != digest:
            message = (
                f"Un autre document de cet import porte le même numéro d'avis ({notice.id}) et la même version "
                "avec un contenu différent : le premier est gardé ; retirez celui qui est faux et relancez."
            )
            self.report.quarantine(document.name, "doublon", message, notice.source)
            return
        raw, _ = RawDocument.objects.get_or_create(
            sha256=document.sha256,
            defaults={"name": document.name[:500], "url": document.url, "size": len(document.content)},
        )
        try:
            with transaction.atomic():
                outcome = self._write(notice, raw, digest)
        except DataError as error:
            message = f"Une valeur ne tient pas dans la base ({str(error).splitlines()[0]})."
            self.report.quarantine(document.name, "valeur_refusee", message, notice.source)
            return
        self.report.count(outcome, notice.source)
        self.read.add(document.name)
        for warning in notice.warnings:
            self.report.warn(warning)

    def _write(self, notice: Notice, raw: RawDocument, digest: str) -> str:
        """new, changed, or unchanged; an older version than the one kept changes nothing."""
        known = Tender.objects.filter(source=notice.source, notice_id=notice.id).first()
        if known and (known.record_hash == digest or _order(known.version) > _order(notice.version)):
            return "unchanged"
        tender = known or Tender(source=notice.source, notice_id=notice.id)
        _fill_tender(tender, notice)
        tender.buyer = self._buyer(notice.buyer)
        tender.raw, tender.record_hash, tender.fictitious = raw, digest, self.fictitious
        tender.save()
        self._write_lots(tender, notice)
        return "changed" if known else "new"

    def _write_lots(self, tender: Tender, notice: Notice) -> None:
        """Lots keep their identity (and address) through versions, by their published number."""
        numbers = _unique([lot.id for lot in notice.lots])
        known = {lot.number: lot for lot in tender.lots.all()}
        tender.lots.exclude(number__in=numbers).delete()
        for position, (number, lot) in enumerate(zip(numbers, notice.lots, strict=True)):
            row = known.get(number) or Lot(tender=tender, number=number)
            row.position = position
            _fill_lot(row, lot)
            self._place(row, lot, notice.buyer)
            set_needs(row, self.reference)
            row.match_state = Lot.MatchState.PENDING
            row.save()

    def _place(self, row: Lot, lot: NoticeLot, buyer: NoticeBuyer) -> None:
        found = [
            self.places.locate(nuts=p.nuts, zipcode=p.postcode, city=p.city, country=p.country) for p in lot.places
        ]
        located: Located | None = gather([place for place in found if place])
        if located and located.precision == "region":
            located = self._buyers_town(located, buyer) or located
        if located and located.uncertainty_km > self.reference["territory.max_uncertainty_km"]:
            row.place_label, row.uncertainty_km = located.label[:200], round(located.uncertainty_km, 1)
            row.point, row.departement_id = None, None
            return
        row.point = GeosPoint(located.point.lon, located.point.lat, srid=4326) if located else None
        row.uncertainty_km = round(located.uncertainty_km, 1) if located else 0.0
        row.place_label = located.label[:200] if located else ""
        row.departement_id = located.departement or None if located else None

    def _buyers_town(self, region: Located, buyer: NoticeBuyer) -> Located | None:
        """The town of a buyer that sits in the region a notice names: a better guess than the region's middle."""
        place = buyer.place
        town = self.places.locate(nuts=place.nuts, zipcode=place.postcode, city=place.city, country=place.country)
        if town is None or town.precision != "commune":
            return None
        departement = self.places.departements[town.departement]
        if departement.region_name != region.label:
            return None
        label = f"{town.label}, ville de l'acheteur (avis : {region.label})"
        return replace(town, uncertainty_km=departement.spread_km, label=label)

    def _buyer(self, buyer: NoticeBuyer) -> Buyer:
        place = buyer.place
        key = buyer.national_id or f"{search_name(buyer.name)} {place.postcode or place.city}".strip()
        row, _ = Buyer.objects.update_or_create(
            key=key[:250],
            defaults={
                "name": buyer.name[:300],
                "siret": buyer.national_id[:14],
                "city": place.city[:120],
                "postcode": place.postcode[:10],
                "nuts": place.nuts[:5],
            },
        )
        return row


def _fill_tender(tender: Tender, notice: Notice) -> None:
    tender.version = notice.version[:20]
    tender.kind = notice.kind.value
    tender.form = notice.form[:20]
    tender.procedure_id = notice.procedure_id[:100]
    tender.procedure = notice.procedure[:60]
    tender.title, tender.description = notice.title, notice.description
    tender.nature = notice.nature[:10]
    tender.published_on = notice.published_on or notice.dispatched_on
    tender.country = notice.country[:2]
    tender.url = notice.url[:500]
    tender.max_lots_bid, tender.max_lots_won = notice.max_lots_bid, notice.max_lots_won
    tender.exclusive_grouping = notice.exclusive_grouping
    tender.warnings = list(notice.warnings)


def _fill_lot(row: Lot, lot: NoticeLot) -> None:
    row.title, row.description = lot.title, lot.description
    row.cpvs = list(lot.cpvs)
    row.amount_eur, row.amount_shared = lot.amount_eur, lot.amount_shared
    row.duration_months, row.start, row.deadline = lot.duration_months, lot.start, lot.deadline
    row.reservation, row.reserved_execution = lot.reservation.value, lot.reserved_execution
    row.social = [code[:40] for code in lot.social]
    row.green = [code[:40] for code in lot.green]
    row.sme_suitable, row.insertion_hours = lot.sme_suitable, lot.insertion_hours
    row.documents_url = lot.documents_url[:1000]
    row.places = [asdict(place) for place in lot.places]


def _fingerprint(notice: Notice, fictitious: bool, places: str) -> str:
    """Of all a tender is written from; of the edition of the communes too, as places are understood with them."""
    text = json.dumps([asdict(notice), fictitious, places], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _order(version: str) -> tuple[int, str]:
    """ "02" comes after "01" and "10" after "9"."""
    return (int(version), "") if version.isdigit() else (0, version)


def _unique(names: list[str]) -> list[str]:
    """Lot numbers made unique: some notices repeat one."""
    counts: dict[str, int] = {}
    result = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        suffix = f" ({counts[name]})" if counts[name] > 1 else ""
        result.append(f"{name[: 50 - len(suffix)]}{suffix}")
    return result
