"""What changed since the open lots were last matched: written by triggers, so that no way of writing forgets it."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from matchmaker.models.match import Run


class PendingChange(models.Model):
    """One change of a firm or a lot that matches do not reflect yet. Rows are only added, then taken together.

    Of a firm, ``before`` keeps what decides which lots it is in reach of; null when it is new. Neither a firm nor
    a lot: so much changed in one statement that everything is to be matched again. ``run``: the run that began
    after the change; while it works, the change is its own.
    """

    firm_id = models.BigIntegerField(null=True)  # no foreign keys: a change outlives what was deleted
    lot_id = models.BigIntegerField(null=True)
    before = models.JSONField(null=True)
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, related_name="changes")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"firm {self.firm_id} lot {self.lot_id}"
