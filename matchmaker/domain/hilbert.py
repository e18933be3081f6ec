"""Where a place stands on one line that keeps neighbours together: the order of the index.

The sphere is seen as a cube; a Hilbert curve of 2**14 x 2**14 cells (600 m at most) covers each of its six faces. So
it holds overseas, across the antimeridian and at the poles. Only what is read together depends on it, never a result.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

ORDER = 14
END = 6 << (2 * ORDER)  # keys are below


def hilbert(x: NDArray[Any], y: NDArray[Any], z: NDArray[Any]) -> NDArray[np.uint32]:
    """Keys of places given in whole metres from the centre of the Earth; arrays of one length."""
    axes = np.stack([x, y, z]).astype(np.float64)
    sizes = np.abs(axes)
    major = np.argmax(sizes, axis=0)
    span = np.maximum(1.0, np.take_along_axis(sizes, major[None], 0)[0])
    negative = np.take_along_axis(axes, major[None], 0)[0] < 0
    face = 2 * major + negative
    across = np.take_along_axis(axes, ((major + 1) % 3)[None], 0)[0] / span
    along = np.take_along_axis(axes, ((major + 2) % 3)[None], 0)[0] / span
    keys: NDArray[np.int64] = _curve(_cell(across), _cell(along)) + (face.astype(np.int64) << (2 * ORDER))
    return keys.astype(np.uint32)


def _cell(ratio: NDArray[np.float64]) -> NDArray[np.int64]:
    """-1..1 to a row or column of cells."""
    side = 1 << ORDER
    return np.clip((ratio + 1.0) * (side / 2), 0, side - 1).astype(np.int64)


def _curve(column: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank of cells along the curve of one face."""
    x, y, rank = column.copy(), row.copy(), np.zeros_like(column)
    side = 1 << (ORDER - 1)
    while side:
        right, up = (x & side) > 0, (y & side) > 0
        rank += side * side * ((3 * right) ^ up)
        flip = ~up & right
        x[flip], y[flip] = side - 1 - (x[flip] & (side - 1)), side - 1 - (y[flip] & (side - 1))
        x[~flip] &= side - 1
        y[~flip] &= side - 1
        turn = ~up
        x[turn], y[turn] = y[turn], x[turn].copy()
        side >>= 1
    return rank
