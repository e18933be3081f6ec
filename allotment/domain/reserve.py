"""Which reservation is lawful for a lot, each condition checked one by one (rules R1 to R6 of the domain guide)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from allotment.domain.need import Nature
from matchmaker.domain.eligibility import (
    R1_KINDS,
    R2_KINDS,
    R3_KINDS,
    R5_MAX_MONTHS,
    r5_cpv_allowed,
)
from matchmaker.domain.notice import Reservation

ARTICLES: Mapping[Reservation, str] = {
    Reservation.EA_ESAT: "L2113-12, R2113-7",
    Reservation.SIAE: "L2113-13, R2113-7",
    Reservation.EA_ESAT_SIAE: "L2113-14",
    Reservation.PRISON: "L2113-13-1",
    Reservation.ESS: "L2113-15, L2113-16",
}
KINDS: Mapping[Reservation, frozenset[str]] = {
    Reservation.EA_ESAT: R1_KINDS,
    Reservation.SIAE: R2_KINDS,
    Reservation.EA_ESAT_SIAE: R1_KINDS | R2_KINDS,
    Reservation.PRISON: R3_KINDS,
}
MIXED = "Un groupement candidat ne compte que des entreprises éligibles ; une autre n'y est que sous-traitante limitée."


class Held(StrEnum):
    """Whether a condition holds; TO_CHECK when only the buyer can tell."""

    YES = "yes"
    NO = "no"
    TO_CHECK = "to_check"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A contract of the same kind the buyer reserved before: day of its notification and object."""

    on: date
    title: str


@dataclass(frozen=True, slots=True)
class Reservable:
    """What the advice rests on. ``firms``: active firms of the lot's trades in reach, by inclusive kind; ``ess``: all
    those of the ESS. ``earlier``: contracts of the same kind reserved by the same buyer in the past three years.
    ``public_service``: whether the buyer states the mission is one; None while it has not.
    """

    nature: Nature
    cpvs: tuple[str, ...]
    months: int
    firms: Mapping[str, int]
    ess: int = 0
    earlier: tuple[Earlier, ...] = ()
    public_service: bool | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    text: str
    held: Held
    article: str


@dataclass(frozen=True, slots=True)
class Advice:
    """One way to reserve the lot. ``firms``: how many could answer; fewer than two is lawful but risky."""

    reservation: Reservation
    conditions: tuple[Condition, ...]
    firms: int
    article: str

    @property
    def lawful(self) -> bool:
        """Nothing is known against it."""
        return all(one.held is not Held.NO for one in self.conditions)

    @property
    def objections(self) -> tuple[str, ...]:
        return tuple(one.text for one in self.conditions if one.held is Held.NO)


def advice(lot: Reservable) -> tuple[Advice, ...]:
    """Every reservation with its conditions, those that are lawful and have most firms first."""
    found = (*(_inclusive(lot, kind) for kind in KINDS), _ess(lot))
    return tuple(sorted(found, key=lambda one: (not one.lawful, -one.firms)))


def _inclusive(lot: Reservable, reservation: Reservation) -> Advice:
    """R1 to R4: a matter of who answers, whatever is bought."""
    share = "prisonniers" if reservation is Reservation.PRISON else "travailleurs handicapés ou défavorisés"
    conditions = (
        Condition(f"Les candidats emploient au moins 50 % de {share}.", Held.TO_CHECK, ARTICLES[reservation]),
        Condition(MIXED, Held.TO_CHECK, ARTICLES[reservation]),
    )
    firms = sum(lot.firms.get(kind, 0) for kind in KINDS[reservation])
    return Advice(reservation, conditions, firms, ARTICLES[reservation])


def _ess(lot: Reservable) -> Advice:
    """R5: listed services, three years, no second time; a mission of public service."""
    conditions = (_listed(lot), _short(lot), _first_time(lot), _mission(lot))
    return Advice(Reservation.ESS, conditions, lot.ess, ARTICLES[Reservation.ESS])


def _listed(lot: Reservable) -> Condition:
    article = "L2113-15, annexe 3"
    if lot.nature is not Nature.SERVICES:
        return Condition("Seuls des services peuvent être réservés à l'ESS.", Held.NO, article)
    outside = [cpv for cpv in lot.cpvs if not r5_cpv_allowed(cpv)]
    if outside:
        codes = ", ".join(outside)
        return Condition(f"Code CPV hors de la liste des services réservables à l'ESS : {codes}.", Held.NO, article)
    if not lot.cpvs:
        return Condition(
            "Le code CPV du lot doit figurer dans la liste des services réservables.", Held.TO_CHECK, article
        )
    return Condition("Tous les codes CPV sont dans la liste des services réservables à l'ESS.", Held.YES, article)


def _short(lot: Reservable) -> Condition:
    if lot.months > R5_MAX_MONTHS:
        return Condition(f"La durée de {lot.months} mois dépasse les {R5_MAX_MONTHS} permis.", Held.NO, "L2113-16")
    return Condition(f"La durée de {lot.months} mois tient dans les {R5_MAX_MONTHS} permis.", Held.YES, "L2113-16")


def _first_time(lot: Reservable) -> Condition:
    if lot.earlier:
        last = max(lot.earlier, key=lambda one: one.on)
        text = (
            f"Un marché du même type a déjà été réservé par cet acheteur dans les trois ans, "
            f"le {last.on:%d/%m/%Y} : « {last.title} »."
        )
        return Condition(text, Held.NO, "L2113-16")
    text = "Aucun marché du même type réservé par cet acheteur dans les trois ans, d'après les données essentielles."
    return Condition(text, Held.YES, "L2113-16")


def _mission(lot: Reservable) -> Condition:
    text = "L'entreprise a pour objet une mission de service public liée aux services de la liste."
    held = {True: Held.YES, False: Held.NO, None: Held.TO_CHECK}[lot.public_service]
    return Condition(text, held, "L2113-16")
