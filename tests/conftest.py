"""Fixtures every room of the tests may use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

# Playwright's own loop runs in the tests' thread: Django would mistake that for async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture(scope="session", autouse=True)
def static_root() -> None:
    """WhiteNoise warns when the folder of collected files is missing, and warnings are errors here."""
    from django.conf import settings

    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.fixture(autouse=True)
def snapshots(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for each test, as its database is; at one address, for workers that outlive a test."""
    from django.conf import settings

    folder = tmp_path_factory.getbasetemp() / "snapshots"
    shutil.rmtree(folder, ignore_errors=True)
    monkeypatch.setattr(settings, "SNAPSHOTS", folder)
    monkeypatch.setenv("MAILLAGE_SNAPSHOTS", str(folder))
    return folder


@pytest.fixture
def territory(db: None) -> object:
    from tests.factories import grenoble

    return grenoble()


@pytest.fixture
def reference(db: None) -> None:
    """The shipped reference tables, as a deployed site has them."""
    from matchmaker.reference import load_reference

    load_reference()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests reach this machine and nothing else."""
    import socket

    real = socket.socket.connect

    def only_here(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}")
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", only_here)
    yield
