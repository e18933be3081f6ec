"""XML that was turned into JSON, turned back into XML, so that one parser reads a notice in either form.

Attributes are keys that begin with "@", the text of an element that has attributes is under "#text", elements
that repeat are lists. Prefixes of namespaces are dropped: notices are read by local name.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Final

from lxml import etree

from matchmaker.sources.xml import MAX_DEPTH, MAX_ELEMENTS, Element, NoticeError

type Json = bool | int | float | str | list[Json] | Mapping[str, Json] | None
type Naming = Callable[[str], str]

_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]\w*);", re.IGNORECASE)
_SNIPPET: Final = "<?xml"  # an empty element written out as text: it says "present"


def local(key: str) -> str:
    """``cbc:ID`` is ``ID``."""
    return key.rpartition(":")[2]


def folded(key: str) -> str:
    """``CODE_IDENT_NATIONAL``, ``codeIdentNational`` and ``codeidentnational`` are one name."""
    return re.sub(r"[^a-z0-9]", "", local(key).lower())


def tree(name: str, value: Json, *, naming: Naming = local, nulls: bool = True) -> Element:
    """The element ``name`` for ``value``. ``nulls``: a null is an empty element.

    Otherwise a null is nothing at all, and ``{"value": 38820, "devise": "EUR"}`` is a text with attributes: so wrote
    the API of the DILA before 2022.
    """
    root = _element(naming(name))
    _Builder(naming, nulls).fill(root, value, 1)
    return root


def fold(root: Element) -> Element:
    """The names in an XML tree, folded in place, namespaces dropped."""
    for element in root.iter("{*}*"):
        element.tag = _valid(folded(etree.QName(element).localname))
    return root


class _Builder:
    def __init__(self, naming: Naming, nulls: bool) -> None:
        self.naming, self.nulls = naming, nulls
        self.elements = 0

    def fill(self, element: Element, value: Json, depth: int) -> None:
        self.elements += 1
        if depth > MAX_DEPTH or self.elements > MAX_ELEMENTS:
            raise NoticeError(
                "trop_gros", "Le JSON est trop profond ou trop long : ce n'est pas un avis, il est refusé."
            )
        if not isinstance(value, Mapping):
            element.text = readable(value)
            return
        if not self.nulls and isinstance(value.get("value"), str | int | float):
            value = {"#text" if key == "value" else f"@{key}": item for key, item in value.items() if item is not None}
        for key, item in value.items():
            if key.startswith("@"):
                self.attribute(element, key[1:], item)
            elif key == "#text":
                element.text = readable(item)
            else:
                self.children(element, self.naming(key), item, depth)

    def attribute(self, element: Element, key: str, value: Json) -> None:
        if not key.startswith("xmlns"):
            element.set(_valid(local(key)), readable(value))

    def children(self, element: Element, name: str, value: Json, depth: int) -> None:
        for item in value if isinstance(value, list) else [value]:
            if item is not None or self.nulls:
                child = _element(name)
                element.append(child)
                self.fill(child, item, depth + 1)


def readable(value: Json) -> str:
    """A value as text: entities decoded (some are encoded twice), nothing that XML forbids."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return "\n".join(map(readable, value))
        case Mapping():
            return "\n".join(readable(item) for item in value.values())
    text = str(value)
    if text.startswith(_SNIPPET):
        return ""
    for _ in range(2):
        if _ENTITY.search(text):
            text = html.unescape(text)
    return _NOT_IN_XML.sub("", text)


def _element(name: str) -> Element:
    return etree.Element(_valid(name))


def _valid(name: str) -> str:
    """A name that XML accepts."""
    safe = re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)
    return safe if re.match(r"[A-Za-z_]", safe) else f"_{safe}"
