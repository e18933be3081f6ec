"""Local firms whose vacancies raise a lot's hiring fit, from what its bassin is known to mean to hire."""

from __future__ import annotations

from consortia.case import Case
from consortia.domain.partners import Fit, Hiring, Interval, Offer, Partner, partners
from matchmaker.hiring import LotHiring, hiring_near
from matchmaker.needs import months

Stored = dict[str, object]


def partners_of(case: Case) -> list[Stored]:
    """Ordinary firms within reach that hire, best first, with H_rec (hours over the contract) and HFI before and after.

    ``h_rec`` and ``hfi`` are what is certain; ``h_rec_high`` and ``hfi_high`` what statistical secrets leave possible.
    Empty where nobody hires, or where nothing is known of the bassin. Two queries when somebody does.
    """
    if not case.vacancies:
        return []
    hiring = hiring_of(case, hiring_near(case.lot))
    if hiring is None:
        return []
    offers = [
        Offer(found.id, case.vacancies[found.id], found.distance_km)
        for found in case.answer.top
        if found.id in case.vacancies
    ]
    return [_stored(case, one) for one in partners(hiring, offers)[: case.tables.integer("grouping.partners")]]


def hiring_of(case: Case, near: LotHiring) -> Hiring | None:
    """What the lot and its bassin say; None when the survey or the jobseekers of the bassin are unknown."""
    if near.priority is None or near.places is None:
        return None
    duration = months(case.lot, case.tables)
    years = max(1.0, duration / 12)  # what is due within less than a year counts as a year's
    work = sum(need.hours for need in case.problem.needs)
    hosts = sum(one.hours for one in case.problem.candidates if one.eligible)
    return Hiring(
        target_hours=case.hours_wanted * years,
        most_hours=case.tables["insertion.max_effort"] * work * years,
        free_hours=(hosts + case.hours_lent) * years,
        months=duration,
        seekers=near.priority,
        openings=near.openings,
        candidates=case.tables["hiring.candidates_per_place"],
        exits=case.tables["hiring.exits_per_place"],
        hours_each=case.tables["insertion.hours_per_participant"],
    )


def _stored(case: Case, partner: Partner) -> Stored:
    def pair(kind: str, bound: int) -> list[float]:
        sides: tuple[Fit, Fit] = (partner.before, partner.after)
        values: list[Interval] = [getattr(side, kind) for side in sides]
        return [round(value[bound], 1) for value in values]

    return {
        "siret": case.firms[partner.offer.id].siret,
        "km": round(partner.offer.km, 1),
        "vacancies": partner.offer.vacancies,
        "h_rec": pair("hours", 0),
        "hfi": pair("index", 0),
        "h_rec_high": pair("hours", 1),
        "hfi_high": pair("index", 1),
    }
