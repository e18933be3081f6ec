"""Walking what a person points at: files, folders, archives. Nothing is ever extracted to disk.

Each document is read up to ``max_bytes`` and no further, whatever the archive says its size is, so memory
stays bounded. What cannot be read is yielded as ``Unreadable`` and the walk goes on.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

from matchmaker.sources import json_records
from matchmaker.sources.json_records import BrokenJsonError, RecordTooBigError, looks_like_json
from matchmaker.sources.xml import MAX_BYTES, looks_like_xml, too_big

_TAR: Final = (".tar", ".tar.gz", ".tgz")
_DOCUMENTS: Final = (".xml", ".json", ".jsonl", ".ndjson")
_HEAD: Final = 256
_DAMAGED: Final = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, NotImplementedError)


class InputNotFoundError(FileNotFoundError):
    """Ce fichier ou dossier n'existe pas ; vérifiez le chemin."""


@dataclass(frozen=True, slots=True)
class RawDocument:
    """One document as received. ``url`` is where it was fetched from, empty for a local file."""

    name: str  # stable, free of machine paths: "archive.tar.gz::folder/notice.xml"
    content: bytes
    sha256: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A document or archive that was found but could not be read, and what to do about it."""

    name: str
    reason_code: str
    message: str


type Found = RawDocument | Unreadable


def iter_documents(paths: Iterable[Path], *, max_bytes: int = MAX_BYTES) -> Iterator[Found]:
    """Every document under ``paths``, in a stable order: an XML file is one, a JSON file is one a record.

    A folder is walked recursively; what is neither XML, JSON nor an archive in it is passed over, as are hidden
    files and links that leave it. A file named explicitly is always accounted for.
    """
    wanted = [Path(path) for path in paths]
    for path in wanted:
        if not path.exists():
            raise InputNotFoundError(f"« {path} » n'existe pas : vérifiez le chemin.")
    return _walk(wanted, max_bytes)


def _walk(paths: list[Path], max_bytes: int) -> Iterator[Found]:
    for path in paths:
        if path.is_dir():
            yield from _folder(path, max_bytes)
        else:
            yield from _file(path, path.name, max_bytes)


def _folder(root: Path, max_bytes: int) -> Iterator[Found]:
    name = root.resolve().name
    found = False
    for path in _files_below(root):
        found = True
        yield from _file(path, f"{name}/{path.relative_to(root).as_posix()}", max_bytes)
    if not found:
        yield Unreadable(
            name, "dossier_vide", f"Le dossier « {name} » ne contient aucun fichier XML ou JSON : vérifiez le chemin."
        )


def _files_below(root: Path) -> Iterator[Path]:
    inside = root.resolve()
    for folder, subfolders, files in root.walk(follow_symlinks=False):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for path in (folder / name for name in sorted(files)):
            if _is_candidate(path.name) and path.resolve().is_relative_to(inside):
                yield path


def _is_candidate(name: str) -> bool:
    low = name.lower()
    return not low.startswith(".") and low.removesuffix(".gz").endswith((*_DOCUMENTS, ".zip", ".tar", ".tgz"))


def _file(path: Path, name: str, max_bytes: int) -> Iterator[Found]:
    low = path.name.lower()
    name = _printable(name)
    try:
        if not path.is_file():
            yield Unreadable(name, "illisible", f"« {name} » n'est pas un fichier ordinaire : il n'a pas été lu.")
        elif low.endswith(_TAR):
            yield from _tar(path, name, max_bytes)
        elif low.endswith(".zip"):
            yield from _zip(path, name, max_bytes)
        elif low.endswith(".gz"):
            with _gunzip(path) as stream:
                yield from _documents(name, stream, max_bytes)
        else:
            with path.open("rb") as stream:
                yield from _documents(name, stream, max_bytes)
    except EOFError:
        yield _cut_short(name)
    except _DAMAGED:
        yield Unreadable(name, "archive_illisible", f"L'archive « {name} » est abîmée : téléchargez-la à nouveau.")
    except OSError as error:
        yield _not_opened(name, error)


def _gunzip(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path))


def _documents(name: str, stream: IO[bytes], max_bytes: int) -> Iterator[Found]:
    """What a file holds: an XML document, or JSON records."""
    head = stream.read(_HEAD)
    if looks_like_json(head):
        text = head.removeprefix(codecs.BOM_UTF8)
        yield from _records(name, cast("IO[bytes]", _Resumed(text, stream)), max_bytes)
        return
    content = head + stream.read(max_bytes + 1 - len(head))
    if len(content) > max_bytes:
        yield Unreadable(name, "trop_gros", too_big(max_bytes).message)
    elif content.strip() and not looks_like_xml(content):
        yield Unreadable(name, "pas_xml", f"« {name} » n'est ni du XML ni du JSON : fournissez l'avis au format XML.")
    else:
        yield raw_document(name, content)


def raw_document(name: str, content: bytes, url: str = "") -> RawDocument:
    """A document with its fingerprint."""
    return RawDocument(name, content, hashlib.sha256(content).hexdigest(), url)


def _records(name: str, stream: IO[bytes], max_bytes: int) -> Iterator[Found]:
    """One document a record; after a record that cannot be read the rest goes on where lines tell them apart."""
    read = json_records.lines if name.lower().endswith(json_records.LINES) else json_records.records
    try:
        for rank, record in enumerate(read(stream, max_bytes), start=1):
            if isinstance(record, BrokenJsonError):
                yield Unreadable(f"{name}::{rank}", "json_invalide", f"Ligne {rank} de « {name} » : {record}")
                continue
            yield _record(f"{name}::{_printable(json_records.name_of(record, rank))}", json_records.encoded(record))
    except BrokenJsonError:
        yield Unreadable(
            name,
            "json_invalide",
            f"« {name} » est mal formé ou incomplet : ce qui précède a été lu, téléchargez-le à nouveau.",
        )
    except RecordTooBigError:
        yield Unreadable(name, "trop_gros", too_big(max_bytes).message)


def _record(name: str, content: bytes) -> Found:
    if json_records.NO_CHARACTER.encode() in content:
        message = f"« {name} » contient une moitié de caractère : demandez un fichier corrigé à la source."
        return Unreadable(name, "json_invalide", message)
    return raw_document(name, content)


class _Resumed:
    """A stream whose beginning was already read."""

    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        self._head, self._stream = head, stream

    def read(self, size: int = -1) -> bytes:
        if not self._head:
            return self._stream.read(size)
        head, self._head = (self._head, b"") if size < 0 else (self._head[:size], self._head[size:])
        return head + self._stream.read() if size < 0 else head

    def readline(self, size: int) -> bytes:
        if not self._head:
            return self._stream.readline(size)
        line, found, rest = self._head.partition(b"\n")
        self._head = rest
        return line + found if found else line + self._stream.readline(size)


# --- archives ------------------------------------------------------------------------------------


class _Bounded:
    """A stream that refuses big reads: a tar header may claim gigabytes and tarfile would obey."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self.name = ""
        self.mode = "rb"

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= self._limit:
            raise tarfile.ReadError("header too large")
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()


def _tar(path: Path, name: str, max_bytes: int) -> Iterator[Found]:
    plain = path.name.lower().endswith(".tar")
    with path.open("rb") if plain else _gunzip(path) as stream:
        bounded = _Bounded(stream, max_bytes + tarfile.BLOCKSIZE)
        with tarfile.open(fileobj=bounded, mode="r:") as tar:  # type: ignore[call-overload]
            found = False
            for member in tar:
                tar.members.clear()  # tarfile remembers every member otherwise
                if not member.isreg() or not _is_document(member.name):
                    continue
                found = True
                yield from _tar_member(tar, member, f"{name}::{_printable(member.name)}", max_bytes)
            if not _ends_well(stream, tar.offset):
                yield _cut_short(name)
            elif not found:
                yield _nothing_inside(name)


def _tar_member(tar: tarfile.TarFile, member: tarfile.TarInfo, name: str, max_bytes: int) -> Iterator[Found]:
    if nested := _nested(name):
        yield nested
        return
    if member.size > max_bytes and name.lower().endswith(".xml"):
        yield Unreadable(name, "trop_gros", too_big(max_bytes).message)
        return
    stream = tar.extractfile(member)
    assert stream is not None  # a regular file always opens
    yield from _documents(name, stream, max_bytes)


def _ends_well(stream: IO[bytes], offset: int) -> bool:
    """A whole tar ends with blocks of zeros; tarfile stops silently at anything else."""
    stream.seek(offset)
    return stream.read(tarfile.BLOCKSIZE) == tarfile.NUL * tarfile.BLOCKSIZE


def _zip(path: Path, name: str, max_bytes: int) -> Iterator[Found]:
    with zipfile.ZipFile(path) as archive:
        members = sorted(
            (info for info in archive.infolist() if not info.is_dir() and _is_document(info.filename)),
            key=lambda info: info.filename,
        )
        for info in members:
            yield from _zip_member(archive, info, f"{name}::{_printable(info.filename)}", max_bytes)
        if not members:
            yield _nothing_inside(name)


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, max_bytes: int) -> Iterator[Found]:
    if nested := _nested(name):
        yield nested
        return
    try:
        with archive.open(info) as stream:
            yield from _documents(name, stream, max_bytes)
    except RuntimeError:  # zipfile's word for an encrypted member
        yield Unreadable(name, "chiffre", f"« {name} » est protégé par un mot de passe : retirez-le.")
    except (EOFError, *_DAMAGED):
        yield Unreadable(name, "archive_illisible", f"« {name} » est abîmé : téléchargez l'archive à nouveau.")


def _is_document(member: str) -> bool:
    return _is_candidate(member.rpartition("/")[2])


def _nested(name: str) -> Unreadable | None:
    if name.lower().endswith(_DOCUMENTS):
        return None
    return Unreadable(name, "archive_imbriquee", f"« {name} » est une archive dans une archive : sortez-la d'abord.")


def _printable(name: str) -> str:
    """The name as stored and shown: no control character, no undecodable byte."""
    safe = name.encode("utf-8", "replace").decode("utf-8")
    return "".join(char if char.isprintable() else "?" for char in safe)


def _cut_short(name: str) -> Unreadable:
    return Unreadable(
        name,
        "archive_tronquee",
        f"L'archive « {name} » est incomplète : ce qui précède a été lu, téléchargez-la à nouveau.",
    )


def _nothing_inside(name: str) -> Unreadable:
    return Unreadable(name, "archive_vide", f"L'archive « {name} » ne contient aucun fichier XML ou JSON.")


def _not_opened(name: str, error: OSError) -> Unreadable:
    reason = "droits insuffisants" if isinstance(error, PermissionError) else (error.strerror or "erreur de lecture")
    return Unreadable(name, "illisible", f"« {name} » ne peut pas être ouvert ({reason}) : vérifiez le fichier.")
