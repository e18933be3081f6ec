"""The columns of a plan from what is stored: proposals and firms able alone, for the open lots of its scope."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from consortia.case import hosted
from consortia.domain.portfolio import Column, Limit, Portfolio, exclusive_limits, lot_limits
from consortia.models import Outcome, Plan, Proposal
from matchmaker.domain.reference import Reference
from matchmaker.models import Firm, Lot, Match
from matchmaker.queries import open_lots
from matchmaker.reference import reference

ALONE = 10  # firms able alone kept for a lot, best ranked first; all of them for a network


@dataclass(frozen=True, slots=True)
class Way:
    """A way to win a lot: the team (mandataire first), rank of the proposal (0: alone), insertion hours a year."""

    lot: int
    rank: int
    team: tuple[tuple[int, int], ...]  # firm, euros a year
    hours: int


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a plan is computed on. ``ways`` by number of column."""

    portfolio: Portfolio
    ways: Mapping[int, Way]
    open_lots: int


def scope(plan: Plan) -> QuerySet[Lot]:
    """Open lots the plan speaks of. Lazy."""
    lots = open_lots(plan.as_of)
    return lots.filter(departement=plan.departement) if plan.departement else lots


def members(plan: Plan) -> set[int] | None:
    """Firms of the network; None for a territory. One query for a network."""
    if plan.directory is None:
        return None
    linked = plan.directory.rows.filter(state="linked", firm__isnull=False)
    return set(linked.values_list("firm_id", flat=True))


def gather(plan: Plan) -> Gathered:
    """At most seven queries, whatever the number of lots."""
    tables, network = reference(), members(plan)
    yearly = dict(Outcome.objects.filter(lot__in=scope(plan), yearly_eur__gt=0).values_list("lot_id", "yearly_eur"))
    ways = [*_alone(plan, yearly, network, tables), *_together(plan, yearly)]
    kept = [way for way in ways if _counts(way, network, plan) and _value(way, plan, yearly) > 0]
    columns = tuple(
        Column(number, way.lot, _value(way, plan, yearly), way.team) for number, way in enumerate(kept, start=1)
    )
    firms = {firm for way in kept for firm, _ in way.team}
    capacity = dict(Firm.objects.filter(pk__in=firms).values_list("pk", "capacity_mid_eur"))
    portfolio = Portfolio(columns, capacity, tuple(_limits(plan, columns)))
    return Gathered(portfolio, dict(enumerate(kept, start=1)), scope(plan).count())


def _alone(plan: Plan, yearly: Mapping[int, int], network: set[int] | None, tables: Reference) -> Iterable[Way]:
    found = Match.objects.filter(lot__in=scope(plan), solo=True).select_related("firm").order_by("lot_id", "rank")
    if network is not None:
        found = found.filter(firm__in=network)
    kept: Counter[int] = Counter()
    fields = ("lot_id", "trade", "rank", "firm__capacity_mid_eur", "firm__inclusive_kind")
    for match in found.only(*fields).iterator(chunk_size=5_000):
        amount, firm = yearly.get(match.lot_id, 0), match.firm
        if not 0 < amount <= firm.capacity_mid_eur or (network is None and kept[match.lot_id] >= ALONE):
            continue
        kept[match.lot_id] += 1
        hours = hosted(firm, match.trade, tables) * amount // firm.capacity_mid_eur
        yield Way(match.lot_id, 0, ((firm.pk, amount),), hours)


def _together(plan: Plan, yearly: Mapping[int, int]) -> Iterable[Way]:
    found = Proposal.objects.filter(lot__in=scope(plan)).order_by("lot_id", "rank")
    rows = found.values_list(
        "pk", "lot_id", "rank", "hours", "members__firm_id", "members__amount_eur", "members__position"
    ).order_by("lot_id", "rank", "members__position")
    teams: dict[int, list[tuple[int, int]]] = defaultdict(list)
    heads: dict[int, tuple[int, int, int]] = {}
    for proposal, lot, rank, hours, firm, eur, _ in rows.iterator(chunk_size=5_000):
        if firm is not None and lot in yearly:
            teams[proposal].append((firm, eur))
            heads[proposal] = (lot, rank, hours)
    for proposal, team in teams.items():
        lot, rank, hours = heads[proposal]
        yield Way(lot, rank, tuple(team), hours)


def _counts(way: Way, network: set[int] | None, plan: Plan) -> bool:
    if network is None:
        return True
    quantifier = all if plan.members == Plan.Members.ALL else any
    return quantifier(firm in network for firm, _ in way.team)


def _value(way: Way, plan: Plan, yearly: Mapping[int, int]) -> int:
    values: dict[Any, int] = {Plan.Objective.HOURS: way.hours, Plan.Objective.AMOUNT: yearly[way.lot]}
    return values.get(plan.objective, 1)


def _limits(plan: Plan, columns: Iterable[Column]) -> list[Limit]:
    """A3 and G3 where the documents of a tender say so."""
    columns = list(columns)
    rows = scope(plan).values_list(
        "pk", "tender_id", "tender__max_lots_bid", "tender__max_lots_won", "tender__exclusive_grouping"
    )
    tender_of, most, exclusive = {}, {}, set()
    for lot, tender, bid, won, alone in rows:
        tender_of[lot] = tender
        if said := [limit for limit in (bid, won) if limit]:
            most[tender] = min(said)
        if alone:
            exclusive.add(tender)
    return lot_limits(columns, most, tender_of) + exclusive_limits(columns, exclusive, tender_of)
