"""Contracts won: from DECP (essential data) and from award notices, groupings kept as such."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.db.models import Q

from geo.models import Departement
from matchmaker.models.firm import Firm
from matchmaker.models.imports import RawDocument
from matchmaker.models.notice import Buyer, Tender


class Award(models.Model):
    """One contract won. Amounts are whole euros excl. tax for all holders and the whole duration."""

    class Grouping(models.TextChoices):
        NONE = "none", "pas de groupement"
        CONJOINT = "conjoint", "groupement conjoint"
        SOLIDAIRE = "solidaire", "groupement solidaire"
        GROUP = "group", "groupement de forme inconnue"
        PRESUMED = "presumed", "groupement présumé (plusieurs titulaires)"
        MULTI = "multi", "accord-cadre à plusieurs attributaires"
        UNKNOWN = "unknown", "inconnu"

    source = models.CharField(max_length=20)  # decp | ted | eforms | boamp | ocds
    uid = models.CharField(max_length=150)  # stable inside its source
    contract = models.CharField(max_length=150, blank=True, db_index=True)  # buyer and number: see domain.award
    buyer = models.ForeignKey(Buyer, on_delete=models.PROTECT, null=True, related_name="awards")
    tender = models.ForeignKey(Tender, on_delete=models.SET_NULL, null=True, related_name="awards")
    lot_number = models.CharField(max_length=50, blank=True)
    nature = models.CharField(max_length=40, blank=True)  # as published: "Marché", "Accord-cadre", "Concession" ...
    framework = models.BooleanField(default=False)
    title = models.TextField(blank=True)
    cpv = models.CharField(max_length=8, blank=True)
    trades = ArrayField(models.CharField(max_length=3), default=list)
    procedure = models.CharField(max_length=80, blank=True)
    place_code = models.CharField(max_length=10, blank=True)  # as published
    place_type = models.CharField(max_length=30, blank=True)
    place_label = models.CharField(max_length=200, blank=True)
    point = models.PointField(geography=True, null=True)
    uncertainty_km = models.FloatField(default=0)
    departement = models.ForeignKey(Departement, on_delete=models.PROTECT, null=True, related_name="awards")
    notified_on = models.DateField(null=True)
    published_on = models.DateField(null=True)
    duration_months = models.PositiveIntegerField(null=True)
    ends_on = models.DateField(null=True, db_index=True)  # of notified_on and duration_months
    amount_eur = models.BigIntegerField(null=True)  # after modifications
    initial_eur = models.BigIntegerField(null=True)  # as first notified
    annual_eur = models.BigIntegerField(null=True)  # a year, all holders; frameworks counted in part (EST)
    offers = models.PositiveIntegerField(null=True)
    grouping = models.CharField(max_length=10, choices=Grouping, default=Grouping.UNKNOWN)
    subcontracted = models.BooleanField(null=True)
    social = ArrayField(models.CharField(max_length=60), default=list)  # as published
    green = ArrayField(models.CharField(max_length=60), default=list)
    modifications = models.JSONField(default=list)  # applied, in order: [{"on", "object", "amount_eur", "months", ...}]
    warnings = models.JSONField(default=list)
    fictitious = models.BooleanField(default=False)
    raw = models.ForeignKey(RawDocument, on_delete=models.PROTECT, null=True)
    record_hash = models.CharField(max_length=64)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-notified_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["source", "uid"], name="award_once"),
            models.CheckConstraint(condition=Q(amount_eur__isnull=True) | Q(amount_eur__gt=0), name="award_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.uid}"


class AwardHolder(models.Model):
    """A titulaire. ``firm`` is the establishment known to us with this SIRET (or its SIREN), when there is one."""

    award = models.ForeignKey(Award, on_delete=models.CASCADE, related_name="holders")
    position = models.PositiveSmallIntegerField()
    id_type = models.CharField(max_length=20, blank=True)  # SIRET, TVA, TAHITI, RIDET, FRWF, IREP, HORS-UE ...
    identifier = models.CharField(max_length=40, blank=True)  # as published
    siret = models.CharField(max_length=14, blank=True, db_index=True)  # when valid
    siren = models.CharField(max_length=9, blank=True, db_index=True)
    name = models.CharField(max_length=300, blank=True)
    city = models.CharField(max_length=120, blank=True)
    firm = models.ForeignKey(Firm, on_delete=models.SET_NULL, null=True, related_name="won")
    annual_eur = models.BigIntegerField(null=True)  # its part of the yearly value: equal parts, as none is published

    class Meta:
        ordering = ["award", "position"]
        constraints = [models.UniqueConstraint(fields=["award", "position"], name="award_holder_once")]

    def __str__(self) -> str:
        return f"{self.award_id}/{self.position}"
