"""Splits proposed by the calculation: the need and its local supply in, proven ways to split it out, kept on request.

The calculation counts candidates by its own quick rule (``domain/local.py``); a split that is kept is evaluated with
the real index and search of groupings like any other, and its page shows those figures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.cache import cache

from allotment.domain.bidders import LocalFirm, Rules, Supply, supply
from allotment.domain.border import Move, moves
from allotment.domain.compact import Shapes, shapes
from allotment.domain.need import Need as DomainNeed
from allotment.domain.optimise import Answer, Objective, Point, Wish, optimise
from allotment.models import Need, Split
from allotment.queries import need_of
from allotment.simulate import fingerprint
from allotment.splits import keep
from allotment.supply import query_of
from consortia.case import READ, candidate_of, weights_of, work_hours
from consortia.domain.problem import Candidate
from geo.domain.distance import distance_km
from matchmaker.domain.area import covers
from matchmaker.domain.query import IndexedFirm
from matchmaker.domain.reference import Reference
from matchmaker.models import Firm
from matchmaker.reference import reference
from matchmaker.snapshot import current

LAYOUT = "1"  # raise when the same question should give another answer
KEPT_S = 7 * 24 * 3600
MOST_FIRMS = 2000  # the best for the need
EVERYWHERE_KM = 20_000.0  # reach of a firm that declared the département of the need


@dataclass(frozen=True)
class Studied:
    """What proposals of a need rest on."""

    need: DomainNeed
    shapes: Shapes
    supply: Supply


def studied(row: Need, need: DomainNeed | None = None) -> Studied:
    """The shapes a lot may take and the firms that may reach one. Raises NeedError. One query after the need's own."""
    need, tables = need or need_of(row), reference()
    found = shapes(need)
    firms = local_firms(need, tables, fictitious=row.fictitious)
    return Studied(need, found, supply(need, found, firms, rules(tables), insertion_hours(need, tables)))


def answer(row: Need, wish: Wish, need: DomainNeed | None = None) -> Answer:
    """The front of a need under a wish: some seconds the first time, then kept while nothing it rests on changes.

    Raises NeedError, and OptimiseError with what to change.
    """
    need = need or need_of(row)
    said = f"{LAYOUT} {fingerprint(need, fictitious=row.fictitious)} {wish}"
    key = f"proposal-{hashlib.sha256(said.encode()).hexdigest()}"
    kept: Answer | None = cache.get(key)
    if kept is None:
        known = studied(row, need)
        kept = optimise(need, known.shapes, known.supply, wish)
        cache.set(key, kept, KEPT_S)
    return kept


def borders(row: Need, wish: Wish, point: Point, need: DomainNeed | None = None) -> list[Move]:
    """What each commune beside a border of a proposed split would change."""
    known = studied(row, need)
    return moves(known.need, known.shapes, known.supply, wish, point.parts)


def accept(row: Need, found: Answer, point: Point, user: AbstractBaseUser | None = None) -> Split:
    """Keep a proposed split as a version of its need, with its certificate. Raises as :func:`allotment.splits.keep`."""
    return keep(row, point.shapes, user=user, origin=Split.Origin.OPTIMISER, proof=proof(found, point))


def proof(found: Answer, point: Point) -> dict[str, Any]:
    """``gap`` 0..1: how far the best split of as many lots of the shapes studied could be above this one."""
    wish = found.wish
    return {
        "objective": wish.objective.value,
        "bidders": wish.bidders,
        "lot_eur": wish.lot_eur,
        "most_lots": wish.most_lots,
        "lots": point.lots,
        "value": point.gain_eur,
        "bound": point.bound_eur,
        "gap": (point.bound_eur - point.gain_eur) / point.bound_eur if point.bound_eur else 0.0,
        "seconds": round(found.seconds, 2),
        "sets": found.sets,
        "communes": found.communes,
        "km": round(found.km, 1),
    }


def default_wish() -> Wish:
    return Wish(lot_eur=reference().integer("allotment.lot_cost"))


def wish_of(need: DomainNeed, objective: Objective, bidders: int, lot_eur: int, most_lots: int) -> Wish:
    """An hour of work is valued at its full cost, the mean of the need's trades by amount. Raises OptimiseError."""
    tables = reference()
    hour = sum(one.amount_eur * tables.trades[one.trade].hourly_eur for one in need.trades) / need.amount_eur
    return Wish(objective, bidders, lot_eur, most_lots, hour_eur=hour)


# ---------------------------------------------------------------- what it rests on


def rules(tables: Reference) -> Rules:
    return Rules(
        road=tables["distance.road_factor"],
        end=tables.formula.decay.end,
        members=tables.integer("grouping.max_members"),
        least_permille=round(1000 * tables["grouping.min_share"]),
        leader_permille=round(1000 * tables["grouping.mandataire_share"]),
        supply_permille=round(1000 * tables["grouping.supply_share"]),
    )


def insertion_hours(need: DomainNeed, tables: Reference) -> Mapping[str, float]:
    """Hours a clause would ask for by trade, whole duration; staff taken over bears none (guide, section 2)."""
    return {
        one.trade: max(0.0, work_hours(one.trade, one.amount_eur, tables) - one.transferred_hours)
        * tables.trades[one.trade].effort
        for one in need.trades
    }


def local_firms(need: DomainNeed, tables: Reference, *, fictitious: bool) -> list[LocalFirm]:
    """Firms that reach some part of the territory, as the search of groupings sees them. One query.

    A declared département counts where the whole need is in one, else the radius.
    """
    trades = tuple(one.trade for one in need.trades)
    query = query_of(need, trades)
    farthest = max(distance_km(query.point, place.point) for place in need.places)
    snapshot = current(fictitious, tables)
    found = snapshot.index.ask(query_of(need, trades, wider_km=2 * farthest), MOST_FIRMS).top
    indexed = snapshot.firms([one.id for one in found])
    rows = Firm.objects.only(*READ).in_bulk([one.id for one in found])
    weights = weights_of(tables)
    return [
        _local(indexed[one.id], candidate_of(one, rows[one.id], tables, weights), query.departement, tables)
        for one in found
        if one.id in rows and one.parts.trade >= tables["grouping.min_trade_fit"]
    ]


def _local(firm: IndexedFirm, seen: Candidate, departement: str, tables: Reference) -> LocalFirm:
    inside = covers(firm.departements, departement)
    radius = {
        trade: EVERYWHERE_KM if inside else firm.declared_radius_km or tables.trades[trade].radius_km
        for trade in seen.needs
    }
    leads = seen.experienced and not seen.committed_mandataire
    return LocalFirm(firm.id, firm.point, radius, seen.room_eur, seen.hours, seen.ess or seen.inclusive, leads)
