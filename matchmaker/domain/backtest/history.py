"""What was known of past contracts before a day: counts that only grow, contract after contract."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Hashable
from typing import Any

import numpy as np

from matchmaker.domain.backtest.world import Case, Floats, Ints, Supply, as_values

PREFIXES = (2, 3, 4, 5, 8)  # digits of CPV codes that past contracts are compared by
_PRIOR = 2.0  # contracts that the wider CPV class weighs in the shares of NAF codes


class History:
    """Sparse counts by firm. ``add`` a contract only once all of its day were asked about: never leaks by design.

    ``days``: age from which a contract is no longer evidence of a trade, as the formula has it; 0 = never.
    """

    def __init__(self, supply: Supply, days: int = 0) -> None:
        self._supply, self._days = supply, days
        self._fresh: deque[tuple[int, tuple[Hashable, ...], tuple[int, ...]]] = deque()
        self._firms: defaultdict[Hashable, Counter[int]] = defaultdict(Counter)
        self._nafs: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self._naf_pairs: Counter[tuple[int, int]] = Counter()
        self._partners: defaultdict[int, Counter[int]] = defaultdict(Counter)
        self._census = np.bincount(supply.naf, minlength=len(supply.nafs)) / max(1, len(supply))

    def add(self, case: Case) -> None:
        """A contract is now known."""
        for firm in case.winners:
            self._firms["any"][firm] += 1
            self._firms["buyer", case.buyer][firm] += 1
            if case.cpv:
                self._firms["market", case.cpv[:2], case.departement][firm] += 1
                for digits in PREFIXES:
                    self._firms["cpv", case.cpv[:digits]][firm] += 1
                for digits in (0, 2, 4):
                    self._nafs[case.cpv[:digits]][int(self._supply.naf[firm])] += 1
        keys: tuple[Hashable, ...] = tuple(
            key for trade in case.trades for key in (("trade", trade), ("kind", trade, case.buyer_kind))
        )
        for key in keys:
            self._firms[key].update(case.winners)
        self._fresh.append((case.day, keys, case.winners))
        if case.joint:
            self._join(case)

    def forget(self, day: int) -> None:
        """What is too old on a day is evidence no more."""
        while self._days and self._fresh and self._fresh[0][0] < day - self._days:
            _, keys, firms = self._fresh.popleft()
            for key in keys:
                self._firms[key].subtract(firms)

    def _join(self, case: Case) -> None:
        for one in case.winners:
            for other in case.winners:
                if self._supply.siren[one] != self._supply.siren[other]:
                    self._partners[one][other] += 1
                    self._naf_pairs[int(self._supply.naf[one]), int(self._supply.naf[other])] += 1

    def won(self, firm: int) -> int:
        """Contracts of any kind won so far."""
        return self._firms["any"][firm] if "any" in self._firms else 0

    def wins(self, places: Ints) -> Floats:
        return self._column("any", places)

    def in_trade(self, trade: str, places: Ints) -> Floats:
        return self._column(("trade", trade), places)

    def for_kind(self, trade: str, kind: int, places: Ints) -> Floats:
        """Contracts in a trade for one kind of buyer; 0 when the kind is not known."""
        return self._column(("kind", trade, kind), places) if kind else np.zeros(len(places))

    def for_buyer(self, buyer: int, places: Ints) -> Floats:
        return self._column(("buyer", buyer), places)

    def in_market(self, case: Case, places: Ints) -> Floats:
        """Popularity: contracts of the same CPV division performed in the same département."""
        return self._column(("market", case.cpv[:2], case.departement), places)

    def cpv_likeness(self, case: Case, places: Ints) -> Floats:
        """Longest CPV prefix shared with a past contract (digits), then how many share it (below 1)."""
        best = np.zeros(len(places))
        for digits in PREFIXES:
            count = self._column(("cpv", case.cpv[:digits]), places)
            best = np.where(count > 0, digits + count / (count + 1.0), best)
        return best

    def naf_affinity(self, case: Case, places: Ints) -> Floats:
        """Log of: share of a firm's NAF among winners of such contracts / its share of the base. No firm's own wins."""
        counts = [self._nafs[case.cpv[:digits]] if case.cpv else Counter[int]() for digits in (0, 2, 4)]
        share = self._census
        for count in counts:
            seen = np.zeros(len(self._census))
            for naf, n in count.items():
                seen[naf] = n
            share = (seen + _PRIOR * share) / (seen.sum() + _PRIOR)
        ratio: Floats = np.log(share / np.maximum(self._census, 1e-12))[self._supply.naf[places]]
        return ratio

    def together(self, others: tuple[int, ...], places: Ints) -> Floats:
        """Joint contracts with any of the others so far."""
        column: Floats = np.sum([as_values(self._partners.get(other, {}), places) for other in others], axis=0)
        return column

    def joined(self, places: Ints) -> Floats:
        """Partners of past joint contracts, counted each time."""
        return np.array(
            [self._partners[place].total() if place in self._partners else 0.0 for place in places.tolist()]
        )

    def naf_pairing(self, others: tuple[int, ...], places: Ints) -> Floats:
        """How often firms of this NAF joined firms of the others' NAF, beside what chance would give: log ratio."""
        whole = sum(self._naf_pairs.values())
        seen = np.zeros(len(self._census))
        nafs = {int(self._supply.naf[other]) for other in others}
        for (one, other), n in self._naf_pairs.items():
            if one in nafs:
                seen[other] += n
        share = (seen + _PRIOR * self._census) / (seen.sum() + _PRIOR) if whole else self._census
        ratio: Floats = np.log(share / np.maximum(self._census, 1e-12))[self._supply.naf[places]]
        return ratio

    def _column(self, key: Any, places: Ints) -> Floats:
        column: Floats = as_values(self._firms[key], places) if key in self._firms else np.zeros(len(places))
        return column
