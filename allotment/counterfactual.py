"""A département's contracts of a year, split as proposed: for a public debate. Public data in, estimates out."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.contrib.gis.geos import Point as GeosPoint
from django.contrib.gis.measure import D
from django.core.cache import cache
from django.db.models import Count, F, Max, Q, QuerySet

from allotment.domain.commitment import Kind, Published, considerations, told_once
from allotment.domain.counterfactual import Counterfactual, Limits, Purchase, Work, counterfactual
from geo.domain.distance import spread
from geo.domain.point import Point, point
from geo.models import Departement
from matchmaker.domain.eligibility import delivers
from matchmaker.domain.insertion import yearly
from matchmaker.domain.reference import Reference
from matchmaker.models import Award, AwardHolder, Firm
from matchmaker.reference import reference

KEPT_S = 24 * 3600
LAYOUT = "2"  # raise when the same data should give other figures
MOST_CONTRACTS = 5_000  # of a département and year: the largest come first


@dataclass(frozen=True, slots=True)
class Territory:
    """The answer for a département and a year, and what it could not speak of (``unread_*``)."""

    departement: Departement
    year: int
    found: Counterfactual
    unread: int  # contracts without amount, known trade or place
    unread_eur: int  # of those, what is known a year
    fictitious: bool
    latest: date | None

    @property
    def notified(self) -> int:
        return self.found.contracts + self.unread


def territories() -> list[tuple[Departement, list[int]]]:
    """Départements with contracts placed there, and their years, the last first. Two queries."""
    rows = Award.objects.filter(departement__isnull=False, notified_on__isnull=False).order_by()
    years: dict[str, set[int]] = defaultdict(set)
    for code, year in rows.values_list("departement", "notified_on__year").distinct():
        years[code].add(year)
    found = Departement.objects.filter(pk__in=years).defer("outline").order_by("code")
    return [(one, sorted(years[one.pk], reverse=True)) for one in found]


def territory(departement: Departement, year: int) -> Territory:
    """Five queries and a second or so of computing the first time; kept until awards, firms or tables change."""
    tables = reference()
    rows = _awards(departement, year)
    state = rows.aggregate(n=Count("pk"), at=Max("updated_at"))
    firms = Firm.objects.aggregate(at=Max("updated_at"))
    said = f"{LAYOUT} {departement.pk} {year} {tables.version} {state} {firms}"
    key = f"counterfactual-{hashlib.sha256(said.encode()).hexdigest()}"
    found: Territory = cache.get_or_set(key, lambda: _computed(departement, year, rows, tables), KEPT_S)
    return found


def _awards(departement: Departement, year: int) -> QuerySet[Award]:
    return Award.objects.filter(departement=departement, notified_on__year=year).order_by()


def _computed(departement: Departement, year: int, rows: QuerySet[Award], tables: Reference) -> Territory:
    known = rows.prefetch_related("holders__firm").defer("warnings", "modifications")
    awards = _once(list(known.order_by(F("annual_eur").desc(nulls_last=True), "pk")[: 2 * MOST_CONTRACTS]), tables)[
        :MOST_CONTRACTS
    ]
    fictitious = any(award.fictitious for award in awards)
    readable = [award for award in awards if _yearly(award, tables) and _trades(award, tables) and award.point]
    read = {award.pk for award in readable}
    unread = [award for award in awards if award.pk not in read]
    firms = _firms(readable, fictitious, tables) if readable else []
    near = _near(readable, firms, tables)
    purchases = [_purchase(award, ranks, tables) for award, ranks in zip(readable, near, strict=True)]
    limits = Limits(
        tables.integer("grouping.max_members"),
        tables.integer("counterfactual.lots"),
        tables.integer("counterfactual.smallest_lot"),
    )
    works = {code: _work(code, tables) for code in tables.trades}
    freed = _freed(readable)
    answer = counterfactual(
        purchases, [_capacity(firm, freed) for firm in firms], works, limits, tables["insertion.min_fte_hours"]
    )
    return Territory(
        departement=departement,
        year=year,
        found=answer,
        unread=len(unread),
        unread_eur=sum(_yearly(award, tables) or 0 for award in unread),
        fictitious=fictitious,
        latest=max((award.notified_on for award in awards if award.notified_on), default=None),
    )


# ---------------------------------------------------------------- contracts


def _once(awards: Sequence[Award], tables: Reference) -> list[Award]:
    """An award notice of a contract that DECP tell too is left out, buyer by buyer."""
    by_buyer: dict[int | None, list[Published]] = defaultdict(list)
    for award in awards:
        assert award.notified_on is not None
        holders = frozenset(one.siren for one in award.holders.all() if one.siren)
        by_buyer[award.buyer_id].append(Published(str(award), award.source == "decp", award.notified_on, holders))
    days = tables.integer("award.twin_days")
    kept = frozenset().union(*(told_once(some, days) for some in by_buyer.values()))
    return [award for award in awards if str(award) in kept]


def _yearly(award: Award, tables: Reference) -> int | None:
    """Whole euros a year; a contract without duration is taken to last as long as the table says."""
    if award.annual_eur:
        return int(award.annual_eur)
    if not award.amount_eur:
        return None
    share = tables["award.framework_share"] if award.framework else 1.0
    return max(1, round(yearly(share * award.amount_eur, tables["lot.default_months"])))


def _trades(award: Award, tables: Reference) -> list[str]:
    return [code for code in award.trades if code in tables.trades]


def _purchase(award: Award, near: Iterable[int], tables: Reference) -> Purchase:
    amount = _yearly(award, tables) or 1
    said = considerations(award.social)
    holders = list(award.holders.all())
    social = sum(one.firm is not None and _social(one.firm) for one in holders)
    asks = bool(said.kinds & {Kind.CLAUSE, Kind.RESERVED})
    return Purchase(
        key=str(award),
        trade=_trades(award, tables)[0],
        yearly_eur=amount,
        near=tuple(near),
        won_eur=amount * social // len(holders) if holders else 0,
        clause=True if asks else False if said.known else None,
    )


def _work(code: str, tables: Reference) -> Work:
    trade = tables.trades[code]

    def transferred(side: str) -> float:
        return tables.parameters.get(f"counterfactual.transferred_{side}.{code}", 0.0)

    return Work(
        trade.labour_share,
        trade.hourly_eur,
        (
            min(tables["counterfactual.min_effort"], trade.effort),
            trade.effort,
            max(tables["insertion.max_effort"], trade.effort),
        ),
        (0.0, transferred("mid"), transferred("high")),
    )


# ---------------------------------------------------------------- firms


def _social(firm: Firm) -> bool:
    return firm.ess == Firm.Ess.YES or firm.esus or bool(firm.inclusive_kind)


def _firms(awards: Sequence[Award], fictitious: bool, tables: Reference) -> list[Firm]:
    """Active ESS, ESUS and inclusive firms that could be near one of these contracts. One query."""
    places = [(_at(award), 1.0) for award in awards]
    centre = spread(places).centre
    widest = max(trade.radius_km for trade in tables.trades.values())
    farthest = float(np.max(np.linalg.norm(_metres(one for one, _ in places) - _metres([centre]), axis=1))) / 1000
    within = farthest + widest + max(award.uncertainty_km for award in awards)
    wanted = Q(ess=Firm.Ess.YES) | Q(esus=True) | ~Q(inclusive_kind="")
    rows = Firm.objects.filter(wanted, active=True, fictitious=fictitious, capacity_high_eur__gt=0, point__isnull=False)
    here = GeosPoint(centre.lon, centre.lat, srid=4326)
    rows = rows.filter(point__dwithin=(here, D(km=within))).select_related("commune")
    heavy = ("commune__boundary", "capacity_steps", "wins")
    return list(rows.defer(*heavy).order_by("pk"))


def _where(firm: Firm) -> Point:
    """A partially diffused firm is measured from its commune (rule D1)."""
    commune = firm.commune
    hidden = firm.diffusion != Firm.Diffusion.OPEN and commune is not None and commune.point is not None
    at = commune.point if hidden and commune is not None else firm.point
    return point(lon=at.x, lat=at.y)


def _at(award: Award) -> Point:
    return point(lon=award.point.x, lat=award.point.y)


def _metres(places: Iterable[Point]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([place.metres() for place in places], dtype=np.float64).reshape(-1, 3)


def _near(awards: Sequence[Award], firms: Sequence[Firm], tables: Reference) -> list[list[int]]:
    """Ranks of the firms of each contract's trades within their radius, the place's own uncertainty added."""
    by_trade: dict[str, list[int]] = defaultdict(list)
    for rank, firm in enumerate(firms):
        for code in firm.trades:
            if delivers(firm.inclusive_kind, code, tables.kinds):
                by_trade[code].append(rank)
    places, spots = _metres(_where(firm) for firm in firms), _metres(_at(award) for award in awards)
    found = []
    for award, spot in zip(awards, spots, strict=True):
        ranks: set[int] = set()
        for code in _trades(award, tables):
            able = by_trade[code]
            if able:
                km = np.linalg.norm(places[able] - spot, axis=1) / 1000 - award.uncertainty_km
                radius = np.array([firms[rank].declared_radius_km or tables.trades[code].radius_km for rank in able])
                ranks |= {able[place] for place in np.flatnonzero(km <= radius)}
        found.append(sorted(ranks))
    return found


def _freed(awards: Sequence[Award]) -> dict[int, int]:
    """What these contracts take of each firm a year: split anew, they give it back."""
    freed: dict[int, int] = defaultdict(int)
    holders: list[AwardHolder] = [one for award in awards for one in award.holders.all()]
    for one in holders:
        if one.firm_id:
            freed[one.firm_id] += one.annual_eur or 0
    return freed


def _capacity(firm: Firm, freed: dict[int, int]) -> tuple[int, int, int]:
    back = freed.get(firm.pk, 0)
    return firm.capacity_low_eur + back, firm.capacity_mid_eur + back, firm.capacity_high_eur + back
