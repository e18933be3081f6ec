"""A matching fanned out over workers and machines: the rows of a single process, whatever is lost on the way."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from config.celery import app
from config.pipeline import resume as resume_run
from config.pipeline import start
from consortia.models import Outcome
from matchmaker import fanout, jobs
from matchmaker.fanout_tasks import begin, merge, resume, resume_fan_outs, shard
from matchmaker.jobs import Job
from matchmaker.match import match_lots
from matchmaker.models import Firm, Lot, Match, Run
from matchmaker.queries import open_lots
from matchmaker.reference import load_reference, reference
from tests.factories import AS_OF, COMMUNES, make_firm, make_lot, make_run, make_tender
from tests.services.broker import ROOT, broker, until
from tests.services.hosts import Host, hosts, impossible, served
from tests.services.worker_processes import answering, command, done_by, ending, environment, workers

TOWNS = tuple(COMMUNES)
SHARDS = 3
LOTS = 40


@pytest.fixture
def territory(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real and fictitious firms and lots of several trades, one lot without trade; chunks of six lots."""
    monkeypatch.setattr(fanout, "CHUNK", 6)
    load_reference()
    known = {"references": 3}
    for number in range(60):
        trades = [("T01",), ("T01", "T07"), ("T07",)][number % 3]
        make_firm(
            f"Entreprise {number}",
            commune_code=TOWNS[number % len(TOWNS)],
            capacity_eur=20_000 + 3_000 * (number % 17),
            trades=list(trades),
            declared_trades=list(trades),
            fictitious=number % 6 == 5,
            declared_departements=[[], [], [], ["38"], ["26"]][number % 5],
            **known,
        )
    Firm.objects.update(described_with=reference().version, described_on=timezone.localdate())  # a run deduces no more
    real, made_up = make_tender(), make_tender(fictitious=True)
    for number in range(LOTS):
        make_lot(
            f"Lot {number}",
            tender=made_up if number % 8 == 7 else real,
            amount_eur=50_000 + 9_000 * number,
            cpvs=[["90911200"], ["90911200", "45442100"], ["45442100"], ["99999999"]][number % 13 % 4],
        )


@pytest.fixture
def alone(territory: None) -> str:
    """What a single process stores, then nothing."""
    rows = alone_now()
    assert Match.objects.count() > 10 * LOTS
    forget()
    return rows


def alone_now() -> str:
    """What a single process stores at this moment."""
    forget()
    match_lots(Lot.objects.values_list("pk", flat=True))
    return stored()


def forget() -> None:
    Match.objects.all().delete()
    Lot.objects.update(needs=[], trades=[], supply_count=0, solo_count=0, match_state="pending", run=None)


def stored() -> str:
    """Of every match and of what is kept of every lot, to the last bit."""
    digest = hashlib.sha256()
    matches = [field.attname for field in Match._meta.fields if field.name != "id"]
    lots = ("pk", "needs", "trades", "supply_count", "solo_count", "match_state")
    for row in Match.objects.order_by("lot_id", "rank").values_list(*matches):
        digest.update(repr(row).encode())
    for row in Lot.objects.order_by("pk").values_list(*lots):
        digest.update(repr(row).encode())
    return digest.hexdigest()


def fanned(shards: int = SHARDS) -> tuple[Run, Job]:
    """A run and its job, of which nothing was sent yet."""
    ids = list(Lot.objects.values_list("pk", flat=True))
    run = make_run(state="running", total=len(ids), matched=0, grouped=0)
    return run, fanout.fan_out(run.pk, ids, shards=shards)


def ended(run: Run) -> bool:
    run.refresh_from_db()
    return run.state != Run.State.RUNNING


def work_here(job: Job) -> None:
    """All that is left of a job, in this process."""
    for chunk, lacking in fanout.left(job):
        for number in lacking:
            fanout.answer(job.name, number, chunk)
        fanout.finish(job.name, chunk)


# ---------------------------------------------------------------- step by step, in one process


class TestEachStepMayBeDoneTwice:
    @pytest.mark.parametrize("shards", [1, 2, 7])
    def test_however_many_shards_the_rows_are_those_of_a_single_process(self, alone: str, shards: int) -> None:
        _, job = fanned(shards)
        assert len(job.chunks) > 6
        assert set(job.chunks) == {"real", "fictitious"}
        work_here(job)
        assert stored() == alone
        assert fanout.end(job.name)
        assert not job.folder.exists()

    def test_parts_may_come_in_any_order_and_more_than_once(self, alone: str) -> None:
        _, job = fanned()
        for number in (2, 0, 2, 1, 0):
            for chunk in reversed(range(len(job.chunks))):
                complete = fanout.answer(job.name, number, chunk)
                assert complete is not bool(job.missing(chunk))
        for chunk in [*range(len(job.chunks))] * 2:
            fanout.finish(job.name, chunk)
        assert stored() == alone
        assert fanout.answer(job.name, 0, 0) is False

    def test_a_damaged_part_is_thrown_away_and_computed_again(self, alone: str) -> None:
        _, job = fanned()
        for number in range(SHARDS):
            fanout.answer(job.name, number, 0)
        path = job.part(0, 1)
        whole = path.read_bytes()
        path.write_bytes(whole[:-9] + b"x" + whole[-8:])
        job.part(0, 2).unlink()
        assert fanout.finish(job.name, 0) == fanout.Finished(lacking=(1, 2))
        assert not Match.objects.exists()
        work_here(job)
        assert stored() == alone

    def test_what_is_stored_leaves_nothing_but_a_mark(self, alone: str) -> None:
        _, job = fanned()
        work_here(job)
        assert not list(job.folder.glob("part-*"))
        assert len(list(job.folder.glob("done-*"))) == len(job.chunks)

    def test_a_job_that_ended_is_not_worked_any_more(self, alone: str) -> None:
        _, job = fanned()
        fanout.answer(job.name, 0, 0)
        job.remove()
        assert fanout.answer(job.name, 1, 0) is False
        assert fanout.finish(job.name, 0) == fanout.Finished()
        assert not job.folder.exists()

    def test_a_folder_that_cannot_be_written_is_told_in_a_sentence_and_closes_the_run(self, alone: str) -> None:
        run = make_run(state="running", total=LOTS)
        settings.SNAPSHOTS.mkdir(parents=True, exist_ok=True)
        (settings.SNAPSHOTS / "jobs").write_text("pas un dossier")
        with pytest.raises(jobs.SharedStorageError, match="MAILLAGE_SNAPSHOTS"):
            begin(run.pk, [1], shards=2)
        run.refresh_from_db()
        assert run.state == "failed"
        assert "MAILLAGE_SNAPSHOTS" in run.error


class TestWhatChangesMeanwhile:
    """The rows are those that a single process would store at the moment a chunk is merged."""

    def finished(self, job: Job) -> str:
        work_here(job)
        rows = stored()
        assert rows == alone_now()
        return rows

    def test_a_corrected_lot_is_asked_as_it_is_now(self, alone: str) -> None:
        _, job = fanned()
        Lot.objects.filter(title="Lot 4").update(amount_eur=900_000)
        assert self.finished(job) != alone

    def test_a_withdrawn_lot_is_passed_over(self, alone: str) -> None:
        _, job = fanned()
        Lot.objects.filter(title="Lot 4").delete()
        self.finished(job)

    def test_a_firm_that_declared_a_capacity_and_was_matched_again_is_not_put_back(self, alone: str) -> None:
        _, job = fanned()
        firm = Firm.objects.get(name="Entreprise 0")
        firm.capacity_mid_eur = firm.capacity_high_eur = 700_000
        firm.save()
        match_lots([Lot.objects.order_by("pk")[0].pk])  # brings the snapshot up to date
        assert self.finished(job) != alone

    def test_new_reference_tables_leave_no_answer_of_the_old_ones(self, alone: str) -> None:
        from matchmaker.models import ReferenceRow

        _, job = fanned()
        row = ReferenceRow.objects.get(table="parameter", key="distance.road_factor")
        row.values |= {"value": "1.5"}
        row.save()
        assert self.finished(job) != alone

    def test_the_snapshot_of_a_job_stays_until_its_end(self, alone: str, settings) -> None:
        settings.SNAPSHOTS_GRACE_S = 0.0
        _, job = fanned()
        Firm.objects.filter(name="Entreprise 1").update(active=False)
        for _ in range(2):
            Firm.objects.get(name="Entreprise 2").save()
            match_lots([Lot.objects.order_by("pk")[0].pk])
        jobs._index.cache_clear()
        for number in range(SHARDS):
            assert fanout.answer(job.name, number, 0) is (number == SHARDS - 1)


# ---------------------------------------------------------------- workers


def through_workers() -> str:
    """The rows once a run is over."""
    forget()
    ids = list(Lot.objects.values_list("pk", flat=True))
    run = make_run(state="running", total=len(ids), matched=0, grouped=0)
    begin(run.pk, ids, shards=SHARDS)
    until(lambda: ended(run), "la répartition ne finit pas", 120)
    assert (run.state, run.matched, run.error) == ("done", LOTS, "")
    return stored()


def test_one_two_and_four_workers_store_the_rows_of_a_single_process(alone: str) -> None:
    with broker(6), ExitStack() as stack:
        for names in (["a"], ["b"], ["c", "d"]):
            stack.enter_context(workers(*names))
            assert through_workers() == alone
        assert all(done_by(name).get("matchmaker.shard") for name in "abcd")
        assert not list(jobs.every())


def test_workers_killed_mid_way_lose_nothing_and_store_nothing_twice(alone: str, monkeypatch) -> None:
    """SIGKILL once a chunk, then once half of them, is stored; what the dead held is never given back in time."""
    monkeypatch.setattr(fanout, "CHUNK", 2)
    with broker(6):
        run, job = fanned()
        resume(job)
        for share in (0.1, 0.5):
            with workers("mort", ready=False) as (process,):
                until(lambda share=share: len(job.left()) < len(job.chunks) * (1 - share), "rien n'avance", 180)
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
            assert not ended(run)
            app.control.purge()
            assert resume(job) >= len(job.left()) > 0
        with workers("vif"):
            until(lambda: ended(run), "la répartition ne reprend pas", 180)
        assert (run.state, run.matched) == ("done", LOTS)
        assert stored() == alone
        assert not job.folder.exists()


@pytest.mark.filterwarnings("ignore::celery.exceptions.AlwaysEagerIgnored")  # a re-match is asked for by name
class TestWhatIsLostIsFoundAgain:
    @pytest.fixture(autouse=True)
    def at_once(self) -> Iterator[None]:
        """Messages are worked as they are sent."""
        app.conf.update(task_always_eager=True, task_eager_propagates=True)
        with broker(6):
            yield
        app.conf.update(task_always_eager=False, task_eager_propagates=False)

    def test_beat_resumes_a_job_that_stands_still(self, alone: str, monkeypatch: pytest.MonkeyPatch) -> None:
        run, _ = fanned()
        resume_fan_outs()
        assert not ended(run)  # written a moment ago: it may well be under way
        monkeypatch.setattr("matchmaker.fanout_tasks.STALLED_S", -1.0)
        resume_fan_outs()
        assert ended(run)
        assert (run.state, stored()) == ("done", alone)

    def test_a_run_that_was_replaced_leaves_no_folder_and_no_row(self, alone: str) -> None:
        run, job = fanned()
        Run.objects.filter(pk=run.pk).update(state=Run.State.FAILED)
        resume_fan_outs()
        assert not job.folder.exists()
        shard(job.name, 0, 0)
        merge(job.name, 0)
        assert not Match.objects.exists()

    def test_the_job_of_another_database_is_left_alone(self, alone: str) -> None:
        run, job = fanned()
        run.delete()
        resume_fan_outs()
        assert job.folder.exists()

    def test_a_worker_that_cannot_go_on_closes_the_run_with_its_reason(self, alone: str) -> None:
        run, job = fanned()
        (job.folder / "real.json").write_text("{}")
        with pytest.raises(Exception, match="abîmé"):
            shard(job.name, 0, 0)
        assert ended(run)
        assert (run.state, "abîmé" in run.error) == ("failed", True)
        assert not job.folder.exists()

    def test_the_pipeline_fans_out_from_a_number_of_lots_on_and_groups_them(self, alone: str, settings) -> None:
        settings.FAN_OUT_LOTS = 10
        run, needed = start(AS_OF)
        assert needed
        assert ended(run)
        open_now = open_lots(AS_OF).count()
        assert (run.state, run.matched, run.grouped, run.total) == ("done", open_now, open_now, open_now)
        assert not list(jobs.every())
        assert stored() == alone_now()  # the run deduced the firms anew before

    def test_the_pipeline_resumes_what_a_fan_out_lacks(self, alone: str) -> None:
        lots = list(open_lots(AS_OF).values_list("pk", flat=True))
        run = make_run(state="running", total=len(lots), matched=0, grouped=0)
        job = fanout.fan_out(run.pk, lots, shards=2, then="consortia.build")
        fanout.answer(job.name, 0, 0)
        fanout.answer(job.name, 1, 0)
        fanout.finish(job.name, 0)  # stored, but the message for its groupings was lost
        assert resume_run(run) >= 0
        assert ended(run)
        assert run.state == "done"
        assert Outcome.objects.filter(run=run).count() == len(lots)
        assert stored() == alone


# ---------------------------------------------------------------- two machines


def test_two_machines_that_share_a_folder_store_the_rows_of_a_single_process(alone: str) -> None:
    """Each in a network of its own; one reaches the broker and the database by an address, the other no database."""
    if reason := impossible() or (
        "" if "virtual_host=" in settings.CELERY_BROKER_URL else "le courtier n'est pas Redis"
    ):
        pytest.skip(reason)
    with broker(6) as address, hosts(2) as (full, bare), ExitStack() as stack:
        redis, database = Path(address.split("://")[1].split("?")[0]), Path(str(settings.DATABASES["default"]["HOST"]))

        def reached(host: Host, **more: str) -> dict[str, str]:
            port = stack.enter_context(served(host.here, redis))
            number = address.rsplit("=", 1)[1]
            return environment(
                CELERY_BROKER_URL=f"redis://{host.here}:{port}/{number}",
                MAILLAGE_REDIS_URL=f"redis://{host.here}:{port}/0",
                **more,
            )

        port = stack.enter_context(served(full.here, database / ".s.PGSQL.5432"))
        with_database = reached(full, MAILLAGE_DB_HOST=full.here, MAILLAGE_DB_PORT=str(port))
        without = reached(bare, MAILLAGE_DB_HOST="192.0.2.1", MAILLAGE_DB_PORT="5432")
        started = [
            full.start(command("complet"), with_database, ROOT),
            bare.start(command("nu", "shards"), without, ROOT),
        ]
        stack.enter_context(ending(started))
        until(lambda: answering(["complet", "nu"]), "les deux machines ne répondent pas", 180)
        assert through_workers() == alone
        assert done_by("nu").get("matchmaker.shard", 0) > 0
        assert set(done_by("nu")) == {"matchmaker.shard"}
        assert done_by("complet").get("matchmaker.merge", 0) > 0
