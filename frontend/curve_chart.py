"""The curve of candidates by size of lot as numbers that a template draws in SVG. Pure: no query."""

from __future__ import annotations

import math
from dataclasses import dataclass

from allotment.supply import Curve, Step

WIDTH, HEIGHT = 460, 270
LEFT, RIGHT, TOP, BOTTOM = 34, 14, 16, 48
TICKS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
CLOSE = 30  # between two labels of the axis, at least


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    step: Step


@dataclass(frozen=True, slots=True)
class Drawing:
    """Lots get smaller to the right, on a logarithmic scale. ``band``: those able alone, by low and high estimate."""

    width: int
    height: int
    left: int
    right: int
    bottom: int
    band: str
    alone: str
    candidates: str
    dots: list[Dot]
    knee: Dot | None
    x_ticks: list[Tick]
    y_ticks: list[Tick]


def drawing(curve: Curve) -> Drawing | None:
    """None where there is nothing to draw: fewer than two sizes."""
    steps = curve.steps
    if len(steps) < 2:
        return None
    most = max(1, *(one.candidates for one in steps), *(one.alone[2] for one in steps))
    span = math.log(steps[0].size_eur / steps[-1].size_eur)

    def x(step: Step) -> float:
        part = math.log(steps[0].size_eur / step.size_eur) / span
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - value / most * (HEIGHT - BOTTOM - TOP)

    def line(values: list[tuple[Step, float]]) -> str:
        return " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in values)

    high = [(step, step.alone[2]) for step in steps]
    low = [(step, step.alone[0]) for step in reversed(steps)]
    dots = [Dot(x(step), y(step.candidates), step) for step in steps]
    return Drawing(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        bottom=HEIGHT - BOTTOM,
        band=line([*high, *low]),
        alone=line([(step, step.alone[1]) for step in steps]),
        candidates=line([(step, step.candidates) for step in steps]),
        dots=dots,
        knee=dots[curve.knee.place] if curve.knee else None,
        x_ticks=_apart([Tick(x(step), str(step.lots)) for step in steps if step.lots in TICKS]),
        y_ticks=[Tick(y(value), str(value)) for value in _round_values(most)],
    )


def _apart(ticks: list[Tick]) -> list[Tick]:
    """Those that leave room for their label."""
    kept: list[Tick] = []
    for tick in ticks:
        if not kept or tick.at - kept[-1].at >= CLOSE:
            kept.append(tick)
    return kept


def _round_values(most: int) -> list[int]:
    """Zero and a few round numbers up to ``most``."""
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if most / size <= 5)
    return list(range(0, most + 1, step))
