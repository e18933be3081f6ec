"""Distances kept in groupings and of those who lend staff, when a firm opposes diffusion: see ``matchmaker.hiding``."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.dispatch import receiver

from consortia.models import Member, Outcome, Proposal
from consortia.propose import apart_km, distances
from matchmaker.domain.reference import Reference
from matchmaker.hiding import hidden, km_from_commune
from matchmaker.models import Firm
from matchmaker.queries import with_commune


@receiver(hidden)
def remeasure(firms: Collection[int], tables: Reference, **_signal: Any) -> None:
    """From the communes of these firms, in every lot, open or not. Idempotent."""
    _members(firms, tables)
    _told_of(firms, tables)


def _members(firms: Collection[int], tables: Reference) -> None:
    related, heavy = with_commune("firm")
    rows = Member.objects.filter(firm__in=firms).select_related("proposal__lot", *related).defer(*heavy)
    for member in rows.order_by("pk"):
        km = km_from_commune(member.firm, member.proposal.lot, tables)
        if km != member.distance_km and math.isfinite(km):
            Member.objects.filter(pk=member.pk).update(distance_km=km)
            _measures(member.proposal_id, tables)


def _measures(proposal_id: int, tables: Reference) -> None:
    """Distances that a proposal is compared by, from those of its members."""
    related, heavy = with_commune("firm")
    members = list(Member.objects.filter(proposal=proposal_id).select_related(*related).defer(*heavy))
    proposal = Proposal.objects.get(pk=proposal_id)
    if proposal.measures:
        proposal.measures |= distances([member.distance_km for member in members])
        proposal.measures["apart_km"] = round(apart_km([member.firm for member in members], tables), 1)
        proposal.save(update_fields=["measures"])


def _told_of(firms: Collection[int], tables: Reference) -> None:
    """Those who lend staff, partners, parts of an alternative by sub-contracting."""
    related, heavy = with_commune()
    known = {firm.siret: firm for firm in Firm.objects.filter(pk__in=firms).select_related(*related).defer(*heavy)}
    told = Outcome.objects.exclude(hours_suppliers=[], partners=[], subcontract={})
    for outcome in told.select_related("lot").order_by("pk"):
        before = repr((outcome.hours_suppliers, outcome.partners, outcome.subcontract))
        outcome.hours_suppliers = _measured(outcome.hours_suppliers, known, outcome, tables)
        outcome.partners = _measured(outcome.partners, known, outcome, tables)
        for side in ("members", "subcontractors"):
            if side in outcome.subcontract:
                outcome.subcontract[side] = _measured(outcome.subcontract[side], known, outcome, tables)
        if repr((outcome.hours_suppliers, outcome.partners, outcome.subcontract)) != before:
            outcome.save(update_fields=["hours_suppliers", "partners", "subcontract"])


def _measured(
    rows: Iterable[dict[str, Any]], known: Mapping[str, Firm], outcome: Outcome, tables: Reference
) -> list[dict[str, Any]]:
    """The same rows from the communes of ``known`` firms; one that is nowhere is left out."""
    told = []
    for row in rows:
        firm = known.get(row["siret"])
        km = km_from_commune(firm, outcome.lot, tables) if firm else row["km"]
        if math.isfinite(km):
            told.append(row | {"km": round(km, 1)})
    return told
