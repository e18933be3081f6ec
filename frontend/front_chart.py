"""The front of proposals as numbers that a template draws in SVG: what is reached by number of lots. Pure: no query."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from allotment.domain.optimise import Answer, Point
from frontend import words

WIDTH, HEIGHT = 460, 250
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 16, 208


@dataclass(frozen=True, slots=True)
class Dot:
    """``share`` of the amount (or of the hours' value over it), 0..1; ``bound`` likewise, as drawn at ``bound_y``."""

    x: float
    y: float
    bound_y: float
    point: Point
    share: float
    bound: float
    value_eur: int
    best: bool


@dataclass(frozen=True, slots=True)
class Front:
    width: int
    height: int
    left: int
    right: int
    bottom: int
    line: str
    dots: list[Dot]
    ticks: list[tuple[float, str]]


def front(answer: Answer) -> Front:
    """Only points that bring more than fewer lots do: the others are the same split."""
    kept = [point for point in answer.front if len(point.parts) == point.lots]
    best, most = answer.best, max(1, answer.wish.most_lots)
    top = ceil(10 * max([0.01, *(point.bound_eur / answer.amount_eur for point in kept)])) / 10

    def y(share: float) -> float:
        return BOTTOM - min(1.0, share / top) * (BOTTOM - TOP)

    dots = []
    for point in kept:
        x = LEFT + (point.lots - 0.5) / most * (WIDTH - LEFT - RIGHT)
        share, bound = point.gain_eur / answer.amount_eur, point.bound_eur / answer.amount_eur
        is_best = point.parts == best.parts
        dots.append(Dot(x, y(share), y(bound), point, share, bound, answer.value_eur(point), is_best))
    line = " ".join(f"{dot.x:.1f},{dot.y:.1f}" for dot in dots)
    ticks = [(y(top * part / 2), words.percent(top * part / 2)) for part in range(3)]
    return Front(WIDTH, HEIGHT, LEFT, WIDTH - RIGHT, BOTTOM, line, dots, ticks)
