"""The same portfolio with nothing superfluous: rows that can never bind, columns another one replaces, components."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from consortia.domain.portfolio.model import Portfolio

Row = tuple[str, int]  # ("firm", its number) or ("limit", its place in the portfolio)


@dataclass(frozen=True, slots=True)
class Choice:
    """A column seen by the rows that can bind: what it takes of each."""

    id: int
    value: int
    takes: Mapping[Row, int]


@dataclass(frozen=True, slots=True)
class Component:
    """Lots that share no binding row with the others; of each lot, its choices by value, then preference."""

    lots: tuple[tuple[Choice, ...], ...]
    room: Mapping[Row, int]

    @property
    def size(self) -> int:
        return sum(len(lot) for lot in self.lots)


def components(portfolio: Portfolio) -> list[Component]:
    """Reduce until nothing more falls, then split; smallest components first. Same best value as the portfolio."""
    room = _room(portfolio)
    lots: Sequence[Sequence[Choice]] = _choices(portfolio, room)
    while True:
        binding = _binding(lots, room)
        slim = [_undominated(lot, binding) for lot in lots]
        done = len(binding) == len(room) and sum(map(len, slim)) == sum(map(len, lots))
        lots, room = slim, {row: room[row] for row in room if row in binding}
        if done:
            break
    return sorted(_split(lots, room), key=lambda one: (one.size, one.lots[0][0].id))


def _room(portfolio: Portfolio) -> dict[Row, int]:
    room: dict[Row, int] = {("firm", firm): eur for firm, eur in sorted(portfolio.capacity.items())}
    return room | {("limit", place): limit.most for place, limit in enumerate(portfolio.limits)}


def _choices(portfolio: Portfolio, room: Mapping[Row, int]) -> list[list[Choice]]:
    """Columns by lot, without those that alone pass a row."""
    limited: dict[int, dict[Row, int]] = defaultdict(dict)
    for place, limit in enumerate(portfolio.limits):
        for number in limit.columns:
            limited[number]["limit", place] = 1
    lots: dict[int, list[Choice]] = defaultdict(list)
    for column in portfolio.columns:
        takes: dict[Row, int] = {("firm", firm): eur for firm, eur in column.uses}
        takes |= limited.get(column.id, {})
        if all(eur <= room[row] for row, eur in takes.items()):
            lots[column.lot].append(Choice(column.id, column.value, takes))
    return [lots[lot] for lot in sorted(lots)]


def _binding(lots: Iterable[Sequence[Choice]], room: Mapping[Row, int]) -> set[Row]:
    """Rows that the dearest choice of each lot, all together, would pass: only these can hold a plan back."""
    most: dict[Row, int] = defaultdict(int)
    for lot in lots:
        dearest: dict[Row, int] = {}
        for choice in lot:
            for row, eur in choice.takes.items():
                dearest[row] = max(eur, dearest.get(row, 0))
        for row, eur in dearest.items():
            most[row] += eur
    return {row for row, eur in most.items() if eur > room[row]}


def _undominated(lot: Sequence[Choice], binding: set[Row]) -> Sequence[Choice]:
    """Choices that no other choice of the lot replaces: worth as much, taking no more of any binding row."""
    slim = [_slim(one, binding) for one in lot]
    kept: list[Choice] = []
    for choice in sorted(slim, key=lambda one: -one.value):  # stable: preference decides among equals
        if not any(_replaces(other, choice) for other in kept):
            kept = [other for other in kept if not _replaces(choice, other)]
            kept.append(choice)
    return kept


def _slim(choice: Choice, binding: set[Row]) -> Choice:
    """A choice without the rows that never bind; itself when all of its rows do."""
    if all(row in binding for row in choice.takes):
        return choice
    return Choice(choice.id, choice.value, {row: eur for row, eur in choice.takes.items() if row in binding})


def _replaces(one: Choice, other: Choice) -> bool:
    return one.value >= other.value and all(eur <= other.takes.get(row, 0) for row, eur in one.takes.items())


def _split(lots: Sequence[Sequence[Choice]], room: Mapping[Row, int]) -> list[Component]:
    places = {row: len(lots) + place for place, row in enumerate(room)}
    links = [(lot, places[row]) for lot, choices in enumerate(lots) for choice in choices for row in choice.takes]
    ends = np.array(links, dtype=np.int64).reshape(-1, 2)
    nodes = len(lots) + len(room)
    graph = coo_array((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(nodes, nodes))
    _, label = connected_components(graph, directed=False)
    together: dict[int, list[Sequence[Choice]]] = defaultdict(list)
    for lot, choices in enumerate(lots):
        together[int(label[lot])].append(choices)
    return [_component(group, room) for group in together.values()]


def _component(group: list[Sequence[Choice]], room: Mapping[Row, int]) -> Component:
    rows = {row for choices in group for choice in choices for row in choice.takes}
    return Component(tuple(map(tuple, group)), {row: room[row] for row in sorted(rows)})
