"""The classifier that says how likely a candidate is the one sought: what scikit-learn fitted, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from matchmaker.domain.linkage import FEATURES, Floats


class LinkModelError(ValueError):
    """Le modèle de rapprochement ne correspond pas au code : lancez « ./run manage train_linkage »."""


@dataclass(frozen=True, slots=True)
class LinkModel:
    """Logistic regression on standardised features, then an isotonic curve from its score to a probability."""

    weights: Floats  # on the raw features
    intercept: float
    knots: Floats  # scores, ascending
    chances: Floats  # probability at each knot; straight lines between

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> LinkModel:
        """From the shipped JSON. Raises LinkModelError when made for other features."""
        if tuple(kept["features"]) != FEATURES:
            raise LinkModelError(LinkModelError.__doc__)
        weights = np.array([kept["features"][name] for name in FEATURES], dtype=float)
        curve = np.array(kept["curve"], dtype=float)
        return cls(weights, float(kept["intercept"]), curve[:, 0], curve[:, 1])

    def score(self, rows: Floats) -> Floats:
        value: Floats = rows @ self.weights + self.intercept
        return value

    def probability(self, rows: Floats) -> Floats:
        value: Floats = np.interp(self.score(rows), self.knots, self.chances)
        return value


def kept_as(weights: Sequence[float], intercept: float, curve: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """What :meth:`LinkModel.read` reads."""
    return {
        "features": {name: float(weight) for name, weight in zip(FEATURES, weights, strict=True)},
        "intercept": float(intercept),
        "curve": [[float(score), float(chance)] for score, chance in curve],
    }
