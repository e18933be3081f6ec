"""XML from strangers: parsed without entities, network, DTD or unlimited growth.

Notices come from public sites and from mail; a file may be truncated, mislabelled or hostile. Everything
is checked by a first streaming pass (expat, no tree) before lxml builds one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from xml.parsers import expat

from lxml import etree

type Element = etree._Element

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_DEPTH: Final = 100
MAX_ELEMENTS: Final = 500_000
_CHUNK: Final = 64 * 1024


class NoticeError(ValueError):
    """Cet avis ne peut pas être lu."""

    def __init__(self, reason_code: str, message: str) -> None:
        super().__init__(message)
        self.reason_code = reason_code
        self.message = message


def parse_xml(content: bytes, *, max_bytes: int = MAX_BYTES) -> Element:
    """The root element of ``content``, comments dropped; raise ``NoticeError`` if it is not plain XML."""
    if not content.strip():
        raise NoticeError("vide", "Le fichier est vide : demandez-le à nouveau à la source.")
    if len(content) > max_bytes:
        raise too_big(max_bytes)
    if not looks_like_xml(content):
        raise NoticeError("pas_xml", "Le fichier n'est pas du XML : fournissez l'avis au format XML.")
    _check(content)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _broken(str(error)) from error


def too_big(max_bytes: int) -> NoticeError:
    """The refusal of a document beyond ``max_bytes``."""
    limit = f"{max_bytes // (1024 * 1024)} Mo" if max_bytes >= 1024 * 1024 else f"{max_bytes} octets"
    return NoticeError("trop_gros", f"Le fichier dépasse {limit} : ce n'est pas un avis, il n'a pas été lu.")


def looks_like_xml(content: bytes) -> bool:
    """Whether the first character is ``<``, in UTF-8 or UTF-16, after byte order mark and blanks."""
    start = content[:256].replace(b"\x00", b"").removeprefix(b"\xef\xbb\xbf")
    return start.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").lstrip().startswith(b"<")


# --- the first pass ------------------------------------------------------------------------------


class _Limits:
    """Counts what passes; refuses entity declarations before anything could be expanded."""

    def __init__(self) -> None:
        self.depth = 0
        self.elements = 0

    def doctype(self, _name: str, _system: str | None, _public: str | None, has_subset: bool) -> None:
        if has_subset:
            raise _forbidden_entities()

    def entity(self, *_declaration: object) -> None:
        raise _forbidden_entities()

    def start(self, _name: str, _attributes: Any) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > MAX_DEPTH:
            raise NoticeError(
                "trop_profond",
                f"Plus de {MAX_DEPTH} balises imbriquées : ce n'est pas un avis, il est refusé.",
            )
        if self.elements > MAX_ELEMENTS:
            raise NoticeError("trop_gros", f"Plus de {MAX_ELEMENTS} balises : ce n'est pas un avis, il est refusé.")

    def end(self, _name: str) -> None:
        self.depth -= 1


def _check(content: bytes) -> None:
    limits = _Limits()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = limits.doctype
    parser.EntityDeclHandler = limits.entity
    parser.StartElementHandler = limits.start
    parser.EndElementHandler = limits.end
    try:
        for offset in range(0, len(content), _CHUNK):
            parser.Parse(content[offset : offset + _CHUNK], False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise _explain(error, content) from error
    except NoticeError:
        raise
    except (LookupError, ValueError) as error:  # expat cannot read the declared encoding
        raise _wrong_encoding(content) from error


_TRUNCATED = {
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
}
_ENCODING = {
    expat.errors.codes[message]
    for message in (expat.errors.XML_ERROR_UNKNOWN_ENCODING, expat.errors.XML_ERROR_INCORRECT_ENCODING)
}


def _explain(error: expat.ExpatError, content: bytes) -> NoticeError:
    if error.code in _ENCODING or not _decodes(content):
        return _wrong_encoding(content)
    if error.code in _TRUNCATED:
        return NoticeError(
            "xml_tronque",
            f"Le fichier est incomplet, coupé ligne {error.lineno} : téléchargez-le à nouveau.",
        )
    return _broken(f"ligne {error.lineno}, colonne {error.offset}")


def _broken(where: str) -> NoticeError:
    return NoticeError("xml_invalide", f"Le XML est mal formé ({where}) : demandez un fichier corrigé à la source.")


def _forbidden_entities() -> NoticeError:
    return NoticeError(
        "entites_interdites",
        "Le fichier déclare des entités XML : refusé par sécurité. Fournissez l'avis sans DOCTYPE.",
    )


def _wrong_encoding(content: bytes) -> NoticeError:
    return NoticeError(
        "encodage",
        f"Les caractères ne sont pas en {_declared_encoding(content)} comme annoncé : enregistrez le fichier en UTF-8.",
    )


def _declared_encoding(content: bytes) -> str:
    match = re.match(rb"""[^<]{0,3}<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9._\-]{1,40})["']""", content)
    if match:
        return match.group(1).decode("ascii")
    return "UTF-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "UTF-8"


def _decodes(content: bytes) -> bool:
    """False when a byte is impossible in the declared encoding; a character cut by the end is no proof."""
    try:
        content.decode(_declared_encoding(content))
    except UnicodeDecodeError as error:
        return error.end >= len(content)
    except LookupError:
        return False
    return True


# --- reading by local name: namespaces differ from one version to the next -----------------------


def local_name(element: Element) -> str:
    """The tag without its namespace."""
    return etree.QName(element).localname


def children(element: Element | None, *path: str) -> Iterator[Element]:
    """The elements at ``path`` below ``element``, one local name a step; none if ``element`` is None."""
    if element is None:
        return
    if not path:
        yield element
        return
    for child in element.iterchildren(f"{{*}}{path[0]}"):
        yield from children(child, *path[1:])


def child(element: Element | None, *path: str) -> Element | None:
    """The first element at ``path``."""
    return next(children(element, *path), None)


def descendants(element: Element | None, *names: str) -> Iterator[Element]:
    """Every element below ``element`` that bears one of ``names``, in document order."""
    if element is not None:
        yield from element.iterdescendants(*(f"{{*}}{name}" for name in names))


def attribute(element: Element | None, name: str) -> str:
    """The attribute, or an empty text."""
    return "" if element is None else (element.get(name) or "").strip()


def raw_text(element: Element | None, *path: str) -> str:
    """The text of the first element at ``path``, blanks folded, for codes, dates and numbers."""
    found = child(element, *path)
    return "" if found is None else " ".join("".join(map(str, found.itertext())).split())
