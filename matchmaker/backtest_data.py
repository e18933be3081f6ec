"""Firms and awards of the database as ``domain.backtest`` needs them. Awards are the truth, whatever their source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.contrib.gis.geos import Point as GeosPoint
from django.db import connection
from django.db.models import Case as SqlCase
from django.db.models import Count, F, Q, QuerySet, When

from geo.domain.gazetteer import Gazetteer
from geo.domain.point import Point
from geo.queries import gazetteer
from matchmaker.domain.backtest.world import Case, Entrant, Supply, in_time, supply_of
from matchmaker.domain.capacity import Capacity, CapacityInput, estimate
from matchmaker.domain.evidence import buyer_kind
from matchmaker.domain.query import IndexedFirm, LotQuery
from matchmaker.domain.reference import Reference
from matchmaker.domain.trade import lot_trades
from matchmaker.models import Award, AwardHolder, Firm
from matchmaker.supply import TRUST

_NOT_JOINT = (Award.Grouping.MULTI, Award.Grouping.UNKNOWN, Award.Grouping.NONE)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a backtest reads, and what it had to leave out, in French."""

    supply: Supply
    cases: list[Case]
    awards: int
    left_out: dict[str, int]


def load(tables: Reference) -> Loaded:
    """All real firms with a place, all real awards. A query for each, read in streams; memory follows the firms."""
    supply = supply_of(_firms(tables), tables)
    winners = _winners(supply)
    left_out = {"sans date": 0, "sans titulaire connu et situé": 0, "sans code CPV": 0, "sans lieu": 0}
    cases, count, places = [], 0, gazetteer()
    for award in _awards(tables).iterator(chunk_size=2_000):
        count += 1
        if award.pk not in winners:
            left_out["sans titulaire connu et situé"] += 1
        elif (award.notified_on or award.published_on) is None:
            left_out["sans date"] += 1
        else:
            case = _case(award, winners[award.pk], places, tables)
            left_out["sans code CPV"] += not award.cpv
            left_out["sans lieu"] += bool(award.cpv) and case.lot is None
            cases.append(case)
    return Loaded(supply, in_time(cases), count, left_out)


def _firms(tables: Reference) -> Iterator[Entrant]:
    """Every real firm with a place, closed since or not: it may have been open then. Masked firms: their commune."""
    place = SqlCase(When(diffusion=Firm.Diffusion.OPEN, then=F("point")), default=F("commune__point"))
    rows = Firm.objects.filter(fictitious=False).annotate(place=place).filter(place__isnull=False).order_by("pk")
    sizes = lru_cache(maxsize=50_000)(lambda size, trade: _capacity(size, trade, tables))
    for row in rows.values_list(
        "pk",
        "siren",
        "place",
        "trades",
        "trade_source",
        "ess",
        "inclusive_kind",
        "declared_radius_km",
        "naf",
        "headcount_band",
        "headcount_fte",
        "places",
        "turnover_eur",
    ).iterator(chunk_size=5_000):
        pk, siren, at, trades, source, ess, kind, radius, naf, *size = row
        capacity = sizes((*size, kind), trades[0] if trades else "")
        firm = IndexedFirm(
            id=pk,
            point=Point(at.x, at.y),
            trades=tuple(trades),
            trust=tables[TRUST[source]] if source in TRUST else 0.0,
            capacity_eur=capacity.mid_eur,
            low_eur=capacity.low_eur,
            high_eur=capacity.high_eur,
            ess=ess,
            inclusive_kind=kind,
            declared_radius_km=radius,
        )
        yield Entrant(firm, naf, int(siren))


def _capacity(size: tuple[object, ...], trade: str, tables: Reference) -> Capacity:
    """Without declarations, nor the contracts under way: these tell of awards that may come after the one asked."""
    band, fte, places, turnover, kind = size
    known = CapacityInput(
        headcount_band=str(band or ""),
        headcount=fte,  # type: ignore[arg-type]
        places=places,  # type: ignore[arg-type]
        inclusive_kind=str(kind),
        turnover_eur=turnover,  # type: ignore[arg-type]
    )
    return estimate(known, tables.trades.get(trade), tables, on=date.min)


def _winners(supply: Supply) -> dict[int, tuple[int, ...]]:
    """Places in the supply of the firms that hold each award, in order. One query."""
    at = {int(pk): place for place, pk in enumerate(supply.ids)}
    found: dict[int, tuple[int, ...]] = {}
    rows = AwardHolder.objects.filter(firm__isnull=False, award__fictitious=False).order_by("award", "position")
    for award, firm in rows.values_list("award_id", "firm_id").iterator(chunk_size=5_000):
        if (place := at.get(firm)) is not None and place not in found.get(award, ()):
            found[award] = (*found.get(award, ()), place)
    return found


# A notice of a contract that DECP tell too, same buyer and firm within ``award.twin_days``, counts once: as DECP.
_TWINS = """
SELECT DISTINCT a.id FROM matchmaker_award a
JOIN matchmaker_awardholder h ON h.award_id = a.id
JOIN matchmaker_awardholder twin ON twin.firm_id = h.firm_id
JOIN matchmaker_award d ON d.id = twin.award_id AND d.source = 'decp' AND d.buyer_id = a.buyer_id
WHERE a.source <> 'decp' AND abs(d.notified_on - a.notified_on) <= %s
"""


def _awards(tables: Reference) -> QuerySet[Award]:
    with connection.cursor() as cursor:
        cursor.execute(_TWINS, [tables.integer("award.twin_days")])
        twins = [pk for (pk,) in cursor.fetchall()]
    awards = Award.objects.filter(~Q(pk__in=twins), fictitious=False).select_related("buyer").order_by("pk")
    return awards.annotate(holder_count=Count("holders__siren", distinct=True))


def _case(award: Award, winners: tuple[int, ...], places: Gazetteer, tables: Reference) -> Case:
    day = award.notified_on or award.published_on
    assert day is not None
    kind = buyer_kind(award.buyer.siret) if award.buyer else 0
    return Case(
        id=award.pk,
        day=day.toordinal(),
        buyer=award.buyer_id or -award.pk,
        buyer_kind=kind,
        cpv=award.cpv,
        departement=award.departement_id or "",
        trades=tuple(award.trades),
        winners=winners,
        lot=_lot(award, kind, places, tables) if award.cpv else None,
        holders=award.holder_count,
        joint=award.grouping not in _NOT_JOINT and len(winners) > 1,
    )


def _lot(award: Award, kind: int, places: Gazetteer, tables: Reference) -> LotQuery | None:
    """What the ranking would have been asked; the buyer's place for want of the contract's."""
    point, uncertainty = award.point, award.uncertainty_km
    if point is None and award.buyer and (award.buyer.postcode or award.buyer.nuts):
        found = places.locate(nuts=award.buyer.nuts, zipcode=award.buyer.postcode, city=award.buyer.city)
        if found:
            point, uncertainty = GeosPoint(found.point.lon, found.point.lat), found.uncertainty_km
    if point is None:
        return None
    return LotQuery(
        trades=lot_trades([award.cpv], tables, award.title),
        point=Point(point.x, point.y),
        uncertainty_km=uncertainty,
        yearly_eur=award.annual_eur,
        buyer=kind,
    )
