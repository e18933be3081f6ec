"""The pipeline: nothing twice, nothing lost, and a run always comes to an end that says how."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from config.celery import app
from config.pipeline import counts, resume, start
from config.tasks import refresh
from consortia.build import build_lots
from consortia.models import Member, Outcome, Proposal
from consortia.tasks import build
from matchmaker.changes import waiting
from matchmaker.match import match_lots
from matchmaker.models import Firm, Lot, Match, ReferenceRow, Run
from matchmaker.queries import open_lots
from matchmaker.reference import load_reference, reference
from matchmaker.runs import advance
from matchmaker.tasks import match
from tests.factories import AS_OF, make_firm, make_lot, make_tender
from tests.services.broker import broker, until, worker
from tests.services.conftest import checksum

TOWNS = ("38185", "38421", "38151", "38169", "38229", "38382")
RESULTS = (Match, Outcome, Proposal, Member)


def supply() -> list[Firm]:
    """Six firms, deduced with the tables in force."""
    known = {"references": 3, "declared_trades": ["T01"], "described_with": reference().version}
    return [make_firm(f"Propreté {n}", commune_code=TOWNS[n % 6], capacity_eur=60_000 + n, **known) for n in range(6)]


def lots(count: int) -> list[Lot]:
    tender = make_tender()
    return [make_lot(f"Lot {n}", tender=tender, amount_eur=(200_000 + 1_000 * n)) for n in range(count)]


def results() -> str:
    """Of all that a run leaves, but the time the solver took."""
    for outcome in Outcome.objects.all():
        outcome.solver |= {"ms": 0}
        outcome.save()
    return checksum(*RESULTS)


@pytest.fixture
def ready(db: None) -> None:
    load_reference()
    supply()
    lots(3)


@pytest.fixture
def committed(transactional_db: None) -> None:
    """The same, seen by other processes; two chunks of lots."""
    load_reference()
    supply()
    lots(25)


# ---------------------------------------------------------------- inline


@pytest.mark.usefixtures("ready")
class TestWhatChangesAndWhatDoesNot:
    def test_every_open_lot_is_matched_and_concluded(self) -> None:
        run, needed = start(AS_OF, inline=True)
        assert needed
        assert (run.state, run.total, run.matched, run.grouped) == ("done", 3, 3, 3)
        assert run.finished_at is not None
        assert counts(run) == {"lots": 3, "matched": 3, "solo": 0, "proposed": 3}
        assert not Lot.objects.filter(outcome=None).exists()

    def test_unchanged_inputs_make_no_new_work(self) -> None:
        run, _ = start(AS_OF, inline=True)
        before = list(Match.objects.values_list("pk")), list(Outcome.objects.values_list("pk", "updated_at"))
        again, needed = start(AS_OF, inline=True)
        assert (again.pk, needed, Run.objects.count()) == (run.pk, False, 1)
        assert (list(Match.objects.values_list("pk")), list(Outcome.objects.values_list("pk", "updated_at"))) == before

    @pytest.mark.parametrize("change", ["firm", "closed", "tender", "lot"])
    def test_a_firm_or_lot_that_changes_is_brought_up_to_date_without_a_new_run(self, change: str) -> None:
        run, _ = start(AS_OF, inline=True)
        known = {"declared_trades": ["T01"], "described_with": reference().version}
        match change:
            case "firm":
                make_firm("Nouvelle", **known)
            case "closed":
                firm = Firm.objects.all()[0]
                firm.active = False
                firm.save()
            case "tender":
                Lot.objects.all()[0].tender.save()
            case "lot":
                make_lot("Un de plus")
        again, needed = start(AS_OF, inline=True)
        assert (again.pk, needed) == (run.pk, True)
        assert start(AS_OF, inline=True) == (run, False)
        followed = results()
        start(AS_OF, inline=True, force=True)
        assert results() == followed

    def test_more_changes_than_a_few_make_a_new_run(self) -> None:
        run, _ = start(AS_OF, inline=True)
        row = ReferenceRow.objects.get(table="parameter", key="rematch.max_changes")
        row.values |= {"value": "2"}
        row.save()
        run, _ = start(AS_OF, inline=True)
        for _ in range(3):
            make_firm("Nouvelle", described_with=reference().version)
        again, needed = start(AS_OF, inline=True)
        assert needed
        assert again.pk != run.pk
        assert start(AS_OF, inline=True) == (again, False)

    def test_what_a_failed_run_left_is_not_lost(self) -> None:
        run, _ = start(AS_OF, inline=True)
        make_firm("Nouvelle", declared_trades=["T01"], described_with=reference().version)
        failed, _ = start(AS_OF, force=True)  # its messages never leave: this transaction does not end
        Run.objects.filter(pk=failed.pk).update(state="failed")
        assert start(AS_OF, inline=True) == (run, True)
        assert not waiting().exists()
        assert {lot.supply_count for lot in Lot.objects.all()} == {7}

    @pytest.mark.parametrize("change", ["table", "date", "force"])
    def test_any_change_of_what_decides_all_lots_makes_a_new_run(self, change: str) -> None:
        run, _ = start(AS_OF, inline=True)
        more: dict[str, Any] = {}
        match change:
            case "table":
                row = ReferenceRow.objects.get(table="parameter", key="distance.road_factor")
                row.values |= {"value": "1.4"}
                row.save()
            case "force":
                more = {"force": True}
        again, needed = start(AS_OF + timedelta(days=change == "date"), inline=True, **more)
        assert needed
        assert again.pk != run.pk
        assert again.state == "done"

    def test_a_forced_run_on_the_same_inputs_ends_the_same(self) -> None:
        start(AS_OF, inline=True)
        before = results()
        start(AS_OF, inline=True, force=True)
        assert results() == before

    def test_no_open_lot_is_a_run_that_is_done(self) -> None:
        run, _ = start(date(2031, 1, 1), inline=True)
        assert (run.state, run.total) == ("done", 0)

    def test_only_lots_one_can_still_answer_count(self) -> None:
        closed = make_lot("Clos", deadline=timezone.make_aware(timezone.datetime(2026, 11, 22, 12)))
        award = make_lot("Attribué", tender=make_tender(kind="award"))
        undated = make_lot("Sans date limite", deadline=None)
        old = make_lot("Oublié", deadline=None, tender=make_tender(published_on=AS_OF - timedelta(days=91)))
        known = set(open_lots(AS_OF).values_list("pk", flat=True))
        assert undated.pk in known
        assert not known & {closed.pk, award.pk, old.pk}

    def test_the_command_tells_what_was_found_then_that_nothing_changed(self) -> None:
        out = StringIO()
        call_command("pipeline", "--as-of", AS_OF.isoformat(), "--inline", stdout=out)
        assert "3 lots ouverts au 23/11/2026 : 3 ont des entreprises à portée" in out.getvalue()
        assert "3 un groupement" in out.getvalue()
        call_command("pipeline", "--as-of", AS_OF.isoformat(), "--inline", stdout=out)
        assert "Rien n'a changé depuis le calcul du" in out.getvalue()

    def test_a_date_seen_again_after_another_is_computed_again(self) -> None:
        """The lots of the first run belong to the second one by then."""
        first, _ = start(AS_OF, inline=True)
        start(AS_OF - timedelta(days=1), inline=True)
        again, needed = start(AS_OF, inline=True)
        assert needed
        assert again.pk != first.pk
        assert counts(again)["lots"] == first.total


@pytest.mark.usefixtures("ready")
class TestARunAlwaysEnds:
    def test_a_failure_closes_the_run_with_its_reason(self) -> None:
        run = Run.objects.create(as_of=AS_OF, total=3)
        ReferenceRow.objects.filter(table="trade", key="T07").delete()
        row = ReferenceRow.objects.get(table="trade", key="T01")
        row.values |= {"hourly_eur": "99"}
        row.save()
        with pytest.raises(Exception, match="Métier T01"):
            match(run.pk, list(Lot.objects.values_list("pk", flat=True)))
        run.refresh_from_db()
        assert run.state == "failed"
        assert "Métier T01" in run.error
        assert run.finished_at is not None

    def test_a_newer_run_closes_the_one_under_way_whose_late_tasks_do_nothing(self) -> None:
        old = Run.objects.create(as_of=AS_OF, total=3, fingerprint="autre")
        new, _ = start(AS_OF, inline=True)
        old.refresh_from_db()
        assert (old.state, old.error) == ("failed", "Remplacé par un calcul plus récent.")
        before = checksum(*RESULTS)
        ids = list(Lot.objects.values_list("pk", flat=True))
        match(old.pk, ids)
        build(old.pk, ids)
        assert checksum(*RESULTS) == before
        assert Lot.objects.filter(run=new).count() == Outcome.objects.filter(run=new).count() == 3

    def test_progress_never_goes_back(self) -> None:
        run = Run.objects.create(as_of=AS_OF, total=9)
        advance(run.pk, grouped=6, matched=8)
        advance(run.pk, grouped=4)
        run.refresh_from_db()
        assert (run.matched, run.grouped) == (8, 6)

    def test_a_run_whose_last_lots_were_withdrawn_is_done(self) -> None:
        run = Run.objects.create(as_of=AS_OF, total=3)
        first, *others = Lot.objects.values_list("pk", flat=True)
        match(run.pk, [first])
        build(run.pk, [first])
        Lot.objects.filter(pk__in=others).delete()
        run.refresh_from_db()
        assert (run.state, run.grouped) == ("running", 1)
        assert resume(run) == 0
        run.refresh_from_db()
        assert run.state == "done"

    def test_the_same_tasks_delivered_twice_do_no_harm(self) -> None:
        run = Run.objects.create(as_of=AS_OF, total=3)
        ids = list(Lot.objects.order_by("pk").values_list("pk", flat=True))
        match(run.pk, ids[:2])
        build(run.pk, ids[:2])
        before = results()
        for _ in range(2):
            match(run.pk, ids[:2])
            build(run.pk, ids[:2])
        assert results() == before
        run.refresh_from_db()
        assert (run.state, run.matched, run.grouped) == ("running", 2, 2)


# ---------------------------------------------------------------- with Celery


@pytest.fixture(scope="module")
def celery_worker(django_db_setup: None) -> Iterator[None]:
    """One worker for the tests of this module."""
    with broker(6), worker():
        yield


def wait_for(run: Run) -> Run:
    def ended() -> bool:
        run.refresh_from_db()
        return run.state != Run.State.RUNNING

    until(ended, "le calcul ne finit pas")
    return run


@pytest.mark.usefixtures("committed", "celery_worker")
class TestThroughCelery:
    def test_a_round_trip_completes_and_counts_every_lot(self) -> None:
        run, needed = start(AS_OF)
        assert needed
        wait_for(run)
        assert (run.state, run.total, run.matched, run.grouped, run.error) == ("done", 25, 25, 25, "")
        through_celery = results()
        start(AS_OF, force=True, inline=True)
        assert results() == through_celery

    def test_the_command_waits_and_tells(self) -> None:
        out = StringIO()
        call_command("pipeline", "--as-of", AS_OF.isoformat(), "--wait", stdout=out)
        assert "25 lots ouverts au 23/11/2026" in out.getvalue()

    def test_messages_lost_with_their_broker_are_sent_again(self) -> None:
        app.control.cancel_consumer("celery", reply=True)
        run, _ = start(AS_OF)
        assert app.control.purge() == 2
        joined, needed = start(AS_OF)
        assert (joined.pk, needed) == (run.pk, True)  # the same inputs: the run under way is joined
        assert app.control.purge() == 0
        assert (run.state, Outcome.objects.count()) == ("running", 0)
        app.control.add_consumer("celery", reply=True)
        assert resume(run) == 25
        assert wait_for(run).state == "done"
        assert Outcome.objects.filter(run=run).count() == 25

    def test_nothing_is_sent_when_the_transaction_is_undone(self) -> None:
        app.control.cancel_consumer("celery", reply=True)
        with pytest.raises(RuntimeError), transaction.atomic():
            start(AS_OF)
            raise RuntimeError
        assert app.control.purge() == 0
        assert not Run.objects.exists()
        app.control.add_consumer("celery", reply=True)

    def test_the_daily_refresh_goes_the_same_way(self) -> None:
        Lot.objects.update(deadline=timezone.now() + timedelta(days=30))
        refresh.delay()
        until(Run.objects.exists, "le rafraîchissement ne part pas")
        assert wait_for(Run.objects.get()).grouped == 25


@pytest.mark.usefixtures("committed")
class TestTwoAtOnce:
    @pytest.mark.parametrize("work", [match_lots, build_lots])
    def test_one_lot_worked_by_two_at_once_ends_once(self, work: Callable[[list[int]], int]) -> None:
        """The second waits for the first to commit, then does the same work again."""
        lot = Lot.objects.order_by("pk")[0]
        match_lots([lot.pk])
        raised: list[BaseException] = []

        def second() -> None:
            try:
                work([lot.pk])
            except BaseException as error:
                raised.append(error)
            finally:
                connection.close()

        thread = threading.Thread(target=second)
        with transaction.atomic():
            work([lot.pk])
            thread.start()
            thread.join(1.0)
            assert thread.is_alive()
        thread.join(30)
        assert raised == []
        assert lot.matches.count() == 6
        assert Outcome.objects.filter(lot=lot).count() == (work is build_lots)

    def test_without_a_worker_the_command_says_which_one_to_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("config.management.commands.pipeline.STALLED_S", 0)
        with broker(7), pytest.raises(CommandError, match=r"lancez « \./run worker »"):
            call_command("pipeline", "--as-of", AS_OF.isoformat(), "--wait", stdout=StringIO())
