"""An establishment that can produce: who it is, what it does, how much more it can take."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db.models import F, Q, Value

from geo.models import Commune
from matchmaker.models.imports import RawDocument


class Firm(models.Model):
    class Diffusion(models.TextChoices):
        OPEN = "O", "diffusible"
        PARTIAL = "P", "partiellement diffusible"

    class Ess(models.TextChoices):
        YES = "yes", "ESS"
        NO = "no", "hors ESS"
        VERIFY = "verify", "à vérifier"

    class TradeSource(models.TextChoices):
        DECLARED = "declared", "métiers déclarés"
        NAF = "naf", "déduits du code NAF"
        NAME = "name", "déduits du nom (estimation)"
        KIND = "kind", "présumés d'après le type de structure (estimation)"
        NONE = "none", "inconnus"

    siret = models.CharField(max_length=14, unique=True)
    siren = models.CharField(max_length=9, db_index=True)
    name = models.CharField(max_length=200)
    trade_name = models.CharField(max_length=200, blank=True)
    legal_form = models.CharField(max_length=4, blank=True)
    ess = models.CharField(max_length=10, choices=Ess, default=Ess.NO)
    ess_family = models.CharField(max_length=40, blank=True)
    ess_provenance = models.CharField(max_length=80, blank=True)
    ess_flag = models.BooleanField(null=True)  # what SIRENE says, economieSocialeSolidaireUniteLegale
    ess_listed = models.BooleanField(default=False)  # on the ESS France list
    esus = models.BooleanField(default=False)  # agrément ESUS, art. L3332-17-1 code du travail
    esus_until = models.DateField(null=True, blank=True)
    inclusive_kind = models.CharField(max_length=5, blank=True)  # EI ETTI ACI AI EITI EA EATT ESAT GEIQ SEP
    naf = models.CharField(max_length=6, blank=True)
    naf25 = models.CharField(max_length=6, blank=True)
    declared_trades = ArrayField(models.CharField(max_length=3), default=list, blank=True)
    trades = ArrayField(models.CharField(max_length=3), default=list, blank=True)  # main trade first
    trade_source = models.CharField(max_length=10, choices=TradeSource, default=TradeSource.NONE)
    headcount_band = models.CharField(max_length=2, blank=True)
    headcount_year = models.PositiveSmallIntegerField(null=True, blank=True)
    headcount_fte = models.FloatField(null=True, blank=True)  # counted by a source
    places = models.PositiveIntegerField(null=True, blank=True)  # authorised places of an ESAT
    turnover_eur = models.BigIntegerField(null=True, blank=True)
    declared_free_fte = models.FloatField(null=True, blank=True)
    declared_on = models.DateField(null=True, blank=True)
    declared_vacancies = models.PositiveIntegerField(null=True, blank=True)  # jobs it means to fill, in its trades
    vacancies_on = models.DateField(null=True, blank=True)  # day it said so: see ``hiring.current_vacancies``
    declared_radius_km = models.FloatField(null=True, blank=True)
    # Where it works, by its word: not empty, they decide of its reach instead of a radius (domain.area).
    declared_departements = ArrayField(models.CharField(max_length=3), default=list, db_default=[], blank=True)
    employer = models.BooleanField(null=True)
    head_office = models.BooleanField(null=True)
    size_category = models.CharField(max_length=3, blank=True)  # PME ETI GE
    closed_on = models.DateField(null=True, blank=True)  # day we learnt that it closed
    # Running public contracts, annualised (domain guide, section 4): E ends before the horizon, N was notified
    # after the year of the turnover.
    ending_eur = models.BigIntegerField(default=0)
    notified_eur = models.BigIntegerField(default=0)
    references = models.PositiveIntegerField(null=True, blank=True)  # public contracts told by a source; null = unknown
    awards_known = models.PositiveIntegerField(default=0, db_default=0)  # counted in the awards imported
    # Contracts won by trade, kept by ``evidence``: {"T07": [count, bits of kinds of buyers (domain.evidence)]}.
    wins = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    fte_mid = models.FloatField(default=0)
    capacity_low_eur = models.BigIntegerField(default=0)
    capacity_mid_eur = models.BigIntegerField(default=0)
    capacity_high_eur = models.BigIntegerField(default=0)
    turnover_mid_eur = models.BigIntegerField(default=0)  # the T the capacity was derived from
    capacity_steps = models.JSONField(default=list)  # no longer written: see explain.capacity_of; goes next release
    described_with = models.CharField(max_length=16, blank=True)  # version of the reference tables deduced with
    described_on = models.DateField(null=True)  # day of the deduction: declarations expire
    address = models.CharField(max_length=250, blank=True)
    postcode = models.CharField(max_length=5, blank=True)
    city = models.CharField(max_length=120, blank=True)
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, null=True, related_name="firms")
    point = models.PointField(geography=True, null=True)
    point_precision = models.CharField(max_length=10, default="none")  # address | commune | none
    diffusion = models.CharField(max_length=1, choices=Diffusion, default=Diffusion.OPEN)
    active = models.BooleanField(default=True)
    website = models.CharField(max_length=300, blank=True)
    fictitious = models.BooleanField(default=False)
    source = models.CharField(max_length=30)
    raw = models.ForeignKey(RawDocument, on_delete=models.PROTECT, null=True)
    sirene_hash = models.BigIntegerField(null=True)  # of the SIRENE row last taken in, and of what deduced from it
    record_hash = models.CharField(max_length=64)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["siret"]
        indexes = [
            GinIndex(fields=["trades"], name="firm_trades"),
            models.Index(fields=["updated_at"], name="firm_updated_at"),  # what changed since (linkage)
            models.Index(fields=["commune"], name="firm_masked_commune", condition=Q(diffusion="P")),  # map, near
        ]
        constraints = [
            models.CheckConstraint(condition=Q(siret__regex=r"^\d{14}$"), name="firm_siret_is_14_digits"),
            models.CheckConstraint(
                condition=Q(capacity_low_eur__gte=0)
                & Q(capacity_mid_eur__gte=F("capacity_low_eur"))
                & Q(capacity_high_eur__gte=F("capacity_mid_eur")),
                name="firm_capacity_is_an_interval",
            ),
        ]

    def __str__(self) -> str:
        return self.siret

    @property
    def experience(self) -> int | None:
        """Public contracts known: what a source says, else the awards counted; None = unknown."""
        return self.references if self.references is not None else self.awards_known or None
