"""Ways to rank the same candidates: baselines, the formula in force, and what is learnt from earlier contracts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from matchmaker.domain.backtest.boosting import Boosted, Chances
from matchmaker.domain.backtest.history import History
from matchmaker.domain.backtest.pairs import Pool, Ways, ways
from matchmaker.domain.backtest.world import Floats, Supply
from matchmaker.domain.reference import Reference
from matchmaker.domain.score import Formula

LABELS: Mapping[str, str] = {
    "random": "au hasard",
    "nearest": "la plus proche",
    "popularity": "popularité (division CPV × département)",
    "popular_near": "popularité, puis proximité",
    "history": "historique CPV de l'entreprise",
    "formula": "formule en vigueur",
    "radii": "formule en vigueur, rayons ajustés",
    "learned": "formule apprise (même forme)",
    "free": "formule apprise sans rien tenir fixe",
    "boosting": "gradient boosting",
    "boosting_blind": "gradient boosting sans le passé de l'entreprise",
}
_NEVER = 1e12  # more than any distance in metres


@dataclass(frozen=True, slots=True)
class Learnt:
    """What one fold learnt from earlier contracts only."""

    formula: Formula | None = None
    free: Formula | None = None
    radii: Mapping[str, float] = field(default_factory=dict)
    boosting: Boosted | None = None
    blind: Boosted | None = None
    said: Mapping[str, Chances] = field(default_factory=dict)  # calibration by ranker


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A contract, its candidates, and all that a ranking may look at."""

    pool: Pool
    best: Ways  # by the formula in force
    features: Floats
    past: History
    supply: Supply
    tables: Reference


def baselines(asked: Question) -> dict[str, Floats]:
    """Rankings that learn nothing but counts."""
    pool, past = asked.pool, asked.past
    popular = past.in_market(pool.case, pool.places)
    return {
        "random": np.zeros(len(pool.places)),
        "nearest": -pool.road_m,
        "popularity": popular,
        "popular_near": popular * _NEVER - pool.road_m,
        "history": past.cpv_likeness(pool.case, pool.places),
        "formula": asked.best.score,
    }


def learnt(asked: Question, model: Learnt) -> dict[str, Floats]:
    """Rankings of one fold. What it could not learn stays as in force; boosting it could not fit is absent."""
    same = (asked.pool, asked.supply, asked.past, asked.tables)
    force, radii = asked.tables.formula, dict(model.radii)
    found = {
        "radii": ways(*same, force, radii).score if radii else asked.best.score,
        "learned": ways(*same, model.formula).score if model.formula else asked.best.score,
        "free": ways(*same, model.free).score if model.free else asked.best.score,
    }
    if model.boosting is not None:
        found["boosting"] = model.boosting.score(asked.features)
    if model.blind is not None:
        found["boosting_blind"] = model.blind.score(asked.features)
    return found
