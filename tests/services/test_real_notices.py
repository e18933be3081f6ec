"""Every real notice beside the repository is imported: kept with its publication, or refused with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction

from matchmaker.ingest import ingest_notices
from matchmaker.models import Award, AwardHolder, ImportRun, Lot, Publication, QuarantineItem, Tender
from matchmaker.sources.catalogue import source
from matchmaker.sync import sync
from tests.services.conftest import SHARED

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not SHARED.is_dir(), reason="données réelles absentes : ../shared/data à côté du dépôt"),
]

NOTICES = SHARED / "notices"
FOLDERS = {
    "ted_fr_r209.tar.gz": 523,
    "eforms_real": 8,
    "eforms_converted": 8,
    "eforms_sdk_examples": 43,
    "boamp_xml_2017": 9,
    "boamp_json_2020": 1,
}


@pytest.fixture(scope="module")
def imported(france: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[dict[str, ImportRun]]:
    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        yield {name: sync("ted", [NOTICES / name])[0] for name in FOLDERS}
        transaction.set_rollback(True)


@pytest.mark.parametrize("name", FOLDERS)
def test_every_notice_of_a_set_is_kept(imported: dict[str, ImportRun], name: str) -> None:
    run = imported[name]
    assert (run.state, run.read, run.quarantined) == ("done", FOLDERS[name], 0)
    assert (run.source_key, run.licence) == ("ted", source("ted").licence)


def test_each_notice_is_one_publication_of_one_tender(imported: dict[str, ImportRun]) -> None:
    assert Publication.objects.count() == sum(FOLDERS.values()) == 592
    assert Tender.objects.count() == 567
    assert not Tender.objects.filter(publications__isnull=True).exists()
    assert not Tender.objects.filter(lots__isnull=True).exists()
    assert not QuarantineItem.objects.exists()


def test_the_eight_converted_notices_join_their_ted_originals(imported: dict[str, ImportRun]) -> None:
    joined = [
        t for t in Tender.objects.all() if {"ted", "eforms"} <= set(t.publications.values_list("source", flat=True))
    ]
    assert len(joined) == 8


def test_contracts_won_are_kept_groups_as_groups(imported: dict[str, ImportRun]) -> None:
    """The 79 groups of TED, one of which its eForms twin tells; what two notices both tell counts once."""
    assert Award.objects.filter(tender__publications__source="ted", grouping="group").distinct().count() == 79
    assert AwardHolder.objects.exclude(siret="").exists()
    assert not AwardHolder.objects.filter(name__contains="@").exists()
    assert Award.objects.filter(amount_eur__isnull=False).count() > 0.5 * Award.objects.count()


def test_the_cancelled_example_is_cancelled_and_the_changed_ones_tell_their_history(
    imported: dict[str, ImportRun],
) -> None:
    assert Tender.objects.filter(cancelled=True).count() == 1
    changed = [entry["field"] for tender in Tender.objects.exclude(history=[]) for entry in tender.history]
    assert "deadline" in changed


def test_the_same_sets_in_the_other_order_change_nothing(imported: dict[str, ImportRun]) -> None:
    before = set(Lot.objects.values_list("pk", flat=True))
    for name in reversed(FOLDERS):
        again = ingest_notices([NOTICES / name])
        assert (again.new, again.changed, again.unchanged) == (0, 0, FOLDERS[name])
    assert set(Lot.objects.values_list("pk", flat=True)) == before


def test_a_file_of_no_known_format_is_refused_with_a_reason(imported: dict[str, ImportRun], tmp_path: Path) -> None:
    run = sync("ted", [NOTICES / "boamp_2021_t1_avis.csv.gz"])[0]
    assert (run.read, run.quarantined) == (1, 1)
    assert QuarantineItem.objects.get(run=run).message.endswith(".")
