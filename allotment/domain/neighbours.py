"""Which communes of a territory touch, with islands tied to their nearest so that it can still be split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from geo.domain.distance import distance_m
from geo.domain.point import Point


def joined(points: Mapping[str, Point], touching: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Neighbours of each commune: those it touches, and the fewest nearest ties that make one piece of the whole.

    Pieces are tied as a least spanning tree would (Kruskal), between their nearest communes; ties by code. Symmetric.
    """
    near: dict[str, set[str]] = {code: set() for code in points}
    root = {code: code for code in points}
    for one, other in touching:
        if one != other and one in near and other in near:
            _tie(one, other, near, root)
    if len({_top(root, code) for code in root}) > 1:
        for _metres, one, other in _gaps(points, root):
            if _top(root, one) != _top(root, other):
                _tie(one, other, near, root)
    return {code: frozenset(others) for code, others in near.items()}


def _gaps(points: Mapping[str, Point], root: dict[str, str]) -> list[tuple[float, str, str]]:
    """Pairs of communes of different pieces, nearest first."""
    codes = sorted(points)
    return sorted(
        (distance_m(points[one], points[other]), one, other)
        for place, one in enumerate(codes)
        for other in codes[place + 1 :]
        if _top(root, one) != _top(root, other)
    )


def _tie(one: str, other: str, near: dict[str, set[str]], root: dict[str, str]) -> None:
    near[one].add(other)
    near[other].add(one)
    root[_top(root, one)] = _top(root, other)


def _top(root: dict[str, str], code: str) -> str:
    while root[code] != code:
        root[code] = root[root[code]]
        code = root[code]
    return code
