"""A small world whose truth is known: firms around a town, contracts, and the rule that picks winners."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from geo.domain.point import point
from matchmaker.domain.backtest.decay import Rules
from matchmaker.domain.backtest.walk import Plan
from matchmaker.domain.backtest.world import Case, Entrant, Supply, in_time, supply_of
from matchmaker.domain.evidence import COMMUNE
from matchmaker.domain.query import IndexedFirm, LotQuery
from matchmaker.domain.reference import Reference
from matchmaker.domain.trade import lot_trades
from tests.domain.tables import shipped

CPV = "77310000"  # green spaces, T04: radius 35 km
FIRST_DAY = 737_000
RULES = Rules(share=0.8, enough=50, strength=20, reach_end=1.5, times=20, seed=1)
PLAN = Plan(folds=2, start=0.4, hold=0.2, negatives=30, seed=1, known=0.5, decay=RULES, trees=8)

Chooser = Callable[[Any, Any, Any, np.random.Generator], int]


def firms(n: int = 150, seed: int = 1, tables: Reference | None = None) -> Supply:
    """Green-space firms within about 60 km, of two trusts, one in five ESS, sizes known."""
    dice = np.random.default_rng(seed)
    tables = tables or shipped()
    return supply_of(
        (
            Entrant(
                IndexedFirm(
                    id=1000 + at,
                    point=point(lon=5.7 + float(dice.uniform(-0.5, 0.5)), lat=45.2 + float(dice.uniform(-0.35, 0.35))),
                    trades=("T04",),
                    trust=(0.8, 0.35)[int(dice.integers(2))],
                    capacity_eur=int(dice.integers(10_000, 200_000)),
                    ess="yes" if dice.random() < 0.2 else "no",
                ),
                naf=("81.30Z", "02.40Z")[at % 2],
                siren=at,
            )
            for at in range(n)
        ),
        tables,
    )


def contracts(supply: Supply, choose: Chooser, n: int = 300, seed: int = 2) -> list[Case]:
    """One contract a day around the town. ``choose(km, trust, wins, dice)`` names the winner's place."""
    dice, wins = np.random.default_rng(seed), Counter[int]()
    cases = []
    for at in range(n):
        place = point(lon=5.7 + float(dice.uniform(-0.2, 0.2)), lat=45.2 + float(dice.uniform(-0.15, 0.15)))
        gap = supply.xyz - np.array(place.metres())
        km = np.sqrt((gap**2).sum(axis=1)) * 1.3 / 1000
        winner = choose(km, supply.trust, np.array([wins[one] for one in range(len(supply))]), dice)
        wins[winner] += 1
        cases.append(case(at, (winner,), place, buyer=at % 60))
    return in_time(cases)


def case(at: int, winners: tuple[int, ...], place: Any, buyer: int = 1, **more: Any) -> Case:
    made = Case(
        id=at,
        day=FIRST_DAY + at,
        buyer=buyer,
        buyer_kind=COMMUNE,
        cpv=CPV,
        departement="38",
        trades=("T04",),
        winners=winners,
        lot=LotQuery(lot_trades([CPV], shipped()), place, yearly_eur=50_000, buyer=COMMUNE),
    )
    return replace(made, **more)


def by_utility(distance: float = 0.0, trust: float = 0.0, wins: float = 0.0) -> Chooser:
    """The winner is drawn with these true weights on nearness (0..1 within 52 km), trust and past wins (3 are full)."""

    def choose(km: Any, trusted: Any, won: Any, dice: np.random.Generator) -> int:
        utility = distance * np.maximum(0, 1 - km / 52.5) + trust * trusted + wins * np.minimum(1, won / 3)
        chance = np.where(km < 52.5, np.exp(utility), 0.0)
        return int(dice.choice(len(km), p=chance / chance.sum()))

    return choose
