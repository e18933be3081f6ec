"""Rows of a table file, as texts by column name, whatever it is stored in; streamed, never whole."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import IO, Final, cast

import duckdb

from matchmaker.sources.json_rows import read_json
from matchmaker.sources.rows import UNREADABLE, Fits, Row, TableError, as_text, below_header
from matchmaker.sources.sheets import read_sheets

__all__ = ["Fits", "Row", "TableError", "columns", "read_rows", "sha256"]

_BATCH: Final = 2_000
_GZIP, _ZIP, _OLD_EXCEL = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")  # UTF-16, what spreadsheets call "Unicode text"


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def columns(path: Path, fits: Fits | None = None) -> tuple[str, ...]:
    """Column names of a table; raises :class:`TableError`."""
    first = next(iter(read_rows(path, fits)), None)
    if first is None:
        raise TableError(f"{path.name} : aucune ligne sous l'en-tête.")
    return tuple(first.values)


def read_rows(path: Path, fits: Fits | None = None) -> Iterator[Row]:
    """Stream the rows of a CSV (comma, semicolon or tab), an XLSX, a JSON or JSON Lines (gzip or not), or a Parquet.

    What a file is, its first bytes say. ``fits`` tells the header wanted, where titles come before it or a
    workbook has several sheets.
    """
    if path.is_dir():
        raise TableError(f"{path.name} est un dossier : donnez le fichier CSV ou Parquet qu'il contient.")
    if not path.is_file():
        raise TableError(f"{path} : fichier introuvable.")
    try:
        with _opened(path) as file:
            head = file.read(4_096)
        if head.startswith(b"PAR1") or path.suffix == ".parquet":
            yield from _parquet(path)
        elif head.startswith(_ZIP):
            with _opened(path) as file:
                yield from read_sheets(_seekable(file), path.name, fits)
        elif head.startswith(_OLD_EXCEL):
            raise TableError(f"{path.name} est un ancien classeur Excel : enregistrez-le en XLSX ou en CSV.")
        elif head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
            yield from read_json(lambda: _opened(path), path)
        else:
            yield from _csv(path, "utf-16" if head.startswith(_WIDE) else "utf-8-sig", fits)
    except (EOFError, zlib.error, OSError, csv.Error) as error:
        raise TableError(
            f"{path.name} : lecture interrompue, le fichier est abîmé ou n'est pas une table. Ce qui précède est "
            "gardé ; demandez le fichier à nouveau et relancez."
        ) from error


def _opened(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked when it is gzip, whatever its name."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return cast(IO[bytes], gzip.open(path, "rb")) if packed else path.open("rb")


def _seekable(file: IO[bytes]) -> IO[bytes]:
    """A workbook is read by jumps: one inside gzip is unpacked into memory."""
    return io.BytesIO(file.read()) if isinstance(file, gzip.GzipFile) else file


def _parquet(path: Path) -> Iterator[Row]:
    connection = duckdb.connect()
    try:
        relation = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in relation.description or ()]
        number = 1
        while rows := relation.fetchmany(_BATCH):
            for row in rows:
                number += 1
                yield Row(number, {name: as_text(value) for name, value in zip(names, row, strict=True)})
    except duckdb.Error as error:
        raise TableError(f"{path.name} n'est pas un fichier Parquet lisible ({type(error).__name__}).") from error
    finally:
        connection.close()


def _csv(path: Path, encoding: str, fits: Fits | None) -> Iterator[Row]:
    errors = "replace" if encoding == "utf-16" else "surrogateescape"
    with io.TextIOWrapper(_opened(path), encoding=encoding, errors=errors, newline="") as file:
        head = list(islice(file, 20))
        if any("\x00" in line for line in head) or not "".join(head).strip():
            raise TableError(f"{path.name} : {UNREADABLE}")
        records = csv.reader(chain(head, file), delimiter=_delimiter(head))
        found = below_header(records, fits and (lambda names: fits(tuple(_mended(name)[0] for name in names))))
        if found is None:
            return
        names = [_mended(name)[0] for name in found[0]]
        for number, fields in found[1]:
            if fields:
                mended = [_mended(value.strip()) for value in fields]
                values = dict(zip(names, (text for text, _ in mended), strict=False))
                yield Row(number, values, repaired=any(broken for _, broken in mended))


def _delimiter(lines: list[str]) -> str:
    """The one that cuts most lines into the same number of fields; the fuller first line decides between equals."""

    def merit(delimiter: str) -> tuple[int, int]:
        widths = Counter(len(fields) for fields in csv.reader(lines, delimiter=delimiter) if len(fields) > 1)
        return max(((often, width) for width, often in widths.items()), default=(0, 0))

    return max(",;\t", key=lambda delimiter: (*merit(delimiter), lines[0].count(delimiter)))


def _mended(text: str) -> tuple[str, bool]:
    """Text as it was meant: bytes that are no UTF-8 are read as Windows-1252, the usual culprit."""
    if not any("\udc80" <= character <= "\udcff" for character in text):
        return text, False
    return text.encode("utf-8", "surrogateescape").decode("cp1252", "replace"), True
