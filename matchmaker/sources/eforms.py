"""eForms: the European UBL notices, SDK 1.x, in use since October 2023.

BT numbers in comments are those of the regulation (EU) 2019/1780. Nothing is kept of contact points.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from matchmaker.domain.notice import Buyer, Notice, NoticeKind, NoticeLot, Place, Reservation
from matchmaker.sources import clauses, fields
from matchmaker.sources import eforms_follow as follow
from matchmaker.sources.eforms_results import awarded_by_lot, awards, notice_result, place_of
from matchmaker.sources.lots import UNKNOWN_BUYER, awarded_amount, with_total
from matchmaker.sources.places import places_from_text
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

ROOTS: Final = {
    "ContractNotice": NoticeKind.CONTRACT,
    "PriorInformationNotice": NoticeKind.PRIOR_INFORMATION,
    "ContractAwardNotice": NoticeKind.AWARD,
}
_KINDS: Final = {  # BT-02, before the first hyphen or whole
    "cn": NoticeKind.CONTRACT,
    "subco": NoticeKind.CONTRACT,
    "pin": NoticeKind.PRIOR_INFORMATION,
    "pin-cfc-standard": NoticeKind.CONTRACT,
    "pin-cfc-social": NoticeKind.CONTRACT,
    "can": NoticeKind.AWARD,
    "veat": NoticeKind.AWARD,
    "can-modif": NoticeKind.MODIFICATION,
    "corr": NoticeKind.CORRECTION,
    "qu-sy": NoticeKind.OTHER,  # qualification system: one applies, there is no lot to win yet
    "pmc": NoticeKind.OTHER,
    "cei": NoticeKind.OTHER,
    "compl": NoticeKind.OTHER,
}
_LANGUAGES: Final = {
    "FRA": "fr", "ENG": "en", "DEU": "de", "NLD": "nl", "ITA": "it", "SPA": "es", "POR": "pt", "CAT": "ca",
}  # fmt: skip
_SCHEMES: Final = ("Lot", "Part")
_RESERVATIONS: Final = {"res-ws": Reservation.EA_ESAT_SIAE, "res-pub-ser": Reservation.ESS}
_NO_OBJECTIVE: Final = {"", "none", "other"}


def parse_eforms(root: Element) -> Notice:
    """The notice in a UBL document; raise ``NoticeError`` if it lacks what makes it a notice."""
    if not raw_text(root, "ID"):
        raise NoticeError("sans_numero", "L'avis eForms n'a pas d'identifiant : demandez le fichier d'origine.")
    lots = [lot for lot in children(root, "ProcurementProjectLot") if _scheme(lot) in _SCHEMES]
    if not lots:
        raise NoticeError("sans_lot", "L'avis eForms ne décrit aucun lot : il n'y a rien à rapprocher.")
    language = raw_text(root, "NoticeLanguageCode")
    return _Document(root, lots, language, []).notice()


def _scheme(lot: Element) -> str:
    return attribute(child(lot, "ID"), "schemeName") or "Lot"


@dataclass(frozen=True, slots=True)
class _Document:
    """One document being read; ``warnings`` fills up on the way."""

    root: Element
    parts: list[Element]
    language: str
    warnings: list[str]

    def notice(self) -> Notice:
        project = child(self.root, "ProcurementProject")
        limits = child(self.root, "TenderingTerms", "LotDistribution")
        lots = with_total(self.lots(), self.total(project), self.warnings)
        publication = follow.publication(self.root)
        buyer = self.buyer()
        cancelled = follow.is_cancelled(self.root)
        if cancelled:
            self.warnings.append("Avis annulé par l'acheteur.")
        return Notice(
            source="eforms",
            id=follow.number(self.root),
            version=raw_text(self.root, "VersionID") or "01",
            kind=self.kind(),
            form=self.subtype(),
            title=self.text(project, "Name") or lots[0].title,
            buyer=buyer,
            lots=lots,
            description=self.text(project, "Description"),
            nature=_nature(project),
            procedure_id=raw_text(self.root, "ContractFolderID"),  # BT-04
            procedure=raw_text(self.root, "TenderingProcess", "ProcedureCode"),  # BT-105
            published_on=fields.parse_date(raw_text(publication, "PublicationDate")),
            dispatched_on=fields.parse_date(raw_text(self.root, "IssueDate")),  # BT-05
            language=_LANGUAGES.get(self.language, self.language.lower()),
            country=buyer.place.country,
            url=_ted_url(follow.publication_number(self.root)),
            max_lots_bid=fields.positive_int(raw_text(limits, "MaximumLotsSubmittedNumeric")),  # BT-31
            max_lots_won=fields.positive_int(raw_text(limits, "MaximumLotsAwardedNumeric")),  # BT-33
            exclusive_grouping=clauses.exclusive_grouping(" ".join(self.all_texts())),
            awards=awards(self.root, self.published_lots(), self.warnings),
            aliases=follow.aliases(self.root),
            refers_to=follow.refers_to(self.root),
            cancelled=cancelled,
            warnings=tuple(dict.fromkeys(self.warnings)),
        )

    def kind(self) -> NoticeKind:
        """BT-02."""
        code = raw_text(self.root, "NoticeTypeCode")
        return _KINDS.get(code) or _KINDS.get(code.partition("-")[0]) or ROOTS[local_name(self.root)]

    def subtype(self) -> str:
        found = next(descendants(self.root, "NoticeSubType"), None)
        return raw_text(found, "SubTypeCode") or raw_text(self.root, "NoticeTypeCode")

    def text(self, parent: Element | None, name: str) -> str:
        """The text called ``name`` in French if there is one, else in the language of the notice."""
        by_language = {attribute(item, "languageID"): item for item in reversed([*children(parent, name)])}
        for language in ("FRA", self.language, *by_language):
            if language in by_language:
                return fields.tidy("".join(map(str, by_language[language].itertext())))
        return ""

    def texts(self, parent: Element | None, *names: str) -> list[str]:
        """Every text below ``parent`` called one of ``names``, in the language kept."""
        holders = dict.fromkeys(item.getparent() for item in descendants(parent, *names))
        found = (self.text(holder, name) for holder in holders for name in names)
        return [text for text in found if text]

    def all_texts(self) -> list[str]:
        return self.texts(self.root, "Name", "Description", "Note", "CompanyLegalForm")

    # --- buyer ---

    def buyer(self) -> Buyer:
        party = child(self.root, "ContractingParty", "Party")
        wanted = raw_text(party, "PartyIdentification", "ID")
        for company in descendants(child(self.root, "UBLExtensions"), "Company"):
            if raw_text(company, "PartyIdentification", "ID") == wanted:
                return self.company(company)
        if party is not None and child(party, "PartyName") is not None:
            return self.company(party)
        self.warnings.append("Acheteur introuvable dans l'avis.")
        return Buyer(name=UNKNOWN_BUYER)

    def company(self, company: Element) -> Buyer:
        numbers = (raw_text(number) for number in children(company, "PartyLegalEntity", "CompanyID"))
        return Buyer(
            name=self.text(child(company, "PartyName"), "Name") or UNKNOWN_BUYER,
            national_id=next(filter(None, map(fields.siret_or_empty, numbers)), ""),
            place=place_of(child(company, "PostalAddress")),
        )

    # --- lots ---

    def lots(self) -> list[NoticeLot]:
        values = awarded_by_lot(self.root, self.warnings)
        shared = clauses.Wording.of(self.notice_texts())
        names = (raw_text(part, "ID") for part in self.parts)
        return [
            self.lot(part, lot_id, awarded_amount(values.get(name, [])), shared)
            for part, lot_id, name in zip(self.parts, self.lot_ids(), names, strict=True)
        ]

    def lot_ids(self) -> list[str]:
        published = [raw_text(part, "ID") for part in self.parts]
        return ["1"] if self.is_undivided(published) else fields.distinct_lot_ids(published)

    def published_lots(self) -> dict[str, str]:
        """Our number of each lot by the one published."""
        published = (raw_text(part, "ID") for part in self.parts)
        return dict(zip(published, self.lot_ids(), strict=True))

    def is_undivided(self, published: list[str]) -> bool:
        """LOT-0000 and PAR-0000 stand for the whole of a notice that is not divided."""
        return len(published) == 1 and published[0].endswith("-0000")

    def lot(self, part: Element, lot_id: str, awarded: int | None, shared: clauses.Wording) -> NoticeLot:
        label = f"Lot {lot_id}"
        project, terms = child(part, "ProcurementProject"), child(part, "TenderingTerms")
        own = [self.text(project, name) for name in ("Name", "Description", "Note")]
        wording = (lot_id, "\n".join(own + self.conditions(terms, part)), shared)
        period = child(project, "PlannedPeriod")
        return NoticeLot(
            id=lot_id,
            title=own[0] or self.text(child(self.root, "ProcurementProject"), "Name"),
            description=own[1],
            cpvs=self.cpvs(project, label),
            amount_eur=awarded or self.amount(project, label),
            places=self.places(project),
            duration_months=self.duration(period, label),
            start=fields.parse_date(raw_text(period, "StartDate")),  # BT-536
            deadline=_deadline(part, label, self.warnings),
            reservation=clauses.narrowed(_reservation(terms), *wording),
            reserved_execution=_execution(terms) == "yes",  # BT-736
            social=_objectives(project, "social-objective", clauses.has_social_clause(*wording)),  # BT-775
            green=_objectives(project, "environmental-impact", clauses.has_green_clause(*wording)),  # BT-774
            sme_suitable=_boolean(raw_text(project, "SMESuitableIndicator")),  # BT-726
            insertion_hours=clauses.insertion_hours(*wording),
            documents_url=_documents(terms),
        )

    def conditions(self, terms: Element | None, part: Element) -> list[str]:
        """What the terms of a lot say of its execution, its bidders and its award."""
        holders = [
            *children(terms, "ContractExecutionRequirement"),
            *children(terms, "TendererQualificationRequest"),
            *descendants(part, "AwardingCriterion"),
        ]
        return [text for holder in holders for text in self.texts(holder, "Name", "Description")]

    def notice_texts(self) -> list[str]:
        """What the notice says for all its lots."""
        project = child(self.root, "ProcurementProject")
        texts = [self.text(project, name) for name in ("Name", "Description", "Note")]
        return [text for text in texts if text] + self.texts(child(self.root, "TenderingTerms"), "Description")

    def cpvs(self, project: Element | None, label: str) -> tuple[str, ...]:
        """BT-262 then BT-263; of the whole notice if the lot has none."""
        codes: list[str] = []
        for holder in (project, child(self.root, "ProcurementProject")):
            for name in ("MainCommodityClassification", "AdditionalCommodityClassification"):
                codes += [raw_text(code) for code in children(holder, name, "ItemClassificationCode")]
            if codes:
                break
        return fields.cpv_codes(codes, label, self.warnings)

    def places(self, project: Element | None) -> tuple[Place, ...]:
        """BT-5071, 5121, 5131; of the whole notice if the lot has none."""
        for holder in (project, child(self.root, "ProcurementProject")):
            places = (place for location in children(holder, "RealizedLocation") for place in self.place(location))
            found = tuple(dict.fromkeys(place for place in places if place != Place()))
            if found:
                return found
        return ()

    def place(self, location: Element) -> tuple[Place, ...]:
        """The address; where it names no town, what the description says of one (BT-728)."""
        place = place_of(child(location, "Address"))
        if place.postcode or place.city or place.country not in ("", "FR"):
            return (place,)
        return places_from_text([place.nuts], self.text(location, "Description")) or (place,)

    def duration(self, period: Element | None, label: str) -> int | None:
        """BT-36, or from BT-536 to BT-537."""
        measure = child(period, "DurationMeasure")
        dates = (raw_text(period, "StartDate"), raw_text(period, "EndDate"))
        return fields.duration(raw_text(measure), attribute(measure, "unitCode"), dates, label, self.warnings)

    # --- amounts ---

    def amount(self, project: Element | None, label: str) -> int | None:
        """BT-27, the estimate; failing that BT-271, the ceiling of the framework agreement."""
        requested = child(project, "RequestedTenderTotal")
        estimated = self.euros(child(requested, "EstimatedOverallContractAmount"), label)
        if estimated is not None:
            return estimated
        ceiling = self.euros(next(descendants(requested, "FrameworkMaximumAmount"), None), label)
        if ceiling is not None:
            self.warnings.append(f"{label} : montant maximal de l'accord-cadre retenu, faute d'estimation.")
        return ceiling

    def euros(self, value: Element | None, label: str) -> int | None:
        currency = attribute(value, "currencyID")
        return fields.amount_eur(raw_text(value), currency, label, self.warnings)

    def total(self, project: Element | None) -> int | None:
        """BT-161, the value of the whole result, else the estimate of the whole notice."""
        result = notice_result(self.root)
        label = "Ensemble de l'avis"
        return self.euros(child(result, "TotalAmount"), label) or self.amount(project, label)


def _nature(project: Element | None) -> str:
    nature = raw_text(project, "ProcurementTypeCode")  # BT-23
    return nature if nature in ("works", "supplies", "services") else ""


def _deadline(part: Element, label: str, warnings: list[str]) -> datetime | None:
    """The first moment by which one must answer: take part (BT-1311), show interest (630) or tender (131)."""
    process = child(part, "TenderingProcess")
    periods: Iterable[Element] = [
        *children(process, "ParticipationRequestReceptionPeriod"),
        *children(process, "TenderSubmissionDeadlinePeriod"),
        *descendants(child(process, "UBLExtensions"), "InterestExpressionReceptionPeriod"),
    ]
    moments = (
        fields.deadline(raw_text(item, "EndDate"), raw_text(item, "EndTime"), label, warnings) for item in periods
    )
    return min((moment for moment in moments if moment is not None), default=None)


def _coded(terms: Element | None, holder: tuple[str, ...], name: str, list_name: str) -> Iterator[str]:
    for code in children(terms, *holder, name):
        if attribute(code, "listName") == list_name:
            yield raw_text(code)


def _reservation(terms: Element | None) -> Reservation:
    """BT-71; where both are ticked, the narrower circle."""
    holder = ("TendererQualificationRequest", "SpecificTendererRequirement")
    codes = set(_coded(terms, holder, "TendererRequirementTypeCode", "reserved-procurement"))
    return next((kind for code, kind in _RESERVATIONS.items() if code in codes), Reservation.NONE)


def _execution(terms: Element | None) -> str:
    holder = ("ContractExecutionRequirement",)
    return next(_coded(terms, holder, "ExecutionRequirementCode", "reserved-execution"), "")


def _objectives(project: Element | None, list_name: str, stated: bool) -> tuple[str, ...]:
    """The published objectives; "clause" when only a box, the word "other" or the text tells of one."""
    holder = ("ProcurementAdditionalType",)
    codes = dict.fromkeys(_coded(project, holder, "ProcurementTypeCode", list_name))
    known = tuple(code for code in codes if code not in _NO_OBJECTIVE)
    box = {"social-objective": "soc-obj", "environmental-impact": "env-imp"}[list_name]  # BT-06
    strategic = set(_coded(project, holder, "ProcurementTypeCode", "strategic-procurement"))
    return known or (("clause",) if stated or "other" in codes or box in strategic else ())


def _documents(terms: Element | None) -> str:
    """BT-15."""
    path = ("CallForTendersDocumentReference", "Attachment", "ExternalReference", "URI")
    return next(filter(None, (fields.web_address(raw_text(uri)) for uri in children(terms, *path))), "")


def _boolean(text: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text.lower())


def _ted_url(publication_number: str) -> str:
    return f"https://ted.europa.eu/fr/notice/-/detail/{publication_number}" if publication_number else ""
