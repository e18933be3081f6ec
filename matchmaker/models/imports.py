"""What came in, from where, and what could not be read."""

from __future__ import annotations

from django.db import models


class RawDocument(models.Model):
    """The bytes a record came from are identified here; a row knows its raw document."""

    sha256 = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=500)
    url = models.CharField(max_length=500, blank=True)
    size = models.PositiveBigIntegerField()
    fetched_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class ImportRun(models.Model):
    """The report of one import: read, new, changed, unchanged, quarantined."""

    class State(models.TextChoices):
        RUNNING = "running", "en cours"
        DONE = "done", "terminé"
        FAILED = "failed", "interrompu"

    kind = models.CharField(max_length=20)  # firms | notices
    source = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    read = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    retired = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    details = models.JSONField(default=dict)  # per format: {"ted": {"read": 3, ...}}
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.source}"


class QuarantineItem(models.Model):
    """A record that could not be read, kept with its reason until a re-run mends it."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="quarantine")
    kind = models.CharField(max_length=20)
    locator = models.CharField(max_length=500)  # file::member or file, row n
    reason = models.CharField(max_length=40)
    message = models.TextField()
    excerpt = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    mended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "locator"], name="quarantine_once_per_record"),
        ]

    def __str__(self) -> str:
        return f"{self.locator}: {self.reason}"
