"""One holder of a joint contract is hidden: among all firms, where does each ranking put it, given the others?

The second benchmark: groupings instead of single firms. Candidates are the whole base, because partners seldom share
the lot's trade. What is learnt is a conditional logit on groups formed earlier.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from matchmaker.domain.backtest.choice import Choices, fit
from matchmaker.domain.backtest.history import History
from matchmaker.domain.backtest.metrics import Place, places_of
from matchmaker.domain.backtest.pairs import Pool, pool_of, ways
from matchmaker.domain.backtest.walk import learn_before
from matchmaker.domain.backtest.world import Case, Floats, Ints, Supply
from matchmaker.domain.reference import Reference

LABELS: Mapping[str, str] = {
    "random": "au hasard",
    "nearest": "la plus proche du lot",
    "beside": "la plus proche d'un membre connu",
    "popularity": "popularité (division CPV × département)",
    "past": "partenaires passés, puis proximité",
    "formula": "formule en vigueur pour le lot",
    "learned": "apprise : lot, membres connus, partenaires passés",
}
# Feature -> more of it never helps (-1), never harms (+1), or either (0).
DIRECTIONS = {
    "lot_km": -1,
    "beside_km": -1,
    "matched": 1,
    "score": 1,
    "affinity": 1,
    "pairing": 1,
    "same_naf": 0,
    "complement": 1,
    "together": 1,
    "joined": 1,
    "any_wins": 1,
    "market": 1,
}
FEWEST, MOST = 2, 5  # holders of a joint contract
_RIDGE = 2.0
_MANY = 20  # hidden holders from which anything is learnt
_NEVER = 1e12


@dataclass(frozen=True, slots=True)
class Hidden:
    """One hidden holder of a fold and where each ranking put it."""

    case: int
    buyer: int
    fold: int
    share: float  # hidden holders of one contract share its weight
    newcomer: bool
    met: bool  # had worked with one of the others before
    places: dict[str, Place]


@dataclass(slots=True)
class PartnersOutcome:
    """What the second benchmark leaves. ``groups``: joint contracts; ``usable``: with two known members or more."""

    groups: int = 0
    usable: int = 0
    learnt_from: int = 0
    tested: list[Hidden] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)
    days: list[tuple[int, int]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def joint(case: Case) -> bool:
    """A contract held by 2 to 5 firms that answered together."""
    return case.joint and FEWEST <= case.holders <= MOST


class Partners:
    """Use once: ``Partners(...).through(cases)``. Features rest on contracts of earlier days only."""

    def __init__(
        self,
        supply: Supply,
        tables: Reference,
        *,
        folds: int,
        start: float,
        negatives: int,
        seed: int,
        evidence_days: int,
        gap: int = 1,
    ) -> None:
        self.supply, self.tables = supply, tables
        self.folds, self.start, self.negatives, self.seed, self.gap = folds, start, negatives, seed, gap
        self.past = History(supply, evidence_days)
        self.outcome = PartnersOutcome()
        self._blocks: list[tuple[int, Floats]] = []
        self._weights: Floats | None = None

    def through(self, cases: Sequence[Case], progress: Callable[[str], None]) -> PartnersOutcome:
        """``cases`` in order of time."""
        asked = [case for case in cases if joint(case) and case.lot is not None and self._members(case)]
        self.outcome.groups = sum(case.joint for case in cases)
        self.outcome.usable = len(asked)
        cuts = self.start + (1 - self.start) * np.arange(self.folds) / self.folds
        firsts = sorted({asked[min(len(asked) - 1, int(cut * len(asked)))].day for cut in cuts} if asked else set())
        ids, fold, waiting = {case.id for case in asked}, -1, deque[Case]()
        for day, group in groupby(cases, key=lambda case: case.day):
            today = list(group)
            learn_before(self.past, waiting, day, self.gap)
            while fold + 1 < len(firsts) and day >= firsts[fold + 1]:
                fold += 1
                self.outcome.days.append((day, day))
                self._learn(day - self.gap)
                progress(f"Groupements : période {fold + 1} sur {len(firsts)}")
            for case in today:
                if case.id in ids:
                    self._try(case, fold)
            if fold >= 0:
                self.outcome.days[fold] = (self.outcome.days[fold][0], day)
            waiting.extend(today)
        self.outcome.learnt_from = len(self._blocks)
        self._learn(cases[-1].day if cases else 0)
        if self._weights is not None:
            self.outcome.weights = dict(zip(DIRECTIONS, map(float, self._weights), strict=True))
        return self.outcome

    def _members(self, case: Case) -> list[int]:
        """Members known to us, one a company; [] when fewer than two."""
        found = {int(self.supply.siren[winner]): winner for winner in reversed(case.winners)}
        return sorted(found.values()) if len(found) > 1 else []

    def _try(self, case: Case, fold: int) -> None:
        """One bad record never sinks the walk."""
        try:
            members = self._members(case)
            for hidden in members:
                self._ask(case, hidden, tuple(one for one in members if one != hidden), fold)
        except (ArithmeticError, ValueError, KeyError, IndexError) as error:
            self.outcome.failed.append(f"{case.id} : {type(error).__name__} {error}")

    def _ask(self, case: Case, hidden: int, others: tuple[int, ...], fold: int) -> None:
        known = set(self.supply.siren[list(others)].tolist())
        places = self.supply.everyone[~np.isin(self.supply.siren, list(known))]
        at = np.flatnonzero(places == hidden)
        pool = pool_of(case, places, self.supply, self.tables)
        rows = self._features(pool, others)
        column = {name: rows[:, number] for number, name in enumerate(DIRECTIONS)}
        if fold >= 0:
            scores = {
                "random": np.zeros(len(places)),
                "nearest": -column["lot_km"],
                "beside": -column["beside_km"],
                "popularity": column["market"],
                "past": column["together"] * _NEVER - column["beside_km"],
                "formula": column["matched"] + column["score"],
            }
            if self._weights is not None:
                scores["learned"] = rows @ self._weights
            met = bool(column["together"][at[0]] > 0)
            found = {key: places_of(score, at)[0] for key, score in scores.items()}
            new = bool(column["any_wins"][at[0]] == 0)
            self.outcome.tested.append(Hidden(case.id, case.buyer, fold, 1 / (len(others) + 1), new, met, found))
        self._keep(case, hidden, rows, at)

    def _keep(self, case: Case, hidden: int, rows: Floats, at: Ints) -> None:
        """The hidden holder, then a uniform sample of the firms passed over."""
        dice = np.random.default_rng([self.seed, case.id, hidden])
        lost = np.setdiff1d(np.arange(len(rows)), at)
        some = dice.choice(lost, min(self.negatives, len(lost)), replace=False)
        self._blocks.append((case.day, rows[np.append(at, some)]))

    def _features(self, pool: Pool, others: tuple[int, ...]) -> Floats:
        """A row a candidate, columns as ``DIRECTIONS``; all within a few units."""
        supply, past, places, case = self.supply, self.past, pool.places, pool.case
        best = ways(pool, supply, past, self.tables, self.tables.formula)
        road = self.tables["distance.road_factor"] / 1000.0
        gaps = [np.sqrt(((supply.xyz[places] - supply.xyz[other]) ** 2).sum(axis=1)) * road for other in others]
        served = {trade for other in others for trade in supply.trades[other]}
        missing = [trade for trade in case.wanted if trade not in served]
        complement = np.zeros(len(places))
        for trade in missing:
            doing = supply.doing.get(trade)
            complement = np.maximum(complement, np.isin(places, doing) if doing is not None else 0.0)
        nafs = supply.naf[list(others)]
        columns = {
            "lot_km": np.log1p(pool.road_m / 1000.0),
            "beside_km": np.log1p(np.min(gaps, axis=0)),
            "matched": best.near.astype(np.float64),
            "score": np.maximum(best.score, 0.0) / 100.0,
            "affinity": past.naf_affinity(case, places),
            "pairing": past.naf_pairing(others, places),
            "same_naf": np.isin(supply.naf[places], nafs).astype(np.float64),
            "complement": complement,
            "together": np.minimum(1.0, past.together(others, places)),
            "joined": np.log1p(past.joined(places)),
            "any_wins": np.log1p(past.wins(places)),
            "market": np.log1p(past.in_market(case, places)),
        }
        return np.column_stack([columns[name] for name in DIRECTIONS])

    def _learn(self, last: int) -> None:
        """From the groups known on a day."""
        blocks = [block for day, block in self._blocks if day <= last]
        if len(blocks) < _MANY:
            return
        signs = np.array(list(DIRECTIONS.values()), dtype=np.float64)
        turned = [block * np.where(signs < 0, -1.0, 1.0) for block in blocks]
        found = fit(Choices.of(turned), _RIDGE, np.where(signs == 0, -np.inf, 0.0))
        self._weights = found * np.where(signs < 0, -1.0, 1.0)
