"""The lots of a need and what their clauses rest on: work by trade, the hiring needs of the bassin, inclusive firms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from allotment.domain.clauses import Bassin, Figures, Sizing, Work, size
from allotment.domain.need import Need as DomainNeed
from allotment.domain.reserve import Advice, Earlier, Reservable, advice
from allotment.domain.split import LotShape, amounts
from allotment.models import Need, Split, SplitLot
from consortia.case import hosted
from geo.domain.distance import Spread, distance_km, spread
from geo.domain.hiring import priority_seekers
from geo.domain.point import Point
from geo.hiring import HiringNeeds, hiring_needs
from matchmaker.domain.award import add_months
from matchmaker.domain.eligibility import R5_MAX_MONTHS, delivers, r5_cpv_allowed
from matchmaker.domain.reference import Reference
from matchmaker.hiring import romes_of
from matchmaker.models import Award, Firm
from matchmaker.reference import reference
from matchmaker.supply import supply

RESERVED = "réserv"  # as published: "Marché réservé"


@dataclass(frozen=True, slots=True)
class Lot:
    """One lot of a split; ``row`` None: the whole need as one lot. ``amounts`` by trade, whole euros and duration."""

    row: SplitLot | None
    number: int
    title: str
    shape: LotShape
    amounts: Mapping[str, int]

    @property
    def key(self) -> int:
        """Of its row; 0 for the whole need."""
        return self.row.pk if self.row else 0

    @property
    def amount_eur(self) -> int:
        return sum(self.amounts.values())

    @property
    def trades(self) -> tuple[str, ...]:
        """Largest amount first."""
        return tuple(sorted(self.amounts, key=lambda trade: (-self.amounts[trade], trade)))


@dataclass(frozen=True, slots=True)
class Sized:
    """A lot with its social clause sized, what is known of its bassin, and the reservations it allows."""

    lot: Lot
    sizing: Sizing
    hiring: HiringNeeds | None
    hosts: int  # inclusive firms near, those that lend staff included
    reservations: tuple[Advice, ...]


def lots_of(need: DomainNeed, row: Need, split: Split | None) -> tuple[Lot, ...]:
    """The lots of a split, or the whole need as one. One query for a split.

    Shapes are taken as stored: a trade or commune removed from the need since is left out of its lot.
    """
    trades = frozenset(one.trade for one in need.trades)
    communes = frozenset(place.commune for place in need.places)
    if split is None:
        whole = LotShape(trades, communes)
        return (Lot(None, 1, row.title, whole, amounts(need, [whole])[0]),)
    rows = list(split.lots.all())
    shapes = [
        LotShape(trades & frozenset(one.trades), communes & frozenset(one.communes), one.share_permille) for one in rows
    ]
    parts = amounts(need, shapes)
    found = zip(rows, shapes, parts, strict=True)
    return tuple(
        Lot(one, one.position, one.title, shape, part)
        for one, shape, part in found
        if shape.trades and shape.communes and sum(part.values())
    )


def sized(row: Need, need: DomainNeed, lots: Sequence[Lot]) -> tuple[Sized, ...]:
    """Size each lot. Three queries, and a heavy one a lot (hiring needs of its bassin)."""
    tables = reference()
    firms = _social_firms(row, need)
    reserved = _reserved_before(row)
    return tuple(_sized(row, need, lot, tables, firms, reserved) for lot in lots)


def _sized(
    row: Need,
    need: DomainNeed,
    lot: Lot,
    tables: Reference,
    firms: Sequence[tuple[Firm, Point]],
    reserved: Sequence[Award],
) -> Sized:
    place = _place(need, lot)
    hiring = hiring_needs(commune=_main(need, lot), romes=romes_of(list(lot.trades), tables))
    near = [firm for firm, at in firms if _reaches(firm, at, lot, place, tables)]
    bassin = _bassin(hiring, _free_hours(near, lot, row.months, tables), tables)
    cpvs = _cpvs(need, lot, tables)
    reservable = Reservable(
        need.nature,
        cpvs,
        need.months,
        _by_kind(near, tables),
        ess=sum(firm.ess == Firm.Ess.YES for firm in near),
        earlier=_same_kind(reserved, lot, cpvs),
    )
    return Sized(
        lot=lot,
        sizing=size(_works(need, lot, tables), need.months, bassin, figures_of(tables)),
        hiring=hiring,
        hosts=sum(1 for firm in near if hosted(firm, _trade(firm, lot), tables)),
        reservations=advice(reservable),
    )


def figures_of(tables: Reference) -> Figures:
    return Figures(
        max_effort=tables["insertion.max_effort"],
        hours_per_fte=tables["insertion.hours_per_fte"],
        hours_each=tables["insertion.hours_per_participant"],
        candidates=tables["hiring.candidates_per_place"],
        exits=tables["hiring.exits_per_place"],
    )


def _works(need: DomainNeed, lot: Lot, tables: Reference) -> tuple[Work, ...]:
    """Hours of staff taken over follow the amount, when a trade is cut in several lots."""
    whole = {one.trade: one for one in need.trades}
    return tuple(
        Work(
            trade,
            lot.amounts[trade],
            tables.trades[trade].labour_share,
            tables.trades[trade].hourly_eur,
            min(tables.trades[trade].effort, tables["insertion.max_effort"]),
            whole[trade].transferred_hours * lot.amounts[trade] / whole[trade].amount_eur,
        )
        for trade in lot.trades
    )


def _cpvs(need: DomainNeed, lot: Lot, tables: Reference) -> tuple[str, ...]:
    """Codes the buyer gave; for a trade without any, those of the trade, unless only some of them may be reserved (R5):
    then none, and the buyer is asked."""
    found: list[str] = []
    for one in need.trades:
        if one.trade in lot.amounts:
            usual = tables.trades[one.trade].cpvs
            told = len({r5_cpv_allowed(code) for code in usual}) == 1
            found += one.cpvs or (usual if told else ())
    return tuple(found)


def _place(need: DomainNeed, lot: Lot) -> Spread:
    return spread([(place.point, float(place.weight)) for place in need.places if place.commune in lot.shape.communes])


def _main(need: DomainNeed, lot: Lot) -> str:
    """The heaviest commune of a lot: its bassin is the lot's, as in the simulation of splits."""
    inside = (place for place in need.places if place.commune in lot.shape.communes)
    return max(inside, key=lambda place: (place.weight, place.commune)).commune


def _bassin(hiring: HiringNeeds | None, free_hours: float, tables: Reference) -> Bassin | None:
    """None where the survey or the jobseekers of the bassin are unknown: nothing is then held against the target."""
    if hiring is None or hiring.year is None or hiring.seekers_year is None or not hiring.seekers:
        return None
    seekers = priority_seekers((one.seekers for one in hiring.seekers), tables["hiring.priority_share"])
    return Bassin(seekers, hiring.openings, free_hours)


# ---------------------------------------------------------------- inclusive and ESS firms near


def _social_firms(row: Need, need: DomainNeed) -> list[tuple[Firm, Point]]:
    """Inclusive and ESS firms of the need's trades, or that lend staff, with the place they are measured from.

    One query. Partially diffused firms count from their commune (D1): only sums of them are shown.
    """
    trades = sorted({one.trade for one in need.trades} | {"T44"})
    found = supply(fictitious=row.fictitious).filter(trades__overlap=trades)
    social = found.exclude(inclusive_kind="", ess__in=[Firm.Ess.NO, Firm.Ess.VERIFY])
    kept = social.only("siret", "inclusive_kind", "trades", "ess", "capacity_mid_eur").order_by("pk")
    return [(firm, Point(lon=firm.place.x, lat=firm.place.y)) for firm in kept]


def _reaches(firm: Firm, at: Point, lot: Lot, place: Spread, tables: Reference) -> bool:
    """Within the radius of one of its trades, by road, of the centre of the lot."""
    km = tables["distance.road_factor"] * distance_km(at, place.centre)
    served = [trade for trade in (*lot.trades, "T44") if trade in firm.trades]
    return any(km <= tables.trades[trade].radius_km for trade in served)


def _trade(firm: Firm, lot: Lot) -> str:
    """The trade it would do in the lot; lending staff is one of its own."""
    return next((trade for trade in lot.trades if trade in firm.trades), "T44")


def _free_hours(near: Sequence[Firm], lot: Lot, months: int, tables: Reference) -> float:
    """S_free over the contract: what their free capacity hosts a year (estimates), for its years."""
    return sum(hosted(firm, _trade(firm, lot), tables) for firm in near) * max(1.0, months / 12)


def _by_kind(near: Sequence[Firm], tables: Reference) -> dict[str, int]:
    """Firms that could be candidates of a reserved lot: those that only lend staff are none."""
    kinds = (firm.inclusive_kind for firm in near)
    return dict(Counter(kind for kind in kinds if kind and delivers(kind, "", tables.kinds)))


# ---------------------------------------------------------------- R5: what the buyer reserved before


def _reserved_before(row: Need) -> list[Award]:
    """Reserved contracts of the same buyer notified in the three years before. One query."""
    siren = row.organisation.siret[:9]
    if not siren:
        return []
    since = add_months(row.launched_on, -R5_MAX_MONTHS)
    found = Award.objects.filter(
        buyer__siret__startswith=siren, notified_on__gte=since, notified_on__lt=row.launched_on
    )
    rows = found.exclude(social=[]).order_by("-notified_on", "pk")
    return [one for one in rows if any(RESERVED in text.lower() for text in one.social)]


def _same_kind(reserved: Sequence[Award], lot: Lot, cpvs: Sequence[str]) -> tuple[Earlier, ...]:
    """Of the same class of services (four digits of CPV), or where no code is known of the same trades."""
    classes = {code[:4] for code in cpvs}
    return tuple(
        Earlier(one.notified_on, one.title or one.contract)
        for one in reserved
        if (one.cpv[:4] in classes if classes and one.cpv else set(one.trades) & set(lot.trades))
    )
