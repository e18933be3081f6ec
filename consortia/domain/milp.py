"""The same problem as a plain mixed-integer program (HiGHS through scipy): oracle and comparison.

Variables: x_i member, m_i mandataire, y_it euros of need t given to i.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from consortia.domain.problem import Problem
from consortia.domain.solver import admissible, largest_size


def least_cost(problem: Problem, size: int, *, time_limit_s: float = 60.0) -> tuple[int | None, bool]:
    """Least total cost of a lawful grouping of this size (None when there is none), and whether proven."""
    pool = admissible(problem)
    if size > largest_size(problem, len(pool)):
        return None, True
    n, needs = len(pool), problem.needs
    edges = [(i, t) for i, c in enumerate(pool) for t, need in enumerate(needs) if need.trade in c.needs]
    width = 2 * n + len(edges)
    rows: list[np.ndarray] = []
    low: list[float] = []
    high: list[float] = []

    def add(terms: dict[int, float], least: float, most: float) -> None:
        row = np.zeros(width)
        for column, value in terms.items():
            row[column] = value
        rows.append(row)
        low.append(least)
        high.append(most)

    add(dict.fromkeys(range(n), 1), size, size)
    add({n + i: 1 for i in range(n)}, 1, 1)
    add({i: 1 for i, c in enumerate(pool) if problem.able_alone(c)}, 0, 1)
    add({i: c.turnover_eur for i, c in enumerate(pool)}, problem.turnover_required, np.inf)
    hosted = {2 * n + e: pool[i].hours / pool[i].capacity_eur for e, (i, _) in enumerate(edges)}
    add(hosted, problem.hours_required, np.inf)
    for t, need in enumerate(needs):
        add({2 * n + e: 1 for e, (_, s) in enumerate(edges) if s == t}, need.amount_eur, need.amount_eur)
    least, leading = (problem.lower_bound_eur(mandataire=flag) for flag in (False, True))
    for i, c in enumerate(pool):
        taken = {2 * n + e: 1.0 for e, (j, _) in enumerate(edges) if j == i}
        may_lead = c.experienced and not c.committed_mandataire
        add({n + i: 1.0}, 0, 1 if may_lead else 0)
        add({i: 1.0, n + i: -1.0}, 0, np.inf)
        add({**taken, i: -float(c.capacity_eur)}, -np.inf, 0)
        add({**taken, i: -float(least), n + i: -float(max(0, leading - least))}, 0, np.inf)
    cost = np.concatenate([[float(c.cost) for c in pool], np.zeros(n + len(edges))])
    kinds = np.concatenate([np.ones(2 * n), np.zeros(len(edges))])
    ceiling = np.concatenate([np.ones(2 * n), np.full(len(edges), float(problem.amount_eur))])
    result = milp(
        cost,
        integrality=kinds,
        bounds=Bounds(np.zeros(width), ceiling),
        constraints=LinearConstraint(np.array(rows), np.array(low), np.array(high)),
        options={"time_limit": time_limit_s, "mip_rel_gap": 0.0},
    )
    if result.status == 2:
        return None, True
    return (None if result.x is None else round(result.fun)), result.status == 0
