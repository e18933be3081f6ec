"""Why a firm has its score for a lot, and what would bring it among the first. A firm goes through `public_firm`."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from ninja import Router, Schema

from matchmaker.api import FirmOut, firm_out
from matchmaker.domain.whynot import Way, WhyNot
from matchmaker.models import Firm, Lot
from matchmaker.queries import firm_by_siret
from matchmaker.why import explain, why_not

why = Router(tags=["Lots"])


class ToldOut(Schema):
    """One part of a score: ``points`` of ``most``; ``shown`` is rounded to tenths that add up as well."""

    part: str
    label: str
    points: float
    most: float
    shown: float
    text: str


class ExplainedOut(Schema):
    """``rank`` and ``score`` are null for a firm that is no match: ``obstacles`` say why, in French."""

    lot: int
    firm: FirmOut
    rank: int | None
    score: float | None
    supply: int
    parts: list[ToldOut]
    sentences: list[str]
    obstacles: list[str]


class ChangeOut(Schema):
    """``kind``: capacity (euros a year), radius (km), area (a département), trade, ess or references (contracts)."""

    kind: str
    amount: int
    trade: str
    fte: float
    text: str


class WayOut(Schema):
    """Changes that suffice together, and where the firm would then stand; less ``effort`` is smaller."""

    changes: list[ChangeOut]
    score: float
    rank: int
    effort: float
    sentence: str


class WhyNotOut(Schema):
    """``bar`` is the last score of the ``top`` first, null when they are fewer; ``best`` the smallest way in."""

    lot: int
    siret: str
    rank: int | None
    score: float | None
    bar: float | None
    top: int
    inside: bool
    obstacles: list[str]
    best: WayOut | None
    others: list[WayOut]
    sentence: str


@why.get("/{lot_id}/explain/{siret}", response=ExplainedOut, auth=None, summary="Pourquoi ce score, en phrases")
def explained(request: HttpRequest, lot_id: int, siret: str) -> ExplainedOut:  # noqa: ARG001
    told = explain(*_both(lot_id, siret))
    return ExplainedOut(
        lot=lot_id,
        firm=firm_out(told.firm),
        rank=told.rank,
        score=told.score,
        supply=told.supply,
        parts=[ToldOut.model_validate(part, from_attributes=True) for part in told.parts],
        sentences=list(told.sentences),
        obstacles=list(told.obstacles),
    )


@why.get("/{lot_id}/why-not/{siret}", response=WhyNotOut, auth=None, summary="Ce qui la mettrait parmi les premières")
def not_first(request: HttpRequest, lot_id: int, siret: str) -> WhyNotOut:  # noqa: ARG001
    lot, firm = _both(lot_id, siret)
    return why_not_out(lot, firm, why_not(lot, firm))


def why_not_out(lot: Lot, firm: Firm, told: WhyNot) -> WhyNotOut:
    return WhyNotOut(
        lot=lot.pk,
        siret=firm.siret,
        rank=told.rank,
        score=told.score,
        bar=told.bar,
        top=told.top,
        inside=told.inside,
        obstacles=list(told.obstacles),
        best=_way_out(told.best) if told.best else None,
        others=[_way_out(way) for way in told.others],
        sentence=told.sentence,
    )


def _way_out(way: Way) -> WayOut:
    changes = [ChangeOut.model_validate(change, from_attributes=True) for change in way.changes]
    return WayOut(changes=changes, score=way.score, rank=way.rank, effort=way.effort, sentence=way.sentence)


def _both(lot_id: int, siret: str) -> tuple[Lot, Firm]:
    """Two queries."""
    lot = Lot.objects.select_related("tender__buyer").filter(pk=lot_id).first()
    if lot is None:
        raise Http404("Ce lot n'existe pas ou n'est plus publié.")
    firm = firm_by_siret(siret)
    if firm is None:
        raise Http404("Aucune entreprise connue ne porte ce SIRET.")
    return lot, firm
