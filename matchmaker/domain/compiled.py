"""What compiled code is made of: the score, reach and bounds, and how numba is asked to compile.

The same operations in the same order as ``domain.score`` and ``domain.curve``, on one row at a time. No fastmath: the
machine adds and multiplies as written, so that the bits are the same.
"""

from __future__ import annotations

import fcntl
import hashlib
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba.core.caching import FunctionCache
from numpy.typing import NDArray

OUT = -1.0  # below every score
SLACK = 1e-9  # of squares, far above their rounding: within it, reach is computed in full
NO_BIT, ONE_BIT = np.uint64(0), np.uint64(1)
FILES = ("blocks.py", "compiled.py", "kernel.py", "counting.py", "batch.py", "segment.py")  # code and its columns

Array = NDArray[Any]

_numba: Any = numba  # untyped
if _numba.config.CACHE_DIR:
    # numba watches only the file of the function asked for: the folder's name tells what all of them hold.
    _texts = [(Path(__file__).parent / name).read_bytes() for name in FILES]
    _numba.config.CACHE_DIR = str(Path(_numba.config.CACHE_DIR) / hashlib.sha256(b"".join(_texts)).hexdigest()[:16])


class _Mended(FunctionCache):
    """Numba's cache, where a file that a power cut emptied or tore is compiled again instead of failing each call.

    Numba writes the index, then the code it names: two processes that save at once could leave the code of one under
    the name of the other. Here they save one after the other.
    """

    @contextmanager
    def _alone(self) -> Iterator[None]:
        folder = Path(str(self.cache_path))
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def save_overload(self, sig: Any, data: Any) -> None:
        kept: Any = super()  # untyped
        with suppress(OSError), self._alone():  # a full disk: compiled code serves this process all the same
            kept.save_overload(sig, data)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        kept: Any = super()  # untyped
        try:
            return kept.load_overload(sig, target_context)
        except Exception:  # a torn pickle may raise anything
            with suppress(OSError), self._alone():
                kept.flush()
            return None


def entry[F: Callable[..., object]](function: F) -> F:
    """Compiled once a machine, called from Python; other threads go on meanwhile.

    Where no folder is told to keep it in, once a process: nothing is written beside the sources.
    """
    dispatcher = _numba.njit(nogil=True)(function)
    if not _numba.config.CACHE_DIR:
        uncached: F = dispatcher
        return uncached
    cache: Any = _Mended  # untyped
    dispatcher._cache = cache(dispatcher.py_func)
    compiled: F = dispatcher
    return compiled


def inner[F: Callable[..., object]](function: F) -> F:
    """Only called by compiled code, hence without the doors from Python, which are long to compile."""
    compiled: F = _numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    return compiled


@inner
def decay(far: float, values: Array, steps: float) -> float:
    place = far * steps
    last = len(values) - 1
    if place >= last:
        return float(values[last])
    low = int(place)
    return float(values[low] + (values[low + 1] - values[low]) * (place - low))


@inner
def capacity_of(low: float, mid: float, high: float, yearly: float, unknown: float) -> float:
    if yearly < 0.0:
        return unknown
    covered = min(1.0, mid / yearly)
    return (min(1.0, low / yearly) + (covered + covered) + min(1.0, high / yearly)) * 0.25


@inner
def evidence_of(wins: float, same: float, wins_full: float, same_buyer: float) -> float:
    return min(1.0, wins / wins_full) * (1.0 - same_buyer) + same * same_buyer


@inner
def total(
    w0: float, w1: float, w2: float, w3: float, w4: float, w5: float,
    trade: float, text: float, distance: float, capacity: float, evidence: float, ess: float,
) -> float:  # fmt: skip
    return w0 * trade + w1 * text + w2 * distance + w3 * capacity + w4 * evidence + w5 * ess


@inner
def reaches(square: float, widest: float, road: float, end: float, curve: Array, steps: float) -> bool:
    """Whether the distance part is above 0 at that squared chord, for that radius (uncertainty included), metres."""
    length, limit = square * road * road, widest * end * (widest * end)
    if length > limit * (1.0 + SLACK):
        return False
    if length < limit * (1.0 - SLACK):
        return True
    return decay(math.sqrt(square) * road / widest, curve, steps) > 0.0


@inner
def at_least(distance: float, far: float, floor: float) -> float:
    """The distance part inside a declared area (``domain.area``); ``far`` in radii."""
    return max(distance, floor / (1.0 + far))


@inner
def some(low: Any, high: Any) -> bool:
    """Whether an area names any département."""
    return bool((low | high) != NO_BIT)


@inner
def holds(low: Any, high: Any, lot_low: Any, lot_high: Any) -> bool:
    """Whether an area holds the département of a lot."""
    return bool((low & lot_low | high & lot_high) != NO_BIT)


@inner
def in_reach(square: float, widest: float, rules: Any) -> bool:
    """The same under rules."""
    return bool(reaches(square, widest, rules.road, rules.end, rules.decay, rules.steps))


@inner
def apart(place: float, low: float, high: float) -> float:
    """How far a coordinate is from an interval."""
    return max(low - place, place - high, 0.0)


@inner
def text_of(row: int, ptr: Array, term: Array, weight: Array, wanted: Array) -> float:
    product = 0.0
    for word in range(ptr[row], ptr[row + 1]):
        product += weight[word] * wanted[term[word]]
    return min(1.0, product)


@inner
def want(lot: int, sign: float, lots: Any, wanted: Array) -> None:
    """Spread the words of a lot (sign 1) or take them back (0)."""
    for word in range(lots.term_ptr[lot], lots.term_ptr[lot + 1]):
        if lots.term[word] < len(wanted):
            wanted[lots.term[word]] = lots.weight[word] * sign


@inner
def serves_all(row: int, square: float, lot: int, rows: Any, lots: Any, rules: Any) -> bool:
    """Whether a firm in reach can alone do the whole lot: its amount, and each of its needs."""
    yearly = lots.yearly[lot]
    if yearly < 0.0 or rows.mid[row] < yearly:
        return False
    for need in range(lots.need_ptr[lot], lots.need_ptr[lot + 1]):
        if not serves(row, square, lot, lots.need[need], rows, lots, rules):
            return False
    return True


@inner
def serves(row: int, square: float, lot: int, trades: Any, rows: Any, lots: Any, rules: Any) -> bool:
    """Whether a firm in reach in one trade is so in any of these ``trades`` (bits)."""
    common = rows.trades[row] & trades
    if common == NO_BIT:
        return False
    if rows.declared[row]:
        return True
    if some(rows.area0[row], rows.area1[row]) and some(lots.area0[lot], lots.area1[lot]):
        return True
    for number in range(len(rules.radius_m)):
        if (common >> np.uint64(number)) & ONE_BIT != NO_BIT and in_reach(
            square, float(rules.radius_m[number] + lots.uncertainty_m[lot]), rules
        ):
            return True
    return False
