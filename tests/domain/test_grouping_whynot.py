"""Why a firm is not in a grouping, and the least that would bring it there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consortia.domain.explain import TradeWords
from consortia.domain.piece import HOURS_PER_FTE
from consortia.domain.problem import Candidate, Grouping, Marks, Need, Problem, Weights, weighed
from consortia.domain.replay import resized
from consortia.domain.solver import solve
from consortia.domain.whynot import WhyNot, distance_mark, sentence, why_not
from tests.domain.problems import firm, lawful, painting, problems

WEIGHTS = Weights()
PAINTER_EUR = 84_000  # a year of one painter's work
WORDS = {
    "T07": TradeWords("Peinture", 40.0, HOURS_PER_FTE / PAINTER_EUR),
    "T13": TradeWords("Électricité", 50.0, 0.42 / 36),
}
NAMES = {number: f"F{number}" for number in range(1, 20)}


def marked(number: int, capacity: int, trades: str = "T07", **more: object) -> Candidate:
    """A firm whose cost follows from its way and the proof of its trade."""
    trade = more.pop("proof", 0)
    one = firm(number, capacity, trades, **more)
    marks = Marks(trade=trade, distance=distance_mark(one.distance_km, one.radius_km))  # type: ignore[arg-type]
    return replace(one, marks=marks, cost=WEIGHTS.cost(marks))


def grouping_of(problem: Problem) -> Grouping:
    (solution,) = solve(problem, count=1).solutions
    return solution.grouping


def asked(problem: Problem, number: int) -> WhyNot:
    (one,) = (c for c in problem.candidates if c.id == number)
    return why_not(problem, grouping_of(problem), one, weights=WEIGHTS)


def told(problem: Problem, number: int) -> str:
    (one,) = (c for c in problem.candidates if c.id == number)
    return sentence(asked(problem, number), one, WORDS, NAMES)


# ---------------------------------------------------------------- laws


@st.composite
def lots(draw: st.DrawFn) -> Problem:
    """Random lots whose costs follow from marks."""
    problem = draw(problems(most=7))
    firms = tuple(
        replace(
            c,
            distance_km=(far := draw(st.sampled_from([0.0, 6.0, 15.0, 30.0, 59.0, 80.0]))),
            marks=Marks(trade=draw(st.sampled_from([0, 0, 300, 700])), distance=distance_mark(far, c.radius_km)),
        )
        for c in problem.candidates
    )
    return weighed(replace(problem, candidates=firms), WEIGHTS)


def changed(one: Candidate, kind: str, amount: int, trade: str) -> Candidate:
    """The change, written down again."""
    if kind == "capacity":
        return resized(one, one.capacity_eur + amount)
    if kind == "trade":
        return replace(one, needs=one.needs | {trade})
    radius = one.radius_km + amount if kind == "radius" else one.radius_km
    marks = replace(
        one.marks,
        distance=distance_mark(one.distance_km, radius),
        trade=0 if kind == "proof" else one.marks.trade,
    )
    return replace(one, radius_km=radius, marks=marks, cost=WEIGHTS.cost(marks))


def has_place(problem: Problem, grouping: Grouping, one: Candidate) -> bool:
    members = [part.candidate for part in grouping.parts]
    whole = replace(problem, candidates=(*(c for c in problem.candidates if c.id != one.id), one))
    return any(one.cost <= out.cost and lawful(whole, [*(m for m in members if m is not out), one]) for out in members)


@given(lots())
@settings(max_examples=150)
def test_each_change_suffices_and_a_unit_less_does_not(problem: Problem) -> None:
    solutions = solve(problem, count=1).solutions
    if not solutions:
        return
    grouping = solutions[0].grouping
    for one in problem.candidates:
        answer = why_not(problem, grouping, one, weights=WEIGHTS)
        for way in answer.ways:
            after = one
            for change in way.changes:
                after = changed(after, change.kind, change.amount, change.trade)
            assert has_place(problem, grouping, after)
            assert way.grouping.cost <= grouping.cost
            assert one.id in way.grouping.ids
            assert way.replaces not in way.grouping.ids
            last = way.changes[-1]
            before = one
            for change in way.changes[:-1]:
                before = changed(before, change.kind, change.amount, change.trade)
            assert not has_place(
                problem,
                grouping,
                changed(before, last.kind, last.amount - 1, last.trade) if last.amount > 1 else before,
            )


@given(lots())
@settings(max_examples=100)
def test_states_are_what_the_rules_say(problem: Problem) -> None:
    solutions = solve(problem, count=1).solutions
    if not solutions:
        return
    grouping = solutions[0].grouping
    for one in problem.candidates:
        answer = why_not(problem, grouping, one, weights=WEIGHTS)
        barred = not one.eligible or not one.producer or (problem.exclusive and one.committed)
        assert (answer.state == "member") == (one.id in grouping.ids)
        if one.id not in grouping.ids:
            assert (answer.state == "barred") == barred
            assert (answer.state == "equal") == (not barred and has_place(problem, grouping, one))


# ---------------------------------------------------------------- cases


def test_a_firm_short_of_capacity_is_told_how_much_in_work_and_euros() -> None:
    lot = painting(marked(1, 60_000), marked(2, 60_000), marked(3, 6_400, distance_km=5.0))
    assert told(lot, 3) == "Avec 0,4 ETP libre de plus (34 000 € par an), elle remplacerait F1."


def test_a_firm_far_for_its_radius_is_told_how_much_farther_it_should_go() -> None:
    lot = painting(marked(1, 60_000), marked(2, 60_000), marked(3, 60_000, distance_km=12.0))
    assert told(lot, 3) == "Avec 8 km de rayon de plus, elle remplacerait F1."


def test_a_firm_out_of_reach_is_told_the_radius_that_reaches() -> None:
    lot = painting(
        marked(1, 60_000, distance_km=30.0), marked(2, 60_000, distance_km=30.0), marked(3, 60_000, distance_km=60.0)
    )
    (way,) = asked(lot, 3).ways
    assert (way.changes[0].kind, way.changes[0].amount) == ("radius", 40)


def test_nobody_is_told_to_go_across_the_country() -> None:
    lot = painting(marked(1, 60_000), marked(2, 60_000), marked(3, 60_000, distance_km=600.0))
    assert told(lot, 3).startswith("Elle est à 600 km, pour une portée de 60 km. Ni capacité, ni rayon,")


def test_a_presumed_trade_may_be_declared() -> None:
    lot = painting(marked(1, 60_000), marked(2, 60_000), marked(3, 60_000, proof=200))
    assert told(lot, 3).startswith("Avec ")
    assert "son métier déclaré, et non présumé, elle remplacerait F1." in told(lot, 3)


def test_a_trade_of_the_lot_may_be_declared() -> None:
    lot = Problem(
        (Need("T07", 50_000), Need("T13", 50_000)),
        (marked(1, 60_000, "T07"), marked(2, 60_000, "T13", distance_km=20.0), marked(3, 60_000, "T46")),
        supply=9,
    )
    assert "le métier « électricité » déclaré, elle remplacerait F2." in told(lot, 3)


def test_where_no_single_change_does_two_together_are_told() -> None:
    lot = painting(marked(1, 60_000), marked(2, 60_000), marked(3, 10_000, distance_km=12.0))
    (way,) = asked(lot, 3).ways
    assert [(change.kind, change.amount) for change in way.changes] == [("capacity", 30_000), ("radius", 8)]


def test_a_firm_as_good_as_a_member_is_said_to_be() -> None:
    lot = painting(marked(1, 60_000), marked(2, 60_000), marked(3, 60_000))
    assert told(lot, 3) == "Elle pourrait remplacer F1 : le groupement serait aussi bon."


def test_a_firm_outside_ess_that_nothing_would_help_is_told_what_speaks_against_it() -> None:
    far = Marks(distance=distance_mark(10.0, 40.0))
    plain = replace(firm(3, 60_000, distance_km=0.0), marks=Marks(ess=1000), cost=WEIGHTS.cost(Marks(ess=1000)))
    near = [replace(firm(n, 60_000, distance_km=0.0), marks=Marks(), cost=0) for n in (1, 2)]
    assert far.distance
    assert told(painting(*near, plain), 3) == (
        "Elle pourrait remplacer F1, mais conviendrait moins : elle n'est ni de l'ESS ni de l'insertion."
    )


def test_where_nothing_would_do_what_speaks_against_the_firm_is_told() -> None:
    """It lacks capacity too, and no declaration makes it ESS."""
    small = replace(firm(3, 6_000, distance_km=0.0), marks=Marks(ess=1000), cost=WEIGHTS.cost(Marks(ess=1000)))
    near = [replace(firm(n, 60_000, distance_km=0.0), marks=Marks(), cost=0) for n in (1, 2)]
    assert told(painting(*near, small), 3).endswith(
        "même deux à la fois ; face au membre qui convient le moins : elle n'est ni de l'ESS ni de l'insertion."
    )


@pytest.mark.parametrize(
    ("facts", "lot", "words"),
    [
        ({"eligible": False}, {"reserved": True}, "ce lot est réservé (règle R6) : tous les membres doivent"),
        ({"producer": False}, {}, "elle met du personnel à disposition"),
        ({"committed": True}, {"exclusive": True}, "elle est déjà engagée sur ce marché"),
    ],
)
def test_a_barred_firm_is_told_by_which_rule(facts: dict[str, bool], lot: dict[str, bool], words: str) -> None:
    found = painting(marked(1, 60_000), marked(2, 60_000), marked(3, 60_000, **facts), **lot)
    assert asked(found, 3).state == "barred"
    assert words in told(found, 3)


def test_a_member_is_said_to_be_one() -> None:
    assert told(painting(marked(1, 60_000), marked(2, 60_000)), 1) == "Elle est membre de ce groupement."
