"""The answer to one lot by numpy, every row of its trades scored: the index without compiled code.

The same bits as ``domain.kernel``, which replaces it wherever numba works; also the quicker way to whole lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from matchmaker.domain.answers import NOT_COUNTED, Answers, Array
from matchmaker.domain.area import floor_at
from matchmaker.domain.batch import UNKNOWN, Lots
from matchmaker.domain.reference import Reference
from matchmaker.domain.score import PARTS, Parts, capacity_part, evidence_part, reach, total
from matchmaker.domain.segment import Rows, Segment, Shard, taken


def scan(
    segments: Mapping[int, Segment], lots: Lots, lot: int, tables: Reference, k: int, shard: Shard | None, counts: bool
) -> Answers:
    """Exact best ``k`` firms of one lot, among segments by number of trade."""
    ways = [
        _way(segments[int(lots.way_trade[way])], lots, lot, way, tables, shard)
        for way in range(lots.way_ptr[lot], lots.way_ptr[lot + 1])
        if int(lots.way_trade[way]) in segments
    ]
    found = {name: np.concatenate([way[name] for way in ways]) for name in ways[0]} if ways else _nothing()
    firms, firm = np.unique(found["id"], return_inverse=True)
    served = np.zeros(len(firms), dtype=np.uint64)
    np.bitwise_or.at(served, firm, np.uint64(1) << found["need"].astype(np.uint64))
    every = (1 << int(lots.need_ptr[lot + 1] - lots.need_ptr[lot])) - 1
    solo = found["able"] & (served[firm] == np.uint64(every))
    best = np.lexsort((found["way"], -found["score"], found["id"]))
    best = best[np.diff(found["id"][best], prepend=-1 - int(np.max(np.abs(firms), initial=0))) != 0]
    if lots.solo_only[lot]:
        best = best[solo[best]]
    top = best[np.lexsort((found["id"][best], -found["score"][best]))][:k]
    return Answers(
        ptr=np.array([0, len(top)]),
        served=served[firm[top]],
        solo=solo[top],
        supply=np.array([len(best) if counts else NOT_COUNTED]),
        solo_supply=np.array([np.count_nonzero(solo[best]) if counts else NOT_COUNTED]),
        **{name: found[name][top] for name in ("id", "score", "parts", "distance_km", "radius_km", "trade")},
    )


def _way(segment: Segment, lots: Lots, lot: int, way: int, tables: Reference, shard: Shard | None) -> dict[str, Array]:
    """Every firm of a trade that may answer and is in reach, with its parts for one way."""
    formula, road = tables.formula, tables["distance.road_factor"]
    rows, (low, high) = segment.rows, segment.span(shard)
    part = slice(low, high)
    dx, dy, dz = (
        column[part].astype(np.int64) - place
        for column, place in zip((rows.x, rows.y, rows.z), (lots.x[lot], lots.y[lot], lots.z[lot]), strict=True)
    )
    chord = np.sqrt((dx * dx + dy * dy + dz * dz).astype(np.float64))
    radius, uncertainty = rows.radius_m[part].astype(np.int64), int(lots.uncertainty_m[lot])
    far = reach(chord, road, radius, uncertainty)
    near = formula.decay.over(far)
    if lots.area0[lot] | lots.area1[lot]:
        inside = (rows.area0[part] & lots.area0[lot] | rows.area1[part] & lots.area1[lot]) > 0
        by_radius = (rows.area0[part] | rows.area1[part]) == 0
        near = np.where(by_radius, near, np.where(inside, np.maximum(near, floor_at(far, tables.area_floor)), 0.0))
    distance = chord * road / 1000.0
    kept = (near > 0.0) & (distance <= lots.within_km[lot]) & ((lots.kinds[lot] >> rows.kind[part]) & 1 > 0)
    if lots.ess_only[lot]:
        kept &= rows.ess[part] > 0
    chosen = np.flatnonzero(kept)
    some = taken(rows, chosen + low)
    yearly = None if lots.yearly[lot] == UNKNOWN else int(lots.yearly[lot])
    low_eur, mid_eur, high_eur = (eur.astype(np.float64) for eur in (some.low, some.mid, some.high))
    parts = Parts(
        trade=lots.way_fit[way] * some.trust,
        text=_likeness(some, lots, lot),
        distance=near[chosen],
        capacity=capacity_part(low_eur, mid_eur, high_eur, yearly, formula),
        evidence=evidence_part(
            some.wins.astype(np.float64), (some.buyers & lots.buyer[lot] > 0).astype(np.float64), formula
        ),
        ess=some.ess.astype(np.float64),
    )
    score = total(parts, formula)
    return {
        "id": some.id,
        "score": score,
        "parts": np.stack([np.broadcast_to(value, score.shape) for value in parts], axis=1),
        "distance_km": distance[chosen],
        "radius_km": (radius[chosen] + uncertainty) / 1000.0,
        "trade": np.full(len(chosen), lots.way_trade[way]),
        "need": np.full(len(chosen), lots.way_need[way]),
        "way": np.full(len(chosen), way),
        "able": np.zeros(len(chosen), bool) if yearly is None else some.mid >= yearly,
    }


def _likeness(rows: Rows, lots: Lots, lot: int) -> Array:
    """Products summed by rising number of the word, as ``pair.likeness`` does."""
    words = slice(lots.term_ptr[lot], lots.term_ptr[lot + 1])
    term, weight = lots.term[words], lots.weight[words]
    if not len(term) or not len(rows.term):
        return np.zeros(len(rows.id))
    place = np.minimum(np.searchsorted(term, rows.term), len(term) - 1)
    shared = np.where(term[place] == rows.term, weight[place], 0.0)
    firm = np.repeat(np.arange(len(rows.id)), np.diff(rows.ptr))
    return np.minimum(1.0, np.bincount(firm, rows.weight.astype(np.float64) * shared, len(rows.id)))


def _nothing() -> dict[str, Any]:
    none = {name: np.zeros(0) for name in ("score", "distance_km", "radius_km")}
    numbers = {name: np.zeros(0, np.int64) for name in ("id", "trade", "need", "way")}
    return none | numbers | {"parts": np.zeros((0, len(PARTS))), "able": np.zeros(0, bool)}
