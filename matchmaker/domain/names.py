"""The names by which publications know their procedure, spelled one way whatever the source.

A notice goes by its own names; it refers to earlier notices by theirs. ``meeting_points`` are coarser: two calls
that share none cannot be twins, so that looking for twins costs one indexed read.
"""

from __future__ import annotations

import re
from datetime import date

from geo.domain.codes import search_name
from matchmaker.domain.notice import UNKNOWN_BUYER, Buyer, Notice, NoticeKind

_OJ = re.compile(r"ted-oj:(\d{4})/S\s*\d+-0*(\d+)", re.IGNORECASE)
_TED = re.compile(r"ted:0*(\d+)-(\d{4})", re.IGNORECASE)
_EFORMS = re.compile(r"eforms:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-\d{2})?", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
LONGEST = 200


def spelled(name: str) -> str:
    """``ted-oj:2018/S 012-023456`` and ``ted:023456-2018`` are one; a version of an eForms notice is the notice."""
    name = " ".join(name.split())
    if match := _OJ.fullmatch(name):
        return f"ted:{match[2]}-{match[1]}"
    if match := _TED.fullmatch(name):
        return f"ted:{match[1]}-{match[2]}"
    if match := _EFORMS.fullmatch(name):
        return f"eforms:{match[1].lower()}"
    return name[:LONGEST]


def names(notice: Notice) -> frozenset[str]:
    """Two publications that share one belong to one procedure.

    A folder number counts with the buyer only: some software gives one number to everybody's notices.
    """
    own = {spelled(f"{notice.source}:{notice.id}"), *map(spelled, notice.aliases)}
    folder = notice.procedure_id.strip().lower()
    if folder and notice.source == "ted":
        return frozenset(own)  # there it is the number of the notice, or of the one referred to
    if folder:
        prefix = "folder" if _UUID.fullmatch(folder) else f"folder {notice.source}"
        own |= {f"{prefix}:{folder} {buyer}"[:LONGEST] for buyer in buyer_names(notice.buyer)}
    return frozenset(own)


def references(notice: Notice) -> frozenset[str]:
    """The earlier notices this one speaks of."""
    told = set(map(spelled, notice.refers_to))
    if notice.source == "ted" and notice.procedure_id:
        told.add(spelled(f"ted:{notice.procedure_id}"))
    return frozenset(told) - names(notice)


def buyer_names(buyer: Buyer) -> list[str]:
    """A buyer is one when its SIREN or its name is."""
    return [text for text in (buyer.national_id[:9], search_name(buyer.name)[:80]) if text]


def meeting_points(notice: Notice) -> frozenset[str]:
    """The buyer on the day of the deadline: where twins meet. Only calls have any."""
    day = deadline_day(notice)
    if notice.kind is not NoticeKind.CONTRACT or day is None:
        return frozenset()
    unknown = search_name(UNKNOWN_BUYER)  # nobody's name: two such notices may be anybody's
    return frozenset(f"{day} {buyer}" for buyer in buyer_names(notice.buyer) if buyer != unknown)


def deadline_day(notice: Notice) -> date | None:
    """The first day on which a lot closes."""
    return min((lot.deadline.date() for lot in notice.lots if lot.deadline), default=None)
