"""The index against an independent brute force in plain Python: the same firms, the same bits."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.domain.point import Point
from matchmaker.domain import index as index_module
from matchmaker.domain.answers import Answers
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.lotindex import LotIndex
from matchmaker.domain.notice import Reservation
from matchmaker.domain.pair import pair
from matchmaker.domain.query import Answer, IndexedFirm, LotQuery
from matchmaker.domain.segment import segments_of
from matchmaker.domain.trade import LotTrade
from tests.domain.matching_oracle import CENTRES, F, R, brute_force, markets, territories, told


@pytest.mark.parametrize("compiled", [True, False])
@given(territories(), st.integers(0, 8))
@settings(max_examples=100)
def test_the_index_gives_the_firms_of_a_brute_force_to_the_last_bit(
    compiled: bool, territory: tuple[list[IndexedFirm], LotQuery], k: int
) -> None:
    firms, lot = territory
    rows, supply, alone = brute_force(firms, lot, k)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_module, "COMPILED", compiled)
        answer = FirmIndex(firms, R).ask(lot, k)
    assert [told(found) for found in answer.top] == rows
    assert (answer.supply, answer.solo) == (supply, alone)


@given(territories())
@settings(max_examples=40)
def test_the_index_and_the_plain_definition_of_a_pair_agree(territory: tuple[list[IndexedFirm], LotQuery]) -> None:
    firms, lot = territory
    found = sorted((one for firm in firms if (one := pair(firm, lot, R))), key=lambda one: (-one.score, one.id))
    assert FirmIndex(firms, R).ask(lot, 12).top == tuple(found)


@given(markets(), st.integers(0, 4))
@settings(max_examples=40)
def test_both_directions_agree(market: tuple[list[IndexedFirm], list[LotQuery]], k: int) -> None:
    firms, lots = market
    index = LotIndex([(10 * number, lot) for number, lot in enumerate(lots)], R)
    answers = FirmIndex(firms, R).ask_many(lots, 12)
    for firm in firms:
        met = [(10 * number, one) for number, answer in enumerate(answers) for one in answer.top if one.id == firm.id]
        assert index.touched(firm) == [number for number, _ in met]
        assert index.ask(firm, k) == sorted(met, key=lambda lot: (-lot[1].score, lot[0]))[:k]


@given(markets(), st.lists(st.integers(0, 2**32), max_size=1), st.integers(0, 5))
@settings(max_examples=40)
def test_the_best_of_the_shards_are_the_best_of_the_whole(
    market: tuple[list[IndexedFirm], list[LotQuery]], at: list[int], k: int
) -> None:
    firms, lots = market
    at += [int(keys.rows.hilbert[len(keys) // 2]) for keys in segments_of(firms, R).values()]  # between neighbours
    index = FirmIndex(firms, R)
    cuts = [0, *at, 2**32]
    parts = [index.ask_many(lots, k, shard) for shard in pairwise(sorted(cuts))]
    for place, whole in enumerate(index.ask_many(lots, k)):
        found = sorted((one for part in parts for one in part[place].top), key=lambda one: (-one.score, one.id))
        assert tuple(found[:k]) == whole.top
        assert sum(part[place].supply for part in parts) == whole.supply
        assert sum(part[place].solo for part in parts) == whole.solo


@given(markets(), st.integers(1, 3))
@settings(max_examples=40)
def test_threads_and_leaving_the_counts_change_nothing(
    market: tuple[list[IndexedFirm], list[LotQuery]], threads: int
) -> None:
    firms, lots = market
    index = FirmIndex(firms, R)
    one, other = index.ask_arrays(lots, 5), index.ask_arrays(lots, 5, counts=False, threads=threads)
    for name in Answers._fields[:9]:
        assert np.array_equal(getattr(one, name), getattr(other, name))


@given(territories())
@settings(max_examples=40)
def test_the_order_firms_come_in_changes_nothing(territory: tuple[list[IndexedFirm], LotQuery]) -> None:
    firms, lot = territory
    assert FirmIndex(firms, R).ask(lot, 12) == FirmIndex(reversed(firms), R).ask(lot, 12)


@given(territories(), st.integers(0, 12))
@settings(max_examples=40)
def test_a_shorter_answer_is_the_beginning_of_a_longer_one(
    territory: tuple[list[IndexedFirm], LotQuery], k: int
) -> None:
    firms, lot = territory
    index = FirmIndex(firms, R)
    assert index.ask(lot, k).top == index.ask(lot, 12).top[:k]


# ---------------------------------------------------------------- named cases

NANTES = CENTRES[0]
PAINTING = LotQuery((LotTrade((("T07", 1.0),), 1.0),), NANTES, yearly_eur=100_000)
_ids = count(1)


def painter(**more: object) -> IndexedFirm:
    facts = {"id": next(_ids), "point": NANTES, "trades": ("T07",), "trust": 0.8, "capacity_eur": 50_000}
    return IndexedFirm(**(facts | more))  # type: ignore[arg-type]


def ask(*firms: IndexedFirm, lot: LotQuery = PAINTING) -> Answer:
    return FirmIndex(firms, R).ask(lot, 10)


def test_no_firm_at_all_is_an_empty_answer() -> None:
    assert ask() == Answer((), 0, 0)


def test_one_firm_is_found_with_the_parts_that_make_its_score() -> None:
    (found,) = ask(painter(ess="yes")).top
    assert found.parts == (0.8, 0.0, 1.0, 0.5, 0.0, 1.0)
    assert found.score == F.trade * 0.8 + F.distance + F.capacity * 0.5 + F.ess
    assert (found.trade, found.distance_km, found.radius_km, found.solo) == ("T07", 0.0, 40.0, False)


def test_equal_firms_rank_by_their_number() -> None:
    firms = [painter(id=number) for number in (31, 7, 19)]
    assert [found.id for found in ask(*firms).top] == [7, 19, 31]


def test_a_firm_without_capacity_is_in_reach_but_never_able_alone() -> None:
    answer = ask(painter(capacity_eur=0))
    assert (answer.supply, answer.solo, answer.top[0].parts.capacity) == (1, 0, 0.0)


def test_capacity_for_the_whole_lot_makes_a_firm_able_alone() -> None:
    assert ask(painter(capacity_eur=100_000)).solo == 1
    assert ask(painter(capacity_eur=99_999)).solo == 0


def test_nobody_is_able_alone_when_the_amount_is_unknown() -> None:
    assert ask(painter(capacity_eur=10**9), lot=replace(PAINTING, yearly_eur=None)).solo == 0


def test_a_declared_radius_replaces_the_one_of_the_trade() -> None:
    angers = Point(-0.5518, 47.4736)  # 80 km away, 105 by road: beyond 1.5 x 40 km
    assert ask(painter(point=angers)).supply == 0
    assert ask(painter(point=angers, declared_radius_km=100)).supply == 1


def test_an_uncertain_place_widens_every_radius() -> None:
    angers = Point(-0.5518, 47.4736)
    assert ask(painter(point=angers), lot=replace(PAINTING, uncertainty_km=35)).supply == 1


def test_a_firm_of_two_trades_counts_once_and_serves_both_needs() -> None:
    both = LotQuery((LotTrade((("T07", 1.0),), 0.5), LotTrade((("T04", 0.4),), 0.5)), NANTES, yearly_eur=40_000)
    answer = ask(painter(trades=("T04", "T07")), lot=both)
    assert answer.supply == 1
    assert (answer.top[0].trade, answer.top[0].served, answer.top[0].solo) == ("T07", ("T07", "T04"), True)


def test_any_option_of_a_need_serves_it() -> None:
    vague = LotQuery((LotTrade((("T04", 0.4), ("T07", 0.4)), 1.0),), NANTES)
    assert ask(painter(), lot=vague).top[0].served == ("T04",)


def test_an_employment_agency_never_produces_but_lends() -> None:
    agency = painter(trades=("T07", "T44"), inclusive_kind="ETTI")
    assert ask(agency).supply == 0
    assert ask(agency, lot=LotQuery((LotTrade((("T44", 1.0),), 1.0),), NANTES)).supply == 1


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_firm_moved_farther_never_scores_higher(one: float, other: float) -> None:
    close, far = sorted((one, other))
    scores = [ask(painter(point=Point(NANTES.lon, NANTES.lat + degrees))).top for degrees in (close, far)]
    near_score, far_score = (top[0].score if top else 0.0 for top in scores)
    assert far_score <= near_score


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_firm_with_more_room_never_scores_lower(one: int, other: int) -> None:
    less, more = (ask(painter(capacity_eur=value)).top[0].score for value in sorted((one, other)))
    assert less <= more


@pytest.mark.parametrize("reservation", [r for r in Reservation if r is not Reservation.NONE])
def test_an_ordinary_firm_is_never_found_on_a_reserved_lot(reservation: Reservation) -> None:
    assert ask(painter(capacity_eur=10**9), lot=replace(PAINTING, reservation=reservation)).supply == 0


# ---------------------------------------------------------------- declared départements

GRENOBLE, CHAMBERY, MONTELIMAR = Point(5.7245, 45.1885), Point(5.9203, 45.5646), Point(4.7500, 44.5580)


def painting(place: Point, departement: str) -> LotQuery:
    return replace(PAINTING, point=place, departement=departement)


def test_une_regie_qui_declare_isere_et_drome_est_proposee_a_120_km_en_drome_pas_en_savoie_voisine() -> None:
    regie = painter(point=GRENOBLE, departements=("26", "38"))
    assert ask(regie, lot=painting(CHAMBERY, "")).supply == 1  # 58 km by road: its radius alone would do
    assert ask(regie, lot=painting(CHAMBERY, "73")).supply == 0
    (found,) = ask(regie, lot=painting(MONTELIMAR, "26")).top
    assert found.distance_km > 120
    assert found.parts.distance == 0.25 / (1 + found.distance_km * 1000 / 40_000)


def test_inside_its_area_a_nearer_firm_still_ranks_higher() -> None:
    near, far = (painter(point=place, departements=("26",)) for place in (Point(4.9, 44.9), GRENOBLE))
    assert [one.id for one in ask(far, near, lot=painting(MONTELIMAR, "26")).top] == [near.id, far.id]


def test_a_declared_area_gives_no_advantage_where_the_radius_is_enough() -> None:
    lot = painting(GRENOBLE, "38")
    plain, zoned = (ask(painter(point=GRENOBLE, departements=area), lot=lot).top[0] for area in ((), ("38",)))
    assert plain.score == zoned.score


def test_a_place_whose_departement_is_unknown_is_judged_by_the_radius() -> None:
    region = replace(PAINTING, point=CHAMBERY, uncertainty_km=20.0)
    assert ask(painter(point=GRENOBLE, departements=("974",)), lot=region).supply == 1


def test_a_departement_that_does_not_exist_is_as_if_not_declared() -> None:
    assert ask(painter(departements=("99",)), lot=painting(NANTES, "44")).supply == 1
