"""From a raw document to a notice: which parser reads it."""

from __future__ import annotations

import json

from matchmaker.domain.notice import Notice
from matchmaker.sources import boamp_json, boamp_xml, eforms, ocds, ted
from matchmaker.sources.files import RawDocument
from matchmaker.sources.json_records import looks_like_json
from matchmaker.sources.xml import NoticeError, local_name, parse_xml


def parse_notice(raw: RawDocument) -> Notice:
    """The notice in ``raw``; raise ``NoticeError``, whose message says in French why it cannot be read."""
    if looks_like_json(raw.content):
        return _of_json(raw.content)
    root = parse_xml(raw.content)
    name = local_name(root)
    if name == "TED_EXPORT":
        return ted.parse_ted(root)
    if name in eforms.ROOTS:
        return eforms.parse_eforms(root)
    if name == boamp_xml.ROOT:
        return boamp_xml.parse_annonce(root)
    raise NoticeError(
        "format_inconnu",
        f"Format « {name} » non pris en charge : fournissez un avis eForms, TED (TED_EXPORT) ou BOAMP (ANNONCE).",
    )


def _of_json(content: bytes) -> Notice:
    """One record: which shape it has says who reads it."""
    try:
        record = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NoticeError(
            "json_invalide", "Le JSON est mal formé : demandez un fichier corrigé à la source."
        ) from error
    if isinstance(record, dict) and boamp_json.is_record(record):
        return boamp_json.parse_record(record)
    if ocds.is_ocds(record):
        return ocds.parse_ocds(record)
    raise NoticeError(
        "format_inconnu", "Ce JSON n'est pas un avis connu : fournissez un enregistrement du BOAMP ou de l'OCDS."
    )
