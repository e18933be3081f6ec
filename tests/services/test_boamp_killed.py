"""``kill -9`` while the BOAMP is collected from a server: the same end as without."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from matchmaker.models import Buyer, Lot, Publication, Tender
from tests.services.fake_boamp import FakeBoamp, published
from tests.services.killing import KILLS, Import, survives


@pytest.fixture
def fake() -> Iterator[FakeBoamp]:
    today = timezone.localdate()
    days = [(2, range(1, 6)), (1, range(10, 22)), (0, range(30, 36))]
    records = [one for ago, numbers in days for one in published(today - timedelta(days=ago), numbers)]
    with FakeBoamp(records).running() as running:
        yield running


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("places")
def test_killed_ten_times_the_collection_ends_as_if_it_had_never_been(fake: FakeBoamp, tmp_path: Path) -> None:
    since = (timezone.localdate() - timedelta(days=2)).isoformat()
    wanted = Import(
        "boamp",
        lambda _folder: ["sync", "boamp", "--since", since],
        (Tender, Lot, Buyer, Publication),
        environment={"MAILLAGE_BOAMP_URL": fake.url, "MAILLAGE_BOAMP_INTERVAL": "0"},
    )
    assert survives(wanted, tmp_path / "import") >= KILLS
