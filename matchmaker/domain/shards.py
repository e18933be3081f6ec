"""Where to cut the Hilbert curve so that each shard of firms holds about as many rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

KEYS = 2**32  # keys are 32 bits wide

Shard = tuple[int, int]  # half-open range of keys


def cuts(columns: Sequence[NDArray[Any]], count: int) -> tuple[Shard, ...]:
    """``count`` ranges at most that partition all keys; ``columns`` are sorted keys, one array a trade.

    A firm has one key, so it is in one shard whole. Finds each cut by halving the keys: touches some pages of a
    mapped column, copies none. Fewer ranges come back when firms share a place.
    """
    total = sum(len(column) for column in columns)
    ends = sorted({_key_at(columns, total * number // count) for number in range(1, count)} - {0, KEYS})
    return tuple(zip([0, *ends], [*ends, KEYS], strict=True))


def _key_at(columns: Sequence[NDArray[Any]], rank: int) -> int:
    """The smallest key below which at least ``rank`` rows lie."""
    low, high = 0, KEYS
    while low < high:
        middle = (low + high) // 2
        if _below(columns, middle) >= rank:
            high = middle
        else:
            low = middle + 1
    return low


def _below(columns: Sequence[NDArray[Any]], key: int) -> int:
    return sum(len(column) if key == KEYS else int(column.searchsorted(np.uint32(key))) for column in columns)
