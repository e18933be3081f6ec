"""Celery doors of the matchmaker: ids in, verb called. A repeated delivery does the same work again."""

from __future__ import annotations

from contextlib import suppress

from celery import Task, shared_task
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from matchmaker import directory, fanout_tasks
from matchmaker.changes import TASK as REMATCH
from matchmaker.changes import a_few, waiting
from matchmaker.import_queries import QuarantineFilter
from matchmaker.locks import ImportBusyError
from matchmaker.match import match_lots
from matchmaker.models import Directory, Lot, Run, SourceState
from matchmaker.rematch import rematch
from matchmaker.retry import note_retry, retry_asked, retry_stand
from matchmaker.runs import advance, working
from matchmaker.sources.catalogue import source
from matchmaker.stand import stand_of, standing
from matchmaker.supply_cells import refresh_supply
from matchmaker.sync import sync as bring_up_to_date

__all__ = ["fanout_tasks"]  # its tasks are registered with those below


@shared_task(name="matchmaker.match")
def match(run_id: int, lot_ids: list[int]) -> None:
    """Match a chunk of lots and count the run's progress from what is stored."""
    with working(run_id) as wanted:
        if wanted:
            match_lots(lot_ids, run_id)
            advance(run_id, matched=Lot.objects.filter(run_id=run_id).count())


@shared_task(name=REMATCH)
def rematch_changes() -> bool:
    """Match again what recent changes touch, however many messages asked for it; whether that was all there is to do.

    The first matching of all, and one after more than a few changes, is a run's (``config.pipeline``).
    """
    while waiting().exists():
        if not (a_few() and Run.objects.filter(state=Run.State.DONE).exists()):
            return False
        rematch()
    return True


BUSY_S = 60  # before asking again for a source, or a kind of tables, that another import holds


@shared_task(name="matchmaker.sync", bind=True, max_retries=None)
def sync(task: Task, key: str) -> None:
    """Bring a source up to date if it still is due; when it is busy, come back later."""
    if not stand_of(key).overdue:
        return  # done since by another message
    try:
        bring_up_to_date(key)
    except ImportBusyError as error:
        raise task.retry(exc=error, countdown=BUSY_S) from error


@shared_task(name="matchmaker.sync_due")
def sync_due() -> None:
    """Send for the sources that are due: by their pace, because someone asked, or because a message was lost."""
    for stand in standing():
        if stand.due:
            sync.apply_async([stand.source.key], expires=3600)
    if retry_stand().due:
        retry.apply_async(expires=3600)


@shared_task(name="matchmaker.retry", bind=True, max_retries=None)
def retry(task: Task) -> None:
    """Read again the part of quarantine that was asked for, and say what became of it."""
    try:
        retry_asked()
    except ImportBusyError as error:
        raise task.retry(exc=error, countdown=BUSY_S) from error


@shared_task(name="matchmaker.link_directory", bind=True, max_retries=None)
def link_directory(task: Task, directory_id: int) -> None:
    """Link a network's list; when another is being linked, come back soon."""
    wanted = Directory.objects.filter(pk=directory_id).first()
    if wanted is None:
        return  # deleted meanwhile
    try:
        directory.link(wanted)
    except ImportBusyError as error:
        raise task.retry(exc=error, countdown=5) from error


def ask_link(directory_id: int) -> None:
    transaction.on_commit(lambda: _send(link_directory, directory_id))


def ask_retry(wanted: QuarantineFilter) -> bool:
    """Have a part of quarantine read again; False when another part already waits for it."""
    if not note_retry(wanted):
        return False
    transaction.on_commit(lambda: _send(retry))
    return True


def ask(key: str) -> None:
    """Have a source brought up to date: written down first, so that a lost message only delays it."""
    SourceState.objects.update_or_create(key=source(key).key, defaults={"asked_at": timezone.now(), "error": ""})
    transaction.on_commit(lambda: _send(sync, key))


def _send(task: Task, *arguments: object) -> None:
    with suppress(OperationalError):  # the broker is away: sync_due finds the request in the database
        task.delay(*arguments)


@shared_task(name="matchmaker.refresh_supply")
def refresh_supply_map() -> None:
    """The map follows a capacity declared or a firm closed between two runs; nothing when no firm changed."""
    refresh_supply()
