"""From a portfolio to its plan: reduce, split, solve each component in its share of the time, prefer among equals."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from consortia.domain.portfolio.linear import SCALE
from consortia.domain.portfolio.model import Column, Part, Plan, Portfolio
from consortia.domain.portfolio.reduce import Component, components
from consortia.domain.portfolio.search import Clock, best

LEAST_S = 0.2  # a component gets at least that


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the calculation is: components solved, their lots, and what is reached so far."""

    parts: int
    of_parts: int
    lots: int
    of_lots: int
    value: int


def choose(
    portfolio: Portfolio,
    seconds: float = 30.0,
    *,
    clock: Clock = time.monotonic,
    tell: Callable[[Progress], object] = bool,
) -> Plan:
    """The columns worth most together, in about ``seconds``, with a bound that holds in any case.

    Once proven, the same data give the same plan; where the time ran out, a faster machine may find a better one.
    """
    end = clock() + seconds
    todo = components(portfolio)
    parts: list[Part] = []
    prices: dict[int, float] = {}
    size = sum(component.size for component in todo if len(component.lots) > 1) or 1
    for component in todo:
        share = component.size / size
        found = best(component, max(LEAST_S, share * (end - clock())), clock)
        if len(component.lots) > 1:
            size -= component.size
        chosen = tuple(choice.id for choice in found.taken)
        parts.append(Part(len(component.lots), component.size, chosen, found.value, found.bound))
        prices |= {number: price / SCALE for (kind, number), price in found.prices.items() if kind == "firm" and price}
        tell(_progress(parts, todo))
    chosen = _preferred(portfolio, [number for part in parts for number in part.chosen])
    return Plan(_renamed(portfolio, parts, chosen), chosen, prices)


def _progress(parts: Sequence[Part], todo: Sequence[Component]) -> Progress:
    lots, all_lots = sum(part.lots for part in parts), sum(len(component.lots) for component in todo)
    return Progress(len(parts), len(todo), lots, all_lots, sum(part.value for part in parts))


def _preferred(portfolio: Portfolio, chosen: Sequence[int]) -> tuple[int, ...]:
    """Where a column the lot prefers is worth as much and fits too, take it: solvers do not know of preference."""
    by_lot: dict[int, list[Column]] = defaultdict(list)
    for column in portfolio.columns:
        by_lot[column.lot].append(column)
    taken = {portfolio.by_id[number].lot: portfolio.by_id[number] for number in chosen}
    loads = portfolio.loads(chosen)
    limits = _Limits(portfolio, chosen)
    for lot in sorted(taken):
        now = taken[lot]
        loads.subtract(dict(now.uses))
        limits.give_back(now)
        for column in by_lot[lot]:
            fits = all(loads[firm] + eur <= portfolio.capacity[firm] for firm, eur in column.uses)
            if column is now or (column.value >= now.value and fits and limits.allow(column)):
                taken[lot] = column
                break
        loads.update(dict(taken[lot].uses))
        limits.take(taken[lot])
    return tuple(taken[lot].id for lot in sorted(taken))


class _Limits:
    """How many columns of each limit are taken."""

    def __init__(self, portfolio: Portfolio, chosen: Sequence[int]) -> None:
        self.limits = portfolio.limits
        self.of: dict[int, list[int]] = defaultdict(list)
        for place, limit in enumerate(portfolio.limits):
            for number in limit.columns:
                self.of[number].append(place)
        self.counts = [0] * len(portfolio.limits)
        for number in chosen:
            self.take(portfolio.by_id[number])

    def allow(self, column: Column) -> bool:
        return all(self.counts[place] < self.limits[place].most for place in self.of[column.id])

    def take(self, column: Column) -> None:
        for place in self.of[column.id]:
            self.counts[place] += 1

    def give_back(self, column: Column) -> None:
        for place in self.of[column.id]:
            self.counts[place] -= 1


def _renamed(portfolio: Portfolio, parts: Sequence[Part], chosen: Sequence[int]) -> tuple[Part, ...]:
    """The parts with the columns preferred in the end."""
    now: Mapping[int, int] = {portfolio.by_id[number].lot: number for number in chosen}
    return tuple(
        replace(part, chosen=tuple(now[portfolio.by_id[number].lot] for number in part.chosen)) for part in parts
    )
