"""What an eForms result says was awarded: lots, contracts, the firms that won, alone or together.

BT numbers in comments are those of the regulation (EU) 2019/1780. Nothing is kept of contact points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from matchmaker.domain.notice import AwardOutcome, LotAward, Place, Winner
from matchmaker.sources.countries import alpha2, country_of_nuts
from matchmaker.sources.fields import amount_eur, lot_id, parse_date, siret_or_empty, tidy
from matchmaker.sources.places import nuts_code, postcode
from matchmaker.sources.xml import Element, attribute, child, children, descendants, raw_text

_OUTCOMES: Final = {  # BT-142
    "selec-w": AwardOutcome.AWARDED,
    "clos-nw": AwardOutcome.UNSUCCESSFUL,
}
_CANCELLED: Final = {  # BT-144: why nobody was chosen; the other reasons tell of a lack of fit offers
    "chan-need", "ins-fund", "rev-body", "rev-buyer", "tch-pro-er",
}  # fmt: skip
_GROUP_SIZE: Final = 2


def awarded_by_lot(root: Element, warnings: list[str]) -> dict[str, list[int]]:
    """Values of the tenders that became a contract (BT-720), by published lot identifier."""
    result = notice_result(root)
    signed = {raw_text(tender) for tender in children(result, "SettledContract", "LotTender", "ID")}
    values: dict[str, list[int]] = {}
    for tender in children(result, "LotTender"):
        if raw_text(tender, "ID") not in signed:
            continue
        lot = raw_text(tender, "TenderLot", "ID")
        amount = _value(tender, f"Lot {lot_id(lot)}", warnings)
        if amount is not None:
            values.setdefault(lot, []).append(amount)
    return values


def awards(root: Element, lot_ids: Mapping[str, str], warnings: list[str]) -> tuple[LotAward, ...]:
    """One award a winning tender; one for each lot that nobody won. ``lot_ids``: published identifier -> ours."""
    result = notice_result(root)
    return () if result is None else tuple(_Result(root, result, lot_ids, warnings).awards())


def notice_result(root: Element) -> Element | None:
    return next(descendants(child(root, "UBLExtensions"), "NoticeResult"), None)


class _Result:
    """A NoticeResult: its parts point at one another by technical identifiers."""

    def __init__(self, root: Element, result: Element, lot_ids: Mapping[str, str], warnings: list[str]) -> None:
        self.result, self.lot_ids, self.warnings = result, lot_ids, warnings
        self.tenders = _by_id(children(result, "LotTender"))
        self.parties = _by_id(children(result, "TenderingParty"))
        self.contracts = {
            raw_text(tender): contract
            for contract in children(result, "SettledContract")
            for tender in children(contract, "LotTender", "ID")
        }
        companies = descendants(child(root, "UBLExtensions"), "Company")
        self.companies = {raw_text(company, "PartyIdentification", "ID"): company for company in companies}

    def awards(self) -> Iterator[LotAward]:
        for lot_result in children(self.result, "LotResult"):
            code = raw_text(lot_result, "TenderResultCode")  # BT-142
            if code == "open-nw":
                continue  # not decided yet
            won = [name for name in map(raw_text, children(lot_result, "LotTender", "ID")) if self.is_won(name)]
            lots = self.lots_of(lot_result)
            if _OUTCOMES.get(code) is AwardOutcome.AWARDED and won:
                for name in won:
                    yield self.award(lot_result, self.tenders[name], lots)
            elif code == "selec-w":
                yield LotAward(lots, offers=self.offers(lot_result))
            elif code:
                yield LotAward(lots, self.failure(lot_result), offers=self.offers(lot_result))

    def is_won(self, tender: str) -> bool:
        """A tender that became a contract; all of a result that names none."""
        return tender in self.tenders and (tender in self.contracts or not self.contracts)

    def failure(self, lot_result: Element) -> AwardOutcome:
        reason = raw_text(lot_result, "DecisionReason", "DecisionReasonCode")
        return AwardOutcome.CANCELLED if reason in _CANCELLED else AwardOutcome.UNSUCCESSFUL

    def lots_of(self, holder: Element) -> tuple[str, ...]:
        published = map(raw_text, children(holder, "TenderLot", "ID"))
        return tuple(dict.fromkeys(self.lot_ids[name] for name in published if name in self.lot_ids))

    def award(self, lot_result: Element, tender: Element, lots: tuple[str, ...]) -> LotAward:
        contract = self.contracts.get(raw_text(tender, "ID"))
        won = self.lots_of(tender) or lots
        winners = self.winners(raw_text(tender, "TenderingParty", "ID"))
        signed = raw_text(contract, "IssueDate") or raw_text(contract, "AwardDate")  # BT-145, BT-1451
        return LotAward(
            lot_ids=won,
            contract_id=raw_text(contract, "ContractReference", "ID"),  # BT-150
            title=tidy(raw_text(contract, "Title")),  # BT-721
            awarded_on=parse_date(signed),
            amount_eur=_value(tender, f"Attribution du lot {', '.join(won) or '1'}", self.warnings),
            offers=self.offers(lot_result),
            winners=winners,
            group=len(winners) >= _GROUP_SIZE,
        )

    def offers(self, lot_result: Element) -> int | None:
        """BT-759 of kind "tenders" (BT-760)."""
        for counted in children(lot_result, "ReceivedSubmissionsStatistics"):
            figure = raw_text(counted, "StatisticsNumeric")
            if raw_text(counted, "StatisticsCode") == "tenders" and figure.isdecimal():
                return int(figure)
        return None

    def winners(self, party: str) -> tuple[Winner, ...]:
        """The members, mandataire first; subcontractors are no winners."""
        members = list(children(self.parties.get(party), "Tenderer"))
        members.sort(key=lambda member: raw_text(member, "GroupLeadIndicator") != "true")
        companies = (self.companies.get(raw_text(member, "ID")) for member in members)
        return tuple(_winner(company) for company in companies if company is not None)


def _by_id(elements: Iterator[Element]) -> dict[str, Element]:
    return {raw_text(element, "ID"): element for element in elements}


def _value(tender: Element, label: str, warnings: list[str]) -> int | None:
    payable = child(tender, "LegalMonetaryTotal", "PayableAmount")
    return amount_eur(raw_text(payable), attribute(payable, "currencyID"), label, warnings)


def _winner(company: Element) -> Winner:
    numbers = map(raw_text, children(company, "PartyLegalEntity", "CompanyID"))
    size = raw_text(next(descendants(company.getparent(), "CompanySizeCode"), None))  # BT-165
    return Winner(
        name=tidy(raw_text(company, "PartyName", "Name")),
        national_id=next(filter(None, map(siret_or_empty, numbers)), ""),
        place=place_of(child(company, "PostalAddress")),
        sme={"micro": True, "small": True, "medium": True, "sme": True, "large": False}.get(size),
    )


def place_of(address: Element | None) -> Place:
    """The town of an address; never its street."""
    nuts = nuts_code(raw_text(address, "CountrySubentityCode"))
    country = alpha2(raw_text(address, "Country", "IdentificationCode")) or country_of_nuts(nuts)
    return Place(
        nuts=nuts,
        postcode=postcode(raw_text(address, "PostalZone")),
        city=raw_text(address, "CityName"),
        country=country,
    )
