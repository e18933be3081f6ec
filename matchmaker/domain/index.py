"""Exact top-k firms of a lot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from importlib.util import find_spec

import numpy as np

from geo.domain.point import Point
from matchmaker.domain.answers import Answers, Array, appended
from matchmaker.domain.batch import Lots, lots_of, rules_of
from matchmaker.domain.query import Answer, IndexedFirm, LotQuery
from matchmaker.domain.reference import Reference
from matchmaker.domain.scan import scan
from matchmaker.domain.score import Formula
from matchmaker.domain.segment import Segment, Shard, segments_of, trade_numbers
from matchmaker.domain.trade import LotTrade

COMPILED = find_spec("numba") is not None  # a process may turn it off (settings.NUMBA): numpy gives the same bits
WHOLE = 2_000  # beyond so many firms wanted, scoring every row is quicker than keeping the best ones in order


class FirmIndex:
    """Immutable. Build once, ask many times; threads may share it."""

    def __init__(self, firms: Iterable[IndexedFirm], reference: Reference) -> None:
        self._hold(segments_of(firms, reference), reference)

    @classmethod
    def over(cls, segments: Mapping[str, Segment], reference: Reference) -> FirmIndex:
        """An index of segments made before, by trade; nothing is copied."""
        index = cls.__new__(cls)
        index._hold(segments, reference)
        return index

    def _hold(self, segments: Mapping[str, Segment], reference: Reference) -> None:
        self._tables = reference
        self._numbers = trade_numbers(reference)
        self._rules = rules_of(reference)
        self._segments = {self._numbers[code]: segment for code, segment in segments.items() if len(segment)}

    @property
    def codes(self) -> Sequence[str]:
        """Codes of trades by their number."""
        return tuple(self._numbers)

    def __len__(self) -> int:
        """Firms, each once."""
        ids = [segment.rows.id for segment in self._segments.values()]
        return len(np.unique(np.concatenate(ids))) if ids else 0

    def ask(self, lot: LotQuery, k: int, formula: Formula | None = None) -> Answer:
        """Exact best k firms of a lot. One firm counts once, in the trade it scores best in.

        ``formula``: a person's own weights for this question, else the formula in force.
        """
        index = self if formula is None else self.weighing(formula)
        return index.ask_many([lot], k)[0]

    def weighing(self, formula: Formula) -> FirmIndex:
        """The same firms under another formula; nothing is copied."""
        index = copy(self)
        index._tables = self._tables.weighing(formula)
        index._rules = rules_of(index._tables)
        return index

    def ask_many(self, queries: Sequence[LotQuery], k: int, shard: Shard | None = None) -> list[Answer]:
        """One answer a lot. ``shard`` (low, high): only firms whose Hilbert key is in that half-open range."""
        return self.ask_arrays(queries, k, shard).objects(queries, self.codes)

    def ask_arrays(
        self, queries: Sequence[LotQuery], k: int, shard: Shard | None = None, *, counts: bool = True, threads: int = 1
    ) -> Answers:
        """The same as columns. Without ``counts`` firms in reach are not counted, which is quicker."""
        lots = lots_of(queries, self._numbers)
        return self.search(lots, np.arange(len(queries)), k, shard, counts=counts, threads=threads)

    def search(
        self,
        lots: Lots,
        chosen: Array,
        k: int,
        shard: Shard | None = None,
        *,
        counts: bool = True,
        threads: int = 1,
    ) -> Answers:
        """Answers of the ``chosen`` lots among columns made before."""
        if COMPILED and k <= WHOLE:
            from matchmaker.domain.search import search  # numba takes half a second to load: only where it serves

            return search(self._segments, lots, self._rules, chosen, k, shard, counts=counts, threads=threads)
        answers = [scan(self._segments, lots, int(lot), self._tables, k, shard, counts) for lot in chosen]
        return appended(answers)


def warm(reference: Reference) -> None:
    """Load the compiled code, or compile it once a machine, before the first question does."""
    code, place = next(iter(reference.trades)), Point(0.0, 0.0)
    firm = IndexedFirm(1, place, (code,), 1.0, 0)
    FirmIndex([firm], reference).ask(LotQuery((LotTrade(((code, 1.0),), 1.0),), place), 1)
