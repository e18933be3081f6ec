"""Colours of the members of a grouping on paper: those of the page's light scheme, all readable on white. Pure."""

from __future__ import annotations

MEMBERS = ("#0b6b63", "#0072b2", "#8c4a77", "#9a5200", "#5a6b7b", "#3f7d3a")


def colour(number: int) -> str:
    """Of the member with this number, from 1."""
    return MEMBERS[(number - 1) % len(MEMBERS)]
