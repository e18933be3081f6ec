"""The grid of web maps: every place in exactly one cell of each zoom, edges and the antimeridian included."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.domain.mercator import Cell, CellError, cell_of

LON = st.floats(-180, 180)
LAT = st.floats(-90, 90)


@given(lon=LON, lat=LAT, zoom=st.integers(0, 20))
def test_each_cell_lies_in_its_parent(lon: float, lat: float, zoom: int) -> None:
    cell, parent = cell_of(lon, lat, zoom + 1), cell_of(lon, lat, zoom)
    assert (cell.x // 2, cell.y // 2) == (parent.x, parent.y)


@given(lon=LON, lat=st.floats(-85, 85), zoom=st.integers(0, 18))
def test_the_box_of_a_cell_holds_its_places(lon: float, lat: float, zoom: int) -> None:
    west, south, east, north = cell_of(lon, lat, zoom).box
    assert west - 1e-9 <= lon <= east + 1e-9
    assert south - 1e-9 <= lat <= north + 1e-9


def test_known_tiles() -> None:
    """Grenoble and Wallis, as any tile server numbers them."""
    assert cell_of(5.7245, 45.1885, 8) == Cell(8, 132, 91)
    assert cell_of(-176.2, -13.3, 6) == Cell(6, 0, 34)


def test_the_antimeridian_and_the_poles_belong_to_the_edge() -> None:
    assert cell_of(180, 0, 4).x == 15
    assert cell_of(-180, 0, 4).x == 0
    assert (cell_of(0, 90, 4).y, cell_of(0, -90, 4).y) == (0, 15)


@pytest.mark.parametrize("where", [(-1, 0, 0), (0, 1, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0), (25, 0, 0)])
def test_a_cell_outside_the_grid_is_refused(where: tuple[int, int, int]) -> None:
    with pytest.raises(CellError):
        Cell(*where)


def test_the_cells_within_a_cell() -> None:
    columns, rows = Cell(3, 2, 5).within(2)
    assert (list(columns), list(rows)) == ([8, 9, 10, 11], [20, 21, 22, 23])
