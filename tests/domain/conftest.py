"""Fixtures of the pure tests: nothing here needs a database."""

from __future__ import annotations

import pytest

from matchmaker.domain.reference import Reference
from tests.domain.tables import shipped


@pytest.fixture(scope="session")
def reference() -> Reference:
    """The shipped tables."""
    return shipped()
