"""The main job on real input: the real lists of SIAE and ESAT, the real TED and eForms notices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.db import transaction

from config.pipeline import start
from consortia.models import Outcome
from geo.domain.point import Point, in_france
from matchmaker.ingest import ingest_firms, ingest_notices
from matchmaker.models import Firm, ImportRun, Lot, Match, QuarantineItem, Tender
from matchmaker.queries import open_lots
from tests.services.conftest import SHARED

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not SHARED.is_dir(), reason="données réelles absentes : ../shared/data à côté du dépôt"),
]

SIAE = SHARED / "ess" / "siae_le_marche.csv.gz"
ESAT = SHARED / "ess" / "esat_liste_officielle.csv.gz"
TED = SHARED / "notices" / "ted_fr_r209.tar.gz"
EFORMS = SHARED / "notices" / "eforms_real"


@pytest.fixture(scope="module")
def imported(france: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[dict[Path, ImportRun]]:
    """The four sources, once for all tests of this module."""
    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        runs = {path: ingest_firms(path) for path in (SIAE, ESAT)}
        runs |= {path: ingest_notices([path]) for path in (TED, EFORMS)}
        yield runs
        transaction.set_rollback(True)


def test_the_list_of_siae_is_read_whole_and_thirteen_rows_say_why_not(imported: dict[Path, ImportRun]) -> None:
    run = imported[SIAE]
    assert (run.state, run.read, run.quarantined) == ("done", 3_853, 13)
    assert run.new == Firm.objects.exclude(inclusive_kind="ESAT").count()
    items = QuarantineItem.objects.filter(run=run)
    assert items.count() == 13
    assert all(item.locator.startswith("siae_le_marche.csv.gz, ligne ") for item in items)
    assert all(item.message.endswith(".") for item in items)


def test_the_list_of_esat_is_read_whole_and_the_rows_without_siret_say_so(imported: dict[Path, ImportRun]) -> None:
    run = imported[ESAT]
    assert (run.state, run.read, run.quarantined) == ("done", 1_504, 78)
    assert QuarantineItem.objects.filter(run=run, reason="sans_siret").count() == 78
    assert Firm.objects.filter(inclusive_kind="ESAT", places__gt=0).exists()


def test_no_row_of_either_list_is_lost(imported: dict[Path, ImportRun]) -> None:
    for path in (SIAE, ESAT):
        run = imported[path]
        repeated = run.details["warnings"].get("SIRET répété dans le fichier : la première ligne est gardée.", 0)
        assert run.read == run.new + run.changed + run.unchanged + run.quarantined + repeated


def test_nearly_every_structure_has_a_place_in_france_and_a_capacity(imported: dict[Path, ImportRun]) -> None:
    firms = Firm.objects.all()
    placed = firms.filter(point__isnull=False)
    assert placed.count() > 0.99 * firms.count()
    assert all(in_france(Point(place.x, place.y)) for place in placed.values_list("point", flat=True))
    assert firms.filter(capacity_high_eur__gt=0).count() > 0.99 * firms.count()


def test_every_structure_has_a_trade_and_says_how_it_is_known(imported: dict[Path, ImportRun]) -> None:
    assert Firm.objects.filter(trades=[]).count() < 0.02 * Firm.objects.count()
    assert set(Firm.objects.values_list("trade_source", flat=True)) <= {"naf", "name", "kind", "none"}


def test_importing_a_list_again_changes_nothing(imported: dict[Path, ImportRun]) -> None:
    again = ingest_firms(ESAT)
    assert (again.new, again.changed, again.retired, again.quarantined) == (0, 0, 0, 78)


def test_the_523_ted_notices_are_imported_with_nothing_lost(imported: dict[Path, ImportRun]) -> None:
    run = imported[TED]
    assert (run.state, run.read) == ("done", 523)
    assert run.new + run.changed + run.unchanged + run.quarantined == 523
    assert Tender.objects.filter(source="ted").count() == run.new
    assert run.quarantined == QuarantineItem.objects.filter(run=run, mended_at=None).count()
    assert run.quarantined <= 5
    assert all(tender.lots.exists() for tender in Tender.objects.filter(source="ted").prefetch_related("lots"))


def test_the_real_eforms_are_imported_with_nothing_lost(imported: dict[Path, ImportRun]) -> None:
    run = imported[EFORMS]
    assert run.state == "done"
    assert run.read == run.new + run.changed + run.unchanged + run.quarantined > 0
    assert all(item.message.endswith(".") for item in QuarantineItem.objects.filter(run=run))


def test_nearly_every_real_lot_has_a_code_and_those_that_name_a_town_its_place(imported: dict[Path, ImportRun]) -> None:
    """What is left without place says "France", nothing at all, or another country."""
    lots = Lot.objects.filter(tender__source="ted", tender__kind="contract")
    assert lots.exclude(cpvs=[]).count() > 0.98 * lots.count()
    lost = [lot for lot in lots if not lot.place_label]
    silent = [lot for lot in lost if not any(place["city"] or place["postcode"] for place in lot.places)]
    assert len(lost) < 0.25 * lots.count()
    assert len(lost) - len(silent) < 0.05 * lots.count()


def test_real_lots_open_on_a_past_day_all_end_with_firms_a_grouping_or_a_reason(
    imported: dict[Path, ImportRun],
) -> None:
    day = date(2018, 6, 1)
    run, needed = start(day, inline=True)
    lots = open_lots(day)
    assert needed
    assert (run.state, run.total, run.matched, run.grouped) == ("done", lots.count(), lots.count(), lots.count())
    assert run.total > 100
    assert Match.objects.filter(lot__in=lots).exists()
    outcomes = Outcome.objects.filter(run=run)
    assert outcomes.count() == run.total
    assert all(outcome.message.endswith(".") for outcome in outcomes)
    assert all(outcome.lot.proposals.exists() for outcome in outcomes.filter(state="proposed").select_related("lot"))
    assert not lots.filter(match_state="pending").exists()
