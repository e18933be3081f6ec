"""Claim: the exact search proves the same optima as OR-Tools CP-SAT and HiGHS, far sooner.

Run by ``./run bench groupings``. Synthetic, skewed lots; the same question on one machine in one run: fewest members,
then least cost. CP-SAT and HiGHS are asked size by size, which is faster for them than one weighted objective. CP-SAT
may use every core, the others use one.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

from benchmarks import cp_sat
from benchmarks.table import median, percentile, show
from consortia.domain import milp
from consortia.domain.problem import Candidate, Need, Problem
from consortia.domain.solver import solve

REPEATS = {50: 10, 200: 6, 400: 4, 1000: 3}
SIZES = ((50, 1), (50, 3), (50, 6), (200, 1), (200, 3), (200, 6), (400, 3), (1000, 1), (1000, 3), (1000, 6))
LIMIT_S = 10.0  # then what CP-SAT and HiGHS know counts, and their time is at least this
LOTS_A_ROW = 40
LOTS = 10_000
EUR_AN_HOUR = 30


def problem(rng: random.Random, candidates: int, trades: int) -> Problem:
    """A lot whose trades need two to four of the larger firms; capacities are log-normal.

    One firm in five is bound to less in some trade, one in three hosts insertion hours, every third lot asks for them.
    """
    codes = [f"T{number:02}" for number in range(1, trades + 1)]
    needs = tuple(Need(code, EUR_AN_HOUR * rng.randint(1_300, 6_600)) for code in codes)
    amount = sum(need.amount_eur for need in needs)
    return Problem(
        needs=needs,
        candidates=tuple(_candidate(rng, number, codes, amount) for number in range(candidates)),
        supply=candidates,
        hours_required=rng.choice((0, 0, amount // EUR_AN_HOUR // 4)),
        max_members=6,
    )


def _candidate(rng: random.Random, number: int, codes: list[str], amount: int) -> Candidate:
    capacity = EUR_AN_HOUR * int(min(0.3, rng.lognormvariate(-2.3, 0.8)) * amount / EUR_AN_HOUR)
    trades = [code for code in codes if rng.random() < 0.6] or codes[:1]
    return Candidate(
        id=number,
        needs=frozenset(trades),
        capacity_eur=capacity,
        cost=rng.randint(50, 900),
        hours=capacity // EUR_AN_HOUR if rng.random() < 0.33 else 0,
        experienced=rng.random() < 0.5,
        caps=((trades[0], capacity // 2),) if rng.random() < 0.2 else (),
    )


# ---------------------------------------------------------------- one proven optimum, three ways


def compare() -> None:
    rows, compared, wrong = [], 0, 0
    others = {"CP-SAT": cp_sat.least_cost, "HiGHS": milp.least_cost}
    for candidates, trades in SIZES:
        seconds: dict[str, list[float]] = {name: [] for name in ("ours", *others)}
        proven = dict.fromkeys(seconds, 0)
        for seed in range(REPEATS[candidates]):
            case = problem(random.Random(f"{candidates} {trades} {seed}"), candidates, trades)
            start = time.perf_counter()
            solved = solve(case, count=1)
            seconds["ours"].append(time.perf_counter() - start)
            proven["ours"] += solved.proven
            best = solved.solutions[0] if solved.solutions else None
            for name, least_cost in others.items():
                start = time.perf_counter()
                found, sure = _in_turn(least_cost, case)
                seconds[name].append(time.perf_counter() - start)
                proven[name] += sure
                compared += sure
                wrong += sure and found != ((len(best.grouping.ids), best.cost) if best else None)
        rows.append(
            [
                f"{candidates} x {trades}",
                *(f"{_ms(each)} ({proven[name]}/{len(each)})" for name, each in seconds.items()),
                f"{min(median(seconds[name]) for name in others) / median(seconds['ours']):.0f} x",
            ]
        )
    show(
        "Groupings: one proven optimum of up to 6 members; p50 / p95 / max ms (proven)",
        ["Candidates x trades", "ours", *others, "faster of the two / ours (p50)"],
        rows,
        [
            f"{compared} optima compared, {wrong} mismatches. CP-SAT on {os.cpu_count()} cores, the others on one; "
            f"limit {LIMIT_S:.0f} s a size. Synthetic capacities: real ones are lumpier."
        ],
    )


def _in_turn(least_cost: Callable[..., tuple[int | None, bool]], case: Problem) -> tuple[tuple[int, int] | None, bool]:
    """(Members, cost) of the first size that has a grouping, and whether all of it is proven."""
    for size in range(2, case.max_members + 1):
        cost, sure = least_cost(case, range(size, size + 1), time_limit_s=LIMIT_S)
        if cost is not None or not sure:
            return (None if cost is None else (size, cost)), sure
    return None, True


def _ms(seconds: list[float]) -> str:
    values = (median(seconds), percentile(seconds, 0.95), max(seconds))
    return " / ".join(f"{1000 * value:.3g}" if value < 1 else f"{1000 * value:.0f}" for value in values)


# ---------------------------------------------------------------- many proposals, many lots


def diverse() -> None:
    rows = []
    for candidates, trades in SIZES:
        seconds, found, proven = [], 0, 0
        for seed in range(LOTS_A_ROW):
            case = problem(random.Random(f"ten {candidates} {trades} {seed}"), candidates, trades)
            start = time.perf_counter()
            solved = solve(case, count=10)
            seconds.append(time.perf_counter() - start)
            found += len(solved.solutions)
            proven += solved.proven
        rows.append([f"{candidates} x {trades}", _ms(seconds), f"{found / LOTS_A_ROW:.1f}", f"{proven}/{LOTS_A_ROW}"])
    show(
        "Ten distinct proposals a lot, each proven",
        ["Candidates x trades", "p50 / p95 / max ms", "proposals a lot", "proven"],
        rows,
    )


def share_of(part: int, parts: int) -> tuple[list[float], int, int]:
    """Seconds of solving of each lot of one process, its proposals, and its lots proven."""
    seconds, found, proven = [], 0, 0
    for seed in range(part, LOTS, parts):
        rng = random.Random(f"many {seed}")
        case = problem(rng, min(1000, max(10, int(rng.lognormvariate(5.0, 0.8)))), rng.randint(1, 5))
        start = time.perf_counter()
        solved = solve(case, count=5)
        seconds.append(time.perf_counter() - start)
        found += len(solved.solutions)
        proven += solved.proven
    return seconds, found, proven


def many() -> None:
    rows = []
    for processes in (1, 2):
        with ProcessPoolExecutor(processes) as pool:
            parts = list(pool.map(share_of, range(processes), [processes] * processes))
        each = [second for seconds, _, _ in parts for second in seconds]
        rows.append(
            [
                processes,
                f"{max(sum(seconds) for seconds, _, _ in parts):.1f}",
                f"{_ms(each)}",
                sum(found for _, found, _ in parts),
                f"{sum(proven for _, _, proven in parts)} of {LOTS}",
            ]
        )
    show(
        f"{LOTS} lots of 10 to 1,000 candidates and 1 to 5 trades, five proposals each",
        ["processes", "s of solving", "p50 / p95 / max ms a lot", "proposals", "lots proven"],
        rows,
        ["The slowest process counts; making the lots is not counted."],
    )


def main() -> None:
    solve(problem(random.Random(0), 50, 3), count=2)  # compiled once a machine
    compare()
    diverse()
    many()


if __name__ == "__main__":
    main()
