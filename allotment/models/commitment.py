"""What a buyer adds by hand to its commitment board, and the targets it sets: a journal that only grows."""

from __future__ import annotations

from typing import Any, NoReturn, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import Organisation


class JournalIsAppendOnlyError(TypeError):
    """Ce journal ne se modifie pas : ajoutez une ligne, ou annulez-en une par une autre."""


class Journal(models.QuerySet[Any]):
    def update(self, **_changes: Any) -> NoReturn:
        raise JournalIsAppendOnlyError(JournalIsAppendOnlyError.__doc__)

    def delete(self) -> NoReturn:
        raise JournalIsAppendOnlyError(JournalIsAppendOnlyError.__doc__)


class JournalLine(models.Model):
    """Written once by a member of the buyer's organisation."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="%(class)s_lines")
    year = models.PositiveSmallIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = Journal.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise JournalIsAppendOnlyError(JournalIsAppendOnlyError.__doc__)
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise JournalIsAppendOnlyError(JournalIsAppendOnlyError.__doc__)


class CommitmentEntry(JournalLine):
    """A contract no open data tells, or what lacks in one they tell; ``cancels`` takes back an earlier line."""

    title = models.CharField(max_length=250, blank=True)
    on = models.DateField()  # notified
    amount_eur = models.BigIntegerField(null=True)  # whole duration, excl. tax; null for a published contract
    award = models.CharField(max_length=180, blank=True)  # str(Award) of the published contract it completes
    kinds = ArrayField(models.CharField(max_length=10), default=list)  # of allotment.domain.commitment.Kind
    green = models.BooleanField(null=True)
    note = models.TextField()  # on what it rests: shown to all
    cancels = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="cancelled_by")

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_eur__gt=0) | ~Q(award="") | Q(cancels__isnull=False), name="commitment_entry_amount"
            ),
            models.CheckConstraint(condition=~Q(note=""), name="commitment_entry_rests_on_something"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id}/{self.year} {self.title or self.award}"

    @classmethod
    def standing(cls) -> models.QuerySet[Self]:
        """Lines that count: neither taken back nor taking back."""
        return cls.objects.filter(cancels=None, cancelled_by=None)


class CommitmentTarget(JournalLine):
    """The part of its spend an organisation means to convert in a year; its last line counts."""

    permille = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(permille__range=(0, 1000)), name="commitment_target_share")]

    def __str__(self) -> str:
        return f"{self.organisation_id}/{self.year} {self.permille}"
