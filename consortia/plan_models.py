"""Plans: which proposals to pursue together in a territory, or by the members of a network."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from matchmaker.models import Directory, Firm, Lot


class Plan(models.Model):
    """A question (scope and objective) and its answer. The same question has one row, computed anew when asked again.

    A plan of a network is seen by the owner of its list and by staff only; a plan of a territory by all.
    """

    class Objective(models.TextChoices):
        LOTS = "lots", "lots"
        HOURS = "hours", "heures d'insertion"
        AMOUNT = "amount", "montant"

    class Members(models.TextChoices):
        ANY = "any", "au moins un membre du réseau"
        ALL = "all", "des membres du réseau seulement"

    class State(models.TextChoices):
        WAITING = "waiting", "en attente"
        RUNNING = "running", "en cours"
        DONE = "done", "terminé"
        FAILED = "failed", "interrompu"

    departement = models.CharField(max_length=3, blank=True)  # empty: everywhere
    directory = models.ForeignKey(Directory, on_delete=models.CASCADE, null=True, related_name="plans")
    members = models.CharField(max_length=3, choices=Members, default=Members.ANY)  # of a network
    objective = models.CharField(max_length=6, choices=Objective, default=Objective.LOTS)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    as_of = models.DateField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    # Progress, told while it computes, then what it was computed on.
    open_lots = models.PositiveIntegerField(default=0)  # in the scope
    lots = models.PositiveIntegerField(default=0)  # of those, with at least one way to answer
    columns = models.PositiveIntegerField(default=0)  # ways to answer
    firms = models.PositiveIntegerField(default=0)
    parts = models.PositiveIntegerField(default=0)  # sets of lots that share no firm
    parts_done = models.PositiveIntegerField(default=0)
    lots_done = models.PositiveIntegerField(default=0)
    # The answer: no plan is worth more than ``bound``; equal to ``value`` when proven.
    value = models.BigIntegerField(null=True)
    bound = models.BigIntegerField(null=True)
    seconds = models.FloatField(null=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    asked_at = models.DateTimeField()
    beat_at = models.DateTimeField(null=True)  # last sign of life of the calculation
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["departement", "directory", "members", "objective", "as_of"],
                name="plan_question_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(bound__gte=models.F("value")), name="plan_bound_holds"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.directory_id or self.departement or 'tout'} {self.objective} {self.as_of}"

    @property
    def proven(self) -> bool:
        return self.value is not None and self.value == self.bound

    @property
    def gap(self) -> float:
        """Share of the bound (0..1) that a better plan could still bring at most."""
        return (self.bound - (self.value or 0)) / self.bound if self.bound else 0.0

    @property
    def taken(self) -> timedelta | None:
        return None if self.seconds is None else timedelta(seconds=self.seconds)

    @property
    def going(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)


class PlanLine(models.Model):
    """A lot of the plan: how it is won, or what capacity lacks to win it too.

    ``team`` and ``lacks`` hold copies, as proposals are sought anew all the time:
    [{"firm", "eur", "mandataire"}] and [{"firm", "eur"}], euros a year.
    """

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="lines")
    lot = models.ForeignKey(Lot, on_delete=models.CASCADE, related_name="+")
    reached = models.BooleanField()
    value = models.BigIntegerField(default=0)
    rank = models.PositiveSmallIntegerField(default=0)  # of the proposal; 0: a firm alone
    team = models.JSONField(default=list)
    lacks = models.JSONField(default=list)
    rule = models.CharField(max_length=4, blank=True)  # A3 or G3, when it is a rule of the tender that forbids

    class Meta:
        ordering = ["plan", "-reached", "lot__deadline", "lot"]
        constraints = [models.UniqueConstraint(fields=["plan", "lot"], name="plan_line_once")]

    def __str__(self) -> str:
        return f"{self.plan_id}: {self.lot_id}"


class PlanFirm(models.Model):
    """What the plan asks of a firm. ``price``: what 10,000 euros a year more of its capacity brings (estimate)."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="loads")
    firm = models.ForeignKey(Firm, on_delete=models.CASCADE, related_name="+")
    capacity_eur = models.BigIntegerField()
    load_eur = models.BigIntegerField()
    lots = models.PositiveIntegerField()
    wanted = models.PositiveIntegerField(default=0)  # lots not reached that lack its capacity
    price = models.FloatField(default=0)

    class Meta:
        ordering = ["plan", "-load_eur", "firm"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "firm"], name="plan_firm_once"),
            models.CheckConstraint(condition=Q(load_eur__lte=models.F("capacity_eur")), name="plan_within_capacity"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id}: {self.firm_id}"
