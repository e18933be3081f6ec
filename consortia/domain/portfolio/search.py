"""The best plan of one component: relaxation, rounding, the integer programme, then neighbourhoods solved again."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from consortia.domain.portfolio.cuts import tightened
from consortia.domain.portfolio.linear import SCALE, Model, Relaxed, model, priced_bound, programme, relax, worth
from consortia.domain.portfolio.reduce import Choice, Component, Row

NEIGHBOURHOOD = 350  # choices freed together when a large plan is improved
NEIGHBOURHOOD_S = 1.0  # at most, for one neighbourhood
PATIENCE = 40  # neighbourhoods in a row that bring nothing, before giving up
CUTS = 0.25  # of the time, at most, for cuts
PROGRAMME = 0.55  # of what they leave, at most, for the integer programme; the rest is for neighbourhoods

Clock = Callable[[], float]
Taken = dict[int, Choice]  # by place of its lot in the component


@dataclass(frozen=True, slots=True)
class Found:
    """The choices taken, and what no plan of the component can pass."""

    taken: tuple[Choice, ...]
    bound: int
    prices: Mapping[Row, int]

    @property
    def value(self) -> int:
        return sum(choice.value for choice in self.taken)


def best(component: Component, seconds: float, clock: Clock = time.monotonic) -> Found:
    """The best plan found in about this time, and its bound; the same data give the same plan once proven."""
    if len(component.lots) == 1:  # nothing binds a lot alone
        choice = max(component.lots[0], key=lambda one: one.value)
        return Found((choice,), choice.value, {})
    end = clock() + seconds
    plain = model(component)
    first = relax(component, plain)
    cut, built, relaxed = tightened(component, plain, first, _until(clock() + CUTS * seconds, clock))
    bound = priced_bound(cut, relaxed.prices) // SCALE
    order = _order(built, relaxed)
    taken = _filled(component, plain, order)
    if _value(taken) < bound and clock() < end:
        found = programme(built, PROGRAMME * (end - clock()), _value(taken))
        bound = min(bound, int(found.bound))
        taken = max(_filled(component, plain, [*(found.taken or ()), *order]), taken, key=_value)
        taken = improved(component, taken, bound, end, clock)
    return Found(tuple(taken[lot] for lot in sorted(taken)), bound, first.prices)


def _until(end: float, clock: Clock) -> Callable[[], bool]:
    return lambda: clock() < end


def _value(taken: Taken) -> int:
    return sum(choice.value for choice in taken.values())


def _order(built: Model, relaxed: Relaxed) -> list[int]:
    """Places of the choices, the most promising first: taken by the relaxation, then worth most at its prices."""
    rank = [worth(choice, relaxed.prices) for choice in built.choices]
    return sorted(range(len(rank)), key=lambda place: (-round(float(relaxed.taken[place]), 6), -rank[place], place))


def _filled(component: Component, built: Model, order: Iterable[int]) -> Taken:
    """Take choices in this order while they fit, in whole numbers: what a solver rounded wrongly is refused here."""
    taken: Taken = {}
    left = dict(component.room)
    for place in order:
        lot, choice = int(built.lot_of[place]), built.choices[place]
        if lot not in taken and all(left[row] >= eur for row, eur in choice.takes.items()):
            taken[lot] = choice
            for row, eur in choice.takes.items():
                left[row] -= eur
    return taken


def _left(component: Component, taken: Taken) -> dict[Row, int]:
    left = dict(component.room)
    for choice in taken.values():
        for row, eur in choice.takes.items():
            left[row] -= eur
    return left


def improved(component: Component, taken: Taken, bound: int, end: float, clock: Clock) -> Taken:
    """Free the lots around one, solve them again exactly with what the others leave, and keep what is not worse."""
    rng = random.Random(component.size)
    users = _users(component)
    vain = 0
    while vain < PATIENCE and _value(taken) < bound and clock() < end:
        free = _around(component, users, _seed(component, taken, rng), rng)
        fixed = {lot: choice for lot, choice in taken.items() if lot not in free}
        other = fixed | _solved(component, free, _left(component, fixed), min(NEIGHBOURHOOD_S, end - clock()))
        vain = 0 if _value(other) > _value(taken) else vain + 1
        taken = max(other, taken, key=_value)  # as good but different: moves on
    return taken


def _users(component: Component) -> Mapping[Row, Sequence[int]]:
    users: dict[Row, list[int]] = defaultdict(list)
    for lot, choices in enumerate(component.lots):
        for row in {row: None for choice in choices for row in choice.takes}:
            users[row].append(lot)
    return users


def _seed(component: Component, taken: Taken, rng: random.Random) -> int:
    """A lot not reached, or reached by less than its best choice; any lot when there is none."""
    short = [
        lot
        for lot, choices in enumerate(component.lots)
        if lot not in taken or taken[lot].value < max(choice.value for choice in choices)
    ]
    return rng.choice(short or range(len(component.lots)))


def _around(component: Component, users: Mapping[Row, Sequence[int]], seed: int, rng: random.Random) -> list[int]:
    """Lots near one by the rows they share, up to a neighbourhood's size; a mere part of a row that many share."""
    free, queue, size = {seed: None}, [seed], 0
    for lot in queue:
        size += len(component.lots[lot])
        if size >= NEIGHBOURHOOD:
            break
        rows = {row: None for choice in component.lots[lot] for row in choice.takes}
        near = [other for row in rows for other in rng.sample(users[row], min(8, len(users[row])))]
        for other in near:
            if other not in free:
                free[other] = None
                queue.append(other)
    return queue[: max(2, queue.index(lot) + 1)]


def _solved(component: Component, free: Sequence[int], left: Mapping[Row, int], seconds: float) -> Taken:
    """These lots solved with what is left of each row."""
    fitting = [
        (lot, tuple(one for one in component.lots[lot] if all(left[row] >= eur for row, eur in one.takes.items())))
        for lot in free
    ]
    fitting = [(lot, choices) for lot, choices in fitting if choices]
    if not fitting:
        return {}
    rows = {row: None for _, choices in fitting for choice in choices for row in choice.takes}
    part = Component(tuple(choices for _, choices in fitting), {row: left[row] for row in rows})
    built = model(part)
    found = programme(built, seconds)
    taken = _filled(part, built, [*(found.taken or ()), *range(len(built.choices))])
    return {fitting[lot][0]: choice for lot, choice in taken.items()}
