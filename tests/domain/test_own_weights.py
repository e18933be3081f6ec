"""A person may rank with weights of their own: the same parts, the same firms, another order."""

from __future__ import annotations

from dataclasses import replace

from geo.domain.point import Point
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.query import IndexedFirm, LotQuery
from matchmaker.domain.trade import LotTrade
from tests.domain.tables import shipped

R = shipped()
LOT = LotQuery((LotTrade((("T07", 1.0),), 1.0),), Point(5.72, 45.18), yearly_eur=60_000)
NEAR = IndexedFirm(1, Point(5.73, 45.19), ("T07",), 0.5, 10_000)
APT = IndexedFirm(2, Point(5.95, 45.35), ("T07",), 1.0, 90_000)


def test_a_person_who_only_counts_distance_sees_the_nearest_first() -> None:
    own = replace(R.formula, trade=0.0, text=0.0, distance=100.0, capacity=0.0, evidence=0.0, ess=0.0)
    index = FirmIndex([NEAR, APT], R)
    assert [one.id for one in index.ask(LOT, 5).top] == [2, 1]
    mine = index.ask(LOT, 5, own)
    assert [one.id for one in mine.top] == [1, 2]
    assert [one.score for one in mine.top] == [100.0 * one.parts.distance for one in mine.top]


def test_the_weights_of_one_question_leave_the_next_alone() -> None:
    index = FirmIndex([NEAR, APT], R)
    before = index.ask(LOT, 5)
    index.ask(LOT, 5, replace(R.formula, trade=0.0, ess=50.0))
    assert index.ask(LOT, 5) == before
