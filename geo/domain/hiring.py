"""Hiring needs as counts that may be secret: a value, or the bounds it lies between. Never a guess, never zero."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """A number of projects or persons. ``value`` is None when secret: then only ``low`` and ``high`` are known."""

    value: int | None
    low: int
    high: int

    @classmethod
    def of(cls, value: int) -> Count:
        return cls(value, value, value)

    def __add__(self, other: Count) -> Count:
        known = self.value is not None and other.value is not None
        low, high = self.low + other.low, self.high + other.high
        return Count(low if known else None, low, high)


NONE = Count.of(0)


def secret_bounds(
    projects: int | None, hard: int | None, seasonal: int | None, ceiling: int
) -> tuple[Count, Count, Count]:
    """(projects, hard, seasonal) of one row of the survey, the secret ones (None) with bounds.

    - A row exists because somebody means to hire: secret projects are 1 at least. They are ``ceiling`` at most, the
      largest figure secrecy hides, unless a part of them that is shown says more.
    - Hard and seasonal projects are parts of all: never more than all of them. None at all is published as a secret
      too, so their lower bound is 0.

    Raises ValueError when a part exceeds the whole.
    """
    parts = [part for part in (hard, seasonal) if part is not None]
    if projects is not None and any(part > projects for part in parts):
        raise ValueError("Plus de projets difficiles ou saisonniers que de projets : vérifiez la ligne.")
    low = max(1, *parts, 0)
    whole = Count.of(projects) if projects is not None else Count(None, low, max(low, ceiling))

    def part(value: int | None) -> Count:
        return Count.of(value) if value is not None else Count(None, 0, min(ceiling, whole.high))

    return whole, part(hard), part(seasonal)


def openings(rows: Iterable[tuple[Count, Count]]) -> Count:
    """O = sum(met - smet) over (projects, seasonal) rows: lasting jobs employers mean to fill."""
    return sum((_lasting(projects, seasonal) for projects, seasonal in rows), NONE)


def _lasting(projects: Count, seasonal: Count) -> Count:
    if projects.value is not None and seasonal.value is not None:
        return Count.of(projects.value - seasonal.value)
    return Count(None, max(0, projects.low - seasonal.high), projects.high - seasonal.low)


def priority_seekers(rows: Iterable[Count], share: float) -> Count:
    """J where priority jobseekers are not counted: a share of all registered ones (A, B, C), an estimate."""
    total = sum(rows, NONE)
    value = None if total.value is None else round(total.value * share)
    return Count(value, int(total.low * share), -int(-total.high * share // 1))


def places(seekers: Count, jobs: Count, *, candidates: float, exits: float) -> tuple[float, float]:
    """How many insertion places a year the bassin can fill and lead on: min(J / candidates, O / exits), [low, high]."""
    return (
        min(seekers.low / candidates, jobs.low / exits),
        min(seekers.high / candidates, jobs.high / exits),
    )
