"""Blocks: a firm asked for in a way we promise to bear always shares a key, however crowded the country."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.domain.blocking import STEPS, Place, keys, sigles_of
from matchmaker.domain.naming import understood
from tests.domain.test_naming import WORDS

CROWD = 10
GRENOBLE, VOIRON, NANTES = Place("38", "38185"), Place("38", "38563"), Place("44", "44109")
_TRADES = ["Nettoyage", "Bâtiment", "Transports", "Peinture", "Services", "Espaces verts", "Ambulances", "Menuiserie"]
_OWNERS = ["Dupont", "Martin", "Bernard", "Petit", "Lopez", "Muller", "Nguyen", "Faure", "Garnier", "Perrin"]


def _country(size: int = 3_000) -> list[tuple[str, Place]]:
    """Names of few words, so that words and pairs of words are crowded in one département."""
    rng = random.Random(7)
    found = []
    for rank in range(size):
        name = f"{rng.choice(_TRADES)} {rng.choice(_OWNERS)}"
        if rank % 3 == 0:
            name += f" {rng.choice(_TRADES)}"
        if rank % 7 == 0:
            name += f" {'bcdfgl'[rank % 6]}{'aeiou'[rank % 5]}{rank}"
        found.append((name, rng.choice([GRENOBLE, VOIRON, NANTES])))
    return found


def asked(text: str, *places: Place, crowded: frozenset[int] = frozenset(), counting: bool = False) -> set[int]:
    name = understood(text, WORDS)
    return keys([name.core], sigles_of([name]), places, crowded, counting=counting)


def _crowded(country: Iterable[tuple[str, Place]]) -> frozenset[int]:
    crowded: set[int] = set()
    for _ in range(STEPS):
        met = Counter(
            key for name, place in country for key in asked(name, place, crowded=frozenset(crowded), counting=True)
        )
        crowded |= {key for key, count in met.items() if count > CROWD}
    return frozenset(crowded)


COUNTRY = _country()
CROWDED = _crowded(COUNTRY)


def test_no_block_holds_more_firms_than_said() -> None:
    met = Counter(key for name, place in COUNTRY for key in asked(name, place, crowded=CROWDED))
    assert max(met.values()) <= CROWD


def test_narrowing_was_needed_here() -> None:
    assert len(CROWDED) > 100


def _misspelt(name: str) -> str:
    return name[:2] + name[3:]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (str.upper, "Régie de quartier du Luth"),
        (lambda name: f"SARL {name}", "Régie de quartier du Luth"),
        (_misspelt, "Régie de quartier du Luth"),
        (lambda name: name[:15], "Régie de quartier du Luth"),
        (lambda name: " ".join(name.split()[::-1]), "Collecterie Montreuilloise"),
        (lambda name: name.replace(" ", ""), "Gesco Loisirs"),
        (lambda _: "U.T.B.", "Union technique du bâtiment"),
        (lambda _: "Union technique du bâtiment", "UTB"),
    ],
    ids=["capitales", "forme", "une faute", "tronqué", "inversé", "collé", "sigle", "développé"],
)
@pytest.mark.parametrize("there", [GRENOBLE, VOIRON], ids=["même commune", "autre commune du département"])
def test_a_name_miswritten_still_meets_its_firm(said, name: str, there: Place) -> None:
    assert asked(said(name), there, crowded=CROWDED) & asked(name, GRENOBLE, crowded=CROWDED)


def test_without_a_place_a_rare_word_is_enough() -> None:
    assert asked("La Collecterie", crowded=CROWDED) & asked("Collecterie SARL", NANTES, crowded=CROWDED)


def test_several_possible_communes_all_count() -> None:
    assert asked("Petit", GRENOBLE, VOIRON, crowded=CROWDED) >= asked("Petit", VOIRON, crowded=CROWDED)


@given(st.sampled_from(COUNTRY))
def test_a_firm_asked_by_its_own_name_and_place_shares_all_its_keys(firm: tuple[str, Place]) -> None:
    """Brute force over a crowded country: where any key is left, none is lost on the way."""
    name, place = firm
    assert asked(name.upper(), place, crowded=CROWDED) == asked(name, place, crowded=CROWDED)


def test_keys_fit_an_integer_of_the_database() -> None:
    assert all(-(2**31) <= key < 2**31 for name, place in COUNTRY[:200] for key in asked(name, place))
