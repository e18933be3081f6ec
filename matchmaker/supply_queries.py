"""Named reads of the supply map: its trades, its table by département, one mark, and lots that no firm reaches."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from django.db import connection
from django.db.models import Max, Min, Q, QuerySet, Sum

from geo.domain.mercator import SQL_ACROSS, SQL_DOWN, Cell
from geo.domain.point import Point
from geo.models import Departement
from geo.queries import commune_at
from matchmaker.models import Firm, Lot, SupplyCell, SupplyTotal
from matchmaker.needs import yearly_eur
from matchmaker.queries import PublicFirm, open_lots, public_firm, with_commune
from matchmaker.reference import reference
from matchmaker.supply_cells import AMOUNTS, COUNTED, COUNTS, FAMILIES, FINEST
from matchmaker.tiles import firms_in

LISTED = 12  # firms on the card of a mark
LIST_FROM = 9  # coarser squares, wider than 55 km in France, show figures and ask to come nearer
MAINLAND = (-5.5, 41.0, 10.0, 51.5)
LIST_MOST = 3_000  # firms among which the largest are sought


@dataclass(frozen=True, slots=True)
class Figures:
    """Firms of a place and trade and their free capacity, EUR a year, in all and by family; see ``FAMILIES``."""

    firms: int = 0
    social: int = 0
    siae: int = 0
    adapted: int = 0
    capacity_eur: int = 0
    social_eur: int = 0
    siae_eur: int = 0
    adapted_eur: int = 0

    def count(self, family: str) -> int:
        return int(getattr(self, family)) if family else self.firms

    def capacity(self, family: str) -> int:
        return int(getattr(self, f"{family}_eur" if family else "capacity_eur"))


@dataclass(slots=True)
class Demand:
    """Open lots that ask a trade. ``unpriced`` of them have neither an amount nor an estimate."""

    lots: int = 0
    eur: int = 0  # a year, the trade's share only
    unpriced: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A département: what is offered and what is asked there. ``low_eur`` and ``high_eur`` are of all its firms."""

    code: str
    name: str
    offer: Figures
    low_eur: int
    high_eur: int
    demand: Demand = field(default_factory=Demand)
    point: Point | None = None  # of the département, to bring the map there

    def ratio(self, family: str = "") -> float | None:
        """Yearly demand over middle free capacity of a family of firms; None without any capacity."""
        capacity = self.offer.capacity(family)
        return self.demand.eur / capacity if capacity else None


def trades_counted(*, fictitious: bool) -> dict[str, Figures]:
    """Every trade with a firm, "" for all of them. One small query."""
    rows = SupplyTotal.objects.filter(fictitious=fictitious).order_by().values("trade")
    return {
        row.pop("trade"): Figures(**row) for row in rows.annotate(**{name: Sum(name) for name in (*COUNTS, *AMOUNTS)})
    }


def supply_known() -> set[bool]:
    """Which firms there are: real ones (False), fictitious ones (True). One query."""
    return set(SupplyTotal.objects.filter(trade="").order_by().values_list("fictitious", flat=True).distinct())


def by_departement(trade: str, as_of: date, *, fictitious: bool) -> list[Row]:
    """Offer and demand of a trade ("" for all), by code; the unknown place last. Three queries."""
    asked = demand_by_departement(trade, as_of, fictitious=fictitious)
    places = {row.code: row for row in Departement.objects.only("code", "name", "point")}
    totals = SupplyTotal.objects.filter(trade=trade, fictitious=fictitious)
    offered = {total.departement_id or "": total for total in totals}
    rows = []
    for code in sorted({*offered, *asked}, key=lambda code: (not code, code)):
        total = offered.get(code)
        offer = Figures(**{name: getattr(total, name) for name in (*COUNTS, *AMOUNTS)}) if total else Figures()
        low, high = (total.low_eur, total.high_eur) if total else (0, 0)
        place = places.get(code)
        point = Point(place.point.x, place.point.y) if place and place.point else None
        rows.append(Row(code, place.name if place else "", offer, low, high, asked.get(code, Demand()), point))
    return rows


def demand_by_departement(trade: str, as_of: date, *, fictitious: bool) -> dict[str, Demand]:
    """One query; "" for lots whose place is unknown."""
    tables = reference()
    found: defaultdict[str, Demand] = defaultdict(Demand)
    for lot in asking(trade, as_of, fictitious=fictitious).only(
        "amount_eur", "imputed_mid_eur", "duration_months", "needs", "departement"
    ):
        demand = found[lot.departement_id or ""]
        demand.lots += 1
        yearly = yearly_eur(lot, tables)
        if yearly is None:
            demand.unpriced += 1
        else:
            demand.eur += round(yearly * share_of(lot, trade))
    return dict(found)


def share_of(lot: Lot, trade: str) -> float:
    """The part of a lot a trade could do, 0..1. No query."""
    if not trade:
        return 1.0
    return min(1.0, sum(need["share"] for need in lot.needs if trade in (need.get("options") or [need["trade"]])))


def asking(trade: str, as_of: date, *, fictitious: bool) -> QuerySet[Lot]:
    """Open lots that ask a trade ("" for any). Lazy."""
    lots = open_lots(as_of).filter(tender__fictitious=fictitious).order_by("pk")
    return lots.filter(trades__contains=[trade]) if trade else lots


def out_of_reach(trade: str, as_of: date, *, fictitious: bool) -> QuerySet[Lot]:
    """Open lots of a trade that the latest matching found no firm for, however far its radius goes. Lazy."""
    lots = asking(trade, as_of, fictitious=fictitious).filter(match_state=Lot.MatchState.NO_FIRM, point__isnull=False)
    return lots.select_related("tender__buyer").defer("description", "tender__description")


def extent(trade: str, *, fictitious: bool) -> tuple[float, float, float, float] | None:
    """West, south, east, north of the supply: of mainland France when it is there, else of all. One query."""
    cells = SupplyCell.objects.filter(fictitious=fictitious, trade=trade, zoom=11)
    west, south, east, north = MAINLAND
    inland = Q(lon__gt=west, lon__lt=east, lat__gt=south, lat__lt=north)
    ends = {"west": Min("lon"), "south": Min("lat"), "east": Max("lon"), "north": Max("lat")}
    found = cells.aggregate(
        **ends, **{f"in_{name}": type(end)(end.source_expressions[0], filter=inland) for name, end in ends.items()}
    )
    box = [found[f"in_{name}"] if found["in_west"] is not None else found[name] for name in ends]
    return None if box[0] is None else (box[0], box[1], box[2], box[3])


@dataclass(frozen=True, slots=True)
class Mark:
    """What the card of a mark tells. ``listed`` are openly diffused; ``hidden`` counts those that are not."""

    place: str  # the commune its centre lies in, "" at sea
    figures: Figures
    listed: list[PublicFirm]
    hidden: int
    near: bool  # near enough to list firms


def mark(cell: Cell, trade: str, family: str, *, fictitious: bool) -> Mark | None:
    """One square of the map, None when it holds no firm of the family. At most five queries."""
    found = _counted(cell, trade, fictitious)
    if found is None or not found[0].count(family):
        return None
    figures, lon, lat = found
    commune = commune_at(Point(lon, lat))
    near = cell.zoom >= LIST_FROM and figures.firms <= LIST_MOST
    listed, hidden = _largest(cell, trade, family, fictitious) if near else ([], 0)
    return Mark(commune.name if commune else "", figures, listed, hidden, near)


def _counted(cell: Cell, trade: str, fictitious: bool) -> tuple[Figures, float, float] | None:
    names = (*COUNTS, *AMOUNTS)
    if cell.zoom <= FINEST:
        kept = SupplyCell.objects.filter(fictitious=fictitious, trade=trade, zoom=cell.zoom, x=cell.x, y=cell.y)
        row = kept.values_list(*names, "lon", "lat").first()
    else:
        sql, parameters = _in_cell(cell, trade, fictitious)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {COUNTED}, avg(lon), avg(lat) FROM {sql}", parameters)
            row = cursor.fetchone()
    return (Figures(*row[:-2]), row[-2], row[-1]) if row and row[0] else None


def _largest(cell: Cell, trade: str, family: str, fictitious: bool) -> tuple[list[PublicFirm], int]:
    """The firms of a square with most free capacity, and how many of it are partially diffused."""
    sql, parameters = _in_cell(cell, trade, fictitious)
    within = f" WHERE {family}" if family in FAMILIES else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, shown FROM {sql}{within} ORDER BY mid DESC, id", parameters)
        rows = cursor.fetchall()
    ids = [pk for pk, shown in rows if shown][:LISTED]
    related, heavy = with_commune()
    firms = Firm.objects.select_related(*related).defer(*heavy).in_bulk(ids)
    return [public_firm(firms[pk]) for pk in ids if pk in firms], sum(not shown for _pk, shown in rows)


def _in_cell(cell: Cell, trade: str, fictitious: bool) -> tuple[str, tuple[object, ...]]:
    firms, parameters = firms_in(cell, trade, fictitious=fictitious)
    side = 2**cell.zoom
    return (
        f"(SELECT * FROM {firms} around WHERE floor({SQL_ACROSS} * {side}) = %s AND floor({SQL_DOWN} * {side}) = %s)"
        " within",
        (*parameters, cell.x, cell.y),
    )
