"""The Celery application: ``celery -A config worker``."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("maillage")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def _warm(**_: Any) -> None:
    """Load the compiled search before the first lot asks for it."""
    from config.warm import warm

    warm()
