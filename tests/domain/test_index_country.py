"""200 lots among 220,000 firms: the index against a brute force over whole columns, written here with numpy only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import matching_data
from matchmaker.domain import index as index_module
from matchmaker.domain.area import bits
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.query import LotQuery
from matchmaker.domain.segment import FirmColumns, segments_of_columns, trade_numbers
from tests.domain.tables import shipped

R = shipped()
F = R.formula
K = 50
CODES = ("01", "26", "2A", "38", "69", "73", "74", "95", "974")


def brute_force(firms: FirmColumns, lot: LotQuery) -> list[tuple[int, float]]:
    """(id, score) of the best firms of a lot of one need."""
    rows, numbers = firms.rows, trade_numbers(R)
    x, y, z = lot.point.metres()
    dx, dy, dz = rows.x.astype(np.int64) - x, rows.y.astype(np.int64) - y, rows.z.astype(np.int64) - z
    near = F.decay.over(np.sqrt((dx * dx + dy * dy + dz * dz).astype(np.float64)) * 1.3 / rows.radius_m)
    room = np.full(len(near), F.unknown_capacity)
    if lot.yearly_eur is not None:
        low, mid, high = (np.minimum(1.0, eur / float(lot.yearly_eur)) for eur in (rows.low, rows.mid, rows.high))
        room = (low + 2 * mid + high) / 4
    best = np.full(len(near), -1.0)
    for trade, fit in lot.trades[0].options:
        number = numbers[trade]
        wins, same = np.zeros(len(near)), np.zeros(len(near))
        won = firms.win_trade == number
        wins[firms.win_row[won]] = firms.win_count[won]
        same[firms.win_row[won]] = (firms.win_buyers[won] & lot.buyer) > 0
        proof = np.minimum(1.0, wins / F.wins_full) * (1 - F.same_buyer) + same * F.same_buyer
        score = F.trade * (fit * rows.trust) + F.text * 0.0 + F.distance * near
        score = score + F.capacity * room + F.evidence * proof + F.ess * rows.ess.astype(np.float64)
        does = (rows.trades >> np.uint64(number)) & np.uint64(1) > 0
        best = np.maximum(best, np.where(does & (near > 0), score, -1.0))
    order = np.lexsort((rows.id, -best))[:K]
    return [(int(rows.id[row]), float(best[row])) for row in order if best[row] >= 0]


def test_two_hundred_lots_among_a_large_territory_have_the_firms_of_a_brute_force_to_the_last_bit() -> None:
    random = np.random.default_rng(7)
    points, shares = matching_data.towns(random)
    places = np.array([point.metres() for point in points])
    firms = matching_data.firms(220_000, places, shares, R, random)
    lots = matching_data.lots(200, points, shares, R, random)
    answers = FirmIndex.over(segments_of_columns(firms, R), R).ask_many(lots, K)
    for lot, answer in zip(lots, answers, strict=True):
        assert [(found.id, found.score) for found in answer.top] == brute_force(firms, lot)


def test_one_firm_in_three_declaring_departements_changes_nothing_to_exactness(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiled search, which prunes and counts by blocks, against numpy, which looks at every row."""
    random = np.random.default_rng(11)
    points, shares = matching_data.towns(random)
    places = np.array([point.metres() for point in points])
    firms = matching_data.firms(60_000, places, shares, R, random)
    areas = [bits(random.choice(CODES, random.integers(1, 5))) if random.random() < 1 / 3 else (0, 0) for _ in places]
    mine = np.array(areas, dtype=np.uint64)[random.integers(0, len(places), 60_000)]
    rows = firms.rows._replace(area0=mine[:, 0].copy(), area1=mine[:, 1].copy())
    known = matching_data.lots(120, points, shares, R, random)
    lots = [replace(lot, departement=str(random.choice([*CODES, ""]))) for lot in known]
    lots = [replace(lot, within_km=60.0) if place % 10 == 0 else lot for place, lot in enumerate(lots)]
    index = FirmIndex.over(segments_of_columns(firms._replace(rows=rows), R), R)
    found = index.ask_many(lots, K)
    assert sum(one.parts.distance < 0.125 for answer in found for one in answer.top) > 100  # by their area alone
    monkeypatch.setattr(index_module, "COMPILED", False)
    assert found == index.ask_many(lots, K)
