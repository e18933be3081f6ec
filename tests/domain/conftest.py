"""Fixtures of the pure tests: nothing here needs a database."""

from __future__ import annotations

import pytest
from hypothesis import settings

from matchmaker.domain.reference import Reference
from tests.domain.tables import shipped

settings.register_profile("maillage", deadline=None)  # how long an example takes proves nothing
settings.load_profile("maillage")


@pytest.fixture(scope="session")
def reference() -> Reference:
    """The shipped tables."""
    return shipped()
