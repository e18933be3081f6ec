"""What a lot asks for, in trades and euros a year, deduced from its CPV codes and amount."""

from __future__ import annotations

from matchmaker.domain.insertion import WorkShare, insertion_hours, labour_hours, yearly
from matchmaker.domain.reference import Reference
from matchmaker.domain.trade import LotTrade, lot_trades
from matchmaker.models import Lot


def needs_of(lot: Lot, reference: Reference) -> tuple[LotTrade, ...]:
    """The trades a lot asks for, by its codes or, where they are vague, by its title. No query."""
    return lot_trades(lot.cpvs, reference, lot.title)


def set_needs(lot: Lot, reference: Reference) -> tuple[LotTrade, ...]:
    """Deduce the needs of a lot and set them on the row (not saved)."""
    needs = needs_of(lot, reference)
    lot.needs = [
        {"trade": need.trade, "fit": need.fit, "share": need.share, "options": [code for code, _ in need.options]}
        | ({"by": "words"} if need.by_words else {})
        for need in needs
    ]
    lot.trades = list(dict.fromkeys(code for need in needs for code, _ in need.options))
    return needs


def months(lot: Lot, reference: Reference) -> int:
    return lot.duration_months or reference.integer("lot.default_months")


def yearly_eur(lot: Lot, reference: Reference) -> int | None:
    """Yearly amount, whole euros; for want of a published one, the middle of the estimation; None without either."""
    amount = lot.amount_eur if lot.amount_eur is not None else lot.imputed_mid_eur
    return None if amount is None else max(1, round(yearly(amount, months(lot, reference))))


def recommended_hours(lot: Lot, needs: tuple[LotTrade, ...], reference: Reference) -> int:
    """Insertion hours a year the arithmetic of section 2 suggests (effort by trade); 0 below the minimum.

    Staff taken over is unknown before the offers: cleaning lots are overestimated by as much.
    """
    amount = yearly_eur(lot, reference)
    if amount is None:
        return 0
    hours = 0.0
    for need in needs:
        trade = reference.trades[need.trade]
        labour = labour_hours(amount, [WorkShare(need.share, trade.labour_share, trade.hourly_eur)])
        hours += insertion_hours(labour, trade.effort)
    return round(hours) if hours >= reference["insertion.min_fte_hours"] else 0


def required_hours(lot: Lot, reference: Reference) -> int:
    """Insertion hours a year the documents ask for; 0 when they ask for none."""
    return round(yearly(lot.insertion_hours or 0, months(lot, reference)))
