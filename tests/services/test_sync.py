"""sync: one source brought up to date, from the network or from files, by a person, by beat, or by a page."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from config.celery import app
from matchmaker import sync as syncing
from matchmaker.locks import ImportBusyError, held, holding, of_kind, of_source
from matchmaker.models import Firm, ImportRun, SourceState
from matchmaker.sources.catalogue import BY_KEY, SOURCES, Source
from matchmaker.stand import Stand, stand_of, standing
from matchmaker.sync import RUNNERS, CannotFetchError, sync
from matchmaker.tasks import ask, sync_due
from matchmaker.tasks import sync as sync_task
from tests.factories import make_import
from tests.http_server import Reply, Request, Server, serving
from tests.services.broker import ROOT, broker, until, worker
from tests.services.firm_rows import counts, many
from tests.sources.firm_tables import write_csv

pytestmark = [pytest.mark.django_db]


class Producer:
    """A producer's server: files with validators, or a failure."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.down = False

    def __call__(self, request: Request) -> Reply:
        if self.down or request.path not in self.files:
            return Reply(status=404)
        body = self.files[request.path]
        headers = {"ETag": f'"{hash(body)}"', "Last-Modified": "Sun, 01 Nov 2026 03:00:00 GMT"}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Reply(status=304, headers=headers)
        return Reply(body, headers=headers)


@pytest.fixture
def producer() -> Producer:
    return Producer()


@pytest.fixture
def server(producer: Producer) -> Iterator[Server]:
    with serving(producer) as started:
        yield started


@pytest.fixture
def essai(
    server: Server, producer: Producer, monkeypatch: pytest.MonkeyPatch, settings: object, tmp_path: Path
) -> Source:
    """A source of the catalogue that comes from that server, as a list of inclusive structures does."""
    settings.DOWNLOADS = tmp_path / "downloads"  # type: ignore[attr-defined]
    wanted = Source(
        "essai", "Liste d'essai", "firms", "Producteur", "https://exemple.fr/", "Licence Ouverte", 30,
        urls=(f"{server.url}/liste.csv.gz",), automatic=True,
    )  # fmt: skip
    monkeypatch.setitem(BY_KEY, "essai", wanted)
    monkeypatch.setitem(RUNNERS, "essai", syncing._firms)  # type: ignore[arg-type]
    publish(producer, tmp_path, 3)
    return wanted


def publish(producer: Producer, folder: Path, size: int) -> None:
    content = write_csv(folder / "publiee.csv", many(size)).read_bytes()
    producer.files["/liste.csv.gz"] = gzip.compress(content, mtime=0)


def stand() -> Stand:
    return stand_of("essai")


# ---------------------------------------------------------------- fetching


@pytest.mark.usefixtures("places")
class TestFetching:
    def test_what_a_producer_offers_is_imported_with_its_address_date_hash_and_licence(self, essai: Source) -> None:
        [run] = sync("essai")
        assert counts(run) == {"read": 3, "new": 3}
        assert (run.url, run.dated, run.licence) == (essai.urls[0], date(2026, 11, 1), "Licence Ouverte")
        assert run.sha256 == run.details["files"][0]["sha256"] != ""
        assert run.duration is not None

    def test_unchanged_at_the_producer_s_means_nothing_to_do(self, essai: Source) -> None:
        sync("essai")
        assert sync("essai") == []
        assert ImportRun.objects.count() == 1

    def test_an_unchanged_file_whose_import_did_not_end_is_imported(self, essai: Source) -> None:
        [run] = sync("essai")
        run.state = ImportRun.State.FAILED
        run.save()
        [again] = sync("essai")
        assert counts(again) == {"read": 3, "unchanged": 3}

    def test_a_new_edition_is_imported(self, essai: Source, producer: Producer, tmp_path: Path) -> None:
        sync("essai")
        publish(producer, tmp_path, 5)
        [run] = sync("essai")
        assert counts(run) == {"read": 5, "new": 2, "unchanged": 3}

    def test_a_source_that_fails_says_so_in_one_sentence(self, essai: Source, producer: Producer) -> None:
        producer.down = True
        with pytest.raises(CommandError, match=r"demande refusée \(code 404\) ; vérifiez l'adresse"):
            call_command("sync", "essai")
        assert "404" in stand().state.error

    def test_files_at_hand_are_imported_instead(self, essai: Source, server: Server, tmp_path: Path) -> None:
        [run] = sync("essai", [write_csv(tmp_path / "liste.csv", many(2))])
        assert counts(run) == {"read": 2, "new": 2}
        assert run.url == ""
        assert server.requests == []

    def test_a_source_that_only_comes_as_a_file_says_where_it_is(self) -> None:
        with pytest.raises(CannotFetchError, match=f"donnez le fichier .*{BY_KEY['siae'].page}"):
            sync("siae")

    def test_since_a_date_is_for_sources_that_can(self) -> None:
        with pytest.raises(CannotFetchError, match="ne se demande pas depuis une date"):
            sync("siae", since=date(2026, 1, 1))

    def test_files_given_together_count_as_one_import(self, tmp_path: Path) -> None:
        files = [write_csv(tmp_path / f"{number}.csv", many(2 + number)) for number in range(3)]
        assert len(sync("siae", files)) == 3
        assert stand_of("siae").figures["read"] == 2 + 3 + 4
        sync("siae", files[:1])
        assert stand_of("siae").figures["read"] == 2

    def test_the_hash_of_several_files_is_that_of_their_hashes(self, tmp_path: Path) -> None:
        from matchmaker.ingest.report import Origin, importing, reading

        origins = [Origin("a", sha256="1" * 64), Origin("b", sha256="2" * 64)]
        with reading(origins), importing("essai", "a, b") as report:
            pass
        assert len(report.run.sha256) == 64
        assert report.run.sha256 not in ("1" * 64, "2" * 64)
        assert [file["name"] for file in report.run.details["files"]] == ["a", "b"]


@pytest.mark.usefixtures("places")
class TestCommand:
    def test_without_a_source_it_lists_them_with_their_freshness(self, essai: Source) -> None:
        sync("essai")
        out = StringIO()
        call_command("sync", stdout=out)
        lines = out.getvalue()
        assert "essai                  à jour (données du 01/11/2026)" in lines
        assert "siae                   jamais importée" in lines
        assert all(source.title in lines for source in SOURCES)

    def test_one_failing_does_not_stop_the_others(
        self, essai: Source, monkeypatch: pytest.MonkeyPatch, producer: Producer
    ) -> None:
        for key, known in list(BY_KEY.items()):
            if known.automatic and key != "essai":
                monkeypatch.delitem(BY_KEY, key)
        broken = Source("absente", "Absente", "firms", "X", "https://x.fr/", "L", 30, urls=("ftp://x",), automatic=True)
        monkeypatch.setitem(BY_KEY, "absente", broken)
        monkeypatch.setitem(RUNNERS, "absente", syncing._firms)  # type: ignore[arg-type]
        BY_KEY["essai"] = BY_KEY.pop("essai")  # after it
        with pytest.raises(CommandError, match="Sources en échec : absente ; les autres sont à jour"):
            call_command("sync", "--all", stdout=StringIO(), stderr=StringIO())
        assert Firm.objects.count() == 3

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["inconnue"], "Source « inconnue » inconnue"),
            (["siae", "absent.csv"], "« absent.csv » n'existe pas"),
            (["siae", "--all"], "pas les deux"),
        ],
    )
    def test_a_mistake_is_told(self, arguments: list[str], words: str) -> None:
        with pytest.raises(CommandError, match=words):
            call_command("sync", *arguments)


# ---------------------------------------------------------------- how fresh


class TestFreshness:
    def test_never_fresh_then_stale(self, essai: Source) -> None:
        assert stand().freshness == "never"
        run = make_import(source_key="essai", finished_at=timezone.now(), dated=timezone.localdate())
        assert stand().freshness == "fresh"
        run.dated -= timedelta(days=61)
        run.save()
        assert stand().freshness == "stale"

    def test_data_their_producer_still_holds_for_the_latest_are_fresh(self, essai: Source) -> None:
        make_import(source_key="essai", finished_at=timezone.now(), dated=date(2020, 1, 1))
        SourceState.objects.create(key="essai", checked_at=timezone.now())
        assert stand().freshness == "fresh"
        assert stand().dated == date(2020, 1, 1)

    def test_a_failed_import_refreshes_nothing(self, essai: Source) -> None:
        make_import(source_key="essai", state="failed", finished_at=timezone.now())
        assert stand().freshness == "never"

    def test_automatic_sources_are_due_at_their_pace_and_an_hour_after_a_failure(
        self, essai: Source, settings: object
    ) -> None:
        assert not stand().due  # automatic fetching is off unless asked
        settings.AUTOMATIC_SYNC = True  # type: ignore[attr-defined]
        assert stand().due
        state = SourceState.objects.create(key="essai", checked_at=timezone.now(), tried_at=timezone.now())
        assert not stand().due
        assert stand().next_at == state.checked_at + timedelta(days=7)
        SourceState.objects.update(error="Panne.")
        assert stand().next_at == state.tried_at + timedelta(hours=1)

    def test_what_someone_asked_for_is_due_at_once(self, essai: Source) -> None:
        SourceState.objects.create(key="essai", asked_at=timezone.now(), checked_at=timezone.now())
        assert stand().due

    def test_a_few_queries_tell_all(self, essai: Source, django_assert_max_num_queries: object) -> None:
        with django_assert_max_num_queries(6):  # type: ignore[operator]
            standing()


# ---------------------------------------------------------------- one at a time


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("places")
class TestOneAtATime:
    def elsewhere(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The same command in another process."""
        return subprocess.run(
            [sys.executable, "manage.py", "sync", *arguments],
            cwd=ROOT,
            env=os.environ | {"MAILLAGE_DB_NAME": str(connection.settings_dict["NAME"])},
            capture_output=True,
            text=True,
            check=False,
        )

    @pytest.mark.parametrize(
        ("lock", "words"),
        [
            (of_source("siae"), f"{BY_KEY['siae'].title} : une mise à jour est déjà en cours"),
            (of_kind("firms"), "Un import de ce type est déjà en cours"),
        ],
    )
    def test_a_second_process_is_refused_then_served(self, tmp_path: Path, lock: str, words: str) -> None:
        path = str(write_csv(tmp_path / "liste.csv", many(2)))
        with holding(lock):
            assert held([lock]) == {lock}
            refused = self.elsewhere("siae", path)
            assert refused.returncode == 1
            assert words in refused.stderr
            assert not Firm.objects.exists()
        assert held([lock]) == set()
        served = self.elsewhere("siae", path)
        assert (served.returncode, Firm.objects.count()) == (0, 2)

    def test_being_busy_is_no_failure_and_forgets_no_request(self, tmp_path: Path) -> None:
        path = str(write_csv(tmp_path / "liste.csv", many(2)))
        SourceState.objects.create(key="siae", asked_at=timezone.now())
        with holding(of_kind("firms")):
            self.elsewhere("siae", path)
        state = SourceState.objects.get(key="siae")
        assert state.asked_at is not None
        assert (state.error, state.words) == ("", "attend la fin d'un autre import")


# ---------------------------------------------------------------- by Celery


@pytest.mark.usefixtures("places")
class TestTask:
    def test_a_message_for_what_is_no_longer_due_does_nothing(self, essai: Source, server: Server) -> None:
        sync_task("essai")
        assert server.requests == []

    def test_a_message_delivered_twice_imports_once(self, essai: Source) -> None:
        SourceState.objects.create(key="essai", asked_at=timezone.now())
        sync_task("essai")
        sync_task("essai")
        assert ImportRun.objects.count() == 1
        assert not stand().pending

    def test_a_busy_source_is_asked_again_later(self, essai: Source) -> None:
        """By hand, a retry gives back the error; a worker would send the message again."""
        SourceState.objects.create(key="essai", asked_at=timezone.now())
        import threading

        refused: list[BaseException] = []

        def other() -> None:
            try:
                with holding(of_kind("firms")):
                    ready.set()
                    done.wait(20)
            finally:
                connection.close()

        ready, done = threading.Event(), threading.Event()
        thread = threading.Thread(target=other)
        thread.start()
        ready.wait(20)
        try:
            sync_task("essai")
        except ImportBusyError as error:
            refused.append(error)
        finally:
            done.set()
            thread.join()
        assert len(refused) == 1
        assert stand().state.asked_at is not None


@pytest.mark.django_db(transaction=True)
class TestThroughAWorker:
    def test_a_request_is_served_and_one_whose_message_was_lost_too(self, reference: None) -> None:
        """This source comes as a file only, which is what its stand then says."""

        def ended() -> bool:
            state = SourceState.objects.get(key="siae")
            return state.asked_at is None and "donnez le fichier" in state.error

        with broker(6), worker():
            ask("siae")
            until(ended, "la demande n'est pas servie")
            app.control.cancel_consumer("celery", reply=True)
            ask("siae")
            assert app.control.purge() == 1  # the broker lost it
            app.control.add_consumer("celery", reply=True)
            sync_due.delay()
            until(ended, "la demande perdue n'est pas reprise")
