"""How alike two organisations are: measures that a classifier weighs, each by its name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

Floats = NDArray[np.float64]

FEATURES = (
    "set",  # rapidfuzz token_set_ratio
    "sort",  # token_sort_ratio
    "jaro",  # Jaro-Winkler, words joined
    "ratio",  # of the words joined
    "shared",  # information (inverse document frequency) of the words in common, over that of all
    "covered",  # the same over the shorter name
    "evidence",  # information of the words in common
    "missing",  # information of the words sought that the firm lacks
    "extra",  # information of the words the firm adds
    "exact",
    "written",  # likeness of the names as written, legal form and noise words kept
    "sigle",
    "numbers",  # -1 when both hold numbers and none is in common
    "commune",
    "postcode",
    "departement",
    "elsewhere",  # another département
    "distance",  # log of the kilometres
    "placed",  # both places known
    "form",  # legal forms: 1 same family, -1 other
    "naf",  # 1 same code, 0.5 same division, -1 other
    "kind",  # inclusive kind: 1 same, -1 other
    "street",  # address: -1 .. 1, 0 unknown
    "active",
    "lead",  # how much better than the best of the other legal units
    "rivals",  # log of how many other legal units are as near
    "alone",  # the only legal unit of the commune, else of the département, whose name holds or is the one sought
)
CONTEXT = ("lead", "rivals", "alone")  # filled once all candidates of a name are measured
_NUMBER_OF = {name: place for place, name in enumerate(FEATURES)}
_NEAR_WORD = 80.0  # words as alike as this are one word misspelt
_TOLERANCE = 0.03
_COVERED = 0.95
_SAID_ALREADY = 0.25  # weight of a missing word that only names the town


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: what is sought, or a firm. Empty text means not known."""

    names: tuple[str, ...]  # reduced, words separated by spaces
    written: tuple[str, ...] = ()
    sigles: tuple[str, ...] = ()
    form: str = ""
    communes: tuple[str, ...] = ()  # several where only the postcode is known
    departement: str = ""
    postcode: str = ""
    town: frozenset[str] = frozenset()  # words of the town's name
    street: str = ""
    naf: str = ""
    kind: str = ""
    active: bool = True


Weight = Callable[[str], float]
Distance = Callable[[str, str], float | None]


def measure(
    pairs: Sequence[tuple[Side, Side]], weight: Weight, distance: Distance, texts: Floats | None = None
) -> Floats:
    """One row of :data:`FEATURES` a pair (sought, firm), context apart."""
    out = np.zeros((len(pairs), len(FEATURES)))
    if not pairs:
        return out
    out[:, :4] = alike([(sought.names, firm.names) for sought, firm in pairs]) if texts is None else texts
    for row, (sought, firm) in enumerate(pairs):
        *agreed, sigle, numbers = _words(sought, firm, weight)
        out[row, 4:13] = *agreed, _written(sought, firm), sigle, numbers
        out[row, 13:19] = _places(sought, firm, distance)
        out[row, 19:24] = (
            _agree(sought.form, firm.form),
            _naf(sought.naf, firm.naf),
            _agree(sought.kind, firm.kind),
            _street(sought.street, firm.street),
            1.0 if firm.active else 0.0,
        )
    return out


def alike(pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> Floats:
    """The four measures of texts, best over the names either side goes by."""
    ours: list[str] = []
    theirs: list[str] = []
    rows: list[int] = []
    for row, (sought, firm) in enumerate(pairs):
        for mine in sought:
            for other in firm:
                ours.append(mine)
                theirs.append(other)
                rows.append(row)
    best = np.zeros((len(pairs), 4))
    if not rows:
        return best
    joined = [text.replace(" ", "") for text in ours], [text.replace(" ", "") for text in theirs]
    measured = np.column_stack(
        [
            process.cpdist(ours, theirs, scorer=fuzz.token_set_ratio) / 100,
            process.cpdist(ours, theirs, scorer=fuzz.token_sort_ratio) / 100,
            process.cpdist(*joined, scorer=JaroWinkler.similarity),
            process.cpdist(*joined, scorer=fuzz.ratio) / 100,
        ]
    )
    np.maximum.at(best, np.array(rows, dtype=np.intp), measured)
    return best


def _written(sought: Side, firm: Side) -> float:
    return max((fuzz.ratio(mine, other) / 100 for mine in sought.written for other in firm.written), default=0.0)


def _words(sought: Side, firm: Side, weight: Weight) -> tuple[float, ...]:
    """Agreement of words, for the two names that agree most."""
    town = sought.town | firm.town
    best: tuple[float, ...] = (0.0,) * 6
    for mine in sought.names:
        for other in firm.names:
            found = _agreement(mine, other, town, weight)
            if found[:3] > best[:3]:
                best = found
    sigle = float(bool(set(sought.sigles) & set(firm.sigles)))
    return *best, sigle, _numbers(sought.names, firm.names)


def _agreement(mine: str, other: str, town: frozenset[str], weight: Weight) -> tuple[float, ...]:
    if mine == other:
        total = sum(map(weight, mine.split()))
        return 1.0, 1.0, min(total, 30.0), 0.0, 0.0, 1.0
    ours, theirs = set(mine.split()), set(other.split())
    common = ours & theirs
    left, right = sorted(ours - common), sorted(theirs - common)
    both = sum(map(weight, common))
    for word in list(left):
        if not right:
            break
        near = max(right, key=lambda known: (fuzz.ratio(word, known), known))
        likeness = fuzz.ratio(word, near)
        if likeness >= _NEAR_WORD and not word.isdigit():
            both += likeness / 100 * min(weight(word), weight(near))
            left.remove(word)
            right.remove(near)
    missing = sum(weight(word) * (_SAID_ALREADY if word in town else 1.0) for word in left)
    extra = sum(weight(word) * (_SAID_ALREADY if word in town else 1.0) for word in right)
    if missing and extra and "".join(sorted(left)) == "".join(sorted(right)):
        both, missing, extra = both + missing, 0.0, 0.0
    if not both:
        return 0.0, 0.0, 0.0, min(missing, 30.0), min(extra, 30.0), 0.0
    shared = both / (both + missing + extra)
    covered = both / (both + min(missing, extra))
    exact = float(mine.replace(" ", "") == other.replace(" ", ""))
    return shared, covered, min(both, 30.0), min(missing, 30.0), min(extra, 30.0), exact


def _numbers(mine: Iterable[str], other: Iterable[str]) -> float:
    ours = {word for name in mine for word in name.split() if word.isdigit()}
    theirs = {word for name in other for word in name.split() if word.isdigit()}
    if not ours or not theirs:
        return 0.0
    return 1.0 if ours & theirs else -1.0


def _places(sought: Side, firm: Side, distance: Distance) -> tuple[float, ...]:
    home = firm.communes[0] if firm.communes else ""
    commune = float(home != "" and home in sought.communes)
    postcode = float(firm.postcode != "" and firm.postcode == sought.postcode)
    known = sought.departement != "" and firm.departement != ""
    same = float(known and sought.departement == firm.departement)
    far = 0.0
    if home and sought.communes and not commune:
        kilometres = [km for place in sought.communes if (km := distance(place, home)) is not None]
        far = math.log1p(min(kilometres)) if kilometres else 0.0
    return commune, postcode, same, float(known) - same, far, float(known)


def _agree(mine: str, other: str) -> float:
    if not mine or not other:
        return 0.0
    return 1.0 if mine == other else -1.0


def _naf(mine: str, other: str) -> float:
    if not mine or not other:
        return 0.0
    if mine == other:
        return 1.0
    return 0.5 if mine[:2] == other[:2] else -1.0


def _street(mine: str, other: str) -> float:
    if not mine or not other:
        return 0.0
    return (fuzz.token_set_ratio(mine, other) - 50) / 50


def add_context(block: Floats, base: Floats, sirens: Sequence[str]) -> None:
    """Fill :data:`CONTEXT` of one name's candidates from a first score of each."""
    best: dict[str, float] = {}
    for siren, score in zip(sirens, base, strict=True):
        best[siren] = max(float(score), best.get(siren, -1.0))
    ranked = sorted(best.values(), reverse=True)
    covered = block[:, _NUMBER_OF["covered"]] >= _COVERED
    commune, departement = (covered & (block[:, _NUMBER_OF[place]] > 0) for place in ("commune", "departement"))
    here = commune if commune.any() else departement
    units = {siren for siren, so in zip(sirens, here, strict=True) if so}
    for row, siren in enumerate(sirens):
        mine = float(base[row])
        others = ranked[1] if best[siren] == ranked[0] and len(ranked) > 1 else ranked[0] if len(ranked) > 1 else 0.0
        block[row, _NUMBER_OF["lead"]] = mine - others
        near = sum(1 for score in best.values() if score >= mine - _TOLERANCE) - (best[siren] >= mine - _TOLERANCE)
        block[row, _NUMBER_OF["rivals"]] = math.log1p(near)
        block[row, _NUMBER_OF["alone"]] = float(here[row] and len(units) == 1)


def first_score(rows: Floats) -> Floats:
    """A fixed score, 0..1, that only ranks candidates and measures leads; the classifier judges."""
    value: Floats = rows @ _FIRST
    return value


_FIRST_WEIGHTS: Mapping[str, float] = {
    "set": 0.10,
    "sort": 0.15,
    "ratio": 0.10,
    "shared": 0.30,
    "covered": 0.10,
    "sigle": 0.05,
    "exact": 0.03,
    "written": 0.02,
    "numbers": 0.05,
    "commune": 0.10,
    "departement": 0.05,
    "postcode": 0.01,
    "street": 0.03,
    "naf": 0.02,
    "kind": 0.02,
    "form": 0.02,
    "distance": -0.02,
}
_FIRST: Floats = np.array([_FIRST_WEIGHTS.get(name, 0.0) for name in FEATURES])
