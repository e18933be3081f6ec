"""Ways to make one split from another: cut a lot by trade, territory or volume, join two, move a border.

Each gives the new shapes, every lot in one piece, or raises :class:`SplitError` with a sentence that says what to do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from allotment.domain.need import Need, Place
from allotment.domain.split import MOST_LOTS, LotShape, contiguous, objections
from geo.domain.distance import distance_m
from geo.domain.point import Point

Shapes = tuple[LotShape, ...]


class SplitError(ValueError):
    """Ce changement ne donne pas un découpage ; le message dit pourquoi."""


def whole(need: Need) -> Shapes:
    """The need in one lot."""
    return (LotShape(frozenset(one.trade for one in need.trades), frozenset(place.commune for place in need.places)),)


def checked(need: Need, shapes: Iterable[LotShape]) -> Shapes:
    """The shapes, if they are a split of the need; raises :class:`SplitError` with the first objection."""
    found = tuple(shapes)
    for objection in objections(need, found):
        raise SplitError(objection)
    return found


def _replaced(need: Need, shapes: Sequence[LotShape], lot: int, parts: Sequence[LotShape]) -> Shapes:
    if len(shapes) + len(parts) - 1 > MOST_LOTS:
        raise SplitError(
            f"Ce changement ferait {len(shapes) + len(parts) - 1} lots ; un découpage en compte au plus {MOST_LOTS}."
        )
    return checked(need, (*shapes[:lot], *parts, *shapes[lot + 1 :]))


# ---------------------------------------------------------------- cutting one lot


def by_trade(need: Need, shapes: Sequence[LotShape], lot: int) -> Shapes:
    """One lot a trade, in the order of the need."""
    cut = shapes[lot]
    trades = [one.trade for one in need.trades if one.trade in cut.trades]
    if len(trades) < 2:
        raise SplitError("Ce lot ne porte que sur un métier : découpez-le par territoire ou par volume.")
    return _replaced(need, shapes, lot, [replace(cut, trades=frozenset({trade})) for trade in trades])


def by_zone(need: Need, shapes: Sequence[LotShape], lot: int, zones: Mapping[str, str]) -> Shapes:
    """One lot a zone (EPCI, bassin), by the code of each commune's; a zone in several pieces gives as many lots."""
    cut = shapes[lot]
    groups: dict[str, set[str]] = {}
    for commune in sorted(cut.communes):
        groups.setdefault(zones.get(commune, ""), set()).add(commune)
    pieces = [piece for _, group in sorted(groups.items()) for piece in pieces_of(group, need.places)]
    if len(pieces) < 2:
        raise SplitError("Toutes les communes de ce lot sont dans la même zone : choisissez un autre zonage.")
    return _replaced(need, shapes, lot, [replace(cut, communes=frozenset(piece)) for piece in pieces])


def by_volume(need: Need, shapes: Sequence[LotShape], lot: int, parts: int) -> Shapes:
    """The same work in lots of equal amounts: several holders side by side."""
    _several(parts)
    cut = shapes[lot]
    if cut.permille < parts:
        raise SplitError("Ce lot est déjà trop petit pour être encore découpé par volume.")
    each, more = divmod(cut.permille, parts)
    return _replaced(need, shapes, lot, [replace(cut, permille=each + (rank < more)) for rank in range(parts)])


def by_parts(need: Need, shapes: Sequence[LotShape], lot: int, parts: int) -> Shapes:
    """Parts in one piece of about equal amounts."""
    _several(parts)
    cut = shapes[lot]
    if len(cut.communes) < parts:
        raise SplitError(f"Ce lot ne compte que {len(cut.communes)} communes : demandez moins de parties.")
    inside = [place for place in need.places if place.commune in cut.communes]
    return _replaced(need, shapes, lot, [replace(cut, communes=frozenset(part)) for part in _balanced(inside, parts)])


def _several(parts: int) -> None:
    if not 2 <= parts <= MOST_LOTS:
        raise SplitError(f"Demandez de 2 à {MOST_LOTS} parties.")


# ---------------------------------------------------------------- joining, moving


def joined(need: Need, shapes: Sequence[LotShape], one: int, other: int) -> Shapes:
    """Two lots as one: the same trades side by side, the same communes, or two volumes of the same work."""
    if one == other:
        raise SplitError("Choisissez deux lots différents à réunir.")
    first, second = sorted((one, other))
    a, b = shapes[first], shapes[second]
    if a.trades == b.trades and a.communes == b.communes:
        together = replace(a, permille=a.permille + b.permille)
    elif a.trades == b.trades and a.permille == b.permille:
        together = replace(a, communes=a.communes | b.communes)
    elif a.communes == b.communes and a.permille == b.permille:
        together = replace(a, trades=a.trades | b.trades)
    else:
        raise SplitError(
            f"Les lots {first + 1} et {second + 1} ne portent ni sur les mêmes métiers ni sur les mêmes communes : "
            "ils ne peuvent pas être réunis."
        )
    if not contiguous(together.communes, need.places):
        raise SplitError(f"Les lots {first + 1} et {second + 1} ne se touchent pas : ils ne peuvent pas être réunis.")
    rest = [shape for place, shape in enumerate(shapes) if place not in (first, second)]
    return checked(need, (*rest[:first], together, *rest[first:]))


def moved(need: Need, shapes: Sequence[LotShape], moves: Mapping[str, tuple[int, int]]) -> Shapes:
    """Communes taken from one lot and given to another of the same trades: ``moves`` is commune to (from, to).

    A lot left without any commune goes.
    """
    left = [set(shape.communes) for shape in shapes]
    for commune, (giver, taker) in moves.items():
        if commune not in left[giver]:
            raise SplitError("Cette commune n'est plus dans ce lot : rechargez la page.")
        if not alike(shapes[giver], shapes[taker]):
            raise SplitError(
                f"Les lots {giver + 1} et {taker + 1} ne portent pas sur les mêmes métiers, ou partagent un volume : "
                "une commune ne passe qu'entre lots des mêmes métiers."
            )
        left[giver].discard(commune)
        left[taker].add(commune)
    for number, (before, communes) in enumerate(zip(shapes, left, strict=True), start=1):
        if communes and communes != before.communes and not contiguous(communes, need.places):
            raise SplitError(
                f"Le lot {number} serait en plusieurs morceaux : ses communes doivent se toucher. "
                "Déplacez d'abord celles qui les sépareraient."
            )
    return checked(
        need, (replace(shape, communes=frozenset(kept)) for shape, kept in zip(shapes, left, strict=True) if kept)
    )


def alike(one: LotShape, other: LotShape) -> bool:
    """Whether a commune may pass from one to the other: same trades, all of the volume."""
    return one.trades == other.trades and one.permille == other.permille == 1000


def takers(need: Need, shapes: Sequence[LotShape]) -> dict[tuple[int, str], tuple[int, ...]]:
    """By lot and commune on its border, the lots it touches that could take it, each side staying in one piece."""
    near = {place.commune: place.near for place in need.places}
    found: dict[tuple[int, str], tuple[int, ...]] = {}
    for giver, shape in enumerate(shapes):
        sides = [(place, other) for place, other in enumerate(shapes) if place != giver and alike(shape, other)]
        for commune in shape.communes if sides else ():
            touched = tuple(place for place, other in sides if near[commune] & other.communes)
            if touched and (len(shape.communes) == 1 or contiguous(shape.communes - {commune}, need.places)):
                found[giver, commune] = touched
    return found


# ---------------------------------------------------------------- pieces and parts of a territory


def pieces_of(communes: Collection[str], places: Sequence[Place]) -> list[set[str]]:
    """The connected pieces of some communes, by their first code."""
    near = {place.commune: place.near for place in places}
    left, pieces = set(communes), []
    while left:
        edge, piece = [min(left)], set[str]()
        while edge:
            here = edge.pop()
            if here not in piece:
                piece.add(here)
                edge.extend(near[here] & left - piece)
        pieces.append(piece)
        left -= piece
    return pieces


def _balanced(places: Sequence[Place], parts: int) -> list[set[str]]:
    """Parts in one piece of about equal weight: seeds far apart, the lightest grows around its own, then borders move.

    A heuristic, deterministic. ``places`` are in one piece and at least as many as parts.
    """
    known = {place.commune: place for place in places}
    near = {code: place.near & known.keys() for code, place in known.items()}
    centre = max(places, key=lambda place: (place.weight, place.commune))
    seeds = [max(places, key=lambda place: (distance_m(centre.point, place.point), place.commune)).commune]
    while len(seeds) < parts:
        seeds.append(max(known.keys() - set(seeds), key=lambda code: (_apart(known[code].point, seeds, known), code)))
    found = {seed: {seed} for seed in seeds}
    free = known.keys() - set(seeds)
    while free:
        growing = [seed for seed, part in found.items() if any(near[code] & free for code in part)]
        seed = min(growing, key=lambda seed: (_weight(found[seed], known), seed))
        edge = {other for code in found[seed] for other in near[code] & free}
        taken = min(edge, key=lambda code: (distance_m(known[code].point, known[seed].point), code))
        found[seed].add(taken)
        free = free - {taken}
    parts_found = list(found.values())
    _levelled(parts_found, known, near)
    return sorted(parts_found, key=min)


def _levelled(parts: list[set[str]], known: Mapping[str, Place], near: Mapping[str, frozenset[str]]) -> None:
    """Move single border communes as long as the sum of squared weights falls, the best move first."""
    places = list(known.values())
    weights = [_weight(part, known) for part in parts]
    for _turn in range(len(known)):
        moves = sorted(
            (-gain, code, giver, taker)
            for giver, part in enumerate(parts)
            for taker, other in enumerate(parts)
            if taker != giver and len(part) > 1 and weights[giver] > weights[taker]
            for code in part
            if (gain := known[code].weight * (weights[giver] - known[code].weight - weights[taker])) > 0
            and not near[code].isdisjoint(other)
        )
        best = next((move for move in moves if contiguous(parts[move[2]] - {move[1]}, places)), None)
        if best is None:
            return
        _gain, code, giver, taker = best
        parts[giver].discard(code)
        parts[taker].add(code)
        weights[giver] -= known[code].weight
        weights[taker] += known[code].weight


def _apart(point: Point, codes: Iterable[str], known: Mapping[str, Place]) -> float:
    """Metres to the nearest of some communes."""
    return min(distance_m(point, known[code].point) for code in codes)


def _weight(codes: Iterable[str], known: Mapping[str, Place]) -> int:
    return sum(known[code].weight for code in codes)
