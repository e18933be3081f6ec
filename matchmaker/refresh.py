"""What follows from awards, brought up to a day: firms' commitments, capacity and wins, lots' estimated amounts."""

from __future__ import annotations

from datetime import date

from matchmaker.commitments import refresh_commitments
from matchmaker.evidence import refresh_evidence
from matchmaker.impute import impute_lots


def refresh_from_awards(on: date) -> None:
    """Idempotent; a few queries when nothing changed."""
    refresh_commitments(on)
    refresh_evidence(on)
    impute_lots()
