"""Celery doors of consortia."""

from __future__ import annotations

from celery import shared_task

from consortia.build import build_lots
from consortia.models import Outcome
from consortia.plan import compute
from consortia.rebuild import rebuild
from matchmaker.runs import advance, close_when_complete, working


@shared_task(name="consortia.build")
def build(run_id: int, lot_ids: list[int]) -> None:
    """Build the groupings of a chunk of matched lots; the chunk that completes the run closes it."""
    with working(run_id) as wanted:
        if wanted:
            build_lots(lot_ids, run_id)
            advance(run_id, grouped=Outcome.objects.filter(run_id=run_id).count())
            close_when_complete(run_id)


SLICE_S = 1.0  # of one message: what is more urgent goes between two
LAST = 9  # priority: after everything else


@shared_task(name="consortia.rebuild")
def rebuild_groupings() -> None:
    """Seek again the groupings older than their matches, message after message until none is."""
    if rebuild(SLICE_S):
        rebuild_groupings.apply_async(priority=LAST, expires=3600)


@shared_task(name="consortia.plan")
def compute_plan(plan_id: int) -> None:
    """Compute a plan that waits; a message delivered twice finds it done."""
    compute(plan_id)
