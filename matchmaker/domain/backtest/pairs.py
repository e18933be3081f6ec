"""One contract and its candidates in columns: parts of the formula, bit for bit as ``domain.pair``, and features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matchmaker.domain.backtest.history import History
from matchmaker.domain.backtest.world import Bools, Case, Floats, Ints, Supply
from matchmaker.domain.pair import metres
from matchmaker.domain.query import LotQuery
from matchmaker.domain.reference import Reference
from matchmaker.domain.score import MAX_EUR, MAX_WINS, Formula, Parts, capacity_part, evidence_part, reach, total

OUT = -1.0  # score of a candidate that is no match: all of them tie behind the matches

# Feature -> more of it never helps (-1), never harms (+1), or either (0).
DIRECTIONS = {
    "distance": -1,
    "reach": -1,
    "trade": 1,
    "capacity": 1,
    "size": 1,
    "ess": 0,
    "affinity": 1,
    "amount": 0,
    "uncertainty": 0,
    "wins": 1,
    "same_buyer": 1,
    "any_wins": 1,
    "cpv": 1,
    "market": 1,
    "buyer": 1,
}
FEATURES = tuple(DIRECTIONS)
OWN_PAST = ("wins", "same_buyer", "any_wins", "cpv", "market", "buyer")  # what incumbents only have
_FAR = 40.0  # reach of a candidate that does none of the trades


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """Candidates scored by one formula, each in its best way; ``score`` is OUT without a way in reach.

    ``trade`` is the number of the way's trade in ``trades``, -1 for a candidate that does none of them.
    """

    score: Floats
    parts: Parts  # arrays
    wins: Floats
    same_buyer: Floats
    reach: Floats
    trade: Ints
    trades: tuple[str, ...]

    @property
    def near(self) -> Bools:
        inside: Bools = self.score > OUT
        return inside


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """A contract, its candidates (places, increasing), and their road distance in metres."""

    case: Case
    lot: LotQuery
    places: Ints
    road_m: Floats


def pool_of(case: Case, places: Ints, supply: Supply, tables: Reference) -> Pool:
    """Candidates with how far they are. The case must have a lot."""
    assert case.lot is not None
    gap = supply.xyz[places] - np.array(case.lot.point.metres(), dtype=np.float64)
    chord = np.sqrt(gap[:, 0] * gap[:, 0] + gap[:, 1] * gap[:, 1] + gap[:, 2] * gap[:, 2])
    return Pool(case, case.lot, places, chord * tables["distance.road_factor"])


def ways(
    pool: Pool,
    supply: Supply,
    past: History,
    tables: Reference,
    formula: Formula,
    radii: dict[str, float] | None = None,
) -> Ways:
    """Every candidate in its best way by this formula, as ``pair`` does. ``radii`` (km) replace the tables'."""
    lot, places = pool.lot, pool.places
    n, uncertainty = len(places), round(1000 * lot.uncertainty_km)
    low, mid, high = (np.minimum(float(MAX_EUR), column[places]) for column in (supply.low, supply.mid, supply.high))
    yearly = None if lot.yearly_eur is None else min(MAX_EUR, lot.yearly_eur)
    capacity = np.broadcast_to(capacity_part(low, mid, high, yearly, formula), (n,))
    ess = supply.ess[places].astype(np.float64)
    kept = {name: np.zeros(n) for name in ("trade", "distance", "evidence", "wins", "same_buyer")}
    score, far, which = np.full(n, OUT), np.full(n, _FAR), np.full(n, -1)
    options = sorted(((need, code, fit) for need, wanted in enumerate(lot.trades) for code, fit in wanted.options))
    for number, (_, code, fit) in enumerate(options):
        at = _inside(places, supply.doing.get(code))
        if not len(at):
            continue
        who = places[at]
        shipped = (radii or {}).get(code, tables.trades[code].radius_km)
        radius = np.where(supply.declared_m[who] > 0, np.maximum(1, supply.declared_m[who]), metres(shipped))
        ratio = reach(pool.road_m[at], 1.0, radius, uncertainty)
        wins = np.minimum(float(MAX_WINS), past.in_trade(code, who))
        same = (past.for_kind(code, lot.buyer, who) > 0).astype(np.float64)
        parts = Parts(
            trade=fit * supply.trust[who],
            text=0.0,
            distance=formula.decay.over(ratio),
            capacity=capacity[at],
            evidence=evidence_part(wins, same, formula),
            ess=ess[at],
        )
        value = np.where(parts.distance > 0.0, total(parts, formula), OUT)
        better = (value > score[at]) | ((value == score[at]) & (ratio < far[at]) & (value == OUT))
        chosen = at[better]
        score[chosen], far[chosen], which[chosen] = value[better], ratio[better], number
        for name, column in (("trade", parts.trade), ("distance", parts.distance), ("evidence", parts.evidence)):
            kept[name][chosen] = column[better]
        kept["wins"][chosen], kept["same_buyer"][chosen] = wins[better], same[better]
    found = Parts(kept["trade"], np.zeros(n), kept["distance"], np.array(capacity), kept["evidence"], ess)
    return Ways(score, found, kept["wins"], kept["same_buyer"], far, which, tuple(code for _, code, _ in options))


def _inside(places: Ints, doing: Ints | None) -> Ints:
    """Positions in ``places`` of those that do the trade. Both increase."""
    if doing is None or not len(doing) or not len(places):
        return np.empty(0, dtype=np.int64)
    if doing is places:
        return np.arange(len(places))
    at = np.minimum(np.searchsorted(doing, places), len(doing) - 1)
    found: Ints = np.flatnonzero(doing[at] == places)
    return found


def features(pool: Pool, best: Ways, supply: Supply, past: History) -> Floats:
    """A row a candidate, columns as ``FEATURES``. Nothing that names a firm; nothing of the day itself or later."""
    case, lot, places = pool.case, pool.lot, pool.places
    amount = np.log10(max(1, lot.yearly_eur)) if lot.yearly_eur is not None else np.nan
    columns = {
        "distance": np.log1p(pool.road_m / 1000.0),
        "reach": np.minimum(best.reach, _FAR),
        "trade": best.parts.trade,
        "capacity": best.parts.capacity,
        "size": np.log10(1.0 + supply.mid[places]),
        "ess": best.parts.ess,
        "affinity": past.naf_affinity(case, places),
        "amount": np.full(len(places), amount),
        "uncertainty": np.full(len(places), lot.uncertainty_km),
        "wins": best.wins,
        "same_buyer": best.same_buyer,
        "any_wins": past.wins(places),
        "cpv": past.cpv_likeness(case, places),
        "market": past.in_market(case, places),
        "buyer": past.for_buyer(case.buyer, places),
    }
    return np.column_stack([columns[name] for name in FEATURES]).astype(np.float64)
