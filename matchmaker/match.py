"""Match lots with firms: the exact best firms of each lot, stored with the parts of their score."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import batched

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Count, Max

from geo.domain.point import Point
from matchmaker.changes import MATCHING
from matchmaker.domain.evidence import buyer_kind
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.notice import Reservation
from matchmaker.domain.query import LotQuery, Terms
from matchmaker.domain.reference import Reference
from matchmaker.domain.text import TextModel
from matchmaker.domain.trade import LotTrade
from matchmaker.keep import Asked, keep
from matchmaker.locks import sharing
from matchmaker.models import Firm, Lot
from matchmaker.needs import set_needs, yearly_eur
from matchmaker.reference import reference
from matchmaker.snapshot import Snapshot, current, fresh
from matchmaker.supply import supply

__all__ = ["firm_index", "lot_query", "match_lots", "supply", "supply_version"]

BATCH = 500  # lots asked and stored at once


def supply_version(fictitious: bool) -> str:
    """Changes when any firm does, be it in what the index does not read. One aggregate query."""
    state = Firm.objects.filter(fictitious=fictitious).aggregate(n=Count("pk"), at=Max("updated_at"))
    return hashlib.sha256(f"{state['n']} {state['at']}".encode()).hexdigest()[:16]


def firm_index(tables: Reference, *, fictitious: bool) -> FirmIndex:
    """The index, up to date with PostGIS. Fictitious firms only ever meet fictitious lots."""
    return fresh(fictitious, tables).index


def lot_query(lot: Lot, needs: tuple[LotTrade, ...], tables: Reference, terms: Terms | None = None) -> LotQuery | None:
    """The question a lot asks the index, or None when it names no trade or no place.

    ``terms`` are its words by the snapshot asked; without them, by the one in force.
    """
    if not needs or lot.point is None:
        return None
    if terms is None:
        terms = current(lot.tender.fictitious, tables).model.lot_terms(*said_by(lot))
    return LotQuery(
        trades=needs,
        point=Point(lot.point.x, lot.point.y),
        uncertainty_km=lot.uncertainty_km,
        yearly_eur=yearly_eur(lot, tables),
        reservation=Reservation(lot.reservation),
        buyer=buyer_kind(lot.tender.buyer.siret if lot.tender.buyer else ""),
        terms=terms,
        departement=lot.departement_id or "",
    )


def said_by(lot: Lot) -> tuple[str, str, str]:
    """Title, description and names of the place a lot is compared by; the tender's where it has none of its own."""
    place = f"{lot.place_label} {lot.tender.buyer.city}"
    return lot.title or lot.tender.title, lot.description or lot.tender.description, place


@sharing(MATCHING)
def match_lots(lot_ids: Iterable[int], run_id: int | None = None) -> int:
    """Match these lots anew; each changes in one step. Returns how many were matched.

    The lots of a run are asked of a supply that the run checked when it began: where a firm was deleted since, which
    leaves no date, the database refuses its matches, and they are asked again of a supply counted anew.
    """
    tables = reference()
    ask = cache(lambda fictitious: fresh(fictitious, tables, thorough=run_id is None))  # one look at the supply a call
    count = 0
    for ids in batched(sorted(set(lot_ids)), BATCH, strict=False):
        lots = list(Lot.objects.filter(pk__in=ids).select_related("tender__buyer").order_by("pk"))
        for fictitious in sorted({lot.tender.fictitious for lot in lots}):
            some = [lot for lot in lots if lot.tender.fictitious == fictitious]
            try:
                keep(asked(some, ask(fictitious), tables), run_id)
            except IntegrityError:
                keep(asked(some, fresh(fictitious, tables, thorough=True), tables), run_id)
        count += len(lots)
    return count


def asked(lots: Sequence[Lot], supply: Snapshot, tables: Reference) -> Asked:
    """Lots and their answers; their trades are deduced anew and set on the rows (not saved)."""
    queries = questions(lots, supply.model, tables)
    answers = supply.index.ask_arrays([query for query in queries if query is not None], settings.MATCHES_PER_LOT)
    return Asked(lots, [query is not None for query in queries], answers, supply.index.codes)


def questions(lots: Sequence[Lot], model: TextModel, tables: Reference) -> list[LotQuery | None]:
    """What many lots ask, their words weighed at once: quicker than one by one, and the same. Sets their trades."""
    found = model.rows(model.lot_text(*said_by(lot)) for lot in lots)
    terms = tuple(zip(found.term.tolist(), found.weight.tolist(), strict=True))
    bounds = found.ptr.tolist()
    return [
        lot_query(lot, set_needs(lot, tables), tables, terms[start:end])
        for lot, start, end in zip(lots, bounds, bounds[1:], strict=False)
    ]
