"""Firms written by batches."""

from __future__ import annotations

from collections.abc import Sequence

from matchmaker.describe import fingerprint
from matchmaker.models import Firm

BATCH = 1_000
_WRITTEN = [
    field.name
    for field in Firm._meta.concrete_fields
    if field.name not in ("id", "siret")  # everything a source or a deduction may change
]


def upsert(firms: Sequence[Firm]) -> None:
    """Insert or replace firms by SIRET, in one statement."""
    Firm.objects.bulk_create(firms, update_conflicts=True, unique_fields=["siret"], update_fields=_WRITTEN)


def known_hash(firm: Firm) -> str:
    """Hash of a row as it stands; rows that came in bulk (``ingest/sirene.py``) are hashed when first compared."""
    return firm.record_hash or fingerprint(firm)
