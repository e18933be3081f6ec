"""Proposals put to the test: who leaves, low capacities, late payment, ACI ceiling."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from consortia.domain.problem import Candidate, Grouping, Need, Problem
from consortia.domain.replay import Bench, Terms, Trial, as_json, named_in, replay, resized, sentence
from consortia.domain.shares import allocate
from consortia.domain.solver import solve
from tests.domain.problems import firm, lawful, painting, problems

NAMES = {number: f"F{number}" for number in range(1, 60)}
SIRETS = {number: f"{number:014d}" for number in range(1, 60)}


def grouping_of(problem: Problem) -> Grouping | None:
    solutions = solve(problem, count=1).solutions
    return solutions[0].grouping if solutions else None


def best(problem: Problem) -> Grouping:
    grouping = grouping_of(problem)
    assert grouping is not None
    return grouping


def of(test: str, trials: tuple[Trial, ...], number: int | None = None) -> Trial:
    return next(one for one in trials if one.test == test and number in (None, one.firm))


def members(problem: Problem, ids: set[int]) -> list[Candidate]:
    return [candidate for candidate in problem.candidates if candidate.id in ids]


# ---------------------------------------------------------------- laws


@given(problems(most=7))
@settings(max_examples=150)
def test_who_comes_in_when_a_member_leaves_is_the_cheapest_that_is_lawful(problem: Problem) -> None:
    grouping = grouping_of(problem)
    if grouping is None:
        return
    for trial in replay(problem, grouping):
        if trial.test != "leaves":
            continue
        assert trial.firm is not None
        rest = set(grouping.ids) - {trial.firm}
        assert trial.survives == lawful(problem, members(problem, rest))
        others = [c for c in problem.candidates if c.id not in grouping.ids]
        alone = [c.cost for c in others if lawful(problem, [*members(problem, rest), c])]
        pairs = [
            a.cost + b.cost for a, b in combinations(others, 2) if lawful(problem, [*members(problem, rest), a, b])
        ]
        costs = [c.cost for c in others if c.id in trial.repair]
        if trial.survives:
            assert trial.repair == ()
        elif alone:
            assert (len(costs), sum(costs)) == (1, min(alone))
        elif pairs:
            assert (len(costs), sum(costs)) == (2, min(pairs))
        else:
            assert trial.repair == ()


@given(problems(most=7), st.integers(30, 100))
@settings(max_examples=150)
def test_low_capacities_are_survived_exactly_where_parts_exist_within_them(problem: Problem, percent: int) -> None:
    firms = tuple(replace(c, low_eur=c.capacity_eur * percent // 100) for c in problem.candidates)
    problem = replace(problem, candidates=firms)
    grouping = grouping_of(problem)
    if grouping is None:
        return
    trial = of("low", replay(problem, grouping))
    lows = {c.id: resized(c, c.low_eur or 0) for c in firms}
    low = replace(problem, candidates=tuple(lows.values()))
    ids = set(grouping.ids)
    if trial.again:
        assert trial.survives
        assert lawful(low, members(low, ids))
    if not trial.survives:
        assert not lawful(low, members(low, ids))
    if trial.repair:
        after = (ids - {trial.replaces}) | set(trial.repair)
        assert lawful(low, members(low, after))
        assert len(after) == len(ids) + (trial.replaces is None) * len(trial.repair)


@given(problems(most=7))
@settings(max_examples=80)
def test_late_payment_is_survived_within_what_each_turnover_carries(problem: Problem) -> None:
    grouping = grouping_of(problem)
    if grouping is None:
        return
    terms = Terms(payment_days=60, cash_permille=83)
    trial = of("payment", replay(problem, grouping, terms))
    most = {c.id: terms.carried_eur(c) for c in problem.candidates}
    kept = [part for part in grouping.parts if most[part.candidate.id] is not None]
    if not trial.again:
        assert trial.survives == all(part.amount_eur <= (most[part.candidate.id] or 0) for part in kept)


# ---------------------------------------------------------------- cases


def test_two_painters_where_either_may_be_replaced() -> None:
    lot = painting(firm(1, 60_000), firm(2, 60_000), firm(3, 60_000, cost=300), firm(4, 55_000, cost=200))
    trial = of("leaves", replay(lot, best(lot)), 1)
    assert (trial.survives, trial.repair) == (False, (4,))
    assert sentence(trial, NAMES, Terms()) == "Si F1 se retire, F4 peut la remplacer."


def test_a_large_member_is_replaced_by_two() -> None:
    lot = painting(firm(1, 80_000), firm(2, 40_000), firm(3, 35_000, cost=200), firm(4, 35_000, cost=200))
    trial = of("leaves", replay(lot, best(lot)), 1)
    assert trial.repair == (3, 4)
    assert sentence(trial, NAMES, Terms()) == "Si F1 se retire, F3 et F4 peuvent la remplacer à deux."


def test_a_member_to_spare_may_leave() -> None:
    lot = painting(firm(1, 60_000), firm(2, 60_000), firm(3, 60_000))
    three = allocate(lot, lot.candidates)
    assert three is not None
    trial = of("leaves", replay(lot, three), 2)
    assert trial.survives
    assert sentence(trial, NAMES, Terms()) == "Si F2 se retire, les autres membres couvrent le lot."


def test_parts_above_the_low_estimate_are_shared_anew_when_the_others_have_room() -> None:
    lot = painting(firm(1, 90_000, low_eur=40_000), firm(2, 70_000, low_eur=65_000))
    trial = of("low", replay(lot, best(lot)))
    assert (trial.survives, trial.again) == (True, True)
    assert sentence(trial, NAMES, Terms()) == (
        "Aux estimations basses de capacité, les parts ne tiennent pas toutes. "
        "Les mêmes membres couvrent le lot en le partageant autrement."
    )


def test_low_capacities_short_of_the_lot_say_how_much_and_who_helps() -> None:
    lot = painting(
        firm(1, 60_000, low_eur=40_000), firm(2, 60_000, low_eur=40_000), firm(3, 80_000, low_eur=60_000, cost=500)
    )
    trial = of("low", replay(lot, best(lot)))
    assert (trial.survives, trial.amount_eur, trial.repair, trial.replaces) == (False, 20_000, (3,), 1)
    assert sentence(trial, NAMES, Terms()) == (
        "Aux estimations basses de capacité, il manque 20 000 € par an. F3 peut remplacer F1."
    )


def test_payment_at_sixty_days_weighs_on_the_member_with_the_smallest_turnover() -> None:
    lot = painting(firm(1, 60_000, turnover_eur=300_000), firm(2, 60_000, turnover_eur=60_000))
    trial = of("payment", replay(lot, best(lot)))
    assert (trial.firm, trial.survives, trial.amount_eur, trial.limit_eur) == (2, False, 8_219, 4_980)
    assert sentence(trial, NAMES, Terms()) == (
        "Payé à 60 jours, F2 avancerait 8 200 € ; elle peut en porter environ 5 000 € (estimation). "
        "Aucune entreprise identifiée n'y remédie."
    )


def test_unknown_turnovers_are_not_said_to_hold() -> None:
    lot = painting(firm(1, 60_000, turnover_eur=0), firm(2, 60_000, turnover_eur=0))
    trial = of("payment", replay(lot, best(lot)))
    assert "trésorerie à vérifier" in sentence(trial, NAMES, Terms())


def test_an_aci_beyond_its_ceiling_of_sales_gives_way() -> None:
    """Given parts that an older estimate allowed: the ceiling of article D5132-34 has come down since."""
    lot = painting(firm(1, 60_000), firm(2, 60_000, kind="ACI"))
    grouping = best(lot)
    capped = replace(lot, candidates=(lot.candidates[0], replace(lot.candidates[1], ceiling_eur=42_000)))
    parts = tuple(
        replace(p, candidate=next(c for c in capped.candidates if c.id == p.candidate.id)) for p in grouping.parts
    )
    trial = of("ceiling", replay(capped, replace(grouping, parts=parts)))
    assert (trial.firm, trial.survives, trial.again) == (2, True, True)
    assert trial.limit_eur == 42_000
    assert "art. D5132-34" in sentence(trial, NAMES, Terms())


def test_a_grouping_without_aci_has_no_trial_of_the_ceiling() -> None:
    lot = painting(firm(1, 60_000), firm(2, 60_000))
    assert "ceiling" not in {trial.test for trial in replay(lot, best(lot))}


def test_talma_none_of_the_four_can_be_spared() -> None:
    """Lycée Talma (Brunoy): two ACI and two EI for 130 kEUR of painting; each withdrawal is told, nobody repairs."""
    siae = [firm(1, 40_000), firm(2, 36_000), firm(3, 34_000, kind="ACI"), firm(4, 28_000, kind="ACI")]
    ordinary = [firm(number, 200_000, eligible=False) for number in (5, 6)]
    lot = painting(*siae, *ordinary, amount=130_000, supply=9, reserved=True)
    trials = [trial for trial in replay(lot, best(lot)) if trial.test == "leaves"]
    assert [(trial.firm, trial.survives, trial.repair) for trial in trials] == [
        (number, False, ()) for number in (1, 2, 3, 4)
    ]
    assert sentence(trials[0], NAMES, Terms()) == (
        "Si F1 se retire, aucune entreprise identifiée ne la remplace, ni seule ni à deux."
    )


def test_a_spare_siae_repairs_talma() -> None:
    siae = [firm(n, size) for n, size in enumerate((40_000, 36_000, 34_000, 28_000), start=1)]
    lot = painting(*siae, firm(7, 33_000, cost=400), amount=130_000, supply=9, reserved=True)
    trials = replay(lot, best(lot))
    assert {trial.firm: trial.repair for trial in trials if trial.test == "leaves"}[3] == (7,)


def test_trials_are_stored_by_siret() -> None:
    lot = painting(firm(1, 60_000), firm(2, 60_000), firm(3, 60_000, cost=300))
    trials = replay(lot, best(lot))
    assert named_in(trials) == {1, 2, 3}
    first = as_json(trials, NAMES, SIRETS, Terms())[0]
    assert first["test"] == "leaves"
    assert first["repair"] == SIRETS[3]
    assert set(first) == {"test", "siret", "survives", "again", "repair", "repairs", "text"}


def test_a_bench_shared_by_proposals_changes_nothing() -> None:
    needs = (Need("T07", 60_000), Need("T13", 40_000))
    lot = Problem(needs, tuple(firm(n, 10_000 * n, "T07 T13", cost=n) for n in range(1, 9)), supply=20)
    bench = Bench(lot)
    for solution in solve(lot).solutions:
        assert replay(lot, solution.grouping, bench=bench) == replay(lot, solution.grouping)
