"""What ``manage.py backtest`` measured, run by run: the method page shows the latest."""

from __future__ import annotations

from django.db import models


class BacktestReport(models.Model):
    """One run. ``values`` is a ``matchmaker.quality.Quality`` as JSON. No reference table: reports change no score."""

    made_at = models.DateTimeField()
    score_version = models.PositiveIntegerField()  # of the formula measured
    adopted = models.PositiveIntegerField(null=True)  # version the run put in force, if it did
    values = models.JSONField()

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d} v{self.score_version}"
