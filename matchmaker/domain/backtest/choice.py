"""Which one of several was chosen: conditional logit with coefficients that never fall below zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, minimize

from matchmaker.domain.backtest.world import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """Alternatives stacked choice after choice; ``starts`` where each begins; its first row is the one chosen.

    Alternatives may be a uniform sample of those passed over: the estimate stays consistent (McFadden, 1978).
    """

    rows: Floats
    starts: Ints

    @classmethod
    def of(cls, blocks: list[Floats]) -> Choices:
        sizes = [len(block) for block in blocks]
        return cls(np.concatenate(blocks), np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64))

    def __len__(self) -> int:
        return len(self.starts)


def likelihood(choices: Choices, weights: Floats) -> float:
    """Mean log-likelihood of a choice."""
    loss, _ = _loss(weights, choices, 0.0)
    return -loss / max(1, len(choices))


def fit(choices: Choices, ridge: float, lower: Floats | None = None) -> Floats:
    """Coefficients of greatest penalised likelihood, each at least ``lower`` (0 unless told; -inf frees)."""
    least = np.zeros(choices.rows.shape[1]) if lower is None else lower
    found = minimize(
        _loss,
        np.zeros(len(least)),
        args=(choices, ridge),
        jac=True,
        bounds=Bounds(least, np.inf),
        method="L-BFGS-B",
        options={"maxiter": 500},
    )
    solution: Floats = found.x
    return solution


def _loss(weights: Floats, choices: Choices, ridge: float) -> tuple[float, Floats]:
    """Negative penalised log-likelihood and its slope."""
    rows, starts = choices.rows, choices.starts
    utility = rows @ weights
    sizes = np.diff(np.append(starts, len(rows)))
    top = np.maximum.reduceat(utility, starts)
    raised = np.exp(utility - np.repeat(top, sizes))
    whole = np.add.reduceat(raised, starts)
    chance = raised / np.repeat(whole, sizes)
    loss = float((np.log(whole) + top - utility[starts]).sum() + 0.5 * ridge * weights @ weights)
    slope: Floats = rows.T @ chance - rows[starts].sum(axis=0) + ridge * weights
    return loss, slope
