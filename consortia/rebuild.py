"""Groupings follow the matches: those of lots matched again since are sought again, a few lots at a time."""

from __future__ import annotations

import logging
import time
from itertools import batched

from django.db.models import F, Q, QuerySet

from consortia.build import build_lots
from matchmaker.locks import ImportBusyError, holding
from matchmaker.models import Lot, Run
from matchmaker.rematch import watched

REBUILDING = "maillage groupements"
LOG = logging.getLogger(__name__)
LOTS = 5  # sought between two looks at the time


def outdated() -> QuerySet[Lot]:
    """Open lots whose groupings are older than their matches; those a run under way comes to are its own. Lazy."""
    old = Q(outcome=None) | Q(outcome__matched_at=None) | ~Q(outcome__matched_at=F("matched_at"))
    awaited = Lot.objects.filter(run__state=Run.State.RUNNING).exclude(outcome__run=F("run"))
    return watched().filter(old, matched_at__isnull=False).exclude(pk__in=awaited.values("pk"))


def _sought(lots: tuple[int, ...]) -> list[int]:
    """Seek these lots' groupings. Returns those that could not be concluded: they keep no other waiting."""
    try:
        build_lots(lots, again=True)
    except Exception:
        LOG.exception("groupings of lots %s", lots)
        return list(lots) if len(lots) == 1 else [pk for lot in lots for pk in _sought((lot,))]
    return []


def rebuild(seconds: float) -> bool:
    """Seek outdated groupings again for so long at most. Returns whether some are left for the next time.

    One at a time; the second to come leaves at once, as the first looks again before it ends.
    """
    end, failed = time.monotonic() + seconds, set[int]()
    try:
        with holding(REBUILDING):
            for lots in batched(list(outdated().order_by("pk").values_list("pk", flat=True)), LOTS, strict=False):
                failed.update(_sought(lots))
                if time.monotonic() > end:
                    break
    except ImportBusyError:
        return False
    return outdated().exclude(pk__in=failed).exists()
