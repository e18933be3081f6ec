"""OCDS 1.1: releases and records, from any publisher; from Maillage itself, exactly (see docs/sources/ocds.md).

A record is its compiled release, else its releases merged by date. Names and types vary from one publisher to
the next: what is not of the shape expected is passed over. Nothing is kept of contact points.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from matchmaker.domain.canonical import from_json, to_json
from matchmaker.domain.notice import (
    AwardOutcome,
    Buyer,
    Change,
    LotAward,
    Notice,
    NoticeKind,
    NoticeLot,
    Place,
    Reservation,
    Winner,
)
from matchmaker.sources import fields
from matchmaker.sources.lots import UNKNOWN_BUYER, with_total
from matchmaker.sources.places import nuts_code, postcode
from matchmaker.sources.xml import NoticeError

type Object = Mapping[str, Any]

EXTENSION: Final = "maillage"
KINDS: Final = {  # release tags, from the least telling
    "planning": NoticeKind.PRIOR_INFORMATION,
    "planningUpdate": NoticeKind.PRIOR_INFORMATION,
    "tender": NoticeKind.CONTRACT,
    "tenderUpdate": NoticeKind.CONTRACT,
    "tenderAmendment": NoticeKind.CONTRACT,
    "tenderCancellation": NoticeKind.CONTRACT,
    "award": NoticeKind.AWARD,
    "awardUpdate": NoticeKind.AWARD,
    "awardCancellation": NoticeKind.AWARD,
    "contract": NoticeKind.AWARD,
    "contractUpdate": NoticeKind.MODIFICATION,
    "contractAmendment": NoticeKind.MODIFICATION,
}
CATEGORIES: Final = {"goods": "supplies", "works": "works", "services": "services"}
RESERVED: Final = {
    "shelteredWorkshop": Reservation.EA_ESAT_SIAE,
    "publicServiceMissionOrganization": Reservation.ESS,
}
OUTCOMES: Final = {
    "active": AwardOutcome.AWARDED,
    "pending": AwardOutcome.AWARDED,
    "unsuccessful": AwardOutcome.UNSUCCESSFUL,
    "cancelled": AwardOutcome.CANCELLED,
}
_UPDATES: Final = {"tenderUpdate", "tenderAmendment", "tenderCancellation"}
_ENDED: Final = ("cancelled", "withdrawn")
_WHOLE: Final = "Ensemble de l'avis"


def is_ocds(record: Any) -> bool:
    """Whether this is a release, a record, or a package of them left whole."""
    return isinstance(record, dict) and ("ocid" in record or {"publishedDate", "publisher"} <= record.keys())


def parse_ocds(record: Object) -> Notice:
    """The notice in a release or record; raise ``NoticeError`` if it holds none."""
    release = _release(record)
    notice = read(release)
    try:
        return patched(notice, release)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise NoticeError(
            "extension_illisible",
            "L'extension « maillage » de cette publication OCDS est abîmée : exportez-la à nouveau.",
        ) from error


def _release(record: Object) -> Object:
    compiled = _object(record, "compiledRelease")
    releases = [item for item in _objects(record, "releases") if "tag" in item and len(item) > 3]  # more than links
    release = compiled or (merged(releases) if releases else record)
    if not _text(release, "ocid"):
        release = {**release, "ocid": _text(record, "ocid")}
    if not release["ocid"]:
        raise NoticeError("paquet_vide", "Ce paquet OCDS ne contient aucune publication : il n'y a rien à en tirer.")
    if not any(key in release for key in ("tender", "awards", "planning", "contracts")):
        raise NoticeError("sans_lot", "Cette publication OCDS ne décrit ni marché ni attribution : elle est écartée.")
    return release


def merged(releases: Iterable[Object]) -> Object:
    """Later releases complete and correct earlier ones, field by field; lists of objects by their id."""
    whole: dict[str, Any] = {}
    for release in sorted(releases, key=lambda item: _text(item, "date")):
        whole = _merge(whole, release)
    return whole


def _merge(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        both = old | {key: _merge(old.get(key), value) for key, value in new.items()}
        return {key: value for key, value in both.items() if value is not None}
    if isinstance(old, list) and isinstance(new, list) and all(isinstance(i, dict) and "id" in i for i in old + new):
        by_id = {str(item["id"]): item for item in old}
        for item in new:
            by_id[str(item["id"])] = _merge(by_id.get(str(item["id"])), item)
        return list(by_id.values())
    return new


# --- what any publisher writes -------------------------------------------------------------------


def read(release: Object) -> Notice:
    """The standard fields."""
    return _Reader(release).notice()


class _Reader:
    """One release being read; ``warnings`` fills up on the way."""

    def __init__(self, release: Object) -> None:
        self.release, self.tender = release, _object(release, "tender")
        self.tags = [tag for tag in _list(release, "tag") if isinstance(tag, str)]
        self.parties = {_text(party, "id"): party for party in _objects(release, "parties")}
        self.awards_in = _objects(release, "awards")
        self.warnings: list[str] = []

    def notice(self) -> Notice:
        ocid, number = _text(self.release, "ocid"), _text(self.release, "id")
        details = _object(self.tender, "lotDetails")
        lots = self.lots()
        buyer = self.buyer()
        title = _told(self.tender, "title") or lots[0].title or "Objet non précisé"
        whole = _object(self.tender, "value") or _object(_object(self.release, "planning"), "budget", "amount")
        return Notice(
            source="ocds",
            id=number if number.startswith(ocid) else f"{ocid}:{number}" if number else ocid,
            version="1",
            kind=self.kind(),
            form="",
            title=title,
            buyer=buyer,
            lots=with_total(lots, self.amount(whole, _WHOLE), self.warnings),
            description=_told(self.tender, "description"),
            nature=CATEGORIES.get(_text(self.tender, "mainProcurementCategory"), ""),
            procedure_id=ocid,
            procedure=_text(self.tender, "procurementMethodDetails") or _text(self.tender, "procurementMethod"),
            published_on=_day(_text(self.release, "date")),
            language=_text(self.release, "language"),
            country=buyer.place.country,
            url=fields.web_address(_text(self.release, "url")),
            max_lots_bid=_count(details, "maximumLotsBidPerSupplier"),
            max_lots_won=_count(details, "maximumLotsAwardedPerSupplier"),
            awards=tuple(self.award(award, [lot.id for lot in lots]) for award in self.awards_in),
            changes=self.changes(lots[0]) if self.partial() else (),
            aliases=(f"ocid:{ocid}",),
            cancelled="tenderCancellation" in self.tags or _text(self.tender, "status") in _ENDED,
            warnings=tuple(dict.fromkeys(self.warnings)),
        )

    def kind(self) -> NoticeKind:
        if self.partial():
            return NoticeKind.CORRECTION
        told = [kind for tag, kind in KINDS.items() if tag in self.tags]
        if told:
            return told[-1]
        return NoticeKind.AWARD if self.awards_in else NoticeKind.CONTRACT  # compiled

    def partial(self) -> bool:
        """Whether it tells only what changes; what the tender is stands in the releases before."""
        told = any(self.tender.get(name) for name in ("title", "lots", "items"))
        return bool(self.tags) and _UPDATES.issuperset(self.tags) and not told

    def changes(self, lot: NoticeLot) -> tuple[Change, ...]:
        """The new deadline as such; a new amount in words, since it may be that of several lots."""
        amount = self.amount(_object(self.tender, "value"), _WHOLE)
        found = (
            Change("deadline", lot.deadline.isoformat()) if lot.deadline else None,
            Change("", f"Montant : {amount} €") if amount else None,
        )
        return tuple(change for change in found if change)

    # --- parties ---

    def buyer(self) -> Buyer:
        named = _object(self.release, "buyer")
        party = self.parties.get(_text(named, "id")) or next(
            (party for party in self.parties.values() if "buyer" in _list(party, "roles")), named
        )
        name = _told(party, "name") or _told(named, "name") or UNKNOWN_BUYER
        return Buyer(name, _siret(party), _place(_object(party, "address")))

    def winner(self, named: Object) -> Winner:
        party = self.parties.get(_text(named, "id")) or named
        scale = _text(_object(party, "details"), "scale")
        return Winner(
            name=_told(party, "name") or _told(named, "name"),
            national_id=_siret(party),
            place=_place(_object(party, "address")),
            sme={"micro": True, "small": True, "medium": True, "sme": True, "large": False}.get(scale),
        )

    # --- lots ---

    def lots(self) -> list[NoticeLot]:
        published = _objects(self.tender, "lots")
        if not published and not self.tender and self.awards_in:
            return [self.lot_of_award(self.awards_in[0])]
        parts = published or [{}]
        ids = [_text(part, "id") or str(rank) for rank, part in enumerate(parts, start=1)]
        return [self.lot(part, number, alone=len(parts) == 1) for part, number in zip(parts, ids, strict=True)]

    def lot(self, part: Object, number: str, *, alone: bool) -> NoticeLot:
        label = f"Lot {number}"
        items = self.items(_objects(self.tender, "items"), "" if alone else number)
        period = _object(part, "contractPeriod") or _object(self.tender, "contractPeriod")
        ends = (_text(_object(holder, "tenderPeriod"), "endDate") for holder in (part, self.tender))
        reserved = _list(_object(part, "otherRequirements"), "reservedParticipation")
        suitable = _object(part, "suitability").get("sme")
        return NoticeLot(
            id=number,
            title=_told(part, "title") or _told(self.tender, "title"),
            description=_told(part, "description"),
            cpvs=self.cpvs(items, label),
            amount_eur=self.amount(_object(part, "value"), label),
            places=self.places(items),
            duration_months=self.months(period, label),
            start=_day(_text(period, "startDate")),
            deadline=next((moment for text in ends if (moment := _moment(text))), None),
            reservation=next((kind for code, kind in RESERVED.items() if code in reserved), Reservation.NONE),
            reserved_execution=_object(part, "contractTerms").get("reservedExecution") is True,
            sme_suitable=suitable if isinstance(suitable, bool) else None,
            documents_url=self.documents(number),
        )

    def lot_of_award(self, award: Object) -> NoticeLot:
        """A release of an award alone: the lot is what was awarded."""
        period = _object(award, "contractPeriod") or _object(self.contract(award), "period")
        items = _objects(award, "items")
        return NoticeLot(
            id="1",
            title=_told(award, "title") or _told(award, "description"),
            cpvs=self.cpvs(items, "Lot 1"),
            amount_eur=self.amount(_object(award, "value"), "Lot 1"),
            places=self.places(items),
            duration_months=self.months(period, "Lot 1"),
            start=_day(_text(period, "startDate")),
        )

    def items(self, items: Iterable[Object], lot: str) -> list[Object]:
        """Those of one lot; those that name none are of all."""
        return [item for item in items if not lot or _text(item, "relatedLot") in ("", lot)]

    def cpvs(self, items: Iterable[Object], label: str) -> tuple[str, ...]:
        codes = (
            code
            for item in items
            for code in (_object(item, "classification"), *_objects(item, "additionalClassifications"))
            if _text(code, "scheme").upper() in ("CPV", "")
        )
        own = _object(self.tender, "classification")  # of some profiles
        return fields.cpv_codes((_text(code, "id") for code in (*codes, own)), label, self.warnings)

    def places(self, items: Iterable[Object]) -> tuple[Place, ...]:
        addresses = (
            address
            for item in items
            for address in (*_objects(item, "deliveryAddresses"), _object(item, "deliveryAddress"))
        )
        return tuple(dict.fromkeys(place for place in map(_place, addresses) if place != Place()))

    def months(self, period: Object, label: str) -> int | None:
        days = period.get("durationInDays")
        dates = (_text(period, "startDate"), _text(period, "endDate"))
        return fields.duration(str(days) if isinstance(days, int) else "", "DAY", dates, label, self.warnings)

    def documents(self, lot: str) -> str:
        held = (
            document
            for document in _objects(self.tender, "documents")
            if _text(document, "documentType") in ("biddingDocuments", "tenderNotice", "")
            and lot in (_list(document, "relatedLots") or [lot])
        )
        return next(filter(None, (fields.web_address(_text(document, "url")) for document in held)), "")

    def amount(self, value: Object, label: str) -> int | None:
        figure = value.get("amount")
        if isinstance(figure, bool) or not isinstance(figure, int | float | str):
            return None
        return fields.amount_eur(str(figure), _text(value, "currency") or "EUR", label, self.warnings)

    # --- awards ---

    def award(self, award: Object, lots: list[str]) -> LotAward:
        contract = self.contract(award)
        value = _object(award, "value") or _object(contract, "value")
        winners = tuple(self.winner(supplier) for supplier in _objects(award, "suppliers"))
        related = tuple(str(lot) for lot in _list(award, "relatedLots") if isinstance(lot, str | int))
        return LotAward(
            lot_ids=related or (tuple(lots) if len(lots) == 1 else ()),
            outcome=OUTCOMES.get(_text(award, "status"), AwardOutcome.AWARDED),
            contract_id=_text(contract, "id"),
            title=_told(award, "title"),
            awarded_on=_day(_text(contract, "dateSigned") or _text(award, "date")),
            amount_eur=self.amount(value, "Attribution"),
            offers=self.offers(related),
            winners=winners,
            group=len(winners) > 1,
        )

    def contract(self, award: Object) -> Object:
        contracts = _objects(self.release, "contracts")
        return next((c for c in contracts if _text(c, "awardID") and _text(c, "awardID") == _text(award, "id")), {})

    def offers(self, lots: tuple[str, ...]) -> int | None:
        """The bids statistics of the lot, or the number of tenderers."""
        for counted in _objects(_object(self.release, "bids"), "statistics"):
            if _text(counted, "measure") in ("bids", "validBids") and (_text(counted, "relatedLot") or lots[:1]) in (
                lots[:1],
                *lots,
            ):
                return _count(counted, "value")
        return _count(self.tender, "numberOfTenderers")


def _siret(party: Object) -> str:
    """Of the identifier or of an additional one, whatever the scheme is called (FR-RCS, SIRET ...)."""
    identifiers = [_object(party, "identifier"), *_objects(party, "additionalIdentifiers")]
    return next(filter(None, (fields.siret_or_empty(_text(item, "id")) for item in identifiers)), "")


def _place(address: Object) -> Place:
    country = _text(address, "country").upper()
    if len(country) != 2:  # the standard writes a name, in any language
        country = "FR" if _text(address, "countryName").lower() == "france" else ""
    region = nuts_code(_text(address, "region"))
    nuts = region if region[:2] == (country or "FR") else ""
    return Place(nuts, postcode(_text(address, "postalCode")), _text(address, "locality"), country)


# --- the extension -------------------------------------------------------------------------------


def patched(notice: Notice, release: Object) -> Notice:
    """What Maillage wrote beside the standard fields, put back. See ``ocds_out.to_ocds``."""
    extension = release.get(EXTENSION)
    if not isinstance(extension, Mapping):
        return notice
    content = _corrected(to_json(notice), extension)
    for name, holders in (("lots", _objects(release, "tender", "lots")), ("awards", _objects(release, "awards"))):
        if name not in extension and content.get(name):
            pairs = zip(content[name], holders, strict=True)
            content[name] = [_corrected(item, _object(holder, EXTENSION)) for item, holder in pairs]
    whole = from_json(json.loads(json.dumps(content)))
    if not whole.lots or any(lot.deadline and lot.deadline.tzinfo is None for lot in whole.lots):
        raise ValueError("no lot, or a deadline without offset")
    return whole


def _corrected(content: Object, extension: Object) -> dict[str, Any]:
    """``null`` takes a field back to its default."""
    both = {**content, **extension}
    return {key: value for key, value in both.items() if value is not None}


# --- values of any type --------------------------------------------------------------------------


def _object(holder: Object, *path: str) -> Object:
    found: Any = holder
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _list(holder: Object, key: str) -> list[Any]:
    found = holder.get(key)
    return found if isinstance(found, list) else []


def _objects(holder: Object, *path: str) -> list[Object]:
    return [item for item in _list(_object(holder, *path[:-1]), path[-1]) if isinstance(item, Mapping)]


def _text(holder: Object, key: str) -> str:
    found = holder.get(key)
    return " ".join(str(found).split()) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _told(holder: Object, key: str) -> str:
    """Prose: lines kept, contact details removed."""
    found = holder.get(key)
    return fields.tidy(found) if isinstance(found, str) else ""


def _count(holder: Object, key: str) -> int | None:
    found = holder.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 10**6 else None


def _day(text: str) -> date | None:
    return fields.parse_date(text)


def _moment(text: str) -> datetime | None:
    day, _, hour = text.partition("T")
    try:
        moment = datetime.fromisoformat(text) if hour else None
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is not None:
        return moment
    return fields.parse_deadline(day, hour)
