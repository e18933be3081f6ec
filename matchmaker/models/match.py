"""Matches with the parts of their score, and the runs that computed them."""

from __future__ import annotations

from django.db import models

from matchmaker.models.firm import Firm
from matchmaker.models.notice import Lot


class Match(models.Model):
    """A firm that could answer a lot. Parts are 0..1; ``score`` is 0..100, see ``domain.score``."""

    lot = models.ForeignKey(Lot, on_delete=models.CASCADE, related_name="matches")
    firm = models.ForeignKey(Firm, on_delete=models.CASCADE, related_name="matches")
    rank = models.PositiveIntegerField()
    score = models.FloatField()
    trade = models.CharField(max_length=3)
    trade_part = models.FloatField()
    text_part = models.FloatField(default=0, db_default=0)
    distance_part = models.FloatField()
    capacity_part = models.FloatField()
    evidence_part = models.FloatField(default=0, db_default=0)
    ess_part = models.FloatField()
    distance_km = models.FloatField()
    radius_km = models.FloatField()
    solo = models.BooleanField()  # able alone at its mid capacity

    class Meta:
        ordering = ["lot", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["lot", "firm"], name="match_once"),
            models.UniqueConstraint(fields=["lot", "rank"], name="match_rank_once"),
        ]

    def __str__(self) -> str:
        return f"{self.lot_id} #{self.rank}"


class MatchNews(models.Model):
    """What a re-match changed in a lot's answer: the log that subscribers read. Written with the matches it tells."""

    class Kind(models.TextChoices):
        ENTERED = "entered", "nouvelle parmi les mieux placées"
        LEFT = "left", "n'est plus parmi les mieux placées"
        SOLO = "solo", "peut désormais répondre seule"
        NEW_LOT = "new_lot", "nouveau lot à sa portée"

    lot = models.ForeignKey(Lot, on_delete=models.CASCADE, related_name="news")
    firm = models.ForeignKey(Firm, on_delete=models.CASCADE, related_name="news")
    kind = models.CharField(max_length=10, choices=Kind)
    rank = models.PositiveIntegerField(null=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["firm", "-at"], name="news_of_firm")]

    def __str__(self) -> str:
        return f"{self.lot_id} {self.firm_id} {self.kind}"


class Run(models.Model):
    """One matching-and-grouping run over the open lots; its progress is shown while it works."""

    class State(models.TextChoices):
        RUNNING = "running", "en cours"
        DONE = "done", "terminé"
        FAILED = "failed", "interrompu"

    as_of = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    total = models.PositiveIntegerField(default=0)  # lots
    matched = models.PositiveIntegerField(default=0)
    grouped = models.PositiveIntegerField(default=0)
    fingerprint = models.CharField(max_length=64, blank=True)  # of all inputs: an unchanged run is not redone
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.as_of} {self.state}"
