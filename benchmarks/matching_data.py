"""Firms and lots made for ``benchmarks/matching.py``: skewed as real ones are, whole metres and euros, no words.

Towns in clusters by population (Zipf), trades by Zipf, one to three trades a firm, radius and capacity log-normal.
"""

from __future__ import annotations

import math

import numpy as np

from geo.domain.point import Point
from matchmaker.domain.hilbert import hilbert
from matchmaker.domain.query import LotQuery
from matchmaker.domain.reference import Reference
from matchmaker.domain.segment import KINDS, ROW_TYPES, FirmColumns, Rows, trade_bits, trade_numbers
from matchmaker.domain.trade import LotTrade

TOWNS = 34_900


def towns(random: np.random.Generator) -> tuple[list[Point], np.ndarray]:
    """Towns of metropolitan France's extent around a few hundred centres, and their share of people."""
    centres = np.column_stack([random.uniform(-4.5, 8, 300), random.uniform(42.5, 51, 300)])
    around = centres[random.choice(300, TOWNS, p=_zipf(300, 0.8))] + random.normal(0, 0.35, (TOWNS, 2))
    return [Point(float(lon), float(lat)) for lon, lat in around], random.permutation(_zipf(TOWNS, 0.9))


def _zipf(count: int, power: float) -> np.ndarray:
    weights = 1 / np.arange(1, count + 1) ** power
    return weights / weights.sum()


def firms(
    count: int, places: np.ndarray, shares: np.ndarray, tables: Reference, random: np.random.Generator
) -> FirmColumns:
    """Columns of ``count`` firms; about one in seven is an inclusive structure."""
    numbers = trade_numbers(tables)
    codes = np.array(list(numbers))
    kind = np.where(random.random(count) < 0.14, random.integers(1, len(KINDS), count), 0)
    chosen = random.choice(len(codes), (count, 3), p=_zipf(len(codes), 0.9))
    many = random.choice([1, 2, 3], count, p=[0.7, 0.2, 0.1])
    bits = [
        trade_bits(codes[picked[:n]], KINDS[code], numbers, tables)
        for picked, n, code in zip(chosen, many, kind, strict=True)
    ]
    place = places[random.choice(len(places), count, p=shares)]
    mid = np.exp(random.normal(11, 1.4, count)).astype(np.int64)
    wins = random.poisson(0.4, count)
    columns = {
        "id": random.permutation(count) + 1,
        "x": place[:, 0],
        "y": place[:, 1],
        "z": place[:, 2],
        "radius_m": np.clip(np.exp(random.normal(math.log(35), 0.6, count)), 5, 150) * 1000,
        "low": mid // 2,
        "mid": mid,
        "high": mid * 2,
        "trust": random.choice([1.0, 0.8, 0.5, 0.35], count),
        "ess": (kind > 0) | (random.random(count) < 0.06),
        "kind": kind,
        "wins": np.zeros(count),
        "buyers": np.zeros(count),
        "declared": np.ones(count),
        "trades": np.array(bits, dtype=np.uint64),
        "area0": np.zeros(count),
        "area1": np.zeros(count),
        "hilbert": hilbert(place[:, 0], place[:, 1], place[:, 2]),
        "ptr": np.zeros(count + 1),
        "term": [],
        "weight": [],
    }
    won = np.flatnonzero(wins)
    rows = Rows(*(np.array(columns[name]).astype(kind_of) for name, kind_of in ROW_TYPES.items()))
    return FirmColumns(rows, won, chosen[won, 0], wins[won], 1 << random.integers(0, 8, len(won)))


def lots(
    count: int, points: list[Point], shares: np.ndarray, tables: Reference, random: np.random.Generator
) -> list[LotQuery]:
    """One need each, of one to four trades."""
    codes = sorted(tables.trades)
    found = []
    for where in random.choice(len(points), count, p=shares):
        options = random.choice(codes, random.choice([1, 2, 3, 4]), replace=False, p=_zipf(len(codes), 0.9))
        fits = random.choice([1.0, 0.9, 0.7, 0.4], len(options))
        need = LotTrade(tuple((str(code), float(fit)) for code, fit in zip(options, fits, strict=True)), 1.0)
        amount = None if random.random() < 0.2 else int(np.exp(random.normal(12, 1.2))) + 1
        found.append(LotQuery((need,), points[where], yearly_eur=amount, buyer=1 << int(random.integers(0, 8))))
    return found
