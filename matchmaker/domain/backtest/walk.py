"""Through time: contract after contract, what was known before, what each ranking would have said, who won.

Folds roll: what is learnt comes from contracts known before a fold's first day, the last part of them kept for
calibration. A contract is known some weeks after its day only: a lot is ranked when its notice appears, long before.
Memory holds sampled pairs and one contract's candidates, whatever the number of firms.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
from threadpoolctl import threadpool_limits

from matchmaker.domain.backtest import rankers
from matchmaker.domain.backtest.additive import Look, learnt_formula
from matchmaker.domain.backtest.boosting import Boosted, Chances, Rows, boosted, chances
from matchmaker.domain.backtest.decay import Chosen, Rules, chosen, quick_radii
from matchmaker.domain.backtest.history import History
from matchmaker.domain.backtest.metrics import Place, Reliability, exposure, places_of
from matchmaker.domain.backtest.pairs import FEATURES, OWN_PAST, Ways, features, pool_of, ways
from matchmaker.domain.backtest.rankers import Learnt, Question
from matchmaker.domain.backtest.world import (
    UNCOVERED,
    Bools,
    Case,
    Floats,
    Ints,
    Supply,
    candidates,
    positions,
    why_not,
)
from matchmaker.domain.reference import Reference
from matchmaker.domain.score import Formula, Parts

CALIBRATED = ("formula", "learned", "boosting", "boosting_blind")
Block = tuple[int, Floats, float]  # day, features of a winner then of firms passed over, pairs each of these stands for
_MANY = 25  # looks from which anything is learnt


@dataclass(frozen=True, slots=True)
class Plan:
    """How the walk is cut and what it samples."""

    folds: int
    start: float  # share of contracts before the first fold
    hold: float  # share of a fold's past kept for calibration
    negatives: int  # firms passed over that are sampled a winner
    seed: int
    known: float  # share of winners and candidates of known size from which capacity is learnt
    decay: Rules
    gap: int = 1  # days after which a contract is known: between a notice and its award (1 = the next day)
    evidence_days: int = 0  # age from which a contract is evidence no more; 0 = never
    everyone: bool = False  # candidates: the whole base
    trees: int = 80  # of the boosting
    most: int = 0  # contracts asked about at most (a seeded sample); 0 = all


@dataclass(frozen=True, slots=True)
class Tested:
    """One winner of one contract of a fold, as every ranking placed it."""

    case: int
    buyer: int
    fold: int
    candidates: int
    newcomer: bool
    social: bool
    share: float  # winners of one contract share its weight
    places: dict[str, Place]


@dataclass(slots=True)
class Outcome:
    """What the walk leaves."""

    tested: list[Tested] = field(default_factory=list)
    exposed: dict[str, list[float]] = field(default_factory=dict)  # share of newcomers in the first 20, by contract
    exposed_buyers: list[int] = field(default_factory=list)
    newcomers: list[float] = field(default_factory=list)  # their share among the candidates, by contract
    reliability: dict[str, Reliability] = field(default_factory=dict)
    rows: list[Chosen] = field(default_factory=list)
    uncovered: Counter[str] = field(default_factory=Counter)
    social: Counter[str] = field(default_factory=Counter)  # winners of the ESS: "winners", and "covered" ones
    winners: int = 0  # known firms among the winners of contracts with a place
    days: list[tuple[int, int]] = field(default_factory=list)  # first and last of each fold
    fold_formulas: list[Formula] = field(default_factory=list)
    held: frozenset[str] = frozenset()
    final: Formula | None = None  # learnt from everything
    failed: list[str] = field(default_factory=list)


class Walk:
    """Use once: ``Walk(...).through(cases)``."""

    def __init__(self, supply: Supply, tables: Reference, plan: Plan, progress: Callable[[str], None]) -> None:
        self.supply, self.tables, self.plan, self.progress = supply, tables, plan, progress
        self.past, self.outcome, self.learnt = History(supply, plan.evidence_days), Outcome(), Learnt()
        self._blocks: list[Block] = []
        self._looks: list[tuple[int, Look]] = []
        self._known: list[tuple[float, float]] = []  # of winners, of candidates: share of known size

    def through(self, cases: Sequence[Case]) -> Outcome:
        """``cases`` in order of time (``world.in_time``)."""
        with threadpool_limits(1):  # waking threads costs more than so few rows; and sums keep one order
            return self._through(cases)

    def _through(self, cases: Sequence[Case]) -> Outcome:
        asked = self._asked(cases)
        firsts = self._firsts(cases, asked)
        fold, waiting = -1, deque[Case]()
        for day, group in groupby(cases, key=lambda case: case.day):
            today = list(group)
            learn_before(self.past, waiting, day, self.plan.gap)
            while fold + 1 < len(firsts) and day >= firsts[fold + 1]:
                fold += 1
                self.outcome.days.append((day, day))
                self._learn(day - self.plan.gap)
            for case in today:
                if case.id in asked:
                    self._try(case, fold)
            if fold >= 0:
                self.outcome.days[fold] = (self.outcome.days[fold][0], day)
            waiting.extend(today)
        self.progress("Apprentissage sur l'ensemble")
        self.outcome.held = self._held()
        if len(self._looks) >= _MANY:
            looks = [look for _, look in self._looks]
            self.outcome.final = learnt_formula(looks, self.tables.formula, self.outcome.held)
        return self.outcome

    def _asked(self, cases: Sequence[Case]) -> set[int]:
        """Contracts that have a place and a winner we know; a seeded sample when there are too many."""
        ids = sorted(case.id for case in cases if case.lot is not None and case.winners)
        if 0 < self.plan.most < len(ids):
            dice = np.random.default_rng(self.plan.seed)
            ids = [ids[at] for at in dice.choice(len(ids), self.plan.most, replace=False)]
        return set(ids)

    def _firsts(self, cases: Sequence[Case], asked: set[int]) -> list[int]:
        """First days of the folds, by equal numbers of contracts whose winner is among the candidates."""
        days = [case.day for case in cases if case.id in asked and self._covered(case)]
        if not days:
            return []
        cuts = self.plan.start + (1 - self.plan.start) * np.arange(self.plan.folds) / self.plan.folds
        return sorted({days[min(len(days) - 1, int(cut * len(days)))] for cut in cuts} - {days[0]})

    def _covered(self, case: Case) -> bool:
        return len(positions(candidates(case, self.supply, everyone=self.plan.everyone), case.winners)) > 0

    def _try(self, case: Case, fold: int) -> None:
        """Ask about one contract. One bad record never sinks the walk: it is told and left out."""
        try:
            self._ask(case, fold)
        except (ArithmeticError, ValueError, KeyError, IndexError) as error:
            self.outcome.failed.append(f"{case.id} : {type(error).__name__} {error}")

    def _ask(self, case: Case, fold: int) -> None:
        places = candidates(case, self.supply, everyone=self.plan.everyone)
        won = positions(places, case.winners)
        self.outcome.winners += len(case.winners)
        if not len(won):
            self._count_out(case, np.zeros(0, dtype=bool), won, places)
            return
        pool = pool_of(case, places, self.supply, self.tables)
        best = ways(pool, self.supply, self.past, self.tables, self.tables.formula)
        self._count_out(case, best.near, won, places)
        rows = features(pool, best, self.supply, self.past)
        asked = Question(pool, best, rows, self.past, self.supply, self.tables)
        if fold >= 0:
            self._test(asked, won, fold)
        self._keep(asked, won)

    def _count_out(self, case: Case, near: Bools, won: Ints, places: Ints) -> None:
        at = {int(places[one]): bool(near[one]) for one in won}
        for winner in case.winners:
            reason = why_not(case, winner, self.supply, at.get(winner, False))
            if self.supply.social[winner]:
                self.outcome.social.update({"winners": 1, "covered": int(reason < 0)})
            if reason >= 0:
                self.outcome.uncovered[UNCOVERED[reason]] += 1

    def _test(self, asked: Question, won: Ints, fold: int) -> None:
        case, places = asked.pool.case, asked.pool.places
        scores = rankers.baselines(asked) | rankers.learnt(asked, self.learnt)
        unknown = self.past.wins(places) == 0
        found = {key: places_of(score, won) for key, score in scores.items()}
        for at, one in enumerate(won):
            self.outcome.tested.append(
                Tested(
                    case=case.id,
                    buyer=case.buyer,
                    fold=fold,
                    candidates=len(places),
                    newcomer=bool(unknown[one]),
                    social=bool(self.supply.social[places[one]]),
                    share=1.0 / len(won),
                    places={key: one[at] for key, one in found.items()},
                )
            )
        for key, score in scores.items():
            self.outcome.exposed.setdefault(key, []).append(exposure(score, unknown))
            if key in self.learnt.said:
                self.outcome.reliability.setdefault(key, Reliability()).add(self.learnt.said[key](score), won)
        self.outcome.exposed_buyers.append(case.buyer)
        self.outcome.newcomers.append(float(unknown.mean()))
        if len(self.outcome.exposed_buyers) % 50 == 0:
            self.progress(f"{len(self.outcome.exposed_buyers)} marchés éprouvés")

    def _keep(self, asked: Question, won: Ints) -> None:
        """Sample what later folds learn from."""
        case, best = asked.pool.case, asked.best
        dice = np.random.default_rng([self.plan.seed, case.id])
        lost = np.setdiff1d(np.arange(len(asked.pool.places)), won)
        for one in won:
            some = lost if len(lost) <= self.plan.negatives else dice.choice(lost, self.plan.negatives, replace=False)
            weight = len(lost) / max(1, len(some)) / len(won)
            self._blocks.append((case.day, asked.features[np.append(one, some)], weight))
            if best.near[one]:
                near = lost[best.near[lost]]
                some = (
                    near if len(near) <= self.plan.negatives else dice.choice(near, self.plan.negatives, replace=False)
                )
                self._looks.append((case.day, _look(best, np.append(one, some))))
            self._known.append(
                (float(self.supply.tried[asked.pool.places[one]]), float(self.supply.tried[asked.pool.places].mean()))
            )
            self._ring(asked, one, best)

    def _ring(self, asked: Question, one: int, best: Ways) -> None:
        if best.trade[one] < 0:
            return
        trade = best.trades[int(best.trade[one])]
        same = positions(asked.pool.places, self.supply.doing[trade].tolist())
        km = asked.pool.road_m / 1000.0
        case = asked.pool.case
        self.outcome.rows.append(
            chosen(case.day, trade, asked.pool.lot.yearly_eur, case.buyer, float(km[one]), km[same])
        )

    def _held(self) -> frozenset[str]:
        """Parts whose points are not learnt: ESS is a choice, words have no source here, size must be known."""
        held = {"ess", "text"}
        if not self._known or min(np.mean(self._known, axis=0)) < self.plan.known:
            held.add("capacity")
        return frozenset(held)

    def _learn(self, last: int) -> None:
        """From what was known on a day: fit on its earlier days, calibrate on its later ones."""
        blocks = [block for block in self._blocks if block[0] <= last]
        known_looks = [(day, look) for day, look in self._looks if day <= last]
        self.progress(f"Apprentissage sur {len(blocks)} attributions")
        if len(blocks) < _MANY:
            self.learnt = Learnt()
            return
        days = sorted(day for day, *_ in blocks)
        cut = days[int((1 - self.plan.hold) * (len(days) - 1))]
        early = _rows([block for block in blocks if block[0] <= cut])
        late_blocks = [block for block in blocks if block[0] > cut]
        full = boosted(early, seed=self.plan.seed, trees=self.plan.trees)
        blind = boosted(early, OWN_PAST, self.plan.seed, self.plan.trees)
        looks = [look for _, look in known_looks]
        formula = free = None
        if len(looks) >= _MANY:
            formula = learnt_formula(looks, self.tables.formula, self._held())
            free = learnt_formula(looks, self.tables.formula, frozenset({"text"}))
            self.outcome.fold_formulas.append(formula)
        before = [look for day, look in known_looks if day <= cut]  # a formula that never saw the held-out days
        early_formula = learnt_formula(before, self.tables.formula, self._held()) if len(before) >= _MANY else None
        said = _calibrated(full, blind, late_blocks, early_formula, self.tables.formula)
        self.learnt = Learnt(
            formula,
            free,
            quick_radii([row for row in self.outcome.rows if row.day <= last], self.plan.decay),
            full,
            blind,
            said,
        )


def learn_before(past: History, waiting: deque[Case], day: int, gap: int) -> None:
    """Contracts old enough on a day enter the past; those too old leave it."""
    while waiting and waiting[0].day <= day - max(1, gap):
        past.add(waiting.popleft())
    past.forget(day)


def _look(best: Ways, at: Ints) -> Look:
    parts = Parts(*(np.asarray(column)[at] for column in best.parts))
    return Look(parts, best.reach[at], best.wins[at], best.same_buyer[at])


def _rows(blocks: list[Block]) -> Rows:
    sizes = [len(block[1]) for block in blocks]
    won = np.concatenate([np.arange(size) == 0 for size in sizes])
    weight = np.concatenate(
        [np.append(1.0, np.full(size - 1, block[2])) for size, block in zip(sizes, blocks, strict=True)]
    )
    day = np.concatenate([np.full(size, block[0]) for size, block in zip(sizes, blocks, strict=True)])
    return Rows(np.concatenate([block[1] for block in blocks]), won, day, weight)


def _calibrated(
    full: Boosted | None, blind: Boosted | None, late: list[Block], *formulas: Formula | None
) -> dict[str, Chances]:
    """Chances of each ranking, from pairs of the held-out days."""
    if not late:
        return {}
    rows, said = _rows(late), {}
    for key, model in (("boosting", full), ("boosting_blind", blind)):
        if model is not None and (curve := chances(model.score(rows.features), rows.won, rows.weight)) is not None:
            said[key] = curve
    for key, formula in zip(("learned", "formula"), formulas, strict=True):
        if formula is not None:
            curve = chances(scores_of(rows.features, formula), rows.won, rows.weight)
            if curve is not None:
                said[key] = curve
    return said


def scores_of(rows: Floats, formula: Formula) -> Floats:
    """A formula's scores of sampled rows, in the way the formula in force scored best; out of reach is -1."""
    column = {name: rows[:, at] for at, name in enumerate(FEATURES)}
    distance = formula.decay.over(column["reach"])
    wins = np.minimum(1.0, column["wins"] / formula.wins_full)
    value = (
        formula.trade * column["trade"]
        + formula.distance * distance
        + formula.capacity * column["capacity"]
        + formula.evidence * (wins * (1 - formula.same_buyer) + formula.same_buyer * column["same_buyer"])
        + formula.ess * column["ess"]
    )
    return np.where(distance > 0.0, value, -1.0)
