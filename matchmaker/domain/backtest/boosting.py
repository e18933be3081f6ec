"""Gradient boosting that obeys (farther, smaller, less experienced never helps); honest chances on held-out days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from matchmaker.domain.backtest.pairs import DIRECTIONS, FEATURES
from matchmaker.domain.backtest.world import Bools, Floats, Ints

_ENOUGH = 200  # winners from which an isotonic curve is safe; fewer get a sigmoid


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Sampled pairs: features, whether it won, the day, and how many pairs of its contract each stands for."""

    features: Floats
    won: Bools
    day: Ints
    weight: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Boosted:
    """A fitted ranking over some of the features."""

    columns: tuple[int, ...]
    model: Any

    def score(self, features: Floats) -> Floats:
        found: Floats = self.model.decision_function(features[:, self.columns])
        return found


def boosted(rows: Rows, without: tuple[str, ...] = (), seed: int = 0, trees: int = 80) -> Boosted | None:
    """None without a winner or a loser to learn from."""
    if rows.won.all() or not rows.won.any():
        return None
    names = [name for name in FEATURES if name not in without]
    columns = tuple(FEATURES.index(name) for name in names)
    model = HistGradientBoostingClassifier(
        learning_rate=0.08,
        max_iter=trees,
        max_leaf_nodes=12,
        min_samples_leaf=30,
        l2_regularization=1.0,
        monotonic_cst=[DIRECTIONS[name] for name in names],
        early_stopping=False,
        random_state=seed,
    )
    model.fit(rows.features[:, columns], rows.won, sample_weight=np.sqrt(rows.weight))
    return Boosted(columns, model)


@dataclass(frozen=True, slots=True, eq=False)
class Chances:
    """From a score to the chance to win: a curve that never falls."""

    curve: Any

    def __call__(self, score: Floats) -> Floats:
        if isinstance(self.curve, IsotonicRegression):
            return np.asarray(self.curve.predict(score), dtype=np.float64)
        return np.asarray(self.curve.predict_proba(score[:, None])[:, 1], dtype=np.float64)


def chances(score: Floats, won: Bools, weight: Floats) -> Chances | None:
    """Calibration on pairs of days the ranking was not fitted on: isotonic with enough winners, else a sigmoid."""
    if won.all() or not won.any():
        return None
    if np.count_nonzero(won) >= _ENOUGH:
        curve: Any = IsotonicRegression(y_min=1e-6, y_max=1.0, out_of_bounds="clip")
        return Chances(curve.fit(score, won.astype(np.float64), sample_weight=weight))
    spread = float(score.std())
    if spread == 0.0:
        return None
    sigmoid = LogisticRegression(C=1e6, max_iter=1000).fit(score[:, None], won, sample_weight=weight)
    return Chances(sigmoid) if float(sigmoid.coef_[0, 0]) >= 0 else None
