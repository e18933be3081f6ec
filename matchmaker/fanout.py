"""One matching by many processes and machines: lots by chunks, firms by shards of places, the same bits as alone.

    fan_out   writes what is asked to shared storage (``jobs``)
    answer    a shard of firms answers a chunk of lots; needs the shared storage, no database
    finish    the parts of a chunk are merged and stored as a single process would

Each step can be done twice, by anybody, in any order: what it leaves is the same. Only files missing are work left, so
whatever is lost on the way (message, worker, machine) is found again by ``resume``. See docs/decisions/0015.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import batched

import numpy as np
from django.conf import settings

from geo.domain.point import Point
from matchmaker import jobs
from matchmaker.changes import MATCHING
from matchmaker.domain import lotfile
from matchmaker.domain.answers import Answers
from matchmaker.domain.hilbert import hilbert
from matchmaker.domain.merge import DamagedPartError, chosen, merge, packed, unpacked
from matchmaker.domain.shards import Shard
from matchmaker.domain.store import Manifest
from matchmaker.jobs import FICTITIOUS, REAL, Job
from matchmaker.keep import Asked, keep
from matchmaker.locks import sharing
from matchmaker.match import match_lots, questions
from matchmaker.models import Lot
from matchmaker.reference import parsed, reference, reference_text
from matchmaker.snapshot import current, fresh

CHUNK = 500  # lots: what one task answers, what one merge holds in memory
READ = 5_000  # lots read at once


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a chunk: the lots ``stored``, or else the shards ``lacking``, to be asked again."""

    stored: tuple[int, ...] = ()
    lacking: tuple[int, ...] = ()


# ---------------------------------------------------------------- asking


def fan_out(run_id: int, lot_ids: Sequence[int], *, shards: int, then: str = "") -> Job:
    """Write down the matching of these lots, for workers to do. ``then``: a task told of each chunk once stored.

    Lots near each other go together, so that most shards have nothing near a chunk and answer at once. Memory: the
    places of the lots, and one chunk of questions.
    """
    text = reference_text()
    tables = parsed(text)
    ranges: dict[str, tuple[Shard, ...]] = {}
    chunks: list[str] = []
    with jobs.made(run_id) as draft:
        for population, ids in _by_place(lot_ids).items():
            if not ids:
                continue
            supply = fresh(population == FICTITIOUS, tables)
            ranges[population] = draft.pin(population, supply, shards)
            for batch in batched(ids, CHUNK, strict=False):
                lots = _lots(batch)
                asked = zip((lot.pk for lot in lots), questions(lots, supply.model, tables), strict=True)
                jobs.write(draft.lots(len(chunks)), lotfile.written(asked))
                chunks.append(population)
        job = Job(draft.name, run_id, settings.MATCHES_PER_LOT, then, tuple(chunks), ranges)
        draft.complete(job, text)
    return job


def _by_place(lot_ids: Sequence[int]) -> dict[str, list[int]]:
    """Ids of real and of fictitious lots, each in the order of their places on the Hilbert curve."""
    found: list[tuple[bool, int, int]] = []
    for batch in batched(lot_ids, READ, strict=False):
        rows = list(Lot.objects.filter(pk__in=batch).order_by().values_list("pk", "tender__fictitious", "point"))
        places = [Point(place.x, place.y).metres() if place else (0, 0, 0) for _, _, place in rows]
        keys = hilbert(*np.array(places, np.int64).reshape(-1, 3).T).tolist()
        found += [(fictitious, key, pk) for (pk, fictitious, _), key in zip(rows, keys, strict=True)]
    found.sort()
    names = {REAL: False, FICTITIOUS: True}
    return {name: [pk for flag, _, pk in found if flag is wanted] for name, wanted in names.items()}


def _lots(ids: Iterable[int]) -> list[Lot]:
    """In the order of their numbers, those withdrawn meanwhile left out."""
    return list(Lot.objects.filter(pk__in=list(ids)).select_related("tender__buyer").order_by("pk"))


# ---------------------------------------------------------------- answering, without a database


def answer(name: str, shard: int, chunk: int) -> bool:
    """Answer a chunk from the firms of one shard. Returns whether no part of the chunk is missing any more."""
    job = jobs.load(name)
    if job is None or job.done(chunk).exists():
        return False
    if not job.part(chunk, shard).exists():
        asked = [query for _, query in lotfile.read(job.lots(chunk).read_bytes()) if query is not None]
        found = job.index(chunk).ask_arrays(asked, job.k, job.shards_of(chunk)[shard])
        try:
            jobs.write(job.part(chunk, shard), packed(found))
        except FileNotFoundError:  # the job ended meanwhile
            return False
    return not job.missing(chunk)


# ---------------------------------------------------------------- merging and storing


def finish(name: str, chunk: int) -> Finished:
    """Merge the parts of a chunk and store its answers; parts that are missing or damaged are told instead."""
    job = jobs.load(name)
    if job is None or job.done(chunk).exists():
        return Finished()
    parts, lacking = [], []
    for shard in range(len(job.shards_of(chunk))):
        try:
            parts.append(unpacked(job.part(chunk, shard).read_bytes()))
        except FileNotFoundError:
            lacking.append(shard)
        except DamagedPartError:
            job.part(chunk, shard).unlink(missing_ok=True)
            lacking.append(shard)
    if lacking:
        return Finished(lacking=tuple(lacking))
    stored = _store(job, chunk, merge(parts, job.k))
    jobs.write(job.done(chunk), b"")
    for shard in range(len(job.shards_of(chunk))):
        job.part(chunk, shard).unlink(missing_ok=True)
    return Finished(stored=stored)


def _store(job: Job, chunk: int, answers: Answers) -> tuple[int, ...]:
    """Store the answers that still hold; lots that changed, or whose trades did, are matched as they are now."""
    asked = dict(lotfile.read(job.lots(chunk).read_bytes()))
    put = [pk for pk, query in asked.items() if query is not None]
    with sharing(MATCHING):
        tables = reference()
        supply = current(job.chunks[chunk] == FICTITIOUS, tables)
        moved = _moved(job.manifest(chunk), supply.manifest)
        lots = _lots(asked)
        if moved is None:
            held = []
        else:
            now = zip(lots, questions(lots, supply.model, tables), strict=True)
            held = [lot for lot, query in now if query == asked[lot.pk] and not moved & set(lot.trades)]
        kept = {lot.pk for lot in held}
        which = [asked[lot.pk] is not None for lot in held]
        keep(Asked(held, which, chosen(answers, [pk in kept for pk in put]), supply.index.codes), job.run)
    match_lots([lot.pk for lot in lots if lot.pk not in kept], job.run)
    return tuple(lot.pk for lot in lots)


def _moved(then: Manifest, now: Manifest) -> set[str] | None:
    """Trades whose firms changed between two snapshots, told by their files; None when all may have."""
    if (now.basis, now.extra) != (then.basis, then.extra):
        return None
    files = [{trade: stored.file for trade, stored in one.segments.items()} for one in (then, now)]
    return {trade for trade in files[0] | files[1] if files[0].get(trade) != files[1].get(trade)}


# ---------------------------------------------------------------- what is left


def left(job: Job) -> Iterator[tuple[int, list[int]]]:
    """Chunks not stored yet, each with the shards it lacks; none: it only waits to be merged."""
    for chunk in job.left():
        yield chunk, job.missing(chunk)


def end(name: str) -> bool:
    """Remove the job if all of it is stored. Returns whether it was."""
    job = jobs.load(name)
    if job is None or job.left():
        return False
    job.remove()
    return True
