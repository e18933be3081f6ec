"""What linking looks up again and again, each remembered: weights of words, distances, towns, addresses."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import log

from geo.domain.codes import postcode, search_name
from geo.domain.distance import distance_km
from geo.domain.gazetteer import Gazetteer
from matchmaker.domain.blocking import token_number
from matchmaker.domain.naming import Lexicon, understood
from matchmaker.linknames import whole_commune

_COUNTRY = 2_300_000  # firms of the country the classifier was fitted in
_TOWNS = 30  # communes one postcode or one name may mean


def weights(counts: dict[int, int], firms: int) -> Callable[[str], float]:
    """Information of a word: the rarer among firms, the more it tells; one that is alone tells as much anywhere."""
    scale = log(_COUNTRY) / log(firms + 2) if firms else 1.0

    @lru_cache(maxsize=200_000)
    def weight(word: str) -> float:
        return scale * log((firms + 2) / (counts.get(token_number(word), 1) + 1))

    return weight


def distances(places: Gazetteer) -> Callable[[str, str], float | None]:
    @lru_cache(maxsize=200_000)
    def distance(one: str, other: str) -> float | None:
        ours, theirs = places.communes.get(one), places.communes.get(other)
        if ours is None or theirs is None or ours.point is None or theirs.point is None:
            return None
        return distance_km(ours.point, theirs.point)

    return distance


def towns(words: Lexicon, places: Gazetteer) -> Callable[[str], frozenset[str]]:
    @lru_cache(maxsize=50_000)
    def town(code: str) -> frozenset[str]:
        known = places.communes.get(code)
        return frozenset(understood(known.name, words).tokens) if known else frozenset()

    return town


def communes_meant(places: Gazetteer) -> Callable[[str, str, str], tuple[str, ...]]:
    """Whole communes an address may mean: one, or all that share its postcode or name."""

    @lru_cache(maxsize=50_000)
    def communes(code: str, zipcode: str, city: str) -> tuple[str, ...]:
        known = places.commune(code) if code else None
        if known:
            return (whole_commune(known.code, places),)
        found = places.locate(zipcode=zipcode, city=city) if city else None
        if found and found.commune:
            return (whole_commune(found.commune, places),)
        served = places.by_postcode.get(postcode(zipcode) or "", [])
        namesakes = places.by_name.get(search_name(city), []) if city and not postcode(zipcode) else []
        return tuple(dict.fromkeys(whole_commune(place.code, places) for place in served or namesakes))[:_TOWNS]

    return communes
