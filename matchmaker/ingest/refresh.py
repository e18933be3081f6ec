"""Deduce firms anew when what the deduction rests on changed: reference tables, or a declaration's age."""

from __future__ import annotations

from datetime import date
from itertools import batched

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from matchmaker.describe import describer
from matchmaker.ingest.rows import upsert
from matchmaker.models import Firm
from matchmaker.reference import reference

BATCH = 1_000


def refresh_firms(on: date) -> int:
    """Bring firms up to the tables in force on a day. Returns how many changed; two queries when none is stale."""
    tables = reference()
    expiring = Q(declared_free_fte__isnull=False) & ~Q(described_on=on) | Q(esus=True, esus_until__lt=on)
    stale = Firm.objects.filter(~Q(described_with=tables.version) | expiring).values_list("pk", flat=True)
    deducing = None
    changed = 0
    for batch in batched(list(stale.order_by("pk")), BATCH, strict=False):
        deducing = deducing or describer(on)
        with transaction.atomic():
            rows = []
            for known in Firm.objects.filter(pk__in=batch):
                firm = deducing.again(known)
                if firm.record_hash != known.record_hash:
                    firm.updated_at = timezone.now()
                    changed += 1
                rows.append(firm)
            upsert(rows)
    return changed
