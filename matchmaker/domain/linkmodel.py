"""The classifier that says how likely a candidate is the one sought: what scikit-learn fitted, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.domain.linkage import FEATURES, Floats

# More of it never makes a candidate less likely (+1) or more likely (-1); the fit obeys, so a reader may trust it.
DIRECTIONS = {name: 0 if name == "placed" else 1 for name in FEATURES} | dict.fromkeys(
    ("missing", "extra", "elsewhere", "distance", "rivals"), -1
)


class LinkModelError(ValueError):
    """Le modèle de rapprochement ne correspond pas au code : lancez « ./run manage train_linkage »."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes in arrays: go left where the feature is at most the threshold; a leaf is its own child."""

    feature: NDArray[np.intp]
    threshold: Floats
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    value: Floats
    depth: int

    def __call__(self, rows: Floats) -> Floats:
        at = np.zeros(len(rows), dtype=np.intp)
        line = np.arange(len(rows))
        for _ in range(self.depth):
            at = np.where(rows[line, self.feature[at]] <= self.threshold[at], self.left[at], self.right[at])
        found: Floats = self.value[at]
        return found


@dataclass(frozen=True, slots=True)
class LinkModel:
    """Boosted trees added up, then an isotonic curve from their sum to a probability."""

    trees: tuple[Tree, ...]
    start: float
    knots: Floats  # sums, ascending
    chances: Floats  # probability at each knot; straight lines between

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> LinkModel:
        """From the shipped JSON. Raises LinkModelError when made for other features."""
        if tuple(kept["features"]) != FEATURES:
            raise LinkModelError(LinkModelError.__doc__)
        curve = np.array(kept["curve"], dtype=float)
        return cls(tuple(map(_tree, kept["trees"])), float(kept["start"]), curve[:, 0], curve[:, 1])

    def score(self, rows: Floats) -> Floats:
        total: Floats = np.full(len(rows), self.start)
        for tree in self.trees:
            total += tree(rows)
        return total

    def probability(self, rows: Floats) -> Floats:
        value: Floats = np.interp(self.score(rows), self.knots, self.chances)
        return value


def _tree(nodes: Sequence[Sequence[Any]]) -> Tree:
    """Nodes as kept: ["shared", threshold, left, right] or [value]."""
    size = len(nodes)
    leaf = [len(node) == 1 for node in nodes]
    left = [at if leaf[at] else int(nodes[at][2]) for at in range(size)]
    right = [at if leaf[at] else int(nodes[at][3]) for at in range(size)]
    depth = [0] * size
    for at in range(size):  # parents come before their children
        if not leaf[at]:
            depth[left[at]] = depth[right[at]] = depth[at] + 1
    return Tree(
        np.array([0 if leaf[at] else FEATURES.index(nodes[at][0]) for at in range(size)], dtype=np.intp),
        np.array([0.0 if leaf[at] else float(nodes[at][1]) for at in range(size)]),
        np.array(left, dtype=np.intp),
        np.array(right, dtype=np.intp),
        np.array([float(nodes[at][0]) if leaf[at] else 0.0 for at in range(size)]),
        max(depth),
    )


UNTRAINED = LinkModel((), 0.0, np.array([0.0, 1.0]), np.array([0.5, 0.5]))  # to see candidates before any fit
