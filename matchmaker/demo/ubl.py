"""A notice written as eForms (UBL ContractNotice, SDK 1.x), at the XPaths of the domain guide, section 8."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from xml.sax.saxutils import escape, quoteattr

from matchmaker.domain.notice import Notice, NoticeLot, Place, Reservation

NAMESPACES = {
    "xmlns": "urn:oasis:names:specification:ubl:schema:xsd:ContractNotice-2",
    "xmlns:cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "xmlns:cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "xmlns:ext": "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2",
    "xmlns:efac": "http://data.europa.eu/p27/eforms-ubl-extension-aggregate-components/1",
    "xmlns:efbc": "http://data.europa.eu/p27/eforms-ubl-extension-basic-components/1",
    "xmlns:efext": "http://data.europa.eu/p27/eforms-ubl-extensions/1",
}
SDK = "eforms-sdk-1.13"
COUNTRY = "FRA"
RESERVED_CODES = {
    Reservation.NONE: "none",
    Reservation.EA_ESAT_SIAE: "res-ws",
    Reservation.ESS: "res-pub-ser",
}

# An element: name, text or children, attributes. Plain tuples keep the writer at a few lines, and the
# order of attributes and children, hence the bytes, in our hands.
type Node = tuple[str, str | tuple[Node, ...], dict[str, str]]


def node(name: str, *content: Node | str, **attributes: str) -> Node:
    if len(content) == 1 and isinstance(content[0], str):
        return name, content[0], attributes
    return name, tuple(child for child in content if not isinstance(child, str)), attributes


def notice_xml(notice: Notice) -> bytes:
    name, content, _ = _root(notice)
    return '<?xml version="1.0" encoding="UTF-8"?>\n{}\n'.format(
        "\n".join(_lines((name, content, NAMESPACES), ""))
    ).encode()


def _lines(element: Node, indent: str) -> Iterator[str]:
    name, content, attributes = element
    start = name + "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    if isinstance(content, str):
        yield f"{indent}<{start}>{escape(content)}</{name}>"
        return
    yield f"{indent}<{start}>"
    for child in content:
        yield from _lines(child, indent + "  ")
    yield f"{indent}</{name}>"


def _root(notice: Notice) -> Node:
    social = notice.form == "20"
    dispatched = notice.dispatched_on or notice.published_on
    assert dispatched is not None, "a demo notice always has a date"
    return node(
        "ContractNotice",
        _extensions(notice),
        node("cbc:UBLVersionID", "2.3"),
        node("cbc:CustomizationID", SDK),
        node("cbc:ID", notice.id, schemeName="notice-id"),
        node("cbc:ContractFolderID", notice.procedure_id),
        node("cbc:IssueDate", f"{dispatched}Z"),
        node("cbc:IssueTime", "09:00:00Z"),
        node("cbc:VersionID", notice.version),
        node("cbc:RegulatoryDomain", "32014L0024"),
        node("cbc:NoticeTypeCode", "cn-social" if social else "cn-standard", listName="competition"),
        node("cbc:NoticeLanguageCode", "FRA"),
        _contracting_party(),
        *_lot_limits(notice),
        node("cac:TenderingProcess", code("cbc:ProcedureCode", "procurement-procedure-type", notice.procedure)),
        _project(notice),
        *(_lot(notice, lot) for lot in notice.lots),
    )


def code(name: str, list_name: str, value: str) -> Node:
    return node(name, value, listName=list_name)


def _french(name: str, text: str) -> Node:
    return node(name, text, languageID="FRA")


def _extensions(notice: Notice) -> Node:
    content = [
        node("efac:NoticeSubType", code("cbc:SubTypeCode", "notice-subtype", notice.form)),
        node("efac:Organizations", node("efac:Organization", _company(notice))),
    ]
    if notice.published_on:
        # No publication number: it would look like a real one of the Official Journal.
        published = node("efbc:PublicationDate", f"{notice.published_on}Z")
        content.append(node("efac:Publication", published))
    return node(
        "ext:UBLExtensions",
        node("ext:UBLExtension", node("ext:ExtensionContent", node("efext:EformsExtension", *content))),
    )


def _company(notice: Notice) -> Node:
    buyer = notice.buyer
    return node(
        "efac:Company",
        node("cbc:WebsiteURI", "https://example.org"),
        node("cac:PartyIdentification", node("cbc:ID", "ORG-0001", schemeName="organization")),
        node("cac:PartyName", _french("cbc:Name", buyer.name)),
        node("cac:PostalAddress", *_address(buyer.place)),
        node("cac:PartyLegalEntity", node("cbc:CompanyID", buyer.national_id)),
    )


def _address(place: Place) -> Iterator[Node]:
    if place.city:
        yield node("cbc:CityName", place.city)
    if place.postcode:
        yield node("cbc:PostalZone", place.postcode)
    yield code("cbc:CountrySubentityCode", "nuts", place.nuts)
    yield node("cac:Country", code("cbc:IdentificationCode", "country", COUNTRY))


def _contracting_party() -> Node:
    return node(
        "cac:ContractingParty",
        node("cac:ContractingPartyType", code("cbc:PartyTypeCode", "buyer-legal-type", "la")),
        node("cac:ContractingActivity", code("cbc:ActivityTypeCode", "authority-activity", "gen-pub")),
        node(
            "cac:Party",
            node("cac:PartyIdentification", node("cbc:ID", "ORG-0001", schemeName="organization")),
        ),
    )


def _lot_limits(notice: Notice) -> Iterator[Node]:
    limits = []
    if notice.max_lots_won is not None:
        limits.append(node("cbc:MaximumLotsAwardedNumeric", str(notice.max_lots_won)))
    if notice.max_lots_bid is not None:
        limits.append(node("cbc:MaximumLotsSubmittedNumeric", str(notice.max_lots_bid)))
    if limits:
        yield node("cac:TenderingTerms", node("cac:LotDistribution", *limits))


def _project(notice: Notice) -> Node:
    first = notice.lots[0]
    amounts = [lot.amount_eur for lot in notice.lots]
    # A total over lots of which some keep their amount secret would give the secret away.
    total = sum(amount for amount in amounts if amount is not None) if None not in amounts else None
    return node(
        "cac:ProcurementProject",
        _french("cbc:Name", notice.title),
        _french("cbc:Description", notice.description),
        code("cbc:ProcurementTypeCode", "contract-nature", notice.nature),
        *_amount(total),
        *_cpvs(first.cpvs[:1]),
        _location(Place(nuts=notice.buyer.place.nuts, country="FR")),
    )


def _lot(notice: Notice, lot: NoticeLot) -> Node:
    return node(
        "cac:ProcurementProjectLot",
        node("cbc:ID", f"LOT-{int(lot.id):04d}", schemeName="Lot"),
        _lot_terms(lot),
        _lot_process(lot),
        _lot_project(notice, lot),
    )


def _lot_terms(lot: NoticeLot) -> Node:
    uri = node("cac:Attachment", node("cac:ExternalReference", node("cbc:URI", lot.documents_url)))
    reserved = code("cbc:TendererRequirementTypeCode", "reserved-procurement", RESERVED_CODES[lot.reservation])
    execution = "yes" if lot.reserved_execution else "no"
    return node(
        "cac:TenderingTerms",
        node(
            "cac:CallForTendersDocumentReference",
            node("cbc:ID", "DCE"),
            node("cbc:DocumentType", "non-restricted-document"),
            uri,
        ),
        node("cac:TendererQualificationRequest", node("cac:SpecificTendererRequirement", reserved)),
        node(
            "cac:ContractExecutionRequirement",
            code("cbc:ExecutionRequirementCode", "reserved-execution", execution),
        ),
        node("cac:Language", node("cbc:ID", "FRA")),
    )


def _lot_process(lot: NoticeLot) -> Node:
    assert lot.deadline is not None, "a demo lot always has a deadline"
    return node(
        "cac:TenderingProcess",
        code("cbc:SubmissionMethodCode", "esubmission", "required"),
        node(
            "cac:TenderSubmissionDeadlinePeriod",
            node("cbc:EndDate", _day(lot.deadline.date(), lot.deadline)),
            node("cbc:EndTime", lot.deadline.isoformat()[11:]),
        ),
    )


def _day(day: date, moment: datetime) -> str:
    """A date with the offset of a moment, as eForms want it."""
    return f"{day}{moment.isoformat()[19:]}"


def _lot_project(notice: Notice, lot: NoticeLot) -> Node:
    return node(
        "cac:ProcurementProject",
        node("cbc:ID", lot.id, schemeName="InternalID"),
        _french("cbc:Name", lot.title),
        _french("cbc:Description", lot.description),
        code("cbc:ProcurementTypeCode", "contract-nature", notice.nature),
        node("cbc:SMESuitableIndicator", "true" if lot.sme_suitable else "false"),
        *(_additional_type(*entry) for entry in _strategic(lot)),
        *_amount(lot.amount_eur),
        *_cpvs(lot.cpvs),
        *(_location(place) for place in lot.places),
        _period(lot),
    )


def _strategic(lot: NoticeLot) -> Iterator[tuple[str, str]]:
    if lot.green:
        yield "strategic-procurement", "env-imp"
    if lot.social:
        yield "strategic-procurement", "soc-obj"
    if not (lot.green or lot.social):
        yield "strategic-procurement", "none"
    for green in lot.green:
        yield "environmental-impact", green
    for social in lot.social:
        yield "social-objective", social


def _additional_type(list_name: str, value: str) -> Node:
    return node("cac:ProcurementAdditionalType", code("cbc:ProcurementTypeCode", list_name, value))


def _amount(amount_eur: int | None) -> Iterator[Node]:
    if amount_eur is not None:
        amount = node("cbc:EstimatedOverallContractAmount", f"{amount_eur}.00", currencyID="EUR")
        yield node("cac:RequestedTenderTotal", amount)


def _cpvs(cpvs: tuple[str, ...]) -> Iterator[Node]:
    for rank, cpv in enumerate(cpvs):
        name = "cac:AdditionalCommodityClassification" if rank else "cac:MainCommodityClassification"
        yield node(name, code("cbc:ItemClassificationCode", "cpv", cpv))


def _location(place: Place) -> Node:
    return node("cac:RealizedLocation", node("cac:Address", *_address(place)))


def _period(lot: NoticeLot) -> Node:
    start = [node("cbc:StartDate", f"{lot.start}Z")] if lot.start else []
    duration = node("cbc:DurationMeasure", str(lot.duration_months), unitCode="MONTH")
    return node("cac:PlannedPeriod", *start, duration)
