"""Cells of a table file, sheet by sheet, whatever it is stored in: CSV, gzip, Excel, or a zip of these. Streamed."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Final, cast

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

_DAMAGED: Final = (
    EOFError, OSError, csv.Error, zipfile.BadZipFile, zlib.error, KeyError, InvalidFileException, ValueError,
)  # fmt: skip


class TableFileError(ValueError):
    """Ce fichier n'est pas une table lisible : donnez un CSV (gzip ou non) ou un classeur .xlsx."""


type Cells = list[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """``rows`` are numbered as a spreadsheet shows them, from 1."""

    name: str
    rows: Iterator[tuple[int, Cells]]


def sheets(path: Path) -> Generator[Sheet]:
    """Raises :class:`TableFileError` in one sentence, also while rows are read when the file is cut short."""
    if not path.is_file():
        raise TableFileError(f"{path.name} : fichier introuvable ; vérifiez le chemin.")
    try:
        with path.open("rb") as stream:
            for sheet in _sheets(stream, path.name):
                yield Sheet(sheet.name, _guarded(sheet.rows, path.name))
    except TableFileError:
        raise
    except _DAMAGED as error:
        raise _damaged(path.name) from error


def _guarded(rows: Iterator[tuple[int, Cells]], name: str) -> Iterator[tuple[int, Cells]]:
    try:
        yield from rows
    except _DAMAGED as error:
        raise _damaged(name) from error


def _damaged(name: str) -> TableFileError:
    return TableFileError(
        f"{name} : le fichier est abîmé ou n'est pas une table (CSV, gzip ou .xlsx) ; rien n'a été changé, "
        "demandez-le à nouveau."
    )


def _sheets(stream: IO[bytes], name: str) -> Iterator[Sheet]:
    magic = stream.read(4)
    stream.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        yield Sheet(name, _csv(cast("IO[bytes]", gzip.open(stream))))
    elif magic.startswith(b"PK"):
        yield from _zip(stream, name)
    elif magic == b"\xd0\xcf\x11\xe0":
        raise TableFileError(f"{name} : ancien format Excel (.xls) ; enregistrez-le en .xlsx ou en CSV, puis relancez.")
    else:
        yield Sheet(name, _csv(stream))


def _zip(stream: IO[bytes], name: str) -> Iterator[Sheet]:
    """A workbook is a zip too; another zip holds the tables themselves."""
    with zipfile.ZipFile(stream) as archive:
        if "xl/workbook.xml" in archive.namelist():
            yield from _workbook(stream)
            return
        for info in archive.infolist():
            if info.filename.lower().endswith((".csv", ".txt", ".xlsx", ".gz")):
                with archive.open(info) as member:
                    yield from _sheets(member, f"{name}::{info.filename}")


def _workbook(stream: IO[bytes]) -> Iterator[Sheet]:
    book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
    try:
        for sheet in book.worksheets:
            yield Sheet(
                sheet.title,
                ((n, [_text(value) for value in row]) for n, row in enumerate(sheet.iter_rows(values_only=True), 1)),
            )
    finally:
        book.close()


def _text(value: object) -> str:
    """A cell as a CSV would write it: 5.0 is how a spreadsheet stores 5."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value).strip()


def _csv(stream: IO[bytes]) -> Iterator[tuple[int, Cells]]:
    """Delimiter by the first lines; bytes that are no UTF-8 are read as Windows-1252, the usual culprit."""
    with io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
        head = "".join(text.readline() for _ in range(3))
        if "\x00" in head:
            raise ValueError("binary")
        delimiter = max(";,\t", key=head.count)
        again = io.StringIO(head, newline="")
        reader = csv.reader(_lines(again, text), delimiter=delimiter)
        for number, row in enumerate(reader, start=1):
            yield number, [_mended(cell.strip()) for cell in row]


def _lines(*files: io.TextIOBase) -> Iterator[str]:
    for file in files:
        yield from file


def _mended(text: str) -> str:
    if text.isascii() or not any("\udc80" <= character <= "\udcff" for character in text):
        return text
    return text.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
