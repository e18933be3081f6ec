"""BOAMP as JSON: records of the API (explore v2.1, and its older wrappings), answers of the DILA's API of 2020.

In a record of the API, ``donnees``, ``gestion`` and ``annonces_anterieures`` are JSON written as a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from matchmaker.domain.notice import Notice
from matchmaker.sources import boamp_terms, boamp_xml, fields
from matchmaker.sources.boamp import Card, understand
from matchmaker.sources.boamp_xml import earlier
from matchmaker.sources.json_trees import folded, local, readable, tree
from matchmaker.sources.xml import Element, NoticeError

type Record = Mapping[str, Any]

_IDWEB: Final = re.compile(r"\d{2}-\d{1,7}")


def is_record(record: Record) -> bool:
    """Whether this JSON object is a notice of the BOAMP."""
    flat = unwrapped(record)
    return "idweb" in flat or ("gestion" in flat and "donnees" in flat)


def unwrapped(record: Record) -> Record:
    """The fields of a record, out of the wrappings of the API's versions 1 and 2.0."""
    inner = record.get("record")
    holder = inner if isinstance(inner, Mapping) else record
    inside = holder.get("fields")
    return inside if isinstance(inside, Mapping) else holder


def parse_record(record: Record) -> Notice:
    """The notice in a record; raise ``NoticeError`` if it has no number."""
    flat = unwrapped(record)
    if "idweb" not in flat:
        return _of_2020(flat)
    card = _card(flat)
    return understand(card, _data(flat.get("donnees"), card.idweb))


def _of_2020(record: Record) -> Notice:
    """``{"gestion": ..., "donnees": ...}`` in lower case, every absent field a null."""
    management = tree("gestion", record.get("gestion"), naming=folded, nulls=False)
    return understand(boamp_xml.card(management), tree("donnees", record.get("donnees"), naming=folded, nulls=False))


def _data(published: Any, idweb: str) -> Element:
    """``donnees`` as a tree: names kept under EFORMS, folded elsewhere; an empty one when there is nothing."""
    content = _decoded(published)
    if content is None:
        raise NoticeError(
            "donnees_illisibles", f"Le champ « donnees » de l'avis {idweb} est abîmé : relancez la collecte."
        )
    eforms = next((key for key in content if key.upper() == "EFORMS"), None)
    return tree("donnees", content, naming=local if eforms else folded)


def _decoded(published: Any) -> Record | None:
    """A JSON object, or one written as a text; {} when there is none, None when it is damaged."""
    if isinstance(published, str) and published.strip():
        try:
            published = json.loads(published)
        except ValueError:
            return None
    if isinstance(published, list):
        published = published[0] if published else {}
    return published if isinstance(published, Mapping) else {}


# --- the card ------------------------------------------------------------------------------------


def _card(flat: Record) -> Card:
    idweb = _text(flat, "idweb")
    if not idweb:
        raise NoticeError(
            "sans_numero", "L'avis BOAMP n'a pas de numéro (idweb) : demandez l'enregistrement d'origine."
        )
    nature, state = _text(flat, "nature"), _text(flat, "etat")
    criteria = [boamp_terms.plain(word) for word in _texts(flat, "criteres")]
    natures = [nature, *_texts(flat, "nature_categorise"), *_texts(flat, "type_avis")]
    labels = [*_texts(flat, "nature_libelle"), *_texts(flat, "nature_categorise_libelle")]
    return Card(
        idweb=idweb,
        kind=boamp_terms.kind_of(natures, labels, _text(flat, "sousnature")),
        cancelled=boamp_terms.is_cancelled(nature, state),
        form="/".join(filter(None, (_text(flat, "famille"), nature))),
        title=fields.tidy(_text(flat, "objet")),
        buyer=fields.tidy(_text(flat, "nomacheteur")),
        nature=boamp_terms.nature_of(_texts(flat, "type_marche") or _texts(flat, "type_marche_facette")),
        procedure=boamp_terms.procedure_of(
            [*_texts(flat, "type_procedure"), *_texts(flat, "procedure_categorise"), *_texts(flat, "procedure_libelle")]
        ),
        published_on=boamp_terms.day(_text(flat, "dateparution")),
        deadline=_text(flat, "datelimitereponse"),
        departements=tuple(_texts(flat, "code_departement_prestation")),
        publication_departements=tuple(_texts(flat, "code_departement")),
        descriptors=tuple(_texts(flat, "descripteur_libelle")),
        winners=tuple(_texts(flat, "titulaire")),
        folder=_text(flat, "contractfolderid"),
        refers_to=tuple(_refers_to(flat)),
        social=any("socia" in word for word in criteria),
        green=any("environnement" in word for word in criteria),
        url=fields.web_address(_text(flat, "url_avis")),
    )


def _refers_to(flat: Record) -> list[str]:
    """``annonce_lie`` lists numbers; ``annonces_anterieures`` holds references, and dates that look like numbers."""
    linked = [f"boamp:{number}" for number in _texts(flat, "annonce_lie") if _IDWEB.fullmatch(number)]
    content = _decoded(flat.get("annonces_anterieures"))
    return linked + (list(earlier(tree("marche", content, naming=folded))) if content else [])


def _texts(flat: Record, name: str) -> list[str]:
    """The texts of a field: one, a list, or a list written as a text."""
    value = flat.get(name)
    if isinstance(value, str) and value.strip().startswith(("[", "{")):
        try:
            value = json.loads(value)
        except ValueError:
            value = value.strip().strip("{}").replace('"', "").split(",")
    items = value if isinstance(value, list) else [value]
    return [text for item in items if (text := readable(item).strip())]


def _text(flat: Record, name: str) -> str:
    return next(iter(_texts(flat, name)), "")
