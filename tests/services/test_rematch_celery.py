"""Changes through Celery: a real worker takes them, nothing is lost when it dies, news are announced."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils import timezone
from redis import Redis

from config.celery import app
from config.pipeline import settled, start
from config.tasks import catch_up
from consortia.models import Outcome
from consortia.queries import lot_view
from consortia.rebuild import outdated
from consortia.tasks import build
from matchmaker.changes import waiting
from matchmaker.declare import declare
from matchmaker.match import match_lots
from matchmaker.models import Firm, Lot, Match, MatchNews, PendingChange, Run
from matchmaker.news import CHANNEL
from matchmaker.reference import load_reference, reference
from matchmaker.rematch import rematch
from matchmaker.rewrite import COLUMNS
from matchmaker.tasks import match
from tests.factories import AS_OF, make_firm, make_lot, make_tender
from tests.services.broker import broker, until, worker
from tests.services.killing import commands

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def matched(transactional_db: None) -> None:
    """Six firms and four open lots, matched and grouped by a run."""
    load_reference()
    for n in range(6):
        known = {"declared_trades": ["T01"], "trade_source": "declared", "headcount_band": "12"}
        make_firm(f"N{n}", capacity_eur=60_000 + n, described_with=reference().version, **known)
    tender = make_tender()
    for n in range(4):
        make_lot(f"Lot {n}", tender=tender, amount_eur=200_000 + 1_000 * n)
    start(AS_OF, inline=True)
    assert settled()


def stored() -> list[object]:
    return list(Match.objects.order_by("lot_id", "rank").values_list("lot_id", *COLUMNS))


def change(firm: Firm, middle: int = 500_000) -> None:
    firm.capacity_low_eur, firm.capacity_mid_eur, firm.capacity_high_eur = middle // 2, middle, middle * 2
    firm.updated_at = timezone.now()
    firm.save()


def same_as_all_matched() -> bool:
    before = stored()
    match_lots(Lot.objects.values_list("pk", flat=True))
    return stored() == before


class TestThroughAWorker:
    @pytest.fixture(autouse=True)
    def working(self, matched: None) -> Iterator[None]:
        with broker(9), worker():
            yield

    def test_a_declaration_reaches_matches_groupings_and_those_who_listen(self) -> None:
        user = get_user_model().objects.create(username="equipe", is_staff=True)
        with Redis.from_url(settings.REDIS_URL) as redis, redis.pubsub() as heard:
            heard.subscribe(CHANNEL)
            heard.get_message(timeout=5)
            firm = declare(Firm.objects.get(name="N3"), 40, timezone.localdate(), user)
            until(lambda: not waiting().exists(), "le rapprochement ne vient pas")
            until(settled, "les groupements ne viennent pas")
            message = heard.get_message(timeout=10)
        assert Match.objects.filter(firm=firm, rank=1, solo=True).count() == 4
        assert Outcome.objects.filter(updated_at__gt=firm.updated_at).count() == 4
        assert message is not None
        told = json.loads(message["data"])
        assert told["sirets"] == [firm.siret]
        assert told["last"] == MatchNews.objects.latest("pk").pk
        assert same_as_all_matched()

    def test_messages_lost_are_found_again(self) -> None:
        app.control.cancel_consumer("celery", reply=True)
        change(Firm.objects.get(name="N1"))
        app.control.purge()
        app.control.add_consumer("celery", reply=True)
        assert waiting().exists()
        catch_up.delay()
        until(settled, "rien n'est rattrapé")
        assert same_as_all_matched()

    def test_many_messages_make_one_pass(self) -> None:
        app.control.cancel_consumer("celery", reply=True)
        for firm in Firm.objects.all():
            change(firm)
        for _ in range(5):
            app.send_task("matchmaker.rematch")
        first = Lot.objects.order_by("matched_at").last().matched_at
        app.control.add_consumer("celery", reply=True)
        until(settled, "rien n'est rapproché")
        assert Lot.objects.filter(matched_at__gt=first).count() == 4
        assert Lot.objects.values("matched_at").distinct().count() == 1
        assert Run.objects.count() == 1


class TestNextToARun:
    def test_a_change_during_a_run_is_taken_after_it_or_meanwhile_never_lost(self) -> None:
        with broker(9):  # nobody works: this process plays the workers, in the order of the test
            run, _ = start(AS_OF, force=True)
            first, *rest = Lot.objects.order_by("pk").values_list("pk", flat=True)
            match(run.pk, [first])
            change(Firm.objects.get(name="N2"))
            rematch()
            match(run.pk, rest)
            build(run.pk, [first, *rest])
            run.refresh_from_db()
            assert run.state == "done"
            assert not PendingChange.objects.exists()
            assert same_as_all_matched()

    def test_a_change_before_a_run_that_is_done_is_forgotten_with_it(self) -> None:
        change(Firm.objects.get(name="N2"))
        start(AS_OF, force=True, inline=True)
        assert not PendingChange.objects.exists()
        assert settled()
        assert same_as_all_matched()

    def test_a_change_committed_late_outlives_the_run_that_did_not_see_it(self) -> None:
        seen, go = threading.Event(), threading.Event()

        def late() -> None:
            with transaction.atomic():
                change(Firm.objects.get(name="N4"))
                seen.set()
                go.wait(60)
            connection.close()

        thread = threading.Thread(target=late)
        thread.start()
        seen.wait(60)
        start(AS_OF, force=True, inline=True)
        go.set()
        thread.join()
        assert waiting().exists()
        rematch()
        assert same_as_all_matched()

    def test_two_passes_at_once_end_as_one(self) -> None:
        change(Firm.objects.get(name="N2"))
        raised: list[BaseException] = []

        def take() -> None:
            try:
                rematch()
            except BaseException as error:
                raised.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=take) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert raised == []
        assert MatchNews.objects.filter(kind="solo", firm__name="N2").count() == 4
        assert same_as_all_matched()

    def test_a_grouping_is_said_to_be_sought_again_until_it_is(self) -> None:
        change(Firm.objects.get(name="N2"))
        rematch()
        lot = Lot.objects.all()[0]
        assert lot_view(lot.pk).recomputing
        assert outdated().count() == 4
        start(AS_OF, inline=True)
        assert not lot_view(lot.pk).recomputing

    def test_closed_lots_wait_for_nothing(self) -> None:
        Lot.objects.update(deadline=timezone.now() - timedelta(days=400))
        change(Firm.objects.get(name="N2"))
        rematch()
        assert settled()


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.85, 0.95])
def test_killed_anywhere_a_pass_is_done_again_and_tells_nothing_twice(share: float, tmp_path: Path) -> None:
    """``kill -9`` right after one of its statements or commits; ``manage.py rematch`` is that pass."""
    change(Firm.objects.get(name="N2"))
    with commands(["rematch"], tmp_path / "log", {"MAILLAGE_IMPORT_BATCH": "0"}) as order:
        whole = order()
        assert whole["code"] == 0, (tmp_path / "log").read_text()
        change(Firm.objects.get(name="N5"), 700_000)
        MatchNews.objects.all().delete()
        assert order(statements=max(1, round(share * whole["statements"])))["killed"]
        assert order()["code"] == 0
    assert not waiting().exists()
    assert MatchNews.objects.filter(kind="solo", firm__name="N5").count() == 4
    assert MatchNews.objects.values("lot", "firm", "kind").distinct().count() == MatchNews.objects.count()
    assert same_as_all_matched()
