"""Many lots as columns, and the rules of the score as numbers: what the index reads while it searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, reduce
from itertools import accumulate, chain
from operator import or_
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matchmaker.domain.area import bits
from matchmaker.domain.eligibility import Candidate, eligible
from matchmaker.domain.notice import Reservation
from matchmaker.domain.pair import metres
from matchmaker.domain.query import LotQuery
from matchmaker.domain.reference import Reference
from matchmaker.domain.score import MAX_EUR
from matchmaker.domain.segment import KINDS, trade_numbers

Array = NDArray[Any]
UNKNOWN = -1.0  # yearly amount of a lot that tells none


class Rules(NamedTuple):
    """One version of the formula and of the tables it reads."""

    weights: Array  # f8, points of the six parts
    decay: Array  # f8, values of the curve
    steps: float  # of the curve, per unit
    end: float  # from where the curve is 0
    road: float
    area_floor: float  # of the distance part inside a declared area
    unknown_capacity: float
    wins_full: float
    same_buyer: float
    radius_m: Array  # i8, by number of trade


class Lots(NamedTuple):
    """One value a lot; needs, ways and words of lot i stand from ``*_ptr[i]`` to ``*_ptr[i + 1]``.

    A way is a trade that meets a need, in the order that breaks ties: by need, then trade.
    """

    x: Array  # i8, metres
    y: Array
    z: Array
    uncertainty_m: Array  # i8
    yearly: Array  # f8, euros, or UNKNOWN
    kinds: Array  # u4, bits of the kinds that may answer
    ess_only: Array  # u1
    buyer: Array  # u1, bit of its kind
    within_km: Array  # f8, infinite when not limited
    solo_only: Array  # u1
    trades: Array  # u8, bits of all the trades that serve
    area0: Array  # u8, the bit of its département (domain.area), none when not known
    area1: Array
    need_ptr: Array  # i8
    need: Array  # u8, bits of the trades that serve the need
    way_ptr: Array  # i8
    way_trade: Array  # i8, number of the trade
    way_fit: Array  # f8
    way_need: Array  # i8
    term_ptr: Array  # i8
    term: Array  # u4
    weight: Array  # f8


_TYPES = "i8 i8 i8 i8 f8 u4 u1 u1 f8 u1 u8 u8 u8 i8 u8 i8 i8 f8 i8 i8 u4 f8"
LOT_TYPES: Mapping[str, str] = dict(zip(Lots._fields, _TYPES.split(), strict=True))


def rules_of(reference: Reference) -> Rules:
    formula = reference.formula
    return Rules(
        weights=np.array(list(formula.weights.values())),
        decay=np.array(formula.decay.values),
        steps=float(formula.decay.steps_per_unit),
        end=formula.decay.values.index(0.0) / formula.decay.steps_per_unit,
        road=reference["distance.road_factor"],
        area_floor=reference.area_floor,
        unknown_capacity=formula.unknown_capacity,
        wins_full=float(formula.wins_full),
        same_buyer=formula.same_buyer,
        radius_m=np.array([metres(reference.trades[code].radius_km) for code in trade_numbers(reference)]),
    )


def lots_of(queries: Sequence[LotQuery], numbers: Mapping[str, int]) -> Lots:
    """Columns of lots; options whose trade has no number are left out, as no firm does them."""
    ways = [_ways(query, numbers) for query in queries]
    needs = [[_bits(need.options, numbers) for need in query.trades] for query in queries]
    places = [query.point.metres() for query in queries]
    areas = [bits([query.departement]) for query in queries]
    flat = list(chain.from_iterable(ways))
    terms = list(chain.from_iterable(query.terms for query in queries))
    columns: dict[str, Any] = {
        "x": [place[0] for place in places],
        "y": [place[1] for place in places],
        "z": [place[2] for place in places],
        "uncertainty_m": [round(1000 * query.uncertainty_km) for query in queries],
        "yearly": [UNKNOWN if query.yearly_eur is None else float(min(MAX_EUR, query.yearly_eur)) for query in queries],
        "kinds": [_kinds(query.reservation, query.kinds) for query in queries],
        "ess_only": [query.ess_only or query.reservation is Reservation.ESS for query in queries],
        "buyer": [query.buyer for query in queries],
        "within_km": [np.inf if query.within_km is None else query.within_km for query in queries],
        "solo_only": [query.solo_only for query in queries],
        "trades": [_all(bits) for bits in needs],
        "area0": [area[0] for area in areas],
        "area1": [area[1] for area in areas],
        "need_ptr": _ptr(needs),
        "need": list(chain.from_iterable(needs)),
        "way_ptr": _ptr(ways),
        "way_need": [way[0] for way in flat],
        "way_trade": [way[1] for way in flat],
        "way_fit": [way[2] for way in flat],
        "term_ptr": _ptr([query.terms for query in queries]),
        "term": [term for term, _ in terms],
        "weight": [weight for _, weight in terms],
    }
    return Lots(*(np.array(columns[name], dtype=kind) for name, kind in LOT_TYPES.items()))


def lots_by_trade(lots: Lots, chosen: Array) -> dict[int, Array]:
    """Which of the ``chosen`` lots ask for each trade: places in ``chosen``, rising, by number of the trade."""
    counts = np.diff(lots.way_ptr)[chosen]
    ways = np.repeat(lots.way_ptr[:-1][chosen] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    trades = lots.way_trade[ways + np.arange(len(ways))]
    asking = np.repeat(np.arange(len(chosen)), counts)
    return {int(trade): np.unique(asking[trades == trade]) for trade in np.unique(trades)}


def _ways(query: LotQuery, numbers: Mapping[str, int]) -> list[tuple[int, int, float]]:
    """(need, number of the trade, fit) in the order that breaks ties; numbers follow codes."""
    ways = [
        (need, numbers[trade], fit)
        for need, wanted in enumerate(query.trades)
        for trade, fit in wanted.options
        if trade in numbers
    ]
    return sorted(ways, key=lambda way: way[:2])


def _bits(options: Sequence[tuple[str, float]], numbers: Mapping[str, int]) -> int:
    return _all([1 << numbers[trade] for trade, _ in options if trade in numbers])


def _all(masks: Sequence[int]) -> int:
    return reduce(or_, masks, 0)


def _ptr(lists: Sequence[Sequence[object]]) -> list[int]:
    return list(accumulate(map(len, lists), initial=0))


@cache
def _kinds(reservation: Reservation, wanted: frozenset[str] | None) -> int:
    """Bits of the kinds a reservation and a filter allow; whether it must be ESS is asked apart."""
    allowed = (kind for kind in KINDS if wanted is None or kind in wanted)
    return _all([1 << KINDS.index(kind) for kind in allowed if eligible(Candidate(kind, "yes"), reservation)])
