"""The clauses that are on, lot by lot, as a document a buyer goes on writing in a word processor."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils import timezone, translation

from allotment.clause_sheet import ClauseSheet, ClauseView, LotSheet
from frontend import words

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")  # XML 1.0 cannot hold them


def answer(sheet: ClauseSheet, name: str) -> HttpResponse:
    response = HttpResponse(made(sheet), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.docx"'
    return response


def made(sheet: ClauseSheet) -> bytes:
    """In French whatever the reader's language: it goes into a contract."""
    import docx  # here and not above: a process that writes none need not load it

    document = docx.Document()
    with translation.override("fr"):
        _dress(document, sheet)
        _head(document, sheet)
        for lot in sheet.lots:
            _lot(document, sheet, lot)
        _end(document, sheet)
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _dress(document: Document, sheet: ClauseSheet) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    properties = document.core_properties
    properties.title = _clean(f"Clauses sociales et environnementales : {sheet.need.title}")
    properties.author = _clean(sheet.need.organisation.name)
    properties.language = "fr-FR"
    properties.created = properties.modified = timezone.now()
    properties.last_modified_by = "Maillage"
    properties.comments = ""
    for style in ("Normal", "Title", "Heading 1", "Heading 2", "List Bullet"):
        font = document.styles[style].font
        font.name = "Liberation Sans"
        fonts = document.styles[style].element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)  # a theme's font would win over the one named
        font.color.rgb = RGBColor(0x0B, 0x6B, 0x63) if style.startswith("Heading") else RGBColor(0x1B, 0x1F, 0x24)
    document.styles["Normal"].font.size = Pt(10.5)
    document.styles["Title"].font.size = Pt(20)
    language = document.styles.element.find(f".//{qn('w:lang')}")
    if language is not None:
        language.set(qn("w:val"), "fr-FR")


def _head(document: Document, sheet: ClauseSheet) -> None:
    need = sheet.need
    _add(document, f"Clauses sociales et environnementales : {need.title}", "Title")
    _add(
        document,
        f"{need.organisation.name}. Consultation prévue le {words.day(need.launched_on)} : les articles cités sont "
        "ceux du code de la commande publique en vigueur ce jour-là.",
    )
    if sheet.limits:
        _add(document, sheet.limits)
    if need.fictitious:
        _add(document, "Données fictives de démonstration.")


def _lot(document: Document, sheet: ClauseSheet, lot: LotSheet) -> None:
    title = f"Lot {lot.sized.lot.number} : {lot.sized.lot.title}" if sheet.split else "Marché"
    _add(document, title, "Heading 1")
    kept = [one for one in lot.clauses if one.state.is_on]
    for one in kept:
        _clause(document, one)
    if not kept:
        _add(document, "Aucune clause active : voir la justification jointe au dossier.")


def _clause(document: Document, view: ClauseView) -> None:
    _add(document, f"{view.title} (article {view.article})", "Heading 2")
    for paragraph in view.text.split("\n\n"):
        _add(document, paragraph)


def _end(document: Document, sheet: ClauseSheet) -> None:
    from docx.shared import Pt

    note = _add(
        document,
        f"Établi le {words.day(timezone.localdate())} par Maillage, tables de référence version {sheet.version}. "
        "Les heures sont des estimations, calculées sur les besoins de recrutement du bassin ; les montants des "
        "pénalités et le nom du facilitateur sont à compléter par l'acheteur.",
    )
    for run in note.runs:
        run.italic, run.font.size = True, Pt(8.5)


def _add(document: Document, text: str, style: str = "Normal") -> Paragraph:
    return document.add_paragraph(_clean(text), style=style)


def _clean(text: str) -> str:
    return _ILLEGAL.sub("", text)
