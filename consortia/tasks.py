"""Celery doors of consortia."""

from __future__ import annotations

from celery import shared_task
from django.db.models import F
from django.utils import timezone

from consortia.build import build_lots
from consortia.models import Outcome
from matchmaker.models import Run


@shared_task(name="consortia.build")
def build(run_id: int, lot_ids: list[int]) -> None:
    """Build the groupings of a chunk of matched lots; the chunk that completes the run closes it."""
    build_lots(lot_ids, run_id)
    running = Run.objects.filter(pk=run_id, state=Run.State.RUNNING)
    running.update(grouped=Outcome.objects.filter(run_id=run_id).count())
    running.filter(grouped__gte=F("total")).update(state=Run.State.DONE, finished_at=timezone.now())
