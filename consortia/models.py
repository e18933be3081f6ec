"""Proposed groupings, and for each lot what the search concluded."""

from __future__ import annotations

from django.db import models

from consortia.plan_models import Plan, PlanFirm, PlanLine
from matchmaker.models import Firm, Lot, Run

__all__ = ["Member", "Outcome", "Plan", "PlanFirm", "PlanLine", "Proposal"]


class Outcome(models.Model):
    """What the search concluded for a lot: groupings, no need for one, or why none exists."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "groupements proposés"
        NOT_NEEDED = "not_needed", "groupement inutile"
        NONE = "none", "aucun groupement possible"
        UNSIZED = "unsized", "dimensionnement impossible"

    lot = models.OneToOneField(Lot, on_delete=models.CASCADE, related_name="outcome")
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, related_name="outcomes")
    state = models.CharField(max_length=12, choices=State)
    reason = models.CharField(max_length=40, blank=True)  # slug of the reason
    message = models.TextField()  # one French sentence
    gaps = models.JSONField(default=list)  # [{"kind", "trade", "missing_eur", "missing_hours", "radius_km"}]
    yearly_eur = models.BigIntegerField(null=True)
    hours_required = models.PositiveIntegerField(default=0)  # a year, asked by the documents
    hours_recommended = models.PositiveIntegerField(default=0)  # a year, by the insertion arithmetic
    candidates = models.PositiveIntegerField(default=0)
    hours_suppliers = models.JSONField(default=list)  # mise à disposition in reach: [{"siret", "hours", "km"}]
    notes = models.JSONField(default=list)  # French sentences: legal remarks on the lot
    solver = models.JSONField(default=dict)  # status, nodes, milliseconds
    conflict = models.JSONField(default=list)  # smallest set of requirements that cannot be met together, in words
    piece = models.JSONField(default=dict)  # the one firm that would do: trade, capacity_eur, fte, radius_km, text
    partners = models.JSONField(default=list)  # ordinary local firms that would raise the hiring fit
    subcontract = models.JSONField(default=dict)  # reserved lots: the lawful alternative by sub-contracting
    matched_at = models.DateTimeField(null=True)  # ``Lot.matched_at`` of the matches it was sought after
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.lot_id}: {self.state}"


class Proposal(models.Model):
    """One lawful grouping that covers the lot. ``cost == bound`` when proven optimal."""

    class Form(models.TextChoices):
        CONJOINT = "conjoint", "conjoint"
        CONJOINT_SOLIDAIRE = "conjoint_mandataire_solidaire", "conjoint avec mandataire solidaire"
        SOLIDAIRE = "solidaire", "solidaire"

    lot = models.ForeignKey(Lot, on_delete=models.CASCADE, related_name="proposals")
    rank = models.PositiveSmallIntegerField()
    form = models.CharField(max_length=40, choices=Form)
    cost = models.BigIntegerField()
    bound = models.BigIntegerField()
    proven = models.BooleanField()
    hours = models.PositiveIntegerField()  # insertion hours a year the members can host
    margin = models.FloatField()  # free capacity of the members over the yearly amount, 1.0 = just enough
    names = models.JSONField(default=list)  # what it is best at: best, smallest, nearest, ess, jobs, robust
    measures = models.JSONField(default=dict)  # for the comparison: km in all, farthest, apart, ESS share, trade proof
    replay = models.JSONField(default=list)  # stress tests: [{"test", "firm", "survives", "repair", "text"}]
    reasons = models.JSONField(default=list)  # French sentences: why this team
    warnings = models.JSONField(default=list)  # French sentences: amber signals
    justification = models.TextField()  # C1: technical or economic need of the grouping

    class Meta:
        ordering = ["lot", "rank"]
        constraints = [models.UniqueConstraint(fields=["lot", "rank"], name="proposal_rank_once")]

    def __str__(self) -> str:
        return f"{self.lot_id} G{self.rank}"


class Member(models.Model):
    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="members")
    firm = models.ForeignKey(Firm, on_delete=models.CASCADE, related_name="memberships")
    position = models.PositiveSmallIntegerField()
    mandataire = models.BooleanField(default=False)
    amount_eur = models.BigIntegerField()  # a year
    share = models.FloatField()  # 0..1 of the lot
    by_trade = models.JSONField(default=dict)  # {"T01": 12000}
    hours = models.PositiveIntegerField()  # insertion hours a year this member can host
    distance_km = models.FloatField()
    withdrawal = models.TextField(blank=True)  # "si X se retire": who replaces it, or that none can

    class Meta:
        ordering = ["proposal", "position"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "firm"], name="member_once"),
            models.CheckConstraint(condition=models.Q(amount_eur__gt=0), name="member_has_a_part"),
        ]

    def __str__(self) -> str:
        return f"{self.proposal_id}: {self.firm_id}"
