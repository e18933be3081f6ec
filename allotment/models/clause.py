"""What a buyer decides of each lot's clauses, and the journal of these decisions, which only grows."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q

from allotment.models.need import Need
from allotment.models.split import SplitLot


class Kind(models.TextChoices):
    """The values of ``allotment.domain.texts.Clause``, and the choice of a single lot (A1)."""

    SOCIAL = "social", "condition d'exécution sociale"
    ENVIRONMENT = "environment", "condition d'exécution environnementale"
    CRITERION = "criterion", "critère environnemental"
    ONE_LOT = "one_lot", "marché sans lots"


class ClauseChoice(models.Model):
    """A clause of a lot where it is not the default: switched off with its exception, or worded by the buyer.

    ``lot`` null: the whole need as one lot. ``version`` rises at each change, so that two tabs never undo each other.
    """

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="clauses")
    lot = models.ForeignKey(SplitLot, on_delete=models.CASCADE, null=True, related_name="clauses")
    kind = models.CharField(max_length=12, choices=Kind)
    is_on = models.BooleanField(default=True)
    exemption = models.CharField(max_length=20, blank=True)
    reason = models.TextField(blank=True)
    text = models.TextField(blank=True)  # of the buyer; empty: the generated one
    version = models.PositiveIntegerField(default=1)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["need", "lot", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["need", "lot", "kind"], name="clause_choice_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(is_on=True) | (~Q(exemption="") & ~Q(reason="")), name="clause_off_has_its_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.need_id}/{self.lot_id} {self.kind}"


class LogIsAppendOnlyError(TypeError):
    """Le journal des clauses ne se modifie pas : ajoutez une ligne."""


class LogQuerySet(models.QuerySet["ClauseLog"]):
    def update(self, **_changes: Any) -> NoReturn:
        raise LogIsAppendOnlyError(LogIsAppendOnlyError.__doc__)

    def delete(self) -> NoReturn:
        raise LogIsAppendOnlyError(LogIsAppendOnlyError.__doc__)


class ClauseLog(models.Model):
    """Who did what to a clause, when, under which article. Goes only with its need, while that is a draft."""

    class Action(models.TextChoices):
        OFF = "off", "écartée"
        ON = "on", "rétablie"
        TEXT = "text", "texte modifié"
        UNDO = "undo", "dernier choix annulé"

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="clause_log")
    lot = models.ForeignKey(SplitLot, on_delete=models.SET_NULL, null=True, related_name="+")
    lot_title = models.CharField(max_length=250)
    kind = models.CharField(max_length=12, choices=Kind)
    action = models.CharField(max_length=5, choices=Action)
    article = models.CharField(max_length=40, blank=True)
    exemption = models.TextField(blank=True)  # as the law worded it that day
    reason = models.TextField(blank=True)
    before = models.JSONField(default=dict)  # what undoing brings back
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = LogQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.need_id} {self.kind} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise LogIsAppendOnlyError(LogIsAppendOnlyError.__doc__)
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise LogIsAppendOnlyError(LogIsAppendOnlyError.__doc__)
