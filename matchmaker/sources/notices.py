"""From a raw document to a notice: which parser reads it."""

from __future__ import annotations

from matchmaker.domain.notice import Notice
from matchmaker.sources import eforms, ted
from matchmaker.sources.files import RawDocument
from matchmaker.sources.xml import NoticeError, local_name, parse_xml


def parse_notice(raw: RawDocument) -> Notice:
    """The notice in ``raw``; raise ``NoticeError``, whose message says in French why it cannot be read."""
    root = parse_xml(raw.content)
    name = local_name(root)
    if name == "TED_EXPORT":
        return ted.parse_ted(root)
    if name in eforms.ROOTS:
        return eforms.parse_eforms(root)
    raise NoticeError(
        "format_inconnu",
        f"Format « {name} » non pris en charge : fournissez un avis eForms ou TED (TED_EXPORT).",
    )
