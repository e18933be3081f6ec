"""Celery doors of the matchmaker: ids in, verb called. A repeated delivery does the same work again."""

from __future__ import annotations

from celery import shared_task

from matchmaker.match import match_lots
from matchmaker.models import Lot
from matchmaker.runs import advance, working


@shared_task(name="matchmaker.match")
def match(run_id: int, lot_ids: list[int]) -> None:
    """Match a chunk of lots and count the run's progress from what is stored."""
    with working(run_id) as wanted:
        if wanted:
            match_lots(lot_ids, run_id)
            advance(run_id, matched=Lot.objects.filter(run_id=run_id).count())
