"""Connected sets of communes: all of them, each once, none in two pieces."""

from __future__ import annotations

import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allotment.domain import compact, subsets
from allotment.domain.compact import REGIONS, gathered, shapes
from allotment.domain.split import contiguous
from consortia.domain import engine as engines
from geo.domain.distance import distance_m
from tests.domain.territories import territory

SEEDS = st.integers(0, 10**6)


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(1, 9), st.sampled_from((6.0, 11.0, 30.0)), st.integers(1, 9))
def test_shapes_are_all_compact_connected_sets_and_the_whole(seed: int, communes: int, km: float, most: int) -> None:
    need = territory(random.Random(seed), communes, 1)
    found = shapes(need, most_km=km, most=most)
    point = {place.commune: place.point for place in need.places}
    wanted = {
        frozenset(codes)
        for size in range(1, communes + 1)
        for codes in combinations(sorted(point), size)
        if contiguous(codes, need.places)
        and (
            communes <= REGIONS  # then large lots are unions of communes: any connected set
            or (size <= most and all(distance_m(point[a], point[b]) <= 1000 * km for a, b in combinations(codes, 2)))
        )
    }
    assert {found.codes(held) for held in found.sets.tolist()} == wanted
    assert len(set(found.sets.tolist())) == len(found.sets)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(1, 40), st.integers(1, 6))
def test_small_sets_are_those_of_trying_every_one(seed: int, communes: int, most: int) -> None:
    need = territory(random.Random(seed), communes, 1, width=5)
    known = {place.commune: place for place in need.places}
    cells = tuple((place.commune,) for place in need.places)
    near, far = compact._touching(cells, known), compact._apart(cells, known, 12.0)
    found = subsets.connected(near, far, most, 100_000).tolist()
    assert len(found) == len(set(found))
    grown = frontier = {1 << one for one in range(communes)}
    for _ in range(most - 1):
        frontier = {
            held | 1 << one
            for held in frontier
            for one in range(communes)
            if int(near[one]) & held and not int(far[one]) & held and not held >> one & 1
        }
        grown = grown | frontier
    assert set(found) == grown


def test_the_limit_on_their_number_cuts_short() -> None:
    need = territory(random.Random(1), 20, 1, width=5)
    near = compact._touching(tuple((place.commune,) for place in need.places), {p.commune: p for p in need.places})
    assert len(subsets.connected(near, np.zeros(20, dtype=np.int64), 20, 50)) == 50


def test_shapes_get_nearer_together_until_they_are_few_enough() -> None:
    need = territory(random.Random(2), 40, 1, width=7)
    wide, narrow = shapes(need, limit=5_000), shapes(need, limit=500)
    assert narrow.km < wide.km <= compact.MOST_KM
    assert len(narrow.sets) < len(wide.sets)
    assert narrow.whole in narrow.sets


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(2, 60), st.integers(1, 12))
def test_cells_hold_every_commune_once_in_one_piece(seed: int, communes: int, most: int) -> None:
    need = territory(random.Random(seed), communes, 1, width=6)
    cells = gathered(need.places, most)
    assert len(cells) == min(most, communes)
    assert sorted(code for cell in cells for code in cell) == sorted(place.commune for place in need.places)
    assert all(contiguous(cell, need.places) for cell in cells)


def test_plain_python_makes_the_same_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    need = territory(random.Random(3), 15, 1)
    compiled = shapes(need)
    monkeypatch.setattr(engines, "COMPILED", False)
    assert shapes(need).sets.tolist() == compiled.sets.tolist()
