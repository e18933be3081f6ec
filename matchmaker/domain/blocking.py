"""Which firms are worth comparing with a name: those that share a key.

A key is a word, two words, the whole of a name, or its sigle. One that would gather too many firms is *crowded*: it is
narrowed to the département, then to the commune, and dropped where even that is crowded. So a block is small by
construction, and every narrowing can be read off one set. What helps against misspelling (the beginning and the end of
a name, a single word less one letter) is looked for in the commune alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from itertools import combinations
from zlib import crc32

from matchmaker.domain.naming import Name, is_sigle

_PAIRED_WORDS = 6  # pairs are made among so many words
_END = 5  # letters
_SHORT = range(4, 13)  # letters of a name of one word: misspelt, it is found by what is left without one letter


@dataclass(frozen=True, slots=True)
class Place:
    """Where; "" when not known. ``commune`` is a whole commune: Paris, not an arrondissement."""

    departement: str = ""
    commune: str = ""


def number(text: str) -> int:
    """A key as a signed 32-bit number, as PostgreSQL's integer. Two texts that meet only add a candidate."""
    return _signed(crc32(text.encode()))


def _signed(value: int) -> int:
    return (value ^ 0x80000000) - 0x80000000


def token_number(word: str) -> int:
    return number(f"w|{word}")


def keys(
    names: Iterable[str], sigles: Iterable[str], places: Iterable[Place], crowded: Set[int], *, counting: bool = False
) -> set[int]:
    """All keys of an organisation that may be in any of ``places`` under any of ``names`` (reduced).

    ``counting`` gives those of département and commune both, before it is known which are crowded.
    """
    where = [
        (f"|{place.departement}".encode(), f"|c|{place.commune}".encode()) for place in places if place.departement
    ]
    found: set[int] = set()

    def narrow(wide: int) -> None:
        for departement, commune in where:
            key = _signed(crc32(departement, wide))
            if counting or key not in crowded:
                found.add(key)
            if (
                (counting or key in crowded)
                and len(commune) > 3
                and (here := _signed(crc32(commune, wide))) not in crowded
            ):
                found.add(here)

    def near(wide: int) -> None:
        for _, commune in where:
            if len(commune) > 3 and (here := _signed(crc32(commune, wide))) not in crowded:
                found.add(here)

    def anywhere(wide: int) -> bool:
        if (key := _signed(wide)) in crowded:
            narrow(wide)
            return False
        found.add(key)
        return True

    for name in names:
        words = name.split()
        common = [word for word in words if not anywhere(crc32(f"w|{word}".encode()))]
        for one, other in combinations(sorted(common[:_PAIRED_WORDS]), 2):
            anywhere(crc32(f"p|{one}|{other}".encode()))
        joined = "".join(words)
        anywhere(crc32(f"j|{joined}".encode()))
        near(crc32(f"j|{joined}".encode()))
        if len(joined) > _END:
            near(crc32(f"b|{joined[:_END]}".encode()))
            near(crc32(f"e|{joined[-_END:]}".encode()))
        if len(words) == 1 and len(joined) in _SHORT:
            near(crc32(f"d|{joined}".encode()))
            for at in range(len(joined)):
                near(crc32(f"d|{joined[:at]}{joined[at + 1 :]}".encode()))
    for sigle in sigles:
        narrow(crc32(f"s|{sigle}".encode()))
    return found


def whole_name_keys(name: str, communes: Iterable[str]) -> list[int]:
    """Keys of firms of exactly this name (reduced) in these communes; made for every firm that :func:`keys` reads."""
    wide = crc32(f"j|{name.replace(' ', '')}".encode())
    return [_signed(crc32(f"|c|{commune}".encode(), wide)) for commune in communes]


STEPS = 3  # countings until every crowded key is known: words, then pairs of common words, then pairs by place


def sigles_of(names: Iterable[Name]) -> tuple[str, ...]:
    """What sigle each name is, or may be written as."""
    found = [sigle for name in names for sigle in ((name.joined,) if is_sigle(name) else name.initials)]
    return tuple(dict.fromkeys(found))
