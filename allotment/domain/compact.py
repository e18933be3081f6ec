"""The shapes a lot may take: compact sets of communes in one piece, and unions of a few large cells of the territory.

Small lots: connected sets of at most so many communes, none farther apart than so many kilometres: as far as the limit
on the number of sets allows. Large lots: connected unions of a dozen cells that the territory is gathered into, the
whole included. "Optimal" is meant among these shapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from allotment.domain import subsets
from allotment.domain.need import Need, Place
from consortia.domain.engine import engine
from geo.domain.distance import distance_m

Ints = NDArray[np.int64]

MOST_CELLS = 56  # bits of a set beside what counts lots; a larger territory is first gathered into so many cells
REGIONS = 11  # of which large lots are unions: 2^11 at most
MOST_COMMUNES = 12  # of a small lot
MOST_KM = 30.0
MOST_SHAPES = 12_000
NARROWER = 0.95  # of the distance, until there are no more sets than that


@dataclass(frozen=True)
class Shapes:
    """``cells``: the communes of each bit, numbered along the territory. ``sets`` by bits, without repetition, with
    their cells one after the other (``inside``) and where each starts. ``communes``: the most of a small lot."""

    cells: tuple[tuple[str, ...], ...]
    near: Ints
    sets: Ints
    inside: Ints
    start: Ints
    communes: int
    km: float

    @property
    def whole(self) -> int:
        return (1 << len(self.cells)) - 1

    def codes(self, held: int) -> frozenset[str]:
        return frozenset(code for bit, cell in enumerate(self.cells) if held >> bit & 1 for code in cell)

    def bits(self, codes: frozenset[str]) -> int:
        """The set of these communes; a cell counts when all its communes are among them."""
        return sum(1 << bit for bit, cell in enumerate(self.cells) if codes.issuperset(cell))


def shapes(need: Need, *, most_km: float = MOST_KM, most: int = MOST_COMMUNES, limit: int = MOST_SHAPES) -> Shapes:
    """Those of a need."""
    known = {place.commune: place for place in need.places}
    cells = _along(gathered(need.places, MOST_CELLS), known)
    near = _touching(cells, known)
    compiled = engine(subsets)
    km, most = most_km, min(most, len(cells))
    small = compiled.connected(near, _apart(cells, known, km), most, limit + 1)
    while len(small) > limit:
        km *= NARROWER
        small = compiled.connected(near, _apart(cells, known, km), most, limit + 1)
    sets = np.union1d(small, _unions(cells, need.places, near))
    inside, start = compiled.members(sets)
    return Shapes(cells, near, sets, inside, start, most, km)


def only(known: Shapes, sets: Ints) -> Shapes:
    """The same territory with these sets alone."""
    inside, start = engine(subsets).members(sets)
    return replace(known, sets=sets, inside=inside, start=start)


def gathered(places: Sequence[Place], most: int) -> list[tuple[str, ...]]:
    """The communes in ``most`` cells of one piece: the lightest cell joins the lightest it touches, again and again."""
    weight = {place.commune: place.weight for place in places}
    near = {place.commune: set(place.near & weight.keys()) for place in places}
    cells: dict[str, tuple[str, ...]] = {code: (code,) for code in weight}
    while len(cells) > most:
        joinable = [code for code in cells if near[code]]
        if not joinable:
            break
        one = min(joinable, key=lambda code: (weight[code], code))
        other = min(near[one], key=lambda code: (weight[code], code))
        cells[other] += cells.pop(one)
        weight[other] += weight.pop(one)
        for code in near.pop(one):
            near[code].discard(one)
            if code != other:
                near[code].add(other)
                near[other].add(code)
    return [tuple(sorted(cell)) for cell in cells.values()]


def _along(cells: Sequence[tuple[str, ...]], known: Mapping[str, Place]) -> tuple[tuple[str, ...], ...]:
    """Numbered from one end of the territory to the other: what is parted from one end leaves few sorts of rest."""
    metres = np.array([known[cell[0]].point.metres() for cell in cells])
    axis = int(np.argmax(np.ptp(metres, axis=0)))
    return tuple(
        cells[place] for place in sorted(range(len(cells)), key=lambda place: (metres[place, axis], cells[place]))
    )


def _touching(cells: Sequence[tuple[str, ...]], known: Mapping[str, Place]) -> Ints:
    at = {code: bit for bit, cell in enumerate(cells) for code in cell}
    near = [0] * len(cells)
    for bit, cell in enumerate(cells):
        for code in cell:
            for other in known[code].near:
                if at.get(other, bit) != bit:
                    near[bit] |= 1 << at[other]
                    near[at[other]] |= 1 << bit
    return np.array(near, dtype=np.int64)


def _apart(cells: Sequence[tuple[str, ...]], known: Mapping[str, Place], km: float) -> Ints:
    """Which cells are too far from each, some commune from some commune."""
    far = [0] * len(cells)
    for bit, cell in enumerate(cells):
        for other in range(bit):
            widest = max(distance_m(known[one].point, known[two].point) for one in cell for two in cells[other])
            if widest > 1000 * km:
                far[bit] |= 1 << other
                far[other] |= 1 << bit
    return np.array(far, dtype=np.int64)


def _unions(cells: Sequence[tuple[str, ...]], places: Sequence[Place], near: Ints) -> Ints:
    """Connected unions of the large cells, as bits of the small ones."""
    bit_of = {code: bit for bit, cell in enumerate(cells) for code in cell}
    merged = _regions(cells, places, bit_of)
    touching = [
        sum(1 << other for other, held in enumerate(merged) if held != one and _touch(one, held, near))
        for one in merged
    ]
    groups = engine(subsets).connected(
        np.array(touching, dtype=np.int64), np.zeros(len(merged), dtype=np.int64), len(merged), 1 << len(merged)
    )
    return np.array(
        [sum(held for rank, held in enumerate(merged) if group >> rank & 1) for group in groups.tolist()],
        dtype=np.int64,
    )


def _regions(cells: Sequence[tuple[str, ...]], places: Sequence[Place], bit_of: Mapping[str, int]) -> list[int]:
    """Cells of the territory as bits; each gathers whole small cells."""
    weight = {place.commune: place.weight for place in places}
    inner = [
        Place(
            cell[0],
            next(place.point for place in places if place.commune == cell[0]),
            sum(weight[code] for code in cell),
            frozenset(
                cells[bit_of[other]][0]
                for place in places
                if place.commune in cell
                for other in place.near & bit_of.keys()
            )
            - {cell[0]},
        )
        for cell in cells
    ]
    return [sum(1 << bit_of[code] for code in region) for region in gathered(inner, REGIONS)]


def _touch(one: int, other: int, near: Ints) -> bool:
    return any(one >> bit & 1 and int(near[bit]) & other for bit in range(len(near)))
