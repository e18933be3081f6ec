"""Celery doors of the pipeline: what follows what, and what beat finds left to do."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import task_success
from django.utils import timezone

from config.pipeline import start
from consortia.rebuild import outdated
from consortia.tasks import LAST, rebuild_groupings
from matchmaker.changes import waiting
from matchmaker.locks import held, of_kind
from matchmaker.models import ImportRun, Run
from matchmaker.news import purge
from matchmaker.tasks import rematch_changes, sync


@shared_task(name="config.refresh")
def refresh() -> None:
    """Match and group what is open today; nothing when nothing changed."""
    start(timezone.localdate())


@shared_task(name="config.catch_up")
def catch_up() -> None:
    """Find what lost messages or killed workers left: changes to match, groupings to seek; forget old news.

    While an import works, its changes wait for its end, when it asks by itself.
    """
    kinds = ImportRun.objects.filter(state=ImportRun.State.RUNNING).order_by().values_list("kind", flat=True)
    if waiting().exists() and not held(of_kind(kind) for kind in kinds):
        rematch_changes.apply_async(expires=600)
    elif outdated().exists():
        rebuild_groupings.apply_async(priority=LAST, expires=600)
    purge()


@task_success.connect(sender=rematch_changes)
def after_rematch(result: bool = True, **_signal: Any) -> None:
    """Groupings follow; where matching change by change was too much, a run is due, unless one is under way."""
    if result:
        rebuild_groupings.apply_async(priority=LAST, expires=3600)
    elif not Run.objects.filter(state=Run.State.RUNNING).exists() and Run.objects.exists():
        refresh.delay()


@task_success.connect(sender=sync)
def after_sync(**_signal: Any) -> None:
    """New data meet the open lots at once; nothing when the source had nothing new."""
    refresh.delay()
