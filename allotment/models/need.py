"""What a buyer means to buy, before any notice: by trade, by commune, over time."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import Organisation
from geo.models import Commune


class Need(models.Model):
    """Private to its organisation until ``state`` says otherwise. Amounts are whole euros excl. tax, whole duration."""

    class Nature(models.TextChoices):
        SERVICES = "services", "services"
        SUPPLIES = "supplies", "fournitures"
        WORKS = "works", "travaux"

    class State(models.TextChoices):
        DRAFT = "draft", "brouillon privé"
        SHARED = "shared", "partagé par lien"
        CONSULTATION = "consultation", "consultation préalable ouverte"
        CLOSED = "closed", "consultation close"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="needs")
    title = models.CharField(max_length=250)
    description = models.TextField(blank=True)
    nature = models.CharField(max_length=10, choices=Nature, default=Nature.SERVICES)
    months = models.PositiveSmallIntegerField(default=12)
    start = models.DateField(null=True, blank=True)
    launched_on = models.DateField()  # date of the consultation: legal thresholds are those of that day
    constraints_text = models.TextField(blank=True)
    exclusive_grouping = models.BooleanField(default=False)  # G3, article R2142-21
    max_lots_bid = models.PositiveSmallIntegerField(null=True, blank=True)  # A3, article R2113-1
    max_lots_won = models.PositiveSmallIntegerField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    share_key = models.CharField(max_length=43, blank=True, db_index=True)  # of the address that opens a shared need
    fictitious = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=1)  # raised at each save: a tab that read an older one is told
    draft = models.JSONField(default=dict, blank=True)  # the form as typed, kept while it is not saved
    deleted_at = models.DateTimeField(null=True, blank=True)  # set aside, and given back on request for a while
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-updated_at", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(months__gt=0), name="need_lasts")]

    def __str__(self) -> str:
        return self.title


class NeedTrade(models.Model):
    """One trade of a need."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="trades")
    position = models.PositiveSmallIntegerField()
    trade = models.CharField(max_length=3)
    cpvs = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    amount_eur = models.BigIntegerField()
    transferred_hours = models.PositiveIntegerField(default=0)  # staff taken over: no insertion hours on them

    class Meta:
        ordering = ["need", "position"]
        constraints = [
            models.UniqueConstraint(fields=["need", "trade"], name="need_trade_once"),
            models.CheckConstraint(condition=Q(amount_eur__gt=0), name="need_trade_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.need_id} {self.trade}"


class NeedPlace(models.Model):
    """A commune where the need is carried out; ``weight`` is its part of every trade, relative to the others."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="places")
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, related_name="+")
    weight = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["need", "commune"]
        constraints = [
            models.UniqueConstraint(fields=["need", "commune"], name="need_place_once"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="need_place_weight"),
        ]

    def __str__(self) -> str:
        return f"{self.need_id} {self.commune_id}"
