"""Insertion arithmetic (domain guide, section 2): hours a contract can give to people far from work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkShare:
    """A trade's part of a lot: ``share`` 0..1 of the amount, ``labour_share`` 0..1, ``hourly_eur`` full cost."""

    share: float
    labour_share: float
    hourly_eur: float


def labour_hours(amount_eur: float, work: Iterable[WorkShare]) -> float:
    """H_lab = sum_t A * w_t * LS_t / c_t, in hours."""
    return sum(amount_eur * part.share * part.labour_share / part.hourly_eur for part in work)


def insertion_hours(labour: float, effort: float, transferred: float = 0.0) -> float:
    """H_ins = e * (H_lab - H_transferred); staff taken over do not count (never below zero)."""
    return effort * max(0.0, labour - transferred)


def fte(hours: float, months: float, hours_per_fte: float = 1600.0) -> float:
    """FTE = H / 1600 * 12 / D."""
    return hours / hours_per_fte * 12.0 / months


def yearly(quantity: float, months: float | None) -> float:
    """A quantity for the whole duration, brought to a year. Below a year it is all due within it."""
    return quantity * 12.0 / months if months and months > 12 else quantity
