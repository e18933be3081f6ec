"""Match lots with firms: the exact best firms of each lot, stored with the parts of their score."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache, lru_cache

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Count, F, Max, QuerySet, When
from django.utils import timezone

from geo.domain.point import Point
from matchmaker.changes import MATCHING
from matchmaker.domain.evidence import buyer_kind
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.notice import Reservation
from matchmaker.domain.query import Answer, IndexedFirm, LotQuery, Wins
from matchmaker.domain.reference import Reference
from matchmaker.domain.trade import LotTrade
from matchmaker.locks import sharing
from matchmaker.models import Firm, Lot, Match
from matchmaker.needs import set_needs, yearly_eur
from matchmaker.reference import reference
from matchmaker.snapshot import TRUST


def supply_version(fictitious: bool) -> str:
    """Changes when any firm does. One aggregate query."""
    state = Firm.objects.filter(fictitious=fictitious).aggregate(n=Count("pk"), at=Max("updated_at"))
    return hashlib.sha256(f"{state['n']} {state['at']}".encode()).hexdigest()[:16]


def firm_index(tables: Reference, *, fictitious: bool) -> FirmIndex:
    """The index in force, built once a process and version. Fictitious firms only ever meet fictitious lots."""
    return _firm_index(supply_version(fictitious), tables.version, fictitious)


def supply(*, fictitious: bool) -> QuerySet[Firm]:
    """Firms that can be matched, each annotated with the ``place`` it is measured from. Lazy.

    A distance tells a place: a partially diffused firm (D1) is measured from its commune only.
    """
    place = Case(When(diffusion=Firm.Diffusion.OPEN, then=F("point")), default=F("commune__point"))
    active = Firm.objects.filter(active=True, fictitious=fictitious).exclude(trades=[])
    return active.annotate(place=place).filter(place__isnull=False)


@lru_cache(maxsize=2)
def _firm_index(_supply: str, _tables: str, fictitious: bool) -> FirmIndex:
    tables = reference()
    rows = supply(fictitious=fictitious)
    firms = (
        IndexedFirm(
            id=pk,
            point=Point(place.x, place.y),
            trades=tuple(trades),
            trust=tables[TRUST[Firm.TradeSource(source)]],
            capacity_eur=mid,
            low_eur=low,
            high_eur=high,
            ess=ess,
            inclusive_kind=kind,
            declared_radius_km=radius,
            wins={trade: Wins(*won) for trade, won in wins.items()},
        )
        for pk, place, trades, source, mid, low, high, ess, kind, radius, wins in rows.values_list(
            "pk",
            "place",
            "trades",
            "trade_source",
            "capacity_mid_eur",
            "capacity_low_eur",
            "capacity_high_eur",
            "ess",
            "inclusive_kind",
            "declared_radius_km",
            "wins",
        ).iterator(chunk_size=5_000)
    )
    return FirmIndex(firms, tables)


def lot_query(lot: Lot, needs: tuple[LotTrade, ...], tables: Reference) -> LotQuery | None:
    """The question a lot asks the index, or None when it names no trade or no place."""
    if not needs or lot.point is None:
        return None
    return LotQuery(
        trades=needs,
        point=Point(lot.point.x, lot.point.y),
        uncertainty_km=lot.uncertainty_km,
        yearly_eur=yearly_eur(lot, tables),
        reservation=Reservation(lot.reservation),
        buyer=buyer_kind(lot.tender.buyer.siret if lot.tender.buyer else ""),
    )


@sharing(MATCHING)
def match_lots(lot_ids: Iterable[int], run_id: int | None = None) -> int:
    """Match these lots anew; each lot changes in one transaction. Returns how many were matched."""
    tables = reference()
    lots = Lot.objects.filter(pk__in=list(lot_ids)).select_related("tender__buyer").order_by("pk")
    index = cache(lambda fictitious: firm_index(tables, fictitious=fictitious))  # one look at the supply a call
    count = 0
    for lot in lots:
        needs = set_needs(lot, tables)
        query = lot_query(lot, needs, tables)
        answer = Answer((), 0, 0)
        if query is not None:
            answer = index(lot.tender.fictitious).ask(query, settings.MATCHES_PER_LOT)
        _store(lot, answer, run_id)
        count += 1
    return count


def held(lot: Lot) -> bool:
    """Keep others from this lot until the transaction ends; False when an import withdrew it meanwhile."""
    return Lot.objects.select_for_update().filter(pk=lot.pk).order_by().first() is not None


def _store(lot: Lot, answer: Answer, run_id: int | None) -> None:
    lot.supply_count, lot.solo_count = answer.supply, answer.solo
    lot.match_state = state_of(lot, answer)
    lot.run_id, lot.matched_at = run_id, timezone.now()
    with transaction.atomic():
        if not held(lot):
            return
        lot.save(update_fields=["needs", "trades", "supply_count", "solo_count", "match_state", "run", "matched_at"])
        lot.matches.all().delete()
        Match.objects.bulk_create(
            Match(
                lot=lot,
                firm_id=found.id,
                rank=rank,
                score=found.score,
                trade=found.trade,
                **{f"{part}_part": value for part, value in found.parts._asdict().items()},
                distance_km=found.distance_km,
                radius_km=found.radius_km,
                solo=found.solo,
            )
            for rank, found in enumerate(answer.top, start=1)
        )


def state_of(lot: Lot, answer: Answer) -> str:
    """What an answer means for the lot."""
    if not lot.needs:
        return Lot.MatchState.NO_TRADE
    if lot.point is None:
        return Lot.MatchState.NO_PLACE
    return Lot.MatchState.MATCHED if answer.supply else Lot.MatchState.NO_FIRM
