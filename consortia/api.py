"""Lots with what the search concluded, for programs: same filters as the page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Query, Router, Schema

from consortia.queries import LotView, PartView, Ranked, SubcontractView, Team, for_list, lot_view, lots_matching
from geo.api import CountOut, HiringOut
from matchmaker.api import FirmOut, firm_out
from matchmaker.hiring import hiring_near
from matchmaker.models import Lot
from matchmaker.queries import current_as_of, lot_filter

router = Router(tags=["Lots"])


class LotOut(Schema):
    """``state``: "alone" (a firm can do it alone), "group", "none" (a piece is missing), "unknown".

    ``imputed_*``: where no amount is published, an estimation from comparable awards, and its basis in words.
    """

    id: int
    title: str
    buyer: str
    place: str
    departement: str | None
    lon: float | None
    lat: float | None
    uncertainty_km: float
    cpvs: list[str]
    trades: list[str]
    amount_eur: int | None
    imputed_low_eur: int | None
    imputed_mid_eur: int | None
    imputed_high_eur: int | None
    imputed_basis: str
    duration_months: int | None
    deadline: datetime | None
    reservation: str
    social: list[str]
    green: list[str]
    state: str
    supply_count: int
    solo_count: int
    published_on: date | None
    fictitious: bool
    source: str
    notice_id: str
    url: str


def lot_out(lot: Lot) -> LotOut:
    tender = lot.tender
    return LotOut(
        id=lot.pk,
        title=lot.title or tender.title,
        buyer=tender.buyer.name,
        place=lot.place_label,
        departement=lot.departement_id,
        lon=lot.point.x if lot.point else None,
        lat=lot.point.y if lot.point else None,
        uncertainty_km=lot.uncertainty_km,
        cpvs=lot.cpvs,
        trades=lot.trades,
        amount_eur=lot.amount_eur,
        imputed_low_eur=lot.imputed_low_eur,
        imputed_mid_eur=lot.imputed_mid_eur,
        imputed_high_eur=lot.imputed_high_eur,
        imputed_basis=lot.imputed_basis,
        duration_months=lot.duration_months,
        deadline=lot.deadline,
        reservation=lot.reservation,
        social=lot.social,
        green=lot.green,
        state=getattr(lot, "state", "unknown"),
        supply_count=lot.supply_count,
        solo_count=lot.solo_count,
        published_on=tender.published_on,
        fictitious=tender.fictitious,
        source=tender.source,
        notice_id=tender.notice_id,
        url=tender.url,
    )


class LotPage(Schema):
    as_of: date
    total: int
    offset: int
    limit: int
    results: list[LotOut]


class LotQuery(Schema):
    """The filters of the page. Repeat ``trade``, ``dep``, ``reserved`` and ``state`` for several values."""

    q: str = ""
    trade: list[str] = []
    dep: list[str] = []
    reserved: list[str] = []
    state: list[str] = []
    deadline: str = ""
    amount: str = ""
    sort: str = "deadline"
    limit: int = 50
    offset: int = 0


@router.get("", response=LotPage, auth=None, summary="Les lots ouverts, avec les filtres de la page")
def lots(request: HttpRequest, query: Query[LotQuery]) -> LotPage:
    """At most five SQL queries."""
    as_of = current_as_of()
    found = lots_matching(lot_filter(request.GET), as_of)
    limit, offset = max(1, min(200, query.limit)), min(max(0, query.offset), 10_000_000)
    rows = for_list(found)[offset : offset + limit]
    return LotPage(as_of=as_of, total=found.count(), offset=offset, limit=limit, results=[lot_out(lot) for lot in rows])


class MatchOut(Schema):
    """Parts are 0..1; the score is their weighted sum, 0..100 (see /method/)."""

    rank: int
    score: float
    trade_part: float
    text_part: float
    distance_part: float
    capacity_part: float
    evidence_part: float
    ess_part: float
    distance_km: float
    solo: bool
    firm: FirmOut


class MemberOut(Schema):
    siret: str
    name: str
    mandataire: bool
    share: float
    amount_eur: int
    hours: int
    distance_km: float
    by_trade: dict[str, int]
    withdrawal: str


class TrialOut(Schema):
    """``test``: leaves (a member withdraws), low (low capacities), payment (paid late), ceiling (sales of an ACI).

    ``again``: survives with the parts shared anew. ``repairs``: who would come in where it does not survive.
    """

    test: str
    siret: str
    survives: bool
    again: bool
    repairs: list[str]
    text: str


class MeasuresOut(Schema):
    """Kilometres to the place in all, of the farthest member, and between the two farthest members; parts are 0..1."""

    km: float
    farthest_km: float
    apart_km: float
    ess_share: float
    trade_proof: float
    hours: int
    margin: float
    members: int


class ProposalOut(Schema):
    """``names``: what it is best at (best, smallest, nearest, ess, jobs, robust)."""

    rank: int
    names: list[str]
    measures: MeasuresOut | None
    replay: list[TrialOut]
    form: str
    proven: bool
    hours: int
    margin: float
    reasons: list[str]
    warnings: list[str]
    justification: str
    members: list[MemberOut]


class PartnerOut(Schema):
    """An ordinary local firm that hires. Pairs are [before, after] its vacancies join those of the bassin (estimates).

    ``h_rec``: insertion hours to recommend over the contract; ``hfi``: hiring-fit index, 0..100; ``*_high``: what
    statistical secrets leave possible.
    """

    siret: str
    name: str
    km: float
    vacancies: int
    h_rec: tuple[float, float]
    hfi: tuple[float, float]
    h_rec_high: tuple[float, float]
    hfi_high: tuple[float, float]


class PartOut(Schema):
    siret: str
    name: str
    amount_eur: int
    share: float
    by_trade: dict[str, int]
    km: float
    mandataire: bool


class SubcontractOut(Schema):
    """The lawful alternative on a reserved lot without a grouping: limited sub-contractors, who are no members."""

    text: str
    share: float
    members: list[PartOut]
    subcontractors: list[PartOut]


class RequirementOut(Schema):
    """One of the requirements that cannot be met together. ``number``: hours, members, firms or parts per thousand."""

    kind: str
    trade: str
    amount_eur: int
    number: int
    text: str


class PieceOut(Schema):
    """The one firm that would make the lot reachable, to look for: least free capacity a year, and its work in FTE."""

    trades: list[str]
    capacity_eur: int
    fte: float
    reach_km: float
    hours: int = 0
    leads: bool = False
    reserved: bool = False
    text: str = ""


class OutcomeOut(Schema):
    state: str
    reason: str
    message: str
    gaps: list[dict[str, Any]]
    yearly_eur: int | None
    hours_required: int
    hours_recommended: int
    candidates: int
    solver: dict[str, Any]
    conflict: list[RequirementOut]
    piece: PieceOut | None
    partners: list[PartnerOut]
    subcontract: SubcontractOut | None


class LotDetailOut(LotOut):
    description: str
    outcome: OutcomeOut | None
    matches: list[MatchOut]
    proposals: list[ProposalOut]


def match_out(row: Ranked) -> MatchOut:
    names = [name for name in MatchOut.model_fields if name != "firm"]
    return MatchOut(firm=firm_out(row.firm), **{name: getattr(row.match, name) for name in names})


def proposal_out(team: Team) -> ProposalOut:
    proposal = team.proposal
    return ProposalOut(
        rank=proposal.rank,
        names=list(team.names),
        measures=MeasuresOut(**proposal.measures) if proposal.measures else None,
        replay=[TrialOut(**{name: trial[name] for name in TrialOut.model_fields}) for trial in team.replay],
        form=proposal.form,
        proven=proposal.proven,
        hours=proposal.hours,
        margin=proposal.margin,
        reasons=list(team.reasons),
        warnings=list(team.warnings),
        justification=team.justification,
        members=[
            MemberOut(
                siret=one.firm.siret,
                name=one.firm.name,
                mandataire=one.member.mandataire,
                share=one.member.share,
                amount_eur=one.member.amount_eur,
                hours=one.member.hours,
                distance_km=one.member.distance_km,
                by_trade=one.member.by_trade,
                withdrawal=one.withdrawal,
            )
            for one in team.members
        ],
    )


def outcome_out(view: LotView) -> OutcomeOut | None:
    if view.outcome is None:
        return None
    apart = ("message", "piece", "partners", "subcontract")
    names = [name for name in OutcomeOut.model_fields if name not in apart]
    return OutcomeOut(
        message=view.message,
        piece=PieceOut(**view.outcome.piece) if view.outcome.piece else None,
        partners=[
            PartnerOut(siret=one.firm.siret, name=one.firm.name, **_said(one, PartnerOut)) for one in view.partners
        ],
        subcontract=_subcontract_out(view.subcontract) if view.subcontract else None,
        **{name: getattr(view.outcome, name) for name in names},
    )


def _said(view: object, schema: type[Schema]) -> dict[str, Any]:
    """Fields a view shares with its schema, its firm apart."""
    return {name: getattr(view, name) for name in schema.model_fields if name not in ("siret", "name")}


def _subcontract_out(view: SubcontractView) -> SubcontractOut:
    def parts(rows: tuple[PartView, ...]) -> list[PartOut]:
        return [PartOut(siret=one.firm.siret, name=one.firm.name, **_said(one, PartOut)) for one in rows]

    return SubcontractOut(
        text=view.text, share=view.share, members=parts(view.members), subcontractors=parts(view.subcontractors)
    )


@router.get("/{lot_id}", response=LotDetailOut, auth=None, summary="Un lot, ses entreprises et ses groupements")
def lot(request: HttpRequest, lot_id: int) -> LotDetailOut:  # noqa: ARG001
    """At most five SQL queries."""
    view = lot_view(lot_id)
    if view is None:
        raise Http404("Ce lot n'existe pas ou n'est plus publié.")
    return LotDetailOut(
        **lot_out(view.lot).model_dump(),
        description=view.lot.description,
        outcome=outcome_out(view),
        matches=[match_out(row) for row in view.ranked],
        proposals=[proposal_out(team) for team in view.teams],
    )


class LotHiringOut(Schema):
    """J and O of the method, and the insertion places a year both allow [low, high] (estimates)."""

    romes: list[str]
    needs: HiringOut | None
    openings: CountOut
    priority: CountOut | None
    places: tuple[float, float] | None


@router.get("/{lot_id}/hiring", response=LotHiringOut, auth=None, summary="Besoins de recrutement près d'un lot")
def lot_hiring(request: HttpRequest, lot_id: int) -> LotHiringOut:  # noqa: ARG001
    """Three SQL queries."""
    found = Lot.objects.filter(pk=lot_id).first()
    if found is None:
        raise Http404("Ce lot n'existe pas ou n'est plus publié.")
    return LotHiringOut.model_validate(hiring_near(found), from_attributes=True)
