"""Proposals by name: each against full enumeration, and one case each."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import combinations

from hypothesis import given, settings

from consortia.domain.named import named
from consortia.domain.problem import Candidate, Problem
from consortia.domain.rules import violations
from consortia.domain.solver import solve
from tests.domain.problems import all_lawful, firm, lawful, painting, problems, rank

Found = tuple[int, int, frozenset[int]]


def ranks(problem: Problem) -> dict[str, tuple[int, ...]]:
    return {name: rank(problem, (len(s.grouping.parts), s.cost, s.grouping.ids)) for name, s in named(problem).items()}


def best(problem: Problem, found: list[Found]) -> tuple[int, ...] | None:
    return min((rank(problem, one) for one in found), default=None)


def members(problem: Problem, found: Found) -> list[Candidate]:
    return [candidate for candidate in problem.candidates if candidate.id in found[2]]


def stands(problem: Problem, found: Found) -> bool:
    """Whether any one may leave: those who stay make a lawful grouping."""
    team = members(problem, found)
    return all(lawful(problem, rest) for rest in combinations(team, len(team) - 1))


# ---------------------------------------------------------------- against enumeration


@given(problems(capped=True, most=7))
@settings(max_examples=150)
def test_the_nearest_and_the_all_ess_are_those_of_enumeration(problem: Problem) -> None:
    every, told = all_lawful(problem), ranks(problem)
    far = {one: max(c.distance_km for c in members(problem, one)) for one in every}
    nearest = [one for one in every if far[one] == min(far.values())]
    assert told.get("nearest") == best(problem, nearest)
    social = [one for one in every if all(c.ess or c.inclusive for c in members(problem, one))]
    assert told.get("ess") == best(problem, social)


@given(problems(capped=True, most=7))
@settings(max_examples=150)
def test_the_smallest_has_the_fewest_members_of_all(problem: Problem) -> None:
    sizes = [one[0] for one in all_lawful(problem)]
    told = named(problem)
    assert len(told["smallest"].grouping.parts) == min(sizes) if sizes else not told


@given(problems(capped=True, most=7))
@settings(max_examples=150)
def test_the_robust_one_is_the_best_that_stands_whoever_leaves(problem: Problem) -> None:
    standing = [one for one in all_lawful(problem) if stands(problem, one)]
    assert ranks(problem).get("robust") == best(problem, standing)


@given(problems(capped=True, most=7))
@settings(max_examples=120)
def test_no_grouping_hosts_more_hours_than_that_of_most_jobs(problem: Problem) -> None:
    """To one per cent, here to the hour: none is lawful when one hour more is asked."""
    told = named(problem).get("jobs")
    problem = replace(problem, hours_alone=problem.hours_required)
    if told is None:
        assert not all_lawful(replace(problem, hours_required=max(1, problem.hours_required)))
        return
    hours = int(told.grouping.hours)
    assert told.proven
    assert not all_lawful(replace(problem, hours_required=hours + 1))
    same = all_lawful(replace(problem, hours_required=hours))
    assert rank(problem, (len(told.grouping.parts), told.cost, frozenset())) == best(problem, same)


@given(problems(capped=True))
@settings(max_examples=150)
def test_each_is_proven_and_lawful(problem: Problem) -> None:
    for solution in named(problem).values():
        assert solution.proven
        assert solution.cost == solution.bound == solution.grouping.cost
        assert violations(problem, solution.grouping) == ()


# ---------------------------------------------------------------- cases


def test_without_any_lawful_grouping_no_name_is_given() -> None:
    assert named(painting(firm(1, 10_000))) == {}


def test_the_nearest_team_keeps_the_farthest_member_as_near_as_can_be_even_if_dearer() -> None:
    near = [firm(n, 50_000, cost=300, distance_km=8.0) for n in (1, 2)]
    lot = painting(*near, firm(3, 60_000, cost=1, distance_km=30.0))
    assert solve(lot, count=1).solutions[0].grouping.ids != {1, 2}
    assert named(lot)["nearest"].grouping.ids == {1, 2}


def test_the_team_of_most_jobs_hosts_in_proportion_to_its_parts() -> None:
    """The largest host is used in full: 90 kEUR of its 90, and the other takes the ten that remain."""
    lot = painting(firm(1, 60_000), firm(2, 60_000), firm(3, 90_000, cost=500, hours=900))
    told = named(lot)["jobs"].grouping
    assert told.ids >= {3}
    assert told.hours == Fraction(900)


def test_where_nobody_hosts_hours_there_is_no_team_of_most_jobs() -> None:
    assert "jobs" not in named(painting(firm(1, 60_000), firm(2, 60_000)))


def test_three_halves_make_a_team_that_stands_whoever_leaves() -> None:
    lot = painting(*(firm(n, 50_000) for n in (1, 2, 3)))
    told = named(lot)
    assert len(told["smallest"].grouping.parts) == 2
    assert told["robust"].grouping.ids == {1, 2, 3}
    assert "robust" not in named(painting(firm(1, 50_000), firm(2, 50_000), firm(3, 49_999)))


def test_an_all_ess_team_counts_inclusive_firms_too() -> None:
    lot = painting(firm(1, 60_000, cost=1), firm(2, 50_000, ess=True), firm(3, 50_000, inclusive=True))
    assert named(lot)["ess"].grouping.ids == {2, 3}


# ---------------------------------------------------------------- the law of the lot, whatever a variant asks


def test_asking_for_more_hours_makes_nobody_less_able_alone() -> None:
    """C1: both EI could do the whole lot alone; that no one of them hosts the hours of both changes nothing."""
    hosts = [firm(1, 100_000, hours=600, inclusive=True), firm(2, 100_000, hours=600, inclusive=True)]
    problem = painting(*hosts, firm(3, 90_000), firm(4, 90_000))
    found = named(problem)
    assert len(found["jobs"].grouping.ids & {1, 2}) == 1
    assert violations(problem, found["jobs"].grouping) == ()


@given(problems(capped=True, most=7))
@settings(max_examples=150)
def test_every_named_grouping_is_lawful(problem: Problem) -> None:
    for name, solution in named(problem).items():
        assert violations(problem, solution.grouping) == (), name
