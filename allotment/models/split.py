"""One way to split a need into lots, kept as a version that can be compared with others."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from allotment.models.need import Need


class Split(models.Model):
    class Origin(models.TextChoices):
        HAND = "hand", "à la main"
        RULE = "rule", "par une règle (métier, territoire, volume)"
        OPTIMISER = "optimiser", "proposé par le calcul"

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="splits")
    number = models.PositiveIntegerField()  # of the version, within its need
    name = models.CharField(max_length=120, blank=True)
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="children")  # undo goes back
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.HAND)
    proof = models.JSONField(default=dict)  # of the optimiser: objective, value, bound, gap, seconds
    totals = models.JSONField(default=dict)  # of the evaluation of all lots
    evaluated_with = models.CharField(max_length=64, blank=True)  # fingerprint of what the evaluation rests on
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["need", "number"]
        constraints = [models.UniqueConstraint(fields=["need", "number"], name="split_number_once")]

    def __str__(self) -> str:
        return f"{self.need_id} v{self.number}"


class SplitLot(models.Model):
    """Some trades in some communes; ``share_permille`` where a volume is cut in several lots of the same work."""

    split = models.ForeignKey(Split, on_delete=models.CASCADE, related_name="lots")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    trades = ArrayField(models.CharField(max_length=3))
    communes = ArrayField(models.CharField(max_length=5))
    share_permille = models.PositiveSmallIntegerField(default=1000)
    result = models.JSONField(default=dict)  # what the simulation found: see allotment.domain.split.LotResult

    class Meta:
        ordering = ["split", "position"]
        constraints = [
            models.UniqueConstraint(fields=["split", "position"], name="split_lot_once"),
            models.CheckConstraint(condition=Q(share_permille__range=(1, 1000)), name="split_lot_share"),
        ]

    def __str__(self) -> str:
        return f"{self.split_id}/{self.position}"
