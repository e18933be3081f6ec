"""Shards of firms answered apart and merged are the answer of all the firms at once, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.domain.point import Point
from matchmaker.domain import lotfile
from matchmaker.domain.answers import Answers
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.merge import DamagedPartError, merge, packed, unpacked
from matchmaker.domain.notice import Reservation
from matchmaker.domain.pair import pair
from matchmaker.domain.query import Answer, IndexedFirm, LotQuery, Wins
from matchmaker.domain.segment import segments_of
from matchmaker.domain.shards import KEYS, Shard, cuts
from matchmaker.domain.trade import LotTrade
from tests.domain.tables import shipped

R = shipped()
TRADES = ("T01", "T04", "T07")
PLACES = [Point(5.7245, 45.1885), Point(5.765, 45.166), Point(5.7245, 45.1885), Point(55.45, -20.88), Point(180.0, 0.0)]
SHARES = st.floats(0, 1, allow_nan=False)


@st.composite
def firms(draw: st.DrawFn) -> list[IndexedFirm]:
    """Few places and few capacities: many firms tie."""
    numbers = draw(st.lists(st.integers(1, 60), unique=True, max_size=14))
    return [
        IndexedFirm(
            id=number,
            point=draw(st.sampled_from(PLACES)),
            trades=tuple(draw(st.lists(st.sampled_from(TRADES), min_size=1, unique=True))),
            trust=draw(st.sampled_from([1.0, 0.8])),
            capacity_eur=draw(st.sampled_from([0, 60_000, 100_000])),
            ess=draw(st.sampled_from(["yes", "no"])),
            inclusive_kind=draw(st.sampled_from(["", "EI", "ESAT"])),
            wins={"T01": Wins(draw(st.integers(0, 3)), 2)},
            terms=((3, 0.625), (9, 0.75)),
        )
        for number in numbers
    ]


@st.composite
def lots(draw: st.DrawFn) -> LotQuery:
    codes = draw(st.lists(st.sampled_from(TRADES), min_size=1, max_size=3, unique=True))
    return LotQuery(
        trades=tuple(LotTrade(((code, draw(st.sampled_from([1.0, 0.7]))),), 1 / len(codes)) for code in codes),
        point=draw(st.sampled_from(PLACES)),
        uncertainty_km=draw(st.sampled_from([0.0, 0.1, 12.5])),
        yearly_eur=draw(st.sampled_from([None, 1, 100_000])),
        reservation=draw(st.sampled_from([Reservation.NONE, Reservation.ESS])),
        buyer=draw(st.sampled_from([0, 2])),
        terms=draw(st.sampled_from([(), ((3, 1.0),), ((3, float(np.float32(0.1))), (9, 0.3))])),
        kinds=draw(st.sampled_from([None, frozenset({"", "EI"})])),
        within_km=draw(st.sampled_from([None, 3.3])),
    )


def asked(supply: Sequence[IndexedFirm], queries: Sequence[LotQuery], k: int) -> Answers:
    return FirmIndex(supply, R).ask_arrays(queries, k)


@given(firms(), st.lists(lots(), min_size=1, max_size=3), st.integers(1, 5), st.integers(1, 4), st.randoms())
def test_however_firms_are_split_merging_gives_the_whole_answer(supply, queries, k, shards, dice) -> None:
    split: list[list[IndexedFirm]] = [[] for _ in range(shards)]
    for firm in supply:
        dice.choice(split).append(firm)
    parts = [unpacked(packed(asked(part, queries, k))) for part in split]
    dice.shuffle(parts)
    assert packed(merge(parts, k)) == packed(asked(supply, queries, k))


@given(firms(), st.lists(lots(), min_size=1, max_size=3), st.integers(1, 5), st.integers(1, 6))
def test_ranges_of_the_hilbert_curve_asked_of_one_index_merge_to_the_whole_answer(supply, queries, k, count) -> None:
    index = FirmIndex(supply, R)
    keys = [segment.rows.hilbert for segment in segments_of(supply, R).values()]
    parts = [index.ask_arrays(queries, k, shard) for shard in cuts(keys, count)]
    assert packed(merge(parts, k)) == packed(index.ask_arrays(queries, k))
    assert merge(parts, k).objects(queries, index.codes) == [oracle(supply, query, k) for query in queries]


def oracle(supply: Sequence[IndexedFirm], query: LotQuery, k: int) -> Answer:
    """Every firm by the definition, in plain scalars."""
    found = [one for firm in supply if (one := pair(firm, query, R))]
    top = tuple(sorted(found, key=lambda one: (-one.score, one.id))[:k])
    return Answer(top, len(found), sum(one.solo for one in found))


@given(firms(), st.lists(lots(), min_size=1, max_size=2))
def test_merging_in_stages_is_merging_at_once(supply, queries) -> None:
    """So that many shards may be merged by groups."""
    a, b, c = (asked(supply[start::3], queries, 3) for start in range(3))
    assert packed(merge([merge([a, b], 3), c], 3)) == packed(merge([a, b, c], 3))


@given(st.lists(st.none() | lots(), max_size=4))
def test_a_question_written_for_other_machines_reads_back_the_same(queries) -> None:
    numbered = list(enumerate(queries, start=2**40))
    assert list(lotfile.read(lotfile.written(numbered))) == numbered


@given(firms(), lots(), st.data())
def test_a_part_cut_or_changed_by_one_bit_is_refused(supply, query, data) -> None:
    content = bytearray(packed(asked(supply, [query], 3)))
    cut = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(DamagedPartError):
        unpacked(bytes(content[:cut]))
    content[cut] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(DamagedPartError):
        unpacked(bytes(content))


KEY = st.integers(0, KEYS - 1) | st.sampled_from([0, 1, 7, KEYS - 2, KEYS - 1])


def rows(shard: Shard, keys: list[int]) -> int:
    return sum(shard[0] <= key < shard[1] for key in keys)


@given(st.lists(st.lists(KEY, max_size=30).map(sorted), max_size=4), st.integers(1, 9))
def test_shards_partition_all_keys_and_no_cut_could_be_better_placed(trades, count) -> None:
    """Each cut is the first key that leaves its share of the rows below it."""
    shards = cuts([np.array(keys, np.uint32) for keys in trades], count)
    assert 1 <= len(shards) <= count
    assert (shards[0][0], shards[-1][1]) == (0, KEYS)
    assert all(before[1] == after[0] for before, after in pairwise(shards))
    assert all(low < high for low, high in shards)
    every = [key for keys in trades for key in keys]
    most_at_one_place = max((every.count(key) for key in every), default=0)
    assert all(rows(shard, every) <= -(-len(every) // count) + most_at_one_place for shard in shards)
