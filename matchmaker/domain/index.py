"""Exact top-k firms of a lot: columns per trade, scanned whole, so that no firm is ever lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.domain.point import Point
from matchmaker.domain import score as scoring
from matchmaker.domain.eligibility import Candidate, delivers, eligible
from matchmaker.domain.notice import Reservation
from matchmaker.domain.reference import Reference
from matchmaker.domain.score import Weights
from matchmaker.domain.trade import LotTrade


@dataclass(frozen=True, slots=True)
class IndexedFirm:
    """What the index needs of a firm. ``id`` orders ties (smaller first)."""

    id: int
    point: Point
    trades: tuple[str, ...]
    trust: float
    capacity_eur: int
    ess: str = "no"
    inclusive_kind: str = ""
    declared_radius_km: float | None = None


@dataclass(frozen=True, slots=True)
class LotQuery:
    """A lot to be matched; ``yearly_eur`` None when no amount was published."""

    trades: tuple[LotTrade, ...]
    point: Point
    uncertainty_km: float = 0.0
    yearly_eur: int | None = None
    reservation: Reservation = Reservation.NONE


@dataclass(frozen=True, slots=True)
class Found:
    """One firm of an answer; ``trade`` is the trade it scored best in, ``served`` the needs it can serve."""

    id: int
    score: float
    trade: str
    parts: tuple[float, float, float, float]  # trade, distance, capacity, ess
    distance_km: float
    radius_km: float
    solo: bool
    served: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """``top`` by decreasing score then id; ``supply`` counts all firms in reach, ``solo`` those able alone."""

    top: tuple[Found, ...]
    supply: int
    solo: int


class FirmIndex:
    """Immutable columns sorted by firm id; one slice of rows a trade. Build once, ask many times."""

    def __init__(self, firms: Iterable[IndexedFirm], reference: Reference) -> None:
        ordered = sorted(firms, key=lambda firm: firm.id)
        self._weights = Weights.of(reference)
        self._road = reference["distance.road_factor"]
        self.ids = np.array([firm.id for firm in ordered], dtype=np.int64)
        metres = np.array([firm.point.metres() for firm in ordered], dtype=np.int64).reshape(-1, 3)
        self._xyz = metres
        self._capacity = np.array([firm.capacity_eur for firm in ordered], dtype=np.float64)
        self._ess = np.array([firm.ess == "yes" for firm in ordered], dtype=np.float64)
        self._masks = {
            reservation: np.array(
                [eligible(Candidate(firm.inclusive_kind, firm.ess), reservation) for firm in ordered], dtype=bool
            )
            for reservation in Reservation
        }
        self._rows: dict[str, tuple[NDArray[np.int64], scoring.Floats, scoring.Floats]] = {}
        self._fill_rows(ordered, reference)

    def __len__(self) -> int:
        return len(self.ids)

    def _fill_rows(self, ordered: Sequence[IndexedFirm], reference: Reference) -> None:
        rows: dict[str, tuple[list[int], list[float], list[float]]] = {}
        for position, firm in enumerate(ordered):
            for code in firm.trades:
                if not delivers(firm.inclusive_kind, code, reference.kinds):
                    continue
                radius = firm.declared_radius_km or reference.trades[code].radius_km
                positions, trusts, radii = rows.setdefault(code, ([], [], []))
                positions.append(position)
                trusts.append(firm.trust)
                radii.append(radius)
        self._rows = {
            code: (np.array(p, dtype=np.int64), np.array(t, dtype=np.float64), np.array(r, dtype=np.float64))
            for code, (p, t, r) in rows.items()
        }

    def ask(self, lot: LotQuery, k: int) -> Answer:
        """Exact best k firms of a lot. One firm counts once, in the trade it scores best in."""
        blocks = [
            self._scored(lot, need, trade, fit)
            for need, wanted in enumerate(lot.trades)
            for trade, fit in wanted.options
            if trade in self._rows
        ]
        if not blocks:
            return Answer((), 0, 0)
        rows = _Rows(*(np.concatenate(column) for column in zip(*blocks, strict=True)))
        order = np.lexsort((rows.trade, rows.need, rows.position, -rows.score))
        _, first = np.unique(rows.position[order], return_index=True)
        best = order[np.sort(first)]
        served = _needs_served(rows, len(self.ids))
        able = (rows.capacity >= 1.0) & (lot.yearly_eur is not None)
        everything = (1 << len(lot.trades)) - 1
        solo = able & (served[rows.position] == everything)
        top = tuple(
            self._found(rows, int(row), lot, int(served[rows.position[row]]), bool(solo[row])) for row in best[:k]
        )
        return Answer(top, supply=len(best), solo=int(np.count_nonzero(solo[best])))

    def _found(self, rows: _Rows, row: int, lot: LotQuery, served: int, solo: bool) -> Found:
        return Found(
            id=int(self.ids[rows.position[row]]),
            score=float(rows.score[row]),
            trade=f"T{int(rows.trade[row]):02d}",
            parts=(
                float(rows.trade_part[row]),
                float(rows.distance[row]),
                float(rows.capacity[row]),
                float(rows.ess[row]),
            ),
            distance_km=float(rows.km[row]),
            radius_km=float(rows.radius[row]),
            solo=solo,
            served=tuple(need.trade for index, need in enumerate(lot.trades) if served >> index & 1),
        )

    def _scored(self, lot: LotQuery, need: int, trade: str, fit: float) -> tuple[NDArray[Any], ...]:
        """Rows of one trade that reach the lot, with score and parts, as the columns of ``_Rows``."""
        positions, trust, radii = self._rows[trade]
        keep = self._masks[lot.reservation][positions]
        positions, trust, radii = positions[keep], trust[keep], radii[keep] + lot.uncertainty_km
        delta = self._xyz[positions] - np.array(lot.point.metres(), dtype=np.int64)
        km = np.sqrt((delta * delta).sum(axis=1).astype(np.float64)) / 1000.0 * self._road
        yearly = None if lot.yearly_eur is None else float(lot.yearly_eur)
        parts = scoring.Parts(
            trade=fit * trust,
            distance=scoring.distance_part(km, radii),
            capacity=scoring.capacity_part(self._capacity[positions], yearly, self._weights),
            ess=self._ess[positions],
        )
        score = scoring.total(parts, self._weights)
        count = len(positions)
        columns = (
            positions, np.full(count, need), np.full(count, int(trade[1:])), score, parts.trade,
            parts.distance, parts.capacity, parts.ess, km, radii,
        )  # fmt: skip
        reach = parts.distance > 0.0
        return tuple(column[reach] for column in columns)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Columns of one length: one row a (firm, need, trade) in reach."""

    position: NDArray[np.int64]
    need: NDArray[np.int64]
    trade: NDArray[np.int64]
    score: scoring.Floats
    trade_part: scoring.Floats
    distance: scoring.Floats
    capacity: scoring.Floats
    ess: scoring.Floats
    km: scoring.Floats
    radius: scoring.Floats


def _needs_served(rows: _Rows, firms: int) -> NDArray[np.int64]:
    """For each firm, the bits of the lot's needs it can serve."""
    bits = np.zeros(firms, dtype=np.int64)
    np.bitwise_or.at(bits, rows.position, np.left_shift(1, rows.need))
    return bits
