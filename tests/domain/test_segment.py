"""Segments: what is kept on disk and changed trade by trade, equal to the last byte to what is built anew."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.domain.point import Point
from matchmaker.domain.hilbert import END, hilbert
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.query import IndexedFirm, LotQuery
from matchmaker.domain.segment import Segment, segments_of
from tests.domain.matching_oracle import CENTRES, TRADES, R, places, territories


@given(territories(6), territories(6))
@settings(max_examples=40)
def test_a_segment_with_changes_is_the_one_built_anew(
    before: tuple[list[IndexedFirm], LotQuery], after: tuple[list[IndexedFirm], LotQuery]
) -> None:
    old, new = before[0], after[0]
    gone = {firm.id for firm in old[::3]}
    kept = {firm.id: firm for firm in old if firm.id not in gone} | {firm.id: firm for firm in new}
    whole = segments_of(kept.values(), R)
    was, fresh = segments_of(old, R), segments_of(new, R)
    removed = gone | {firm.id for firm in new}
    for trade in TRADES:
        if trade in was:
            changed = was[trade].with_changes(removed, fresh.get(trade)).arrays()
            wanted = whole[trade].arrays() if trade in whole else {}
            assert all(len(array) == 0 for name, array in changed.items() if name == "rows.id") or wanted
            for name, array in wanted.items():
                assert array.dtype == changed[name].dtype
                assert np.array_equal(array, changed[name]), name


@given(territories())
@settings(max_examples=40)
def test_a_segment_is_the_same_once_taken_apart(territory: tuple[list[IndexedFirm], LotQuery]) -> None:
    firms, lot = territory
    segments = {trade: Segment.of_arrays(one.arrays()) for trade, one in segments_of(firms, R).items()}
    assert FirmIndex.over(segments, R).ask(lot, 12) == FirmIndex(firms, R).ask(lot, 12)
    assert not any(array.flags.writeable for one in segments.values() for array in one.arrays().values())


@given(st.sampled_from(CENTRES).flatmap(places))
def test_every_place_has_a_key_below_the_end(place: Point) -> None:
    x, y, z = (np.array([value]) for value in place.metres())
    assert 0 <= hilbert(x, y, z)[0] < END
