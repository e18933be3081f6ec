"""What matches do not reflect yet, and how its re-match is asked for."""

from __future__ import annotations

from contextlib import suppress

from celery import current_app
from django.db import transaction
from django.db.models import Q, QuerySet
from kombu.exceptions import OperationalError

from matchmaker.models import PendingChange, Run
from matchmaker.reference import reference

MATCHING = "maillage appariement"  # shared by those who match lots, held alone by the one who takes changes
TASK = "matchmaker.rematch"


def waiting() -> QuerySet[PendingChange]:
    """Changes nobody has taken: those of a run under way are its own. Lazy."""
    return PendingChange.objects.filter(Q(run=None) | ~Q(run__state=Run.State.RUNNING))


def a_few() -> bool:
    """Whether what waits is little enough to be matched change by change. One query."""
    many = reference().integer("rematch.max_changes")
    seen = waiting().order_by().values_list("firm_id", "lot_id")[: many + 1]
    return len(seen) <= many and (None, None) not in seen


def take_over(run: Run) -> None:
    """A run that begins now matches every open lot: what changed until now is its own. One statement."""
    PendingChange.objects.update(run=run)


def forget(run_id: int) -> None:
    """The run is done: its changes are in the matches. One statement."""
    PendingChange.objects.filter(run_id=run_id).delete()


def ask_rematch() -> None:
    """Have what changed matched again once this transaction is kept; a lost message only delays it."""
    transaction.on_commit(_send)


def _send() -> None:
    if waiting().exists():
        with suppress(OperationalError):  # the broker is away: beat finds the changes in the database
            current_app.send_task(TASK, expires=3600)
