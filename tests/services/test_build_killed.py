"""Groupings of a territory through workers killed mid-way (SIGKILL): nothing lost, nothing twice, progress shown."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from config import pipeline
from config.celery import app
from config.pipeline import resume, start
from consortia.models import Member, Outcome, Proposal
from consortia.verify import verify
from matchmaker.models import Match, Run
from matchmaker.reference import load_reference, reference
from tests.factories import AS_OF, make_firm, make_lot, make_tender
from tests.services.broker import broker, until
from tests.services.conftest import checksum
from tests.services.worker_processes import workers

pytestmark = pytest.mark.django_db(transaction=True)
TOWNS = ("38185", "38421", "38151", "38169", "38229", "38382")
LOTS = 24


@pytest.fixture(autouse=True)
def territory(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Twelve firms and as many chunks of two lots."""
    load_reference()
    known = {"references": 3, "declared_trades": ["T01"], "described_with": reference().version}
    for n in range(12):
        make_firm(f"Propreté {n}", commune_code=TOWNS[n % 6], capacity_eur=60_000 + n, **known)
    tender = make_tender()
    for n in range(LOTS):
        make_lot(f"Lot {n}", tender=tender, amount_eur=200_000 + 1_000 * n)
    monkeypatch.setattr(pipeline, "CHUNK", 2)
    with broker(6):
        yield


def results() -> str:
    """Of all that a run leaves, but the time the solver took."""
    for outcome in Outcome.objects.all():
        outcome.solver |= {"ms": 0}
        outcome.save()
    return checksum(Match, Outcome, Proposal, Member)


def test_workers_killed_mid_way_lose_no_grouping_and_store_none_twice() -> None:
    start(AS_OF, inline=True)
    unhindered = results()
    run, _ = start(AS_OF, force=True)
    seen = [0]

    def grouped() -> int:
        run.refresh_from_db()
        return run.grouped

    for share in (0.1, 0.5):
        with workers("mort", ready=False) as (process,):
            until(lambda share=share: grouped() > share * LOTS, "les groupements n'avancent pas", 180)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        assert run.state == Run.State.RUNNING
        seen.append(grouped())
        stored = Outcome.objects.filter(run=run)
        assert stored.count() >= seen[-1]
        assert stored.filter(lot__proposals__rank=1).count() == stored.count()  # a lot is stored whole or not at all
        app.control.purge()  # what the dead held is never given back in time
        assert resume(run) == LOTS - stored.count() > 0
    with workers("vif"):
        until(lambda: grouped() == LOTS and run.state != Run.State.RUNNING, "le calcul ne reprend pas", 180)
    assert seen == sorted(seen)
    assert run.state == Run.State.DONE
    assert results() == unhindered
    checked = verify()
    assert (checked.lots, checked.faults) == (LOTS, [])
    assert checked.proposals == Proposal.objects.count() >= 10 * LOTS
