"""A real broker and a real worker for the tests: the Redis of ``./run``, under a virtual host of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from kombu import pools

from config.celery import app

ROOT = Path(__file__).parents[2]


def _address(number: int) -> str:
    """The broker of the settings, at another database number."""
    url = settings.CELERY_BROKER_URL
    if "virtual_host=" in url:
        return re.sub(r"virtual_host=\d+", f"virtual_host={number}", url)
    return re.sub(r"/\d+$", f"/{number}", url)


def forget_connections() -> None:
    """Close what this process holds open to a broker, so that the next message opens anew."""
    pools.reset()
    app._pool = None
    app.amqp._producer_pool = None


@contextmanager
def broker(number: int) -> Iterator[str]:
    """Send this process' tasks to an empty broker nobody else uses."""
    with pytest.MonkeyPatch.context() as patch:
        address = _address(number + 2 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]))
        patch.setenv("CELERY_BROKER_URL", address)
        forget_connections()
        app.control.purge()
        yield address
        app.control.purge()
        forget_connections()
    forget_connections()


@contextmanager
def worker() -> Iterator[None]:
    """A worker process on the test database and the broker in force, once it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool", "solo", "-n", "essai@%h"],
        cwd=ROOT,
        env=os.environ | {"MAILLAGE_DB_NAME": str(connection.settings_dict["NAME"])},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: bool(app.control.ping(timeout=0.5)), "l'ouvrier Celery ne répond pas", seconds=60)
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


def until(condition: object, complaint: str, seconds: int = 60) -> None:
    """Wait for a condition; what it waits for is said when it never comes."""
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        if time.monotonic() > end:
            raise AssertionError(complaint)
        time.sleep(0.05)
