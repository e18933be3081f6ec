"""What a way to split a need brings: the figures of each lot, and those of all of them together.

What a lot finds by itself (:class:`LotSupply`) depends on its own work only, so it can be kept when another lot
changes. The rest (small lots, expected bidders, limits of lots won) is arithmetic over the whole split.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from allotment.domain.law import Thresholds, dispensed_lots, small_lots
from allotment.domain.need import Need

Interval = tuple[float, float]


class Triple(NamedTuple):
    """By low, middle and high estimate."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True, slots=True)
class Seat:
    """A firm of a team and its part, euros a year. Its name is read, and masked, when a page shows it."""

    firm: int
    eur: int
    social: bool


@dataclass(frozen=True, slots=True)
class LotSupply:
    """What the index and the solver find for one lot, whatever the others are.

    ``able``: firms that could do the whole lot alone, with the least estimate at which they could
    (0 low, 1 middle, 2 high). ``teams``: disjoint lawful groupings of firms not able alone, mandataire first.
    ``hours``: H_rec over the contract, ``hfi`` 0..100; None where nothing is known of the bassin.
    """

    yearly_eur: int
    supply: int
    able: tuple[tuple[int, int], ...]
    able_ess: int  # by the middle estimate
    teams: tuple[tuple[Seat, ...], ...]
    more_teams: bool  # the count stopped at its limit, or a search at its own
    ess_reachable: bool
    hours_target: int
    hours: Interval | None = None
    hfi: Interval | None = None

    @property
    def alone(self) -> Triple:
        return Triple(*(sum(level <= most for _, level in self.able) for most in range(3)))


@dataclass(frozen=True, slots=True)
class LotResult:
    """One lot within its split. Amounts in whole euros; ``bidders`` are expected offers, an estimate.

    ``small_lot`` is A4 (article R2123-1 2°), ``dispensed`` A5 (R2122-8).
    """

    amount_eur: int
    by_trade: Mapping[str, int]
    found: LotSupply
    bidders: Triple
    small_lot: bool
    dispensed: bool
    coordination_eur: int

    @property
    def yearly_eur(self) -> int:
        return self.found.yearly_eur

    @property
    def alone(self) -> Triple:
        return self.found.alone

    @property
    def alone_ess(self) -> int:
        return self.found.able_ess

    @property
    def groupings(self) -> int:
        return len(self.found.teams)

    @property
    def teams(self) -> tuple[tuple[Seat, ...], ...]:
        return self.found.teams

    @property
    def ess_reachable(self) -> bool:
        return self.found.ess_reachable

    @property
    def hours_recommended(self) -> Interval | None:
        return self.found.hours

    @property
    def hfi(self) -> Interval | None:
        return self.found.hfi

    @property
    def candidates(self) -> int:
        """Who could answer: firms able alone by the middle estimate, and disjoint groupings of the others."""
        return int(self.alone.mid) + self.groupings

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> LotResult:
        """Raises KeyError or TypeError when it was stored by another version."""
        return cls(**{**stored, "found": supply_from_json(stored["found"]), "bidders": Triple(*stored["bidders"])})


def supply_from_json(stored: Mapping[str, Any]) -> LotSupply:
    def interval(name: str) -> Interval | None:
        return None if stored[name] is None else (stored[name][0], stored[name][1])

    return LotSupply(
        **{
            **stored,
            "able": tuple((firm, level) for firm, level in stored["able"]),
            "teams": tuple(tuple(Seat(**seat) for seat in team) for team in stored["teams"]),
            "hours": interval("hours"),
            "hfi": interval("hfi"),
        }
    )


@dataclass(frozen=True, slots=True)
class Rates:
    """Estimates of the reference tables. ``firm`` and ``team``: chance that one which could answer does.

    ``lots_answered``: most lots of one consultation that a firm answers on average; ``lot_eur``: what one more lot
    costs the buyer to run (notice, analysis, follow-up), whole duration.
    """

    firm: Triple
    team: Triple
    lots_answered: int
    lot_eur: int


def settle(
    need: Need, by_trade: Sequence[Mapping[str, int]], found: Sequence[LotSupply], law: Thresholds, rates: Rates
) -> tuple[LotResult, ...]:
    """The lots of a split, with what depends on all of them."""
    amounts = [sum(part.values()) for part in by_trade]
    small = small_lots(law, need.nature, amounts)
    dispensed = dispensed_lots(law, need.nature, amounts)
    expected = bidders(found, rates, need.max_lots_bid)
    return tuple(
        LotResult(amount, dict(part), one, offers, is_small, is_dispensed, rates.lot_eur)
        for amount, part, one, offers, is_small, is_dispensed in zip(
            amounts, by_trade, found, expected, small, dispensed, strict=True
        )
    )


def bidders(found: Sequence[LotSupply], rates: Rates, max_lots_bid: int | None = None) -> list[Triple]:
    """Expected offers a lot: firms able alone and disjoint groupings, each by its chance to answer.

    A firm able to do several lots answers few of them: each counts for at most ``lots_answered`` lots in all (or as
    many as the documents allow, A3), shared evenly. So ever more lots lower the participation in each.
    """
    most = min(rates.lots_answered, max_lots_bid or rates.lots_answered)
    lots = [Counter(firm for one in found for firm, level in one.able if level <= estimate) for estimate in range(3)]

    def one(lot: LotSupply, estimate: int) -> float:
        part = sum(min(1.0, most / lots[estimate][firm]) for firm, level in lot.able if level <= estimate)
        return rates.firm[estimate] * part + rates.team[estimate] * len(lot.teams)

    return [Triple(*(round(one(lot, estimate), 2) for estimate in range(3))) for lot in found]


def awardable(found: Sequence[LotSupply], max_lots_won: int | None) -> int:
    """Lots that can all find a holder when a firm may win so many at most (A3, article R2113-1).

    A firm able alone by the middle estimate takes a lot, else a grouping whose members have room left. Exact over firms
    alone (augmenting paths); groupings then fill what they can: a floor of the truth. Capacities over several lots are
    not added up.
    """
    options = [[firm for firm, level in lot.able if level <= 1] for lot in found]
    most = len(found) if max_lots_won is None else max_lots_won
    won: dict[int, list[int]] = {}

    def place(lot: int, seen: set[int]) -> bool:
        for firm in options[lot]:
            if firm in seen:
                continue
            seen.add(firm)
            holding = won.setdefault(firm, [])
            if len(holding) < most:
                holding.append(lot)
                return True
            for rank, other in enumerate(holding):
                if place(other, seen):
                    holding[rank] = lot
                    return True
        return False

    unplaced = [lot for lot in range(len(found)) if not place(lot, set())]
    count = Counter({firm: len(lots) for firm, lots in won.items()})
    filled = 0
    for lot in unplaced:
        team = next((one for one in found[lot].teams if all(count[seat.firm] < most for seat in one)), None)
        if team is not None:
            count.update(seat.firm for seat in team)
            filled += 1
    return len(found) - len(unplaced) + filled


# ---------------------------------------------------------------- all lots together


@dataclass(frozen=True, slots=True)
class Totals:
    """A split in figures. Shares 0..1 of the amount. ``contested``: in lots where at least three could answer."""

    lots: int
    amount_eur: int
    ess_eur: int
    contested_eur: int
    empty: int  # lots nobody known could answer
    firms: int  # different firms able to do some lot alone, by the middle estimate
    groupings: int
    least_bidders: Triple  # of the lot that expects fewest
    hours: Interval | None
    small_eur: int
    awardable: int
    coordination_eur: int

    @property
    def ess_share(self) -> float:
        return self.ess_eur / self.amount_eur

    @property
    def contested_share(self) -> float:
        return self.contested_eur / self.amount_eur

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Totals:
        hours = stored["hours"]
        return cls(
            **{
                **stored,
                "least_bidders": Triple(*stored["least_bidders"]),
                "hours": None if hours is None else (hours[0], hours[1]),
            }
        )


CONTESTED = 3  # candidates from which a lot has a choice: the objective of the allotment, domain guide


def totals(results: Sequence[LotResult], max_lots_won: int | None = None) -> Totals:
    """Raises ValueError when there is no lot."""
    found = [one.found for one in results]
    hours = [one.found.hours for one in results]
    known = [one for one in hours if one is not None]
    return Totals(
        lots=len(results),
        amount_eur=sum(one.amount_eur for one in results),
        ess_eur=sum(one.amount_eur for one in results if one.ess_reachable),
        contested_eur=sum(one.amount_eur for one in results if one.candidates >= CONTESTED),
        empty=sum(not one.candidates for one in results),
        firms=len({firm for one in found for firm, level in one.able if level <= 1}),
        groupings=sum(one.groupings for one in results),
        least_bidders=min((one.bidders for one in results), key=lambda bids: bids.mid),
        hours=(sum(one[0] for one in known), sum(one[1] for one in known)) if known else None,
        small_eur=sum(one.amount_eur for one in results if one.small_lot),
        awardable=awardable(found, max_lots_won),
        coordination_eur=sum(one.coordination_eur for one in results),
    )


# ---------------------------------------------------------------- versions side by side

# What versions are compared by, and whether more is better.
MEASURES: Mapping[str, bool] = {
    "ess_share": True,
    "contested_share": True,
    "empty": False,
    "least_bidders": True,
    "firms": True,
    "groupings": True,
    "hours": True,
    "lots": False,
    "coordination_eur": False,
}


def best(compared: Sequence[Totals]) -> dict[str, frozenset[int]]:
    """By measure, the places of the versions that are best; none where all are alike."""
    found: dict[str, frozenset[int]] = {}
    for name, more in MEASURES.items():
        values = [_measure(one, name) for one in compared]
        top = (max if more else min)(values, default=0.0)
        places = frozenset(place for place, value in enumerate(values) if value == top)
        found[name] = places if len(places) < len(values) else frozenset()
    return found


def _measure(one: Totals, name: str) -> float:
    value = getattr(one, name)
    if name == "least_bidders":
        return round(one.least_bidders.mid, 1)
    if name == "hours":
        return -1.0 if one.hours is None else round(one.hours[0])
    return float(value)
