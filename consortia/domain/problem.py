"""A lot to be covered by a grouping: whole numbers only, checked before any solver sees them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

MOST_EUR = 10**11  # no amount, capacity or turnover reaches it: sums and products stay exact in 64 bits
MOST = 10**7  # no cost and no number of hours reaches it


class ProblemError(ValueError):
    """Le problème de groupement est incohérent ; le message dit quelle donnée corriger."""


class Form(StrEnum):
    """Legal form of a grouping (rule G1, articles R2142-20 and R2142-24)."""

    CONJOINT = "conjoint"
    CONJOINT_SOLIDAIRE = "conjoint_mandataire_solidaire"
    SOLIDAIRE = "solidaire"


@dataclass(frozen=True, slots=True)
class Need:
    """One need of the lot: ``amount_eur`` and hours of work a year, and the trade that names it."""

    trade: str
    amount_eur: int
    hours: int = 0


@dataclass(frozen=True, slots=True)
class Marks:
    """What speaks against taking a firm, criterion by criterion, in parts per thousand (0 = nothing)."""

    trade: int = 0  # weakness of the proof that it does the trade
    distance: int = 0  # way to the place of performance, 1000 = at the end of its reach
    ess: int = 0  # 1000 = neither ESS nor inclusive
    hiring: int = 0  # 1000 = neither hosts insertion hours nor hires those who come out
    fragile: int = 0  # how far its low estimate falls below the middle one, signals of unreliability
    solo: int = 0  # 1000 = could do the whole lot alone (C1)


@dataclass(frozen=True, slots=True)
class Weights:
    """What each criterion costs, in points; ``member`` is paid for each member.

    ``fewest_first`` compares sizes before costs.
    """

    trade: int = 40
    distance: int = 40
    ess: int = 10
    hiring: int = 0
    fragile: int = 0
    solo: int = 10
    member: int = 0
    fewest_first: bool = True

    def cost(self, marks: Marks) -> int:
        """Cost of taking a firm with these marks, in tenths of points."""
        points = (
            self.trade * marks.trade
            + self.distance * marks.distance
            + self.ess * marks.ess
            + self.hiring * marks.hiring
            + self.fragile * marks.fragile
            + self.solo * marks.solo
        )
        return (points + 50) // 100 + 10 * self.member


@dataclass(frozen=True, slots=True)
class Candidate:
    """A firm that may be a member. Amounts in euros a year; ``needs`` are the trades it can serve here.

    ``cost`` is what the objective pays for taking it (smaller is better, tenths of points), derived from ``marks`` by
    :func:`weighed`. ``caps`` bounds what it can do of single trades; trades not named there are bounded by the whole
    capacity only. ``ceiling_eur`` is what the law leaves it to sell (ACI, article D5132-34); None = no ceiling.
    ``low_eur`` and ``high_eur`` are the interval of which ``capacity_eur`` is the middle.
    ``eligible`` is the verdict of R1 to R5; ``producer`` is False for mise à disposition.
    ``hours`` are the insertion hours a year it hosts when its whole capacity is used; a smaller part
    hosts in proportion (:func:`hosted_hours`).
    ``committed_mandataire`` says it already leads another grouping for this contract (G4);
    ``committed`` that it is already candidate or member elsewhere for this contract (G3).
    """

    id: int
    needs: frozenset[str]
    capacity_eur: int
    cost: int
    turnover_eur: int = 0
    hours: int = 0
    inclusive: bool = False
    ess: bool = False
    experienced: bool = True
    eligible: bool = True
    producer: bool = True
    distance_km: float = 0.0
    radius_km: float = 1.0
    committed: bool = False
    committed_mandataire: bool = False
    low_eur: int | None = None
    high_eur: int | None = None
    ceiling_eur: int | None = None
    caps: tuple[tuple[str, int], ...] = ()
    kind: str = ""
    marks: Marks = Marks()

    @property
    def room_eur(self) -> int:
        """What it may take in all: its free capacity, within its legal ceiling."""
        return self.capacity_eur if self.ceiling_eur is None else min(self.capacity_eur, self.ceiling_eur)

    def cap_eur(self, trades: Collection[str]) -> int:
        """Most it can do of these trades together, euros a year."""
        caps = dict(self.caps)
        return min(self.room_eur, sum(caps.get(trade, self.room_eur) for trade in self.needs & frozenset(trades)))


@dataclass(frozen=True, slots=True)
class Problem:
    """What a grouping must satisfy.

    ``supply`` counts the firms identified for the lot (rule C1 compares members with it);
    ``reserved`` switches R6 on; ``exclusive`` is G3's flag read in the documents.
    Shares are in parts per thousand of the yearly amount.
    """

    needs: tuple[Need, ...]
    candidates: tuple[Candidate, ...]
    supply: int
    hours_required: int = 0
    turnover_required: int = 0
    reserved: bool = False
    exclusive: bool = False
    turnover_multiple_permille: int = 1500  # most a buyer may require (article R2142-7)
    max_members: int = 4
    min_share_permille: int = 50
    mandataire_permille: int = 250
    supply_permille: int = 500
    fewest_first: bool = True  # else sizes compete by cost alone
    hours_alone: int | None = None  # C1 judges by these who is able alone; None: by ``hours_required``

    def __post_init__(self) -> None:
        if not self.needs or any(need.amount_eur <= 0 for need in self.needs):
            raise ProblemError("Chaque besoin du lot doit avoir un montant annuel positif.")
        if len({need.trade for need in self.needs}) != len(self.needs):
            raise ProblemError("Un même métier figure deux fois dans les besoins du lot.")
        if self.amount_eur >= MOST_EUR or self.hours_required >= MOST:
            raise ProblemError(
                "Le montant annuel (100 milliards) ou les heures exigées (10 millions) sont trop élevés."
            )
        ids = [candidate.id for candidate in self.candidates]
        if len(set(ids)) != len(ids):
            raise ProblemError("Une entreprise figure deux fois parmi les candidats.")
        for candidate in self.candidates:
            if min(candidate.capacity_eur, candidate.cost, candidate.turnover_eur, candidate.hours) < 0:
                raise ProblemError(f"Candidat {candidate.id} : capacité, coût, chiffre d'affaires ou heures négatifs.")
            if max(candidate.capacity_eur, candidate.turnover_eur) >= MOST_EUR:
                raise ProblemError(
                    f"Candidat {candidate.id} : capacité ou chiffre d'affaires de 100 milliards ou plus."
                )
            if max(candidate.cost, candidate.hours) >= MOST:
                raise ProblemError(f"Candidat {candidate.id} : coût ou heures d'insertion de 10 millions ou plus.")
            low, high = candidate.low_eur, candidate.high_eur
            if not (low or 0) <= candidate.capacity_eur <= (candidate.capacity_eur if high is None else high):
                raise ProblemError(f"Candidat {candidate.id} : capacité basse, moyenne et haute dans le désordre.")
            if min((candidate.ceiling_eur or 0, *(cap for _, cap in candidate.caps))) < 0:
                raise ProblemError(f"Candidat {candidate.id} : plafond négatif.")
        if not 2 <= self.max_members <= 6:
            raise ProblemError("Un groupement proposé compte de 2 à 6 membres.")
        if 1000 * self.turnover_required > self.turnover_multiple_permille * self.amount_eur:
            multiple = f"{self.turnover_multiple_permille / 1000:g}".replace(".", ",")
            raise ProblemError(f"Le chiffre d'affaires exigé dépasse {multiple} fois le montant (art. R2142-7).")
        if min(self.hours_required, self.turnover_required, self.supply) < 0:
            raise ProblemError("Heures, chiffre d'affaires exigé et offre identifiée ne peuvent être négatifs.")

    @property
    def amount_eur(self) -> int:
        """Yearly amount of the lot."""
        return sum(need.amount_eur for need in self.needs)

    def lower_bound_eur(self, *, mandataire: bool) -> int:
        """Smallest part a member may take, rounded up to the euro."""
        permille = self.mandataire_permille if mandataire else self.min_share_permille
        return -(-self.amount_eur * permille // 1000)

    @property
    def alone_hours(self) -> int:
        """Insertion hours a year the documents ask of a firm alone, whatever more is asked of a team."""
        return self.hours_required if self.hours_alone is None else self.hours_alone

    def able_alone(self, candidate: Candidate) -> bool:
        """Whether a firm could do the whole lot alone: eligible, every trade, capacity, turnover and hours."""
        return (
            candidate.eligible
            and candidate.producer
            and all(need.trade in candidate.needs for need in self.needs)
            and candidate.room_eur >= self.amount_eur
            and all(candidate.cap_eur((need.trade,)) >= need.amount_eur for need in self.needs)
            and candidate.turnover_eur >= self.turnover_required
            and hosted_hours(candidate, self.amount_eur) >= self.alone_hours
        )


def weighed(problem: Problem, weights: Weights) -> Problem:
    """The same problem under other weights."""
    candidates = tuple(replace(one, cost=weights.cost(one.marks)) for one in problem.candidates)
    return replace(problem, candidates=candidates, fewest_first=weights.fewest_first)


def hosted_hours(candidate: Candidate, amount_eur: int) -> Fraction:
    """Insertion hours a year a firm hosts on a part of this amount: exact, in proportion to its capacity."""
    return Fraction(candidate.hours * amount_eur, candidate.capacity_eur) if candidate.capacity_eur else Fraction(0)


@dataclass(frozen=True, slots=True)
class Part:
    """A member's part: euros a year by trade; its sum over trades is positive."""

    candidate: Candidate
    by_trade: tuple[tuple[str, int], ...]

    @property
    def amount_eur(self) -> int:
        return sum(amount for _, amount in self.by_trade)

    @property
    def hours(self) -> Fraction:
        """Insertion hours a year hosted on this part."""
        return hosted_hours(self.candidate, self.amount_eur)


@dataclass(frozen=True, slots=True)
class Grouping:
    """A proposed grouping: parts (mandataire first) and legal form."""

    parts: tuple[Part, ...]
    form: Form

    @property
    def mandataire(self) -> Candidate:
        return self.parts[0].candidate

    @property
    def hours(self) -> Fraction:
        """Insertion hours a year the members host on their parts."""
        return sum((part.hours for part in self.parts), Fraction(0))

    @property
    def ids(self) -> frozenset[int]:
        return frozenset(part.candidate.id for part in self.parts)

    @property
    def cost(self) -> int:
        return sum(part.candidate.cost for part in self.parts)
