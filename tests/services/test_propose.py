"""A split proposed for a need in the database: from the real supply, kept with its certificate."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from django.core.cache import cache

from allotment.domain.optimise import Objective, Wish
from allotment.domain.split import objections
from allotment.models import Need, Split
from allotment.propose import accept, answer, borders, local_firms, studied
from allotment.queries import need_of
from allotment.splits import shapes_of
from matchmaker.models import Firm
from matchmaker.reference import reference
from matchmaker.snapshot import refresh
from tests.buyers import make_need
from tests.factories import grenoble, make_firm

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield


@pytest.fixture
def need() -> Need:
    """Cleaning that ESS firms can do, green spaces that they cannot, in four communes around Grenoble."""
    grenoble(fictitious=True)
    for number, name in enumerate(("Jardins du Drac", "Vert Isère")):
        make_firm(name, trades=["T04"], capacity_eur=15_000 * (number + 1), fictitious=True)
    Firm.objects.update(references=4)
    return make_need(trades={"T01": 120_000, "T04": 60_000}, fictitious=True)


def test_cleaning_by_itself_is_proposed_to_ess_firms_around_grenoble(need: Need) -> None:
    """One lot of both trades has nobody of the ESS; cleaning apart has: two thirds of the amount, in two lots."""
    found = answer(need, Wish(Objective.ESS))
    assert found.front[0].gain_eur == 0
    assert found.front[1].gain_eur == 120_000
    assert all(point.proven for point in found.front)


def test_a_kept_proposal_is_a_version_with_its_certificate_and_the_real_figures(need: Need) -> None:
    found = answer(need, Wish(Objective.ESS, lot_eur=1_000))
    split = accept(need, found, found.best)
    assert split.origin == Split.Origin.OPTIMISER
    assert (split.proof["objective"], split.proof["gap"], split.proof["value"]) == ("ess", 0, found.best.gain_eur)
    lots = list(split.lots.all())
    assert list(objections(need_of(need), shapes_of(lots))) == []
    assert split.totals["ess_eur"] >= found.best.gain_eur


def test_the_quick_count_of_firms_able_alone_is_that_of_the_simulation(need: Need) -> None:
    found = answer(need, Wish(bidders=9))
    split = accept(need, found, found.front[0])
    known = studied(need)
    whole = known.shapes.sets.tolist().index(known.shapes.whole)
    groups = known.supply.count((known.shapes.inside, known.shapes.start), np.arange(1, 4, dtype=np.int64), 9)
    lot = split.lots.get()
    assert groups.alone[whole, 2] == sum(level <= 1 for _firm, level in lot.result["found"]["able"])


def test_an_answer_is_kept_until_the_supply_changes(need: Need) -> None:
    first = answer(need, Wish())
    assert answer(need, Wish()).seconds == first.seconds
    make_firm("Nette Chartreuse", trades=["T01"], capacity_eur=500_000, fictitious=True)
    refresh(True)
    assert answer(need, Wish()).seconds != first.seconds


def test_firms_below_the_least_proof_of_trade_are_left_out(need: Need) -> None:
    known = local_firms(need_of(need), reference(), fictitious=True)
    assert {one.id for one in known} <= set(Firm.objects.values_list("pk", flat=True))
    assert all(one.radius_km for one in known)


def test_borders_tell_what_each_commune_would_change(need: Need) -> None:
    found = answer(need, Wish(Objective.BIDDERS, bidders=1))
    for point in found.front:
        for move in borders(need, found.wish, point):
            assert move.giver.lot != move.taker.lot
            assert sum(move.giver.eur) > 0
