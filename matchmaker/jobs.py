"""The folder of one fan-out on shared storage: all that a worker without a database needs, and what it leaves there.

    job.json              run, size of answers, shards, population of each chunk
    tables.json           the reference tables
    real.json ...         the snapshot of a population; its files are hard links, so that none goes before the end
    lots-00003.jsonl      the questions of a chunk
    part-00003-002        what a shard answers to a chunk
    done-00003            the chunk is stored in the database

Every file appears whole (written aside, renamed), holds the same whoever writes it, and tells by itself whether it is
damaged. What is missing is therefore all that is left to do.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from matchmaker.domain.index import FirmIndex
from matchmaker.domain.reference import Reference
from matchmaker.domain.segment import Segment
from matchmaker.domain.shards import Shard, cuts
from matchmaker.domain.store import Manifest, Store
from matchmaker.reference import parsed
from matchmaker.snapshot import Snapshot, store_of

REAL, FICTITIOUS = "real", "fictitious"


class SharedStorageError(RuntimeError):
    """Le dossier partagé (MAILLAGE_SNAPSHOTS) est inaccessible ou plein : rendez-le accessible, puis relancez."""


@dataclass(frozen=True, slots=True)
class Job:
    """What ``job.json`` says. ``chunks``: the population of each; ``then``: task told of each chunk stored."""

    name: str
    run: int
    k: int
    then: str
    chunks: tuple[str, ...]
    shards: Mapping[str, tuple[Shard, ...]]

    @property
    def folder(self) -> Path:
        return root() / self.name

    def lots(self, chunk: int) -> Path:
        return _lots(self.folder, chunk)

    def part(self, chunk: int, shard: int) -> Path:
        return self.folder / f"part-{chunk:05}-{shard:03}"

    def done(self, chunk: int) -> Path:
        return self.folder / f"done-{chunk:05}"

    def shards_of(self, chunk: int) -> tuple[Shard, ...]:
        return self.shards[self.chunks[chunk]]

    def missing(self, chunk: int) -> list[int]:
        """Shards whose part is not there. One look a shard, by name: lists of a folder come late on NFS."""
        return [shard for shard in range(len(self.shards_of(chunk))) if not self.part(chunk, shard).exists()]

    def left(self) -> list[int]:
        """Chunks not stored yet."""
        return [chunk for chunk in range(len(self.chunks)) if not self.done(chunk).exists()]

    def tables(self) -> Reference:
        return _tables(self.name)

    def manifest(self, chunk: int) -> Manifest:
        """Of the snapshot a chunk is asked of."""
        return _manifest(self.folder, self.chunks[chunk])

    def index(self, chunk: int) -> FirmIndex:
        """The firms a chunk is asked of: mapped once a process, read where a shard touches them."""
        return _index(self.name, self.chunks[chunk])

    def remove(self) -> None:
        """``job.json`` goes first: what is still asked of the job then does nothing."""
        (self.folder / "job.json").unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def idle_s(self) -> float:
        """Seconds since a file was last written, by the clock of the storage itself."""
        probe = self.folder / f".probe-{socket.gethostname()}-{os.getpid()}"
        probe.touch()
        now = probe.stat().st_mtime
        probe.unlink()
        times = [entry.stat().st_mtime for entry in os.scandir(self.folder) if not entry.name.startswith(".")]
        return now - max(times, default=now)


def root() -> Path:
    return settings.SNAPSHOTS / "jobs"


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    aside = path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}")
    aside.write_bytes(content)
    aside.replace(path)


def load(name: str) -> Job | None:
    """None once the job has ended."""
    try:
        told = json.loads((root() / name / "job.json").read_bytes())
    except FileNotFoundError:
        return None
    shards = {key: tuple((low, high) for low, high in ranges) for key, ranges in told["shards"].items()}
    return Job(**told | {"name": name, "chunks": tuple(told["chunks"]), "shards": shards})


def every() -> Iterator[Job]:
    for path in sorted(root().glob("*/job.json")):
        job = load(path.parent.name)
        if job:
            yield job


def of_run(run_id: int) -> Job | None:
    """The fan-out of a run that is still under way."""
    return next((job for path in sorted(root().glob(f"run{run_id}-*")) if (job := load(path.name))), None)


@contextmanager
def made(run_id: int) -> Iterator[Draft]:
    """A new job, seen by others once the block ends well."""
    name = f"run{run_id}-{secrets.token_hex(4)}"
    draft = Draft(name, root() / f".{name}")
    try:
        draft.folder.mkdir(parents=True)
        yield draft
        draft.folder.rename(root() / name)
    except OSError as error:
        raise SharedStorageError(f"{SharedStorageError.__doc__} ({error})") from error
    finally:
        shutil.rmtree(draft.folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Draft:
    name: str
    folder: Path

    def pin(self, population: str, supply: Snapshot, shards: int) -> tuple[Shard, ...]:
        """Hold a snapshot for the time of the job. Returns shards of about as many rows each."""
        (self.folder / f"{population}.json").write_bytes(supply.manifest.to_bytes())
        for stored in supply.manifest.segments.values():
            _link(store_of(population == FICTITIOUS).folder / stored.file, self.folder / stored.file)
        return cuts([segment.rows.hilbert for segment in supply.segments.values()], shards)

    def lots(self, chunk: int) -> Path:
        return _lots(self.folder, chunk)

    def complete(self, job: Job, tables: str) -> None:
        (self.folder / "tables.json").write_text(tables, encoding="utf-8")
        told = {key: value for key, value in asdict(job).items() if key != "name"}
        (self.folder / "job.json").write_text(json.dumps(told), encoding="utf-8")


def _lots(folder: Path, chunk: int) -> Path:
    return folder / f"lots-{chunk:05}.jsonl"


def _link(source: Path, target: Path) -> None:
    with suppress(FileExistsError):
        try:
            target.hardlink_to(source)
        except FileExistsError:
            raise
        except OSError:  # a storage without hard links
            shutil.copyfile(source, target)


@lru_cache(maxsize=2)
def _tables(name: str) -> Reference:
    return parsed((root() / name / "tables.json").read_text("utf-8"))


@lru_cache(maxsize=2)
def _index(name: str, population: str) -> FirmIndex:
    folder = root() / name
    store = Store(folder)
    manifest = _manifest(folder, population)
    segments = {trade: Segment.of_arrays(store.open(stored)) for trade, stored in manifest.segments.items()}
    return FirmIndex.over(segments, _tables(name))


def _manifest(folder: Path, population: str) -> Manifest:
    return Manifest.from_bytes((folder / f"{population}.json").read_bytes())
