"""A notice written into tables: its tender, buyer and lots, placed and given their needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

from django.contrib.gis.geos import Point as GeosPoint

from geo.domain.codes import search_name
from geo.domain.gazetteer import Gazetteer, Located, gather
from matchmaker.domain.canonical import from_json
from matchmaker.domain.notice import Buyer as NoticeBuyer
from matchmaker.domain.notice import NoticeLot
from matchmaker.domain.procedure import Procedure
from matchmaker.domain.reference import Reference
from matchmaker.models import Buyer, Lot, RawDocument, Tender
from matchmaker.needs import set_needs


class TenderWriter:
    """Writes what a procedure is understood to be."""

    def __init__(self, places: Gazetteer, reference: Reference) -> None:
        self.places, self.reference = places, reference

    def write(
        self,
        tender: Tender,
        procedure: Procedure,
        raw: RawDocument,
        record_hash: str,
        fictitious: bool,
        joining: Sequence[Tender] = (),
    ) -> set[int]:
        """Fill and save ``tender``, its buyer and its lots, those of the tenders ``joining`` it among them.

        Returns the buyers concerned, to be settled once publications are where they belong.
        """
        left = {known.buyer_id for known in (tender, *joining) if known.buyer_id}
        _fill_tender(tender, procedure)
        tender.buyer = _buyer(procedure.notice.buyer)
        tender.raw, tender.record_hash, tender.fictitious = raw, record_hash, fictitious
        tender.save()
        Tender.objects.filter(pk__in=[known.pk for known in joining]).update(buyer=tender.buyer)
        self._write_lots(tender, procedure, joining)
        return left | {tender.buyer_id}

    def _write_lots(self, tender: Tender, procedure: Procedure, joining: Sequence[Tender]) -> None:
        """Lots keep their identity (and address) through versions and fusions; what is left is withdrawn."""
        notice, awarded = procedure.notice, dict(procedure.lots_awarded)
        numbers = _unique([lot.id for lot in notice.lots])
        known = Lot.objects.filter(tender__in=[tender, *joining]).order_by("tender_id", "position")
        rows = _same_lots(numbers, notice.lots, list(known))
        kept = [row.pk for row in rows if row.pk]
        Lot.objects.filter(tender__in=[tender, *joining]).exclude(pk__in=kept).delete()
        for position, (number, row, lot) in enumerate(zip(numbers, rows, notice.lots, strict=True)):
            row.tender, row.number, row.position = tender, number, position
            _fill_lot(row, lot)
            row.awarded_on = awarded.get(lot.id)
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


def _buyer(buyer: NoticeBuyer) -> Buyer:
    place = buyer.place
    key = buyer.national_id or f"{search_name(buyer.name)} {place.postcode or place.city}".strip()
    row, _ = Buyer.objects.get_or_create(key=key[:250], defaults=_identity(buyer))
    return row


def _identity(buyer: NoticeBuyer) -> dict[str, str]:
    place = buyer.place
    return {
        "name": buyer.name[:300],
        "siret": buyer.national_id[:14],
        "city": place.city[:120],
        "postcode": place.postcode[:10],
        "nuts": place.nuts[:5],
    }


def settle_buyers(ids: Iterable[int]) -> None:
    """A buyer is called as in its latest tender, whatever the order of imports; one without tender goes."""
    for row in Buyer.objects.filter(pk__in=list(ids)):
        latest = row.tenders.order_by("-published_on", "-source", "-notice_id").first()
        if latest is None:
            if not row.awards.exists():
                row.delete()
            continue
        lead = latest.publications.filter(source=latest.source, notice_id=latest.notice_id, version=latest.version)
        content = lead.values_list("content", flat=True).first()
        if content is None:  # kept before publications were
            continue
        facts = _identity(from_json(content).buyer)
        facts["siret"] = row.siret or facts["siret"]
        if any(getattr(row, name) != value for name, value in facts.items()):
            Buyer.objects.filter(pk=row.pk).update(**facts)


def _same_lots(numbers: Sequence[str], lots: Sequence[NoticeLot], known: Sequence[Lot]) -> list[Lot]:
    """The row of each lot: that of its number, of the oldest tender; else one of the same title; else a new one."""
    by_number = {row.number: row for row in reversed(known)}
    rows = {number: by_number[number] for number in numbers if number in by_number}
    taken = {row.pk for row in rows.values()}
    by_title = {row.title: row for row in reversed(known) if row.pk not in taken}
    for number, lot in zip(numbers, lots, strict=True):
        if number not in rows:
            rows[number] = by_title.pop(lot.title, None) or Lot()
    return [rows[number] for number in numbers]


def _fill_tender(tender: Tender, procedure: Procedure) -> None:
    notice = procedure.notice
    tender.source, tender.notice_id = notice.source, notice.id[:100]
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
    tender.history = [{**asdict(entry), "on": entry.on.isoformat() if entry.on else ""} for entry in procedure.history]
    tender.cancelled, tender.awarded_on = procedure.cancelled, procedure.awarded_on


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


def _unique(names: list[str]) -> list[str]:
    """Lot numbers made unique: some notices repeat one."""
    counts: dict[str, int] = {}
    result = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        suffix = f" ({counts[name]})" if counts[name] > 1 else ""
        result.append(f"{name[: 50 - len(suffix)]}{suffix}")
    return result
