"""TED_EXPORT R2.0.9: the European forms F01 to F25 and T01, T02, in use until October 2023.

Namespaces change with each schema version, so elements are found by local name. Nothing is kept of contact
points nor of winners' addresses. Forms of directive 2009/81 (R2.0.8) are read by ``ted_defence``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from matchmaker.domain.notice import Buyer, LotAward, Notice, NoticeKind, NoticeLot, Place, Reservation
from matchmaker.sources import clauses, fields, ted_defence, ted_results
from matchmaker.sources.countries import alpha2
from matchmaker.sources.lots import UNKNOWN_BUYER, with_total
from matchmaker.sources.places import nuts_code, places_from_text, postcode
from matchmaker.sources.ted_common import Header, choose_form, form_code, paragraphs, read_header, tags, text
from matchmaker.sources.xml import (
    Element,
    NoticeError,
    attribute,
    child,
    children,
    descendants,
    local_name,
    raw_text,
)

_KINDS: Final = {
    "F01": NoticeKind.PRIOR_INFORMATION,
    "F02": NoticeKind.CONTRACT,
    "F03": NoticeKind.AWARD,
    "F04": NoticeKind.PRIOR_INFORMATION,
    "F05": NoticeKind.CONTRACT,
    "F06": NoticeKind.AWARD,
    "F07": NoticeKind.OTHER,  # qualification system: one applies, there is no lot to win yet
    "F08": NoticeKind.PRIOR_INFORMATION,
    "F12": NoticeKind.CONTRACT,
    "F13": NoticeKind.AWARD,
    "F14": NoticeKind.CORRECTION,
    "F15": NoticeKind.AWARD,
    "F20": NoticeKind.MODIFICATION,
    "F21": NoticeKind.CONTRACT,
    "F22": NoticeKind.CONTRACT,
    "F23": NoticeKind.CONTRACT,
    "F24": NoticeKind.CONTRACT,
    "F25": NoticeKind.AWARD,
    "T01": NoticeKind.PRIOR_INFORMATION,
    "T02": NoticeKind.AWARD,
}
# What the NOTICE element says outweighs the form. "PRI" is the only call that a concession of social
# services gets (directive 2014/23, article 31(3)).
_KINDS_BY_NOTICE_TYPE: Final = {
    "CONTRACT": NoticeKind.CONTRACT,
    "PRI": NoticeKind.CONTRACT,
    "PRI_CALL_COMPETITION": NoticeKind.CONTRACT,
    "PER_CALL_COMPETITION": NoticeKind.CONTRACT,
    "PRI_ONLY": NoticeKind.PRIOR_INFORMATION,
    "PER_ONLY": NoticeKind.PRIOR_INFORMATION,
    "PRI_REDUCING_TIME_LIMITS": NoticeKind.PRIOR_INFORMATION,
    "PER_REDUCING_TIME_LIMITS": NoticeKind.PRIOR_INFORMATION,
    "QSU_ONLY": NoticeKind.OTHER,
    "QSU_CALL_COMPETITION": NoticeKind.OTHER,
    "AWARD_CONTRACT": NoticeKind.AWARD,
    "CONCESSION_AWARD_CONTRACT": NoticeKind.AWARD,
}
_FOLLOW_UPS: Final = (NoticeKind.AWARD, NoticeKind.MODIFICATION, NoticeKind.CORRECTION)
_PROCEDURES: Final = {
    "PT_OPEN": "open",
    "PT_RESTRICTED": "restricted",
    "PT_COMPETITIVE_NEGOTIATION": "neg-w-call",
    "PT_NEGOTIATED_WITH_PRIOR_CALL": "neg-w-call",
    "PT_INVOLVING_NEGOTIATION": "neg-w-call",
    "PT_AWARD_CONTRACT_WITH_PRIOR_PUBLICATION": "neg-w-call",
    "PT_COMPETITIVE_DIALOGUE": "comp-dial",
    "PT_INNOVATION_PARTNERSHIP": "innovation",
    "PT_AWARD_CONTRACT_WITHOUT_CALL": "neg-wo-call",
    "PT_AWARD_CONTRACT_WITHOUT_PUBLICATION": "neg-wo-call",
    "PT_NEGOTIATED_WITHOUT_PUBLICATION": "neg-wo-call",
    "PT_COMPETITIVE_TENDERING": "comp-tend",
}


def parse_ted(root: Element) -> Notice:
    """The notice in a TED_EXPORT; raise ``NoticeError`` if it is of a form that is not read."""
    header = read_header(root)
    form = choose_form(root)
    if local_name(form) in ted_defence.FORMS:
        return ted_defence.parse_defence(header, form)
    code = form_code(form)
    if code not in _KINDS or child(form, "OBJECT_CONTRACT") is None:
        raise NoticeError(
            "formulaire_inconnu",
            f"Formulaire TED « {local_name(form)} » non pris en charge : l'avis est écarté.",
        )
    return _Form(header, form, code, []).notice()


@dataclass(frozen=True, slots=True)
class _Form:
    """One form being read; ``warnings`` fills up on the way."""

    header: Header
    form: Element
    code: str
    warnings: list[str]

    def notice(self) -> Notice:
        contract = child(self.form, "OBJECT_CONTRACT")
        division = child(contract, "LOT_DIVISION")
        kind = self.kind()
        awards = ted_results.awards(self.form, self.lot_ids(), self.warnings)
        total = self.total(kind)
        if kind is NoticeKind.MODIFICATION and len(awards) == 1 and total is not None:
            awards = (replace(awards[0], amount_eur=total),)
        lots = with_total(self.lots(kind, awards), total, self.warnings)
        return Notice(
            source="ted",
            id=self.header.id,
            version="1",  # a corrected TED notice is another notice
            kind=kind,
            form=self.code,
            title=text(contract, "TITLE"),
            buyer=self.buyer(),
            lots=lots,
            description=text(contract, "SHORT_DESCR"),
            nature=attribute(child(contract, "TYPE_CONTRACT"), "CTYPE").lower() or self.header.nature,
            procedure_id=(self.header.previous if kind in _FOLLOW_UPS else "") or self.header.id,
            procedure=self.procedure(),
            published_on=self.header.published_on,
            dispatched_on=self.header.dispatched_on,
            language=attribute(self.form, "LG").lower(),
            country=self.header.country,
            url=self.header.url,
            max_lots_bid=1
            if child(division, "LOT_ONE_ONLY") is not None
            else fields.positive_int(raw_text(division, "LOT_MAX_NUMBER")),
            max_lots_won=fields.positive_int(raw_text(division, "LOT_MAX_ONE_TENDERER")),
            exclusive_grouping=clauses.exclusive_grouping(" ".join(paragraphs(self.form))),
            awards=awards,
            changes=ted_results.changes(self.form, self.lot_ids(), self.warnings) if self.code == "F14" else (),
            refers_to=self.refers_to(),
            warnings=tuple(dict.fromkeys(self.warnings)),
        )

    def refers_to(self) -> tuple[str, ...]:
        """The notice that this one follows, as the header and as the form name it."""
        named = (raw_text(number) for number in descendants(self.form, "NOTICE_NUMBER_OJ"))
        names = [f"ted:{self.header.previous}" if self.header.previous else "", *(f"ted-oj:{n}" for n in named if n)]
        return tuple(dict.fromkeys(filter(None, names)))

    def kind(self) -> NoticeKind:
        announced = attribute(child(self.form, "NOTICE"), "TYPE")
        return _KINDS_BY_NOTICE_TYPE.get(announced, _KINDS[self.code])

    def buyer(self) -> Buyer:
        address = child(self.form, "CONTRACTING_BODY", "ADDRESS_CONTRACTING_BODY")
        country = alpha2(attribute(child(address, "COUNTRY"), "VALUE")) or self.header.country
        return Buyer(
            name=text(address, "OFFICIALNAME") or UNKNOWN_BUYER,
            national_id=fields.siret_or_empty(raw_text(address, "NATIONALID")),
            place=Place(
                nuts=nuts_code(attribute(child(address, "NUTS"), "CODE")),
                postcode=postcode(raw_text(address, "POSTAL_CODE")),
                city=raw_text(address, "TOWN"),
                country=country,
            ),
        )

    def procedure(self) -> str:
        section = child(self.form, "PROCEDURE")
        names = (local_name(item) for item in section.iter("{*}*")) if section is not None else ()
        published = next((name for name in names if name.startswith("PT_")), "")
        return _PROCEDURES.get(published, published[3:].lower().replace("_", "-"))

    def deadline(self) -> datetime | None:
        if self.code == "F14":
            return self.corrected_deadline()
        procedure = child(self.form, "PROCEDURE")
        day = raw_text(procedure, "DATE_RECEIPT_TENDERS")
        hour = raw_text(procedure, "TIME_RECEIPT_TENDERS")
        return fields.deadline(day, hour, "Ensemble de l'avis", self.warnings)

    def corrected_deadline(self) -> datetime | None:
        for change in descendants(self.form, "CHANGE"):
            if raw_text(change, "WHERE", "SECTION").startswith("IV.2.2"):
                new = child(change, "NEW_VALUE")
                day, hour = raw_text(new, "DATE"), raw_text(new, "TIME")
                return fields.deadline(day, hour, "Ensemble de l'avis", self.warnings)
        return None

    # --- lots ---

    def parts(self) -> list[tuple[Element, Element]]:
        return [
            (contract, part)
            for contract in children(self.form, "OBJECT_CONTRACT")
            for part in [*children(contract, "OBJECT_DESCR")] or [contract]
        ]

    def lot_ids(self) -> list[str]:
        return fields.distinct_lot_ids([raw_text(part, "LOT_NO") for _, part in self.parts()])

    def lots(self, kind: NoticeKind, awards: tuple[LotAward, ...]) -> list[NoticeLot]:
        parts = self.parts()
        shared = self.shared_wording()
        values = ted_results.amounts_by_lot(awards) if kind is NoticeKind.AWARD else {}
        lots = []
        for lot_id, (contract, part) in zip(self.lot_ids(), parts, strict=True):
            lot = self.lot(contract, part, lot_id, shared, alone=len(parts) == 1)
            lots.append(replace(lot, amount_eur=values.get(lot_id) or lot.amount_eur))
        return lots

    def shared_wording(self) -> clauses.Wording:
        """What the form says for all its lots."""
        procedure = child(self.form, "PROCEDURE")
        return clauses.Wording.of(
            paragraphs(
                *children(self.form, "OBJECT_CONTRACT", "SHORT_DESCR"),
                child(self.form, "LEFTI"),
                child(procedure, "MAIN_FEATURES_AWARD"),
                child(procedure, "RULES_CRITERIA"),
                child(self.form, "COMPLEMENTARY_INFO", "INFO_ADD"),
            )
        )

    def lot(self, contract: Element, part: Element, lot_id: str, shared: clauses.Wording, *, alone: bool) -> NoticeLot:
        label = f"Lot {lot_id}"
        lefti = child(self.form, "LEFTI")
        described = (child(part, name) for name in ("TITLE", "SHORT_DESCR", "INFO_ADD"))
        own = "\n".join(paragraphs(*described, *descendants(part, "AC_CRITERION")))
        codes = tags(lefti)
        wording = (lot_id, own, shared)
        return NoticeLot(
            id=lot_id,
            title=text(part, "TITLE") or text(contract, "TITLE"),
            description=text(part, "SHORT_DESCR"),
            cpvs=self.cpvs(contract, part, label, alone=alone),
            amount_eur=ted_results.amount(child(part, "VAL_OBJECT"), label, self.warnings),
            places=self.places(part, alone=alone),
            duration_months=self.duration(part, label),
            start=fields.parse_date(raw_text(part, "DATE_START")),
            deadline=self.deadline(),
            reservation=clauses.narrowed(_reservation(codes), *wording),
            reserved_execution="RESTRICTED_SHELTERED_PROGRAM" in codes,
            social=("clause",) if clauses.has_social_clause(*wording) else (),
            green=("clause",) if clauses.has_green_clause(*wording) else (),
            insertion_hours=clauses.insertion_hours(*wording),
            documents_url=fields.web_address(raw_text(self.form, "CONTRACTING_BODY", "URL_DOCUMENT")),
        )

    def cpvs(self, contract: Element, part: Element, label: str, *, alone: bool) -> tuple[str, ...]:
        """The main code first; where there are several lots, a lot's own codes say best what it is."""
        main = [attribute(code, "CODE") for code in children(contract, "CPV_MAIN", "CPV_CODE")]
        own = [attribute(code, "CODE") for code in children(part, "CPV_ADDITIONAL", "CPV_CODE")]
        return fields.cpv_codes(main + own if alone else own + main, label, self.warnings)

    def places(self, part: Element, *, alone: bool) -> tuple[Place, ...]:
        codes = [attribute(code, "CODE") for code in children(part, "NUTS")]
        if not codes and (alone or len(self.header.nuts) == 1):
            codes = list(self.header.nuts)
        return places_from_text(codes, text(part, "MAIN_SITE"))

    def duration(self, part: Element, label: str) -> int | None:
        published = child(part, "DURATION")
        dates = (raw_text(part, "DATE_START"), raw_text(part, "DATE_END"))
        return fields.duration(raw_text(published), attribute(published, "TYPE"), dates, label, self.warnings)

    # --- amounts ---

    def total(self, kind: NoticeKind) -> int | None:
        """The amount of the whole notice: awarded or estimated; after a modification, the new value."""
        label = "Ensemble de l'avis"
        if kind is NoticeKind.MODIFICATION:
            change = child(self.form, "MODIFICATIONS_CONTRACT", "INFO_MODIFICATIONS")
            for holder in (child(change, "VALUES"), change):
                after = ted_results.first_amount(holder, label, self.warnings, "VAL_TOTAL_AFTER")
                if after is not None:
                    return after
        contract = child(self.form, "OBJECT_CONTRACT")
        names = ("VAL_TOTAL", "VAL_ESTIMATED_TOTAL", "VAL_RANGE_TOTAL")
        return ted_results.first_amount(contract, label, self.warnings, *names)


def _reservation(codes: set[str]) -> Reservation:
    if "RESTRICTED_SHELTERED_WORKSHOP" in codes:
        return Reservation.EA_ESAT_SIAE
    if "RESERVED_ORGANISATIONS_SERVICE_MISSION" in codes:
        return Reservation.ESS
    return Reservation.NONE
