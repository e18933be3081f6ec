"""A network's list of members without SIRET, and what each of its rows was linked to."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from matchmaker.models.firm import Firm
from matchmaker.models.imports import ImportRun


class Directory(models.Model):
    """One list as uploaded. Only its owner and staff see it."""

    class State(models.TextChoices):
        MAPPING = "mapping", "colonnes à confirmer"
        LINKING = "linking", "rapprochement en cours"
        DONE = "done", "rapproché"
        FAILED = "failed", "interrompu"

    name = models.CharField(max_length=200)  # of the network
    file_name = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    columns = models.JSONField(default=list)  # as in the file, in order
    dropped = models.JSONField(default=list)  # columns about persons, left out at once: nothing of them is stored
    mapping = models.JSONField(default=dict)  # {"name": "Raison sociale", "postcode": "CP", ...}
    state = models.CharField(max_length=10, choices=State, default=State.MAPPING)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="directories")
    run = models.ForeignKey(ImportRun, on_delete=models.SET_NULL, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.name


class DirectoryRow(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", "à rapprocher"
        LINKED = "linked", "rapproché"
        AMBIGUOUS = "ambiguous", "à confirmer"
        NOT_FOUND = "not_found", "introuvable"
        REFUSED = "refused", "illisible"

    directory = models.ForeignKey(Directory, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()  # as a spreadsheet shows it
    values = models.JSONField()  # the row as uploaded, by column
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    message = models.TextField(blank=True)  # why refused or not found, in words
    firm = models.ForeignKey(Firm, on_delete=models.SET_NULL, null=True, related_name="directory_rows")
    probability = models.FloatField(null=True)  # calibrated, of the best candidate
    fingerprint = models.CharField(max_length=64, blank=True, db_index=True)  # of what the row says, once mapped
    candidates = models.JSONField(default=list)  # best first: [{"firm", "probability", "features": {...}}]
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["directory", "line"]
        constraints = [
            models.UniqueConstraint(fields=["directory", "line"], name="directory_row_once"),
            models.CheckConstraint(
                condition=Q(probability__isnull=True) | Q(probability__range=(0.0, 1.0)), name="directory_probability"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.directory_id}/{self.line}"
