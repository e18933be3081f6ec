"""Distances kept in groupings and of those who lend staff, when a firm opposes diffusion: see ``matchmaker.hiding``."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from django.dispatch import receiver

from consortia.models import Member, Outcome
from matchmaker.domain.reference import Reference
from matchmaker.hiding import hidden, km_from_commune
from matchmaker.models import Firm
from matchmaker.queries import with_commune


@receiver(hidden)
def remeasure(firms: Collection[int], tables: Reference, **_signal: Any) -> None:
    """From the communes of these firms, in every lot, open or not. Idempotent."""
    _members(firms, tables)
    _lenders(firms, tables)


def _members(firms: Collection[int], tables: Reference) -> None:
    related, heavy = with_commune("firm")
    rows = Member.objects.filter(firm__in=firms).select_related("proposal__lot", *related).defer(*heavy)
    for member in rows.order_by("pk"):
        km = km_from_commune(member.firm, member.proposal.lot, tables)
        if km != member.distance_km and math.isfinite(km):
            Member.objects.filter(pk=member.pk).update(distance_km=km)


def _lenders(firms: Collection[int], tables: Reference) -> None:
    related, heavy = with_commune()
    known = Firm.objects.filter(pk__in=firms, trades__contains=["T44"]).select_related(*related).defer(*heavy)
    lenders = {firm.siret: firm for firm in known}
    if not lenders:
        return
    for outcome in Outcome.objects.exclude(hours_suppliers=[]).select_related("lot").order_by("pk"):
        rows = [_told(row, lenders.get(row["siret"]), outcome, tables) for row in outcome.hours_suppliers]
        if rows != outcome.hours_suppliers:
            outcome.hours_suppliers = [row for row in rows if math.isfinite(row["km"])]
            outcome.save(update_fields=["hours_suppliers"])


def _told(row: dict[str, Any], lender: Firm | None, outcome: Outcome, tables: Reference) -> dict[str, Any]:
    if lender is None:
        return row
    km = km_from_commune(lender, outcome.lot, tables)
    return row | {"km": round(km, 1) if math.isfinite(km) else km}
