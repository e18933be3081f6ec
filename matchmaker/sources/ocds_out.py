"""A notice as an OCDS 1.1 release, with the lots, bids and organisation scale extensions.

What OCDS has no field for, or spells otherwise than we do, goes beside it in an object ``maillage``: the fields in
which the release read by its standard fields alone would differ from the notice. So reading back loses nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from matchmaker.domain.canonical import to_json
from matchmaker.domain.notice import Buyer, LotAward, Notice, NoticeKind, NoticeLot, Place, Winner
from matchmaker.sources import ocds

type Json = dict[str, Any]

PREFIX: Final = "ocds-maillage"  # not registered: replaced by a publisher's own where one publishes
EXTENSIONS: Final = (
    "https://raw.githubusercontent.com/open-contracting-extensions/ocds_lots_extension/v1.1.5/extension.json",
    "https://raw.githubusercontent.com/open-contracting-extensions/ocds_bid_extension/v1.1.5/extension.json",
)
_TAGS: Final = {
    NoticeKind.PRIOR_INFORMATION: ["planning"],
    NoticeKind.CONTRACT: ["tender"],
    NoticeKind.AWARD: ["award", "contract"],
    NoticeKind.MODIFICATION: ["contractAmendment"],
    NoticeKind.CORRECTION: ["tenderUpdate"],
    NoticeKind.OTHER: ["tender"],
}
_CATEGORIES: Final = {ours: theirs for theirs, ours in ocds.CATEGORIES.items()}
_RESERVED: Final = {kind: code for code, kind in ocds.RESERVED.items()}
_METHODS: Final = {
    "open": "open",
    "restricted": "selective",
    "neg-w-call": "selective",
    "comp-dial": "selective",
    "innovation": "selective",
    "neg-wo-call": "limited",
}


def to_ocds(notice: Notice) -> Json:
    """One release. ``ocds.parse_ocds(to_ocds(notice)) == notice`` for any notice."""
    release = _dropped(
        {
            "ocid": f"{PREFIX}-{notice.procedure_id or f'{notice.source}-{notice.id}'}",
            "id": f"{notice.source}-{notice.id}-{notice.version}",
            "date": _moment(notice.published_on or notice.dispatched_on),
            "tag": ["tenderCancellation"] if notice.cancelled else _TAGS[notice.kind],
            "initiationType": "tender",
            "language": notice.language,
            "url": notice.url,
            "buyer": {"id": "buyer", "name": notice.buyer.name},
            "parties": _parties(notice),
            "tender": _tender(notice),
            "bids": {"statistics": _statistics(notice)} if any(a.offers is not None for a in notice.awards) else None,
            "awards": [_award(award, rank) for rank, award in enumerate(notice.awards, start=1)],
            "contracts": [_contract(a, rank) for rank, a in enumerate(notice.awards, start=1) if a.contract_id],
        }
    )
    return _extended(release, notice)


def _extended(release: Json, notice: Notice) -> Json:
    """Where the standard fields alone would be read otherwise than the notice says."""
    read, wanted = to_json(ocds.read(release)), to_json(notice)
    extension = _difference(read, wanted, but=("lots", "awards"))
    holders = {"lots": release["tender"].get("lots", []), "awards": release.get("awards", [])}
    for name, held in holders.items():
        one, other = read.get(name, []), wanted.get(name, [])
        if len(one) == len(other) == len(held):
            for holder, item, target in zip(held, one, other, strict=True):
                if beside := _difference(item, target):
                    holder[ocds.EXTENSION] = beside
        else:
            extension[name] = other
    return {**release, ocds.EXTENSION: extension}


def _difference(read: Json, wanted: Json, but: tuple[str, ...] = ()) -> Json:
    keys = sorted({*read, *wanted} - set(but))
    return {key: wanted.get(key) for key in keys if read.get(key) != wanted.get(key)}


# --- the standard fields -------------------------------------------------------------------------


def _tender(notice: Notice) -> Json:
    details = {
        "maximumLotsBidPerSupplier": notice.max_lots_bid,
        "maximumLotsAwardedPerSupplier": notice.max_lots_won,
    }
    deadlines = {lot.deadline for lot in notice.lots if lot.deadline}
    return _dropped(
        {
            "id": f"{notice.source}-{notice.id}",
            "title": notice.title,
            "description": notice.description,
            "status": _status(notice),
            "mainProcurementCategory": _CATEGORIES.get(notice.nature),
            "procurementMethod": _METHODS.get(notice.procedure),
            "procurementMethodDetails": notice.procedure,
            "tenderPeriod": {"endDate": min(deadlines).isoformat()} if deadlines else None,
            "lotDetails": _dropped(details),
            "lots": [_lot(lot) for lot in notice.lots],
            "items": [_item(lot) for lot in notice.lots if lot.cpvs or lot.places],
            "documents": [_document(lot) for lot in notice.lots if lot.documents_url],
        }
    )


def _status(notice: Notice) -> str:
    if notice.cancelled:
        return "cancelled"
    if notice.kind is NoticeKind.PRIOR_INFORMATION:
        return "planned"
    return "complete" if notice.awards else "active"


def _lot(lot: NoticeLot) -> Json:
    reserved = _RESERVED.get(lot.reservation)
    days = lot.duration_months and round(lot.duration_months * 365.25 / 12)
    return _dropped(
        {
            "id": lot.id,
            "title": lot.title,
            "description": lot.description,
            "value": _value(lot.amount_eur),
            "contractPeriod": _dropped({"startDate": _moment(lot.start), "durationInDays": days}),
            "tenderPeriod": {"endDate": lot.deadline.isoformat()} if lot.deadline else None,
            "otherRequirements": {"reservedParticipation": [reserved]} if reserved else None,
            "contractTerms": {"reservedExecution": True} if lot.reserved_execution else None,
            "suitability": None if lot.sme_suitable is None else {"sme": lot.sme_suitable},
        }
    )


def _item(lot: NoticeLot) -> Json:
    codes = [{"scheme": "CPV", "id": code} for code in lot.cpvs]
    return _dropped(
        {
            "id": f"item-{lot.id}",
            "relatedLot": lot.id,
            "classification": codes[0] if codes else None,
            "additionalClassifications": codes[1:],
            "deliveryAddresses": [_address(place) for place in lot.places],
        }
    )


def _document(lot: NoticeLot) -> Json:
    return {
        "id": f"documents-{lot.id}",
        "documentType": "biddingDocuments",
        "url": lot.documents_url,
        "relatedLots": [lot.id],
    }


def _award(award: LotAward, rank: int) -> Json:
    status = {"awarded": "active", "unsuccessful": "unsuccessful", "cancelled": "cancelled"}[award.outcome.value]
    suppliers = [
        {"id": _supplier_id(rank, place), "name": winner.name} for place, winner in enumerate(award.winners, start=1)
    ]
    return _dropped(
        {
            "id": f"award-{rank}",
            "title": award.title,
            "status": status,
            "date": _moment(award.awarded_on),
            "value": _value(award.amount_eur),
            "suppliers": suppliers,
            "relatedLots": list(award.lot_ids),
        }
    )


def _contract(award: LotAward, rank: int) -> Json:
    return _dropped(
        {
            "id": award.contract_id,
            "awardID": f"award-{rank}",
            "status": "active",
            "value": _value(award.amount_eur),
            "dateSigned": _moment(award.awarded_on),
        }
    )


def _statistics(notice: Notice) -> list[Json]:
    return [
        _dropped({"id": str(rank), "measure": "bids", "value": award.offers, "relatedLot": "".join(award.lot_ids[:1])})
        for rank, award in enumerate(notice.awards, start=1)
        if award.offers is not None
    ]


def _parties(notice: Notice) -> list[Json]:
    suppliers = [
        _party(_supplier_id(rank, place), "supplier", winner)
        for rank, award in enumerate(notice.awards, start=1)
        for place, winner in enumerate(award.winners, start=1)
    ]
    return [_party("buyer", "buyer", notice.buyer), *suppliers]


def _supplier_id(award: int, place: int) -> str:
    return f"supplier-{award}-{place}"


def _party(number: str, role: str, party: Buyer | Winner) -> Json:
    sme = party.sme if isinstance(party, Winner) else None
    return _dropped(
        {
            "id": number,
            "name": party.name,
            "roles": [role],
            "identifier": {"scheme": "FR-RCS", "id": party.national_id} if party.national_id else None,
            "address": _address(party.place),
            "details": None if sme is None else {"scale": "sme" if sme else "large"},
        }
    )


def _address(place: Place) -> Json:
    return _dropped(
        {
            "locality": place.city,
            "postalCode": place.postcode,
            "region": place.nuts,
            "country": place.country,
            "countryName": "France" if place.country == "FR" else "",
        }
    )


def _value(amount: int | None) -> Json | None:
    return None if amount is None else {"amount": amount, "currency": "EUR"}


def _moment(day: date | None) -> str | None:
    """OCDS wants a moment where notices have a day."""
    return f"{day.isoformat()}T00:00:00Z" if day else None


def _dropped(content: Json) -> Json:
    """Without what is empty: OCDS leaves out what is not known."""
    return {key: value for key, value in content.items() if value not in (None, "", [], {})}
