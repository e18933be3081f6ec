"""What the index answers to many lots, as columns: half a million firms found are arrays, not objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matchmaker.domain.query import Answer, Found, LotQuery
from matchmaker.domain.score import PARTS, Parts

Array = NDArray[Any]
NOT_COUNTED = -1


class Answers(NamedTuple):
    """Firms found, lot after lot in the order asked, best first; those of lot i from ``ptr[i]`` to ``ptr[i + 1]``."""

    ptr: Array  # i8, one more than lots
    id: Array  # i8
    score: Array  # f8
    parts: Array  # f8, (found, 6), as score.PARTS
    distance_km: Array  # f8, by road
    radius_km: Array  # f8, uncertainty of the lot's place included
    trade: Array  # i8, number of the trade (segment.trade_numbers)
    served: Array  # u8, one bit a need
    solo: Array  # bool
    supply: Array  # i8, one a lot: firms in reach, or NOT_COUNTED
    solo_supply: Array  # i8, one a lot: those able alone, or NOT_COUNTED

    @property
    def lot(self) -> Array:
        """Place of the lot among those asked, one a firm found."""
        return np.repeat(np.arange(len(self.ptr) - 1), np.diff(self.ptr))

    @property
    def rank(self) -> Array:
        """1 for the best firm of each lot."""
        return np.arange(len(self.id)) - self.ptr[self.lot] + 1

    def objects(self, queries: Sequence[LotQuery], codes: Sequence[str]) -> list[Answer]:
        """One answer a lot; ``queries`` in the order asked, ``codes`` of trades by number."""
        columns = (self.id, self.score, self.trade, self.distance_km, self.radius_km, self.solo, self.served)
        rows = zip(*(column.tolist() for column in columns), self.parts.tolist(), strict=True)
        answers = []
        for query, count, supply, solo in zip(
            queries, np.diff(self.ptr).tolist(), self.supply.tolist(), self.solo_supply.tolist(), strict=True
        ):
            found = tuple(_found(next(rows), query, codes) for _ in range(count))
            answers.append(Answer(found, supply, solo))
        return answers


TYPES = ("i8", "i8", "f8", "f8", "f8", "f8", "i8", "u8", "?", "i8", "i8")


def _found(row: tuple[Any, ...], query: LotQuery, codes: Sequence[str]) -> Found:
    pk, score, trade, distance, radius, solo, bits, parts = row
    return Found(
        id=pk,
        score=score,
        trade=codes[trade],
        parts=Parts(*parts),
        distance_km=distance,
        radius_km=radius,
        solo=solo,
        served=tuple(need.trade for place, need in enumerate(query.trades) if bits >> place & 1),
    )


def merged(partial: Sequence[Answers], k: int) -> Answers:
    """The answers of a whole from those of its shards (each at least as long as ``k``), to the last bit.

    A firm stands in one shard only, so that counts add up.
    """
    lot = np.concatenate([one.lot for one in partial])
    joined = {name: np.concatenate([getattr(one, name) for one in partial]) for name in Answers._fields[1:9]}
    order = np.lexsort((joined["id"], -joined["score"], lot))
    lots = len(partial[0].ptr) - 1
    starts = np.searchsorted(lot[order], np.arange(lots + 1))
    order = order[np.arange(len(order)) - starts[lot[order]] < k]
    counts = np.minimum(np.diff(starts), k)
    supply, solo = (
        np.where(
            np.min([getattr(one, name) for one in partial], axis=0) < 0,
            NOT_COUNTED,
            np.sum([getattr(one, name) for one in partial], axis=0),
        )
        for name in ("supply", "solo_supply")
    )
    columns = {name: column[order] for name, column in joined.items()}
    return Answers(np.concatenate([[0], np.cumsum(counts)]), **columns, supply=supply, solo_supply=solo)


def appended(answers: Sequence[Answers]) -> Answers:
    """Answers of some lots, then of others."""
    if not answers:
        none = Answers(*(np.zeros(0, kind) for kind in TYPES))
        return none._replace(ptr=np.zeros(1, np.int64), parts=np.zeros((0, len(PARTS))))
    ptr = np.cumsum(np.concatenate([[0], *(np.diff(one.ptr) for one in answers)]))
    return Answers(ptr, *(np.concatenate(columns) for columns in list(zip(*answers, strict=True))[1:]))
