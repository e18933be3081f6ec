"""What all formats share: the unnamed buyer, and the fate of an amount published for a whole notice."""

from __future__ import annotations

from dataclasses import replace

from matchmaker.domain.notice import UNKNOWN_BUYER as UNKNOWN_BUYER
from matchmaker.domain.notice import NoticeLot
from matchmaker.sources.fields import euros


def with_total(lots: list[NoticeLot], total: int | None, warnings: list[str]) -> tuple[NoticeLot, ...]:
    """Give ``total`` to the only lot; with several lots and no amount of their own, say it is shared.

    A total is never split: the lots then have ``amount_shared`` and no amount, and a warning tells it.
    """
    if total is None or not lots or any(lot.amount_eur is not None for lot in lots):
        return tuple(lots)
    if len(lots) == 1:
        return (replace(lots[0], amount_eur=total),)
    warnings.append(f"Montant publié pour l'ensemble des {len(lots)} lots : {euros(total)}, non réparti.")
    return tuple(replace(lot, amount_shared=True) for lot in lots)


def awarded_amount(values: list[int]) -> int | None:
    """The amount of a lot from its awards: equal figures are one ceiling repeated, others add up."""
    if not values:
        return None
    return values[0] if len(set(values)) == 1 else sum(values)
