"""OCDS 1.1: releases and records, from any publisher; from Maillage itself, exactly (see docs/sources/ocds.md).

A record is its compiled release, else its releases merged by date. Names and types vary from one publisher to
the next: what is not of the shape expected is passed over. Nothing is kept of contact points.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
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
from matchmaker.sources.ocds_values import (
    Object,
    count_of,
    day_of,
    list_of,
    moment_of,
    object_of,
    objects_of,
    prose_of,
    text_of,
)
from matchmaker.sources.places import nuts_code, postcode
from matchmaker.sources.xml import NoticeError

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
    compiled = object_of(record, "compiledRelease")
    releases = [item for item in objects_of(record, "releases") if "tag" in item and len(item) > 3]  # more than links
    release = compiled or (merged(releases) if releases else record)
    if not text_of(release, "ocid"):
        release = {**release, "ocid": text_of(record, "ocid")}
    if not release["ocid"]:
        raise NoticeError("paquet_vide", "Ce paquet OCDS ne contient aucune publication : il n'y a rien à en tirer.")
    if not any(key in release for key in ("tender", "awards", "planning", "contracts")):
        raise NoticeError("sans_lot", "Cette publication OCDS ne décrit ni marché ni attribution : elle est écartée.")
    return release


def merged(releases: Iterable[Object]) -> Object:
    """Later releases complete and correct earlier ones, field by field; lists of objects by their id."""
    whole: dict[str, Any] = {}
    for release in sorted(releases, key=lambda item: text_of(item, "date")):
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
        self.release, self.tender = release, object_of(release, "tender")
        self.tags = [tag for tag in list_of(release, "tag") if isinstance(tag, str)]
        self.parties = {text_of(party, "id"): party for party in objects_of(release, "parties")}
        self.awards_in = objects_of(release, "awards")
        self.warnings: list[str] = []

    def notice(self) -> Notice:
        ocid, number = text_of(self.release, "ocid"), text_of(self.release, "id")
        details = object_of(self.tender, "lotDetails")
        lots = self.lots()
        buyer = self.buyer()
        title = prose_of(self.tender, "title") or lots[0].title or "Objet non précisé"
        whole = object_of(self.tender, "value") or object_of(object_of(self.release, "planning"), "budget", "amount")
        return Notice(
            source="ocds",
            id=number if number.startswith(ocid) else f"{ocid}:{number}" if number else ocid,
            version="1",
            kind=self.kind(),
            form="",
            title=title,
            buyer=buyer,
            lots=with_total(lots, self.amount(whole, _WHOLE), self.warnings),
            description=prose_of(self.tender, "description"),
            nature=CATEGORIES.get(text_of(self.tender, "mainProcurementCategory"), ""),
            procedure_id=ocid,
            procedure=text_of(self.tender, "procurementMethodDetails") or text_of(self.tender, "procurementMethod"),
            published_on=day_of(text_of(self.release, "date")),
            language=text_of(self.release, "language"),
            country=buyer.place.country,
            url=fields.web_address(text_of(self.release, "url")),
            max_lots_bid=count_of(details, "maximumLotsBidPerSupplier"),
            max_lots_won=count_of(details, "maximumLotsAwardedPerSupplier"),
            awards=tuple(self.award(award, [lot.id for lot in lots]) for award in self.awards_in),
            changes=self.changes(lots[0]) if self.partial() else (),
            aliases=(f"ocid:{ocid}",),
            cancelled="tenderCancellation" in self.tags or text_of(self.tender, "status") in _ENDED,
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
        amount = self.amount(object_of(self.tender, "value"), _WHOLE)
        found = (
            Change("deadline", lot.deadline.isoformat()) if lot.deadline else None,
            Change("", f"Montant : {amount} €") if amount else None,
        )
        return tuple(change for change in found if change)

    # --- parties ---

    def buyer(self) -> Buyer:
        named = object_of(self.release, "buyer")
        party = self.parties.get(text_of(named, "id")) or next(
            (party for party in self.parties.values() if "buyer" in list_of(party, "roles")), named
        )
        name = prose_of(party, "name") or prose_of(named, "name") or UNKNOWN_BUYER
        return Buyer(name, _siret(party), _place(object_of(party, "address")))

    def winner(self, named: Object) -> Winner:
        party = self.parties.get(text_of(named, "id")) or named
        scale = text_of(object_of(party, "details"), "scale")
        return Winner(
            name=prose_of(party, "name") or prose_of(named, "name"),
            national_id=_siret(party),
            place=_place(object_of(party, "address")),
            sme={"micro": True, "small": True, "medium": True, "sme": True, "large": False}.get(scale),
        )

    # --- lots ---

    def lots(self) -> list[NoticeLot]:
        published = objects_of(self.tender, "lots")
        if not published and not self.tender and self.awards_in:
            return [self.lot_of_award(self.awards_in[0])]
        parts = published or [{}]
        ids = [text_of(part, "id") or str(rank) for rank, part in enumerate(parts, start=1)]
        return [self.lot(part, number, alone=len(parts) == 1) for part, number in zip(parts, ids, strict=True)]

    def lot(self, part: Object, number: str, *, alone: bool) -> NoticeLot:
        label = f"Lot {number}"
        items = self.items(objects_of(self.tender, "items"), "" if alone else number)
        period = object_of(part, "contractPeriod") or object_of(self.tender, "contractPeriod")
        ends = (text_of(object_of(holder, "tenderPeriod"), "endDate") for holder in (part, self.tender))
        reserved = list_of(object_of(part, "otherRequirements"), "reservedParticipation")
        suitable = object_of(part, "suitability").get("sme")
        return NoticeLot(
            id=number,
            title=prose_of(part, "title") or prose_of(self.tender, "title"),
            description=prose_of(part, "description"),
            cpvs=self.cpvs(items, label),
            amount_eur=self.amount(object_of(part, "value"), label),
            places=self.places(items),
            duration_months=self.months(period, label),
            start=day_of(text_of(period, "startDate")),
            deadline=next((moment for text in ends if (moment := moment_of(text))), None),
            reservation=next((kind for code, kind in RESERVED.items() if code in reserved), Reservation.NONE),
            reserved_execution=object_of(part, "contractTerms").get("reservedExecution") is True,
            sme_suitable=suitable if isinstance(suitable, bool) else None,
            documents_url=self.documents(number),
        )

    def lot_of_award(self, award: Object) -> NoticeLot:
        """A release of an award alone: the lot is what was awarded."""
        period = object_of(award, "contractPeriod") or object_of(self.contract(award), "period")
        items = objects_of(award, "items")
        return NoticeLot(
            id="1",
            title=prose_of(award, "title") or prose_of(award, "description"),
            cpvs=self.cpvs(items, "Lot 1"),
            amount_eur=self.amount(object_of(award, "value"), "Lot 1"),
            places=self.places(items),
            duration_months=self.months(period, "Lot 1"),
            start=day_of(text_of(period, "startDate")),
        )

    def items(self, items: Iterable[Object], lot: str) -> list[Object]:
        """Those of one lot; those that name none are of all."""
        return [item for item in items if not lot or text_of(item, "relatedLot") in ("", lot)]

    def cpvs(self, items: Iterable[Object], label: str) -> tuple[str, ...]:
        codes = (
            code
            for item in items
            for code in (object_of(item, "classification"), *objects_of(item, "additionalClassifications"))
            if text_of(code, "scheme").upper() in ("CPV", "")
        )
        own = object_of(self.tender, "classification")  # of some profiles
        return fields.cpv_codes((text_of(code, "id") for code in (*codes, own)), label, self.warnings)

    def places(self, items: Iterable[Object]) -> tuple[Place, ...]:
        addresses = (
            address
            for item in items
            for address in (*objects_of(item, "deliveryAddresses"), object_of(item, "deliveryAddress"))
        )
        return tuple(dict.fromkeys(place for place in map(_place, addresses) if place != Place()))

    def months(self, period: Object, label: str) -> int | None:
        days = period.get("durationInDays")
        dates = (text_of(period, "startDate"), text_of(period, "endDate"))
        return fields.duration(str(days) if isinstance(days, int) else "", "DAY", dates, label, self.warnings)

    def documents(self, lot: str) -> str:
        held = (
            document
            for document in objects_of(self.tender, "documents")
            if text_of(document, "documentType") in ("biddingDocuments", "tenderNotice", "")
            and lot in (list_of(document, "relatedLots") or [lot])
        )
        return next(filter(None, (fields.web_address(text_of(document, "url")) for document in held)), "")

    def amount(self, value: Object, label: str) -> int | None:
        figure = value.get("amount")
        if isinstance(figure, bool) or not isinstance(figure, int | float | str):
            return None
        return fields.amount_eur(str(figure), text_of(value, "currency") or "EUR", label, self.warnings)

    # --- awards ---

    def award(self, award: Object, lots: list[str]) -> LotAward:
        contract = self.contract(award)
        value = object_of(award, "value") or object_of(contract, "value")
        winners = tuple(self.winner(supplier) for supplier in objects_of(award, "suppliers"))
        related = tuple(str(lot) for lot in list_of(award, "relatedLots") if isinstance(lot, str | int))
        return LotAward(
            lot_ids=related or (tuple(lots) if len(lots) == 1 else ()),
            outcome=OUTCOMES.get(text_of(award, "status"), AwardOutcome.AWARDED),
            contract_id=text_of(contract, "id"),
            title=prose_of(award, "title"),
            awarded_on=day_of(text_of(contract, "dateSigned") or text_of(award, "date")),
            amount_eur=self.amount(value, "Attribution"),
            offers=self.offers(related),
            winners=winners,
            group=len(winners) > 1,
        )

    def contract(self, award: Object) -> Object:
        contracts = objects_of(self.release, "contracts")
        return next(
            (c for c in contracts if text_of(c, "awardID") and text_of(c, "awardID") == text_of(award, "id")), {}
        )

    def offers(self, lots: tuple[str, ...]) -> int | None:
        """The bids statistics of the lot, or the number of tenderers."""
        for counted in objects_of(object_of(self.release, "bids"), "statistics"):
            if text_of(counted, "measure") in ("bids", "validBids") and (
                text_of(counted, "relatedLot") or lots[:1]
            ) in (
                lots[:1],
                *lots,
            ):
                return count_of(counted, "value")
        return count_of(self.tender, "numberOfTenderers")


def _siret(party: Object) -> str:
    """Of the identifier or of an additional one, whatever the scheme is called (FR-RCS, SIRET ...)."""
    identifiers = [object_of(party, "identifier"), *objects_of(party, "additionalIdentifiers")]
    return next(filter(None, (fields.siret_or_empty(text_of(item, "id")) for item in identifiers)), "")


def _place(address: Object) -> Place:
    country = text_of(address, "country").upper()
    if len(country) != 2:  # the standard writes a name, in any language
        country = "FR" if text_of(address, "countryName").lower() == "france" else ""
    region = nuts_code(text_of(address, "region"))
    nuts = region if region[:2] == (country or "FR") else ""
    return Place(nuts, postcode(text_of(address, "postalCode")), text_of(address, "locality"), country)


# --- the extension -------------------------------------------------------------------------------


def patched(notice: Notice, release: Object) -> Notice:
    """What Maillage wrote beside the standard fields, put back. See ``ocds_out.to_ocds``."""
    extension = release.get(EXTENSION)
    if not isinstance(extension, Mapping):
        return notice
    content = _corrected(to_json(notice), extension)
    for name, holders in (("lots", objects_of(release, "tender", "lots")), ("awards", objects_of(release, "awards"))):
        if name not in extension and content.get(name):
            pairs = zip(content[name], holders, strict=True)
            content[name] = [_corrected(item, object_of(holder, EXTENSION)) for item, holder in pairs]
    whole = from_json(json.loads(json.dumps(content)))
    if not whole.lots or any(lot.deadline and lot.deadline.tzinfo is None for lot in whole.lots):
        raise ValueError("no lot, or a deadline without offset")
    return whole


def _corrected(content: Object, extension: Object) -> dict[str, Any]:
    """``null`` takes a field back to its default."""
    both = {**content, **extension}
    return {key: value for key, value in both.items() if value is not None}
