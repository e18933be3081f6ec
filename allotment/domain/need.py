"""A need as the simulations see it: work by trade, spread over communes. Whole numbers, checked at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from geo.domain.point import Point


class NeedError(ValueError):
    """Le besoin est incohérent ; le message dit quelle donnée corriger."""


class Nature(StrEnum):
    SERVICES = "services"
    SUPPLIES = "supplies"
    WORKS = "works"


@dataclass(frozen=True, slots=True)
class TradeNeed:
    """``amount_eur`` for the whole duration; hours of staff taken over bear no insertion hours."""

    trade: str
    amount_eur: int
    cpvs: tuple[str, ...] = ()
    transferred_hours: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A commune and its weight; ``near`` are the codes of the communes it touches."""

    commune: str
    point: Point
    weight: int = 1
    near: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Need:
    """``launched_on`` is the date of the consultation: legal thresholds are those of that day."""

    nature: Nature
    trades: tuple[TradeNeed, ...]
    places: tuple[Place, ...]
    months: int
    launched_on: date
    exclusive_grouping: bool = False
    max_lots_bid: int | None = None
    max_lots_won: int | None = None

    def __post_init__(self) -> None:
        if not self.trades or any(one.amount_eur <= 0 for one in self.trades):
            raise NeedError("Indiquez au moins un métier, chacun avec un montant positif.")
        if len({one.trade for one in self.trades}) != len(self.trades):
            raise NeedError("Un même métier figure deux fois : réunissez ses montants.")
        if not self.places or any(place.weight <= 0 for place in self.places):
            raise NeedError("Indiquez au moins une commune, chacune avec un poids positif.")
        if len({place.commune for place in self.places}) != len(self.places):
            raise NeedError("Une même commune figure deux fois.")
        if self.months <= 0:
            raise NeedError("La durée compte au moins un mois.")

    @property
    def amount_eur(self) -> int:
        """Of the whole need, whole duration."""
        return sum(one.amount_eur for one in self.trades)
