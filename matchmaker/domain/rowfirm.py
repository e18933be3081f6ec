"""Rows of segments told as firms again: what a snapshot knew of a firm before it changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from geo.domain.point import Point
from matchmaker.domain.area import codes_of
from matchmaker.domain.query import IndexedFirm, Wins
from matchmaker.domain.segment import KINDS, Rows, Segment


@dataclass(frozen=True, slots=True)
class Place(Point):
    """A place known by its whole metres: degrees tell it but nearly, ``metres`` exactly."""

    known: tuple[int, int, int]

    @classmethod
    def of(cls, x: int, y: int, z: int) -> Place:
        lon, lat = np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))
        return cls(float(lon), float(lat), (x, y, z))

    def metres(self) -> tuple[int, int, int]:
        return self.known


def firms_of(segments: Mapping[str, Segment], ids: Collection[int]) -> dict[int, IndexedFirm]:
    """Those of ``ids`` the segments hold, as the index sees them: trades they deliver, ESS or not, in whole euros."""
    wanted = np.fromiter(ids, dtype=np.int64, count=len(ids))
    firms: dict[int, dict[str, Any]] = {}
    for trade, segment in sorted(segments.items()):
        for row in _rows(segment.rows, wanted):
            told = firms.setdefault(int(segment.rows.id[row]), {"trades": (), "wins": {}})
            told.update(_common(segment.rows, row), trades=(*told["trades"], trade))
            if segment.rows.wins[row] or segment.rows.buyers[row]:
                told["wins"][trade] = Wins(int(segment.rows.wins[row]), int(segment.rows.buyers[row]))
    return {pk: IndexedFirm(id=pk, **told) for pk, told in sorted(firms.items())}


def _rows(rows: Rows, wanted: np.ndarray) -> Iterator[int]:
    if len(wanted) == 1:  # one pass over the ids, no sorting
        yield from np.flatnonzero(rows.id == wanted[0]).tolist()
    elif len(wanted):
        yield from np.flatnonzero(np.isin(rows.id, wanted)).tolist()


def _common(rows: Rows, row: int) -> dict[str, Any]:
    """What a firm's rows tell in every trade."""
    start, end = rows.ptr[row], rows.ptr[row + 1]
    return {
        "point": Place.of(int(rows.x[row]), int(rows.y[row]), int(rows.z[row])),
        "trust": float(rows.trust[row]),
        "capacity_eur": int(rows.mid[row]),
        "low_eur": int(rows.low[row]),
        "high_eur": int(rows.high[row]),
        "ess": "yes" if rows.ess[row] else "no",
        "inclusive_kind": KINDS[rows.kind[row]],
        "declared_radius_km": int(rows.radius_m[row]) / 1000.0 if rows.declared[row] else None,
        "departements": codes_of(int(rows.area0[row]), int(rows.area1[row])),
        "terms": tuple(zip(rows.term[start:end].tolist(), rows.weight[start:end].tolist(), strict=True)),
    }
