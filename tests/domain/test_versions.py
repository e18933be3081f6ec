"""Ways to make a split: whatever is cut, joined or moved, every lot stays in one piece and nothing is lost."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.domain.need import Nature, Need, Place, TradeNeed
from allotment.domain.split import LotShape, contiguous, objections
from allotment.domain.versions import (
    SplitError,
    by_parts,
    by_trade,
    by_volume,
    by_zone,
    joined,
    moved,
    pieces_of,
    takers,
    whole,
)
from geo.domain.point import point

CLEANING, GREEN = "T01", "T04"


def name(row: int, column: int) -> str:
    return f"5300{row}{column}"[-5:]


def grid(rows: int = 4, columns: int = 4, weights: dict[str, int] | None = None) -> Need:
    """A need over a chequered territory: each commune touches those beside it."""
    weights = weights or {}
    places = []
    for row in range(rows):
        for column in range(columns):
            beside = [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
            near = frozenset(name(r, c) for r, c in beside if 0 <= r < rows and 0 <= c < columns)
            code = name(row, column)
            places.append(Place(code, point(lon=column / 10, lat=48 + row / 10), weights.get(code, 1), near))
    trades = (TradeNeed(CLEANING, 600_000), TradeNeed(GREEN, 300_000))
    return Need(Nature.SERVICES, trades, tuple(places), months=36, launched_on=date(2026, 12, 1))


def halves(need: Need) -> tuple[LotShape, ...]:
    """West and east, both trades."""
    west = {place.commune for place in need.places if place.point.lon < 0.2}
    east = {place.commune for place in need.places} - west
    trades = frozenset({CLEANING, GREEN})
    return LotShape(trades, frozenset(west)), LotShape(trades, frozenset(east))


def test_by_trade_gives_one_lot_a_trade_over_the_whole_territory() -> None:
    need = grid()
    lots = by_trade(need, whole(need), 0)
    assert [lot.trades for lot in lots] == [{CLEANING}, {GREEN}]
    assert all(len(lot.communes) == 16 for lot in lots)


def test_a_lot_of_one_trade_is_not_cut_by_trade() -> None:
    need = grid()
    with pytest.raises(SplitError, match="que sur un métier"):
        by_trade(need, by_trade(need, whole(need), 0), 1)


def test_four_parts_of_a_square_have_a_quarter_each() -> None:
    need = grid()
    assert sorted(len(lot.communes) for lot in by_parts(need, whole(need), 0, 4)) == [4, 4, 4, 4]


def test_by_zone_a_zone_in_two_pieces_gives_two_lots() -> None:
    need = grid()
    zones = {place.commune: "Laval" if place.point.lon in (0.0, 0.3) else "Mayenne" for place in need.places}
    lots = by_zone(need, whole(need), 0, zones)
    assert sorted(len(lot.communes) for lot in lots) == [4, 4, 8]


def test_by_volume_the_same_work_in_equal_lots() -> None:
    need = grid()
    lots = by_volume(need, whole(need), 0, 3)
    assert [lot.permille for lot in lots] == [334, 333, 333]
    assert joined(need, joined(need, lots, 0, 1), 0, 1) == whole(need)


def test_more_than_twelve_lots_are_refused_with_the_limit() -> None:
    need = grid()
    lots = by_parts(need, by_trade(need, whole(need), 0), 0, 10)
    with pytest.raises(SplitError, match="au plus 12"):
        by_parts(need, lots, 10, 3)


def test_a_commune_crosses_the_border_to_the_lot_beside() -> None:
    need = grid()
    west, east = moved(need, halves(need), {name(0, 2): (1, 0)})
    assert name(0, 2) in west.communes and len(west.communes) == 9 and len(east.communes) == 7


def test_a_move_that_cuts_a_lot_in_two_says_which() -> None:
    need = grid(rows=1, columns=5)
    trades = frozenset({CLEANING, GREEN})
    first, rest = frozenset({name(0, 0)}), frozenset(name(0, column) for column in range(1, 5))
    with pytest.raises(SplitError, match="serait en plusieurs morceaux"):
        moved(need, (LotShape(trades, first), LotShape(trades, rest)), {name(0, 2): (1, 0)})


def test_the_last_commune_of_a_lot_takes_the_lot_with_it() -> None:
    need = grid(rows=1, columns=2)
    trades = frozenset({CLEANING, GREEN})
    lots = LotShape(trades, frozenset({name(0, 0)})), LotShape(trades, frozenset({name(0, 1)}))
    assert moved(need, lots, {name(0, 1): (1, 0)}) == whole(need)


def test_a_commune_does_not_pass_to_a_lot_of_other_trades() -> None:
    need = grid()
    with pytest.raises(SplitError, match="mêmes métiers"):
        moved(need, by_trade(need, whole(need), 0), {name(0, 0): (0, 1)})


def test_lots_that_share_neither_trades_nor_communes_are_not_joined() -> None:
    need = grid()
    lots = by_parts(need, by_trade(need, whole(need), 0), 1, 2)
    with pytest.raises(SplitError, match="ne peuvent pas être réunis"):
        joined(need, lots, 0, 1)


def test_pieces_of_a_territory_are_those_one_cannot_walk_between() -> None:
    need = grid(rows=1)
    assert pieces_of({name(0, 0), name(0, 1), name(0, 3)}, need.places) == [{name(0, 0), name(0, 1)}, {name(0, 3)}]


@given(st.integers(2, 6), st.dictionaries(st.sampled_from([name(r, c) for r in range(4) for c in range(4)]),
                                            st.integers(1, 40)))  # fmt: skip
def test_parts_are_in_one_piece_and_cover_everything_once(parts: int, weights: dict[str, int]) -> None:
    need = grid(weights=weights)
    lots = by_parts(need, whole(need), 0, parts)
    assert len(lots) == parts
    assert list(objections(need, lots)) == []


@given(st.data())
def test_after_any_chain_of_legal_moves_every_lot_is_in_one_piece_and_each_can_be_undone(data: st.DataObject) -> None:
    need = grid()
    lots = by_parts(need, whole(need), 0, 3)
    for _turn in range(6):
        choices = sorted(
            (giver, commune, taker) for (giver, commune), found in takers(need, lots).items() for taker in found
        )
        giver, commune, taker = data.draw(st.sampled_from(choices))
        if len(lots[giver].communes) == 1:
            continue
        after = moved(need, lots, {commune: (giver, taker)})
        assert list(objections(need, after)) == []
        assert all(contiguous(lot.communes, need.places) for lot in after)
        assert moved(need, after, {commune: (taker, giver)}) == lots
        lots = after
