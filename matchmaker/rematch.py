"""Match again what a change touches, and nothing else: the result is that of matching every open lot anew.

A change of a firm touches the lots that its old or its new version is in reach of: they are asked again, as their
counts change, and only the rows that differ are written. A change of a lot touches that lot. What changed stands in
``PendingChange`` until the matches that reflect it are kept: a pass killed anywhere is done again, finds the rest and
tells nothing twice. A lot that is no longer open keeps the answer it had when it closed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import batched

from django.conf import settings
from django.db.models import QuerySet

from matchmaker.changes import MATCHING, waiting
from matchmaker.domain.pair import pair
from matchmaker.domain.query import Answer
from matchmaker.domain.reference import Reference
from matchmaker.locks import alone
from matchmaker.match import firm_index, lot_query
from matchmaker.models import Lot, PendingChange, Run
from matchmaker.needs import set_needs
from matchmaker.news import publish
from matchmaker.queries import current_as_of, open_lots
from matchmaker.reach import Version, near, reaches, versions
from matchmaker.reference import reference
from matchmaker.rewrite import Asked, rewrite

LOG = logging.getLogger(__name__)
BATCH = 500  # lots in one transaction
NOBODY = Answer((), 0, 0)


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
        candidates = near(known, lots, tables) | dict.fromkeys(corrected, known[:0])
        telling = not everything and len(changes) <= tables.integer("news.max_changes")
        _bring_up(candidates, tables, done, telling=telling)
        PendingChange.objects.filter(pk__in=[change.pk for change in changes]).delete()
    publish(done.news)
    LOG.info("%s changes: %s lots asked again, %s rows written", done.changes, done.asked, done.written)
    return done


def rematch_lots(lot_ids: Iterable[int]) -> Rematched:
    """Match these lots again, those still open; what waits goes on waiting."""
    done = Rematched()
    with alone(MATCHING):
        _bring_up(dict.fromkeys(lot_ids, []), reference(), done, telling=True)
    publish(done.news)
    return done


def _bring_up(
    candidates: Mapping[int, Sequence[Version]], tables: Reference, done: Rematched, *, telling: bool
) -> None:
    """Ask again the lots touched among candidates. A candidate without version is touched whatever firms do."""
    index = cache(lambda fictitious: firm_index(tables, fictitious=fictitious))  # one look at the supply a pass
    best = tables.integer("news.best") if telling else 0
    for batch in batched(sorted(candidates), BATCH, strict=False):
        lots = watched().filter(pk__in=batch).select_related("tender__buyer").order_by("pk")
        asked = []
        for lot in lots:
            one = _asked(lot, candidates[lot.pk], tables)
            if one is None:
                continue
            if one.query is not None:
                one.answer = index(lot.tender.fictitious).ask(one.query, settings.MATCHES_PER_LOT)
            asked.append(one)
        written, news = rewrite(asked, best)
        done.asked += len(asked)
        done.written += written
        done.news += news


def _asked(lot: Lot, near_it: Sequence[Version], tables: Reference) -> Asked | None:
    """A lot about to be asked again, or None when no version is really in its reach."""
    deduced = lot.needs, lot.trades
    needs = set_needs(lot, tables)
    query = lot_query(lot, needs, tables)
    asked = Asked(lot, query, NOBODY, renamed=deduced != (lot.needs, lot.trades))
    if near_it and query is not None:
        touching = [version for version in near_it if reaches(version, lot, query, tables)]
        if not touching:
            return None
        asked.arrived, asked.stronger = set(), set()
        by_firm: dict[int, list[Version]] = {}
        for version in near_it:
            by_firm.setdefault(version.firm.id, []).append(version)
        for firm, seen in by_firm.items():
            were = [pair(version.firm, query, tables) for version in seen if not version.current]
            if not any(were):
                asked.arrived.add(firm)
            if not any(one.solo for one in were if one):
                asked.stronger.add(firm)
    return asked
