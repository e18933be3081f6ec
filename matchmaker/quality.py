"""Measured quality of the ranking, as ``manage.py backtest`` left it: what the method page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from matchmaker.models import BacktestReport


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RankerQuality:
    """One way of ranking, measured. ``hr`` and ``mrr`` by k: share of winners among the k first (0..1), mean of
    1/rank when within the k first. ``newcomers``: HR@20 of winners without any past win known; ``ess``: of ESS
    winners; None when there are none. ``exposure``: share of newcomers in the first 20. ``gain``: MRR@20 less that
    of the formula in force, same awards, paired.
    """

    key: str  # "formula" is the one in force
    label: str  # French
    hr: Mapping[int, Interval]
    mrr: Mapping[int, Interval]
    newcomers: Interval | None
    ess: Interval | None
    exposure: float
    gain: Interval


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Pairs announced at about ``said`` chances (0..1) that won ``seen`` times, between ``low`` and ``high``."""

    said: float
    seen: float
    low: float
    high: float
    pairs: int


@dataclass(frozen=True, slots=True)
class Quality:
    """A backtest in short. All words are French and ready to print; ``charts`` are whole inline ``<svg>`` with title
    and description, by key: "hr", "calibration", "decay", "weights" (some may be missing)."""

    made_at: datetime
    score_version: int
    data: str  # which data, one sentence
    first_day: date | None
    last_day: date | None
    awards: int  # tested
    winners: int  # of them: a contract may have several
    firms: int  # candidates in the base
    coverage: float  # share of dated, linked winners who were among the candidates at all
    uncovered: tuple[tuple[str, int], ...]  # why not, and how many
    rankers: tuple[RankerQuality, ...]
    calibration: tuple[CalibrationBin, ...]
    verdict: str  # what was adopted, or why nothing was
    limits: tuple[str, ...]  # what so small a set cannot show
    charts: Mapping[str, str] = field(default_factory=dict)

    def ranker(self, key: str) -> RankerQuality | None:
        return next((one for one in self.rankers if one.key == key), None)


def latest_quality() -> Quality | None:
    """The last backtest of real awards, or None when none was run. One query."""
    row = BacktestReport.objects.first()
    return quality_of(row) if row else None


def quality_of(row: BacktestReport) -> Quality:
    """As kept, back into figures; a field this version does not know is ignored."""
    kept: dict[str, Any] = {name: row.values[name] for name in Quality.__slots__ if name in row.values}
    days = {name: date.fromisoformat(kept[name]) if kept[name] else None for name in ("first_day", "last_day")}
    ready = {
        "made_at": timezone.localtime(row.made_at),
        "uncovered": tuple((str(words), int(n)) for words, n in kept["uncovered"]),
        "rankers": tuple(_ranker(one) for one in kept["rankers"]),
        "calibration": tuple(CalibrationBin(**one) for one in kept["calibration"]),
        "limits": tuple(kept["limits"]),
    }
    return Quality(**{**kept, **days, **ready})


def keep_quality(quality: Quality, adopted: int | None) -> BacktestReport:
    """Store a run beside the earlier ones."""
    values = asdict(quality)
    del values["made_at"]
    for name in ("first_day", "last_day"):
        values[name] = values[name].isoformat() if values[name] else None
    return BacktestReport.objects.create(
        made_at=quality.made_at, score_version=quality.score_version, adopted=adopted, values=values
    )


def _ranker(kept: Mapping[str, Any]) -> RankerQuality:
    def by_k(name: str) -> dict[int, Interval]:
        return {int(k): Interval(**figures) for k, figures in kept[name].items()}

    def maybe(name: str) -> Interval | None:
        return Interval(**kept[name]) if kept[name] else None

    return RankerQuality(
        key=kept["key"],
        label=kept["label"],
        hr=by_k("hr"),
        mrr=by_k("mrr"),
        newcomers=maybe("newcomers"),
        ess=maybe("ess"),
        exposure=kept["exposure"],
        gain=Interval(**kept["gain"]),
    )
