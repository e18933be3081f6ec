"""What TED forms say was awarded: contracts, prizes, the firms that won, alone or together; and what F14 corrects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from matchmaker.domain.notice import AwardOutcome, Change, LotAward, Place, Winner
from matchmaker.sources import fields
from matchmaker.sources.countries import alpha2
from matchmaker.sources.lots import awarded_amount
from matchmaker.sources.places import nuts_code, postcode
from matchmaker.sources.ted_common import paragraphs, text
from matchmaker.sources.xml import Element, attribute, child, children, descendants, raw_text

_VALUES: Final = ("VAL_TOTAL", "VAL_RANGE_TOTAL", "VAL_ESTIMATED_TOTAL")
_SEVERAL: Final = re.compile(r"\s*(?:,|;|/|&|\+|\bet\b)\s*", re.IGNORECASE)
_LONGEST: Final = 1000

# --- amounts -------------------------------------------------------------------------------------


def amount(value: Element | None, label: str, warnings: list[str]) -> int | None:
    """The amount in ``value``, the top of it if it is a range; not what the buyer keeps to itself."""
    if value is None or attribute(value, "PUBLICATION") == "NO":
        return None
    figure = raw_text(value, "HIGH") or raw_text(value)
    return fields.amount_eur(figure, attribute(value, "CURRENCY"), label, warnings)


def first_amount(holder: Element | None, label: str, warnings: list[str], *names: str) -> int | None:
    """The first usable amount among the elements called ``names``, in that order."""
    values = (value for name in names for value in children(holder, name))
    return next((found for value in values if (found := amount(value, label, warnings)) is not None), None)


# --- awards --------------------------------------------------------------------------------------


def awards(form: Element, lots: Sequence[str], warnings: list[str]) -> tuple[LotAward, ...]:
    """One an ``AWARD_CONTRACT``, or a prize of a design contest; ``lots`` are the numbers of the notice's lots."""
    contracts = [_contract(award, lots, warnings) for award in children(form, "AWARD_CONTRACT")]
    prizes = [_prize(prize, lots, warnings) for prize in children(form, "RESULTS", "AWARDED_PRIZE")]
    return tuple(contracts + prizes)


def amounts_by_lot(found: Sequence[LotAward]) -> dict[str, int | None]:
    """What was awarded lot by lot; a contract over several lots is not split."""
    values: dict[str, list[int]] = {}
    for award in found:
        if len(award.lot_ids) == 1 and award.amount_eur is not None:
            values.setdefault(award.lot_ids[0], []).append(award.amount_eur)
    return {lot: awarded_amount(amounts) for lot, amounts in values.items()}


def _contract(award: Element, lots: Sequence[str], warnings: list[str]) -> LotAward:
    published = raw_text(award, "LOT_NO")
    awarded = child(award, "AWARDED_CONTRACT")
    label = f"Lot {fields.lot_id(published) or '1'}"
    holders = (child(awarded, "VALUES"), child(awarded, "VALUE"), awarded)
    amounts = (first_amount(holder, label, warnings, *_VALUES) for holder in holders)
    group = any(True for _ in descendants(awarded, "AWARDED_TO_GROUP"))
    return LotAward(
        lot_ids=lots_named(published, lots),
        outcome=_outcome(award),
        contract_id=raw_text(award, "CONTRACT_NO"),
        title=text(award, "TITLE"),
        awarded_on=fields.parse_date(raw_text(awarded, "DATE_CONCLUSION_CONTRACT")),
        amount_eur=next((found for found in amounts if found is not None), None),
        offers=_offers(awarded),
        winners=tuple(_winner(firm, "ADDRESS_CONTRACTOR") for firm in descendants(awarded, "CONTRACTOR")),
        group=group,
    )


def _outcome(award: Element) -> AwardOutcome:
    nobody = child(award, "NO_AWARDED_CONTRACT")
    if nobody is None:
        return AwardOutcome.AWARDED
    dropped = child(nobody, "PROCUREMENT_DISCONTINUED") is not None
    return AwardOutcome.CANCELLED if dropped else AwardOutcome.UNSUCCESSFUL


def lots_named(published: str, lots: Sequence[str]) -> tuple[str, ...]:
    """The lots that ``LOT_NO`` names: "3", "Lot 3 - Peinture", "1, 2 et 4"; the only lot when it names none."""
    number = fields.lot_id(published)
    if number in lots:
        return (number,)
    if len(lots) == 1:
        return tuple(lots)
    several = [fields.lot_id(part) for part in _SEVERAL.split(published)]
    return tuple(dict.fromkeys(several)) if several and all(part in lots for part in several) else ()


def _offers(awarded: Element | None) -> int | None:
    figure = raw_text(awarded, "TENDERS", "NB_TENDERS_RECEIVED") or raw_text(awarded, "NB_TENDERS_RECEIVED")
    return int(figure) if figure.isdecimal() and len(figure) < 6 else None


def _winner(firm: Element, address_name: str) -> Winner:
    address = child(firm, address_name)
    return Winner(
        name=text(address, "OFFICIALNAME"),
        national_id=fields.siret_or_empty(raw_text(address, "NATIONALID")),
        place=Place(
            nuts=nuts_code(attribute(child(address, "NUTS"), "CODE")),
            postcode=postcode(raw_text(address, "POSTAL_CODE")),
            city=raw_text(address, "TOWN"),
            country=alpha2(attribute(child(address, "COUNTRY"), "VALUE")),
        ),
        sme=True if child(firm, "SME") is not None else False if child(firm, "NO_SME") is not None else None,
    )


def _prize(prize: Element, lots: Sequence[str], warnings: list[str]) -> LotAward:
    """F13: the winners of a design contest; each answered for itself."""
    participants = raw_text(prize, "PARTICIPANTS", "NB_PARTICIPANTS")
    return LotAward(
        lot_ids=tuple(lots) if len(lots) == 1 else (),
        awarded_on=fields.parse_date(raw_text(prize, "DATE_DECISION_JURY")),
        amount_eur=first_amount(prize, "Prix", warnings, "VAL_PRIZE"),
        offers=int(participants) if participants.isdecimal() and len(participants) < 6 else None,
        winners=tuple(_winner(winner, "ADDRESS_WINNER") for winner in descendants(prize, "WINNER")),
    )


# --- corrections ---------------------------------------------------------------------------------


def changes(form: Element, lots: Sequence[str], warnings: list[str]) -> tuple[Change, ...]:
    """Each ``CHANGE`` of an F14: a new deadline or new codes as such, the rest in the published words."""
    found = [change for item in descendants(form, "CHANGE") for change in _change(item, lots, warnings)]
    told = text(form, "CHANGES", "INFO_ADD")[:_LONGEST]
    return (*found, *([Change("", told)] if told else []))


def _change(item: Element, lots: Sequence[str], warnings: list[str]) -> Iterator[Change]:
    section = raw_text(item, "WHERE", "SECTION").rstrip(").")
    lot = next(iter(lots_named(raw_text(item, "WHERE", "LOT_NO"), lots)), "") if len(lots) > 1 else ""
    old, new = child(item, "OLD_VALUE"), child(item, "NEW_VALUE")
    if section.startswith("IV.2.2"):
        moment, before = (
            fields.deadline(raw_text(value, "DATE"), raw_text(value, "TIME"), "Ensemble de l'avis", warnings)
            for value in (new, old)
        )
        if moment:
            yield Change("deadline", moment.isoformat(), before.isoformat() if before else "", lot)
            return
    words = "\n".join(_words(new))[:_LONGEST]
    if words:
        subject = text(item, "WHERE", "LABEL") or section
        yield Change("", f"{subject} : {words}", "\n".join(_words(old))[:_LONGEST], lot)


def _words(value: Element | None) -> list[str]:
    codes = [attribute(code, "CODE") for code in descendants(value, "CPV_CODE")]
    moment = " ".join(filter(None, (raw_text(value, "DATE"), raw_text(value, "TIME"))))
    return [*paragraphs(child(value, "TEXT")), *codes, *([moment] if moment else [])]
