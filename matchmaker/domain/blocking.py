"""Which firms are worth comparing with a name: those that share a key.

A key is a word, two words, the beginning, the end or the whole of a name, or its sigle. One that would gather too
many firms is *crowded*: it is narrowed to the département, then to the commune, and dropped where even that is
crowded. So a block is small by construction, and every narrowing can be read off one set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from itertools import combinations
from zlib import crc32

from matchmaker.domain.naming import Name, is_sigle

_PAIRED_WORDS = 6  # pairs are made among so many words
_END = 5  # letters


@dataclass(frozen=True, slots=True)
class Place:
    """Where; "" when not known. ``commune`` is a whole commune: Paris, not an arrondissement."""

    departement: str = ""
    commune: str = ""


def number(*parts: str) -> int:
    """A key as a signed 32-bit number, as PostgreSQL's integer. Two texts that meet only add a candidate."""
    value = crc32("|".join(parts).encode())
    return value - (1 << 32) if value >= 1 << 31 else value


def token_number(word: str) -> int:
    return number("w", word)


def keys(
    names: Iterable[str], sigles: Iterable[str], places: Iterable[Place], crowded: Set[int], *, counting: bool = False
) -> set[int]:
    """All keys of an organisation that may be in any of ``places`` under any of ``names`` (reduced).

    ``counting`` gives those of département and commune both, before it is known which are crowded.
    """
    narrow = _Narrow(tuple(places), crowded, counting)
    found: set[int] = set()
    for name in names:
        common: list[str] = []
        for word in name.split():
            key = token_number(word)
            if key in crowded:
                common.append(word)
                found.update(narrow("w", word))
            else:
                found.add(key)
        for pair in combinations(sorted(common[:_PAIRED_WORDS]), 2):
            found.update(narrow.anywhere("p", *pair))
        joined = name.replace(" ", "")
        found.update(narrow.anywhere("j", joined))
        if len(joined) > _END:
            found.update(narrow("b", joined[:_END]))
            found.update(narrow("e", joined[-_END:]))
    for sigle in sigles:
        found.update(narrow("s", sigle))
    return found


STEPS = 3  # countings until every crowded key is known: words, then pairs of common words, then pairs by place


def sigles_of(names: Iterable[Name]) -> tuple[str, ...]:
    """What sigle each name is, or may be written as."""
    found = [sigle for name in names for sigle in ((name.joined,) if is_sigle(name) else name.initials)]
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class _Narrow:
    where: tuple[Place, ...]
    crowded: Set[int]
    counting: bool

    def anywhere(self, *parts: str) -> Iterator[int]:
        key = number(*parts)
        if key in self.crowded:
            yield from self(*parts)
        else:
            yield key

    def __call__(self, *parts: str) -> Iterator[int]:
        for place in self.where:
            if not place.departement:
                continue
            key = number(*parts, place.departement)
            here = number(*parts, "c", place.commune) if place.commune else key
            if self.counting:
                yield from (key, here)
            elif key not in self.crowded:
                yield key
            elif here not in self.crowded:
                yield here
