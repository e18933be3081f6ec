"""The backtest: what is known before, what is learnt from it, and what is honest to say. Truths are planted."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.domain.point import point
from matchmaker.domain.backtest.additive import Look, drops, learnt_formula
from matchmaker.domain.backtest.boosting import Rows, boosted
from matchmaker.domain.backtest.choice import Choices, fit
from matchmaker.domain.backtest.history import History
from matchmaker.domain.backtest.pairs import DIRECTIONS, FEATURES, OUT, features, pool_of, ways
from matchmaker.domain.backtest.partners import Partners
from matchmaker.domain.backtest.rankers import LABELS
from matchmaker.domain.backtest.summary import Exposed, Guards, Score, measured, objections
from matchmaker.domain.backtest.walk import Outcome, Plan, Walk
from matchmaker.domain.backtest.world import Case, Entrant, candidates, in_time, supply_of
from matchmaker.domain.evidence import COMMUNE, STATE
from matchmaker.domain.pair import pair
from matchmaker.domain.query import IndexedFirm, LotQuery, Wins
from matchmaker.domain.reference import Reference
from matchmaker.domain.score import Formula, Parts
from matchmaker.domain.trade import lot_trades
from tests.domain.planted import PLAN, by_utility, case, contracts, firms
from tests.domain.tables import shipped

GUARDS = Guards(newcomer_loss=0.05, exposure_loss=0.2)


def silent(words: str) -> None:
    pass


def with_weights(**points: float) -> Reference:
    """The shipped tables with other points."""
    tables = shipped()
    zero = dict.fromkeys(("trade", "text", "distance", "capacity", "evidence", "ess"), 0.0)
    formula: Formula = replace(tables.formula, **(zero | points))
    return replace(tables, formulas={formula.version: formula})


def scores(outcome: Outcome) -> dict[str, Score]:
    exposed = Exposed(outcome.exposed_buyers, outcome.exposed)
    social = [one.social for one in outcome.tested]
    return {one.key: one for one in measured(outcome.tested, LABELS, 300, 1, social, exposed)}


def walked(tables: Reference, cases: list[Case], plan: Plan = PLAN) -> Outcome:
    return Walk(firms(tables=tables), tables, plan, silent).through(cases)


# --- the formula, vectorised -----------------------------------------------------------------------------------------


def test_scores_of_columns_are_those_of_the_pair_bit_for_bit() -> None:
    dice, tables = random.Random(7), shipped()
    kinds = ["", "", "ACI", "ETTI", "ESAT"]
    rows = [
        IndexedFirm(
            id=at,
            point=point(lon=5.7 + dice.uniform(-1, 1), lat=45.2 + dice.uniform(-1, 1)),
            trades=tuple(dice.sample(["T01", "T04", "T09", "T12", "T15", "T44"], dice.randint(1, 3))),
            trust=dice.choice([1.0, 0.8, 0.35]),
            capacity_eur=dice.choice([0, 30_000, 90_000]),
            high_eur=150_000,
            ess=dice.choice(["yes", "no"]),
            inclusive_kind=dice.choice(kinds),
            declared_radius_km=dice.choice([None, None, 12.5, 80.0]),
        )
        for at in range(300)
    ]
    supply = supply_of((Entrant(firm) for firm in rows), tables)
    past = History(supply)
    known: dict[int, dict[str, Wins]] = {}
    for at in range(200):
        firm, trade, kind = dice.randrange(300), dice.choice(["T01", "T04", "T09"]), dice.choice([COMMUNE, STATE])
        past.add(case(at, (firm,), rows[firm].point, trades=(trade,), buyer_kind=kind))
        before = known.setdefault(firm, {}).get(trade, Wins())
        known[firm][trade] = Wins(before.count + 1, before.buyers | kind)
    rows = [replace(firm, wins=known.get(firm.id, {})) for firm in rows]
    for at, cpvs in enumerate([["77310000"], ["45210000"], ["90910000", "77310000"], ["79620000"], ["45000000"]]):
        lot = LotQuery(lot_trades(cpvs, tables), rows[at].point, 10.5 * at, [None, 60_000][at % 2], buyer=COMMUNE)
        asked = case(at, (0,), rows[at].point, lot=lot)
        pool = pool_of(asked, candidates(asked, supply), supply, tables)
        best = ways(pool, supply, past, tables, tables.formula)
        expected = [pair(rows[place], lot, tables) for place in pool.places]
        assert [one.score if one else OUT for one in expected] == best.score.tolist()
        assert any(score > OUT for score in best.score)


# --- nothing leaks ---------------------------------------------------------------------------------------------------


def told(cases: list[Case], until: int) -> list[bytes]:
    """All features of the contracts before a number, as a walk that knows ``cases`` makes them."""
    supply, tables = firms(), shipped()
    past, found = History(supply), []
    for one in cases:
        pool = pool_of(one, candidates(one, supply), supply, tables)
        if one.id < until:
            best = ways(pool, supply, past, tables, tables.formula)
            found.append(features(pool, best, supply, past).tobytes())
        past.add(one)
    return found


def test_shuffling_later_contracts_changes_no_feature_of_an_earlier_one() -> None:
    cases = contracts(firms(), by_utility(distance=3), n=60)
    late = [one.winners for one in cases[30:]]
    random.Random(3).shuffle(late)
    shuffled = cases[:30] + [replace(one, winners=won) for one, won in zip(cases[30:], late, strict=True)]
    assert cases != shuffled
    assert told(cases, 31) == told(shuffled, 31)


def test_what_a_fold_says_of_earlier_contracts_does_not_hang_on_later_winners() -> None:
    cases = contracts(firms(), by_utility(distance=3), n=200)
    changed = [replace(one, winners=((one.winners[0] + 7) % 150,)) if one.id >= 150 else one for one in cases]
    before, after = (walked(shipped(), world).tested for world in (cases, changed))
    early = [one.places for one in before if one.case < 150]
    assert early
    assert early == [one.places for one in after if one.case < 150]


def test_a_contract_is_known_only_after_the_gap_between_notice_and_award() -> None:
    cases = contracts(firms(), lambda km, trust, wins, dice: 5, n=40)
    late = walked(shipped(), cases, replace(PLAN, gap=30)).tested
    assert {one.case for one in late if one.newcomer} == {one.case for one in late if one.case < 30}
    assert any(not one.newcomer for one in late)


def test_evidence_grows_old() -> None:
    supply = firms(n=3)
    past = History(supply, days=100)
    past.add(case(0, (1,), point(lon=5.7, lat=45.2)))
    past.forget(case(100, (), point(lon=5.7, lat=45.2)).day)
    assert past.in_trade("T04", supply.everyone).tolist() == [0, 1, 0]
    past.forget(case(101, (), point(lon=5.7, lat=45.2)).day)
    assert past.in_trade("T04", supply.everyone).tolist() == [0, 0, 0]
    assert past.won(1) == 1  # it did win once


# --- learning a planted truth ----------------------------------------------------------------------------------------


def test_planted_weights_come_back_in_their_order_and_beat_a_wrong_formula() -> None:
    wrong = with_weights(trade=4, distance=4, evidence=2, ess=90)
    cases = contracts(firms(tables=wrong), by_utility(distance=8, trust=2, wins=0), n=500)
    outcome = walked(wrong, cases)
    found = scores(outcome)
    assert found["learned"].gain.low > 0
    assert outcome.final is not None
    assert outcome.final.distance > outcome.final.trade > outcome.final.evidence
    assert found["boosting"].gain.low > 0


def test_the_right_formula_is_kept_when_nothing_better_can_be_learnt() -> None:
    cases = contracts(firms(), by_utility(distance=0), n=300)  # winners at random within reach
    found = scores(walked(shipped(), cases))
    assert objections(found["learned"], GUARDS)


def test_the_points_of_ess_are_a_choice_and_never_learnt() -> None:
    def ess_wins(km: object, trust: object, wins: object, dice: np.random.Generator) -> int:
        return int(dice.choice(np.flatnonzero(~firms().ess)))

    outcome = walked(shipped(), contracts(firms(), ess_wins, n=200))
    assert outcome.final is not None
    assert outcome.final.ess == shipped().formula.ess


def test_capacity_keeps_its_points_where_sizes_are_unknown() -> None:
    supply = firms()
    unknown = replace(supply, tried=np.zeros(len(supply), dtype=bool))
    cases = contracts(supply, by_utility(distance=5), n=120)
    outcome = Walk(unknown, shipped(), PLAN, silent).through(cases)
    assert outcome.held == {"ess", "text", "capacity"}
    assert outcome.final is not None
    assert outcome.final.capacity == shipped().formula.capacity


def test_an_adoption_that_buries_newcomers_is_refused() -> None:
    cases = contracts(firms(), by_utility(distance=3, wins=6), n=300)
    found = scores(walked(shipped(), cases))["popularity"]
    buried = replace(found, gain=found.gain._replace(low=0.1))
    assert any("sans référence" in words for words in objections(buried, GUARDS))


def test_two_walks_say_the_same() -> None:
    cases = contracts(firms(), by_utility(distance=3), n=150)
    one, other = walked(shipped(), cases), walked(shipped(), cases)
    assert one.tested == other.tested
    assert one.final == other.final


def test_numbers_of_firms_are_no_feature() -> None:
    cases = contracts(firms(), by_utility(distance=3, wins=2), n=150)
    supply = firms()
    renamed = replace(supply, ids=supply.ids[::-1].copy() * 7919, siren=supply.siren[::-1].copy())
    before, after = (Walk(world, shipped(), PLAN, silent).through(cases).tested for world in (supply, renamed))
    assert before == after


def test_one_bad_record_never_sinks_the_walk() -> None:
    cases = contracts(firms(), by_utility(distance=3), n=100)
    assert cases[70].lot is not None
    broken = replace(cases[70], lot=replace(cases[70].lot, uncertainty_km=float("nan")))
    outcome = walked(shipped(), [*cases[:70], broken, *cases[71:]])
    assert len(outcome.failed) == 1
    assert len({one.case for one in outcome.tested}) > 40


def test_without_any_contract_nothing_is_said() -> None:
    outcome = walked(shipped(), [])
    assert outcome.tested == []
    assert outcome.final is None


def test_an_empty_history_learns_the_formula_in_force() -> None:
    assert learnt_formula([], shipped().formula, frozenset()) == shipped().formula


# --- the fits themselves ---------------------------------------------------------------------------------------------


def test_coefficients_of_a_choice_are_recovered() -> None:
    dice, truth = np.random.default_rng(5), np.array([2.0, 0.5, 0.0])
    blocks = []
    for _ in range(1500):
        rows = dice.normal(size=(12, 3))
        utility = rows @ truth + dice.gumbel(size=12)
        best = int(np.argmax(utility))
        blocks.append(np.concatenate([rows[[best]], np.delete(rows, best, axis=0)]))
    found = fit(Choices.of(blocks), ridge=0.01)
    assert found == pytest.approx(truth, abs=0.12)
    assert (found >= 0).all()


@given(st.lists(st.floats(0, 1), min_size=12, max_size=12), st.floats(0, 2))
def test_drops_make_up_the_very_curve_of_the_formula(sizes: list[float], reach: float) -> None:
    weights = np.array(sizes) + 1e-3
    curve = shipped().formula.decay
    values = [*np.cumsum(weights[::-1])[::-1] / weights.sum(), 0.0]
    place = reach * 8
    low = min(int(place), 11)
    expected = 0.0 if place >= 12 else values[low] + (values[low + 1] - values[low]) * (place - low)
    assert float(drops(np.array([reach]), curve)[0] @ weights / weights.sum()) == pytest.approx(expected, abs=1e-9)


def test_what_is_learnt_is_a_lawful_formula_that_never_rises_with_distance() -> None:
    dice = np.random.default_rng(1)
    looks = []
    for _ in range(60):  # the farther the better: the curve may only be flat
        reach = np.sort(dice.uniform(0, 1.4, 10))[::-1].copy()
        parts = Parts(*(np.full(10, 0.5) for _ in range(6)))
        looks.append(Look(parts, reach, np.zeros(10), np.zeros(10)))
    formula = learnt_formula(looks, shipped().formula, frozenset({"ess", "text"}))
    assert sum(formula.weights.values()) == pytest.approx(100)
    assert list(formula.decay.values) == sorted(formula.decay.values, reverse=True)


def test_boosting_obeys_farther_or_smaller_never_helps() -> None:
    dice = np.random.default_rng(4)
    rows = dice.normal(size=(3000, len(FEATURES)))
    won = dice.random(3000) < 1 / (1 + np.exp(-rows[:, 0] - rows[:, 4]))  # planted the wrong way for distance
    model = boosted(Rows(rows, won, np.zeros(3000, dtype=np.int64), np.ones(3000)))
    assert model is not None

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, 2999), st.sampled_from([name for name, way in DIRECTIONS.items() if way]), st.floats(0, 5))
    def obeys(row: int, name: str, more: float) -> None:
        moved = rows[[row]].copy()
        moved[0, FEATURES.index(name)] += more
        before, after = model.score(rows[[row]])[0], model.score(moved)[0]
        assert (after - before) * DIRECTIONS[name] >= 0

    obeys()


# --- partners --------------------------------------------------------------------------------------------------------


def test_firms_that_always_answer_together_are_found_again() -> None:
    supply, dice, cases = firms(), np.random.default_rng(9), []
    for at in range(120):
        pair_of = int(dice.integers(10))
        place = point(lon=5.7 + float(dice.uniform(-0.3, 0.3)), lat=45.2 + float(dice.uniform(-0.3, 0.3)))
        cases.append(case(at, (2 * pair_of, 2 * pair_of + 1), place, joint=True, holders=2))
    walk = Partners(supply, shipped(), folds=2, start=0.4, negatives=60, seed=1, evidence_days=0)
    outcome = walk.through(in_time(cases), silent)
    found = {
        one.key: one
        for one in measured(outcome.tested, {k: k for k in ("nearest", "past", "learned", "formula")}, 200, 1)
    }
    assert found["past"].hr[1].value > 0.9
    assert found["learned"].hr[1].value > 0.9
    assert found["nearest"].hr[10].value < 0.3
    assert outcome.weights["together"] > 1


def test_a_framework_with_many_holders_is_no_grouping() -> None:
    supply, place = firms(), point(lon=5.7, lat=45.2)
    cases = [case(0, (1, 2), place, joint=False, holders=2), case(1, tuple(range(7)), place, joint=True, holders=7)]
    walk = Partners(supply, shipped(), folds=2, start=0.4, negatives=5, seed=1, evidence_days=0)
    assert walk.through(cases, silent).usable == 0
