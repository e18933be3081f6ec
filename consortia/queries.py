"""Named reads of what the search concluded: lots with their state, groupings, and why none exists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Case, CharField, Count, Prefetch, Q, QuerySet, Value, When

from consortia.models import Member, Outcome, Proposal
from matchmaker.models import Firm, Lot, Match
from matchmaker.queries import (
    AMOUNTS,
    DEADLINES,
    ORDERS,
    RESERVATIONS,
    LotFilter,
    PublicFirm,
    best_solo,
    count_by_amount,
    count_by_deadline,
    count_by_departement,
    count_by_reservation,
    count_by_trade,
    filter_lots,
    hide_names,
    open_lots,
    partially_diffused,
    public_firm,
    ranking,
    search_lots,
    with_commune,
)

# What a lot awaits: a firm able alone comes first, then a grouping, then a known missing piece. The rest
# cannot be told: no amount, trade or place was published, or the calculation has not come to it yet.
ALONE, GROUP, MISSING, UNKNOWN = "alone", "group", "none", "unknown"
STATES = (ALONE, GROUP, MISSING, UNKNOWN)

_CONDITIONS = {
    ALONE: Q(solo_count__gt=0),
    GROUP: Q(outcome__state=Outcome.State.PROPOSED),
    MISSING: Q(outcome__state=Outcome.State.NONE) | Q(match_state=Lot.MatchState.NO_FIRM),
}


def with_state(lots: QuerySet[Lot]) -> QuerySet[Lot]:
    """Annotate ``state``: one of :data:`STATES`, a partition. Lazy."""
    cases = [When(condition, then=Value(state)) for state, condition in _CONDITIONS.items()]
    return lots.annotate(state=Case(*cases, default=Value(UNKNOWN), output_field=CharField()))


def searched_lots(wanted: LotFilter, as_of: date) -> QuerySet[Lot]:
    """Open lots with their state that speak of what was typed. One query when something was."""
    return search_lots(with_state(open_lots(as_of)), wanted.q)


def lots_matching(wanted: LotFilter, as_of: date, searched: QuerySet[Lot] | None = None) -> QuerySet[Lot]:
    """Open lots that pass a filter, states included, in the order asked. Lazy but for the search."""
    lots = filter_lots(searched_lots(wanted, as_of) if searched is None else searched, wanted, as_of)
    if wanted.states:
        lots = lots.filter(state__in=wanted.states)
    return lots.order_by(*ORDERS[wanted.sort])


def for_list(lots: QuerySet[Lot]) -> QuerySet[Lot]:
    """Fetch what a row of the list shows. Adds two queries (best proposals, their members)."""
    best = Proposal.objects.filter(rank=1).prefetch_related(_members())
    return (
        lots.select_related("tender__buyer", "departement", "outcome")
        .defer("description", "tender__description")
        .prefetch_related(Prefetch("proposals", queryset=best, to_attr="best_proposals"))
    )


def _members() -> Prefetch[str, QuerySet[Member], str]:
    related, heavy = with_commune("firm")
    return Prefetch("members", queryset=Member.objects.select_related(*related).defer(*heavy).order_by("position"))


# ---------------------------------------------------------------- facets and the answer


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts of each choice, the other facets applied: what a click would give."""

    states: dict[str, int]
    trades: list[tuple[str, int]]
    departements: list[tuple[str, str, int]]
    reserved: dict[str, int]
    deadline: dict[str, int]
    amount: dict[str, int]

    @property
    def total(self) -> int:
        """Lots that pass every facet but the state: the number of the answer sentence."""
        return sum(self.states.values())


def facets(wanted: LotFilter, as_of: date, searched: QuerySet[Lot] | None = None) -> Facets:
    """Six queries, and that of the search when ``searched`` is not given."""
    base = searched_lots(wanted, as_of) if searched is None else searched

    def lots(facet: str) -> QuerySet[Lot]:
        return lots_matching(wanted.without(facet), as_of, base)

    states = lots("states").order_by().values_list("state").annotate(n=Count("pk"))
    return Facets(
        states=dict.fromkeys(STATES, 0) | dict(states),
        trades=count_by_trade(lots("trades")),
        departements=count_by_departement(lots("departements")),
        reserved=dict.fromkeys(RESERVATIONS, 0) | count_by_reservation(lots("reserved")),
        deadline=dict.fromkeys(DEADLINES, 0) | count_by_deadline(lots("deadline"), as_of),
        amount=dict.fromkeys(AMOUNTS, 0) | count_by_amount(lots("amount")),
    )


# ---------------------------------------------------------------- rows of the list


@dataclass(frozen=True, slots=True)
class LotCard:
    """A lot as a row shows it, with its best answer."""

    lot: Lot
    state: str
    solo: PublicFirm | None = None
    team: tuple[PublicFirm, ...] = ()
    mandataire: PublicFirm | None = None
    message: str = ""


def lot_cards(lots: Iterable[Lot]) -> list[LotCard]:
    """Rows for lots read through :func:`for_list`. Two queries (best firm alone, names to hide)."""
    lots = list(lots)
    solos = best_solo(lot.pk for lot in lots)
    hidden = partially_diffused(lot.pk for lot in lots)
    return [_card(lot, solos.get(lot.pk), hidden) for lot in lots]


def _card(lot: Lot, solo: Match | None, hidden: list[Firm]) -> LotCard:
    proposals: list[Proposal] = getattr(lot, "best_proposals", [])
    members = list(proposals[0].members.all()) if proposals else []
    firms = {member.pk: public_firm(member.firm) for member in members}
    lead = next((firms[member.pk] for member in members if member.mandataire), None)
    return LotCard(
        lot=lot,
        state=getattr(lot, "state", UNKNOWN),
        solo=public_firm(solo.firm) if solo else None,
        team=tuple(firms.values()),
        mandataire=lead,
        message=hide_names(lot.outcome.message, hidden) if hasattr(lot, "outcome") else "",
    )


# ---------------------------------------------------------------- one lot


@dataclass(frozen=True, slots=True)
class Ranked:
    match: Match
    firm: PublicFirm


@dataclass(frozen=True, slots=True)
class TeamMember:
    member: Member
    firm: PublicFirm
    withdrawal: str


@dataclass(frozen=True, slots=True)
class Team:
    """A proposal ready to be shown: no name of a partially diffused firm is left in its texts."""

    proposal: Proposal
    members: tuple[TeamMember, ...]
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    justification: str
    replay: tuple[dict[str, Any], ...] = ()  # ``Proposal.replay`` with its words as they may be shown

    @property
    def names(self) -> tuple[str, ...]:
        """What it is best at: see ``domain.named``."""
        return tuple(self.proposal.names)

    @property
    def mandataire(self) -> TeamMember | None:
        return next((one for one in self.members if one.member.mandataire), None)


@dataclass(frozen=True, slots=True)
class PartnerView:
    """An ordinary local firm that hires, and what its vacancies add.

    Pairs are (before, after): ``h_rec`` insertion hours over the contract, ``hfi`` hiring-fit index 0..100; both at
    what is certain, ``*_high`` at what statistical secrets leave possible.
    """

    firm: PublicFirm
    km: float
    vacancies: int
    h_rec: tuple[float, float]
    hfi: tuple[float, float]
    h_rec_high: tuple[float, float]
    hfi_high: tuple[float, float]


@dataclass(frozen=True, slots=True)
class PartView:
    """A firm's part of the alternative by sub-contracting."""

    firm: PublicFirm
    amount_eur: int
    share: float
    by_trade: dict[str, int]
    km: float
    mandataire: bool = False


@dataclass(frozen=True, slots=True)
class SubcontractView:
    """Reserved lots: eligible firms with limited sub-contractors, who are no members."""

    text: str
    share: float  # sub-contracted, 0..1
    members: tuple[PartView, ...]
    subcontractors: tuple[PartView, ...]


@dataclass(frozen=True, slots=True)
class LotView:
    """Everything the page of a lot, its map and its API answer need."""

    lot: Lot
    state: str
    outcome: Outcome | None
    message: str = ""
    ranked: list[Ranked] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    suppliers: list[tuple[PublicFirm, int, float]] = field(default_factory=list)  # firm, hours a year, km
    partners: list[PartnerView] = field(default_factory=list)
    subcontract: SubcontractView | None = None

    @property
    def recomputing(self) -> bool:
        """The firms were matched again since the groupings were sought: these are being sought again."""
        return self.outcome is not None and self.outcome.matched_at != self.lot.matched_at

    @property
    def fictitious(self) -> bool:
        return self.lot.tender.fictitious or any(row.firm.fictitious for row in self.ranked)


def lot_view(lot_id: int) -> LotView | None:
    """At most five queries: the lot, its ranking, its proposals, their members, the other firms spoken of.

    A closed lot is shown too: addresses are shared and outlive deadlines.
    """
    lot = (
        with_state(Lot.objects.filter(pk=lot_id))
        .select_related("tender__buyer", "departement", "outcome", "run")
        .first()
    )
    if lot is None:
        return None
    outcome: Outcome | None = getattr(lot, "outcome", None)
    matches = ranking(lot)
    proposals = list(lot.proposals.prefetch_related(_members()))
    named = {match.firm_id: match.firm for match in matches}
    named |= {member.firm_id: member.firm for proposal in proposals for member in proposal.members.all()}
    others = _spoken_of(outcome, proposals)
    named |= {firm.pk: firm for firm in others.values()}
    return LotView(
        lot=lot,
        state=lot.state,
        outcome=outcome,
        message=hide_names(outcome.message, named.values()) if outcome else "",
        ranked=[Ranked(match, public_firm(match.firm)) for match in matches],
        teams=[team_view(proposal, proposal.members.all(), named.values()) for proposal in proposals],
        suppliers=[
            (public_firm(others[row["siret"]]), row["hours"], row["km"])
            for row in (outcome.hours_suppliers if outcome else ())
            if row["siret"] in others
        ],
        partners=_partners(outcome, others),
        subcontract=_subcontract(outcome, others, named.values()),
    )


def _spoken_of(outcome: Outcome | None, proposals: Iterable[Proposal]) -> dict[str, Firm]:
    """Firms that what was concluded tells of, by SIRET. One query when there is any."""
    rows = [*outcome.hours_suppliers, *outcome.partners] if outcome else []
    for side in ("members", "subcontractors"):
        rows += outcome.subcontract.get(side, []) if outcome else []
    sirets = {row["siret"] for row in rows}
    sirets |= {siret for proposal in proposals for trial in proposal.replay for siret in trial.get("repairs", ())}
    if not sirets:
        return {}
    related, heavy = with_commune()
    known = Firm.objects.select_related(*related).defer(*heavy, "capacity_steps").filter(siret__in=sirets)
    return {firm.siret: firm for firm in known}


def _partners(outcome: Outcome | None, firms: Mapping[str, Firm]) -> list[PartnerView]:
    """Local firms that hire, best first; a firm that left the register is left out."""

    def pair(row: dict[str, Any], name: str) -> tuple[float, float]:
        before, after = row.get(name, row[name.removesuffix("_high")])
        return before, after

    return [
        PartnerView(
            public_firm(firms[row["siret"]]),
            row["km"],
            row["vacancies"],
            *(pair(row, name) for name in ("h_rec", "hfi", "h_rec_high", "hfi_high")),
        )
        for row in (outcome.partners if outcome else ())
        if row["siret"] in firms
    ]


def _subcontract(outcome: Outcome | None, firms: Mapping[str, Firm], named: Iterable[Firm]) -> SubcontractView | None:
    told = outcome.subcontract if outcome else {}
    if not told or any(row["siret"] not in firms for row in (*told["members"], *told["subcontractors"])):
        return None

    def parts(rows: Iterable[dict[str, Any]]) -> tuple[PartView, ...]:
        own = [(firms[row["siret"]], {name: value for name, value in row.items() if name != "siret"}) for row in rows]
        return tuple(PartView(public_firm(firm), **said) for firm, said in own)

    return SubcontractView(
        hide_names(told["text"], named), told["share"], parts(told["members"]), parts(told["subcontractors"])
    )


def team_view(proposal: Proposal, members: Iterable[Member], named: Iterable[Firm]) -> Team:
    """A proposal, saved or not, with the names of ``named`` that are masked taken out of its words. No query."""
    hidden = [firm for firm in named if firm.diffusion != Firm.Diffusion.OPEN]
    return Team(
        proposal=proposal,
        members=tuple(
            TeamMember(member, public_firm(member.firm), hide_names(member.withdrawal, hidden)) for member in members
        ),
        reasons=tuple(hide_names(text, hidden) for text in proposal.reasons),
        warnings=tuple(hide_names(text, hidden) for text in proposal.warnings),
        justification=hide_names(proposal.justification, hidden),
        replay=tuple(trial | {"text": hide_names(trial["text"], hidden)} for trial in proposal.replay),
    )


# ---------------------------------------------------------------- one firm


def memberships_of(firm: Firm, as_of: date, limit: int = 30) -> list[Member]:
    """Groupings for open lots that a firm is part of, with the other members. Three queries."""
    related, heavy = with_commune("firm")
    others = Member.objects.select_related(*related).defer(*heavy).order_by("position")
    return list(
        Member.objects.filter(firm=firm, proposal__lot__in=open_lots(as_of))
        .select_related("proposal__lot__tender__buyer")
        .prefetch_related(Prefetch("proposal__members", queryset=others))
        .order_by("proposal__lot__deadline", "proposal_id")[:limit]
    )
