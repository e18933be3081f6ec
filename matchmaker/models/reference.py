"""Editable reference tables: every figure marked EST lives here, never in code."""

from __future__ import annotations

from django.db import models


class ReferenceRow(models.Model):
    """One row of one table ("trade", "parameter", "headcount", "kind", "legal_form").

    ``edited`` rows were changed by a person: reloading the shipped tables leaves them alone.
    """

    table = models.CharField(max_length=30)
    key = models.CharField(max_length=60)
    values = models.JSONField()
    source = models.CharField(max_length=250)
    is_estimate = models.BooleanField(default=False)
    edited = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["table", "key"]
        constraints = [models.UniqueConstraint(fields=["table", "key"], name="reference_unique")]

    def __str__(self) -> str:
        return f"{self.table}/{self.key}"


class Nomenclature(models.Model):
    """Labels of official codes (CPV, NAF ...), loaded from their files; only the CPV divisions are shipped."""

    table = models.CharField(max_length=20)  # cpv | naf | naf25 | legal_form
    code = models.CharField(max_length=12)
    label = models.CharField(max_length=300)
    source = models.CharField(max_length=250)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["table", "code"]
        constraints = [models.UniqueConstraint(fields=["table", "code"], name="nomenclature_unique")]

    def __str__(self) -> str:
        return f"{self.table} {self.code}"
