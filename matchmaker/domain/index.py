"""Exact top-k firms of a lot."""

from __future__ import annotations

from collections.abc import Iterable

from matchmaker.domain.pair import pair
from matchmaker.domain.query import Answer, IndexedFirm, LotQuery
from matchmaker.domain.reference import Reference
from matchmaker.domain.score import Formula


class FirmIndex:
    """Immutable. Build once, ask many times."""

    def __init__(self, firms: Iterable[IndexedFirm], reference: Reference) -> None:
        self._tables = reference
        self._firms = {firm.id: firm for firm in firms}
        self._by_trade: dict[str, list[int]] = {}
        for firm in self._firms.values():
            for trade in firm.trades:
                self._by_trade.setdefault(trade, []).append(firm.id)

    def __len__(self) -> int:
        return len(self._firms)

    def ask(self, lot: LotQuery, k: int, formula: Formula | None = None) -> Answer:
        """Exact best k firms of a lot. One firm counts once, in the trade it scores best in.

        ``formula``: a person's own weights for this question, else the formula in force.
        """
        tables = self._tables if formula is None else self._tables.weighing(formula)
        codes = {trade for need in lot.trades for trade, _ in need.options}
        ids = {pk for code in codes for pk in self._by_trade.get(code, ())}
        found = [one for pk in ids if (one := pair(self._firms[pk], lot, tables)) is not None]
        found.sort(key=lambda one: (-one.score, one.id))
        return Answer(tuple(found[:k]), len(found), sum(one.solo for one in found))
