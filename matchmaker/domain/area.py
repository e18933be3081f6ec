"""Départements a firm declares it works in: where they are known of a lot, they decide of its reach, not its radius.

A firm that declared some is in reach of a lot of one of them however far it lies, and out of reach of a lot of any
other however near. A lot whose own département is not known (a region, places of several départements) is judged by the
radius, as for any firm.

    part of the score = max(curve(reach), floor / (1 + reach))        reach = road distance / (radius + uncertainty)

so that a nearer firm always ranks higher, and one that declared an area never higher than a firm as near without one
where the curve is above the floor. ``floor`` is the parameter ``distance.area_floor`` (an estimate).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

# Bit of each département in segments and lots: never reordered, add at the end. 128 at most.
DEPARTEMENTS: tuple[str, ...] = (
    *(f"{number:02}" for number in range(1, 20)), "2A", "2B", *(f"{number:02}" for number in range(21, 96)),
    "971", "972", "973", "974", "975", "976", "977", "978", "984", "986", "987", "988", "989",
)  # fmt: skip
_NUMBERS = {code: number for number, code in enumerate(DEPARTEMENTS)}
_HALF = 64
_LOW = 2**_HALF - 1


def bits(codes: Iterable[str]) -> tuple[int, int]:
    """Two words of 64 bits, one bit a département; codes that are none are left out."""
    whole = 0
    for code in codes:
        if code in _NUMBERS:
            whole |= 1 << _NUMBERS[code]
    return whole & _LOW, whole >> _HALF


def codes_of(low: int, high: int) -> tuple[str, ...]:
    """What :func:`bits` was given, in the order of the official code."""
    return tuple(code for number, code in enumerate(DEPARTEMENTS) if (low | high << _HALF) >> number & 1)


def in_order(codes: Iterable[str]) -> tuple[str, ...]:
    """Each département once, in the order of the official code; codes that are none are left out."""
    return codes_of(*bits(codes))


def covers(area: Collection[str], departement: str) -> bool | None:
    """Whether a declared area holds a lot; None when the radius decides: no area, or département not known."""
    if departement not in _NUMBERS or not any(code in _NUMBERS for code in area):
        return None
    return departement in area


def floor_at(reach: Any, floor: float) -> Any:
    """Least part of the score inside a declared area; falls with the distance, never to 0."""
    return floor / (1.0 + reach)


def nearness(by_radius: float, reach: float, inside: bool | None, floor: float) -> float:
    """The part of the score, ``by_radius`` being what the curve alone gives; 0 is out of reach."""
    if inside is None:
        return by_radius
    return max(by_radius, float(floor_at(reach, floor))) if inside else 0.0
