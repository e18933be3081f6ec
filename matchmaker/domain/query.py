"""What the index is asked and what it answers: a firm, a lot, a firm found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from geo.domain.point import Point
from matchmaker.domain.eligibility import Candidate, eligible
from matchmaker.domain.notice import Reservation
from matchmaker.domain.score import Parts
from matchmaker.domain.trade import LotTrade

Terms = tuple[tuple[int, float], ...]  # (number of a word, weight as float32), by increasing number


@dataclass(frozen=True, slots=True)
class Wins:
    """Contracts a firm won in one trade: how many, and for which kinds of buyers (bits of ``domain.evidence``)."""

    count: int = 0
    buyers: int = 0


@dataclass(frozen=True, slots=True)
class IndexedFirm:
    """What the index needs of a firm. ``id`` orders ties (smaller first); capacities in whole euros a year."""

    id: int
    point: Point
    trades: tuple[str, ...]
    trust: float
    capacity_eur: int  # the middle estimate, and its interval:
    low_eur: int | None = None  # None: as the middle one
    high_eur: int | None = None
    ess: str = "no"
    inclusive_kind: str = ""
    declared_radius_km: float | None = None
    departements: tuple[str, ...] = ()  # declared; not empty, they decide of reach: see ``domain.area``
    wins: Mapping[str, Wins] = field(default_factory=dict)  # by trade
    terms: Terms = ()

    @property
    def low(self) -> int:
        return self.capacity_eur if self.low_eur is None else self.low_eur

    @property
    def high(self) -> int:
        return self.capacity_eur if self.high_eur is None else self.high_eur


@dataclass(frozen=True, slots=True)
class LotQuery:
    """A lot to be matched; ``yearly_eur`` None when no amount was published.

    ``buyer`` is the bit of the buyer's kind, 0 when unknown. The last four fields narrow the firms asked for, as a
    person does on a page; they change no score.
    """

    trades: tuple[LotTrade, ...]
    point: Point
    uncertainty_km: float = 0.0
    yearly_eur: int | None = None
    reservation: Reservation = Reservation.NONE
    buyer: int = 0
    terms: Terms = ()
    departement: str = ""  # of the place; "" when not known, or several
    kinds: frozenset[str] | None = None  # of inclusive kinds, "" for an ordinary firm; None = all
    ess_only: bool = False
    within_km: float | None = None  # by road
    solo_only: bool = False

    def admits(self, inclusive_kind: str, ess: str) -> bool:
        """Whether the reservation and the filters of kind allow a firm."""
        if self.ess_only and ess != "yes":
            return False
        if self.kinds is not None and inclusive_kind not in self.kinds:
            return False
        return eligible(Candidate(inclusive_kind, ess), self.reservation)


@dataclass(frozen=True, slots=True)
class Found:
    """One firm of an answer; ``trade`` is the trade it scored best in, ``served`` the needs it can serve."""

    id: int
    score: float
    trade: str
    parts: Parts
    distance_km: float
    radius_km: float  # uncertainty of the lot's place included
    solo: bool
    served: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """``top`` by decreasing score then id; ``supply`` counts all firms in reach, ``solo`` those able alone."""

    top: tuple[Found, ...]
    supply: int
    solo: int
