"""The formula learnt in its own form: same parts, points that never fall below zero, a falling piecewise-linear curve.

A curve that falls is a sum of drops, each >= 0, between neighbouring knots: so the fit is one conditional logit with
coefficients >= 0, and its solution is a lawful ``Formula`` that can be written as a new version of the table "score".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from matchmaker.domain.backtest.choice import Choices, fit, likelihood
from matchmaker.domain.backtest.world import Floats
from matchmaker.domain.curve import Curve
from matchmaker.domain.score import PARTS, Formula, Parts

WINS_FULL = (1, 2, 3, 5, 10)
RIDGE = 1.0
_LEAST = 1e-3  # a sum of coefficients below which nothing was learnt


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The winner (first row) and firms passed over, all in reach: what the formula is made of, a row a firm."""

    parts: Parts  # arrays
    reach: Floats
    wins: Floats
    same_buyer: Floats


def learnt_formula(looks: Iterable[Look], start: Formula, held: frozenset[str]) -> Formula:
    """The points of ``start``, learnt anew but for the parts ``held``, which keep theirs.

    ``held``: what is a choice (ESS), or what the data cannot tell. With nothing to learn from, ``start`` itself.
    """
    kept = list(looks)
    free = [part for part in PARTS if part not in held]
    if not kept or not free:
        return start
    tried = [
        (full, _fitted(kept, start, free, full)) for full in (WINS_FULL if "evidence" in free else (start.wins_full,))
    ]
    full, (_, weights) = max(tried, key=lambda one: one[1][0])
    return _written(weights, start, free, full)


def _fitted(looks: list[Look], start: Formula, free: list[str], full: int) -> tuple[float, Floats]:
    choices = Choices.of([_row(look, start, free, full) for look in looks])
    weights = fit(choices, RIDGE)
    return likelihood(choices, weights), weights


def _row(look: Look, start: Formula, free: list[str], full: int) -> Floats:
    columns: list[Floats] = []
    for part in free:
        if part == "distance":
            columns += list(drops(look.reach, start.decay).T)
        elif part == "evidence":
            columns += [np.minimum(1.0, look.wins / full), look.same_buyer]
        else:
            columns.append(np.broadcast_to(getattr(look.parts, part), look.reach.shape))
    return np.column_stack(columns)


def drops(reach: Floats, curve: Curve) -> Floats:
    """One column a drop of the curve: 1 before it, falling to 0 across it. A falling curve is their weighted sum."""
    knots = np.arange(1, len(curve.values))
    columns: Floats = np.clip(knots - np.asarray(reach)[:, None] * curve.steps_per_unit, 0.0, 1.0)
    return columns


def _written(weights: Floats, start: Formula, free: list[str], full: int) -> Formula:
    """Coefficients as points of 100: those learnt share what the held parts leave."""
    at = 0
    raw: dict[str, float] = {}
    changes: dict[str, Any] = {}
    for part in free:
        size = len(start.decay.values) - 1 if part == "distance" else 2 if part == "evidence" else 1
        raw[part], mine = float(weights[at : at + size].sum()), weights[at : at + size]
        at += size
        if part == "distance" and raw[part] > _LEAST:
            changes["decay"] = Curve.rounded(
                [*np.cumsum(mine[::-1])[::-1] / raw[part], 0.0], start.decay.steps_per_unit
            )
        if part == "evidence" and raw[part] > _LEAST:
            changes |= {"wins_full": full, "same_buyer": round(float(mine[1]) / raw[part], 4)}
    whole = sum(raw.values())
    if whole <= _LEAST:
        return start
    share = sum(start.weights[part] for part in free)
    points = {part: round(share * value / whole, 2) for part, value in raw.items()}
    largest = max(points, key=lambda part: points[part])
    points[largest] = round(points[largest] + share - sum(points.values()), 6)
    changes |= points
    return replace(start, version=start.version + 1, label="Poids appris sur les marchés attribués", **changes)
