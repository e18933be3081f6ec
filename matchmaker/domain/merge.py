"""Partial answers of one batch of lots, as columns, and their exact merging into the whole answer.

Firms are split by place: each is wholly in one shard. The best k of all are therefore among the best k of each shard,
whatever is counted adds up, and nothing is computed anew: values are moved, never changed, so that the whole is the
answer of a single process bit for bit.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.domain.query import Answer, Found, LotQuery
from matchmaker.domain.score import Parts

MAX_NEEDS = 64  # one bit each
_DIGEST = hashlib.sha256
_DIGEST_BYTES = _DIGEST().digest_size
_ROW: dict[str, Any] = {
    "id": np.int64,
    "score": np.float64,
    "trade": "U3",
    "parts": (np.float64, (len(Parts._fields),)),
    "distance_km": np.float64,
    "radius_km": np.float64,
    "solo": np.bool_,
    "served": np.uint64,  # bit n: the lot's need number n
}
ROW = np.dtype([(name, *(kind if isinstance(kind, tuple) else (kind,))) for name, kind in _ROW.items()])


class DamagedPartError(ValueError):
    """Un résultat partiel est abîmé : il sera recalculé."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Answers of n lots: ``rows`` lot after lot, by decreasing score then id; the others hold n numbers each."""

    rows: NDArray[Any]
    lengths: NDArray[np.int64]
    supply: NDArray[np.int64]
    solo: NDArray[np.int64]

    @property
    def lots(self) -> NDArray[np.int64]:
        """Of each row, the place of its lot."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)


def columns(answers: Sequence[Answer], queries: Sequence[LotQuery]) -> Columns:
    """Answers as columns; ``queries`` are the lots they answer, in the same order."""
    flat = [
        (one.id, one.score, one.trade, one.parts, one.distance_km, one.radius_km, one.solo, _bits(one, query))
        for answer, query in zip(answers, queries, strict=True)
        for one in answer.top
    ]
    return Columns(
        np.array(flat, ROW),
        np.array([len(answer.top) for answer in answers], np.int64),
        np.array([answer.supply for answer in answers], np.int64),
        np.array([answer.solo for answer in answers], np.int64),
    )


def _bits(found: Found, query: LotQuery) -> int:
    return sum(1 << need for need, wanted in enumerate(query.trades[:MAX_NEEDS]) if wanted.trade in found.served)


def answers(whole: Columns, queries: Sequence[LotQuery]) -> Iterator[Answer]:
    """What :func:`columns` was made from."""
    ends = np.cumsum(whole.lengths)
    counts = zip(ends - whole.lengths, ends, whole.supply.tolist(), whole.solo.tolist(), strict=True)
    for query, (start, end, supply, solo) in zip(queries, counts, strict=True):
        yield Answer(tuple(_found(row, query) for row in whole.rows[start:end].tolist()), supply, solo)


def _found(row: tuple[Any, ...], query: LotQuery) -> Found:
    pk, score, trade, parts, distance_km, radius_km, solo, served = row
    names = tuple(wanted.trade for need, wanted in enumerate(query.trades) if served >> need & 1)
    return Found(pk, score, trade, Parts(*parts), distance_km, radius_km, solo, names)


def merge(parts: Sequence[Columns], k: int) -> Columns:
    """The whole answer from those of shards that partition the firms, for the same lots in the same order.

    At most ``k`` rows a lot, by decreasing score then id; counts added. Sorts all rows once.
    """
    rows = np.concatenate([part.rows for part in parts])
    lots = np.concatenate([part.lots for part in parts])
    order = np.lexsort((rows["id"], -rows["score"], lots))
    held = np.sum([part.lengths for part in parts], axis=0)
    rank = np.arange(len(rows)) - np.repeat(np.cumsum(held) - held, held)
    return Columns(
        rows[order[rank < k]],
        np.minimum(held, k),
        np.sum([part.supply for part in parts], axis=0),
        np.sum([part.solo for part in parts], axis=0),
    )


def packed(part: Columns) -> bytes:
    """Bytes that tell by themselves whether they are whole. The same columns give the same bytes."""
    out = io.BytesIO()
    for column in (part.rows, part.lengths, part.supply, part.solo):
        np.save(out, column, allow_pickle=False)
    return _DIGEST(out.getbuffer()).digest() + out.getvalue()


def unpacked(content: bytes) -> Columns:
    """Raises :class:`DamagedPartError` when a bit is wrong or missing."""
    body = memoryview(content)[_DIGEST_BYTES:]
    if _DIGEST(body).digest() != content[:_DIGEST_BYTES]:
        raise DamagedPartError(DamagedPartError.__doc__)
    file = io.BytesIO(body)
    return Columns(*(np.load(file, allow_pickle=False) for _ in range(4)))
