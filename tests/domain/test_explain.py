"""Why no grouping exists, and who could take a member's place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from consortia.domain.explain import Gap, TradeWords, gaps, money, replacements, sentence
from consortia.domain.problem import Need, Problem
from consortia.domain.solver import admissible, covering_rows, largest_size, solve
from tests.domain.problems import firm, lawful, painting, problems, roomier

WORDS = {
    "T07": TradeWords("Peinture", 40.0, 0.65 / 34),
    "T13": TradeWords("Électricité", 50.0, 0.42 / 36),
    "T38": TradeWords("Gardiennage (CNAPS)", 40.0, 0.85 / 24),
}


def told(lot: Problem, size: int = 4) -> str:
    return " ".join(sentence(gap, WORDS, size=size) for gap in gaps(lot))


# ---------------------------------------------------------------- properties


@given(problems())
@settings(max_examples=200)
def test_no_grouping_always_comes_with_a_reason(problem: Problem) -> None:
    if not solve(problem, count=1).solutions:
        assert gaps(problem)


@given(problems())
@settings(max_examples=200)
def test_every_gap_but_a_combination_proves_by_itself_that_nothing_is_lawful(problem: Problem) -> None:
    if any(gap.kind != "combination" for gap in gaps(problem)):
        assert not solve(problem, count=1).solutions


@given(problems())
@settings(max_examples=300)
def test_the_missing_capacity_given_to_the_best_candidates_closes_that_gap(problem: Problem) -> None:
    for gap in gaps(problem):
        if gap.kind != "capacity":
            continue
        assert gap.missing_eur > 0
        doers = [c for c in admissible(problem) if c.needs & set(gap.trades)]
        best = max(doers, key=lambda c: c.capacity_eur)
        eased = roomier(problem, {best.id}, gap.missing_eur)
        assert not any(other.trades == gap.trades for other in gaps(eased) if other.kind == "capacity")
        rows, wanted = covering_rows(eased, admissible(eased))
        mask = sum(1 << bit for bit, need in enumerate(problem.needs) if need.trade in gap.trades)
        size = largest_size(eased, len(admissible(eased)))
        assert sum(sorted(rows[mask - 1].tolist(), reverse=True)[:size]) >= wanted[mask - 1]


@given(problems(most=7))
def test_whoever_is_said_to_replace_a_member_lawfully_does(problem: Problem) -> None:
    for solution in solve(problem, count=1).solutions:
        ids = solution.grouping.ids
        for leaving, instead in replacements(problem, solution.grouping).items():
            rest = [c for c in problem.candidates if c.id in ids and c.id != leaving]
            others = [c for c in problem.candidates if c.id not in ids]
            able = [c for c in others if lawful(problem, [*rest, c])]
            cheapest = min(((c.cost, c.id) for c in able), default=None)
            assert (None if instead is None else (instead.cost, instead.id)) == cheapest


# ---------------------------------------------------------------- each kind of gap, and its sentence


def test_a_trade_nobody_does_is_named() -> None:
    lot = Problem((Need("T07", 90_000), Need("T13", 10_000)), (firm(1, 90_000), firm(2, 90_000)), supply=9)
    assert [(gap.kind, gap.trades) for gap in gaps(lot)] == [("trade", ("T13",))]
    assert told(lot) == "Aucune entreprise admissible en électricité à moins de 75 km."


def test_a_supply_too_small_for_two_is_a_matter_of_competition() -> None:
    lot = painting(firm(1, 50_000), firm(2, 50_000), supply=3)
    assert told(lot) == (
        "Seulement 3 entreprises à portée en peinture : un groupement de deux réunirait "
        "plus de la moitié de l'offre identifiée (règle de concurrence C1)."
    )


def test_one_firm_with_room_among_many_is_not_blamed_on_competition() -> None:
    """Ten firms are in reach, nine have no free capacity: the supply is not what lacks."""
    lot = painting(firm(1, 50_000), *(firm(number, 0) for number in range(2, 11)), supply=10)
    assert told(lot) == (
        "Une seule entreprise a la capacité libre d'un membre en peinture à moins de 60 km : "
        "un groupement en demande deux."
    )


def test_missing_capacity_is_told_in_euros_and_in_hours_of_work() -> None:
    lot = painting(firm(1, 30_000), firm(2, 20_000), firm(3, 10_000), supply=9)
    (gap,) = gaps(lot)
    assert (gap.kind, gap.found_eur, gap.missing_eur, gap.firms) == ("capacity", 60_000, 40_000, 3)
    assert told(lot, size=3) == (
        "Il manque 40 000 € de capacité par an en peinture à moins de 60 km (environ 760 h de travail) : "
        "3 entreprises réunies offrent au mieux 60 000 €."
    )


def test_missing_insertion_hours_are_counted() -> None:
    lot = painting(firm(1, 60_000, hours=100), firm(2, 60_000, hours=80), hours_required=500)
    assert told(lot) == (
        "Il manque 320 h d'insertion par an : les membres possibles peuvent en accueillir 180 au mieux."
    )


def test_hours_that_parts_cannot_host_are_counted_even_where_whole_capacities_would() -> None:
    """Two firms would host 150 h each on 120 000 EUR; on the 100 000 of the lot, together, 125."""
    lot = painting(firm(1, 120_000, hours=150), firm(2, 99_000, hours=110), hours_required=200)
    assert told(lot) == "Il manque 75 h d'insertion par an : les membres possibles peuvent en accueillir 125 au mieux."


def test_missing_turnover_is_counted() -> None:
    lot = painting(
        firm(1, 60_000, turnover_eur=50_000), firm(2, 60_000, turnover_eur=50_000), turnover_required=150_000
    )
    assert [(gap.kind, gap.found_eur, gap.missing_eur) for gap in gaps(lot)] == [("turnover", 100_000, 50_000)]


def test_without_an_experienced_firm_of_some_size_nobody_can_lead() -> None:
    lot = painting(firm(1, 80_000, experienced=False), firm(2, 24_000))
    assert [gap.kind for gap in gaps(lot)] == ["mandataire"]
    assert "25 000 €" in told(lot)


def test_a_leader_whose_trade_is_a_small_part_of_the_lot_cannot_lead() -> None:
    """However much capacity it has: the answer names the mandataire and no absurd amount."""
    lot = Problem(
        (Need("T07", 90_000), Need("T13", 10_000)),
        (firm(1, 90_000, "T07", experienced=False), firm(2, 500_000, "T13")),
        supply=9,
    )
    assert [gap.kind for gap in gaps(lot)] == ["mandataire"]


def painting_and_roofing() -> Problem:
    """Each need reaches its amount, yet two members cannot hold the three least parts together."""
    return Problem(
        (Need("T07", 50_000), Need("T13", 50_000)),
        (firm(1, 50_000, "T07"), firm(2, 25_000, "T13"), firm(3, 40_000, "T13"), firm(4, 30_000, "T07 T13")),
        supply=9,
        max_members=2,
    )


def test_requirements_met_one_by_one_but_not_together_are_told_with_the_capacity_that_would_do() -> None:
    lot = painting_and_roofing()
    (gap,) = gaps(lot)
    assert gap.kind in ("capacity", "combination")
    assert gap.missing_eur > 0
    assert not solve(lot).solutions


def test_the_capacity_that_would_do_is_sought_beyond_the_estimated_intervals() -> None:
    """What a firm would need may exceed its high estimate."""
    lot = painting_and_roofing()
    bounded = tuple(replace(one, low_eur=one.capacity_eur, high_eur=one.capacity_eur) for one in lot.candidates)
    assert gaps(replace(lot, candidates=bounded)) == gaps(lot)


def test_when_capacity_is_not_what_lacks_no_amount_is_invented() -> None:
    """The firms that host the hours are not those that do the second trade, and two members are the most."""
    lot = Problem(
        (Need("T07", 50_000), Need("T13", 50_000)),
        (
            firm(1, 60_000, "T07", hours=0),
            firm(2, 60_000, "T13", hours=0),
            firm(3, 60_000, "T07", hours=300, experienced=False),
            firm(4, 60_000, "T07", hours=300),
        ),
        supply=9,
        max_members=2,
        hours_required=500,
    )
    assert gaps(lot) == (Gap("combination", ("T07", "T13")),)
    assert told(lot, size=2).endswith("davantage de capacité n'y changerait rien.")


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("amount", "words"), [(84_321, "84 000 €"), (999, "1 000 €"), (1_234_567, "1 200 000 €"), (7, "7 €"), (0, "0 €")]
)
def test_estimates_keep_two_digits(amount: int, words: str) -> None:
    assert money(amount) == words


def test_trades_are_named_inside_a_sentence() -> None:
    assert "en gardiennage (CNAPS) à moins" in sentence(Gap("trade", ("T38",)), WORDS, size=4)


def test_the_distance_searched_covers_the_farthest_firm_counted() -> None:
    far = replace(firm(1, 30_000), distance_km=140.0, radius_km=100.0)
    assert "à moins de 140 km" in told(painting(far, firm(2, 20_000)))
