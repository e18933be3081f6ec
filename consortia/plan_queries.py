"""Named reads of plans, as others may see them: names of partially diffused firms are masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from consortia.models import Plan, PlanFirm, PlanLine
from geo.models import Departement
from matchmaker.models import Firm, Lot
from matchmaker.queries import PublicFirm, open_lots, public_firm, with_commune


@dataclass(frozen=True, slots=True)
class Seat:
    """A firm in a team, with the part it takes, or in a lack, with what is missing."""

    firm: PublicFirm
    eur: int
    mandataire: bool
    member: bool  # of the network asked about


@dataclass(frozen=True, slots=True)
class PlannedLot:
    line: PlanLine
    lot: Lot
    team: tuple[Seat, ...]
    lacks: tuple[Seat, ...]

    @property
    def yearly_eur(self) -> int:
        return sum(seat.eur for seat in self.team)

    @property
    def masked(self) -> bool:
        """Whether an export must leave the team out (rule D1): its shape would name the firm."""
        return any(seat.firm.masked for seat in (*self.team, *self.lacks))


@dataclass(frozen=True, slots=True)
class Load:
    """What the plan asks of a firm, as a share of its capacity (0..1)."""

    row: PlanFirm
    firm: PublicFirm
    member: bool

    @property
    def share(self) -> float:
        return self.row.load_eur / self.row.capacity_eur if self.row.capacity_eur else 0.0

    @property
    def percent(self) -> float:
        return 100 * self.share


def planned_lots(lines: Sequence[PlanLine], members: set[int]) -> list[PlannedLot]:
    """One query (firms), lots being fetched with the lines (:func:`lines_of`)."""
    wanted = {one["firm"] for line in lines for one in (*line.team, *line.lacks)}
    related, heavy = with_commune()
    rows = Firm.objects.select_related(*related).defer(*heavy, "capacity_steps").in_bulk(wanted)
    firms = {pk: public_firm(firm) for pk, firm in rows.items()}

    def seats(parts: Sequence[Mapping[str, int]]) -> tuple[Seat, ...]:
        return tuple(
            Seat(firms[one["firm"]], one["eur"], bool(one.get("mandataire")), one["firm"] in members)
            for one in parts
            if one["firm"] in firms  # deleted since
        )

    return [PlannedLot(line, line.lot, seats(line.team), seats(line.lacks)) for line in lines]


def lines_of(plan: Plan, *, reached: bool) -> QuerySet[PlanLine]:
    """With the lot, its tender and buyer. Lazy."""
    return (
        plan.lines.filter(reached=reached)
        .select_related("lot__tender__buyer")
        .defer("lot__description", "lot__tender__description")
    )


def loads(plan: Plan, members: set[int], limit: int) -> list[Load]:
    """Firms most loaded, in share of their capacity. One query."""
    rows = _with_firm(plan.loads.filter(load_eur__gt=0))
    found = [Load(row, public_firm(row.firm), row.firm_id in members) for row in rows]
    return sorted(found, key=lambda one: (-one.share, -one.row.load_eur))[:limit]


def binding(plan: Plan, members: set[int], limit: int) -> list[Load]:
    """Firms whose capacity holds the plan back: those missed by most lots, then the dearest. One query."""
    rows = _with_firm(plan.loads.filter(wanted__gt=0)).order_by("-wanted", "-price", "firm_id")[:limit]
    return [Load(row, public_firm(row.firm), row.firm_id in members) for row in rows]


def _with_firm(rows: QuerySet[PlanFirm]) -> QuerySet[PlanFirm]:
    related, heavy = with_commune("firm")
    return rows.select_related(*related).defer(*heavy)


def territories(as_of: date) -> list[Departement]:
    """Départements with open lots. One query."""
    codes = open_lots(as_of).exclude(departement=None).values("departement")
    return list(Departement.objects.filter(code__in=codes).only("code", "name").order_by("code"))
