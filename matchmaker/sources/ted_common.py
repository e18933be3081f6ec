"""What every TED_EXPORT has, whatever the form: the coded header, the choice of language, paragraphs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from matchmaker.sources.countries import alpha2
from matchmaker.sources.fields import parse_date, parse_deadline, tidy
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

_NATURES = {"1": "works", "2": "supplies", "4": "services"}
_OJS_NUMBER = re.compile(r"(\d{4})/S\s*\d+-(\d+)")


@dataclass(frozen=True, slots=True)
class Header:
    """The CODED_DATA_SECTION, filled in by the Publications Office."""

    id: str  # "014265-2021"
    published_on: date | None
    dispatched_on: date | None
    country: str
    nature: str
    previous: str  # the notice that this one follows, "" if unknown
    deadline: datetime | None
    nuts: tuple[str, ...]
    cpvs: tuple[str, ...]

    @property
    def url(self) -> str:
        """The page of the notice on ted.europa.eu."""
        number, _, year = self.id.partition("-")
        return f"https://ted.europa.eu/fr/notice/-/detail/{int(number)}-{year}"


def read_header(root: Element) -> Header:
    """The coded header; raise ``NoticeError`` if the notice has no number."""
    coded = child(root, "CODED_DATA_SECTION")
    notice = child(coded, "NOTICE_DATA")
    codes = child(coded, "CODIF_DATA")
    number = attribute(root, "DOC_ID") or _doc_id(raw_text(notice, "NO_DOC_OJS"))
    if not re.fullmatch(r"\d{1,8}-\d{4}", number):
        raise NoticeError("sans_numero", "L'avis TED n'a pas de numéro (DOC_ID) : demandez le fichier d'origine.")
    places = [*descendants(notice, "PERFORMANCE_NUTS")] or [*descendants(notice, "ORIGINAL_NUTS")]
    day, _, hour = raw_text(codes, "DT_DATE_FOR_SUBMISSION").partition(" ")
    return Header(
        id=number,
        published_on=parse_date(raw_text(coded, "REF_OJS", "DATE_PUB")),
        dispatched_on=parse_date(raw_text(codes, "DS_DATE_DISPATCH")),
        country=alpha2(attribute(child(notice, "ISO_COUNTRY"), "VALUE")),
        nature=_NATURES.get(attribute(child(codes, "NC_CONTRACT_NATURE"), "CODE"), ""),
        previous=_doc_id(raw_text(notice, "REF_NOTICE", "NO_DOC_OJS")),
        deadline=parse_deadline(day, hour),
        nuts=tuple(attribute(place, "CODE") for place in places),
        cpvs=tuple(attribute(code, "CODE") for code in children(notice, "ORIGINAL_CPV")),
    )


def _doc_id(ojs_number: str) -> str:
    """``2017/S 106-213473`` names the document 213473-2017."""
    match = _OJS_NUMBER.fullmatch(ojs_number)
    return f"{match[2]}-{match[1]}" if match else ""


def choose_form(root: Element) -> Element:
    """The French translation of the form if there is one, else the original."""
    forms = [form for form in children(root, "FORM_SECTION") for form in form if attribute(form, "FORM")]
    if not forms:
        raise NoticeError("formulaire_absent", "L'avis TED ne contient aucun formulaire : rien à en tirer.")
    french = [form for form in forms if attribute(form, "LG").upper() == "FR"]
    original = [form for form in forms if attribute(form, "CATEGORY") == "ORIGINAL"]
    return (french or original or forms)[0]


def paragraphs(*elements: Element | None) -> list[str]:
    """The paragraphs below ``elements``: their ``P``, or their own text where they have none."""
    found = []
    for element in elements:
        if element is None:
            continue
        blocks = list(element.iter("{*}P", "{*}AC_CRITERION")) or [element]
        found += [tidy("".join(map(str, block.itertext()))) for block in blocks]
    return [text for text in found if text]


def text(element: Element | None, *path: str) -> str:
    """The paragraphs of the first element at ``path``, one a line."""
    return "\n".join(paragraphs(child(element, *path)))


def form_code(form: Element) -> str:
    """``F02``, ``T01``; the old forms of directive 2009/81 write ``17``."""
    code = attribute(form, "FORM").upper()
    return f"F{code}" if code.isdigit() else code


def tags(element: Element | None) -> set[str]:
    """The local names of the children."""
    return set() if element is None else {local_name(item) for item in element.iterchildren("{*}*")}
