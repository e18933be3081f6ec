"""A way to split a need into lots: shapes that cover it exactly once, each in one piece on the map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from allotment.domain.need import Need, Place

MOST_LOTS = 12


@dataclass(frozen=True, slots=True)
class LotShape:
    """Some trades in some communes; ``permille`` where the volume of the same work is cut in several lots."""

    trades: frozenset[str]
    communes: frozenset[str]
    permille: int = 1000


def contiguous(communes: Collection[str], places: Sequence[Place]) -> bool:
    """Whether one can walk between any two of these communes without leaving them."""
    near = {place.commune: place.near for place in places}
    wanted = set(communes)
    if not wanted:
        return False
    reached, edge = set[str](), [min(wanted)]
    while edge:
        here = edge.pop()
        if here not in reached:
            reached.add(here)
            edge.extend(near.get(here, frozenset()) & wanted - reached)
    return reached == wanted


def objections(need: Need, shapes: Sequence[LotShape]) -> Iterator[str]:
    """Why these shapes are no split of the need, in French; nothing when they are one."""
    if not 1 <= len(shapes) <= MOST_LOTS:
        yield f"Un découpage compte de 1 à {MOST_LOTS} lots, pas {len(shapes)}."
    covered: Counter[tuple[str, str]] = Counter()
    for number, shape in enumerate(shapes, start=1):
        if not shape.trades or not shape.communes:
            yield f"Le lot {number} est vide : donnez-lui un métier et une commune."
        elif not contiguous(shape.communes, need.places):
            yield f"Le lot {number} est en plusieurs morceaux : ses communes doivent se toucher."
        for trade in shape.trades:
            covered.update({(trade, commune): shape.permille for commune in shape.communes})
    cells = {(one.trade, place.commune) for one in need.trades for place in need.places}
    missing = sum(covered[cell] < 1000 for cell in cells)
    twice = sum(covered[cell] > 1000 for cell in cells)
    if missing:
        yield f"{missing} couples métier et commune ne sont dans aucun lot, ou pas en entier."
    if twice:
        yield f"{twice} couples métier et commune sont dans plusieurs lots."
    if set(covered) - cells:
        yield "Un lot porte sur un métier ou une commune étrangers au besoin."


def amounts(need: Need, shapes: Sequence[LotShape]) -> list[dict[str, int]]:
    """Whole euros by trade of each lot, whole duration; over a split they add up exactly to the need.

    What rounding leaves goes, trade by trade, to the largest lots first.
    """
    weights = {place.commune: place.weight for place in need.places}
    total = 1000 * sum(weights.values())
    parts: list[dict[str, int]] = [{} for _ in shapes]
    for one in need.trades:
        sizes = [
            shape.permille * sum(weights[commune] for commune in shape.communes) if one.trade in shape.trades else 0
            for shape in shapes
        ]
        for part, size in zip(parts, sizes, strict=True):
            if size:
                part[one.trade] = one.amount_eur * size // total
        if sum(sizes) == total:
            left = one.amount_eur - sum(part.get(one.trade, 0) for part in parts)
            for index in sorted(range(len(shapes)), key=lambda index: -sizes[index])[:left]:
                parts[index][one.trade] += 1
    return parts
