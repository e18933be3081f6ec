"""The other direction: the lots that suit a firm. The same code on the same columns, so that both ways agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from matchmaker.domain.answers import Answers, Array
from matchmaker.domain.batch import lots_by_trade, lots_of
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.query import Found, IndexedFirm, LotQuery
from matchmaker.domain.reference import Reference
from matchmaker.domain.segment import segments_of, trade_numbers


class LotIndex:
    """Immutable. ``lots`` are (id, query), ids unique."""

    def __init__(self, lots: Sequence[tuple[int, LotQuery]], reference: Reference) -> None:
        self._tables = reference
        self._numbers = trade_numbers(reference)
        ordered = sorted(lots, key=lambda lot: lot[0])
        self._ids = np.array([pk for pk, _ in ordered], dtype=np.int64)
        self._queries = [query for _, query in ordered]
        self._lots = lots_of(self._queries, self._numbers)
        self._by_trade = lots_by_trade(self._lots, np.arange(len(ordered)))

    def __len__(self) -> int:
        return len(self._ids)

    def ask(self, firm: IndexedFirm, k: int) -> list[tuple[int, Found]]:
        """The ``k`` lots the firm scores best for, by decreasing score then id, with how it meets each."""
        chosen, answers = self._met(firm)
        score = answers.score
        best = np.lexsort((chosen, -score))[:k]
        met = chosen[best]
        queries = [self._queries[lot] for lot in met]
        found = _picked(answers, best).objects(queries, tuple(self._numbers))
        return [(int(self._ids[lot]), answer.top[0]) for lot, answer in zip(met, found, strict=True)]

    def touched(self, firm: IndexedFirm) -> list[int]:
        """Ids of all the lots the firm is a match for, rising."""
        return [int(pk) for pk in self._ids[self._met(firm)[0]]]

    def _met(self, firm: IndexedFirm) -> tuple[Array, Answers]:
        """Places of the lots the firm is a match for, rising, and the firm as each one finds it."""
        segments = segments_of([firm], self._tables)
        asking = [self._by_trade[number] for code in segments if (number := self._numbers[code]) in self._by_trade]
        chosen = np.unique(np.concatenate(asking)) if asking else np.zeros(0, dtype=np.int64)
        answers = FirmIndex.over(segments, self._tables).search(self._lots, chosen, 1, counts=False)
        return chosen[answers.lot], answers


def _picked(answers: Answers, found: Array) -> Answers:
    """Some of the firms found, one a lot."""
    columns = {name: getattr(answers, name)[found] for name in Answers._fields[1:9]}
    lot = answers.lot[found]
    counts = {name: getattr(answers, name)[lot] for name in Answers._fields[9:]}
    return Answers(np.arange(len(found) + 1), **columns, **counts)
