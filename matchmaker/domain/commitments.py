"""What a firm is already bound to, a year: E and N of the domain guide, section 4."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from matchmaker.domain.award import add_months
from matchmaker.domain.reference import Reference


@dataclass(frozen=True, slots=True)
class Running:
    """A firm's part of one contract: euros a year, first and last day."""

    annual_eur: int
    notified_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Commitments:
    """Euros a year. ``ending``: E, contracts that end before the lot starts; ``notified``: N, newer than T."""

    ending_eur: int = 0
    notified_eur: int = 0


def commitments(contracts: Iterable[Running], *, on: date, start: date, turnover_year: int) -> Commitments:
    """E and N as of a day. Only contracts under way count: notified by then, and not ended.

    E sums those that end before ``start``. N sums those notified after the year that the turnover speaks of, as
    the turnover does not hold them yet.
    """
    running = [contract for contract in contracts if contract.notified_on <= on <= contract.ends_on]
    return Commitments(
        sum(contract.annual_eur for contract in running if contract.ends_on < start),
        sum(contract.annual_eur for contract in running if contract.notified_on.year > turnover_year),
    )


def horizon(on: date, reference: Reference) -> date:
    """When a lot yet unknown is taken to start: what the figures kept with a firm are computed for."""
    return add_months(on, reference.integer("award.horizon_months"))


def turnover_year(headcount_year: int | None, declared: bool, on: date, reference: Reference) -> int:
    """The year a firm's T speaks of: that of its headcount, unless a turnover of unknown year was given."""
    usual = on.year - reference.integer("award.turnover_lag_years")
    return usual if declared or headcount_year is None else headcount_year
