"""Made territories for the tests of splits: communes on a bent grid, firms around them."""

from __future__ import annotations

import random
from datetime import date

from allotment.domain.bidders import LocalFirm, Rules, Supply, supply
from allotment.domain.compact import Shapes, shapes
from allotment.domain.need import Nature, Need, Place, TradeNeed
from geo.domain.point import Point, point

KM = 5.0  # between communes


def at(x_km: float, y_km: float) -> Point:
    return point(lon=-0.8 + x_km / 74.0, lat=48.0 + y_km / 111.2)


def territory(rng: random.Random, communes: int, trades: int, width: int = 3) -> Need:
    """Communes in rows of ``width``, each touching those beside, above and below; some borders are missing."""
    near: list[set[int]] = [set() for _ in range(communes)]
    for one in range(communes):
        for other in ([one + 1] if (one + 1) % width else []) + [one + width]:
            if other < communes and (rng.random() < 0.9 or other == one + width):
                near[one].add(other)
                near[other].add(one)
    for one in range(1, communes):
        if not any(other < one for other in near[one]):
            near[one].add(one - 1)
            near[one - 1].add(one)
    places = tuple(
        Place(
            f"{53001 + one}",
            at(KM * (one % width) + rng.random(), KM * (one // width) + rng.random()),
            rng.randint(1, 2_000),
            frozenset(f"{53001 + other}" for other in near[one]),
        )
        for one in range(communes)
    )
    needs = tuple(TradeNeed(f"T{number:02}", 1_000 * rng.randint(100, 900)) for number in range(1, trades + 1))
    return Need(Nature.SERVICES, needs, places, 12, date(2026, 11, 23))


def firms_around(rng: random.Random, need: Need, count: int) -> list[LocalFirm]:
    trades = [one.trade for one in need.trades]
    found = []
    for number in range(1, count + 1):
        home = rng.choice(need.places).point
        mine = [trade for trade in trades if rng.random() < 0.5] or [rng.choice(trades)]
        room = int(rng.lognormvariate(11.3, 0.8))
        found.append(
            LocalFirm(
                number,
                point(lon=home.lon + rng.gauss(0, 0.05), lat=home.lat + rng.gauss(0, 0.05)),
                {trade: rng.choice((5.0, 10.0, 25.0)) for trade in mine},
                room,
                hours=room // 60 if rng.random() < 0.3 else 0,
                social=rng.random() < 0.3,
                leads=rng.random() < 0.7,
            )
        )
    return found


def made(seed: object, communes: int, trades: int, firms: int) -> tuple[Need, Shapes, Supply]:
    rng = random.Random(str(seed))
    need = territory(rng, communes, trades)
    found = shapes(need)
    hours = {one.trade: one.amount_eur / 300 for one in need.trades}
    return need, found, supply(need, found, firms_around(rng, need, firms), Rules(), hours)
