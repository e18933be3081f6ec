"""Awards and declarations, for programs."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from ninja.errors import HttpError

from matchmaker.api import firms
from matchmaker.award_queries import expiring_awards, expiry_filter
from matchmaker.declare import DeclarationError, declare, declare_area, declare_vacancies
from matchmaker.explain import capacity_of
from matchmaker.hiring import current_vacancies
from matchmaker.models import Award
from matchmaker.queries import current_as_of, firm_by_siret
from matchmaker.reference import reference

router = Router(tags=["Marchés attribués"])


class AwardOut(Schema):
    """``annual_eur`` is an estimation: half of a framework's maximum, brought to a year. Holders are only counted."""

    title: str
    buyer: str
    buyer_siret: str
    cpv: str
    trades: list[str]
    place: str
    departement: str | None
    notified_on: date | None
    ends_on: date | None
    duration_months: int | None
    amount_eur: int | None
    annual_eur: int | None
    framework: bool
    grouping: str
    holders: int
    offers: int | None
    fictitious: bool
    source: str


def award_out(award: Award) -> AwardOut:
    return AwardOut(
        title=award.title,
        buyer=award.buyer.name if award.buyer else "",
        buyer_siret=award.buyer.siret if award.buyer else "",
        cpv=award.cpv,
        trades=award.trades,
        place=award.place_label,
        departement=award.departement_id,
        notified_on=award.notified_on,
        ends_on=award.ends_on,
        duration_months=award.duration_months,
        amount_eur=award.amount_eur,
        annual_eur=award.annual_eur,
        framework=award.framework,
        grouping=award.grouping,
        holders=award.n_holders,
        offers=award.offers,
        fictitious=award.fictitious,
        source=award.source,
    )


class ExpiringPage(Schema):
    as_of: date
    first_day: date
    last_day: date
    total: int
    offset: int
    limit: int
    results: list[AwardOut]


class ExpiringQuery(Schema):
    """Months from the day of reference, as ``from`` and ``to`` in the address; repeat ``trade`` and ``dep``."""

    trade: list[str] = []
    dep: list[str] = []
    limit: int = 50
    offset: int = 0


@router.get("/expiring", response=ExpiringPage, auth=None, summary="Les marchés qui finissent bientôt")
def expiring(request: HttpRequest, query: Query[ExpiringQuery]) -> ExpiringPage:
    """``from`` and ``to``: months ahead, 6 and 18 unless told. At most three SQL queries."""
    as_of = current_as_of()
    wanted = expiry_filter(request.GET)
    found = expiring_awards(wanted, as_of)
    limit, offset = max(1, min(500, query.limit)), min(max(0, query.offset), 10_000_000)
    first, last = wanted.window(as_of)
    rows = found[offset : offset + limit]
    return ExpiringPage(
        as_of=as_of,
        first_day=first,
        last_day=last,
        total=found.order_by().count(),
        offset=offset,
        limit=limit,
        results=[award_out(award) for award in rows],
    )


class DeclarationIn(Schema):
    """``free_fte``: full-time equivalents free today, null to withdraw what was declared."""

    free_fte: float | None
    on: date


class CapacityOut(Schema):
    low_eur: int
    mid_eur: int
    high_eur: int
    steps: list[str]


class VacanciesIn(Schema):
    """``vacancies``: jobs to fill in the firm's trades, null to withdraw what was declared."""

    vacancies: int | None
    on: date


class VacanciesOut(Schema):
    """``counted``: those that count today; a declaration expires (parameter ``hiring.vacancy_days``)."""

    vacancies: int | None
    on: date | None
    counted: int


@firms.put("/{siret}/vacancies", response=VacanciesOut, summary="Déclarer des postes à pourvoir (équipe)")
def vacancies_declared(request: HttpRequest, siret: str, declaration: VacanciesIn) -> VacanciesOut:
    """For staff. They raise the hiring fit of the lots this firm could be a partner for."""
    if not request.user.is_staff:
        raise HttpError(403, "Réservé à l'équipe.")
    known = firm_by_siret(siret)
    if known is None:
        raise Http404("Aucune entreprise connue ne porte ce SIRET.")
    try:
        firm = declare_vacancies(known, declaration.vacancies, declaration.on, request.user)
    except DeclarationError as error:
        raise HttpError(422, str(error)) from error
    counted = current_vacancies(firm, reference(), timezone.localdate())
    return VacanciesOut(vacancies=firm.declared_vacancies, on=firm.vacancies_on, counted=counted)


class AreaIn(Schema):
    """``departements``: official codes (38, 2A, 974), none to withdraw what was declared: its radius then decides."""

    departements: list[str]


class AreaOut(Schema):
    departements: list[str]


@firms.put("/{siret}/area", response=AreaOut, summary="Déclarer ses départements d'intervention (équipe)")
def area_declared(request: HttpRequest, siret: str, declaration: AreaIn) -> AreaOut:
    """For staff. The firm is then proposed in these départements, whatever the distance, and nowhere else."""
    if not request.user.is_staff:
        raise HttpError(403, "Réservé à l'équipe.")
    known = firm_by_siret(siret)
    if known is None:
        raise Http404("Aucune entreprise connue ne porte ce SIRET.")
    try:
        firm = declare_area(known, declaration.departements, request.user)
    except DeclarationError as error:
        raise HttpError(422, str(error)) from error
    return AreaOut(departements=firm.declared_departements)


@firms.put("/{siret}/declaration", response=CapacityOut, summary="Déclarer une capacité libre (équipe)")
def declared(request: HttpRequest, siret: str, declaration: DeclarationIn) -> CapacityOut:
    """For staff. Answers the capacity as computed with the declaration, and why."""
    if not request.user.is_staff:
        raise HttpError(403, "Réservé à l'équipe.")
    known = firm_by_siret(siret)
    if known is None:
        raise Http404("Aucune entreprise connue ne porte ce SIRET.")
    try:
        firm = declare(known, declaration.free_fte, declaration.on, request.user)
    except DeclarationError as error:
        raise HttpError(422, str(error)) from error
    found = capacity_of(firm)
    return CapacityOut(low_eur=found.low_eur, mid_eur=found.mid_eur, high_eur=found.high_eur, steps=list(found.steps))
