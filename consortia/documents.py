"""What a document about a lot and its groupings holds, whatever its format: nothing in it names a masked firm (D1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from consortia.queries import LotView, PartnerView, Team, lot_view
from matchmaker.domain.insertion import yearly
from matchmaker.domain.reference import Reference
from matchmaker.models import Firm, ImportRun, Lot
from matchmaker.needs import months
from matchmaker.queries import (
    current_as_of,
    hide_names,
    partially_diffused,
)
from matchmaker.reference import reference
from matchmaker.sources.catalogue import SOURCES
from matchmaker.stand import standing

KINDS = ("firms", "awards", "territory")  # families of open data a grouping rests on; the notice is cited by itself


@dataclass(frozen=True, slots=True)
class NeedLine:
    """One need of the lot: the trades that can meet it, its share 0..1 and whole euros a year (None: no amount)."""

    trades: tuple[str, ...]
    share: float
    yearly_eur: int | None
    by_words: bool  # deduced from the words of the notice, not from its codes


@dataclass(frozen=True, slots=True)
class Origin:
    """One set of data the figures rest on, with the day it speaks of, or else that of its import."""

    title: str
    producer: str
    licence: str
    day: date | None


@dataclass(frozen=True, slots=True)
class Rules:
    """The thresholds a grouping was made under, from the reference tables (estimations but the turnover)."""

    max_members: int
    min_share: float
    mandataire_share: float
    supply_share: float
    turnover_multiple: float
    go_days: int  # days before the deadline at which to decide at the latest
    fee_low: float
    fee_high: float


@dataclass(frozen=True, slots=True)
class Dossier:
    """A lot, its groupings and what is needed to read them on paper."""

    view: LotView
    as_of: date
    printed_on: date
    needs: tuple[NeedLine, ...]
    yearly_eur: int | None
    yearly_range: tuple[int, int] | None  # low and high of an estimated amount
    rules: Rules
    version: str  # of the reference tables
    origins: tuple[Origin, ...]
    trades: dict[str, str]  # code to label
    conflict: tuple[str, ...] = ()
    piece: str = ""

    @property
    def lot(self) -> Lot:
        return self.view.lot

    @property
    def teams(self) -> list[Team]:
        return self.view.teams

    @property
    def title(self) -> str:
        return self.lot.title or self.lot.tender.title

    @property
    def go_by(self) -> date | None:
        """The last day to decide whether to answer, when the deadline is known."""
        deadline = self.lot.deadline
        return timezone.localtime(deadline).date() - timedelta(days=self.rules.go_days) if deadline else None

    def team(self, rank: int) -> Team | None:
        return next((team for team in self.teams if team.proposal.rank == rank), None)

    @property
    def partners(self) -> list[PartnerView]:
        """Local firms that hire, those that may be named."""
        return [one for one in self.view.partners if not one.firm.masked]

    @property
    def open_teams(self) -> list[Team]:
        """Those a table may list: one with a partially diffused member is left out whole, its shape would tell."""
        return [team for team in self.teams if not masked(team)]


def masked(team: Team) -> bool:
    return any(one.firm.masked for one in team.members)


def dossier(lot_id: int) -> Dossier | None:
    """At most seventeen queries; None when there is no such lot."""
    view = lot_view(lot_id)
    if view is None:
        return None
    tables, outcome = reference(), view.outcome
    amount = outcome.yearly_eur if outcome else None
    named = [*_named(view), *partially_diffused([lot_id])]
    return Dossier(
        view=view,
        as_of=current_as_of(),
        printed_on=timezone.localdate(),
        needs=need_lines(view.lot.needs, amount),
        yearly_eur=amount,
        yearly_range=_yearly_range(view.lot, tables),
        rules=_rules(tables),
        version=tables.version,
        origins=data_origins(),
        trades={code: trade.label for code, trade in tables.trades.items()},
        conflict=tuple(hide_names(text, named) for text in _texts(outcome.conflict if outcome else [])),
        piece=hide_names(" ".join(_texts([outcome.piece] if outcome else [])), named),
    )


def need_lines(needs: Sequence[dict[str, Any]], amount: int | None) -> tuple[NeedLine, ...]:
    """Whole euros a need; rounding goes to the main one, so that their sum is the amount."""
    lines = [_need_line(need, amount) for need in needs]
    if lines and amount is not None:
        rest = sum(line.yearly_eur or 0 for line in lines[1:])
        lines[0] = replace(lines[0], yearly_eur=max(0, amount - rest))
    return tuple(lines)


def _need_line(need: dict[str, Any], amount: int | None) -> NeedLine:
    share = float(need.get("share", 1.0))
    return NeedLine(
        trades=tuple(need.get("options") or [need["trade"]]),
        share=share,
        yearly_eur=None if amount is None else int(amount * share),
        by_words=need.get("by") == "words",
    )


def _yearly_range(lot: Lot, tables: Reference) -> tuple[int, int] | None:
    """Low and high of what comparable awards cost a year; None where an amount is published, or nothing is known."""
    if lot.amount_eur is not None or lot.imputed_low_eur is None or lot.imputed_high_eur is None:
        return None
    lasting = months(lot, tables)
    return round(yearly(lot.imputed_low_eur, lasting)), round(yearly(lot.imputed_high_eur, lasting))


def _rules(tables: Reference) -> Rules:
    return Rules(
        max_members=tables.integer("grouping.max_members"),
        min_share=tables["grouping.min_share"],
        mandataire_share=tables["grouping.mandataire_share"],
        supply_share=tables["grouping.supply_share"],
        turnover_multiple=tables["grouping.turnover_multiple"],
        go_days=tables.integer("practice.go_days"),
        fee_low=tables["practice.fee_low"],
        fee_high=tables["practice.fee_high"],
    )


def data_origins() -> tuple[Origin, ...]:
    """Sources imported on this site, in the order of the catalogue. At most seven queries."""
    stands = [stand for stand in standing(source for source in SOURCES if source.kind in KINDS) if stand.done]
    found = [
        Origin(stand.source.title, stand.source.producer, stand.source.licence, stand.dated or stand.imported_on)
        for stand in stands
    ]
    if any(stand.source.kind == "firms" for stand in stands):
        return tuple(found)
    return (*_file_of_firms(), *found)


def _file_of_firms() -> list[Origin]:
    """Where firms came from a file of this site's own: its name and day. One query."""
    run = ImportRun.objects.filter(kind="firms", state=ImportRun.State.DONE).order_by("-started_at", "-pk").first()
    if run is None:
        return []
    day = run.dated or timezone.localdate(run.finished_at or run.started_at)
    return [Origin(f"Entreprises ({run.source})", "", "", day)]


def _texts(values: Iterable[object]) -> list[str]:
    """Sentences kept as such, or within what describes them."""
    found = (value.get("text", "") if isinstance(value, dict) else value for value in values)
    return [str(text) for text in found if text]


def _named(view: LotView) -> list[Firm]:
    """Every firm a sentence about this lot may name."""
    ranked = [row.match.firm for row in view.ranked]
    return ranked + [one.member.firm for team in view.teams for one in team.members]
