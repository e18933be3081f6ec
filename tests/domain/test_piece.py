"""The one firm that would make a lot reachable: least, and verified."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from consortia.domain.explain import TradeWords
from consortia.domain.piece import Likely, Piece, missing_piece
from consortia.domain.problem import Candidate, Need, Problem
from consortia.domain.solver import solve
from tests.domain.problems import TRADES, firm, lawful, painting, problems

WORDS = {
    "T07": TradeWords("Peinture", 40.0, 0.65 / 34),
    "T13": TradeWords("Électricité", 50.0, 0.42 / 36),
    **{code: TradeWords(code, 30.0, 0.02) for code in TRADES if code not in ("T07", "T13")},
}
LIKELY = Likely(turnover=4.0, hours=dict.fromkeys(TRADES, 0.5))


def completed(problem: Problem, piece: Piece, capacity: int) -> Problem:
    """The lot with such a firm, written down again."""
    new = Candidate(
        id=999,
        needs=frozenset(piece.trades),
        capacity_eur=capacity,
        cost=0,
        turnover_eur=4 * capacity,
        hours=int(0.5 * capacity) if piece.hours else 0,
        experienced=piece.leads,
    )
    return replace(problem, candidates=(*problem.candidates, new), supply=problem.supply + 1)


# ---------------------------------------------------------------- laws


@given(problems(most=6))
@settings(max_examples=150)
def test_the_piece_makes_the_lot_reachable_with_the_members_named(problem: Problem) -> None:
    piece = missing_piece(problem, WORDS, likely=LIKELY)
    if piece is None:
        return
    whole = completed(problem, piece, piece.capacity_eur)
    assert lawful(whole, [c for c in whole.candidates if c.id in (*piece.members, 999)])


@given(problems(most=6))
@settings(max_examples=150)
def test_a_euro_less_of_the_piece_does_not_do(problem: Problem) -> None:
    piece = missing_piece(problem, WORDS, likely=LIKELY)
    if piece is None or piece.capacity_eur <= problem.lower_bound_eur(mandataire=False):
        return
    assert not solve(completed(problem, piece, piece.capacity_eur - 1), count=1).solutions


@given(problems(most=6))
@settings(max_examples=80)
def test_one_trade_is_enough_wherever_a_firm_of_one_trade_would_do(problem: Problem) -> None:
    piece = missing_piece(problem, WORDS, likely=LIKELY)
    if piece is None or len(piece.trades) == 1:
        return
    for need in problem.needs:
        other = replace(piece, trades=(need.trade,), hours=1, leads=True)
        assert not solve(completed(problem, other, min(need.amount_eur, 94)), count=1).solutions


@given(problems(most=6))
@settings(max_examples=60)
def test_a_piece_is_stored_and_read_again_alike(problem: Problem) -> None:
    piece = missing_piece(problem, WORDS, likely=LIKELY)
    if piece is not None:
        assert Piece.from_json(json.loads(json.dumps(piece.as_json()))) == piece


# ---------------------------------------------------------------- cases


def test_a_lot_that_can_be_covered_lacks_no_piece() -> None:
    assert missing_piece(painting(firm(1, 60_000), firm(2, 60_000)), WORDS) is None


def test_an_outcome_without_a_piece_reads_as_none() -> None:
    assert Piece.from_json({}) is None


def test_the_missing_electrician_is_told_with_capacity_work_and_distance() -> None:
    lot = Problem((Need("T07", 90_000), Need("T13", 10_000)), (firm(1, 90_000), firm(2, 90_000)), supply=9)
    piece = missing_piece(lot, WORDS)
    assert piece is not None
    assert (piece.trades, piece.capacity_eur, piece.reach_km) == (("T13",), 10_000, 75.0)
    assert len(piece.members) == 1
    assert piece.text == (
        "Une entreprise de plus (électricité) à moins de 75 km avec 10 000 € de capacité libre par an "
        "(environ 0,1 ETP) rendrait ce lot atteignable."
    )


def test_a_painting_lot_short_of_capacity_wants_what_the_best_three_leave() -> None:
    lot = painting(*(firm(number, size) for number, size in enumerate((30_000, 20_000, 10_000), start=1)), supply=9)
    piece = missing_piece(lot, WORDS)
    assert piece is not None
    assert (piece.capacity_eur, piece.members) == (40_000, (1, 2, 3))


def test_where_nobody_can_lead_the_piece_must_be_experienced() -> None:
    lot = painting(firm(1, 60_000, experienced=False), firm(2, 60_000, experienced=False))
    piece = missing_piece(lot, WORDS)
    assert piece is not None
    assert (piece.leads, piece.capacity_eur) == (True, 25_000)
    assert "avec de l'expérience comme mandataire" in piece.text


def test_missing_insertion_hours_want_an_inclusive_firm() -> None:
    lot = painting(firm(1, 60_000), firm(2, 60_000), hours_required=1_000)
    piece = missing_piece(lot, WORDS, likely=Likely(hours={"T07": 0.02}))
    assert piece is not None
    assert piece.hours == 1_000
    assert "qui accueille environ 1 000 h d'insertion par an" in piece.text


def test_two_missing_trades_are_one_firm_of_two_trades() -> None:
    lot = Problem((Need("T07", 60_000), Need("T13", 20_000), Need("T04", 20_000)), (firm(1, 60_000),), supply=9)
    piece = missing_piece(lot, WORDS)
    assert piece is not None
    assert piece.trades == ("T13", "T04")
    assert piece.capacity_eur == 40_000


@pytest.mark.parametrize("supply", [1, 2])
def test_a_supply_that_one_more_does_not_widen_enough_has_no_piece(supply: int) -> None:
    assert missing_piece(painting(firm(1, 50_000), firm(2, 50_000), supply=supply), WORDS) is None


def test_talma_without_one_of_its_firms_wants_a_firm_of_that_size() -> None:
    """Lycée Talma (Brunoy): 130 kEUR of painting reserved to SIAE, four of them none of which can be spared."""
    sizes = {1: 45_000, 2: 35_000, 3: 30_000, 4: 25_000}
    lot = painting(
        *(firm(number, size, inclusive=True) for number, size in sizes.items() if number != 2),
        amount=130_000,
        supply=9,
        reserved=True,
    )
    piece = missing_piece(lot, WORDS)
    assert piece is not None
    assert (piece.capacity_eur, piece.reserved, piece.members) == (30_000, True, (1, 3, 4))
    assert "éligible à ce lot réservé" in piece.text
