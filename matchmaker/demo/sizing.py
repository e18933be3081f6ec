"""How much a lot is worth: natural amounts, bent so that firms alone, groupings and gaps all show."""

from __future__ import annotations

from matchmaker.demo.dice import Dice
from matchmaker.demo.supply import Reach

# Specialised lots without any supply come on top of the last class.
TARGETS = {"alone": 0.20, "together": 0.32, "beyond": 0.48}
SMALLEST_EUR = 5_000.0  # a year
SPREAD = 0.9  # standard deviation of the logarithm
TRIES = 12
# Beyond this many times its median an amount looks absurd: the lot then goes down a class.
ODD = 7.0


def yearly_amount(dice: Dice, median_eur: float, reach: Reach) -> float:
    """A log-normal amount that falls into the class drawn for the lot, if the local supply allows it."""
    classes = list(TARGETS)
    drawn = classes.index(dice.weighted(TARGETS))
    ranges = [_bounds(target, median_eur, reach) for target in reversed(classes[: drawn + 1])]
    low, high = next((bounds for bounds in ranges if bounds[0] <= ODD * median_eur), ranges[-1])
    natural = max(SMALLEST_EUR, dice.log_normal(median_eur, SPREAD))
    for _ in range(TRIES):
        if low <= natural <= high:
            return natural
        natural = max(SMALLEST_EUR, dice.log_normal(median_eur, SPREAD))
    return dice.log_uniform(low, high)


def _bounds(target: str, median_eur: float, reach: Reach) -> tuple[float, float]:
    """Yearly euros; any sensible amount when nobody is in reach, for then none changes anything."""
    alone, together = reach.alone_eur, 0.85 * reach.together_eur
    if max(alone, together) < 2 * SMALLEST_EUR:
        return SMALLEST_EUR, ODD * median_eur
    if target == "alone" and alone >= 2 * SMALLEST_EUR:
        return max(SMALLEST_EUR, 0.08 * alone), 0.9 * alone
    if target != "beyond" and together > 1.3 * alone:
        return max(SMALLEST_EUR, 1.05 * alone, 0.15 * together), min(together, max(1.8 * alone, 0.4 * together))
    most = max(alone, reach.together_eur)
    return 1.15 * most, 2.0 * most


def rounded(amount_eur: float) -> int:
    """As buyers publish them: two or three significant digits."""
    step = 500 if amount_eur < 100_000 else 1_000 if amount_eur < 500_000 else 10_000
    return max(step, round(amount_eur / step) * step)
