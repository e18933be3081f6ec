"""Files that producers publish, fetched once: cut downloads go on where they stopped, unchanged ones cost nothing.

Beside each file lies a note (its address, validators, hash). A download under way is a ``.part`` with a note of its
own, so that a killed one goes on too, if the server still has the same file (``If-Range``).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import httpx

from matchmaker.sources.http import GarbledAnswerError, PoliteClient, SourceError, SourceRefusedError

_CHUNK: Final = 1024 * 1024
_EVERY: Final = 16 * _CHUNK  # bytes between two words of progress


class NoRoomError(SourceError):
    """Il n'y a plus assez de place sur le disque pour ce téléchargement ; libérez-en, puis relancez."""


class FileTooBigError(SourceError):
    """Ce fichier dépasse la taille admise pour un téléchargement."""


class NoSuchResourceError(SourceError):
    """Ce jeu de données n'a pas la ressource attendue ; vérifiez son adresse sur data.gouv.fr."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of one file, and bytes to leave free on the disk."""

    max_bytes: int = 16 * 1024**3
    keep_free: int = 1024**3


@dataclass(frozen=True, slots=True)
class Resource:
    """Where a file is, and what its catalogue says of it."""

    url: str
    algorithm: str = ""  # of the checksum: sha1, sha256, md5
    checksum: str = ""


@dataclass(frozen=True, slots=True)
class Download:
    """A whole file on disk. ``unchanged``: it was there already, with the same content."""

    path: Path
    url: str
    sha256: str
    size: int
    modified: date | None
    unchanged: bool


def silent(_words: str) -> None:
    """Progress for callers that show none."""


def download(
    client: PoliteClient,
    address: str,
    folder: Path,
    progress: Callable[[str], None] = silent,
    limits: Limits | None = None,
) -> Download:
    """The file at an address, in ``folder``. Raises a :class:`SourceError`.

    An address of the data.gouv.fr API (``.../api/1/datasets/SLUG/#pattern``) stands for the latest of the
    dataset's resources whose title or address matches the pattern.
    """
    resource = _resource(client, address)
    folder.mkdir(parents=True, exist_ok=True)
    fetch = _Fetch(resource, folder, hashlib.sha256(address.encode()).hexdigest()[:12], progress, limits or Limits())
    try:
        return client.read(resource.url, fetch.consume, headers=fetch.headers)
    except SourceRefusedError as error:
        if error.status != 416:
            raise
        fetch.forget_part()  # what we hold is no beginning of what the server has now
        return client.read(resource.url, fetch.consume, headers=fetch.headers)


# --- data.gouv.fr --------------------------------------------------------------------------------


def _resource(client: PoliteClient, address: str) -> Resource:
    api, _, pattern = address.partition("#")
    if "/api/1/datasets/" not in api:
        return Resource(address)
    answer = client.ask(api, lambda whole: whole.json())
    listed = answer.get("resources", []) if isinstance(answer, dict) else []
    wanted = [one for one in listed if isinstance(one, dict) and one.get("url") and _matches(one, pattern)]
    if not wanted:
        raise NoSuchResourceError(f"{api} : aucune ressource ne correspond à « {pattern} » ; vérifiez l'adresse.")
    latest = max(wanted, key=lambda one: str(one.get("last_modified") or ""))
    checksum = latest.get("checksum") or {}
    return Resource(str(latest["url"]), str(checksum.get("type") or ""), str(checksum.get("value") or "").lower())


def _matches(resource: dict[str, Any], pattern: str) -> bool:
    return any(re.search(unquote(pattern), str(resource.get(name) or ""), re.IGNORECASE) for name in ("title", "url"))


# --- one file ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Note:
    """What is known of a file: kept beside it as JSON."""

    url: str = ""
    name: str = ""
    etag: str = ""
    last_modified: str = ""
    sha256: str = ""
    size: int = 0

    @classmethod
    def read(cls, path: Path) -> _Note | None:
        try:
            return cls(**json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, path: Path) -> None:
        new = path.with_name(path.name + ".new")
        new.write_text(json.dumps(asdict(self)), "utf-8")
        new.replace(path)

    @property
    def validator(self) -> str:
        """For ``If-Range``: only a strong one says that the bytes are the same."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified


class _Fetch:
    """One file to fetch: what to ask at each attempt, and what to do with the answer."""

    def __init__(
        self, resource: Resource, folder: Path, key: str, progress: Callable[[str], None], limits: Limits
    ) -> None:
        self.resource, self.folder, self.progress, self.limits = resource, folder, progress, limits
        self.note = folder / f".{key}.json"
        self.part = folder / f".{key}.part"
        self.part_note = folder / f".{key}.part.json"

    def headers(self) -> dict[str, str]:
        asked = {"Accept-Encoding": "identity"}  # ranges and lengths then speak of the same bytes
        part = _Note.read(self.part_note)
        if part and part.validator and part.url == self.resource.url and self._held():
            return asked | {"Range": f"bytes={self._held()}-", "If-Range": part.validator}
        if whole := self._whole():
            if whole.etag:
                asked["If-None-Match"] = whole.etag
            if whole.last_modified:
                asked["If-Modified-Since"] = whole.last_modified
        return asked

    def consume(self, response: httpx.Response) -> Download:
        if response.status_code == 304:
            return self._unchanged()
        encoded = response.headers.get("Content-Encoding", "identity").lower() != "identity"
        held = self._goes_on(response) if response.status_code == 206 else 0
        expected = None if encoded else _length(response, held)
        self._make_room(expected, held)
        note = _note(response, self.resource.url)
        if not held:
            self.forget_part()
            if not encoded:
                note.write(self.part_note)
        self._write(response, held, expected, note.name)
        return self._keep(note, response.headers.get("Content-Type", ""))

    # --- pieces ---

    def _held(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _whole(self) -> _Note | None:
        """The note of a file that is really there."""
        note = _Note.read(self.note)
        path = self.folder / note.name if note and note.name else None
        return note if path and path.is_file() and note and path.stat().st_size == note.size else None

    def _unchanged(self) -> Download:
        note = self._whole()
        if note is None:
            raise GarbledAnswerError(f"{self.resource.url} : « inchangé » (304), sans fichier déjà téléchargé.")
        return self._done(note, unchanged=True)

    def _goes_on(self, response: httpx.Response) -> int:
        """How many bytes come before this partial answer, which must go on from what we hold."""
        said = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        held = self._held()
        if not said or int(said[1]) != held:
            self.forget_part()
            raise GarbledAnswerError(f"{self.resource.url} : la reprise ne commence pas où elle devait.")
        return held

    def forget_part(self) -> None:
        self.part_note.unlink(missing_ok=True)
        self.part.unlink(missing_ok=True)

    def _make_room(self, expected: int | None, held: int) -> None:
        if expected is not None and expected > self.limits.max_bytes:
            raise FileTooBigError(
                f"{self.resource.url} : {_size(expected)}, au-delà des {_size(self.limits.max_bytes)} admis."
            )
        free = shutil.disk_usage(self.folder).free - self.limits.keep_free
        if free < (expected or held) - held:
            raise NoRoomError(f"{self.resource.url} : {_size(expected or 0)} à télécharger. {NoRoomError.__doc__}")

    def _write(self, response: httpx.Response, held: int, expected: int | None, name: str) -> None:
        written, told = held, held
        with self.part.open("ab" if held else "wb") as file:
            for chunk in response.iter_bytes():
                written += len(chunk)
                if written > self.limits.max_bytes:
                    raise FileTooBigError(f"{self.resource.url} : plus de {_size(self.limits.max_bytes)}, arrêté là.")
                file.write(chunk)
                if written - told >= _EVERY:
                    told = written
                    of = f" sur {_size(expected)}" if expected else ""
                    self.progress(f"{name} : {_size(written)}{of} téléchargés")
            file.flush()
            os.fsync(file.fileno())
        if expected is not None and written != expected:
            self.forget_part()
            raise GarbledAnswerError(f"{self.resource.url} : {written} octets reçus au lieu de {expected}.")

    def _keep(self, note: _Note, content_type: str) -> Download:
        """Check the file, and give it its name."""
        if fault := _fault(self.part, note.name, content_type) or self._wrong_sum():
            self.forget_part()
            raise GarbledAnswerError(f"{self.resource.url} : {fault}.")
        before = self._whole()
        digest, size = _hash(self.part, "sha256"), self._held()
        note = _Note(self.resource.url, note.name, note.etag, note.last_modified, digest, size)
        if before and before.name != note.name:
            (self.folder / before.name).unlink()
        self.part.replace(self.folder / note.name)
        note.write(self.note)
        self.part_note.unlink(missing_ok=True)
        return self._done(note, unchanged=bool(before and before.sha256 == digest))

    def _wrong_sum(self) -> str:
        wanted = self.resource.checksum
        if not wanted or self.resource.algorithm not in hashlib.algorithms_available:
            return ""
        return "" if _hash(self.part, self.resource.algorithm) == wanted else "la somme de contrôle publiée diffère"

    def _done(self, note: _Note, *, unchanged: bool) -> Download:
        path = self.folder / note.name
        return Download(path, note.url, note.sha256, note.size, _day(note.last_modified), unchanged)


def _note(response: httpx.Response, url: str) -> _Note:
    headers = response.headers
    return _Note(url, _name(response), headers.get("ETag", ""), headers.get("Last-Modified", ""))


def _name(response: httpx.Response) -> str:
    """The file's name as the server gives it, else the end of its address; never a path."""
    message = Message()
    message["Content-Disposition"] = response.headers.get("Content-Disposition", "")
    said = message.get_filename() or unquote(urlsplit(str(response.url)).path.rpartition("/")[2])
    safe = re.sub(r"[^\w.-]+", "_", said.replace("\\", "/").rpartition("/")[2]).lstrip(".")
    return safe[-120:] or "fichier"


def _length(response: httpx.Response, held: int) -> int | None:
    said = response.headers.get("Content-Length", "")
    return held + int(said) if said.isdecimal() else None


def _day(last_modified: str) -> date | None:
    try:
        moment: datetime = parsedate_to_datetime(last_modified)
    except ValueError:
        return None
    return moment.astimezone(UTC).date() if moment.tzinfo else moment.date()


def _hash(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


# --- is it what its name says? --------------------------------------------------------------------


def _fault(path: Path, name: str, content_type: str) -> str:
    """Why this cannot be the file, in a few words; empty when it can."""
    with path.open("rb") as file:
        head = file.read(512)
    low = name.lower()
    if not head.strip():
        return "le fichier est vide"
    if low.endswith(".gz"):
        return _gzip_fault(path)
    if low.endswith(".parquet"):
        return "" if head[:4] == b"PAR1" == _tail(path, 4) else "le fichier Parquet est incomplet"
    if low.endswith((".zip", ".xlsx")):
        return "" if zipfile.is_zipfile(path) else "l'archive est incomplète"
    if low.endswith((".html", ".htm")) or "xml" in content_type:
        return ""
    return "une page web est venue à la place du fichier" if re.match(rb"\s*<(!doctype\s+)?html", head, re.I) else ""


def _tail(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(-min(size, path.stat().st_size), os.SEEK_END)
        return file.read()


def _gzip_fault(path: Path) -> str:
    """Read to its end: gzip ends with its own checksum and length."""
    try:
        with gzip.open(path) as stream:
            while stream.read(_CHUNK):
                pass
    except (OSError, EOFError, zlib.error):
        return "le fichier gzip est abîmé"
    return ""


def _size(count: int) -> str:
    """In the unit people use: 8,3 Mo."""
    amount, units = float(count), ["o", "ko", "Mo", "Go", "To"]
    while amount >= 1000 and len(units) > 1:
        amount, _ = amount / 1000, units.pop(0)
    text = f"{amount:.0f}" if amount >= 100 or units[0] == "o" else f"{amount:.1f}".replace(".", ",")
    return f"{text} {units[0]}"
