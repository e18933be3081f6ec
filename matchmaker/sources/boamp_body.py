"""What the national forms of the BOAMP share: the body once read, and small readings of folded trees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from matchmaker.domain.notice import Buyer, Change, LotAward, NoticeKind, NoticeLot
from matchmaker.sources import clauses, fields
from matchmaker.sources.xml import Element, attribute, child, children, local_name, raw_text

_CEDEX = re.compile(r"\s+c[ée]dex.*$", re.IGNORECASE)
WHOLE = "Ensemble de l'avis"
# Where contact points, courts and the like stand: their texts are never read.
_NOT_READ = frozenset(
    {
        "tel", "fax", "mel", "poste", "contact", "correspondant", "correspondantprm", "coord", "communication",
        "adressescomplementaires", "proceduresrecoursprecisions", "identite", "organisme", "nomcontact",
        "adressemailcontact", "telcontact", "urlprofilach", "urldocconsul", "membrejury",
    }
)  # fmt: skip


@dataclass(slots=True)
class Body:
    """A national form, read. Lists fill up on the way."""

    buyer: Buyer
    title: str = ""
    description: str = ""
    kind: NoticeKind | None = None
    nature: str = ""
    procedure: str = ""
    lots: list[NoticeLot] = field(default_factory=list)
    awards: list[LotAward] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    refers_to: list[str] = field(default_factory=list)
    cancelled: bool = False
    max_lots_bid: int | None = None
    max_lots_won: int | None = None
    exclusive_grouping: bool | None = None
    warnings: list[str] = field(default_factory=list)


def first(element: Element | None, *paths: str) -> str:
    """The first text that is not empty at one of ``paths`` ("codecpv/objetprincipal"), tidied."""
    for path in paths:
        for found in children(element, *path.split("/")):
            if text := fields.tidy("\n".join(map(str, found.itertext()))):
                return text
    return ""


def code(element: Element | None, *paths: str) -> str:
    """Like :func:`first`, on one line: for codes, numbers and dates."""
    return next(filter(None, (raw_text(element, *path.split("/")) for path in paths)), "")


def town(element: Element | None) -> str:
    """VILLE without its CEDEX, which is no place."""
    return _CEDEX.sub("", code(element, "ville"))


def every(element: Element | None, *paths: str) -> list[str]:
    """All texts at ``paths``, in their order."""
    return [text for path in paths for found in children(element, *path.split("/")) if (text := raw_text(found))]


def has(element: Element | None, *paths: str) -> bool:
    """Whether one of ``paths`` is there: an enumeration is an empty element."""
    return any(child(element, *path.split("/")) is not None for path in paths)


def names_under(element: Element | None, *path: str) -> list[str]:
    """The names of the elements below ``path``: how an enumeration is written."""
    return [local_name(item) for holder in children(element, *path) for item in holder.iterchildren("{*}*")]


def prose(element: Element | None) -> Iterator[str]:
    """Every text below that may be shown: contact points, courts and addresses are left out."""
    if element is None or local_name(element) in _NOT_READ:
        return
    if element.text and (text := fields.tidy(element.text)):
        yield text
    for item in element.iterchildren("{*}*"):
        yield from prose(item)


def amount(element: Element | None, label: str, warnings: list[str], *paths: str) -> int | None:
    """The first usable amount at ``paths``; without a currency it is in euros."""
    for path in paths:
        for found in children(element, *path.split("/")):
            currency = attribute(found, "DEVISE") or attribute(found, "devise") or "EUR"
            value = fields.amount_eur(_figure(raw_text(found)), currency, label, warnings)
            if value is not None:
                return value
    return None


def _figure(text: str) -> str:
    """``38 820,00 € HT`` without its unit."""
    return re.sub(r"\s*(?:€|euros?|eur)\b.*$", "", text, flags=re.IGNORECASE).replace("€", "").replace("\u202f", "")


def duration(element: Element | None, label: str, warnings: list[str], *names: tuple[str, str]) -> int | None:
    """Whole months from the first of ``names`` (path, unit) that is there."""
    for path, unit in names:
        if value := code(element, path):
            return fields.duration_months(value, unit, label, warnings)
    return None


def exclusive(texts: Iterable[str]) -> bool | None:
    return clauses.exclusive_grouping(" ".join(texts))
