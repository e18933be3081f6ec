"""A snapshot on disk: immutable files of raw columns, a manifest a version, and ``CURRENT`` naming the one in force.

    lock                 held by whoever writes; let go of by the system when its holder dies
    CURRENT              version, checksum of its manifest, until when the truth was read, and a mark of what was read
                         after that; replaced in one step
    v00000012.json       manifest: what the version holds, file by file
    <sha256>.bin         columns one after the other, each at a multiple of 64 bytes; named by its content

A file is written aside, flushed to the disk, then renamed: whatever happens, readers see the old version or the new
one. Files nobody refers to go once a grace has passed, for readers that have read a manifest and not yet opened its
files; those that have them mapped keep them, as the system keeps a file as long as someone holds it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import mmap
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]

FORMAT = 1  # raise when files written before could no longer be read
ALIGNED = 64  # bytes
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_verified: dict[str, tuple[int, int, int]] = {}  # files whose checksum this process has verified: inode, size, date


class SnapshotError(RuntimeError):
    """L'instantané est inutilisable : reconstruisez-le (./run manage snapshot build)."""


class MissingError(SnapshotError):
    """Aucun instantané n'est construit : lancez « ./run manage snapshot build »."""


class DamagedError(SnapshotError):
    """Un fichier de l'instantané manque ou est abîmé : lancez « ./run manage snapshot build »."""


class FullError(SnapshotError):
    """La place manque pour écrire l'instantané ; le précédent reste en service."""


@dataclass(frozen=True, slots=True)
class Column:
    dtype: str  # as numpy writes it, byte order included
    offset: int  # bytes from the beginning of the file
    count: int


@dataclass(frozen=True, slots=True)
class Stored:
    """One file: ``columns`` by name, none for a file that is not made of columns."""

    file: str
    bytes: int
    sha256: str
    rows: int = 0
    columns: Mapping[str, Column] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """As :meth:`of` reads it."""
        columns = {
            name: {"dtype": one.dtype, "offset": one.offset, "count": one.count} for name, one in self.columns.items()
        }
        return {"file": self.file, "bytes": self.bytes, "sha256": self.sha256, "rows": self.rows, "columns": columns}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Stored:
        columns = {name: Column(**column) for name, column in told["columns"].items()}
        return cls(told["file"], told["bytes"], told["sha256"], told["rows"], columns)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version holds. ``basis``: all that its rows rest on besides the firms; ``until``: when they were read.

    ``facts`` are the caller's own. ``segments`` by trade, ``extra`` files by name.
    """

    version: int
    parent: int | None
    made_at: str
    fictitious: bool
    basis: str
    reference: str
    until: str
    firms: int
    segments: Mapping[str, Stored]
    extra: Mapping[str, Stored] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def content(self) -> str:
        """Changes with any row, word or table: two versions of one content answer alike."""
        files = {name: one.sha256 for name, one in sorted([*self.segments.items(), *self.extra.items()])}
        return hashlib.sha256(json.dumps([self.basis, files]).encode()).hexdigest()[:16]

    @property
    def files(self) -> list[Stored]:
        return [*self.segments.values(), *self.extra.values()]

    def to_bytes(self) -> bytes:
        told: dict[str, Any] = {"format": FORMAT} | {one.name: getattr(self, one.name) for one in fields(self)}
        for name in ("segments", "extra"):  # a version a change: written out, as ``asdict`` copies thousands of parts
            told[name] = {key: stored.told() for key, stored in told[name].items()}
        return json.dumps(told, ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Manifest:
        """Raises :class:`DamagedError`."""
        try:
            told = json.loads(content)
            if told.pop("format") != FORMAT:
                raise DamagedError("L'instantané est d'un autre format : lancez « ./run manage snapshot build ».")
            for name in ("segments", "extra"):
                told[name] = {key: Stored.of(one) for key, one in told[name].items()}
            return cls(**told)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DamagedError(DamagedError.__doc__) from None


@dataclass(frozen=True, slots=True)
class Store:
    """A folder. ``grace_s``: how long files that are no longer referred to stay."""

    folder: Path
    grace_s: float = 60.0

    # ------------------------------------------------------------ reading

    def current(self) -> Manifest:
        """The version in force. Raises :class:`MissingError` or :class:`DamagedError`."""
        for _ in range(3):  # the version read may be replaced, and even removed, before its manifest is opened
            told = self.pointer()
            path = self._manifest(told["version"])
            with suppress(FileNotFoundError):
                content = _content(path)
                if hashlib.sha256(content).hexdigest() != told["sha256"]:
                    raise DamagedError(_damaged(path, "a changé"))
                return replace(Manifest.from_bytes(content), until=told["until"])
        raise DamagedError(_damaged(path, "manque"))

    def pointer(self) -> dict[str, Any]:
        """What ``CURRENT`` says: cheap enough for every request. Raises as :meth:`current`."""
        try:
            told = json.loads(_content(self.folder / "CURRENT"))
            known = {name: str(told[name]) for name in ("sha256", "until")} | {"seen": str(told.get("seen", ""))}
            return {"version": int(told["version"]), **known}
        except FileNotFoundError:
            raise MissingError(MissingError.__doc__) from None
        except (ValueError, KeyError, TypeError):
            raise DamagedError(_damaged(self.folder / "CURRENT", "est illisible")) from None

    def last_version(self) -> int:
        """The greatest number ever given, 0 before the first."""
        return max((int(path.stem[1:]) for path in self._manifests()), default=0)

    def open(self, stored: Stored, *, again: bool = False) -> dict[str, NDArray[Any]]:
        """Columns mapped in memory, read-only: pages are shared by all processes and read when first touched.

        The checksum is verified once a file and process, or ``again``. Raises :class:`DamagedError`.
        """
        content = self._mapped(stored, again=again)
        return {
            name: np.frombuffer(content, dtype=np.dtype(column.dtype), count=column.count, offset=column.offset)
            for name, column in stored.columns.items()
        }

    def read(self, stored: Stored) -> bytes:
        """A file that is not made of columns, verified."""
        return bytes(self._mapped(stored))

    def problems(self, manifest: Manifest) -> list[str]:
        """What is wrong with the files of a version, in sentences; each is read to its end."""
        found = []
        for stored in manifest.files:
            try:
                self._mapped(stored, again=True)
            except DamagedError as error:
                found.append(str(error))
        return found

    def versions(self) -> list[Manifest]:
        """All versions whose manifest is there and readable, oldest first."""
        found = []
        for path in self._manifests():
            with suppress(FileNotFoundError, DamagedError):
                found.append(Manifest.from_bytes(path.read_bytes()))
        return found

    def _mapped(self, stored: Stored, *, again: bool = False) -> memoryview:
        path = self.folder / stored.file
        try:
            with path.open("rb") as file:
                seen = os.fstat(file.fileno())
                if seen.st_size != stored.bytes:
                    raise DamagedError(_damaged(path, "n'a pas la longueur attendue"))
                content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if seen.st_size else b"")
        except FileNotFoundError:
            raise DamagedError(_damaged(path, "manque")) from None
        except OSError as error:
            raise DamagedError(_unreadable(path, error)) from error
        mark = (seen.st_ino, seen.st_size, seen.st_mtime_ns)
        if again or _verified.get(str(path)) != mark:
            if hashlib.sha256(content).hexdigest() != stored.sha256:
                raise DamagedError(_damaged(path, "est abîmé"))
            _verified[str(path)] = mark
        return content

    # ------------------------------------------------------------ writing, under the lock

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One writer at a time in this folder; others wait here."""
        with _disk(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("a")
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for left in self.folder.glob(".*.part"):  # of a writer that was killed
                left.unlink(missing_ok=True)
            yield

    def write(self, arrays: Arrays, rows: int) -> Stored:
        """Keep columns in a file. A file that holds the same is left as it is."""
        columns, parts, offset = {}, [], 0
        for name, array in arrays.items():
            raw = np.ascontiguousarray(array)
            columns[name] = Column(raw.dtype.newbyteorder("=").str, offset, len(raw))
            pad = -raw.nbytes % ALIGNED
            parts += [raw.reshape(-1).view(np.uint8).data if raw.nbytes else b"", bytes(pad)]
            offset += raw.nbytes + pad
        return replace(self._keep(parts, ".bin"), rows=rows, columns=columns)

    def write_bytes(self, content: bytes, ending: str) -> Stored:
        return self._keep([content], ending)

    def publish(self, manifest: Manifest, seen: str = "") -> None:
        """Put a version in force: from here on, readers that open see it. Its files are written and flushed."""
        content = manifest.to_bytes()
        with _disk(self.folder):
            self._replace(self._manifest(manifest.version), [content])
        self.point(manifest, seen)

    def point(self, manifest: Manifest, seen: str = "") -> None:
        """Have ``CURRENT`` name a version that is published; ``until`` may have moved on since.

        ``seen``: a mark of what was read after ``until`` and is in the version nevertheless; the caller's own.
        """
        path = self._manifest(manifest.version)
        told = {"version": manifest.version, "until": manifest.until, "seen": seen}
        with _disk(self.folder):
            told["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
            self._replace(self.folder / "CURRENT", [json.dumps(told).encode()])

    def clean(self, now: float) -> int:
        """Remove versions replaced longer ago than the grace, and files of no version. Returns how many files.

        ``now`` in seconds since 1970, as the dates of files. Once in as long as the grace lasts: it reads every
        manifest, and changes come by the second.
        """
        removed, mark = 0, self.folder / ".cleaned"
        if mark.exists() and now - mark.stat().st_mtime < self.grace_s:
            return 0
        mark.touch()
        kept: set[str] = set()
        paths = self._manifests()
        last = self.pointer()["version"]
        for path, following in zip(paths, [*paths[1:], None], strict=True):
            replaced = following is not None and now - following.stat().st_mtime > self.grace_s
            if self._manifest(last) != path and (replaced or following is None):
                path.unlink()
                removed += 1
                continue
            with suppress(DamagedError):
                kept |= {stored.file for stored in Manifest.from_bytes(path.read_bytes()).files}
        for path in self.folder.glob("*.bin"):
            if path.name not in kept and now - path.stat().st_mtime > self.grace_s:
                path.unlink()
                _verified.pop(str(path), None)
                removed += 1
        return removed

    def _keep(self, parts: list[Any], ending: str) -> Stored:
        digest = hashlib.sha256()
        for part in parts:
            digest.update(part)
        checksum = digest.hexdigest()
        stored = Stored(f"{checksum[:32]}{ending}", sum(len(part) for part in parts), checksum)
        with _disk(self.folder):
            try:
                self._mapped(stored)
                os.utime(self.folder / stored.file)  # young again: nobody cleans it before it is published
                _verified.pop(str(self.folder / stored.file), None)
            except DamagedError:
                self._replace(self.folder / stored.file, parts)
        return stored

    def _replace(self, path: Path, parts: list[Any]) -> None:
        """Write aside, flush, rename, flush the folder."""
        aside = path.with_name(f".{path.name}.part")
        with aside.open("wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _manifest(self, version: int) -> Path:
        return self.folder / f"v{version:08d}.json"

    def _manifests(self) -> list[Path]:
        return sorted(self.folder.glob("v*.json"))


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """Tell in a sentence why the disk refuses."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise FullError(
                f"La place manque pour écrire l'instantané dans {folder} : libérez-en, ou donnez un autre dossier "
                "(MAILLAGE_SNAPSHOTS). Le précédent reste en service."
            ) from error
        raise SnapshotError(
            f"Le dossier des instantanés {folder} est inaccessible ({error.strerror}) : donnez-y accès, ou indiquez "
            "un autre dossier (MAILLAGE_SNAPSHOTS)."
        ) from error


def _content(path: Path) -> bytes:
    """FileNotFoundError when there is none; :class:`DamagedError` when the system refuses it."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DamagedError(_unreadable(path, error)) from error


def _unreadable(path: Path, error: OSError) -> str:
    return _damaged(path, f"est illisible ({error.strerror})")


def _damaged(path: Path, what: str) -> str:
    return f"Le fichier {path.name} de l'instantané {what} : lancez « ./run manage snapshot build »."
