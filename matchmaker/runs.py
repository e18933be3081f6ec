"""A run's life between its start and its end: progress never goes back, a failure closes it with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from matchmaker.changes import ask_rematch, forget
from matchmaker.hiding import hide, opposed
from matchmaker.models import PendingChange, Run
from matchmaker.reference import reference


def _running(run_id: int) -> QuerySet[Run]:
    return Run.objects.filter(pk=run_id, state=Run.State.RUNNING)


@contextmanager
def working(run_id: int) -> Iterator[bool]:
    """Whether a piece of work of this run is still wanted: not when it ended or was replaced by a newer one.

    An exception inside marks the run failed, so that nobody waits for it for ever, and goes on to the caller.
    """
    try:
        yield _running(run_id).exists()
    except Exception as error:
        fail(run_id, f"{type(error).__name__} : {error}")
        raise


def fail(run_id: int, message: str) -> None:
    """Close a run that cannot go on, with its reason."""
    _running(run_id).update(state=Run.State.FAILED, error=message[:1000], finished_at=timezone.now())


def under_way(run_id: int) -> bool:
    return _running(run_id).exists()


def advance(run_id: int, **counts: int) -> None:
    """Raise counts of progress. Two workers that count at once never bring them back down."""
    _running(run_id).update(**{name: Greatest(F(name), value) for name, value in counts.items()})


def close_when_complete(run_id: int) -> None:
    close(run_id, grouped__gte=F("total"))


def close(run_id: int, **condition: object) -> None:
    """Mark a run done: what changed before it began is in the matches; what changed since is asked for."""
    with transaction.atomic():
        if _running(run_id).filter(**condition).update(state=Run.State.DONE, finished_at=timezone.now()):
            hide(opposed(PendingChange.objects.filter(run=run_id)), reference())
            forget(run_id)
            ask_rematch()
