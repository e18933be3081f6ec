"""The radar of missing pieces: where one more firm would make most lots reachable, and who might be it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import QuerySet

from consortia.domain.piece import Piece
from consortia.domain.radar import Beacon, Spot, beacons
from consortia.models import Outcome
from geo.domain.distance import distance_km, spread
from geo.domain.point import Point
from geo.domain.stereographic import Plane
from geo.models import Commune
from geo.queries import nearest_communes
from matchmaker.domain.area import covers
from matchmaker.domain.reference import Reference
from matchmaker.models import Firm, Lot
from matchmaker.queries import PublicFirm, open_lots, public_firm, with_commune
from matchmaker.reference import reference

NEIGHBOURS = 5  # firms to call, a beacon


@dataclass(frozen=True, slots=True)
class Lacking:
    """An open lot that one more firm would make reachable."""

    lot: Lot
    piece: Piece
    place: Point


@dataclass(frozen=True, slots=True)
class Light:
    """A beacon as people see it. ``farthest_km``: by road to the farthest of its lots; ``near``: the commune there."""

    beacon: Beacon
    place: Point
    near: Commune | None
    farthest_km: float
    lots: tuple[Lacking, ...]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A known firm of the beacon's trades. Of its lots, ``within`` are in its reach, ``enough`` not too large for it,
    ``both`` are both. ``lacking_eur``: capacity it lacks for the smallest of those in its reach (of all, if none is).
    """

    firm: PublicFirm
    km: float
    radius_km: float
    within: int
    enough: int
    both: int
    lacking_eur: int


def lots_lacking(as_of: date, *, fictitious: bool) -> QuerySet[Lot]:
    """Open lots without a grouping, for which the one firm that would do is known. Lazy."""
    none = open_lots(as_of).filter(tender__fictitious=fictitious, outcome__state=Outcome.State.NONE)
    return (
        none.exclude(outcome__piece={})
        .filter(point__isnull=False)
        .select_related("tender__buyer", "outcome", "departement")
        .defer("description", "tender__description")
        .order_by("pk")
    )


def known(as_of: date) -> set[bool]:
    """Whether real lots (False), fictitious ones (True) lack a piece. Two queries."""
    return {demo for demo in (False, True) if lots_lacking(as_of, fictitious=demo).exists()}


def lacking(lots: Iterable[Lot]) -> list[Lacking]:
    """Lots read through :func:`lots_lacking` with their pieces. No query but theirs."""
    found = []
    for lot in lots:
        piece = Piece.from_json(lot.outcome.piece)
        if piece is not None and lot.point is not None:
            found.append(Lacking(lot, piece, Point(lot.point.x, lot.point.y)))
    return found


def choices(every: Sequence[Lacking]) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    """Lots by trade of the piece, and by département (code, name)."""
    trades = Counter(trade for one in every for trade in one.piece.trades)
    places = ((one.lot.departement.code, one.lot.departement.name) for one in every if one.lot.departement)
    return trades, Counter(places)


def lights(every: Sequence[Lacking], tables: Reference | None = None) -> list[Light]:
    """Where one firm would make most lots reachable, best first; each lot is in one. Two queries."""
    if not every:
        return []
    factor = (tables or reference())["distance.road_factor"]
    plane = Plane(spread([(one.place, 1.0) for one in every]).centre)
    by_lot = {one.lot.pk: one for one in every}
    found = beacons(_spot(one, plane, factor) for one in every)
    places = [plane.place(beacon.x, beacon.y) for beacon in found]
    communes = nearest_communes(places)
    answer = []
    for beacon, place, near in zip(found, places, communes, strict=True):
        lots = tuple(by_lot[lot] for lot in beacon.lots)
        farthest = max(distance_km(place, one.place) for one in lots) * factor
        answer.append(Light(beacon, place, near, farthest, lots))
    return answer


def _spot(one: Lacking, plane: Plane, factor: float) -> Spot:
    disc = plane.disc(one.place, 1000 * one.piece.reach_km / factor)
    piece = one.piece
    return Spot(one.lot.pk, piece.trades, piece.capacity_eur, piece.fte, disc.x, disc.y, disc.radius_m)


def neighbours(found: Sequence[Light], *, fictitious: bool) -> list[list[Neighbour]]:
    """For each beacon the nearest firms of its trades, openly diffused (rule D1). Two queries and those of tables."""
    ids = _nearest(found, fictitious)
    related, heavy = with_commune()
    wanted = {pk for some in ids for pk in some}
    firms = Firm.objects.select_related(*related).defer(*heavy).in_bulk(wanted)
    tables = reference()
    return [
        [_neighbour(firms[pk], light, tables) for pk in some if pk in firms]
        for light, some in zip(found, ids, strict=True)
    ]


def _nearest(found: Sequence[Light], fictitious: bool) -> list[list[int]]:
    """Ids of firms by distance (index on the places of firms)."""
    ids: list[list[int]] = [[] for _ in found]
    if found:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT b.n, f.id FROM unnest(%s::float8[], %s::float8[], %s::text[]) WITH ORDINALITY b(lon, lat, t, n)"
                " CROSS JOIN LATERAL (SELECT id, point FROM matchmaker_firm WHERE active AND fictitious = %s"
                " AND diffusion = 'O' AND point IS NOT NULL AND trades @> string_to_array(b.t, ' ')::varchar[]"
                " ORDER BY point <-> ST_SetSRID(ST_MakePoint(b.lon, b.lat), 4326)::geography LIMIT %s) f"
                " ORDER BY b.n, f.point <-> ST_SetSRID(ST_MakePoint(b.lon, b.lat), 4326)::geography, f.id",
                [
                    [light.place.lon for light in found],
                    [light.place.lat for light in found],
                    [" ".join(light.beacon.trades) for light in found],
                    fictitious,
                    NEIGHBOURS,
                ],
            )
            for n, pk in cursor.fetchall():
                ids[int(n) - 1].append(pk)
    return ids


def _neighbour(firm: Firm, light: Light, tables: Reference) -> Neighbour:
    shown = public_firm(firm)
    at = Point(firm.point.x, firm.point.y)
    factor = tables["distance.road_factor"]
    usual = min(tables.trades[trade].radius_km for trade in light.beacon.trades)
    radius = firm.declared_radius_km or usual
    reached = {one.lot.pk for one in light.lots if _reaches(firm, at, one, radius, factor)}
    enough = {one.lot.pk for one in light.lots if firm.capacity_mid_eur >= one.piece.capacity_eur}
    some = [one for one in light.lots if one.lot.pk in reached] or light.lots
    short = min(one.piece.capacity_eur for one in some) - firm.capacity_mid_eur
    return Neighbour(
        firm=shown,
        km=distance_km(at, light.place) * factor,
        radius_km=radius,
        within=len(reached),
        enough=len(enough),
        both=len(reached & enough),
        lacking_eur=max(0, short),
    )


def _reaches(firm: Firm, at: Point, one: Lacking, radius_km: float, factor: float) -> bool:
    inside = covers(firm.declared_departements, one.lot.departement_id or "")
    if inside is not None:
        return inside
    return distance_km(at, one.place) * factor < 1.5 * (radius_km + one.lot.uncertainty_km)
