"""The same problem as a plain mixed-integer program (HiGHS through scipy): oracle and comparison.

Variables: x_i member, m_i mandataire, y_it euros of need t given to i. Parts are real numbers here: they have a whole
solution whenever they have one, but for insertion hours that only whole parts would miss.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from consortia.domain.problem import Problem
from consortia.domain.solver import admissible, largest_size


class _Rows:
    """Constraints ``low <= A x <= high`` as they are written, kept sparse."""

    def __init__(self) -> None:
        self.places: list[tuple[int, int]] = []
        self.values: list[float] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def add(self, terms: dict[int, float], least: float, most: float) -> None:
        self.places.extend((len(self.low), column) for column in terms)
        self.values.extend(terms.values())
        self.low.append(least)
        self.high.append(most)

    def constraint(self, width: int) -> LinearConstraint:
        rows, columns = np.array(self.places).T
        matrix = csr_array((self.values, (rows, columns)), shape=(len(self.low), width))
        return LinearConstraint(matrix, np.array(self.low), np.array(self.high))


def optimum(problem: Problem, *, time_limit_s: float = 60.0) -> tuple[tuple[int, int] | None, bool]:
    """(Members, cost) of the best lawful grouping in the order of the problem (None: there is none); whether proven."""
    costs = sorted((c.cost for c in problem.candidates), reverse=True)
    member = 1 + sum(costs[: problem.max_members]) if problem.fewest_first else 0
    found, proven = _solve(problem, range(2, problem.max_members + 1), member, time_limit_s)
    return (None, proven) if found is None else ((len(found), sum(found)), proven)


def least_cost(problem: Problem, sizes: range, *, time_limit_s: float = 60.0) -> tuple[int | None, bool]:
    """Least cost of a lawful grouping of one of these sizes (None: there is none), and whether it is proven."""
    found, proven = _solve(problem, sizes, 0, time_limit_s)
    return None if found is None else sum(found), proven


def _solve(problem: Problem, sizes: range, member: int, time_limit_s: float) -> tuple[list[int] | None, bool]:
    """Costs of the members that cost least, each paying ``member`` more; whether proven."""
    pool = admissible(problem)
    most = min(sizes[-1], largest_size(problem, len(pool)))
    if most < sizes[0]:
        return None, True
    n, needs = len(pool), problem.needs
    edges = [(i, t) for i, c in enumerate(pool) for t, need in enumerate(needs) if need.trade in c.needs]
    rows = _Rows()
    rows.add(dict.fromkeys(range(n), 1), sizes[0], most)
    rows.add({n + i: 1 for i in range(n)}, 1, 1)
    rows.add({i: 1 for i, c in enumerate(pool) if problem.able_alone(c)}, 0, 1)
    rows.add({i: c.turnover_eur for i, c in enumerate(pool)}, problem.turnover_required, np.inf)
    hosted = {2 * n + e: pool[i].hours / pool[i].capacity_eur for e, (i, _) in enumerate(edges)}
    rows.add(hosted, problem.hours_required, np.inf)
    for t, need in enumerate(needs):
        rows.add({2 * n + e: 1 for e, (_, s) in enumerate(edges) if s == t}, need.amount_eur, need.amount_eur)
    least, leading = (problem.lower_bound_eur(mandataire=flag) for flag in (False, True))
    taken: list[dict[int, float]] = [{} for _ in pool]
    for e, (i, _) in enumerate(edges):
        taken[i][2 * n + e] = 1.0
    for i, c in enumerate(pool):
        rows.add({n + i: 1.0}, 0, 1 if c.experienced and not c.committed_mandataire else 0)
        rows.add({i: 1.0, n + i: -1.0}, 0, np.inf)
        rows.add({**taken[i], i: -float(c.room_eur)}, -np.inf, 0)
        rows.add({**taken[i], i: -float(least), n + i: -float(max(0, leading - least))}, 0, np.inf)
    width = 2 * n + len(edges)
    caps = [min(pool[i].cap_eur((needs[t].trade,)), needs[t].amount_eur) for i, t in edges]
    result = milp(
        np.concatenate([[float(c.cost + member) for c in pool], np.zeros(n + len(edges))]),
        integrality=np.concatenate([np.ones(2 * n), np.zeros(len(edges))]),
        bounds=Bounds(np.zeros(width), np.concatenate([np.ones(2 * n), np.array(caps, dtype=float)])),
        constraints=rows.constraint(width),
        options={"time_limit": time_limit_s, "mip_rel_gap": 0.0},
    )
    if result.status == 2:
        return None, True
    if result.x is None:
        return None, False
    return [c.cost for c, x in zip(pool, result.x[:n], strict=True) if x > 0.5], result.status == 0
