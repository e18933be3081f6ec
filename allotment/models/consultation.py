"""A consultation on a need, what is said in it, and the history of decisions on what was said, which only grows."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import Organisation
from allotment.domain import consultation as domain
from allotment.models.need import Need
from allotment.models.split import Split, SplitLot


class Consultation(models.Model):
    """One a need: dates, the question asked, the splits shown, and who may moderate beside the buyer."""

    need = models.OneToOneField(Need, on_delete=models.CASCADE, related_name="consultation")
    question = models.TextField()
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)  # by hand, before its time
    show_amounts = models.BooleanField(default=False)
    splits = models.ManyToManyField(Split, related_name="+", blank=True)
    agencies = models.ManyToManyField(Organisation, related_name="+", blank=True)  # appointed to moderate
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-opens_at", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="consultation_lasts")]

    def __str__(self) -> str:
        return f"consultation {self.need_id}"

    @property
    def window(self) -> domain.Window:
        return domain.Window(self.opens_at, self.closes_at, self.closed_at)


class Contribution(models.Model):
    """What anyone says in the debate. Its words never change; whether they are public, the history alone decides."""

    class Status(models.TextChoices):
        WAITING = "waiting", "en attente"
        PUBLISHED = "published", "publiée"
        REFUSED = "refused", "refusée"

    class Reason(models.TextChoices):
        OFF_TOPIC = "off_topic", "hors sujet"
        INSULT = "insult", "propos injurieux, diffamatoires ou discriminatoires"
        PERSONAL = "personal", "données personnelles ou mise en cause d'une personne"
        SECRET = "secret", "secret d'affaires ou prix, que l'acheteur ne peut divulguer (article L2132-1)"
        ADVERTISING = "advertising", "publicité"
        DUPLICATE = "duplicate", "déjà publiée"
        OTHER = "other", "autre motif"

    consultation = models.ForeignKey(Consultation, on_delete=models.CASCADE, related_name="contributions")
    parent = models.ForeignKey("self", on_delete=models.RESTRICT, null=True, blank=True, related_name="replies")
    lot = models.ForeignKey(SplitLot, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    trade = models.CharField(max_length=3, blank=True)
    about = models.CharField(max_length=250, blank=True)  # the lot or trade in words, as it was; empty: the whole need
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=120, blank=True)
    quality = models.CharField(max_length=120, blank=True)  # "qualité": what the author speaks as
    email = models.EmailField(blank=True)  # never shown: only to tell the author what became of it
    body = models.TextField()
    token_hash = models.CharField(max_length=64, unique=True)  # of the secret address where its author follows it
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    reason = models.CharField(max_length=12, choices=Reason, blank=True)
    reason_words = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["consultation", "status"], name="contribution_queue")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="waiting") | Q(decided_at__isnull=False), name="contribution_decided"
            ),
            models.CheckConstraint(
                condition=Q(status="refused", reason__gt="") | (~Q(status="refused") & Q(reason="")),
                name="contribution_refused_has_its_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consultation_id}#{self.pk} {self.status}"


class HistoryIsAppendOnlyError(TypeError):
    """L'historique des décisions ne se modifie pas : ajoutez une décision."""


class DecisionQuerySet(models.QuerySet["ModerationDecision"]):
    def update(self, **_changes: Any) -> NoReturn:
        raise HistoryIsAppendOnlyError(HistoryIsAppendOnlyError.__doc__)

    def delete(self) -> NoReturn:
        raise HistoryIsAppendOnlyError(HistoryIsAppendOnlyError.__doc__)


class ModerationDecision(models.Model):
    """Who decided what on a contribution, when, why."""

    class Act(models.TextChoices):
        PUBLISH = "publish", "publiée"
        REFUSE = "refuse", "refusée"
        WITHDRAW = "withdraw", "retirée"
        UNDO = "undo", "décision annulée"

    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="decisions")
    act = models.CharField(max_length=10, choices=Act)
    reason = models.CharField(max_length=12, choices=Contribution.Reason, blank=True)
    words = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.contribution_id} {self.act}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise HistoryIsAppendOnlyError(HistoryIsAppendOnlyError.__doc__)
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise HistoryIsAppendOnlyError(HistoryIsAppendOnlyError.__doc__)

    def as_domain(self) -> domain.Decision:
        reason = domain.Reason(self.reason) if self.reason else None
        return domain.Decision(domain.Act(self.act), self.by_id, self.at, reason, self.words)


class BuyerWord(models.Model):
    """What the buyer tells: always to all, at once, for good (S1). ``contribution``: the one it answers."""

    class Kind(models.TextChoices):
        ANSWER = "answer", "réponse"
        PRECISION = "precision", "précision"
        CHANGE = "change", "modification"

    consultation = models.ForeignKey(Consultation, on_delete=models.CASCADE, related_name="words")
    contribution = models.ForeignKey(
        Contribution, on_delete=models.RESTRICT, null=True, blank=True, related_name="answers"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    body = models.TextField()
    document_name = models.CharField(max_length=150, blank=True)
    document = models.BinaryField(blank=True, default=b"")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.consultation_id} {self.kind}"


class Interest(models.Model):
    """What an organisation declares for a lot (null: the whole need). Sealed: the buyer alone reads it."""

    class Level(models.TextChoices):
        ALONE = "alone", "répondrait seule"
        TOGETHER = "together", "répondrait en groupement"
        WATCHING = "watching", "suit le projet sans se prononcer"

    consultation = models.ForeignKey(Consultation, on_delete=models.CASCADE, related_name="interests")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    lot = models.ForeignKey(SplitLot, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    level = models.CharField(max_length=10, choices=Level)
    fte = models.DecimalField(max_digits=7, decimal_places=1, null=True, blank=True)  # free, over the contract
    amount_eur = models.BigIntegerField(null=True, blank=True)  # excl. tax, over the contract
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["consultation", "lot", "organisation"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "organisation", "lot"], name="interest_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(fte__isnull=True) | Q(fte__gte=0), name="interest_fte"),
            models.CheckConstraint(condition=Q(amount_eur__isnull=True) | Q(amount_eur__gte=0), name="interest_eur"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.lot_id} {self.level}"
