"""The most insertion hours that members of a lot can host, bounded: what an hour is worth in each need.

Hours hosted on parts y at rates r (hours a euro) are at most sum of theta_t * amount_t + sum over members of the most
that (r - theta_t) y_t can be, for any prices theta: the sharper the prices, the closer the bound. Plain functions that
``engine`` compiles. In floating point: whoever uses the bound rounds it outward.
"""

from __future__ import annotations

from typing import Any

import numpy as np

ROUNDS = 60
TRIES = 3  # without a better bound before the aim is lowered


def hour_prices(rate: Any, caps: Any, room: Any, amounts: Any, least: float, size: int) -> Any:
    """Prices (t,) of the least bound found by subgradient steps, and each firm's gain (n,) under them.

    ``caps`` (t, n), ``room`` (n,), ``amounts`` (t,) and the ``least`` part of a member: euros a year.
    """
    needs, count = caps.shape
    theta, best_theta = np.full(needs, rate.max()), np.zeros(needs)
    gains, best_gains = np.zeros(count), np.zeros(count)
    slope, parts = np.zeros(needs), np.zeros(needs)
    picked: Any = np.zeros(size, dtype=np.int64)
    best, aim, failed = np.inf, 0.0, 0
    for _ in range(ROUNDS):
        order = np.argsort(theta, kind="mergesort")
        for firm in range(count):
            gains[firm] = _gain(rate[firm], caps, room[firm], least, theta, order, firm, parts)
        _largest(gains, picked)
        bound = 0.0
        for need in range(needs):
            bound += theta[need] * amounts[need]
            slope[need] = amounts[need]
        for firm in picked:
            bound += _gain(rate[firm], caps, room[firm], least, theta, order, firm, parts)
            for need in range(needs):
                slope[need] -= parts[need]
        if bound < best:
            aim = bound / 4.0 if aim == 0.0 else aim
            best, failed = bound, 0
            best_theta[:] = theta
            best_gains[:] = gains
        else:
            failed += 1
            if failed == TRIES:
                failed, aim = 0, aim / 2.0
        norm = 0.0
        for need in range(needs):
            if slope[need] > 0.0 and theta[need] <= 0.0:
                slope[need] = 0.0
            norm += slope[need] * slope[need]
        if norm == 0.0:
            break
        step = (bound - best + aim) / norm
        for need in range(needs):
            theta[need] = max(0.0, theta[need] - step * slope[need])
    return best_theta, best_gains


def _gain(rate: float, caps: Any, room: float, least: float, theta: Any, order: Any, firm: int, parts: Any) -> float:
    """The most one firm can gain over the prices: the cheapest needs first, at a loss up to its least part only."""
    parts[:] = 0.0
    total, given = 0.0, 0.0
    for need in order:
        profit = rate - theta[need]
        amount = min(caps[need, firm], room - given)
        if profit <= 0.0:
            amount = min(amount, max(0.0, least - given))
        total += profit * amount
        given += amount
        parts[need] = amount
    return total


def _largest(gains: Any, picked: Any) -> None:
    """Places of the largest gains."""
    held = 0
    for firm in range(len(gains)):
        if held == len(picked) and gains[firm] <= gains[picked[held - 1]]:
            continue
        held = min(len(picked), held + 1)
        spot = held - 1
        while spot > 0 and gains[picked[spot - 1]] < gains[firm]:
            picked[spot] = picked[spot - 1]
            spot -= 1
        picked[spot] = firm
