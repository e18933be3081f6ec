"""Celery doors of a fan-out: names and numbers in, verb called, the next step sent.

``matchmaker.shard`` goes to the queue "shards", which machines without a database may serve; the others need one.
"""

from __future__ import annotations

from itertools import batched

from celery import Task, current_app, shared_task

from matchmaker import fanout, jobs
from matchmaker.models import Lot, Run
from matchmaker.runs import advance, close, fail, under_way, working

RETRIES, PAUSE_S = 5, 5  # when the shared storage does not answer
STALLED_S = 120.0  # a job whose folder did not change for so long lost something
THEN = 20  # lots in a message of what follows


def begin(run_id: int, lot_ids: list[int], *, shards: int, then: str = "") -> None:
    """Fan a run out; what goes wrong closes it with its reason."""
    with working(run_id) as wanted:
        if wanted:
            send(fanout.fan_out(run_id, lot_ids, shards=shards, then=then))


def send(job: jobs.Job) -> int:
    """Send what a job lacks. Returns how many messages. One too many does no harm."""
    sent = 0
    for chunk, lacking in fanout.left(job):
        for number in lacking:
            shard.delay(job.name, number, chunk)
        if not lacking:
            merge.delay(job.name, chunk)
        sent += len(lacking) or 1
    return sent


@shared_task(name="matchmaker.shard", bind=True, max_retries=None)
def shard(task: Task, job: str, number: int, chunk: int) -> None:
    """Answer a chunk of lots from one shard of firms; the last part sends for the merging."""
    try:
        complete = fanout.answer(job, number, chunk)
    except OSError as error:
        if task.request.retries < RETRIES:
            raise task.retry(exc=error, countdown=PAUSE_S) from error
        give_up.delay(job, f"{jobs.SharedStorageError.__doc__} ({error})")
        raise
    except Exception as error:
        give_up.delay(job, f"{type(error).__name__} : {error}")
        raise
    if complete:
        merge.delay(job, chunk)


@shared_task(name="matchmaker.merge")
def merge(job: str, chunk: int) -> None:
    """Store a chunk whose parts are all there, and count the run's progress from what is stored."""
    wanted = jobs.load(job)
    if wanted is None:
        return
    with working(wanted.run) as still:
        if not still:
            wanted.remove()
            return
        ended = fanout.finish(job, chunk)
        for number in ended.lacking:
            shard.delay(job, number, chunk)
        if ended.stored:
            advance(wanted.run, matched=Lot.objects.filter(run_id=wanted.run).count())
            for ids in batched(ended.stored if wanted.then else (), THEN, strict=False):
                current_app.tasks[wanted.then].delay(wanted.run, list(ids))
        if fanout.end(job) and not wanted.then:
            close(wanted.run)


@shared_task(name="matchmaker.give_up")
def give_up(job: str, message: str) -> None:
    """A machine without a database says why it cannot go on."""
    ended = jobs.load(job)
    if ended is not None:
        fail(ended.run, message)
        ended.remove()


@shared_task(name="matchmaker.resume_fan_outs")
def resume_fan_outs() -> None:
    """Send again what stalled jobs lack; remove what is left of runs that ended."""
    for job in jobs.every():
        if under_way(job.run):
            if job.idle_s() > STALLED_S:
                resume(job)
        elif Run.objects.filter(pk=job.run).exists():  # else of another database: not ours to remove
            job.remove()


def resume(job: jobs.Job) -> int:
    """Send again what a job lacks (a broker emptied, a worker or a machine lost). Returns how many messages."""
    if fanout.end(job.name):
        if not job.then:
            close(job.run)
        return 0
    return send(job)
