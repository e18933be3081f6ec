"""Partnerships with local firms: what their vacancies add to a lot's hiring fit (domain guide, section 2).

    P_y   = (H / 439) * 12 / D                       persons a year the lot calls for
    O     = sum(met - smet) + V                      lasting jobs of the bassin, and vacancies of partners
    HFI   = 100 * min(1, J / 5 P_y) * min(1, O / 2 P_y)
    H_rec = min(H, e_max * H_base, 439 * (D / 12) * min(J / 5, O / 2), S_free)

J and O of the bassin may be statistical secrets: every result is the interval [low, high] they allow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from geo.domain.hiring import Count

Interval = tuple[float, float]


class HiringFitError(ValueError):
    """Les données d'embauche du lot sont incohérentes : durée, heures ou ratios négatifs ou nuls."""


@dataclass(frozen=True, slots=True)
class Hiring:
    """What a lot and its bassin say. Hours are those of the whole contract.

    ``target_hours`` H; ``most_hours`` e_max * H_base; ``free_hours`` S_free; ``months`` D; ``seekers`` J;
    ``openings`` O without partners; ``candidates`` and ``exits`` for one place; ``hours_each`` of a participant a year.
    """

    target_hours: float
    most_hours: float
    free_hours: float
    months: float
    seekers: Count
    openings: Count
    candidates: float = 5
    exits: float = 2
    hours_each: float = 439

    def __post_init__(self) -> None:
        if min(self.months, self.candidates, self.exits, self.hours_each) <= 0:
            raise HiringFitError(HiringFitError.__doc__)
        if min(self.target_hours, self.most_hours, self.free_hours) < 0:
            raise HiringFitError(HiringFitError.__doc__)

    @property
    def persons(self) -> float:
        """P_y: persons a year."""
        return self.target_hours / self.hours_each * 12 / self.months


@dataclass(frozen=True, slots=True)
class Fit:
    """``hours``: H_rec over the contract; ``index``: HFI, 0..100. Intervals [low, high]."""

    hours: Interval
    index: Interval


def fit(hiring: Hiring, vacancies: int = 0) -> Fit:
    """H_rec and HFI once ``vacancies`` of partners join those of the bassin. Both never fall when vacancies rise."""
    bounds = ((hiring.seekers.low, hiring.openings.low), (hiring.seekers.high, hiring.openings.high))
    low, high = ((seekers, jobs + vacancies) for seekers, jobs in bounds)
    return Fit((_hours(hiring, *low), _hours(hiring, *high)), (_index(hiring, *low), _index(hiring, *high)))


def _hours(hiring: Hiring, seekers: int, jobs: int) -> float:
    places = min(seekers / hiring.candidates, jobs / hiring.exits)
    return min(
        hiring.target_hours,
        hiring.most_hours,
        hiring.hours_each * hiring.months / 12 * places,
        hiring.free_hours,
    )


def _index(hiring: Hiring, seekers: int, jobs: int) -> float:
    persons = hiring.persons
    if not persons:  # nobody is called for: any bassin fits
        return 100.0
    return 100 * min(1.0, seekers / (hiring.candidates * persons)) * min(1.0, jobs / (hiring.exits * persons))


@dataclass(frozen=True, slots=True)
class Offer:
    """A local ordinary firm that hires: ``vacancies`` in its trades, ``km`` from the place."""

    id: int
    vacancies: int
    km: float


@dataclass(frozen=True, slots=True)
class Partner:
    """What one firm's vacancies change, everything else as it is."""

    offer: Offer
    before: Fit
    after: Fit

    @property
    def gain(self) -> tuple[float, float, float, float]:
        """What is certain first: rise of HFI then of H_rec at the low bounds, then at the high ones."""
        return (
            self.after.index[0] - self.before.index[0],
            self.after.hours[0] - self.before.hours[0],
            self.after.index[1] - self.before.index[1],
            self.after.hours[1] - self.before.hours[1],
        )


def partners(hiring: Hiring, offers: Iterable[Offer]) -> tuple[Partner, ...]:
    """Firms that hire, those whose vacancies raise the fit most first; then the nearest."""
    before = fit(hiring)
    found = [Partner(offer, before, fit(hiring, offer.vacancies)) for offer in offers if offer.vacancies > 0]
    return tuple(
        sorted(found, key=lambda one: (*(-rise for rise in one.gain), one.offer.km, -one.offer.vacancies, one.offer.id))
    )
