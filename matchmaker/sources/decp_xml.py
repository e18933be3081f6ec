"""DECP as XML (``Marche.xml``, ``Contrat-concession.xml``): the tree of the JSON, streamed contract by contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from lxml import etree

from matchmaker.domain.award import AwardRecord, RefusedAward
from matchmaker.sources.decp_fields import award_of

_CONTRACTS = ("marche", "contrat-concession")
_LISTS = {
    "titulaires",
    "concessionnaires",
    "modifications",
    "techniques",
    "modalitesExecution",
    "typesPrix",
    "considerationsSociales",
    "considerationsEnvironnementales",
}


def read(stream: IO[bytes], name: str) -> Iterator[AwardRecord | RefusedAward]:
    number = 0
    try:
        events = etree.iterparse(
            stream,
            events=("end",),
            resolve_entities=False,
            no_network=True,
            huge_tree=True,
            remove_comments=True,  # a comment would cut its text in two
            remove_pis=True,
        )
        for _event, element in events:
            tag = etree.QName(element).localname
            if tag not in _CONTRACTS:
                continue
            number += 1
            value = _tree(element)
            value["_type"] = "Contrat de concession" if tag == "contrat-concession" else "Marché"
            yield award_of(value, f"{name}, contrat {number}")
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        yield RefusedAward(
            name,
            "xml_illisible",
            f"{name} : le XML est incomplet ou abîmé ({str(error)[:80]}). Ce qui précède est gardé ; "
            "téléchargez-le à nouveau.",
        )
        return
    if not number:
        yield RefusedAward(name, "aucun_contrat", f"{name} : aucun élément « marche » ni « contrat-concession ».")


def _tree(element: Any) -> Any:
    """An element as the JSON format would write it: text, list or object."""
    children = [child for child in element if isinstance(child.tag, str)]
    tag = etree.QName(element).localname
    if tag in _LISTS:
        return [{etree.QName(child).localname: _tree(child)} for child in children]
    if not children:
        return (element.text or "").strip()
    return {etree.QName(child).localname: _tree(child) for child in children}
