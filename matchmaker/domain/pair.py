"""One firm and one lot: the score in plain scalars. What pages explain, and what every index is checked against."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from geo.domain.point import Point
from matchmaker.domain.area import covers, nearness
from matchmaker.domain.eligibility import delivers
from matchmaker.domain.query import Found, IndexedFirm, LotQuery, Terms, Wins
from matchmaker.domain.reference import Reference
from matchmaker.domain.score import MAX_EUR, MAX_WINS, Parts, capacity_part, evidence_part, reach, total

SOLO = 1.0


@dataclass(frozen=True, slots=True)
class Scored:
    """A firm in one trade a lot asks for: its parts whatever its reach; ``parts.distance`` 0 is out of reach.

    ``inside``: whether the départements it declares hold the lot; None when the radius decides.
    """

    need: int  # place of the need in ``LotQuery.trades``
    trade: str
    fit: float
    parts: Parts
    score: float
    distance_km: float
    radius_km: float
    reach: float
    inside: bool | None


def metres(km: float) -> int:
    """Whole metres, 1 at least: what radii are kept in."""
    return max(1, round(1000 * km))


def road_m(firm: IndexedFirm, lot: LotQuery, road_factor: float) -> float:
    """Chord between the two places x road factor, metres."""
    return chord_m(firm, lot) * road_factor


def chord_m(firm: IndexedFirm, lot: LotQuery) -> float:
    return chord(firm.point, lot.point)


def chord(one: Point, other: Point) -> float:
    """Straight through the sphere, metres."""
    (ax, ay, az), (bx, by, bz) = one.metres(), other.metres()
    dx, dy, dz = ax - bx, ay - by, az - bz
    return math.sqrt(float(dx * dx + dy * dy + dz * dz))


def likeness(firm: Terms, lot: Terms) -> float:
    """Scalar product of two unit vectors of words, summed by increasing word number, 1 at most."""
    wanted = dict(lot)
    product = 0.0
    for term, weight in firm:
        product += weight * wanted.get(term, 0.0)
    return min(1.0, product)


def scored(firm: IndexedFirm, lot: LotQuery, tables: Reference) -> Iterator[Scored]:
    """Every way the firm meets the lot: one a need and trade it delivers, eligible or not, in reach or not."""
    formula, road = tables.formula, tables["distance.road_factor"]
    chord, uncertainty = chord_m(firm, lot), round(1000 * lot.uncertainty_km)
    inside = covers(firm.departements, lot.departement)
    floor = tables.area_floor if inside else 0.0
    yearly = None if lot.yearly_eur is None else min(MAX_EUR, lot.yearly_eur)
    low, mid, high = (float(min(MAX_EUR, eur)) for eur in (firm.low, firm.capacity_eur, firm.high))
    for need, wanted in enumerate(lot.trades):
        for trade, fit in wanted.options:
            if trade not in firm.trades or not delivers(firm.inclusive_kind, trade, tables.kinds):
                continue
            radius = metres(firm.declared_radius_km or tables.trades[trade].radius_km)
            far = reach(chord, road, radius, uncertainty)
            wins = firm.wins.get(trade, Wins())
            parts = Parts(
                trade=fit * firm.trust,
                text=likeness(firm.terms, lot.terms),
                distance=nearness(formula.decay(far), far, inside, floor),
                capacity=float(capacity_part(low, mid, high, yearly, formula)),
                evidence=float(
                    evidence_part(float(min(MAX_WINS, wins.count)), float(bool(wins.buyers & lot.buyer)), formula)
                ),
                ess=1.0 if firm.ess == "yes" else 0.0,
            )
            yield Scored(
                need=need,
                trade=trade,
                fit=fit,
                parts=parts,
                score=float(total(parts, formula)),
                distance_km=chord * road / 1000.0,
                radius_km=(radius + uncertainty) / 1000.0,
                reach=far,
                inside=inside,
            )


def able(firm: IndexedFirm, lot: LotQuery) -> bool:
    """Whether the middle estimate of its capacity covers the whole yearly amount."""
    return lot.yearly_eur is not None and min(MAX_EUR, firm.capacity_eur) >= min(MAX_EUR, lot.yearly_eur)


def pair(firm: IndexedFirm, lot: LotQuery, tables: Reference) -> Found | None:
    """The firm as the lot's answer shows it; None when it is not a match or a filter leaves it out."""
    if not lot.admits(firm.inclusive_kind, firm.ess):
        return None
    near = [way for way in scored(firm, lot, tables) if way.parts.distance > 0.0]
    if not near or (lot.within_km is not None and near[0].distance_km > lot.within_km):
        return None
    served = tuple(wanted.trade for need, wanted in enumerate(lot.trades) if any(way.need == need for way in near))
    solo = able(firm, lot) and len(served) == len(lot.trades)
    if lot.solo_only and not solo:
        return None
    best = min(near, key=lambda way: (-way.score, way.need, way.trade))
    return Found(
        id=firm.id,
        score=best.score,
        trade=best.trade,
        parts=best.parts,
        distance_km=best.distance_km,
        radius_km=best.radius_km,
        solo=solo,
        served=served,
    )
