"""The firms of one trade as columns: what the index searches, what a snapshot keeps on disk.

Rows stand in the order of (place on the Hilbert line, id). Each block of 64 rows, and each of 32 blocks, carries
bounds: nothing inside is nearer, larger or surer than they say. Segments are immutable: a change makes a new one, equal
to the last byte to the one built from scratch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matchmaker.domain.area import bits
from matchmaker.domain.blocks import BLOCK, SUPER
from matchmaker.domain.eligibility import delivers
from matchmaker.domain.errors import InvalidReferenceError
from matchmaker.domain.hilbert import hilbert
from matchmaker.domain.pair import metres
from matchmaker.domain.query import IndexedFirm
from matchmaker.domain.reference import Reference
from matchmaker.domain.score import MAX_EUR, MAX_WINS

KINDS = ("", "EI", "ETTI", "ACI", "AI", "EITI", "EA", "EATT", "ESAT", "GEIQ", "SEP")  # never reordered: add at the end
KIND_CODES: Mapping[str, int] = {kind: code for code, kind in enumerate(KINDS)}

MAX_KEY = 2**32 - 1

Array = NDArray[Any]
Shard = tuple[int, int]  # (low, high) of Hilbert keys, high excluded


class Rows(NamedTuple):
    """One value a firm; ``term`` and ``weight`` hold the words of row i from ``ptr[i]`` to ``ptr[i + 1]``."""

    id: Array  # i8
    x: Array  # i4, metres from the centre of the Earth
    y: Array
    z: Array
    radius_m: Array  # i4, declared or of the trade
    low: Array  # u4, euros a year
    mid: Array
    high: Array
    trust: Array  # f8
    ess: Array  # u1: 1 = yes
    kind: Array  # u1: place in KINDS
    wins: Array  # u1: contracts in the trade
    buyers: Array  # u1: bits of domain.evidence
    declared: Array  # u1: 1 = the radius is the firm's, whatever the trade
    trades: Array  # u8: one bit a trade the firm delivers, by trade_numbers
    area0: Array  # u8: bits of the départements it declares (domain.area), none when its radius decides
    area1: Array
    hilbert: Array  # u4
    ptr: Array  # i8, one more than rows
    term: Array  # u4
    weight: Array  # f4


class Bounds(NamedTuple):
    """One value a block: least and most of its rows; bit masks hold every bit met."""

    x0: Array
    y0: Array
    z0: Array
    radius0: Array
    mid0: Array
    x1: Array
    y1: Array
    z1: Array
    radius1: Array
    low: Array
    mid: Array
    high: Array
    trust: Array
    ess: Array
    wins: Array
    kinds: Array  # u4, bit = place in KINDS
    buyers: Array
    trades: Array
    area0: Array
    area1: Array


class Words(NamedTuple):
    """For each word met (``term`` rises), the blocks it is met in and its greatest weight there, ``ptr`` as in rows."""

    term: Array  # u4
    ptr: Array  # i8
    block: Array  # i4
    most: Array  # f4


_TYPES = "i8 i4 i4 i4 i4 u4 u4 u4 f8 u1 u1 u1 u1 u1 u8 u8 u8 u4 i8 u4 f4"
ROW_TYPES: Mapping[str, str] = dict(zip(Rows._fields, _TYPES.split(), strict=True))
_WORDS = ("ptr", "term", "weight")
_LEAST = {"x0": "x", "y0": "y", "z0": "z", "radius0": "radius_m", "mid0": "mid"}
_MOST = {"x1": "x", "y1": "y", "z1": "z", "radius1": "radius_m"} | {
    name: name for name in ("low", "mid", "high", "trust", "ess", "wins")
}
_ANY = ("kinds", "buyers", "trades", "area0", "area1")


def trade_numbers(reference: Reference) -> dict[str, int]:
    """Bit of each trade, by code. Numbers hold within one version of the reference tables."""
    codes = sorted(reference.trades)
    if len(codes) > 64:
        raise InvalidReferenceError(f"{len(codes)} métiers : l'index en admet 64 au plus.")
    return {code: number for number, code in enumerate(codes)}


@dataclass(frozen=True, slots=True)
class Segment:
    """The firms that deliver one trade. Arrays are read-only, possibly mapped from a file."""

    rows: Rows
    bounds: Bounds  # of the superblocks, then of the blocks
    words: Words

    def __len__(self) -> int:
        return len(self.rows.id)

    @classmethod
    def of(cls, rows: Rows) -> Segment:
        """Sort rows that come in any order, then bound them. Ids are unique."""
        order = np.lexsort((rows.id, rows.hilbert))
        if not np.array_equal(order, np.arange(len(order))):
            rows = taken(rows, order)
        rows = Rows(*(_fixed(getattr(rows, name), kind) for name, kind in ROW_TYPES.items()))
        columns = {name: column for name, column in rows._asdict().items() if name not in _WORDS}
        columns["kinds"] = np.left_shift(np.uint32(1), rows.kind, dtype=np.uint32)
        blocks = _bounds(columns | {bound: columns[name] for bound, name in (_LEAST | _MOST).items()}, BLOCK)
        supers = _bounds(blocks._asdict(), SUPER)
        both = (_fixed(np.concatenate(pair), pair[0].dtype.str) for pair in zip(supers, blocks, strict=True))
        return cls(rows, Bounds(*both), _words(rows))

    def arrays(self) -> dict[str, Array]:
        """Every array by name ("rows.id", "bounds.x0" ...), to be kept in a file."""
        parts: dict[str, Any] = {"rows": self.rows, "bounds": self.bounds, "words": self.words}
        return {f"{part}.{name}": getattr(group, name) for part, group in parts.items() for name in group._fields}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Array]) -> Segment:
        """The segment whose :meth:`arrays` these are; nothing is copied nor computed. KeyError when one is missing."""

        def group(part: str, names: Iterable[str]) -> list[Array]:
            return [_shown(arrays[f"{part}.{name}"]) for name in names]

        return cls(
            Rows(*group("rows", Rows._fields)),
            Bounds(*group("bounds", Bounds._fields)),
            Words(*group("words", Words._fields)),
        )

    def span(self, shard: Shard | None) -> tuple[int, int]:
        """First row of a half-open range of Hilbert keys, and the one after its last."""
        if shard is None:
            return 0, len(self)
        first, last = (
            len(self) if key > MAX_KEY else int(np.searchsorted(self.rows.hilbert, np.uint32(key))) for key in shard
        )
        return first, last

    def with_changes(self, removed: Iterable[int], added: Segment | None = None) -> Segment:
        """Without the firms ``removed``, with those of ``added`` (which replace those of the same id)."""
        gone = np.fromiter(removed, dtype=np.int64)
        if added is not None:
            gone = np.concatenate([gone, added.rows.id])
        rows = taken(self.rows, np.flatnonzero(~np.isin(self.rows.id, gone)))
        return Segment.of(rows if added is None else joined([rows, added.rows]))


def segments_of(firms: Iterable[IndexedFirm], reference: Reference) -> dict[str, Segment]:
    """Segments by trade; trades without firm are absent. The last of two firms of one id is kept."""
    return segments_of_columns(columns_of(firms, reference), reference)


def segments_of_columns(firms: FirmColumns, reference: Reference) -> dict[str, Segment]:
    """The same from columns, for millions of firms."""
    order = np.lexsort((firms.rows.id, firms.rows.hilbert))
    rows = taken(firms.rows, order)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    found = {}
    for code, number in trade_numbers(reference).items():
        mine = np.flatnonzero((rows.trades >> np.uint64(number)) & np.uint64(1))
        if not len(mine):
            continue
        won = firms.win_trade == number
        wins, buyers = np.zeros(len(order), np.uint8), np.zeros(len(order), np.uint8)
        wins[place[firms.win_row[won]]] = firms.win_count[won]
        buyers[place[firms.win_row[won]]] = firms.win_buyers[won]
        some = taken(rows, mine)
        default = metres(reference.trades[code].radius_km)
        found[code] = Segment.of(
            some._replace(
                radius_m=np.where(some.declared > 0, some.radius_m, default), wins=wins[mine], buyers=buyers[mine]
            )
        )
    return found


class FirmColumns(NamedTuple):
    """Firms whatever their trades: ``rows`` (radius 0 unless declared, no wins), and their wins by firm and trade."""

    rows: Rows
    win_row: Array  # place in rows
    win_trade: Array  # number of the trade
    win_count: Array  # 0..255
    win_buyers: Array


def columns_of(firms: Iterable[IndexedFirm], reference: Reference) -> FirmColumns:
    """Columns of firms in any order; trades they do not deliver are left out."""
    known = list({firm.id: firm for firm in firms}.values())
    numbers = trade_numbers(reference)
    places = np.array([firm.point.metres() for firm in known], dtype=np.int32).reshape(-1, 3)
    areas = [bits(firm.departements) for firm in known]
    columns: dict[str, Any] = {
        "id": [firm.id for firm in known],
        "x": places[:, 0],
        "y": places[:, 1],
        "z": places[:, 2],
        "radius_m": [metres(firm.declared_radius_km) if firm.declared_radius_km else 0 for firm in known],
        "low": [min(MAX_EUR, firm.low) for firm in known],
        "mid": [min(MAX_EUR, firm.capacity_eur) for firm in known],
        "high": [min(MAX_EUR, firm.high) for firm in known],
        "trust": [firm.trust for firm in known],
        "ess": [firm.ess == "yes" for firm in known],
        "kind": [kind_code(firm.inclusive_kind) for firm in known],
        "wins": np.zeros(len(known)),
        "buyers": np.zeros(len(known)),
        "declared": [bool(firm.declared_radius_km) for firm in known],
        "trades": [trade_bits(firm.trades, firm.inclusive_kind, numbers, reference) for firm in known],
        "area0": [area[0] for area in areas],
        "area1": [area[1] for area in areas],
        "hilbert": hilbert(places[:, 0], places[:, 1], places[:, 2]),
        "ptr": np.cumsum([0, *(len(firm.terms) for firm in known)]),
        "term": list(chain.from_iterable((term for term, _ in firm.terms) for firm in known)),
        "weight": list(chain.from_iterable((weight for _, weight in firm.terms) for firm in known)),
    }
    wins = [
        (row, numbers[trade], min(MAX_WINS, won.count), won.buyers)
        for row, firm in enumerate(known)
        for trade, won in firm.wins.items()
        if trade in numbers
    ]
    won = np.array(wins, dtype=np.int64).reshape(-1, 4)
    rows = Rows(*(np.array(columns[name], dtype=kind) for name, kind in ROW_TYPES.items()))
    return FirmColumns(rows, won[:, 0], won[:, 1], won[:, 2], won[:, 3])


def kind_code(kind: str) -> int:
    """Place in KINDS; raises :class:`InvalidReferenceError` for a kind the index does not know."""
    try:
        return KIND_CODES[kind]
    except KeyError:
        raise InvalidReferenceError(f"Type de structure « {kind} » inconnu de l'index : ajoutez-le à KINDS.") from None


def trade_bits(trades: Iterable[str], kind: str, numbers: Mapping[str, int], reference: Reference) -> int:
    """Bits of the trades a firm delivers; unknown codes are left out."""
    bits = 0
    for trade in trades:
        if trade in numbers and delivers(kind, trade, reference.kinds):
            bits |= 1 << numbers[trade]
    return bits


def taken(rows: Rows, chosen: Array) -> Rows:
    """The chosen rows, in that order, their words with them."""
    counts = np.diff(rows.ptr)[chosen]
    ptr = np.concatenate([[0], np.cumsum(counts)])
    words = np.repeat(rows.ptr[:-1][chosen] - ptr[:-1], counts) + np.arange(ptr[-1])
    columns = {name: column[chosen] for name, column in rows._asdict().items() if name not in _WORDS}
    return Rows(**columns, ptr=ptr, term=rows.term[words], weight=rows.weight[words])


def joined(groups: Iterable[Rows]) -> Rows:
    """Rows of several groups, one after the other."""
    parts = list(groups)
    counts = np.concatenate([np.diff(part.ptr) for part in parts])
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in Rows._fields if name != "ptr"}
    return Rows(**columns, ptr=np.concatenate([[0], np.cumsum(counts)]))


def _bounds(columns: Mapping[str, Array], size: int) -> Bounds:
    count = len(columns["x0"])
    starts = np.arange(0, count, size)

    def reduced(ufunc: np.ufunc, name: str) -> Array:
        column = columns[name]
        return _fixed(ufunc.reduceat(column, starts) if count else column, column.dtype.str)

    least = {name: reduced(np.minimum, name) for name in _LEAST}
    most = {name: reduced(np.maximum, name) for name in _MOST}
    return Bounds(**least, **most, **{name: reduced(np.bitwise_or, name) for name in _ANY})


def _words(rows: Rows) -> Words:
    block = np.repeat(np.arange(len(rows.id)) // BLOCK, np.diff(rows.ptr))
    order = np.lexsort((block, rows.term))
    term, block, weight = rows.term[order], block[order], rows.weight[order]
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (term[1:] != term[:-1]) | (block[1:] != block[:-1])
    starts = np.flatnonzero(fresh)
    most = np.maximum.reduceat(weight, starts) if len(starts) else weight
    terms, counts = np.unique(term[starts], return_counts=True)
    ptr = np.concatenate([[0], np.cumsum(counts)])
    return Words(_fixed(terms, "u4"), _fixed(ptr, "i8"), _fixed(block[starts], "i4"), _fixed(most, "f4"))


def _fixed(array: Array, kind: str) -> Array:
    """A read-only array of that type."""
    return _shown(np.ascontiguousarray(array, dtype=kind))


def _shown(array: Array) -> Array:
    """A read-only view, of a file mapped in memory as of any array: compiled code sees one type."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view
