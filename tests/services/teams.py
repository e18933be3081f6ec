"""Firms that make teams, and a lot built: what the tests of groupings share."""

from __future__ import annotations

from consortia.build import build_lots
from consortia.models import Outcome, Proposal
from matchmaker.match import match_lots
from matchmaker.models import Firm, Lot
from tests.factories import make_firm

TOWNS = ("38185", "38421", "38151", "38169", "38229", "38382")


def team(*capacities: int, **more: object) -> list[Firm]:
    """Cleaning firms around Grenoble, all with public references."""
    facts: dict[str, object] = {"references": 4, "fte_mid": 12.0} | more
    return [
        make_firm(f"Propreté {n}", commune_code=TOWNS[n % 6], capacity_eur=eur, **facts)
        for n, eur in enumerate(capacities)
    ]


def built(lot: Lot) -> Outcome:
    match_lots([lot.pk])
    assert build_lots([lot.pk]) == 1
    return Outcome.objects.get(lot=lot)


def proposals(lot: Lot) -> list[Proposal]:
    return list(lot.proposals.prefetch_related("members__firm"))
