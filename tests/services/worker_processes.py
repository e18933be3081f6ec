"""Celery workers as processes of their own, on the test database and the broker in force."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from config.celery import app
from tests.services.broker import ROOT, until


def command(name: str, queues: str = "celery,shards") -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "config", "worker", "-P", "solo", "-n", f"{name}@ici", "-Q", queues]


def environment(**more: str) -> dict[str, str]:
    name = str(connection.settings_dict["NAME"])
    return os.environ | {"MAILLAGE_DB_NAME": name, "MAILLAGE_SNAPSHOTS": str(settings.SNAPSHOTS)} | more


@contextmanager
def workers(*names: str, ready: bool = True) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Worker processes on the test database and the broker in force; ``ready``: once they all answer."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [subprocess.Popen(command(name), cwd=ROOT, env=environment(), **quiet) for name in names]
    with ending(started):
        until(lambda: not ready or answering(names), "les ouvriers Celery ne répondent pas", 180)
        yield started


@contextmanager
def ending(processes: list[subprocess.Popen[bytes]]) -> Iterator[None]:
    try:
        yield
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


def answering(names: Iterable[str]) -> bool:
    found = {name for reply in app.control.ping(timeout=0.5) for name in reply}
    return {f"{name}@ici" for name in names} <= found


def done_by(name: str) -> dict[str, int]:
    """Tasks a worker has done so far, by name."""
    return app.control.inspect([f"{name}@ici"], timeout=2).stats()[f"{name}@ici"]["total"]
