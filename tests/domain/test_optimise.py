"""The proposed splits: the best there are, each proven, on territories small enough to try everything."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allotment.domain import optimise as optimiser
from allotment.domain import parting
from allotment.domain.bidders import LocalFirm, Rules, Supply, supply
from allotment.domain.compact import Shapes, shapes
from allotment.domain.need import Need
from allotment.domain.optimise import Answer, Objective, OptimiseError, Wish, gains, optimise
from allotment.domain.split import objections
from consortia.domain import engine as engines
from tests.domain.territories import firms_around, made, territory

SEEDS = st.integers(0, 10**6)


def oracle(need: Need, found: Shapes, firms: Supply, wish: Wish) -> list[int]:
    """The most that so many lots bring, index 0 unused: every way to part the territory and to group the trades."""
    groups = np.arange(1, 1 << len(need.trades), dtype=np.int64)
    worth = gains(need, found, firms, firms.count((found.inside, found.start), groups, wish.bidders), wish)
    by_set = {held: worth[number].tolist() for number, held in enumerate(found.sets.tolist())}

    @cache
    def parted(group: int, left: int, lots: int) -> int | None:
        if not left:
            return 0
        if not lots:
            return None
        best, lowest, held = None, left & -left, left
        while held:
            if held & lowest and held in by_set:
                rest = parted(group, left ^ held, lots - 1)
                if rest is not None:
                    total = by_set[held][group - 1] + rest
                    best = total if best is None else max(best, total)
            held = (held - 1) & left
        return best

    @cache
    def grouped(trades: int, lots: int) -> int | None:
        if not trades:
            return 0
        best, group = None, trades
        while group:
            if group & (trades & -trades):
                for given in range(1, lots + 1):
                    one, rest = parted(group, found.whole, given), grouped(trades ^ group, lots - given)
                    if one is not None and rest is not None:
                        best = one + rest if best is None else max(best, one + rest)
            group = (group - 1) & trades
        return best

    return [grouped((1 << len(need.trades)) - 1, lots) or 0 for lots in range(wish.most_lots + 1)]


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(1, 9), st.integers(1, 3), st.sampled_from(Objective))
def test_every_point_of_the_front_is_what_trying_everything_finds(
    seed: int, communes: int, trades: int, objective: Objective
) -> None:
    need, found, firms = made(seed, communes, trades, 25)
    wish = Wish(objective, most_lots=6)
    answer = optimise(need, found, firms, wish)
    assert [(point.gain_eur, point.bound_eur) for point in answer.front] == [
        (value, value) for value in oracle(need, found, firms, wish)[1:]
    ]


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(1, 12), st.integers(1, 3), st.integers(0, 200_000))
def test_the_best_split_and_its_bound_take_the_cost_of_lots_off(
    seed: int, communes: int, trades: int, lot_eur: int
) -> None:
    need, found, firms = made(seed, communes, trades, 25)
    wish = Wish(lot_eur=lot_eur, most_lots=5)
    answer = optimise(need, found, firms, wish)
    everything = oracle(need, found, firms, wish)
    assert answer.value_eur(answer.best) == max(everything[lots] - lot_eur * lots for lots in range(1, 6))
    assert answer.gap_eur == 0


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(1, 30), st.integers(1, 4))
def test_every_proposed_split_is_one_lots_in_one_piece_all_covered_once(seed: int, communes: int, trades: int) -> None:
    need, found, firms = made(seed, communes, trades, 30)
    for point in optimise(need, found, firms, Wish(bidders=2)).front:
        assert list(objections(need, point.shapes)) == []
        assert len(point.shapes) <= point.lots


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(2, 12), st.integers(1, 3))
def test_a_dearer_lot_never_gives_more_lots(seed: int, communes: int, trades: int) -> None:
    need, found, firms = made(seed, communes, trades, 25)
    sizes = [
        len(optimise(need, found, firms, Wish(lot_eur=eur)).best.parts) for eur in (0, 1_000, 20_000, 80_000, 10**9)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 1


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(1, 9), st.integers(1, 3))
def test_one_more_firm_able_alone_never_lowers_the_optimum(seed: int, communes: int, trades: int) -> None:
    """One that could do any lot: one bidder more wherever it reaches. (A smaller one may bring a better grouping.)"""
    rng = random.Random(seed)
    need = territory(rng, communes, trades)
    found, known = shapes(need), firms_around(rng, need, 20)
    everywhere = LocalFirm(
        99, need.places[0].point, {one.trade: 100.0 for one in need.trades}, need.amount_eur, social=True
    )
    for objective in (Objective.BIDDERS, Objective.ESS):
        wish = Wish(objective, most_lots=4)
        before = optimise(need, found, supply(need, found, known, Rules()), wish)
        after = optimise(need, found, supply(need, found, [*known, everywhere], Rules()), wish)
        assert [point.gain_eur for point in after.front] >= [point.gain_eur for point in before.front]
        assert all(more.gain_eur >= less.gain_eur for more, less in zip(after.front, before.front, strict=True))


def test_more_lots_never_bring_less() -> None:
    answer = optimise(*made("front", 20, 3, 40), Wish())
    gains_eur = [point.gain_eur for point in answer.front]
    assert gains_eur == sorted(gains_eur)


def laval(*firms: LocalFirm, eur: int = 400_000) -> tuple[Need, Shapes, Supply]:
    need = territory(random.Random(4), 8, 1, width=2)
    need = replace(need, trades=(replace(need.trades[0], trade="T01", amount_eur=eur),))
    need = replace(need, places=tuple(replace(place, weight=100) for place in need.places))
    found = shapes(need)
    return need, found, supply(need, found, firms, Rules())


def cleaning(number: int, room: int, **facts: object) -> LocalFirm:
    return LocalFirm(number, territory(random.Random(4), 8, 1, width=2).places[3].point, {"T01": 60.0}, room, **facts)  # type: ignore[arg-type]


def test_eight_communes_around_laval_are_cleaned_in_two_lots_when_each_firm_can_do_half() -> None:
    """Three firms of 200 000 EUR a year: nobody alone for the whole, three for each half. Together they would be more
    than half of the supply (C1)."""
    answer = optimise(*laval(*(cleaning(number, 200_000) for number in (1, 2, 3))), Wish())
    assert [point.gain_eur for point in answer.front[:2]] == [0, 400_000]
    assert answer.best.proven
    assert len(answer.best.parts) == 2


def test_two_lots_are_not_worth_their_cost_when_it_is_above_what_they_bring() -> None:
    answer = optimise(*laval(*(cleaning(number, 200_000) for number in (1, 2, 3))), Wish(lot_eur=500_000))
    assert len(answer.best.parts) == 1
    assert answer.gap_eur == 0


def test_workshops_of_insertion_reach_by_lots_what_they_cannot_reach_whole() -> None:
    firms = [cleaning(1, 120_000, social=True), *(cleaning(number, 900_000) for number in (2, 3, 4))]
    answer = optimise(*laval(*firms), Wish(Objective.ESS))
    assert [point.gain_eur for point in answer.front[:4]] == [0, 100_000, 200_000, 400_000]


def test_seven_trades_are_refused_with_what_to_do() -> None:
    with pytest.raises(OptimiseError, match="deux besoins"):
        optimise(*made("many", 4, 7, 5), Wish())


def test_impossible_wishes_are_refused() -> None:
    for wrong in ({"most_lots": 13}, {"most_lots": 0}, {"bidders": 0}, {"lot_eur": -1}):
        with pytest.raises(OptimiseError):
            Wish(**wrong)


def test_a_territory_of_a_hundred_communes_is_gathered_in_cells_first() -> None:
    need, found, firms = made("hundred", 100, 2, 60)
    answer: Answer = optimise(need, found, firms, Wish())
    assert len(found.cells) == 56
    assert {code for cell in found.cells for code in cell} == {place.commune for place in need.places}
    assert list(objections(need, answer.best.shapes)) == []


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_a_search_cut_short_says_what_is_not_proven(seed: int) -> None:
    need, found, firms = made(seed, 9, 2, 25)
    wish = Wish(most_lots=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimiser, "A_SEARCH", 3)
        answer = optimise(need, found, firms, wish)
    for point, value in zip(answer.front, oracle(need, found, firms, wish)[1:], strict=True):
        assert point.gain_eur <= value <= point.bound_eur


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.integers(5, 9))
def test_counting_the_lots_that_are_lacking_changes_no_answer(seed: int, communes: int) -> None:
    need, found, firms = made(seed, communes, 2, 25)
    wish = Wish(most_lots=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parting, "A_TRY", 1)
        answer = optimise(need, found, firms, wish)
    assert [point.gain_eur for point in answer.front] == oracle(need, found, firms, wish)[1:]
    assert all(point.proven for point in answer.front)


def test_plain_python_gives_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    case = made("plain", 7, 2, 20)
    compiled = optimise(*case, Wish())
    monkeypatch.setattr(engines, "COMPILED", False)
    plain = optimise(*case, Wish())
    assert [(point.gain_eur, point.bound_eur) for point in plain.front] == [
        (point.gain_eur, point.bound_eur) for point in compiled.front
    ]
