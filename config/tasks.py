"""Celery door of the pipeline."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import task_success
from django.utils import timezone

from config.pipeline import start
from matchmaker.tasks import sync


@shared_task(name="config.refresh")
def refresh() -> None:
    """Match and group what is open today; nothing when nothing changed."""
    start(timezone.localdate())


@task_success.connect(sender=sync)
def after_sync(**_signal: Any) -> None:
    """New data meet the open lots at once; nothing when the source had nothing new."""
    refresh.delay()
