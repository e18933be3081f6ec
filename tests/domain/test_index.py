"""The index against an independent brute force in plain Python: the same firms, the same bits."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.domain.point import Point
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.notice import Reservation
from matchmaker.domain.query import Answer, Found, IndexedFirm, LotQuery
from matchmaker.domain.trade import LotTrade
from tests.domain.tables import shipped

R = shipped()
EARTH_M = 6_371_009
RESERVED = {
    "ea_esat": {"EA", "EATT", "ESAT"},
    "siae": {"EI", "ETTI", "ACI", "AI", "EITI"},
    "prison": {"SEP"},
    "ea_esat_siae": {"EA", "EATT", "ESAT", "EI", "ETTI", "ACI", "AI", "EITI"},
}
LENDERS = {"ETTI", "AI", "EATT", "GEIQ"}
TRADES = ("T01", "T04", "T07", "T22", "T41", "T44")  # radius 25, 35, 40, 300, 15, 40 km


# ---------------------------------------------------------------- the oracle, with math only


def metres(place: Point) -> tuple[int, int, int]:
    lon, lat = math.radians(place.lon), math.radians(place.lat)
    return (
        round(EARTH_M * math.cos(lat) * math.cos(lon)),
        round(EARTH_M * math.cos(lat) * math.sin(lon)),
        round(EARTH_M * math.sin(lat)),
    )


def road_km(a: Point, b: Point) -> float:
    square = sum((i - j) ** 2 for i, j in zip(metres(a), metres(b), strict=True))
    return math.sqrt(float(square)) / 1000.0 * 1.3


def may_answer(firm: IndexedFirm, reservation: Reservation) -> bool:
    if reservation.value == "none":
        return True
    if reservation.value == "ess":
        return firm.ess == "yes"
    return firm.inclusive_kind in RESERVED[reservation.value]


def scored(firm: IndexedFirm, lot: LotQuery, trade: str, fit: float) -> tuple[float, tuple[float, ...]] | None:
    """Score and parts of a firm in one trade, None when it is out of reach or does not do it."""
    if trade not in firm.trades or (firm.inclusive_kind in LENDERS and trade != "T44"):
        return None
    radius = (firm.declared_radius_km or R.trades[trade].radius_km) + lot.uncertainty_km
    near = min(1.0, max(0.0, 1.5 - road_km(firm.point, lot.point) / radius))
    if near <= 0:
        return None
    room = 0.5 if lot.yearly_eur is None else min(1.0, float(firm.capacity_eur) / float(lot.yearly_eur))
    ess = 1.0 if firm.ess == "yes" else 0.0
    proof = fit * firm.trust
    return 45.0 * proof + 25.0 * near + 20.0 * room + 10.0 * ess, (proof, near, room, ess)


def brute_force(firms: list[IndexedFirm], lot: LotQuery, k: int) -> tuple[list[tuple[object, ...]], int, int]:
    """(rows, supply, able alone): each firm once, in the trade it scores best in, by score then id."""
    rows = []
    alone = 0
    for firm in firms:
        if not may_answer(firm, lot.reservation):
            continue
        best = None
        served = []
        for need in lot.trades:
            found = [(trade, scored(firm, lot, trade, fit)) for trade, fit in need.options]
            known = [(result[0], trade, result[1]) for trade, result in found if result]
            if known:
                served.append(need.trade)
            for score, trade, parts in sorted(known, key=lambda row: (-row[0], row[1])):
                if best is None or score > best[0]:
                    best = (score, trade, parts)
        if best:
            solo = lot.yearly_eur is not None and firm.capacity_eur >= lot.yearly_eur and len(served) == len(lot.trades)
            alone += solo
            rows.append((firm.id, best[0], best[1], best[2], tuple(served), solo, road_km(firm.point, lot.point)))
    rows.sort(key=lambda row: (-row[1], row[0]))
    return rows[:k], len(rows), alone


def told(found: Found) -> tuple[object, ...]:
    return (found.id, found.score, found.trade, found.parts, found.served, found.solo, found.distance_km)


# ---------------------------------------------------------------- random territories

CENTRES = [
    Point(-1.5534, 47.2173),  # Nantes
    Point(55.4504, -20.8823),  # Saint-Denis de La Réunion
    Point(179.98, -16.5),  # on the antimeridian
    Point(-180.0, -14.0),
    Point(2.35, 90.0),  # a pole, where longitudes meet
]
CAPACITIES = st.sampled_from([0, 1, 30_000, 60_000, 99_999, 100_000, 100_001, 10**9])
KINDS = st.sampled_from(["", "", "EI", "ACI", "ETTI", "AI", "EA", "ESAT", "GEIQ", "SEP"])


@st.composite
def places(draw: st.DrawFn, centre: Point) -> Point:
    """Near a centre, often exactly the same place as another one."""
    east = draw(st.sampled_from([0.0, 0.0, 0.1, -0.1]) | st.floats(-0.9, 0.9))
    north = draw(st.sampled_from([0.0, 0.0, 0.1]) | st.floats(-0.5, 0.5))
    lon = (centre.lon + east + 180) % 360 - 180
    return Point(lon, max(-90.0, min(90.0, centre.lat + north)))


@st.composite
def territories(draw: st.DrawFn, most: int = 12) -> tuple[list[IndexedFirm], LotQuery]:
    centre = draw(st.sampled_from(CENTRES))
    numbers = draw(st.lists(st.integers(1, 40), unique=True, max_size=most))
    firms = [
        IndexedFirm(
            id=number,
            point=draw(places(centre)),
            trades=tuple(draw(st.lists(st.sampled_from(TRADES), min_size=1, max_size=3, unique=True))),
            trust=draw(st.sampled_from([1.0, 0.8, 0.35])),
            capacity_eur=draw(CAPACITIES),
            ess=draw(st.sampled_from(["yes", "no", "verify"])),
            inclusive_kind=draw(KINDS),
            declared_radius_km=draw(st.sampled_from([None, None, 5.0, 80.0])),
        )
        for number in numbers
    ]
    options = st.lists(
        st.tuples(st.sampled_from(TRADES), st.sampled_from([1.0, 0.9, 0.4])),
        min_size=1,
        max_size=3,
        unique_by=lambda option: option[0],
    )
    needs = draw(st.lists(options, min_size=1, max_size=3, unique_by=lambda found: found[0][0]))
    lot = LotQuery(
        trades=tuple(LotTrade(tuple(found), 1 / len(needs)) for found in needs),
        point=draw(places(centre)),
        uncertainty_km=draw(st.sampled_from([0.0, 0.0, 12.5])),
        yearly_eur=draw(st.sampled_from([None, 100_000, 1])),
        reservation=draw(st.sampled_from(Reservation)),
    )
    return firms, lot


@given(territories(), st.integers(0, 8))
@settings(max_examples=250)
def test_the_index_gives_the_firms_of_a_brute_force_to_the_last_bit(
    territory: tuple[list[IndexedFirm], LotQuery], k: int
) -> None:
    firms, lot = territory
    rows, supply, alone = brute_force(firms, lot, k)
    answer = FirmIndex(firms, R).ask(lot, k)
    assert [told(found) for found in answer.top] == rows
    assert (answer.supply, answer.solo) == (supply, alone)


@given(territories())
def test_the_order_firms_come_in_changes_nothing(territory: tuple[list[IndexedFirm], LotQuery]) -> None:
    firms, lot = territory
    assert FirmIndex(firms, R).ask(lot, 12) == FirmIndex(reversed(firms), R).ask(lot, 12)


@given(territories(), st.integers(0, 12))
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
    assert found.parts == (0.8, 1.0, 0.5, 1.0)
    assert found.score == 45 * 0.8 + 25 + 10 + 10
    assert (found.trade, found.distance_km, found.radius_km, found.solo) == ("T07", 0.0, 40.0, False)


def test_equal_firms_rank_by_their_number() -> None:
    firms = [painter(id=number) for number in (31, 7, 19)]
    assert [found.id for found in ask(*firms).top] == [7, 19, 31]


def test_a_firm_without_capacity_is_in_reach_but_never_able_alone() -> None:
    answer = ask(painter(capacity_eur=0))
    assert (answer.supply, answer.solo, answer.top[0].parts[2]) == (1, 0, 0.0)


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
