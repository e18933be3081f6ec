"""What came in, from where, and what could not be read."""

from __future__ import annotations

from datetime import timedelta

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

    kind = models.CharField(max_length=20)  # firms | notices | awards | territory | nomenclature | directory
    source = models.CharField(max_length=500)  # what was read, as a person names it: file names, or an address
    source_key = models.CharField(max_length=40, blank=True, db_index=True)  # key of sources.catalogue, if any
    url = models.CharField(max_length=500, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)  # of the file read; of its parts' hashes when several
    dated = models.DateField(null=True)  # the day the data speak of, when known
    licence = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    read = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    retired = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    # {"formats": {"ted": {"read": 3, ...}}, "reasons": {...}, "warnings": {...}, "facts": {"several holders": 481}}
    details = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.source}"

    @property
    def duration(self) -> timedelta | None:
        """From its first to its last moment, once it ended."""
        return self.finished_at - self.started_at if self.finished_at else None


class QuarantineItem(models.Model):
    """A record that could not be read, kept with its reason until a re-run mends it."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="quarantine")
    kind = models.CharField(max_length=20)
    locator = models.CharField(max_length=500)  # file::member or file, row n
    reason = models.CharField(max_length=40)
    message = models.TextField()
    excerpt = models.TextField(blank=True)
    # What a retry reads again: the document's bytes or the row as JSON, compressed; emptied once mended.
    payload = models.BinaryField(null=True)
    retried_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    mended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "locator"], name="quarantine_once_per_record"),
        ]

    def __str__(self) -> str:
        return f"{self.locator}: {self.reason}"


class SourceState(models.Model):
    """Where a source stands between two imports, so that the next one goes on from there."""

    key = models.CharField(max_length=40, unique=True)  # of sources.catalogue
    cursor = models.JSONField(default=dict)  # what the importer needs to resume: a date, an offset, an ETag
    checked_at = models.DateTimeField(null=True)  # last time the source was asked, and answered to the end
    tried_at = models.DateTimeField(null=True)  # last time it was asked, or its files given, however that ended
    asked_at = models.DateTimeField(null=True)  # someone wants it brought up to date, and nobody did so yet
    words = models.CharField(max_length=200, blank=True)  # how far the work under way is
    error = models.TextField(blank=True)  # why the last try failed, in one sentence
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.key
