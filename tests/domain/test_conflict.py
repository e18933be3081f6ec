"""The smallest set of requirements that no team meets together."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings

from consortia.domain.conflict import as_json, conflict, requirements, sentence, without
from consortia.domain.explain import TradeWords
from consortia.domain.problem import Need, Problem
from consortia.domain.solver import solve
from tests.domain.problems import all_lawful, firm, painting, problems

WORDS = {
    "T07": TradeWords("Peinture", 40.0, 0.65 / 34),
    "T13": TradeWords("Électricité", 50.0, 0.42 / 36),
}


def solvable(problem: Problem) -> bool:
    return bool(solve(problem, count=1).solutions)


# ---------------------------------------------------------------- laws


@given(problems(most=7))
@settings(max_examples=100)
def test_a_conflict_is_impossible_as_a_whole_and_possible_without_any_one(problem: Problem) -> None:
    found = set(conflict(problem))
    if not found or {one.kind for one in found} == {"pair"}:
        return
    every = set(requirements(problem))
    assert not solvable(without(problem, every - found))
    for one in found:
        assert solvable(without(problem, (every - found) | {one}))


@given(problems(most=6))
@settings(max_examples=100)
def test_there_is_a_conflict_exactly_where_no_grouping_is_lawful(problem: Problem) -> None:
    assert bool(conflict(problem)) == (not all_lawful(problem))


@given(problems(most=6))
@settings(max_examples=40)
def test_dropping_a_requirement_never_takes_a_team_away(problem: Problem) -> None:
    every = requirements(problem)
    for one in every:
        if solvable(problem):
            assert solvable(without(problem, {one}))
        for other in every:
            if solvable(without(problem, {one})):
                assert solvable(without(problem, {one, other}))


@given(problems(most=6))
@settings(max_examples=40)
def test_no_smaller_set_conflicts(problem: Problem) -> None:
    found, every = conflict(problem), requirements(problem)
    if not found or found[0].kind == "pair":
        return
    for size in range(len(found)):
        for some in combinations(every, size):
            assert solvable(without(problem, set(every) - set(some)))


# ---------------------------------------------------------------- cases, in the lot's words


def told(lot: Problem) -> str:
    return sentence(conflict(lot), WORDS)


def test_a_lot_that_can_be_covered_has_no_conflict() -> None:
    lot = painting(firm(1, 60_000), firm(2, 60_000))
    assert conflict(lot) == ()
    assert told(lot) == ""


def test_capacity_alone_is_the_conflict_when_all_firms_together_lack_it() -> None:
    lot = painting(firm(1, 40_000), firm(2, 40_000), firm(3, 10_000))
    assert told(lot) == "Une exigence suffit à empêcher tout groupement : peinture : 100 000 € par an."


def test_a_need_nobody_serves_is_the_conflict() -> None:
    lot = Problem((Need("T07", 90_000), Need("T13", 10_000)), (firm(1, 90_000), firm(2, 90_000)), supply=9)
    assert [(one.kind, one.trade) for one in conflict(lot)] == [("need", "T13")]


def test_many_small_firms_clash_with_the_number_of_members() -> None:
    lot = painting(firm(1, 30_000), *(firm(number, 20_000) for number in range(2, 7)))
    assert [one.kind for one in conflict(lot)] == ["need", "members"]
    assert told(lot) == (
        "Ces 2 exigences ne peuvent être tenues ensemble, et sans l'une d'elles une équipe existe : "
        "peinture : 100 000 € par an ; 4 membres au plus."
    )


def test_two_needs_and_two_members_can_clash_only_together() -> None:
    lot = Problem(
        (Need("T07", 50_000), Need("T13", 50_000)),
        (firm(1, 50_000, "T07"), firm(2, 30_000, "T13"), firm(3, 30_000, "T13")),
        supply=9,
        max_members=2,
    )
    assert {(one.kind, one.trade) for one in conflict(lot)} == {("need", "T07"), ("need", "T13"), ("members", "")}


def test_nobody_to_lead_is_a_matter_of_the_mandataire() -> None:
    lot = painting(firm(1, 60_000, experienced=False), firm(2, 60_000, experienced=False))
    assert [one.kind for one in conflict(lot)] == ["mandataire"]
    assert "un mandataire expérimenté qui prend au moins 25 % du lot" in told(lot)


def test_two_giants_clash_with_competition() -> None:
    lot = painting(firm(1, 150_000), firm(2, 150_000))
    assert [one.kind for one in conflict(lot)] == ["need", "alone"]


def test_a_single_firm_makes_no_pair() -> None:
    assert [one.kind for one in conflict(painting(firm(1, 50_000)))] == ["pair"]


def test_insertion_hours_nobody_hosts_are_named() -> None:
    lot = painting(firm(1, 60_000, hours=100), firm(2, 60_000, hours=80), hours_required=500)
    assert told(
        lot
    ) == "Ces 2 exigences ne peuvent être tenues ensemble, et sans l'une d'elles une équipe existe : " + (
        "peinture : 100 000 € par an ; 500 h d'insertion par an."
    )


def test_a_conflict_is_stored_with_its_words() -> None:
    (need,) = as_json(conflict(painting(firm(1, 40_000), firm(2, 40_000))), WORDS)
    assert need == {
        "kind": "need",
        "trade": "T07",
        "amount_eur": 100_000,
        "number": 0,
        "text": "peinture : 100 000 € par an",
    }
