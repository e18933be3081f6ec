"""Cover cuts: what whole numbers forbid and fractions allow, as more rows of a component.

If one choice of each of some lots would pass a firm's capacity together, at most all but one of these lots may be won
so (extended covers with at most one choice a lot). Each cut holds for every plan: the bound stays proven.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from consortia.domain.portfolio.linear import Model, Relaxed, model, relax
from consortia.domain.portfolio.reduce import Choice, Component, Row

ROUNDS = 8
VIOLATED = 0.02  # a cut passed by less is not worth a row

Entry = tuple[int, Choice, int, float]  # lot, choice, what it takes of the row, how much of it the relaxation takes


def tightened(
    component: Component, built: Model, relaxed: Relaxed, going: Callable[[], bool]
) -> tuple[Component, Model, Relaxed]:
    """Add the cuts that the relaxation passes, and solve it again, while there are any and time is left."""
    for turn in range(ROUNDS):
        cuts = _passed(component, built, relaxed) if going() else []
        if not cuts:
            break
        component = _with_cuts(component, cuts, turn)
        built = model(component)
        relaxed = relax(component, built)
    return component, built, relaxed


def _passed(component: Component, built: Model, relaxed: Relaxed) -> list[tuple[set[int], int]]:
    entries: dict[Row, list[Entry]] = defaultdict(list)
    for place, choice in enumerate(built.choices):
        for row, eur in choice.takes.items():
            if row[0] == "firm":
                entries[row].append((int(built.lot_of[place]), choice, eur, float(relaxed.taken[place])))
    found = (_cover(row_entries, component.room[row]) for row, row_entries in entries.items())
    return [cut for cut in found if cut is not None]


def _cover(entries: Sequence[Entry], room: int) -> tuple[set[int], int] | None:
    """The columns of a cut that the relaxation passes, and how many of them a plan may take; None when none is seen."""
    least: dict[int, int] = {}
    weight: dict[int, float] = defaultdict(float)
    for lot, _, eur, taken in entries:
        if taken > 1e-6:
            least[lot] = min(eur, least.get(lot, eur))
    for lot, _, eur, taken in entries:
        if lot in least and eur >= least[lot]:
            weight[lot] += taken
    chosen: list[int] = []
    total = 0
    for lot in sorted(least, key=lambda one: ((1 - weight[one]) / least[one], one)):
        chosen.append(lot)
        total += least[lot]
        if total > room:
            break
    if total <= room:
        return None
    for lot in sorted(chosen, key=lambda one: (weight[one], one)):  # a minimal cover: no lot too many
        if total - least[lot] > room:
            chosen.remove(lot)
            total -= least[lot]
    return _extended(entries, least, set(chosen))


def _extended(entries: Sequence[Entry], least: Mapping[int, int], cover: set[int]) -> tuple[set[int], int] | None:
    """The cover with every choice of another lot that takes as much as the dearest of it."""
    dearest = max(least[lot] for lot in cover)
    columns, taken_sum = set(), 0.0
    for lot, choice, eur, taken in entries:
        if eur >= (least[lot] if lot in cover else dearest):
            columns.add(choice.id)
            taken_sum += taken
    return (columns, len(cover) - 1) if taken_sum > len(cover) - 1 + VIOLATED else None


def _with_cuts(component: Component, cuts: Sequence[tuple[set[int], int]], turn: int) -> Component:
    of: dict[int, dict[Row, int]] = defaultdict(dict)
    room = dict(component.room)
    for number, (columns, most) in enumerate(cuts):
        row = (f"cut {turn}", number)
        room[row] = most
        for column in columns:
            of[column][row] = 1
    lots = tuple(
        tuple(replace(one, takes={**one.takes, **of[one.id]}) if one.id in of else one for one in lot)
        for lot in component.lots
    )
    return Component(lots, room)
