"""The one formula that ranks firms for a lot.

    score = w_t trade + w_x text + w_d distance + w_c capacity + w_v evidence + w_e ess      0..100

with parts in 0..1, for a firm that is eligible, does the trade and is in reach:

- trade    = fit of the lot's CPV x trust in how the firm's trade is known;
- text     = likeness of the firm's words and the lot's (``domain.text``), 0 without common words;
- distance = a falling curve of (road distance) / (radius + uncertainty of the lot's place), 0 = out of reach; a firm
  that declares départements is in reach there and nowhere else (``domain.area``);
- capacity = share of the yearly amount that the free capacity [low, mid, high] covers: too large for one is
  "in a grouping", not zero;
- evidence = contracts already won in the trade, and with that kind of buyer;
- ess      = 1 for an ESS firm.

Only ``+ - * /`` and ``min max sqrt`` are used, in a fixed order, on whole metres and euros, so that arrays, scalars,
SQL and compiled code give the same bits. Every part is monotone in what it is made of, rounding included: bounds are
safe. A version of the formula is a row of the reference table "score".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from matchmaker.domain.curve import Curve
from matchmaker.domain.errors import InvalidReferenceError

MAX_WINS = 255  # more are not counted
MAX_EUR = 2**32 - 1  # more is not told apart


class Parts(NamedTuple):
    """Parts of a score, 0..1 each: scalars, or arrays of one length."""

    trade: Any
    text: Any
    distance: Any
    capacity: Any
    evidence: Any
    ess: Any


PARTS = Parts._fields


@dataclass(frozen=True, slots=True)
class Formula:
    """One version of the weights. Points sum to 100.

    ``unknown_capacity`` is the capacity part for lots without amount; ``decay`` the distance part by reach;
    ``wins_full`` contracts in the trade are full evidence, of which ``same_buyer`` (0..1) is kept for those who
    already work for that kind of buyer.
    """

    version: int
    label: str
    trade: float
    text: float
    distance: float
    capacity: float
    evidence: float
    ess: float
    unknown_capacity: float
    decay: Curve
    wins_full: int
    same_buyer: float

    def __post_init__(self) -> None:
        weights = [getattr(self, part) for part in PARTS]
        if min(weights) < 0 or abs(sum(weights) - 100) > 1e-6:
            raise InvalidReferenceError(f"Score v{self.version} : des poids positifs de somme 100 sont attendus.")
        if not (0 <= self.unknown_capacity <= 1 and 0 <= self.same_buyer <= 1 and 1 <= self.wins_full <= MAX_WINS):
            raise InvalidReferenceError(f"Score v{self.version} : une part ou un nombre de contrats est impossible.")
        if self.decay.values[-1] != 0.0:
            raise InvalidReferenceError(f"Score v{self.version} : la courbe de distance doit finir à 0.")

    @classmethod
    def of(cls, key: str, row: Mapping[str, object]) -> Formula:
        """A row of the table, as read from CSV or from the database."""

        def number(name: str) -> float:
            try:
                return finite(str(row[name]))
            except (KeyError, ValueError):
                raise InvalidReferenceError(f"Score v{key} : « {name} » absent ou non numérique.") from None

        try:
            decay = Curve(tuple(finite(text) for text in str(row["distance_curve"]).split()))
            version = int(key)
        except (KeyError, ValueError) as error:
            raise InvalidReferenceError(f"Score v{key} : version ou courbe de distance illisible ({error}).") from None
        return cls(
            version=version,
            label=str(row.get("label", "")),
            **{part: number(part) for part in PARTS},
            unknown_capacity=number("unknown_capacity"),
            decay=decay,
            wins_full=round(number("wins_full")),
            same_buyer=number("same_buyer"),
        )

    @property
    def weights(self) -> dict[str, float]:
        """Points by part, in the order they are added."""
        return {part: getattr(self, part) for part in PARTS}


def finite(text: str) -> float:
    """A number as tables write it; ValueError for "nan" and "inf" too, which compare with nothing."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} n'est pas un nombre fini")
    return number


def reach(distance_m: Any, road_factor: float, radius_m: Any, uncertainty_m: int) -> Any:
    """Road distance in radii: 0 on the spot, 1 at the radius. ``radius_m`` >= 1, whole metres."""
    return distance_m * road_factor / (radius_m + uncertainty_m)


def capacity_part(low: Any, mid: Any, high: Any, yearly_eur: int | None, formula: Formula) -> Any:
    """Covered share of the yearly amount, the middle estimate counting twice. Euros a year, whole."""
    if yearly_eur is None:
        return np.full(np.shape(mid), formula.unknown_capacity) if np.shape(mid) else formula.unknown_capacity
    yearly = float(yearly_eur)
    covered = np.minimum(1.0, low / yearly), np.minimum(1.0, mid / yearly), np.minimum(1.0, high / yearly)
    return (covered[0] + (covered[1] + covered[1]) + covered[2]) * 0.25


def evidence_part(wins: Any, same_buyer: Any, formula: Formula) -> Any:
    """``wins`` contracts in the trade (0..255); ``same_buyer`` 1 when some were for that kind of buyer, else 0."""
    known = np.minimum(1.0, wins / float(formula.wins_full))
    return known * (1.0 - formula.same_buyer) + same_buyer * formula.same_buyer


def total(parts: Parts, formula: Formula) -> Any:
    """Weighted sum in a fixed order, 0..100."""
    return (
        formula.trade * parts.trade
        + formula.text * parts.text
        + formula.distance * parts.distance
        + formula.capacity * parts.capacity
        + formula.evidence * parts.evidence
        + formula.ess * parts.ess
    )
