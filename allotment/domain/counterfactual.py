"""A year's contracts of a territory, split as proposed: what ESS could have reached, and the insertion hours.

All amounts are whole euros a year. Two questions of the same contracts and the same firms:

- *as bought*: a contract is within reach when one firm, or the ``team`` largest near it, could take it whole;
- *split*: any contract may also be cut into at most ``lots`` lots of at least ``smallest_lot_eur``, each for one firm.

Each is a maximum flow from contracts to firms: no contract gives more than it is worth, no firm takes more than it is
able to over the year, whatever the number of contracts it is near. So more capacity never lowers what is reachable, and
splitting never lowers it. "As bought" is the most that could be (whether a team is lawful is not asked), which keeps
the difference cautious.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from matchmaker.domain.insertion import WorkShare, insertion_hours, labour_hours

UNIT_EUR = 100  # of the flow: whole numbers of 32 bits hold 200 billion euros

Triple = tuple[float, float, float]  # low, mid, high
LEVELS = (0, 1, 2)


class CounterfactualError(ValueError):
    """Les données du territoire sont incohérentes ; le message dit lesquelles."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """A contract as bought. ``near``: ranks of the firms within reach of its trade and place."""

    key: str
    trade: str  # main one
    yearly_eur: int
    near: tuple[int, ...]
    won_eur: int = 0  # part of ESS and inclusive firms among its holders
    clause: bool | None = None  # social clause or reservation; None: the buyer says nothing

    def __post_init__(self) -> None:
        if self.yearly_eur <= 0 or not 0 <= self.won_eur <= self.yearly_eur:
            raise CounterfactualError(f"Marché {self.key} : montants impossibles.")


@dataclass(frozen=True, slots=True)
class Limits:
    """How a contract may be cut and by whom taken (estimates but ``team``)."""

    team: int  # members of a groupement at most
    lots: int  # lots of a contract at most
    smallest_lot_eur: int  # a year


@dataclass(frozen=True, slots=True)
class Work:
    """What a trade is made of. ``transferred``: part of its hours that staff taken over works [least, usual, most]."""

    labour_share: float
    hourly_eur: float
    effort: Triple  # of new hours, 0..1
    transferred: Triple = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Line:
    """One trade, at the middle estimates. How a firm of several trades is shared among them is one way of many."""

    trade: str
    contracts: int
    yearly_eur: int
    won_eur: int
    before_eur: int
    after_eur: int
    hours_before: float
    hours_after: float


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Shares are of ``yearly_eur``; hours are a year's."""

    contracts: int
    yearly_eur: int
    won_eur: int
    before_eur: Triple
    after_eur: Triple
    hours_before: Triple
    hours_after: Triple
    with_clause: int  # contracts
    without_clause: int
    silent: int
    more_lots: int  # at the middle estimates
    firms: int  # with at least one contract within reach
    lines: tuple[Line, ...]

    def share(self, eur: float) -> float:
        return eur / self.yearly_eur if self.yearly_eur else 0.0

    @property
    def before(self) -> Triple:
        low, mid, high = (self.share(eur) for eur in self.before_eur)
        return low, mid, high

    @property
    def after(self) -> Triple:
        low, mid, high = (self.share(eur) for eur in self.after_eur)
        return low, mid, high


# ---------------------------------------------------------------- what is within reach


@dataclass(frozen=True, slots=True)
class Reach:
    """Euros of each purchase within reach, in order; ``lots`` of each one split: one a firm, one for what is left."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    lots: tuple[int, ...]


def reach(purchases: Sequence[Purchase], capacity: Sequence[int], limits: Limits) -> Reach:
    """Two maximum flows, the second from where the first stopped: no contract loses what it had."""
    whole = [_whole(one, capacity, limits) for one in purchases]
    bought = _graph(
        purchases, capacity, [one.yearly_eur if able else 0 for one, able in zip(purchases, whole, strict=True)]
    )
    first = _flow(bought)
    cut = [one.yearly_eur if able else _cut(one, capacity, limits) for one, able in zip(purchases, whole, strict=True)]
    split = _graph(purchases, capacity, cut, [0 if able else limits.smallest_lot_eur for able in whole])
    total = first + _flow(csr_array(split - first))
    takers = _takers(total, len(purchases), len(capacity))
    after = _given(total, len(purchases))
    lots = [
        0 if able or not takers[rank] else min(takers[rank] + (after[rank] + UNIT_EUR < one.yearly_eur), limits.lots)
        for rank, (one, able) in enumerate(zip(purchases, whole, strict=True))
    ]
    return Reach(_given(first, len(purchases)), after, tuple(lots))


def _whole(one: Purchase, capacity: Sequence[int], limits: Limits) -> bool:
    largest = sorted((capacity[firm] for firm in one.near), reverse=True)[: limits.team]
    return sum(largest) >= one.yearly_eur


def _cut(one: Purchase, capacity: Sequence[int], limits: Limits) -> int:
    """The most that lots of one firm each could take of it; nothing where it is too small to be cut."""
    if one.yearly_eur < 2 * limits.smallest_lot_eur:
        return 0
    able = sorted((capacity[firm] for firm in one.near if capacity[firm] >= limits.smallest_lot_eur), reverse=True)
    return min(one.yearly_eur, sum(able[: limits.lots]))


def _graph(
    purchases: Sequence[Purchase], capacity: Sequence[int], worth: Sequence[int], least: Sequence[int] = ()
) -> csr_array:
    """Source 0, purchases, firms, sink; ``least``: the capacity a firm needs to be asked for a part of each."""
    first, sink = 1 + len(purchases), 1 + len(purchases) + len(capacity)
    rows, columns, units = [], [], []
    for rank, (one, eur) in enumerate(zip(purchases, worth, strict=True)):
        floor = least[rank] if least else 0
        rows.append(0)
        columns.append(1 + rank)
        units.append(eur // UNIT_EUR)
        for firm in one.near if eur else ():
            if capacity[firm] >= floor:
                rows.append(1 + rank)
                columns.append(first + firm)
                units.append(min(eur, capacity[firm]) // UNIT_EUR)
    for firm, eur in enumerate(capacity):
        rows.append(first + firm)
        columns.append(sink)
        units.append(eur // UNIT_EUR)
    shape = (sink + 1, sink + 1)
    return csr_array((np.array(units, dtype=np.int32), (rows, columns)), shape=shape, dtype=np.int32)


def _flow(graph: csr_array) -> csr_array:
    graph.eliminate_zeros()
    found: csr_array = csr_array(maximum_flow(graph, 0, graph.shape[0] - 1, method="dinic").flow)
    return found


def _given(flow: csr_array, count: int) -> tuple[int, ...]:
    row = flow[[0], :].toarray()[0]
    return tuple(int(units) * UNIT_EUR for units in row[1 : 1 + count])


def _takers(flow: csr_array, count: int, firms: int) -> list[int]:
    part = csr_array(flow[1 : 1 + count, 1 + count : 1 + count + firms])
    return [int((part.data[part.indptr[rank] : part.indptr[rank + 1]] > 0).sum()) for rank in range(count)]


# ---------------------------------------------------------------- hours


def hours(yearly_eur: float, work: Work) -> Triple:
    """Insertion hours a year [low, mid, high]: least effort on what staff taken over leaves, most effort on all."""
    labour = labour_hours(yearly_eur, (WorkShare(1.0, work.labour_share, work.hourly_eur),))
    low, mid, high = (
        insertion_hours(labour, effort, labour * taken)
        for effort, taken in zip(work.effort, reversed(work.transferred), strict=True)
    )
    return low, mid, high


def _hours(purchases: Sequence[Purchase], works: dict[str, Work], least: float) -> tuple[list[Triple], list[Triple]]:
    """Of each purchase, as bought and with a clause wherever one is worth it (``least`` hours a year)."""
    before: list[Triple] = []
    after: list[Triple] = []
    for one in purchases:
        low, mid, high = hours(one.yearly_eur, works[one.trade])
        asked = (low, mid, high) if one.clause else (0.0, 0.0, high if one.clause is None else 0.0)
        due = one.clause or mid >= least
        before.append(asked)
        after.append((low, mid, high) if due else asked)
    return before, after


def _sum(values: Sequence[Triple]) -> Triple:
    low, mid, high = (sum(value[level] for value in values) for level in LEVELS)
    return low, mid, high


# ---------------------------------------------------------------- all together


def counterfactual(
    purchases: Sequence[Purchase],
    capacities: Sequence[tuple[int, int, int]],
    works: dict[str, Work],
    limits: Limits,
    least_hours: float,
) -> Counterfactual:
    """``capacities`` of each firm [low, mid, high]. Raises :class:`CounterfactualError`."""
    unknown = {one.trade for one in purchases} - set(works)
    if unknown:
        raise CounterfactualError(f"Métiers inconnus : {', '.join(sorted(unknown))}.")
    found = [reach(purchases, [one[level] for one in capacities], limits) for level in LEVELS]
    before, after = _hours(purchases, works, least_hours)
    low, mid, high = found
    return Counterfactual(
        contracts=len(purchases),
        yearly_eur=sum(one.yearly_eur for one in purchases),
        won_eur=sum(one.won_eur for one in purchases),
        before_eur=(sum(low.before), sum(mid.before), sum(high.before)),
        after_eur=(sum(low.after), sum(mid.after), sum(high.after)),
        hours_before=_sum(before),
        hours_after=_sum(after),
        with_clause=sum(one.clause is True for one in purchases),
        without_clause=sum(one.clause is False for one in purchases),
        silent=sum(one.clause is None for one in purchases),
        more_lots=sum(max(0, lots - 1) for lots in mid.lots),
        firms=len({firm for one in purchases for firm in one.near}),
        lines=_lines(purchases, mid, before, after),
    )


def _lines(
    purchases: Sequence[Purchase], mid: Reach, before: Sequence[Triple], after: Sequence[Triple]
) -> tuple[Line, ...]:
    by_trade: dict[str, list[int]] = {}
    for rank, one in enumerate(purchases):
        by_trade.setdefault(one.trade, []).append(rank)
    lines = [
        Line(
            trade=trade,
            contracts=len(ranks),
            yearly_eur=sum(purchases[rank].yearly_eur for rank in ranks),
            won_eur=sum(purchases[rank].won_eur for rank in ranks),
            before_eur=sum(mid.before[rank] for rank in ranks),
            after_eur=sum(mid.after[rank] for rank in ranks),
            hours_before=sum(before[rank][1] for rank in ranks),
            hours_after=sum(after[rank][1] for rank in ranks),
        )
        for trade, ranks in by_trade.items()
    ]
    return tuple(sorted(lines, key=lambda line: (-line.yearly_eur, line.trade)))
