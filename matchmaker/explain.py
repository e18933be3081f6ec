"""Why a firm is thought able to take so much more: its capacity, step by step, computed when asked for."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from matchmaker.domain.capacity import Capacity, CapacityInput, estimate
from matchmaker.domain.reference import Reference
from matchmaker.models import Firm
from matchmaker.reference import reference


def capacity_of(firm: Firm, on: date | None = None) -> Capacity:
    """Capacity of a firm on a day (today), ``steps`` in French, with the tables in force. One query."""
    return estimated(firm, reference(), on or timezone.localdate())


def estimated(firm: Firm, tables: Reference, on: date) -> Capacity:
    """The same with tables already read. No query."""
    trade = tables.trades.get(firm.trades[0]) if firm.trades else None
    return estimate(known_of(firm), trade, tables, on=on)


def known_of(firm: Firm) -> CapacityInput:
    return CapacityInput(
        headcount_band=firm.headcount_band,
        headcount=firm.headcount_fte,
        places=firm.places,
        inclusive_kind=firm.inclusive_kind,
        turnover_eur=firm.turnover_eur,
        free_fte=firm.declared_free_fte,
        declared_on=firm.declared_on,
        ending_eur=firm.ending_eur,
        notified_eur=firm.notified_eur,
    )
