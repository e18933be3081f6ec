"""Celery doors of consortia."""

from __future__ import annotations

from celery import shared_task

from consortia.build import build_lots
from consortia.models import Outcome
from matchmaker.runs import advance, close_when_complete, working


@shared_task(name="consortia.build")
def build(run_id: int, lot_ids: list[int]) -> None:
    """Build the groupings of a chunk of matched lots; the chunk that completes the run closes it."""
    with working(run_id) as wanted:
        if wanted:
            build_lots(lot_ids, run_id)
            advance(run_id, grouped=Outcome.objects.filter(run_id=run_id).count())
            close_when_complete(run_id)
