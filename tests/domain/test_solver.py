"""The solver against full enumeration and against HiGHS; and the cases of the domain guide."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consortia.domain import engine
from consortia.domain.explain import TradeWords, gaps, sentence
from consortia.domain.milp import least_cost, optimum
from consortia.domain.problem import Form, Need, Problem
from consortia.domain.rules import violations
from consortia.domain.solver import Solved, admissible, covering_rows, largest_size, solve
from tests.domain.problems import TRADES, all_lawful, expected, firm, painting, problems, rank, roomier

WORDS = {"T07": TradeWords("Peinture", 40.0, 0.65 / 34)}


def sizes_and_costs(problem: Problem, count: int = 3) -> list[tuple[int, int]]:
    return [(len(s.grouping.parts), s.cost) for s in solve(problem, count=count).solutions]


def ranks(problem: Problem, solved: Solved) -> list[tuple[int, ...]]:
    return [rank(problem, (len(s.grouping.parts), s.cost, s.grouping.ids)) for s in solved.solutions]


# ---------------------------------------------------------------- oracles: 2,000 small problems in all


def assert_best(problem: Problem) -> None:
    assert ranks(problem, solve(problem, count=1)) == [rank(problem, found) for found in all_lawful(problem)[:1]]


@given(problems(capped=True))
@settings(max_examples=1000, derandomize=True)
def test_the_best_grouping_is_that_of_full_enumeration_on_the_same_thousand_problems(problem: Problem) -> None:
    """In the order of the problem; nothing when nothing is lawful."""
    assert_best(problem)


@given(problems(capped=True))
@settings(max_examples=400)
def test_the_best_grouping_is_that_of_full_enumeration(problem: Problem) -> None:
    assert_best(problem)


@given(problems(capped=True), st.integers(1, 10))
@settings(max_examples=300)
def test_each_further_proposal_is_the_best_of_those_that_differ_enough(problem: Problem, count: int) -> None:
    """Half the members in common at most, as long as such groupings exist; then another set."""
    solved = solve(problem, count=count)
    wanted = expected(problem, count, iter([solution.grouping.ids for solution in solved.solutions]))
    assert ranks(problem, solved) == [found for found in wanted if found]


@given(problems(capped=True), st.integers(2, 5))
@settings(max_examples=300)
def test_the_cost_is_that_of_a_plain_mixed_integer_program(problem: Problem, size: int) -> None:
    lot = replace(problem, max_members=size)
    found, proven = optimum(lot)
    assert proven
    assert ranks(lot, solve(lot, count=1)) == ([rank(lot, (*found, frozenset()))] if found else [])


@given(problems(capped=True))
@settings(max_examples=60)
def test_without_numba_the_answers_are_the_same(problem: Problem) -> None:
    compiled = solve(problem, count=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "COMPILED", False)
        assert solve(problem, count=4) == compiled


@given(problems(capped=True))
def test_every_grouping_is_lawful_and_carries_its_proof(problem: Problem) -> None:
    solved = solve(problem)
    assert solved.proven
    for solution in solved.solutions:
        assert violations(problem, solution.grouping) == ()
        assert solution.cost == solution.bound == solution.grouping.cost
        assert solution.proven


@given(problems(most=6, capped=True))
def test_the_covering_rows_hold_exactly_when_the_needs_can_be_shared_out(problem: Problem) -> None:
    """Hall's condition: no lawful grouping ever breaks a row."""
    pool = admissible(problem)
    rows, wanted = covering_rows(problem, pool)
    place = {candidate.id: column for column, candidate in enumerate(pool)}
    for _, _, ids in all_lawful(problem):
        assert (rows[:, [place[number] for number in ids]].sum(axis=1) >= wanted).all()


# ---------------------------------------------------------------- what helps never harms


@given(problems(), st.integers(0, 60))
def test_more_capacity_never_asks_for_more_members(problem: Problem, more: int) -> None:
    """Unless it makes firms able alone, whom competition law keeps apart (C1)."""
    lot = replace(problem, hours_required=0)
    larger = roomier(lot, {c.id for c in problem.candidates}, more)
    before, after = sizes_and_costs(lot, 1), sizes_and_costs(larger, 1)
    if before and not any(larger.able_alone(c) for c in larger.candidates):
        assert after <= before


@given(problems(), st.integers(1, 12))
def test_a_dearer_firm_never_makes_the_best_grouping_cheaper(problem: Problem, more: int) -> None:
    firms = tuple(replace(c, cost=c.cost + more) if c.id % 2 else c for c in problem.candidates)
    before, after = sizes_and_costs(problem, 1), sizes_and_costs(replace(problem, candidates=firms), 1)
    assert before <= after
    assert len(before) == len(after)


@given(problems())
def test_the_order_of_the_candidates_changes_neither_size_nor_cost(problem: Problem) -> None:
    turned = replace(problem, candidates=problem.candidates[::-1])
    assert sizes_and_costs(problem, 1) == sizes_and_costs(turned, 1)


# ---------------------------------------------------------------- Talma


def talma(*absent: int) -> Problem:
    """Lycée Talma, Brunoy: a painting lot of 130 kEUR reserved to SIAE, two ACI and two EI, none large."""
    siae = [
        firm(1, 40_000, ess=True, inclusive=True),  # EI
        firm(2, 36_000, ess=True, inclusive=True),  # EI
        firm(3, 34_000, ess=True, inclusive=True),  # ACI
        firm(4, 28_000, ess=True, inclusive=True),  # ACI
    ]
    ordinary = [firm(number, 200_000, eligible=False) for number in (5, 6)]
    members = [one for one in (*siae, *ordinary) if one.id not in absent]
    return painting(*members, amount=130_000, supply=9, reserved=True)


def test_talma_painting_lot_is_covered_by_four_siae() -> None:
    (solution,) = solve(talma()).solutions
    grouping = solution.grouping
    assert grouping.ids == {1, 2, 3, 4}
    assert grouping.form is Form.SOLIDAIRE
    assert sum(part.amount_eur for part in grouping.parts) == 130_000
    assert grouping.mandataire.id == 1
    assert violations(talma(), grouping) == ()


@pytest.mark.parametrize(("absent", "found", "missing"), [(1, 98, 32), (2, 102, 28), (3, 104, 26), (4, 110, 20)])
def test_talma_without_any_one_of_them_the_explanation_names_the_gap(absent: int, found: int, missing: int) -> None:
    lot = talma(absent)
    assert solve(lot).solutions == ()
    (gap,) = gaps(lot)
    assert (gap.kind, gap.trades, gap.found_eur, gap.missing_eur) == (
        "capacity",
        ("T07",),
        found * 1000,
        missing * 1000,
    )
    words = sentence(gap, WORDS, size=3)
    assert words.startswith(f"Il manque {missing} 000 € de capacité par an en peinture à moins de 60 km")


def test_talma_ordinary_firms_large_enough_alone_stay_out_of_a_reserved_lot() -> None:
    assert {candidate.id for candidate in admissible(talma())} == {1, 2, 3, 4}


# ---------------------------------------------------------------- named cases


def test_two_members_are_preferred_to_three_cheaper_ones() -> None:
    lot = painting(firm(1, 50, cost=90), firm(2, 50, cost=90), *(firm(n, 40, cost=1) for n in (3, 4, 5)), amount=100)
    assert solve(lot, count=1).solutions[0].grouping.ids == {1, 2}


def test_among_pairs_the_cheapest_wins() -> None:
    lot = painting(*(firm(number, 50, cost=number) for number in (5, 3, 9, 1)), amount=100)
    assert solve(lot, count=1).solutions[0].grouping.ids == {1, 3}


def test_two_firms_able_alone_are_never_put_together() -> None:
    lot = painting(firm(1, 100, cost=1), firm(2, 100, cost=1), firm(3, 10, cost=50), amount=100)
    assert solve(lot, count=1).solutions[0].grouping.ids in ({1, 3}, {2, 3})


def test_a_firm_with_just_the_least_part_free_may_be_a_member() -> None:
    """Five per cent of the lot, to the euro."""
    lot = painting(firm(1, 950), firm(2, 50), amount=1_000)
    assert solve(lot).solutions[0].grouping.ids == {1, 2}
    assert solve(replace(lot, candidates=(firm(1, 951), firm(2, 49)))).solutions == ()


@pytest.mark.parametrize(("supply", "largest"), [(3, 1), (4, 2), (7, 3), (8, 4), (100, 4)])
def test_c1_bounds_the_size_by_half_of_the_supply(supply: int, largest: int) -> None:
    assert largest_size(painting(supply=supply), 10) == largest


def test_insertion_hours_bring_in_the_firm_that_can_host_them() -> None:
    lot = painting(
        *(firm(n, 50, cost=1) for n in (1, 2)), firm(3, 50, cost=80, hours=300), amount=100, hours_required=300
    )
    assert 3 in solve(lot, count=1).solutions[0].grouping.ids


@pytest.mark.parametrize("limit", [1, 5, 20, 50])
def test_when_the_limit_is_reached_the_answer_says_what_is_proven_and_what_is_not(limit: int) -> None:
    lot = painting(*(firm(n, 21 + n * 13 % 17, cost=50 + n * 29 % 31) for n in range(1, 40)), amount=120, supply=99)
    best = solve(lot, count=1).solutions[0].cost
    cut = solve(lot, count=3, node_limit=limit)
    assert not cut.proven
    assert cut.nodes <= limit
    for solution in cut.solutions:
        assert violations(lot, solution.grouping) == ()
        assert solution.bound <= solution.cost
        assert best <= solution.cost
    for solution in cut.solutions[:1]:
        assert solution.bound <= best
        assert not solution.proven or solution.cost == best


def test_a_whole_town_of_candidates_is_solved_to_proof() -> None:
    """Four hundred firms, three trades: more than any lot of the demo."""
    trades = ("T07", "T13", "T07 T11", "T11", "T07 T13")
    firms = tuple(
        firm(n, 8_000 + 977 * (n * 37 % 61), trades[n % 5], cost=100 + n * 7919 % 613, hours=n * 31 % 200)
        for n in range(1, 401)
    )
    lot = Problem(
        (Need("T07", 60_000), Need("T13", 30_000), Need("T11", 30_000)), firms, supply=400, hours_required=300
    )
    solved = solve(lot)
    assert solved.proven
    assert len(solved.solutions) == 3
    size = len(solved.solutions[0].grouping.parts)
    assert least_cost(lot, range(size, size + 1)) == (solved.solutions[0].cost, True)


# ---------------------------------------------------------------- larger lots, against an unpruned program


def town(seed: int, firms: int, trades: int, *, median: float = 0.1, spread: float = 0.8, **more: object) -> Problem:
    """A lot among many firms of log-normal capacity (``median``: a share of the lot), with caps, ceilings and hours."""
    rng = random.Random(seed)
    codes = TRADES[:trades]
    needs = tuple(Need(code, rng.randint(40_000, 200_000)) for code in codes)
    amount = sum(need.amount_eur for need in needs)
    pool = []
    for number in range(firms):
        capacity = int(amount * median * rng.lognormvariate(0.0, spread))
        served = [code for code in codes if rng.random() < 0.6] or [rng.choice(codes)]
        pool.append(
            firm(
                number,
                capacity,
                " ".join(served),
                cost=rng.randint(50, 900),
                hours=capacity // 30 if rng.random() < 0.4 else 0,
                experienced=rng.random() < 0.5,
                caps=((served[0], capacity // 2),) if rng.random() < 0.3 else (),
                ceiling_eur=int(capacity * 0.6) if rng.random() < 0.2 else None,
            )
        )
    return Problem(needs, tuple(pool), supply=firms, max_members=6, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("fewest_first", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_among_sixty_firms_the_optimum_is_that_of_an_unpruned_program(seed: int, fewest_first: bool) -> None:
    lot = town(seed, 60, 1 + seed % 4, median=0.15, hours_required=seed % 3 * 1_000, fewest_first=fewest_first)
    found, proven = optimum(lot)
    assert proven
    assert ranks(lot, solve(lot, count=1)) == ([rank(lot, (*found, frozenset()))] if found else [])


@pytest.mark.parametrize("seed", range(6))
def test_the_hardest_lots_are_proven_within_the_limit(seed: int) -> None:
    """Three hundred firms, half of them below a tenth of the lot: ten proposals, each the best there is."""
    solved = solve(town(seed, 300, 1 + seed % 4), count=10)
    assert solved.proven
    assert len(solved.solutions) == 10


@pytest.mark.parametrize("fewest_first", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_without_numba_the_answers_are_the_same_among_many_firms(seed: int, fewest_first: bool) -> None:
    lot = town(seed, 60, 1 + seed, hours_required=seed * 900, fewest_first=fewest_first)
    compiled = solve(lot, count=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "COMPILED", False)
        assert solve(lot, count=3) == compiled


def test_hours_reached_exactly_by_fractions_count_as_reached() -> None:
    """A third and two thirds of an hour make one: no rounding decides."""
    lot = painting(firm(1, 90, hours=1), firm(2, 30, hours=1), amount=60, hours_required=1, min_share_permille=0)
    assert solve(lot).solutions[0].grouping.hours >= 1
    thirds = painting(firm(1, 90, hours=1), firm(2, 45, hours=1), amount=60, hours_required=1)
    assert solve(thirds).solutions[0].grouping.hours == Fraction(15, 90) + 1
    assert solve(replace(thirds, hours_required=2)).solutions == ()


def test_cost_alone_may_prefer_a_larger_team() -> None:
    lot = painting(firm(1, 50, cost=90), firm(2, 50, cost=90), *(firm(n, 40, cost=1) for n in (3, 4, 5)), amount=100)
    assert solve(replace(lot, fewest_first=False), count=1).solutions[0].grouping.ids == {3, 4, 5}


def test_when_nothing_else_shares_half_at_most_the_next_proposal_is_the_best_other_set() -> None:
    lot = painting(firm(1, 60, cost=5), firm(2, 50, cost=10), firm(3, 50, cost=20), amount=100)
    found = [solution.grouping.ids for solution in solve(lot, count=10).solutions]
    assert found == [{1, 2}, {1, 3}, {2, 3}, {1, 2, 3}]
