"""Claim: taken apart, all open lots of a territory are planned together with a smaller gap than by HiGHS alone.

Run by ``./run bench portfolio``. Synthetic, skewed territories; ours and the plain integer programme on the whole
model get the same time, in one run on the same data. The bound compared with is the better of the two.
"""

from __future__ import annotations

import time

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array

from benchmarks.portfolio_data import territory
from benchmarks.table import show
from consortia.domain.portfolio import Portfolio, broken, choose

SIZES = ((500, 10.0), (2_000, 15.0), (10_000, 30.0))
OBJECTIVES = ("lots", "amount")


def plain(portfolio: Portfolio, seconds: float) -> tuple[int, float]:
    """Value and bound by HiGHS on all columns and rows at once."""
    lots = {lot: row for row, lot in enumerate(sorted({column.lot for column in portfolio.columns}))}
    firms = {firm: len(lots) + row for row, firm in enumerate(portfolio.capacity)}
    entries = [(lots[column.lot], at, 1) for at, column in enumerate(portfolio.columns)]
    entries += [(firms[firm], at, eur) for at, column in enumerate(portfolio.columns) for firm, eur in column.uses]
    row, at, eur = np.array(entries).T
    matrix = csr_array(coo_array((eur.astype(float), (row, at)), shape=(len(lots) + len(firms), at.max() + 1)))
    values = np.array([column.value for column in portfolio.columns])
    found = milp(
        -values,
        constraints=LinearConstraint(matrix, -np.inf, np.array([1] * len(lots) + list(portfolio.capacity.values()))),
        bounds=Bounds(0, 1),
        integrality=np.ones(values.size),
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    value = 0 if found.x is None else int(values[found.x > 0.5].sum())
    return value, float("inf") if found.mip_dual_bound is None else -found.mip_dual_bound


def main() -> None:
    rows = []
    for lots, seconds in SIZES:
        for objective in OBJECTIVES:
            portfolio = territory(lots, objective=objective)
            start = time.perf_counter()
            plan = choose(portfolio, seconds)
            ours_s = time.perf_counter() - start
            assert not broken(portfolio, plan.chosen)
            start = time.perf_counter()
            value, bound = plain(portfolio, seconds)
            theirs_s = time.perf_counter() - start
            rows.append(
                [
                    f"{lots:,} x {len(portfolio.columns):,}",
                    objective,
                    f"{max(part.columns for part in plan.parts):,}",
                    f"{plan.value:,}",
                    f"{plan.bound:,}",
                    f"{100 * plan.gap:.3f} %",
                    f"{ours_s:.1f}",
                    f"{value:,}",
                    f"{bound:,.0f}",
                    f"{100 * (bound - value) / bound:.3f} %",
                    f"{theirs_s:.1f}",
                ]
            )
    show(
        "Portfolio: all lots together, no firm beyond its capacity",
        ["Lots x columns", "objective", "largest part", "ours", "bound", "gap", "s", "HiGHS", "bound", "gap", "s"],
        rows,
        ["HiGHS is scipy's, on the whole model, with the same time limit. Our bound holds in whole numbers."],
    )


if __name__ == "__main__":
    main()
