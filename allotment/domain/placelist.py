"""Communes read from a list that someone pastes: names or INSEE codes, one a line, forgivingly."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from geo.domain.codes import search_name
from geo.domain.gazetteer import Gazetteer, KnownCommune

NEAR_ENOUGH = 88.0  # two names further apart than this are two names
SUGGESTED = 3
_SEPARATORS = re.compile(r"[\n\r;\t]+|,(?!\d)")
_BULLET = re.compile(r"^[\s\-–•*·\"'«]+|[\s\"'».]+$")
_CODE = re.compile(r"(?<![0-9A-Za-z])(\d{5}|\d{4}|2[ABab]\d{3})(?![0-9A-Za-z])")
_DEPARTEMENT = re.compile(r"\(\s*(\d{2,3}|2[AB])\s*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unread:
    """An entry that was not understood, with the communes it may mean."""

    entry: str
    perhaps: tuple[KnownCommune, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceList:
    codes: tuple[str, ...]  # current communes, in the order given, each once
    unread: tuple[Unread, ...]


def read_places(text: str, known: Gazetteer) -> PlaceList:
    """Entries are parted by lines, semicolons, tabs or commas. A name that several communes bear is the one of the
    département that most other entries are in, when only one bears it there."""
    entries = [entry for part in _SEPARATORS.split(text) if (entry := _BULLET.sub("", part))]
    choices = [_choices(entry, known) for entry in entries]
    sure = Counter(found[0].departement for found in choices if len(found) == 1)
    codes: dict[str, None] = {}
    unread = []
    for entry, found in zip(entries, choices, strict=True):
        chosen = _one_of(found, sure)
        if chosen is None:
            unread.append(Unread(entry, tuple(found[:SUGGESTED]) or _suggestions(entry, known)))
        else:
            codes[chosen.code] = None
    return PlaceList(tuple(codes), tuple(unread))


def _one_of(found: list[KnownCommune], sure: Counter[str]) -> KnownCommune | None:
    if len(found) < 2:
        return found[0] if found else None
    most = max((sure[one.departement] for one in found), default=0)
    best = [one for one in found if sure[one.departement] == most]
    return best[0] if most and len(best) == 1 else None


def _choices(entry: str, known: Gazetteer) -> list[KnownCommune]:
    """The current communes an entry may mean: by its INSEE code, its postcode and name, or its name."""
    code = _CODE.search(entry)
    name = search_name(_CODE.sub(" ", _DEPARTEMENT.sub(" ", entry)))
    within = _DEPARTEMENT.search(entry)
    if code:
        exact = known.commune(code.group(1))
        if exact and (not name or name in exact.search_name or exact.search_name in name):
            return _current([exact], known)
        pool = known.by_postcode.get(code.group(1).zfill(5), [])
        if name:
            return _current((one for one in pool if one.search_name == name), known)
        return _current(pool, known)
    found = known.by_name.get(name, []) if name else []
    if within:
        found = [one for one in found if one.departement == within.group(1).upper()]
    current = [one for one in found if one.current]
    return _current(current or found, known)


def _current(found: Iterable[KnownCommune], known: Gazetteer) -> list[KnownCommune]:
    """A commune that became part of another stands for that one."""
    parents = (one if one.current else known.communes.get(one.parent) for one in found)
    return list({one.code: one for one in parents if one and one.current}.values())


def _suggestions(entry: str, known: Gazetteer) -> tuple[KnownCommune, ...]:
    """Communes whose name is nearly that."""
    name = search_name(_CODE.sub(" ", entry))
    near = process.extract(name, known.by_name.keys(), scorer=fuzz.ratio, limit=SUGGESTED, score_cutoff=NEAR_ENOUGH)
    return tuple(_current((one for spelt, _, _ in near for one in known.by_name[spelt]), known)[:SUGGESTED])
