"""How many insertion hours a lot can really carry: what it asks for, and what its bassin can host (guide, section 2).

    H_lab  = sum_t A_t * LS_t / c_t           H_base = H_lab - hours of staff taken over (by trade, never negative)
    H_ins  = sum_t e_t * H_base_t             FTE = H_ins / 1600 * 12 / D ;  P_y = H_ins / 439 * 12 / D
    H_rec  = min(H_ins, e_max * H_base, 439 * (D / 12) * min(J / 5, O / 2), S_free)

The last line and HFI are those of ``consortia.domain.partners``: an interval where the survey is a statistical secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from consortia.domain.partners import Fit, Hiring, Interval, fit
from geo.domain.hiring import Count
from matchmaker.domain.insertion import WorkShare, fte, insertion_hours, labour_hours


class ClauseError(ValueError):
    """Les données du lot ne permettent pas de dimensionner la clause : durée, montant ou effort impossibles."""


@dataclass(frozen=True, slots=True)
class Work:
    """One trade of a lot, whole duration. ``effort``: share of new hours asked for insertion, 0..1."""

    trade: str
    amount_eur: float
    labour_share: float
    hourly_eur: float
    effort: float
    transferred_hours: float = 0

    @property
    def labour(self) -> float:
        return labour_hours(self.amount_eur, (WorkShare(1.0, self.labour_share, self.hourly_eur),))

    @property
    def base(self) -> float:
        """Hours that are not those of staff taken over."""
        return max(0.0, self.labour - self.transferred_hours)

    @property
    def target(self) -> float:
        return insertion_hours(self.labour, self.effort, self.transferred_hours)


@dataclass(frozen=True, slots=True)
class Bassin:
    """What is known around a lot. ``seekers`` J, ``openings`` O; ``free_hours`` S_free over the whole contract."""

    seekers: Count
    openings: Count
    free_hours: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Constants of the reference tables: ``max_effort`` 0..1, hours of an FTE, of a participant a year, and ratios."""

    max_effort: float
    hours_per_fte: float
    hours_each: float
    candidates: float
    exits: float


@dataclass(frozen=True, slots=True)
class Sizing:
    """A sized clause. Hours are those of the whole contract; ``hosted`` what the bassin's hiring needs allow, alone.

    ``fit`` and ``hosted`` are None where nothing is known of the bassin: the clause then asks for its target.
    """

    labour: float
    base: float
    target: float
    most: float  # e_max * H_base
    months: int
    fit: Fit | None
    hosted: Interval | None
    free_hours: float | None
    hours_per_fte: float
    hours_each: float

    @property
    def recommended(self) -> Interval:
        """H_rec: [what is sure, what statistical secrets leave possible]."""
        return self.fit.hours if self.fit else (min(self.target, self.most),) * 2

    @property
    def asked(self) -> int:
        """What the text asks for: the sure bound; where it hides all, the possible one. Whole hours."""
        low, high = self.recommended
        return int(low) or int(high)

    @property
    def fte(self) -> float:
        return fte(self.asked, self.months, self.hours_per_fte)

    @property
    def people(self) -> float:
        """P_y for the hours asked: persons a year."""
        return self.asked / self.hours_each * 12 / self.months

    @property
    def effort(self) -> float:
        """The share of new hours the target is, all trades together."""
        return self.target / self.base if self.base else 0.0

    @property
    def binding(self) -> str:
        """What keeps the recommendation below the target: bassin, hosts, effort; target when nothing does."""
        low = self.recommended[0]
        if self.hosted is not None and low < self.target and low == self.hosted[0]:
            return "bassin"
        if self.free_hours is not None and low < self.target and low == self.free_hours:
            return "hosts"
        return "effort" if low < self.target else "target"


def size(works: Sequence[Work], months: int, bassin: Bassin | None, figures: Figures) -> Sizing:
    """Size the social clause of a lot. Raises :class:`ClauseError`."""
    if months <= 0 or not works or any(work.amount_eur < 0 or not 0 <= work.effort <= 1 for work in works):
        raise ClauseError(ClauseError.__doc__)
    base = sum(work.base for work in works)
    hiring = _hiring(works, months, bassin, figures) if bassin else None
    unbound = 1e12  # with neither target, effort nor hosts in the way, what is left is what the bassin hosts
    alone = fit(_free(hiring, unbound)).hours if hiring else None
    return Sizing(
        labour=sum(work.labour for work in works),
        base=base,
        target=sum(work.target for work in works),
        most=figures.max_effort * base,
        months=months,
        fit=fit(hiring) if hiring else None,
        hosted=alone,
        free_hours=bassin.free_hours if bassin else None,
        hours_per_fte=figures.hours_per_fte,
        hours_each=figures.hours_each,
    )


def _hiring(works: Sequence[Work], months: int, bassin: Bassin, figures: Figures) -> Hiring:
    return Hiring(
        target_hours=sum(work.target for work in works),
        most_hours=figures.max_effort * sum(work.base for work in works),
        free_hours=bassin.free_hours,
        months=months,
        seekers=bassin.seekers,
        openings=bassin.openings,
        candidates=figures.candidates,
        exits=figures.exits,
        hours_each=figures.hours_each,
    )


def _free(hiring: Hiring, hours: float) -> Hiring:
    return replace(hiring, target_hours=hours, most_hours=hours, free_hours=hours)
