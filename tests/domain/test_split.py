"""Splits of a need: what is one, and that no euro is lost."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.domain.need import Nature, Need, NeedError, Place, TradeNeed
from allotment.domain.split import LotShape, amounts, contiguous, objections
from geo.domain.point import point

NAMES = ("38185", "38421", "38151", "38169")  # Grenoble touches all three, which do not touch each other


def isere(*amounts_eur: int, weights: tuple[int, ...] = (4, 2, 2, 1)) -> Need:
    star = {NAMES[0]: frozenset(NAMES[1:]), **{name: frozenset({NAMES[0]}) for name in NAMES[1:]}}
    return Need(
        Nature.SERVICES,
        tuple(TradeNeed(f"T{n:02}", amount) for n, amount in enumerate(amounts_eur or (100_000,), start=1)),
        tuple(
            Place(name, point(lon=5.7 + n / 100, lat=45.2), weight, star[name])
            for n, (name, weight) in enumerate(zip(NAMES, weights, strict=True))
        ),
        months=12,
        launched_on=date(2026, 11, 23),
    )


def test_communes_that_only_meet_through_grenoble_are_not_in_one_piece_without_it() -> None:
    need = isere()
    assert contiguous(NAMES, need.places)
    assert not contiguous(NAMES[1:], need.places)


def test_a_lot_in_two_pieces_is_told_by_its_number() -> None:
    shapes = [
        LotShape(frozenset({"T01"}), frozenset({NAMES[0]})),
        LotShape(frozenset({"T01"}), frozenset(NAMES[1:])),
    ]
    assert list(objections(isere(), shapes)) == [
        "Le lot 2 est en plusieurs morceaux : ses communes doivent se toucher."
    ]


def test_a_commune_left_out_or_taken_twice_is_no_split() -> None:
    whole = LotShape(frozenset({"T01"}), frozenset(NAMES))
    assert "dans aucun lot" in next(objections(isere(), [LotShape(frozenset({"T01"}), frozenset(NAMES[:2]))]))
    assert "dans plusieurs lots" in next(objections(isere(), [whole, whole]))


def test_two_halves_of_the_same_volume_are_a_split() -> None:
    half = LotShape(frozenset({"T01"}), frozenset(NAMES), permille=500)
    assert list(objections(isere(), [half, half])) == []


@given(
    st.lists(st.integers(1, 10**7), min_size=1, max_size=4), st.tuples(*[st.integers(1, 50)] * 4), st.integers(1, 999)
)
def test_the_lots_of_a_split_add_up_to_the_need_to_the_euro(eur: list[int], weights: tuple[int, ...], cut: int) -> None:
    need = isere(*eur, weights=weights)
    trades = frozenset(one.trade for one in need.trades)
    shapes = [
        LotShape(trades, frozenset({NAMES[0]}), permille=cut),
        LotShape(trades, frozenset({NAMES[0]}), permille=1000 - cut),
        *(LotShape(trades, frozenset({name})) for name in NAMES[1:]),
    ]
    assert list(objections(need, shapes)) == []
    parts = amounts(need, shapes)
    assert {one.trade: sum(part[one.trade] for part in parts) for one in need.trades} == {
        one.trade: one.amount_eur for one in need.trades
    }


def test_a_need_without_an_amount_is_refused_in_words() -> None:
    with pytest.raises(NeedError, match="montant positif"):
        isere(0)
