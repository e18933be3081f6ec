"""What a lot's bassin means to hire, and whether insertion places there would have candidates and ways out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from geo.domain.hiring import Count, places, priority_seekers
from geo.domain.point import Point
from geo.hiring import HiringNeeds, hiring_needs
from matchmaker.domain.reference import Reference
from matchmaker.models import Firm, Lot
from matchmaker.reference import reference


@dataclass(frozen=True, slots=True)
class LotHiring:
    """``priority`` is J and ``openings`` O of the domain guide; ``places`` what both allow a year, [low, high]."""

    romes: tuple[str, ...]
    needs: HiringNeeds | None
    openings: Count
    priority: Count | None
    places: tuple[float, float] | None


def current_vacancies(firm: Firm, known: Reference, on: date) -> int:
    """Jobs a firm says it means to fill, while its declaration is young enough to count. No query."""
    if not firm.declared_vacancies:
        return 0
    young = firm.vacancies_on is None or (on - firm.vacancies_on).days <= known["hiring.vacancy_days"]
    return firm.declared_vacancies if young else 0


def romes_of(trades: list[str], known: Reference) -> tuple[str, ...]:
    """The jobs (ROME) of trades, main trade first."""
    return tuple(dict.fromkeys(rome for code in trades if code in known.trades for rome in known.trades[code].romes))


def hiring_near(lot: Lot) -> LotHiring:
    """The chain lot -> trades -> ROME -> FAP -> survey of the bassin of its place. Two queries, one of them heavy."""
    known = reference()
    romes = romes_of(lot.trades, known)
    place = Point(lot.point.x, lot.point.y) if lot.point else None
    return _near(romes, hiring_needs(point=place, romes=romes) if place and romes else None, known)


def hiring_in(commune: str, trades: list[str]) -> LotHiring:
    """The same for work in a commune, by its code. Two queries, one of them heavy."""
    known = reference()
    romes = romes_of(trades, known)
    return _near(romes, hiring_needs(commune=commune, romes=romes) if romes else None, known)


def _near(romes: tuple[str, ...], needs: HiringNeeds | None, known: Reference) -> LotHiring:
    if needs is None:
        return LotHiring(romes, None, Count.of(0), None, None)
    priority = priority_seekers((one.seekers for one in needs.seekers), known["hiring.priority_share"])
    told = needs.year is not None and needs.seekers_year is not None and needs.seekers
    room = places(
        priority,
        needs.openings,
        candidates=known["hiring.candidates_per_place"],
        exits=known["hiring.exits_per_place"],
    )
    return LotHiring(romes, needs, needs.openings, priority if needs.seekers else None, room if told else None)
