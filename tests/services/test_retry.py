"""Quarantine read again: what can be read by now leaves it, the rest stays with its reason."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from django.core.management import call_command

from matchmaker.import_queries import RETRY, QuarantineFilter, quarantine, reasons
from matchmaker.ingest import report
from matchmaker.ingest.notices import ingest_notices
from matchmaker.locks import ImportBusyError, of_source
from matchmaker.models import Firm, ImportRun, QuarantineItem, Tender
from matchmaker.retry import note_retry, retry, retry_asked, retry_stand
from matchmaker.stand import stand_of
from matchmaker.tasks import retry as retry_task
from tests.factories import make_import, make_quarantine
from tests.services.firm_rows import many
from tests.services.notices import folder, numbered, text
from tests.sources.firm_tables import SIAE, write_csv

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]


def set_aside(locator: str, content: str, **more: object) -> QuarantineItem:
    """A notice an earlier version could not read."""
    packed = zlib.compress(content.encode())
    return make_quarantine(**{"kind": "notices", "locator": locator, "payload": packed} | more)


def waiting() -> list[str]:
    return sorted(QuarantineItem.objects.filter(mended_at=None).values_list("locator", flat=True))


def test_a_notice_that_can_be_read_by_now_leaves_quarantine(tmp_path: Path) -> None:
    item = set_aside("avis.tar.gz::1.xml", numbered(1))
    done = retry([item.pk])
    assert (done.wanted, done.mended, done.left) == (1, 1, 0)
    assert Tender.objects.count() == 1
    item.refresh_from_db()
    assert item.mended_at is not None
    assert item.payload is None  # kept no longer than needed


def test_one_still_unreadable_stays_with_its_reason_and_its_content() -> None:
    ids = [set_aside("a.xml", numbered(1)).pk, set_aside("b.xml", text()[:3000]).pk]
    done = retry(ids)
    assert str(done) == "2 enregistrements en quarantaine : 1 réparé, 1 toujours illisible."
    item = QuarantineItem.objects.get(mended_at=None)
    assert item.locator == "b.xml"
    assert item.reason != "truncated_xml"  # the reason found now
    assert item.retried_at is not None
    assert retry([item.pk]).left == 1  # its content is still there


def test_a_record_whose_content_was_not_kept_needs_its_file() -> None:
    done = retry([set_aside("a.xml", "", payload=None).pk])
    assert "1 sans contenu gardé : redonnez leur fichier" in str(done)


def test_a_retry_leaves_a_report_but_is_no_import_of_the_source(tmp_path: Path) -> None:
    call_command("sync", "siae", str(write_csv(tmp_path / "liste.csv", many(3))), verbosity=0)
    run = ImportRun.objects.get()
    item = set_aside("a.xml", numbered(1), run=run)
    retry([item.pk])
    assert ImportRun.objects.filter(source=RETRY, source_key="siae", new=1).exists()
    assert stand_of("siae").last == run


def test_what_was_read_from_a_file_can_be_mended_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way: refused at import, content kept, then read once the reader was corrected."""
    from matchmaker.sources.xml import NoticeError

    with monkeypatch.context() as patch:

        def refuse(*_: object) -> None:
            raise NoticeError("essai", "Refusé pour l'essai.")

        patch.setattr("matchmaker.ingest.notices.parse_notice", refuse)
        ingest_notices([folder(tmp_path / "avis", a=numbered(1), b=numbered(2))])
    assert waiting() == ["avis/a.xml", "avis/b.xml"]
    retry(list(QuarantineItem.objects.values_list("pk", flat=True)))
    assert waiting() == []
    assert Tender.objects.count() == 2


class TestBounds:
    def test_what_is_too_big_to_keep_is_said(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(report, "ONE_PAYLOAD", 100)
        run = ingest_notices([folder(tmp_path / "avis", a=text()[:3000])])
        assert QuarantineItem.objects.get().payload is None
        assert any("Trop volumineux" in sentence for sentence in run.details["warnings"])

    def test_one_import_keeps_so_much_and_no_more(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(report, "ALL_PAYLOADS", 3_000)
        ingest_notices([folder(tmp_path / "avis", **{f"n{n}": numbered(n)[:3000] for n in range(6)})])
        kept = QuarantineItem.objects.exclude(payload=None)
        assert 0 < kept.count() < 6
        assert sum(len(item.payload) for item in kept) <= 3_000


class TestAskedFromAPage:
    def test_a_request_is_done_once_and_says_what_became_of_it(self) -> None:
        set_aside("a.xml", numbered(1))
        set_aside("b.xml", text()[:3000])
        assert note_retry(QuarantineFilter(kind="notices", reason="truncated_xml"))
        assert not note_retry(QuarantineFilter())  # one at a time
        assert retry_stand().due
        retry_task()
        assert retry_stand().words == "2 enregistrements en quarantaine : 1 réparé, 1 toujours illisible."
        assert not retry_stand().asked
        assert retry_asked() is None

    def test_only_what_the_filter_finds_is_read(self) -> None:
        run = make_import(source_key="siae")
        set_aside("a.xml", numbered(1), run=run)
        set_aside("b.xml", numbered(2), reason="autre")
        note_retry(QuarantineFilter(source="siae"))
        retry_asked()
        assert waiting() == ["b.xml"]

    def test_a_worker_killed_in_between_leaves_the_request(self, monkeypatch: pytest.MonkeyPatch) -> None:
        set_aside("a.xml", numbered(1))
        note_retry(QuarantineFilter())

        def busy(*_: object) -> None:
            raise ImportBusyError

        with monkeypatch.context() as patch:
            patch.setattr("matchmaker.retry.retry", busy)
            with pytest.raises(ImportBusyError):
                retry_asked()
        assert retry_stand().due
        retry_asked()
        assert waiting() == []


def test_reasons_count_by_source_the_most_frequent_first() -> None:
    run = make_import(source_key="siae")
    for number in range(3):
        set_aside(f"{number}.xml", "x", run=run, reason="rare" if number == 2 else "frequent")
    set_aside("9.xml", "x", payload=None)
    found = [(one.source, one.reason, one.count, one.kept) for one in reasons()]
    assert found == [("siae", "frequent", 2, 2), ("", "truncated_xml", 1, 0), ("siae", "rare", 1, 1)]
    assert quarantine(QuarantineFilter(words="9.x")).count() == 1
    assert of_source("quarantine")


class TestRowsOfTables:
    def test_a_row_is_read_again_at_its_own_place(self, tmp_path: Path) -> None:
        rows = [*many(2), SIAE | {"siret": "123"}, SIAE | {"siret": "456"}]
        call_command("sync", "siae", str(write_csv(tmp_path / "liste.csv", rows)), verbosity=0)
        assert waiting() == ["liste.csv, ligne 4", "liste.csv, ligne 5"]
        done = retry(list(QuarantineItem.objects.values_list("pk", flat=True)))
        assert (done.wanted, done.left, done.gone) == (2, 2, 0)
        assert waiting() == ["liste.csv, ligne 4", "liste.csv, ligne 5"]
        assert Firm.objects.count() == 2

    def test_a_row_that_can_be_read_by_now_makes_a_firm(self, tmp_path: Path) -> None:
        rows = [*many(1), SIAE | {"siret": "123"}]
        call_command("sync", "siae", str(write_csv(tmp_path / "liste.csv", rows)), verbosity=0)
        item = QuarantineItem.objects.get()
        item.payload = zlib.compress(zlib.decompress(item.payload).replace(b'"123"', f'"{SIAE["siret"]}"'.encode()))
        item.save()
        assert retry([item.pk]).mended == 1
        assert Firm.objects.filter(siret=SIAE["siret"]).exists()
        assert waiting() == []
