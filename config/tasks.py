"""Celery door of the pipeline."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from config.pipeline import start


@shared_task(name="config.refresh")
def refresh() -> None:
    """Match and group what is open today; nothing when nothing changed."""
    start(timezone.localdate())
