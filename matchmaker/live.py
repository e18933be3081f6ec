"""Answers on the spot, from the supply as it stands: who could answer a lot, which open lots a firm could answer.

Nothing is stored. The ranking is that of a run: same index, same question (``match.lot_query``), same formula.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import batched

from django.conf import settings
from django.db.models import Count, Max, QuerySet, Sum

from matchmaker.domain.lotindex import LotIndex
from matchmaker.domain.query import Answer, Found
from matchmaker.domain.score import Formula
from matchmaker.match import lot_query, questions
from matchmaker.models import Firm, Lot, Match
from matchmaker.needs import needs_of
from matchmaker.queries import current_as_of, open_lots, with_commune
from matchmaker.reference import reference
from matchmaker.snapshot import current, indexed

NOBODY = Answer((), 0, 0)


def rank_live(
    lot: Lot,
    *,
    kinds: frozenset[str] | None = None,
    ess_only: bool = False,
    within_km: float | None = None,
    solo_only: bool = False,
    k: int | None = None,
    formula: Formula | None = None,
) -> Answer:
    """The best ``k`` firms of a lot (as many as a run keeps), among those a person asks for; see ``LotQuery``.

    ``formula``: the weights of the person who asks, else those in force.

    ``lot.tender.buyer`` fetched beforehand saves two queries. Empty when the lot names no trade or no place.
    """
    tables = reference()
    query = lot_query(lot, needs_of(lot, tables), tables)
    if query is None:
        return NOBODY
    narrowed = replace(query, kinds=kinds, ess_only=ess_only, within_km=within_km, solo_only=solo_only)
    index = current(lot.tender.fictitious, tables).index
    return index.ask(narrowed, settings.MATCHES_PER_LOT if k is None else k, formula)


def as_matches(lot: Lot, answer: Answer) -> list[Match]:
    """An answer as rows that are not saved, their firm and its commune included: what pages show. One query.

    A firm that closed or went since the supply was read is left out.
    """
    related, heavy = with_commune()
    firms = Firm.objects.filter(active=True).select_related(*related).defer(*heavy, "capacity_steps")
    known = firms.in_bulk([found.id for found in answer.top])
    return [
        match_of(lot, rank, found, known[found.id]) for rank, found in enumerate(answer.top, 1) if found.id in known
    ]


def match_of(lot: Lot, rank: int, found: Found, firm: Firm) -> Match:
    """The row that tells of a firm found. Not saved."""
    return Match(
        lot=lot,
        firm=firm,
        rank=rank,
        score=found.score,
        trade=found.trade,
        **{f"{part}_part": value for part, value in found.parts._asdict().items()},
        distance_km=found.distance_km,
        radius_km=found.radius_km,
        solo=found.solo,
    )


def open_lots_for(firm: Firm, k: int = 50) -> list[tuple[Lot, Found]]:
    """The open lots a firm could answer, best first: all of them, even where fifty others are better placed.

    A few queries once the open lots are in memory, which a process reads anew when one of them changes.
    """
    tables, as_of = reference(), current_as_of()
    supply = current(firm.fictitious, tables)
    asked = indexed(firm, tables, supply.model)
    if asked is None:
        return []
    state = _state(as_of, firm.fictitious), supply.model.version, tables.version
    found = _open_index(state, as_of, firm.fictitious).ask(asked, k)
    lots = Lot.objects.select_related("tender__buyer", "departement").defer("description", "tender__description")
    known = lots.in_bulk([pk for pk, _ in found])
    return [(known[pk], one) for pk, one in found if pk in known]


def _open(as_of: date, fictitious: bool) -> QuerySet[Lot]:
    return open_lots(as_of).filter(tender__fictitious=fictitious)


def _state(as_of: date, fictitious: bool) -> str:
    """Changes when an open lot, its tender or its estimated amount does. One query."""
    seen = _open(as_of, fictitious).aggregate(
        n=Count("pk"), last=Max("pk"), at=Max("tender__updated_at"), sum=Sum("imputed_mid_eur")
    )
    return repr(sorted(seen.items()))


@lru_cache(maxsize=2)
def _open_index(_state: tuple[str, ...], as_of: date, fictitious: bool) -> LotIndex:
    tables = reference()
    model = current(fictitious, tables).model
    lots = _open(as_of, fictitious).select_related("tender__buyer").order_by("pk").iterator(2_000)
    asked = [
        (lot.pk, query)
        for some in batched(lots, 2_000, strict=False)
        for lot, query in zip(some, questions(some, model, tables), strict=True)
        if query is not None
    ]
    return LotIndex(asked, tables)
