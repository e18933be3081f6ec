"""TED_EXPORT R2.0.8: the forms F16 to F19 of directive 2009/81 (defence and security)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from matchmaker.domain.notice import Buyer, LotAward, Notice, NoticeKind, NoticeLot, Place, Winner
from matchmaker.sources import clauses, fields
from matchmaker.sources.countries import alpha2
from matchmaker.sources.lots import UNKNOWN_BUYER, awarded_amount, with_total
from matchmaker.sources.places import nuts_code, places_from_text, postcode
from matchmaker.sources.ted_common import Header, form_code, paragraphs, text
from matchmaker.sources.ted_results import lots_named
from matchmaker.sources.xml import Element, attribute, child, children, descendants, local_name, raw_text

FORMS: Final = {
    "PRIOR_INFORMATION_DEFENCE": NoticeKind.PRIOR_INFORMATION,
    "CONTRACT_DEFENCE": NoticeKind.CONTRACT,
    "CONTRACT_AWARD_DEFENCE": NoticeKind.AWARD,
    "CONTRACT_CONCESSIONAIRE_DEFENCE": NoticeKind.CONTRACT,  # subcontracting, F19
}
_PROCEDURES: Final = {
    "PT_RESTRICTED": "restricted",
    "PT_ACCELERATED_RESTRICTED_CHOICE": "restricted",
    "PT_NEGOTIATED_CHOICE": "neg-w-call",
    "PT_NEGOTIATED_WITH_COMPETITION": "neg-w-call",
    "PT_ACCELERATED_NEGOTIATED": "neg-w-call",
    "PT_NEGOTIATED_WITHOUT_COMPETITION": "neg-wo-call",
    "PT_COMPETITIVE_DIALOGUE": "comp-dial",
}


def parse_defence(header: Header, form: Element) -> Notice:
    """The notice in one of ``FORMS``."""
    warnings: list[str] = []
    kind = FORMS[local_name(form)]
    title = _first_text(form, "TITLE_CONTRACT")
    whole = _object(form)
    parts = list(descendants(form, "F17_ANNEX_B", "LOT_PRIOR_INFORMATION", "F16_ANNEX_B")) or [whole]
    ids = fields.distinct_lot_ids([raw_text(part, "LOT_NUMBER") for part in parts])
    deadline = (_receipt_limit(form) or header.deadline) if kind is NoticeKind.CONTRACT else None
    lots = [_lot(header, form, part, lot_id, deadline, warnings) for lot_id, part in zip(ids, parts, strict=True)]
    total = _awarded(form, warnings) if kind is NoticeKind.AWARD else _quantity(form, whole, warnings)
    return Notice(
        source="ted",
        id=header.id,
        version="1",
        kind=kind,
        form=form_code(form),
        title=title,
        buyer=_buyer(header, form),
        lots=with_total(lots, total, warnings),
        description=_first_text(form, "SHORT_CONTRACT_DESCRIPTION"),
        nature=attribute(next(descendants(form, "TYPE_CONTRACT"), None), "VALUE").lower() or header.nature,
        procedure_id=(header.previous if kind is NoticeKind.AWARD else "") or header.id,
        procedure=next((_PROCEDURES[name] for name in map(local_name, form.iter("{*}*")) if name in _PROCEDURES), ""),
        published_on=header.published_on,
        dispatched_on=header.dispatched_on,
        language=attribute(form, "LG").lower(),
        country=header.country,
        url=header.url,
        exclusive_grouping=clauses.exclusive_grouping(" ".join(paragraphs(form))),
        awards=tuple(_award(award, ids, warnings) for award in descendants(form, "AWARD_OF_CONTRACT_DEFENCE")),
        refers_to=(f"ted:{header.previous}",) if header.previous else (),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _object(form: Element) -> Element:
    """The section that describes the contract, whatever the form calls it."""
    for element in form.iter("{*}*"):
        if local_name(element).startswith("OBJECT_"):
            return element
    return form


def _lot(
    header: Header, form: Element, part: Element, lot_id: str, deadline: datetime | None, warnings: list[str]
) -> NoticeLot:
    label = f"Lot {lot_id}"
    own = "\n".join(paragraphs(child(part, "LOT_TITLE"), child(part, "LOT_DESCRIPTION")))
    conditions = ("SHORT_CONTRACT_DESCRIPTION", "ADDITIONAL_INFORMATION", "CONTRACT_RELATING_CONDITIONS")
    wording = (lot_id, own, clauses.Wording.of(paragraphs(*descendants(form, *conditions))))
    is_lot = child(part, "LOT_NUMBER") is not None
    return NoticeLot(
        id=lot_id,
        title=text(part, "LOT_TITLE") or _first_text(form, "TITLE_CONTRACT"),
        description=text(part, "LOT_DESCRIPTION") or _first_text(form, "SHORT_CONTRACT_DESCRIPTION"),
        cpvs=_cpvs(header, form, part, label, warnings),
        amount_eur=_cost(child(part, "NATURE_QUANTITY_SCOPE"), label, warnings) if is_lot else None,
        places=places_from_text(
            [attribute(code, "CODE") for code in descendants(form, "NUTS")] or header.nuts,
            _first_text(form, "LOCATION"),
        ),
        duration_months=_duration(part, label, warnings) or _duration(_object(form), label, warnings),
        deadline=deadline,
        social=("clause",) if clauses.has_social_clause(*wording) else (),
        green=("clause",) if clauses.has_green_clause(*wording) else (),
        insertion_hours=clauses.insertion_hours(*wording),
    )


def _cpvs(header: Header, form: Element, part: Element, label: str, warnings: list[str]) -> tuple[str, ...]:
    own = child(part, "CPV")
    vocabulary = own if own is not None else next(descendants(form, "CPV"), None)
    codes = [attribute(code, "CODE") for code in descendants(vocabulary, "CPV_CODE")]
    return fields.cpv_codes(codes or header.cpvs, label, warnings)


def _buyer(header: Header, form: Element) -> Buyer:
    address = next(descendants(form, "CA_CE_CONCESSIONAIRE_PROFILE"), None)
    return Buyer(
        name=text(address, "ORGANISATION", "OFFICIALNAME") or UNKNOWN_BUYER,
        national_id=fields.siret_or_empty(raw_text(address, "ORGANISATION", "NATIONALID")),
        place=Place(
            nuts=nuts_code(attribute(child(address, "NUTS"), "CODE")),
            postcode=postcode(raw_text(address, "POSTAL_CODE")),
            city=raw_text(address, "TOWN"),
            country=alpha2(attribute(child(address, "COUNTRY"), "VALUE")) or header.country,
        ),
    )


def _receipt_limit(form: Element) -> datetime | None:
    limit = next(descendants(form, "RECEIPT_LIMIT_DATE"), None)
    day = "-".join(raw_text(limit, name).zfill(2) for name in ("YEAR", "MONTH", "DAY"))
    return fields.parse_deadline(day, raw_text(limit, "TIME"))


def _duration(part: Element, label: str, warnings: list[str]) -> int | None:
    period = child(part, "PERIOD_WORK_DATE_STARTING")
    for tag, unit in (("MONTHS", "MONTH"), ("DAYS", "DAY")):
        published = raw_text(period, tag)
        if published:
            return fields.duration_months(published, unit, label, warnings)
    return None


def _quantity(form: Element, whole: Element, warnings: list[str]) -> int | None:
    label = "Ensemble de l'avis"
    scope = child(whole, "QUANTITY_SCOPE", "NATURE_QUANTITY_SCOPE")
    framework = next(descendants(form, "TOTAL_ESTIMATED"), None)
    return _cost(scope, label, warnings) or _cost(framework, label, warnings)


def _awarded(form: Element, warnings: list[str]) -> int | None:
    awards = descendants(form, "CONTRACT_VALUE_INFORMATION")
    amounts = [_cost(award, "Attribution", warnings) for award in awards]
    return awarded_amount([amount for amount in amounts if amount is not None])


def _award(award: Element, lots: list[str], warnings: list[str]) -> LotAward:
    signed = child(award, "CONTRACT_AWARD_DATE")
    offers = raw_text(award, "OFFERS_RECEIVED_NUMBER")
    return LotAward(
        lot_ids=lots_named(raw_text(award, "LOT_NUMBER"), lots),
        contract_id=raw_text(award, "CONTRACT_NUMBER"),
        title=text(award, "CONTRACT_TITLE"),
        awarded_on=fields.parse_date("-".join(raw_text(signed, name).zfill(2) for name in ("YEAR", "MONTH", "DAY"))),
        amount_eur=_cost(child(award, "CONTRACT_VALUE_INFORMATION"), "Attribution", warnings),
        offers=int(offers) if offers.isdecimal() and len(offers) < 6 else None,
        winners=tuple(_winner(firm) for firm in children(award, "ECONOMIC_OPERATOR_NAME_ADDRESS")),
    )


def _winner(firm: Element) -> Winner:
    address = child(firm, "CONTACT_DATA_WITHOUT_RESPONSIBLE_NAME")
    country = alpha2(attribute(child(address, "COUNTRY"), "VALUE"))
    place = Place(postcode=postcode(raw_text(address, "POSTAL_CODE")), city=raw_text(address, "TOWN"), country=country)
    return Winner(name=text(address, "ORGANISATION", "OFFICIALNAME"), place=place)


def _cost(holder: Element | None, label: str, warnings: list[str]) -> int | None:
    """The top of a range or the only value; an amount with VAT is of no use."""
    costs = [
        *children(holder, "COSTS_RANGE_AND_CURRENCY"),
        *children(holder, "COSTS_RANGE_AND_CURRENCY_WITH_VAT_RATE"),
    ]
    if not costs:
        return None
    if child(costs[0], "INCLUDING_VAT") is not None:
        warnings.append(f"{label} : montant publié TTC, ignoré faute de montant hors taxes.")
        return None
    value = next(descendants(costs[0], "VALUE_COST", "HIGH_VALUE"), None)
    figure = attribute(value, "FMTVAL") or raw_text(value)
    return fields.amount_eur(figure, attribute(costs[0], "CURRENCY"), label, warnings)


def _first_text(form: Element, name: str) -> str:
    return "\n".join(paragraphs(next(descendants(form, name), None)))
