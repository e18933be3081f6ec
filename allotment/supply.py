"""The local supply for a need: who is within reach, how much they can do, and how many candidates by size of lot.

Asked of the same index and the same solver as published lots. Kept in the process as long as the need, the supply and
the tables stay what they were; no name is kept: they are read, and masked, when a page shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from allotment.domain.concentration import Concentration, concentration
from allotment.domain.elasticity import Knee, Sized, elasticity, knee, sizes
from allotment.domain.need import Need
from allotment.domain.teams import disjoint
from consortia.case import Case, case_of
from consortia.domain.problem import Need as Part
from consortia.domain.problem import Problem
from geo.domain.codes import common_departement
from geo.domain.distance import Spread, spread
from matchmaker.domain.eligibility import Candidate, eligible
from matchmaker.domain.insertion import yearly
from matchmaker.domain.notice import Reservation
from matchmaker.domain.query import Found, IndexedFirm, LotQuery
from matchmaker.domain.reference import Reference
from matchmaker.domain.trade import LotTrade
from matchmaker.models import Firm, Lot, Tender
from matchmaker.reference import reference
from matchmaker.snapshot import Snapshot, current

MOST_FIRMS = 2000  # studied one by one, the best for the need first; all in reach are counted
NAMED = 5  # firms named for each thing that lacks

RESERVATIONS = (Reservation.SIAE, Reservation.EA_ESAT, Reservation.EA_ESAT_SIAE, Reservation.ESS)

Triple = tuple[int, int, int]  # by low, middle and high estimate


@dataclass(frozen=True, slots=True)
class Seen:
    """A firm within reach that does some trade of the need; euros a year."""

    id: int
    trades: frozenset[str]
    low_eur: int
    mid_eur: int
    high_eur: int
    km: float
    social: bool
    kind: str  # of inclusive firm, "" for others
    band: str  # of headcount, INSEE
    ess: bool


@dataclass(frozen=True, slots=True)
class TradeSupply:
    """What a trade of the need asks for and finds, euros a year."""

    trade: str
    yearly_eur: int
    firms: int
    social: int
    capacity_eur: Triple
    alone: Triple  # firms able to take the whole trade alone
    concentration: Concentration | None


@dataclass(frozen=True, slots=True)
class Short:
    """A firm that lacks one thing: euros a year of capacity, or kilometres by road of reach."""

    id: int
    eur: int = 0
    km: float = 0.0


@dataclass(frozen=True, slots=True)
class Near:
    """Who is near but lacks what: all are counted, the closest to it named. ``reserved``: for each kind of
    reservation, the eligible firms, and their capacity a year by the middle estimate."""

    small: int
    smallest_gaps: tuple[Short, ...]
    far: int
    nearest: tuple[Short, ...]
    beyond_km: int
    reserved: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Study:
    """``in_reach`` counts all firms of the trades within reach; ``firms`` are those studied."""

    centre: Spread
    yearly_eur: int
    in_reach: int
    firms: tuple[Seen, ...]
    alone: Triple
    trades: tuple[TradeSupply, ...]
    near: Near

    @property
    def social(self) -> int:
        return sum(one.social for one in self.firms)

    @property
    def partial(self) -> bool:
        return self.in_reach > len(self.firms)


@dataclass(frozen=True, slots=True)
class Step:
    """Lots of one size: firms able alone, and disjoint lawful groupings of firms that are not, found by the solver."""

    lots: int
    size_eur: int
    alone: Triple
    alone_social: int
    groupings: int
    more: bool  # whether the count of groupings stopped at a limit

    @property
    def candidates(self) -> int:
        return self.alone[1] + self.groupings


@dataclass(frozen=True, slots=True)
class Curve:
    """Candidates by size of lot, for all trades together or one (``trade``)."""

    trade: str
    steps: tuple[Step, ...]
    knee: Knee | None
    elasticity: float | None

    @property
    def proposed(self) -> Step | None:
        return self.steps[self.knee.place] if self.knee else None


def study(need: Need, *, fictitious: bool) -> Study:
    """Four questions to the index and one query the first time, none after. Raises nothing a valid need can cause."""
    tables, snapshot = reference(), current(fictitious)
    return _study(need, fictitious, snapshot.version, tables.version)


def curve(need: Need, trade: str = "", *, fictitious: bool) -> Curve:
    """Of one trade of the need, or of all in one lot: a dozen sizes, groupings by the real solver, kept after."""
    tables, snapshot = reference(), current(fictitious)
    return _curve(need, trade, fictitious, snapshot.version, tables.version)


def yearly_by_trade(need: Need) -> dict[str, int]:
    """Euros a year of each trade, at least one."""
    return {one.trade: max(1, round(yearly(one.amount_eur, need.months))) for one in need.trades}


def place_of(need: Need) -> Spread:
    """Where the work is: the weighted centre of the communes, and how far they lie from it."""
    return spread([(place.point, float(place.weight)) for place in need.places])


def query_of(need: Need, trades: tuple[str, ...], *, wider_km: float = 0.0) -> LotQuery:
    """The question that a lot of these trades over the whole territory asks the index."""
    amounts = {trade: eur for trade, eur in yearly_by_trade(need).items() if trade in trades}
    whole, at = sum(amounts.values()), place_of(need)
    return LotQuery(
        trades=tuple(LotTrade(((trade, 1.0),), eur / whole) for trade, eur in amounts.items()),
        point=at.centre,
        uncertainty_km=at.uncertainty_km + wider_km,
        yearly_eur=whole,
        departement=common_departement(place.commune for place in need.places),
    )


@lru_cache(maxsize=32)
def _study(need: Need, fictitious: bool, _supply: str, _tables: str) -> Study:
    tables, snapshot = reference(), current(fictitious)
    amounts = yearly_by_trade(need)
    query = query_of(need, tuple(amounts))
    answer = snapshot.index.ask(query, MOST_FIRMS)
    known = snapshot.firms([one.id for one in answer.top])
    bands = dict(Firm.objects.filter(pk__in=known).values_list("pk", "headcount_band"))
    firms = tuple(_seen(one, known[one.id], bands[one.id]) for one in answer.top if one.id in bands)
    whole = sum(amounts.values())
    return Study(
        centre=place_of(need),
        yearly_eur=whole,
        in_reach=answer.supply,
        firms=firms,
        alone=_able([one for one in firms if len(one.trades) == len(amounts)], whole),
        trades=tuple(_trade(trade, eur, firms) for trade, eur in amounts.items()),
        near=_near(need, firms, snapshot, tables),
    )


def _seen(found: Found, firm: IndexedFirm, band: str) -> Seen:
    ess = firm.ess == Firm.Ess.YES
    return Seen(
        id=found.id,
        trades=frozenset(found.served),
        low_eur=firm.low,
        mid_eur=firm.capacity_eur,
        high_eur=firm.high,
        km=found.distance_km,
        social=ess or bool(firm.inclusive_kind),
        kind=firm.inclusive_kind,
        band=band,
        ess=ess,
    )


def _able(firms: list[Seen], eur: int) -> Triple:
    """How many have that much free capacity a year, by low, middle and high estimate."""
    return (
        sum(one.low_eur >= eur for one in firms),
        sum(one.mid_eur >= eur for one in firms),
        sum(one.high_eur >= eur for one in firms),
    )


def _trade(trade: str, eur: int, firms: tuple[Seen, ...]) -> TradeSupply:
    of_trade = [one for one in firms if trade in one.trades]
    return TradeSupply(
        trade=trade,
        yearly_eur=eur,
        firms=len(of_trade),
        social=sum(one.social for one in of_trade),
        capacity_eur=(
            sum(one.low_eur for one in of_trade),
            sum(one.mid_eur for one in of_trade),
            sum(one.high_eur for one in of_trade),
        ),
        alone=_able(of_trade, eur),
        concentration=concentration(one.mid_eur for one in of_trade),
    )


def _near(need: Need, firms: tuple[Seen, ...], snapshot: Snapshot, tables: Reference) -> Near:
    """Who does a trade but could not take it alone, who is a little too far, who could answer a reserved lot."""
    amounts = yearly_by_trade(need)
    gaps = [
        Short(one.id, eur=min(amounts[trade] for trade in one.trades) - one.mid_eur)
        for one in firms
        if one.mid_eur < min(amounts[trade] for trade in one.trades)
    ]
    beyond, reach = tables["allotment.beyond_km"], tables.formula.decay.end
    wider = snapshot.index.ask(query_of(need, tuple(amounts), wider_km=beyond / reach), MOST_FIRMS).top
    within = {one.id for one in firms}
    far = [
        Short(one.id, km=max(0.0, one.distance_km - (reach * one.radius_km - beyond)))
        for one in wider
        if one.id not in within
    ]
    return Near(
        small=len(gaps),
        smallest_gaps=tuple(sorted(gaps, key=lambda one: (one.eur, one.id))[:NAMED]),
        far=len(far),
        nearest=tuple(sorted(far, key=lambda one: (one.km, one.id))[:NAMED]),
        beyond_km=round(beyond),
        reserved={kind.value: _eligible(firms, kind) for kind in RESERVATIONS},
    )


def _eligible(firms: tuple[Seen, ...], reservation: Reservation) -> tuple[int, int]:
    """Firms that could answer a lot reserved so (R1, R2, R4, R5), and what they can do a year."""
    ready = [one for one in firms if eligible(Candidate(one.kind, "yes" if one.ess else "no"), reservation)]
    return len(ready), sum(one.mid_eur for one in ready)


@lru_cache(maxsize=128)
def _curve(need: Need, trade: str, fictitious: bool, _supply: str, _tables: str) -> Curve:
    amounts = yearly_by_trade(need)
    trades = (trade,) if trade else tuple(amounts)
    whole = sum(amounts[one] for one in trades)
    firms = [one for one in study(need, fictitious=fictitious).firms if set(trades) <= one.trades]
    problem = case(need, trades, fictitious=fictitious).problem
    steps = tuple(_step(problem, firms, whole, size) for size in sizes(whole))
    drawn = [Sized(one.size_eur, one.candidates) for one in steps]
    return Curve(trade, steps, knee(drawn), elasticity(drawn))


def case(need: Need, trades: tuple[str, ...], *, fictitious: bool) -> Case:
    """The problem of one lot of these trades over the whole territory, as for a published one. Two queries."""
    tables = reference()
    query = query_of(need, trades)
    amount = sum(one.amount_eur for one in need.trades if one.trade in trades)
    tender = Tender(fictitious=fictitious, exclusive_grouping=need.exclusive_grouping)
    lot = Lot(tender=tender, amount_eur=amount, duration_months=need.months)
    return case_of(lot, query.trades, query, tables, current(fictitious, tables).index)


def _step(whole: Problem, firms: list[Seen], whole_eur: int, size: int) -> Step:
    teams, more = disjoint(resized(whole, size))
    return Step(
        lots=-(-whole_eur // size),
        size_eur=size,
        alone=_able(firms, size),
        alone_social=sum(one.social and one.mid_eur >= size for one in firms),
        groupings=len(teams),
        more=more,
    )


def resized(problem: Problem, size_eur: int) -> Problem:
    """The same lot cut by volume: needs in proportion, which sum to the size or a few euros more."""
    whole = problem.amount_eur
    needs = [
        Part(one.trade, -(-one.amount_eur * size_eur // whole), round(one.hours * size_eur / whole))
        for one in problem.needs
    ]
    return replace(problem, needs=tuple(needs))
