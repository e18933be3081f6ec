"""The path of a notice, readable top to bottom, so that no app calls upward.

1. It arrives, is understood, kept and placed:  ``matchmaker.ingest`` (and firms deduced anew when tables changed,
   their commitments and the lots' missing amounts from awards: ``matchmaker.refresh``)
   The map of the supply follows the firms:     ``matchmaker.supply_cells``
2. It meets firms:                              ``matchmaker.match``; when some change: ``matchmaker.rematch``
3. It finds a team:                             ``consortia.build``; once matched again: ``consortia.rebuild``
4. It is shown:                                 ``frontend``
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from itertools import batched

from celery import chain
from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from consortia.rebuild import outdated, rebuild
from consortia.tasks import build, rebuild_groupings
from matchmaker import snapshot
from matchmaker.changes import a_few, ask_rematch, take_over, waiting
from matchmaker.fanout_tasks import begin
from matchmaker.fanout_tasks import resume as resume_job
from matchmaker.ingest import refresh_firms
from matchmaker.jobs import of_run
from matchmaker.models import Lot, Run
from matchmaker.queries import open_lots
from matchmaker.reference import reference
from matchmaker.refresh import refresh_from_awards
from matchmaker.rematch import rematch
from matchmaker.runs import close
from matchmaker.supply_cells import refresh_supply
from matchmaker.tasks import match

CHUNK = 20
RULES = "1"  # raise when the same inputs should give other results


def fingerprint(as_of: date) -> str:
    """Of what decides all lots at once. Changes of firms and lots are noted one by one: ``matchmaker.changes``."""
    tables = reference()
    words = [snapshot.current(fictitious, tables).model.version for fictitious in (False, True)]
    return hashlib.sha256(repr([RULES, as_of, tables.version, words]).encode()).hexdigest()


def start(
    as_of: date,
    *,
    force: bool = False,
    inline: bool = False,
    shards: int | None = None,
    progress: Callable[[str], None] = lambda _words: None,
) -> tuple[Run, bool]:
    """Match and group all open lots. Returns the run and whether there was anything to do.

    Chunks go to Celery once the run is committed; ``inline`` works them here instead. A run already
    under way for the same inputs is joined, another one still running is closed first. When only a few firms or lots
    changed since the last run, what they touch is brought up to date and the run stays. ``shards`` of firms the
    matching is fanned out over: 0 = it is not; None = by the number of lots (settings.FAN_OUT_LOTS).
    """
    refresh_firms(timezone.localdate())
    refresh_from_awards(timezone.localdate())
    refresh_supply()
    for fictitious in (False, True):  # once here, as each chunk then only looks for what changed since
        snapshot.refresh(fictitious, progress)
    mark = fingerprint(as_of)
    if not force:
        known = Run.objects.exclude(state=Run.State.FAILED).first()  # a later run took over an earlier one's lots
        if known and known.fingerprint == mark and not _half_done_since(known, mark):
            if known.state == Run.State.DONE and a_few():
                return known, follow(inline=inline)
            if known.state == Run.State.RUNNING and not inline:
                return known, True
    chunks = list(batched(open_lots(as_of).order_by("pk").values_list("pk", flat=True), CHUNK, strict=False))
    with transaction.atomic():
        Run.objects.filter(state=Run.State.RUNNING).update(
            state=Run.State.FAILED, error="Remplacé par un calcul plus récent.", finished_at=timezone.now()
        )
        run = Run.objects.create(as_of=as_of, fingerprint=mark, total=sum(map(len, chunks)))
        take_over(run)
        if not chunks:
            close(run.pk)
        elif not inline:
            transaction.on_commit(lambda: _share_out(run, chunks, shards))
    if inline:
        for chunk in chunks:
            match(run.pk, list(chunk))
            build(run.pk, list(chunk))
    run.refresh_from_db()
    return run, True


def _half_done_since(known: Run, mark: str) -> bool:
    """Whether a later run with other inputs came to some lots before it failed."""
    return Run.objects.filter(pk__gt=known.pk, state=Run.State.FAILED).exclude(fingerprint=mark).exists()


def follow(*, inline: bool) -> bool:
    """Bring matches, then groupings, up to the few changes since the last run. Returns whether anything was due."""
    due = not settled()
    if due and inline:
        rematch()
        while rebuild(seconds=60):
            pass
    elif due:
        ask_rematch()
        transaction.on_commit(rebuild_groupings.delay)
    return due


def settled() -> bool:
    """Whether matches and groupings reflect all that changed. Two queries or three."""
    return not waiting().exists() and not outdated().exists()


def _share_out(run: Run, chunks: list[tuple[int, ...]], shards: int | None) -> None:
    if shards is None:
        shards = settings.SHARDS if 0 < settings.FAN_OUT_LOTS <= run.total else 0
    if shards:
        begin(run.pk, [pk for chunk in chunks for pk in chunk], shards=shards, then=build.name)
    else:
        send(run, chunks)


def send(run: Run, chunks: list[tuple[int, ...]]) -> None:
    """One chain a chunk: match, then build."""
    for chunk in chunks:
        ids = list(chunk)
        chain(match.si(run.pk, ids), build.si(run.pk, ids)).apply_async()


def resume(run: Run) -> int:
    """Send again what a run still lacks (a broker emptied, a worker lost). Returns lots that lack something.

    When none does, lots were withdrawn since its start: the run is done.
    """
    left = open_lots(run.as_of).exclude(outcome__run=run).order_by("pk").values_list("pk", flat=True)
    job = of_run(run.pk)
    if job:
        resume_job(job)
    for ids in batched(left.filter(run=run), CHUNK, strict=False) if job else ():
        build.delay(run.pk, list(ids))
    chunks = [] if job else list(batched(left, CHUNK, strict=False))
    lacking = left.count()
    send(run, chunks)
    if not lacking:
        close(run.pk)
    return lacking


def counts(run: Run) -> dict[str, int]:
    """How the lots of a run ended: matched lots, outcomes by state."""
    lots = Lot.objects.filter(run=run)
    states = lots.values_list("outcome__state").annotate(n=Count("pk"))
    return {
        "lots": lots.count(),
        "matched": lots.filter(match_state=Lot.MatchState.MATCHED).count(),
        "solo": lots.filter(solo_count__gt=0).count(),
        **{str(state): n for state, n in states if state},
    }
