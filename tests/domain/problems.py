"""Small grouping problems, random and by hand, and an enumeration that knows nothing of the solver.

The enumeration writes the rules of the domain guide down again: nothing here is imported from
``consortia.domain.solver``, ``shares`` or ``rules``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from consortia.domain.problem import Candidate, Need, Problem

TRADES = ("T01", "T04", "T07", "T13")


def firm(number: int, capacity: int, trades: str = "T07", **more: object) -> Candidate:
    facts: dict[str, object] = {"cost": 100, "turnover_eur": 4 * capacity, "distance_km": 10.0, "radius_km": 40.0}
    return Candidate(number, frozenset(trades.split()), capacity, **(facts | more))  # type: ignore[arg-type]


def painting(*firms: Candidate, amount: int = 100_000, supply: int = 20, **more: object) -> Problem:
    return Problem((Need("T07", amount),), firms, supply=supply, **more)  # type: ignore[arg-type]


# ---------------------------------------------------------------- the oracle


def splittable(problem: Problem, members: Sequence[Candidate], leader: Candidate) -> bool:
    """Whether parts exist for these members under this leader: a linear program (HiGHS), or a flow without hours.

    Parts that give most insertion hours are sought; the best vertex is whole, so the hours it gives are exact.
    """
    edges = [
        (i, t) for i, member in enumerate(members) for t, need in enumerate(problem.needs) if need.trade in member.needs
    ]
    if not edges:
        return False
    lows = [-(-problem.amount_eur * (250 if m is leader else 50) // 1000) for m in members]
    if not problem.hours_required:
        return flows(problem, members, lows)
    by_member = np.array([[1.0 if i == row else 0.0 for i, _ in edges] for row in range(len(members))])
    by_need = np.array([[1.0 if t == row else 0.0 for _, t in edges] for row in range(len(problem.needs))])
    result = linprog(
        [-float(hours_on(members[i], 1)) for i, _ in edges],
        A_ub=np.vstack([by_member, -by_member]),
        b_ub=np.array([*(room(m) for m in members), *(-low for low in lows)], dtype=float),
        A_eq=by_need,
        b_eq=np.array([need.amount_eur for need in problem.needs], dtype=float),
        bounds=[(0, edge_cap(members[i], problem.needs[t].trade)) for i, t in edges],
    )
    if result.status != 0:
        return False
    hours = sum(
        (hours_on(members[i], round(euros)) for (i, _), euros in zip(edges, result.x, strict=True)), Fraction(0)
    )
    return hours >= problem.hours_required


def flows(problem: Problem, members: Sequence[Candidate], lows: Sequence[int]) -> bool:
    """Whether the whole amount flows from a source to the needs: least parts by one way, what is left by another."""
    spare = problem.amount_eur - sum(lows)
    if spare < 0 or any(room(member) < low for member, low in zip(members, lows, strict=True)):
        return False
    source, rest, sink, first = 0, 1, 2, 3
    need = first + len(members)
    graph = np.zeros((need + len(problem.needs),) * 2, dtype=np.int32)
    graph[source, rest] = spare
    for place, (member, low) in enumerate(zip(members, lows, strict=True), start=first):
        graph[source, place], graph[rest, place] = low, room(member) - low
        graph[place, need:] = [edge_cap(member, one.trade) for one in problem.needs]
    graph[need:, sink] = [one.amount_eur for one in problem.needs]
    return bool(maximum_flow(csr_array(graph), source, sink).flow_value == problem.amount_eur)


def room(member: Candidate) -> int:
    """What a firm may take in all: free capacity, and the ceiling of an ACI."""
    return member.capacity_eur if member.ceiling_eur is None else min(member.capacity_eur, member.ceiling_eur)


def edge_cap(member: Candidate, trade: str) -> int:
    """What it may take of one trade."""
    stated = [cap for name, cap in member.caps if name == trade]
    return min([room(member), *stated]) if trade in member.needs else 0


def hours_on(member: Candidate, euros: int) -> Fraction:
    """Hours hosted on a part: those of the whole capacity, in proportion."""
    return Fraction(member.hours * euros, member.capacity_eur) if member.capacity_eur else Fraction(0)


def leaders(members: Sequence[Candidate]) -> list[Candidate]:
    return [member for member in members if member.experienced and not member.committed_mandataire]


def lawful(problem: Problem, members: Sequence[Candidate]) -> bool:
    """Whether these firms make a lawful grouping that covers the lot."""
    every = {need.trade for need in problem.needs}
    alone = problem.hours_required if problem.hours_alone is None else problem.hours_alone
    able = [
        m
        for m in members
        if every <= m.needs
        and room(m) >= problem.amount_eur
        and all(edge_cap(m, need.trade) >= need.amount_eur for need in problem.needs)
        and m.turnover_eur >= problem.turnover_required
        and m.hours * problem.amount_eur >= alone * m.capacity_eur
    ]
    return (
        2 <= len(members) <= problem.max_members
        and 2 * len(members) <= problem.supply
        and all(m.eligible and m.producer and m.distance_km < 1.5 * m.radius_km for m in members)
        and not (problem.exclusive and any(m.committed for m in members))
        and sum(m.turnover_eur for m in members) >= problem.turnover_required
        and len(able) <= 1
        and sum(room(m) for m in members) >= problem.amount_eur
        and all(sum(edge_cap(m, need.trade) for m in members) >= need.amount_eur for need in problem.needs)
        and any(splittable(problem, members, leader) for leader in leaders(members))
    )


def all_lawful(problem: Problem) -> list[tuple[int, int, frozenset[int]]]:
    """(members, cost, ids) of every lawful grouping, best first."""
    return sorted(
        (
            (size, sum(m.cost for m in members), frozenset(m.id for m in members))
            for size in range(2, problem.max_members + 1)
            for members in combinations(problem.candidates, size)
            if lawful(problem, members)
        ),
        key=lambda found: rank(problem, found),
    )


def rank(problem: Problem, found: tuple[int, int, frozenset[int]]) -> tuple[int, ...]:
    """What the order of proposals compares: members then cost, or cost alone."""
    return found[:2] if problem.fewest_first else found[1:2]


def expected(problem: Problem, count: int, found: Iterator[frozenset[int]]) -> Iterator[tuple[int, ...] | None]:
    """The rank each proposal must have, given those ``found`` before it.

    First those that share half their members at most with each earlier one; then those that are another set. Ties
    are the solver's to break: the oracle follows its choices and checks each is optimal.
    """
    every = all_lawful(problem)
    earlier: list[frozenset[int]] = []
    apart = True
    for _ in range(count):
        fit = [g for g in every if all(2 * len(g[2] & other) <= g[0] for other in earlier)] if apart else []
        if not fit:
            apart, fit = False, [g for g in every if g[2] not in earlier]
        yield rank(problem, fit[0]) if fit else None
        earlier.append(next(found, frozenset()))


# ---------------------------------------------------------------- random problems

CAPACITIES = st.sampled_from([0, 4, 5, 10, 20, 24, 25, 26, 30, 33, 40, 40, 47, 50, 50, 60, 75, 99, 100, 140])


@st.composite
def candidates(draw: st.DrawFn, number: int, trades: Sequence[str], capped: bool = False) -> Candidate:
    rare = st.sampled_from([False] * 15 + [True])
    served = draw(st.integers(1, 2 ** len(trades)))  # bits, the last value being a foreign trade
    caps = st.dictionaries(st.sampled_from([*trades, "T46"]), st.sampled_from([0, 3, 10, 25, 40]), max_size=2)
    return Candidate(
        id=number,
        needs=frozenset(trade for bit, trade in enumerate((*trades, "T46")) if served >> bit & 1),
        capacity_eur=draw(CAPACITIES),
        cost=draw(st.integers(0, 12)),
        turnover_eur=draw(st.sampled_from([0, 40, 60, 150])),
        hours=draw(st.sampled_from([0, 10, 20, 40])),
        ess=draw(st.booleans()) if capped else False,
        experienced=draw(st.sampled_from([True, True, False])),
        eligible=not draw(rare),
        producer=not draw(rare),
        distance_km=draw(st.sampled_from([5.0, 5.0, 7.5, 20.0, 59.9, 60.0] if capped else [5.0] * 4 + [59.9, 60.0])),
        radius_km=40.0,
        committed=draw(rare),
        committed_mandataire=draw(rare),
        ceiling_eur=draw(st.sampled_from([None, None, None, 0, 10, 25, 40, 200])) if capped else None,
        caps=tuple(draw(caps).items()) if capped and draw(st.booleans()) else (),
    )


@st.composite
def problems(draw: st.DrawFn, most: int = 8, capped: bool = False) -> Problem:
    """A lot of 100 EUR a year in one to four needs, and up to eight firms.

    ``capped``: with caps by trade, ceilings, and either order of proposals.
    """
    trades = TRADES[: draw(st.sampled_from([1, 1, 2, 2, 3, 4]))]
    amounts = draw(
        st.sampled_from([[100, 60], [50, 50, 20], [94, 6], [70, 30], [50, 25, 25], [40, 30, 20, 10], [97, 3]])
    )
    amounts = [*amounts, 10, 10, 10][: len(trades)]
    count = draw(st.sampled_from(sorted({0, 1, 2, *range(most // 2, most + 1)}) + [most] * 6))
    firms = tuple(draw(candidates(number, trades, capped)) for number in range(1, count + 1))
    return Problem(
        needs=tuple(Need(trade, amount) for trade, amount in zip(trades, amounts, strict=True)),
        candidates=firms,
        supply=draw(st.sampled_from([count, 20, 20, 20])),
        hours_required=draw(st.sampled_from([0, 0, 0, 20, 50])),
        turnover_required=draw(st.sampled_from([0, 0, 60, 120])) if sum(amounts) >= 100 else 0,
        reserved=draw(st.booleans()),
        exclusive=draw(st.booleans()),
        max_members=draw(st.sampled_from([2, 3, 4, 4, 5] if capped else [2, 3, 4, 4])),
        fewest_first=not capped or draw(st.booleans()),
    )


def roomier(problem: Problem, ids: set[int], more: int) -> Problem:
    """The same problem where these firms have so much more free capacity."""
    firms = tuple(replace(c, capacity_eur=c.capacity_eur + more) if c.id in ids else c for c in problem.candidates)
    return replace(problem, candidates=firms)
