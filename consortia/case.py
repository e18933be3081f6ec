"""A matched lot as a problem: what it asks for, who may answer, and what speaks against each of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from django.db.models import QuerySet
from django.utils import timezone

from consortia.domain.problem import Candidate, Marks, Need, Problem, Weights
from matchmaker.domain.area import covers, floor_at
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.insertion import WorkShare, labour_hours
from matchmaker.domain.notice import Reservation
from matchmaker.domain.query import Answer, Found, LotQuery
from matchmaker.domain.reference import Reference
from matchmaker.domain.trade import LotTrade
from matchmaker.hiring import current_vacancies
from matchmaker.models import Firm, Lot
from matchmaker.needs import months, recommended_hours, required_hours
from matchmaker.queries import with_commune

SUPPLIERS = 5  # firms that lend staff, counted and shown for a lot
# What a search reads of a firm: hundreds are for a lot, of which a few are shown.
READ = (
    *("siret", "name", "diffusion", "ess", "inclusive_kind", "trades", "trade_source", "references", "awards_known"),
    *("capacity_low_eur", "capacity_mid_eur", "capacity_high_eur", "turnover_mid_eur", "fte_mid"),
    *("declared_vacancies", "vacancies_on", "declared_departements"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known of a lot when its groupings are sought."""

    lot: Lot
    query: LotQuery
    needs: tuple[LotTrade, ...]
    problem: Problem
    firms: Mapping[int, Firm]
    answer: Answer
    suppliers: tuple[tuple[Firm, int, float], ...]  # mise à disposition: firm, hours a year, km
    tables: Reference
    hours_wanted: int = 0  # insertion hours a year: those the documents ask for, else those recommended
    hours_lent: int = 0  # a year, by all that lend staff within reach
    vacancies: Mapping[int, int] = field(default_factory=dict)  # jobs that ordinary firms mean to fill, by firm


def weights_of(tables: Reference) -> Weights:
    """What each criterion costs by the tables in force."""
    return Weights(
        trade=tables.integer("grouping.weight_trade"),
        distance=tables.integer("grouping.weight_distance"),
        ess=tables.integer("grouping.weight_ess"),
        hiring=tables.integer("grouping.weight_hiring"),
        fragile=tables.integer("grouping.weight_fragile"),
        solo=tables.integer("grouping.weight_solo"),
        member=tables.integer("grouping.weight_member"),
        fewest_first=bool(tables.integer("grouping.fewest_first")),
    )


def case_of(
    lot: Lot,
    needs: tuple[LotTrade, ...],
    query: LotQuery,
    tables: Reference,
    index: FirmIndex,
    weights: Weights | None = None,
    *,
    whole: bool = False,
) -> Case:
    """The problem of a lot whose yearly amount is known. One query.

    ``weights``: those of the person who asks, else those of the tables. ``whole``: with all that may be shown of each
    firm, its commune included; else what a search reads (``READ``).
    """
    hours = required_hours(lot, tables)
    wanted = hours or recommended_hours(lot, needs, tables)
    answer = index.ask(query, tables.integer("grouping.max_candidates"))
    lenders = index.ask(_supplier_query(query, tables), tables.integer("grouping.max_candidates")).top if wanted else ()
    read = shown_firms() if whole else Firm.objects.only(*READ)
    firms = read.in_bulk([found.id for found in (*answer.top, *lenders)])
    known = [found for found in lenders if found.id in firms]
    offers = [(firms[found.id], hosted(firms[found.id], "T44", tables), found.distance_km) for found in known]
    suppliers = tuple(islice((offer for offer in offers if offer[1]), SUPPLIERS)) if hours else ()
    lent = sum(hours_lent for _, hours_lent, _ in suppliers)
    vacancies = _vacancies(answer, firms, tables)
    jobs = tables["hiring.exits_per_place"] * persons_wanted(wanted, months(lot, tables), tables)
    paid = weights or weights_of(tables)
    problem = Problem(
        needs=_needs(needs, query.yearly_eur or 0, tables),
        candidates=tuple(
            candidate_of(
                as_reached(found, firms[found.id], query, tables),
                firms[found.id],
                tables,
                paid,
                _hired(vacancies.get(found.id, 0), jobs),
            )
            for found in answer.top
            if found.id in firms and found.parts.trade >= tables["grouping.min_trade_fit"]
        ),
        supply=answer.supply,
        hours_required=max(0, hours - lent),
        reserved=query.reservation is not Reservation.NONE,
        exclusive=bool(lot.tender.exclusive_grouping),
        turnover_multiple_permille=round(1000 * tables["grouping.turnover_multiple"]),
        max_members=tables.integer("grouping.max_members"),
        min_share_permille=round(1000 * tables["grouping.min_share"]),
        mandataire_permille=round(1000 * tables["grouping.mandataire_share"]),
        supply_permille=round(1000 * tables["grouping.supply_share"]),
        fewest_first=paid.fewest_first,
    )
    everyone = sum(hours_lent for _, hours_lent, _ in offers)
    return Case(lot, query, needs, problem, firms, answer, suppliers, tables, wanted, everyone, vacancies)


def _vacancies(answer: Answer, firms: Mapping[int, Firm], tables: Reference) -> dict[int, int]:
    """Jobs that ordinary firms within reach mean to fill: ways out for those who come to work by insertion."""
    today = timezone.localdate()
    near = (firms[found.id] for found in answer.top if found.id in firms)
    return {
        firm.pk: jobs
        for firm in near
        if not (firm.ess == Firm.Ess.YES or firm.inclusive_kind) and (jobs := current_vacancies(firm, tables, today))
    }


def persons_wanted(hours: float, duration: int, tables: Reference) -> float:
    """P_y of the guide: persons a year that so many insertion hours a year call for, over a ``duration`` in months."""
    whole = hours * max(1.0, duration / 12)
    return whole / tables["insertion.hours_per_participant"] * 12 / duration


def _hired(vacancies: int, jobs: float) -> float:
    """Share (0..1) of the jobs looked for that a firm offers."""
    return min(1.0, vacancies / jobs) if jobs else float(vacancies > 0)


def shown_firms() -> QuerySet[Firm]:
    """Firms with all that pages show of them. Lazy."""
    related, heavy = with_commune()
    return Firm.objects.select_related(*related).defer(*heavy, "capacity_steps")


def _supplier_query(query: LotQuery, tables: Reference) -> LotQuery:
    """Who could lend staff to this lot: mise à disposition (T44) within reach, whatever the lot is reserved to.

    Inclusive firms only: an ordinary temporary-work agency hosts no insertion hours, and must not hide them.
    """
    lending = LotTrade(options=(("T44", 1.0),), share=1.0)
    kinds = frozenset(tables.kinds)
    return LotQuery((lending,), query.point, query.uncertainty_km, kinds=kinds, departement=query.departement)


def _needs(needs: tuple[LotTrade, ...], yearly: int, tables: Reference) -> tuple[Need, ...]:
    """Whole euros a need; rounding goes to the main need so that the sum is exact."""
    others = [max(1, int(yearly * need.share)) for need in needs[1:]]
    main = max(1, yearly - sum(others))
    return tuple(
        Need(need.trade, amount, round(work_hours(need.trade, amount, tables)))
        for need, amount in zip(needs, [main, *others], strict=True)
    )


def work_hours(trade: str, amount_eur: float, tables: Reference) -> float:
    """Hours of work in so many euros of a trade (an estimate)."""
    known = tables.trades[trade]
    return labour_hours(amount_eur, [WorkShare(1.0, known.labour_share, known.hourly_eur)])


def as_reached(found: Found, firm: Firm, query: LotQuery, tables: Reference) -> Found:
    """As it is, save a firm in reach by a département it declares: its radius is wide enough to be within, and its way
    to the place weighs what the score's floor leaves (``matchmaker.domain.area``).
    """
    if not covers(firm.declared_departements, query.departement):
        return found
    weighs = 1.0 - floor_at(found.distance_km / found.radius_km, tables.area_floor)
    wide = found.distance_km / (1.5 * weighs) if weighs else found.radius_km
    return replace(found, radius_km=max(found.radius_km, wide))


def candidate_of(found: Found, firm: Firm, tables: Reference, weights: Weights, hired: float = 0.0) -> Candidate:
    """A firm found within reach, as the problem sees it; ``hired``: share of the jobs looked for that it offers.

    A firm of several trades may use all its capacity in any of them: nobody declares capacities by trade.
    """
    experienced = firm.experience > 0 if firm.experience is not None else None
    if experienced is None:
        experienced = firm.fte_mid >= tables["grouping.mandataire_fte"]
    hours = hosted(firm, found.trade, tables)
    marks = marks_of(found, firm, hours, hired)
    return Candidate(
        id=found.id,
        needs=frozenset(found.served),
        capacity_eur=firm.capacity_mid_eur,
        cost=weights.cost(marks),
        turnover_eur=firm.turnover_mid_eur,
        hours=hours,
        inclusive=bool(firm.inclusive_kind),
        ess=firm.ess == Firm.Ess.YES,
        experienced=experienced,
        distance_km=found.distance_km,
        radius_km=found.radius_km,
        low_eur=firm.capacity_low_eur,
        high_eur=firm.capacity_high_eur,
        ceiling_eur=ceiling_eur(firm, tables),
        kind=firm.inclusive_kind,
        marks=marks,
    )


def marks_of(found: Found, firm: Firm, hours: int, hired: float) -> Marks:
    """What speaks against a firm, criterion by criterion; ``hours`` of insertion it hosts a year."""
    middle = firm.capacity_mid_eur
    social = firm.ess == Firm.Ess.YES or bool(firm.inclusive_kind)
    return Marks(
        trade=_permille(1.0 - found.parts.trade),
        distance=_permille(found.distance_km / (1.5 * found.radius_km)),
        ess=0 if social else 1000,
        hiring=0 if hours else _permille(1.0 - hired),
        fragile=_permille((middle - firm.capacity_low_eur) / middle) if middle else 0,
        solo=1000 * found.solo,
    )


def _permille(part: float) -> int:
    return round(1000 * min(1.0, max(0.0, part)))


def ceiling_eur(firm: Firm, tables: Reference) -> int | None:
    """What the law leaves an ACI to sell a year (article D5132-34); None for other firms.

    Its free capacity was already held under it when it was estimated: this says so to the rules, and takes nothing
    off again.
    """
    if firm.inclusive_kind != "ACI":
        return None
    room = tables["capacity.aci_ceiling"] - tables["capacity.aci_sales_share"]
    return math.ceil(room * firm.turnover_mid_eur)


def hosted(firm: Firm, trade: str, tables: Reference) -> int:
    """Insertion hours a year an inclusive firm can host within its free capacity; none elsewhere."""
    kind = tables.kinds.get(firm.inclusive_kind)
    if kind is None:
        return 0
    fte = firm.capacity_mid_eur / (1000 * tables.trades[trade].keur_per_fte)
    return round(fte * tables["insertion.hours_per_fte"] * kind.insertion_ratio)
