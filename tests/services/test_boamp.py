"""The BOAMP collected from a server that misbehaves: complete, and each notice once."""

from __future__ import annotations

import gzip
import json
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from matchmaker.ingest import ingest_notices
from matchmaker.ingest.boamp import collect_boamp
from matchmaker.models import Buyer, ImportRun, Lot, Publication, QuarantineItem, SourceState, Tender
from matchmaker.sources.catalogue import source
from matchmaker.sources.http import PoliteClient, Politeness, SourceRefusedError, SourceUnavailableError
from matchmaker.sources.xml import local_name, parse_xml
from matchmaker.sync import sync
from tests.services.conftest import checksum, real
from tests.services.fake_boamp import (
    FakeBoamp,
    another_object,
    broken,
    busy,
    changing,
    cut_short,
    half_json,
    hung_up,
    maintenance,
    published,
    shifted,
)
from tests.services.notices import folder, text
from tests.sources.boamp_data import as_json, record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

TODAY = date(2026, 11, 20)
TABLES = (Tender, Lot, Buyer, Publication)


def three_days() -> list[dict[str, Any]]:
    """A quiet day, a day of three pages, another quiet one."""
    days = [(18, range(1, 4)), (19, range(100, 331)), (20, range(500, 503))]
    return [one for day, numbers in days for one in published(date(2026, 11, day), numbers)]


class Waits:
    """A clock for the client: nothing waits, everything is remembered."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.at = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def collect(settings: Any, waits: Waits) -> Any:
    """Collect from a fake server, three days up to TODAY unless told otherwise."""

    def collected(fake: FakeBoamp, *, until: date = TODAY, since: date | None = date(2026, 11, 18)) -> ImportRun:
        with fake.running():
            settings.BOAMP_URL = fake.url
            politeness = Politeness(interval=0, attempts=4)
            client = PoliteClient(politeness, sleep=waits.sleep, clock=lambda: waits.at, dice=lambda: 0.0)
            return collect_boamp(source("boamp"), since=since, until=until, client=client)

    return collected


def cursor() -> str | None:
    state = SourceState.objects.filter(key="boamp").first()
    return state.cursor.get("day") if state else None


@pytest.fixture
def undisturbed(collect: Any) -> tuple[str, int]:
    """What an untroubled collection of the three days leaves: checksum, and number of tenders. Then undone."""
    with transaction.atomic():
        collect(FakeBoamp(three_days()))
        left = checksum(*TABLES), Tender.objects.count()
        transaction.set_rollback(True)
    return left


# ---------------------------------------------------------------- a quiet server


def test_every_page_of_every_day_is_read(collect: Any) -> None:
    fake = FakeBoamp(three_days())
    run = collect(fake)
    assert (run.state, run.read, run.new, run.quarantined) == ("done", 237, 237, 0)
    assert (run.source_key, run.url, run.dated) == ("boamp", fake.url, TODAY)
    assert fake.days_asked() == ["2026-11-18", "2026-11-19", "2026-11-19", "2026-11-19", "2026-11-20"]
    assert cursor() == "2026-11-20"


def test_a_record_of_the_api_becomes_a_tender_with_its_lots(collect: Any) -> None:
    collect(FakeBoamp(published(TODAY, range(1, 2))))
    tender = Tender.objects.get()
    assert (tender.source, tender.notice_id, tender.kind) == ("boamp", "26-000001", "contract")
    assert tender.buyer.siret == "35600000000048"
    assert tender.raw.name == "boamp/26-000001.json"
    assert tender.raw.url.endswith("records?where=idweb+%3D+%2226-000001%22")
    parks, trees = Lot.objects.order_by("position")
    assert (parks.title, parks.amount_eur, parks.insertion_hours, parks.trades) == ("Parcs", 60_000, 150, ["T04"])
    assert (trees.title, trees.duration_months, trees.departement_id) == ("Élagage", 24, "38")


def test_collecting_again_changes_nothing(collect: Any) -> None:
    collect(FakeBoamp(three_days()))
    before = checksum(*TABLES)
    run = collect(FakeBoamp(three_days()))
    assert (run.new, run.changed, run.unchanged) == (0, 0, 237)
    assert checksum(*TABLES) == before


def test_the_next_collection_goes_on_from_the_last_day_and_reads_a_week_again(collect: Any) -> None:
    collect(FakeBoamp([]))
    fake = FakeBoamp([])
    collect(fake, since=None, until=TODAY + timedelta(days=1))
    assert fake.days_asked() == [f"2026-11-{day}" for day in range(14, 22)]


def test_the_first_collection_reads_the_last_two_months(collect: Any) -> None:
    fake = FakeBoamp([])
    collect(fake, since=None)
    assert (len(fake.asked), fake.days_asked()[0]) == (61, "2026-09-21")


def test_a_notice_completed_late_is_read_again_and_changes(collect: Any) -> None:
    collect(FakeBoamp(three_days()))
    late = three_days()
    late[0]["nomacheteur"], late[0]["donnees"] = "Commune de Fictive-la-Neuve", "{}"
    run = collect(FakeBoamp(late), since=None)
    assert (run.new, run.changed, run.unchanged) == (0, 1, 236)


def test_a_notice_that_the_boamp_and_ted_both_publish_is_one_tender(collect: Any, tmp_path: Path) -> None:
    content = text()
    root = parse_xml(content.encode())
    data = {"EFORMS": {local_name(root): as_json(root)}}
    fake = FakeBoamp([record("26-000001", data, dateparution="2026-11-20")])
    collect(fake, since=TODAY)
    ingest_notices([folder(tmp_path / "avis", a=content)])
    [tender] = Tender.objects.all()
    assert {row.source for row in tender.publications.all()} == {"boamp", "eforms"}
    assert tender.lots.count() == 2


# ---------------------------------------------------------------- a server that misbehaves


def test_whatever_goes_wrong_the_end_is_the_same(collect: Any, waits: Waits, undisturbed: tuple[str, int]) -> None:
    faults = [
        busy("17"),
        maintenance,
        None,
        hung_up,
        cut_short,
        broken(503),
        None,
        half_json,
        shifted,
        another_object,
    ]
    run = collect(FakeBoamp(three_days(), faults))
    assert (run.state, run.quarantined) == ("done", 0)
    assert (checksum(*TABLES), Tender.objects.count()) == undisturbed
    assert 17 in waits.slept


def test_a_record_left_out_by_moving_pages_is_found_by_a_second_look(
    collect: Any, undisturbed: tuple[str, int]
) -> None:
    fake = FakeBoamp(three_days(), [None, None, shifted])
    collect(fake)
    assert (checksum(*TABLES), Tender.objects.count()) == undisturbed
    assert fake.days_asked().count("2026-11-19") == 6


def test_a_record_rewritten_between_two_pages_is_kept_once_in_its_last_state(collect: Any) -> None:
    run = collect(FakeBoamp(three_days(), [None, None, changing("26-000102", "Avis réécrit")]))
    assert (run.read, run.new, run.quarantined) == (237, 237, 0)
    again = collect(FakeBoamp([one | rewritten(one) for one in three_days()]))
    assert (again.changed, again.unchanged) == (0, 237)


def rewritten(one: dict[str, Any]) -> dict[str, Any]:
    return {"objet": "Avis réécrit"} if one["idweb"] == "26-000102" else {}


def test_a_day_that_stays_incomplete_is_kept_and_told(collect: Any) -> None:
    class Short(FakeBoamp):
        def page(self, request: Any) -> Any:
            reply = super().page(request)
            page = json.loads(reply.body) | {"total_count": 4}
            return type(reply)(json.dumps(page).encode())

    run = collect(Short(published(TODAY, range(1, 4))), since=TODAY)
    assert run.new == 3
    assert (
        "BOAMP du 20/11/2026 : 3 avis obtenus sur 4 annoncés ; la prochaine collecte relira ce jour."
        in (run.details["warnings"])
    )


def test_a_server_that_stays_down_leaves_what_was_read_and_says_so(collect: Any) -> None:
    fake = FakeBoamp(three_days(), [None, None, None, None, *[broken(503)] * 4])
    with pytest.raises(SourceUnavailableError, match="panne de la source"):
        collect(fake)
    run = ImportRun.objects.get()
    assert (run.state, run.new) == ("failed", 200)
    assert cursor() == "2026-11-18"  # the 19th was not over when the last batch was kept
    run = collect(FakeBoamp(three_days()), since=None)
    assert (run.new, Tender.objects.count()) == (37, 237)


def test_an_address_that_is_not_the_api_is_refused_at_once(collect: Any) -> None:
    fake = FakeBoamp([], [broken(404)])
    with pytest.raises(SourceRefusedError):
        collect(fake)
    assert len(fake.asked) == 1


def test_a_record_that_cannot_be_read_goes_to_quarantine_and_mends(collect: Any) -> None:
    records = [*published(TODAY, range(1, 4)), record("26-000009", dateparution="2026-11-20", donnees='{"FNS')]
    run = collect(FakeBoamp(records), since=TODAY)
    assert (run.new, run.quarantined) == (3, 1)
    item = QuarantineItem.objects.get()
    assert (item.locator, item.reason) == ("boamp/26-000009.json", "donnees_illisibles")
    collect(FakeBoamp(published(TODAY, range(1, 10))), since=TODAY)
    item.refresh_from_db()
    assert item.mended_at is not None


# ---------------------------------------------------------------- the command


def test_the_command_asks_the_address_of_the_settings_since_a_day(settings: Any) -> None:
    settings.BOAMP_INTERVAL = 0
    out = StringIO()
    from django.utils import timezone

    today = timezone.localdate()
    with FakeBoamp(published(today, range(1, 3))).running() as fake:
        settings.BOAMP_URL = fake.url
        call_command("sync", "boamp", "--since", (today - timedelta(days=1)).isoformat(), stdout=out)
    assert "2 lus, 2 nouveaux" in out.getvalue()
    assert len(fake.asked) == 2


def test_saved_answers_json_lines_and_xml_come_in_by_the_same_command(tmp_path: Path) -> None:
    first, second = published(TODAY, range(1, 3)), published(TODAY, range(2, 4))
    (tmp_path / "page.json").write_text(json.dumps({"total_count": 2, "results": first}))
    lines = "\n".join([*map(json.dumps, second), "{coupée"])
    (tmp_path / "export.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    [run] = sync("boamp", [tmp_path / "page.json", tmp_path / "export.jsonl.gz"])
    assert (run.read, run.new, run.unchanged, run.quarantined) == (5, 3, 1, 1)
    assert QuarantineItem.objects.get().locator == "export.jsonl.gz::3"
    assert (run.source_key, run.licence != "") == ("boamp", True)


def test_real_notices_of_2017_and_2020_come_in(tmp_path: Path) -> None:
    folders = [real("notices", "boamp_xml_2017"), real("notices", "boamp_json_2020")]
    [run] = sync("boamp", folders)
    assert (run.read, run.new, run.quarantined) == (10, 10, 0)
    assert Lot.objects.count() == 31  # 21 lots and 2, and eight notices that are not divided


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="n'existe pas"):
        call_command("sync", "boamp", str(tmp_path / "rien.json"))
