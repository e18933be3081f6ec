"""Which open lots a firm's versions are in reach of: an index of PostGIS proposes, the formula decides."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Max, QuerySet

from geo.domain.point import Point
from matchmaker.domain.area import in_order
from matchmaker.domain.pair import pair
from matchmaker.domain.query import IndexedFirm, LotQuery
from matchmaker.domain.reference import Reference
from matchmaker.domain.text import TextModel, TextSettings
from matchmaker.domain.trade import LotTrade
from matchmaker.models import Firm, Lot, PendingChange
from matchmaker.supply import one_firm

Asked = tuple[float, float, tuple[str, ...], float, tuple[str, ...]]  # lon, lat, trades, km, départements
LENDING = "T44"  # mise à disposition: its firms count in the groupings of lots that ask for insertion hours


@dataclass(frozen=True, slots=True)
class Version:
    """A firm as it is, or as it was when lots were matched with it. Only what reach and eligibility rest on is true of
    it: no words, and no wins or trust of one that was."""

    firm: IndexedFirm
    fictitious: bool
    current: bool


def versions(changes: Sequence[PendingChange], tables: Reference) -> list[Version]:
    """Every version of the changed firms that a lot may have been matched with, and the one in force. One query."""
    ids = {change.firm_id for change in changes if change.firm_id is not None}
    were = [_was(change) for change in changes if change.firm_id is not None and change.before]
    rows = Firm.objects.filter(pk__in=ids).select_related("commune").defer("commune__boundary", "capacity_steps")
    speechless = TextModel.empty(TextSettings.of(tables))  # words put nobody in reach
    now = [Version(known, row.fictitious, True) for row in rows if (known := one_firm(row, tables, speechless))]
    return [version for version in were if version] + now


def _was(change: PendingChange) -> Version | None:
    seen: Mapping[str, Any] = change.before or {}
    if seen["lon"] is None or not seen["active"] or not seen["trades"]:
        return None
    firm = IndexedFirm(
        id=change.firm_id or 0,
        point=Point(seen["lon"], seen["lat"]),
        trades=tuple(seen["trades"]),
        trust=0.0,
        capacity_eur=seen["capacity"],
        ess=seen["ess"],
        inclusive_kind=seen["kind"],
        declared_radius_km=seen["radius"],
        departements=in_order(seen.get("area", ())),  # absent from what was noted before areas existed
    )
    return Version(firm, seen["fictitious"], False)


def near(known: Iterable[Version], lots: QuerySet[Lot], tables: Reference) -> dict[int, list[Version]]:
    """By lot among ``lots``, the versions that may reach it: a few too many, never one too few. Three queries."""
    alike: dict[Asked, list[Version]] = defaultdict(list)  # a declaration moves nobody: old and new ask alike
    for version in known:
        alike[_asked(version.firm, tables)].append(version)
    widest = lots.order_by().aggregate(km=Max("uncertainty_km"))["km"]
    if not alike or widest is None:
        return {}
    stretch = tables.formula.decay.end / tables["distance.road_factor"] * 1.01  # PostGIS measures on its own sphere
    rows = [
        {
            "n": n,
            "lon": lon,
            "lat": lat,
            "trades": trades,
            "metres": 1000 * (radius + widest) * stretch + 100,
            "area": area,
        }
        for n, (lon, lat, trades, radius, area) in enumerate(alike)
    ]
    asking = "(l.trades && v.trades::varchar[] OR l.insertion_hours > 0 AND %(lending)s = ANY(v.trades))"
    statement = f"""
        WITH v AS (
            SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb)
                v(n int, lon float, lat float, metres float, trades text[], area text[])
        ), near AS (
            SELECT l.id, v.n FROM v JOIN matchmaker_lot l
                ON ST_DWithin(l.point, ST_Point(v.lon, v.lat)::geography, v.metres, false) AND {asking}
            UNION
            SELECT l.id, v.n FROM v JOIN matchmaker_lot l ON l.departement_id = ANY(v.area::varchar[]) AND {asking}
        )
        SELECT id, array_agg(n) FROM near GROUP BY id"""
    with connection.cursor() as cursor:
        cursor.execute(statement, {"rows": json.dumps(rows), "lending": LENDING})
        found = dict(cursor.fetchall())
    who = list(alike.values())
    open_now = lots.filter(pk__in=list(found)).order_by().values_list("pk", flat=True)
    return {pk: [version for n in found[pk] for version in who[n]] for pk in open_now}


def _asked(firm: IndexedFirm, tables: Reference) -> Asked:
    known = (tables.trades[trade].radius_km for trade in firm.trades if trade in tables.trades)
    radius = firm.declared_radius_km or max(known, default=0.0)
    return firm.point.lon, firm.point.lat, firm.trades, radius, firm.departements


def reaches(version: Version, lot: Lot, query: LotQuery, tables: Reference) -> bool:
    """Whether the firm is among those counted for the lot, or could lend staff to those who answer it."""
    if version.fictitious != lot.tender.fictitious:
        return False
    if pair(version.firm, query, tables) is not None:
        return True
    return bool(lot.insertion_hours) and _lends(version.firm, query, tables)


def _lends(firm: IndexedFirm, query: LotQuery, tables: Reference) -> bool:
    lending = LotTrade(options=((LENDING, 1.0),), share=1.0)
    asked = LotQuery((lending,), query.point, query.uncertainty_km, departement=query.departement)
    return pair(firm, asked, tables) is not None
