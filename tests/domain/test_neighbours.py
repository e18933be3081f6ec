"""Which communes touch, and islands tied to the mainland so that a territory can always be split."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from allotment.domain.need import Place
from allotment.domain.neighbours import joined
from allotment.domain.split import contiguous
from geo.domain.point import Point, point

BELLE_ILE = {
    "56152": point(lon=-3.15, lat=47.35),  # Le Palais, on the island
    "56241": point(lon=-3.25, lat=47.37),  # Sauzon, on the island
    "56186": point(lon=-3.12, lat=47.49),  # Quiberon
    "56034": point(lon=-3.08, lat=47.60),  # Carnac
}


def test_communes_that_touch_are_neighbours_both_ways() -> None:
    near = joined(BELLE_ILE, [("56152", "56241"), ("56186", "56034")])
    assert "56241" in near["56152"] and "56152" in near["56241"]


def test_an_island_is_tied_to_the_nearest_commune_of_the_mainland_and_no_other() -> None:
    near = joined(BELLE_ILE, [("56152", "56241"), ("56186", "56034")])
    assert near["56186"] == {"56034", "56152"}
    assert near["56034"] == {"56186"}


def test_what_touches_already_gets_no_further_tie() -> None:
    ring = [("56152", "56241"), ("56241", "56186"), ("56186", "56034")]
    assert sum(map(len, joined(BELLE_ILE, ring).values())) == 2 * len(ring)


places = st.lists(st.tuples(st.integers(-40, 80), st.integers(420, 510)), min_size=1, max_size=14, unique=True)


@given(places, st.data())
def test_the_whole_is_in_one_piece_and_each_tie_goes_both_ways(
    spots: list[tuple[int, int]], data: st.DataObject
) -> None:
    points = {f"{n:05d}": Point(lon / 10, lat / 10) for n, (lon, lat) in enumerate(spots)}
    codes = st.sampled_from(sorted(points))
    touching = data.draw(st.lists(st.tuples(codes, codes), max_size=12))
    near = joined(points, touching)
    assert contiguous(set(points), [Place(code, points[code], 1, near[code]) for code in points])
    assert all(code in near[other] and code != other for code in near for other in near[code])
    assert all(other in near[one] for one, other in touching if one != other)
