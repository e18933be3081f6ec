"""Tenders and their lots, as understood from notices."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db.models import Q

from geo.models import Departement
from matchmaker.models.imports import RawDocument


class Buyer(models.Model):
    key = models.CharField(max_length=250, unique=True)  # SIRET when known, else normalised name + place
    name = models.CharField(max_length=300)
    siret = models.CharField(max_length=14, blank=True)
    city = models.CharField(max_length=120, blank=True)
    postcode = models.CharField(max_length=10, blank=True)
    nuts = models.CharField(max_length=5, blank=True)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Tender(models.Model):
    """One procedure as understood from all its publications; ``kind`` says whether one can answer it.

    ``source`` and ``notice_id`` are those of the leading publication (see ``domain.procedure``).
    """

    source = models.CharField(max_length=20)
    notice_id = models.CharField(max_length=100)
    version = models.CharField(max_length=20)
    kind = models.CharField(max_length=20)
    form = models.CharField(max_length=20, blank=True)
    procedure_id = models.CharField(max_length=100, blank=True)
    procedure = models.CharField(max_length=60, blank=True)
    title = models.TextField()
    description = models.TextField(blank=True)
    nature = models.CharField(max_length=10, blank=True)
    buyer = models.ForeignKey(Buyer, on_delete=models.PROTECT, related_name="tenders")
    published_on = models.DateField(null=True)
    country = models.CharField(max_length=2, blank=True)
    url = models.CharField(max_length=500, blank=True)
    max_lots_bid = models.PositiveIntegerField(null=True)
    max_lots_won = models.PositiveIntegerField(null=True)
    exclusive_grouping = models.BooleanField(null=True)
    warnings = models.JSONField(default=list)
    history = models.JSONField(
        default=list
    )  # what corrections changed: [{"on", "source", "field", "lot", "old", "new"}]
    cancelled = models.BooleanField(default=False)
    awarded_on = models.DateField(null=True)  # the first award notice; each lot closes by its own
    fictitious = models.BooleanField(default=False)
    raw = models.ForeignKey(RawDocument, on_delete=models.PROTECT)
    record_hash = models.CharField(max_length=64)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-published_on", "pk"]
        constraints = [models.UniqueConstraint(fields=["source", "notice_id"], name="tender_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.notice_id}"


class Publication(models.Model):
    """One notice as published once, in one source and version. A tender is the fold of its publications."""

    tender = models.ForeignKey(Tender, on_delete=models.CASCADE, related_name="publications")
    source = models.CharField(max_length=20)  # eforms | ted | boamp | ocds
    notice_id = models.CharField(max_length=100)
    version = models.CharField(max_length=20)
    kind = models.CharField(max_length=20)
    form = models.CharField(max_length=20, blank=True)
    published_on = models.DateField(null=True)
    url = models.CharField(max_length=500, blank=True)
    content = models.JSONField()  # the Notice as parsed, see domain.canonical
    # How it finds its procedure, see domain.names: by names shared, by those it refers to, by where twins meet.
    names = ArrayField(models.CharField(max_length=220), default=list)
    refers = ArrayField(models.CharField(max_length=220), default=list)
    meets = ArrayField(models.CharField(max_length=220), default=list)
    fictitious = models.BooleanField(default=False)
    record_hash = models.CharField(max_length=64)
    raw = models.ForeignKey(RawDocument, on_delete=models.PROTECT)
    kept_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["published_on", "source", "notice_id", "version"]
        constraints = [
            models.UniqueConstraint(fields=["source", "notice_id", "version"], name="publication_once"),
        ]
        indexes = [
            GinIndex(fields=["names"], name="publication_names"),
            GinIndex(fields=["refers"], name="publication_refers"),
            GinIndex(fields=["meets"], name="publication_meets"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.notice_id} v{self.version}"


class Lot(models.Model):
    class MatchState(models.TextChoices):
        PENDING = "pending", "à rapprocher"
        MATCHED = "matched", "rapproché"
        NO_TRADE = "no_trade", "aucun métier reconnu dans les codes CPV"
        NO_PLACE = "no_place", "lieu d'exécution inconnu, trop étendu ou hors de France"
        NO_FIRM = "no_firm", "aucune entreprise à portée"

    tender = models.ForeignKey(Tender, on_delete=models.CASCADE, related_name="lots")
    number = models.CharField(max_length=50)  # as published
    position = models.PositiveIntegerField()
    title = models.TextField()
    description = models.TextField(blank=True)
    cpvs = ArrayField(models.CharField(max_length=8), default=list)
    amount_eur = models.BigIntegerField(null=True)
    amount_shared = models.BooleanField(default=False)
    # Where no amount is published: what comparable awards cost, for the whole duration (estimation).
    imputed_low_eur = models.BigIntegerField(null=True)
    imputed_mid_eur = models.BigIntegerField(null=True)
    imputed_high_eur = models.BigIntegerField(null=True)
    imputed_basis = models.CharField(max_length=250, blank=True)  # which awards were compared, in words
    duration_months = models.PositiveIntegerField(null=True)
    start = models.DateField(null=True)
    deadline = models.DateTimeField(null=True, db_index=True)
    awarded_on = models.DateField(null=True)  # an award notice told how it ended
    reservation = models.CharField(max_length=20, default="none")
    reserved_execution = models.BooleanField(default=False)
    social = ArrayField(models.CharField(max_length=40), default=list)
    green = ArrayField(models.CharField(max_length=40), default=list)
    sme_suitable = models.BooleanField(null=True)
    insertion_hours = models.PositiveIntegerField(null=True)
    documents_url = models.CharField(max_length=1000, blank=True)
    places = models.JSONField(default=list)  # as published: [{"nuts":..., "postcode":..., "city":...}]
    # The place understood: a point, how far the truth may lie from it, and the words for it.
    point = models.PointField(geography=True, null=True)
    uncertainty_km = models.FloatField(default=0)
    place_label = models.CharField(max_length=200, blank=True)
    departement = models.ForeignKey(Departement, on_delete=models.PROTECT, null=True, related_name="lots")
    # The trades understood from the CPV codes, main first: [{"trade": "T01", "fit": 1.0, "share": 0.5}]
    needs = models.JSONField(default=list)
    trades = ArrayField(models.CharField(max_length=3), default=list)
    match_state = models.CharField(max_length=10, choices=MatchState, default=MatchState.PENDING)
    supply_count = models.PositiveIntegerField(default=0)  # firms in reach and eligible
    solo_count = models.PositiveIntegerField(default=0)  # of those, able alone at their mid capacity
    matched_at = models.DateTimeField(null=True)
    run = models.ForeignKey("matchmaker.Run", on_delete=models.SET_NULL, null=True, related_name="lots")

    class Meta:
        ordering = ["tender_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["tender", "number"], name="lot_once_per_tender"),
            models.CheckConstraint(
                condition=Q(amount_eur__isnull=True) | Q(amount_eur__gt=0), name="lot_amount_is_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tender_id}/{self.number}"
