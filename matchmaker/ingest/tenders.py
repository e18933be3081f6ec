"""A notice written into tables: its tender, buyer and lots, placed and given their needs."""

from __future__ import annotations

from dataclasses import asdict, replace

from django.contrib.gis.geos import Point as GeosPoint

from geo.domain.codes import search_name
from geo.domain.gazetteer import Gazetteer, Located, gather
from matchmaker.domain.notice import Buyer as NoticeBuyer
from matchmaker.domain.notice import Notice, NoticeLot
from matchmaker.domain.reference import Reference
from matchmaker.models import Buyer, Lot, RawDocument, Tender
from matchmaker.needs import set_needs


class TenderWriter:
    """Writes what a procedure is understood to be."""

    def __init__(self, places: Gazetteer, reference: Reference, fictitious: bool) -> None:
        self.places, self.reference, self.fictitious = places, reference, fictitious

    def write(self, tender: Tender, notice: Notice, raw: RawDocument, digest: str) -> None:
        """Fill and save ``tender``, its buyer and its lots."""
        _fill_tender(tender, notice)
        tender.buyer = self._buyer(notice.buyer)
        tender.raw, tender.record_hash, tender.fictitious = raw, digest, self.fictitious
        tender.save()
        self._write_lots(tender, notice)

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


def _unique(names: list[str]) -> list[str]:
    """Lot numbers made unique: some notices repeat one."""
    counts: dict[str, int] = {}
    result = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        suffix = f" ({counts[name]})" if counts[name] > 1 else ""
        result.append(f"{name[: 50 - len(suffix)]}{suffix}")
    return result
