"""Match again what a change touches, and nothing else: the result is that of matching every open lot anew.

A change of a firm touches the lots that its old or its new version is in reach of: they are asked again, as their
counts change, and only the rows that differ are written. A change of a lot touches that lot. What changed stands in
``PendingChange`` until the matches that reflect it are kept: a pass killed anywhere is done again, finds the rest and
tells nothing twice. A lot that is no longer open keeps the answer it had when it closed, save what tells where a firm
is that opposes diffusion since (``hiding``).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import batched

from django.db import IntegrityError
from django.db.models import QuerySet

from matchmaker.changes import MATCHING, waiting
from matchmaker.domain.pair import pair
from matchmaker.domain.query import Found
from matchmaker.domain.reference import Reference
from matchmaker.hiding import hide, opposed
from matchmaker.locks import alone
from matchmaker.match import asked, lot_query
from matchmaker.models import Firm, Lot, PendingChange, Run
from matchmaker.needs import set_needs
from matchmaker.news import publish
from matchmaker.queries import current_as_of, open_lots
from matchmaker.reach import Version, near, reaches, versions
from matchmaker.reference import reference
from matchmaker.rewrite import Touched, rewrite
from matchmaker.snapshot import fresh

LOG = logging.getLogger(__name__)
BATCH = 500  # lots in one transaction


@dataclass(slots=True)
class Rematched:
    """What a pass did: ``changes`` taken, lots ``asked`` again, match rows ``written``, ``news`` told (their ids)."""

    changes: int = 0
    asked: int = 0
    written: int = 0
    news: list[int] = field(default_factory=list)


def watched() -> QuerySet[Lot]:
    """Lots kept up to date: open at the date pages show, or at that of a run under way. Lazy, after two queries."""
    lots = open_lots(current_as_of())
    for as_of in Run.objects.filter(state=Run.State.RUNNING).order_by().values_list("as_of", flat=True):
        lots |= open_lots(as_of)
    return lots


def rematch() -> Rematched:
    """Take every change that waits and bring the open lots they touch up to date. Several at once go one by one."""
    with alone(MATCHING):
        changes = list(waiting().order_by("pk"))
        done = Rematched(len(changes))
        if not changes:
            return done
        tables, lots = reference(), watched()
        known = versions(changes, tables)
        corrected = {change.lot_id for change in changes if change.lot_id is not None}
        if everything := any(change.lot_id is None and change.firm_id is None for change in changes):
            corrected = set(lots.values_list("pk", flat=True))
        telling = not everything and len(changes) <= tables.integer("news.max_changes")
        gone = _gone(changes)
        _bring_up(near(known, lots, tables), corrected, gone, tables, done, telling=telling)
        hide(opposed(changes), tables)
        PendingChange.objects.filter(pk__in=[change.pk for change in changes]).delete()
    publish(done.news)
    LOG.info("%s changes: %s lots asked again, %s rows written", done.changes, done.asked, done.written)
    return done


def rematch_lots(lot_ids: Iterable[int]) -> Rematched:
    """Match these lots again, those still open; what waits goes on waiting."""
    done = Rematched()
    with alone(MATCHING):
        _bring_up({}, set(lot_ids), frozenset(), reference(), done, telling=True)
    publish(done.news)
    return done


def _gone(changes: Sequence[PendingChange]) -> frozenset[int]:
    """Firms that changed by being deleted: their matches went with them, and they left no date. One query."""
    ids = {change.firm_id for change in changes if change.firm_id is not None}
    return frozenset(ids - set(Firm.objects.filter(pk__in=ids).order_by().values_list("pk", flat=True)))


def _bring_up(
    near_lots: Mapping[int, Sequence[Version]],
    corrected: set[int],
    gone: frozenset[int],
    tables: Reference,
    done: Rematched,
    *,
    telling: bool,
) -> None:
    """Ask again the lots that were ``corrected``, and of the others those a version really reaches."""
    # One look at it a pass, after what waits was read.
    supply = cache(lambda fictitious: fresh(fictitious, tables, thorough=bool(gone)))
    best = tables.integer("news.best") if telling else 0
    for batch in batched(sorted(near_lots.keys() | corrected), BATCH, strict=False):
        touched: dict[bool, list[Touched]] = {False: [], True: []}
        for lot in watched().filter(pk__in=batch).select_related("tender__buyer").order_by("pk"):
            one = _touched(lot, near_lots.get(lot.pk, ()), tables)
            one.corrected = lot.pk in corrected or not gone.isdisjoint(one.firms)
            if one.corrected or one.firms:
                touched[lot.tender.fictitious].append(one)
        for fictitious, some in touched.items():
            if some:
                lots = [one.lot for one in some]
                try:
                    written, news = rewrite(some, asked(lots, supply(fictitious), tables), best)
                except IntegrityError:  # a firm was deleted since: its matches are refused
                    counted = fresh(fictitious, tables, thorough=True)
                    written, news = rewrite(some, asked(lots, counted, tables), best)
                done.asked += len(some)
                done.written += written
                done.news += news


def _touched(lot: Lot, seen: Iterable[Version], tables: Reference) -> Touched:
    """A lot and the changed firms that reach it in any version, with how they stood before."""
    deduced, first = (lot.needs, lot.trades), lot.matched_at is None
    query = lot_query(lot, set_needs(lot, tables), tables, ())
    one = Touched(lot, first=first, renamed=deduced != (lot.needs, lot.trades))
    before: dict[int, list[Found]] = {}
    for version in seen if query is not None else ():
        assert query is not None
        if reaches(version, lot, query, tables):
            were = before.setdefault(version.firm.id, [])
            found = None if version.current else pair(version.firm, query, tables)
            were += [found] if found else []
    one.firms = set(before)
    one.arrived = {firm for firm, were in before.items() if not were}
    one.stronger = {firm for firm, were in before.items() if not any(found.solo for found in were)}
    return one
