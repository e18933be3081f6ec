"""Rows of a table file, as texts by column name, whatever it is stored in; streamed, never whole."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

_BATCH = 2_000


class TableError(ValueError):
    """Ce fichier n'est pas une table lisible : donnez un CSV (gzip ou non) avec en-tête, ou un Parquet."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number (the first after the header is 2, as a spreadsheet shows it) and its texts.

    ``repaired`` says its bytes were not UTF-8 and were read as Windows-1252.
    """

    number: int
    values: dict[str, str]
    repaired: bool = False


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def columns(path: Path) -> tuple[str, ...]:
    """Column names of a table; raises :class:`TableError`."""
    first = next(iter(read_rows(path)), None)
    if first is None:
        raise TableError(f"{path.name} : aucune ligne sous l'en-tête.")
    return tuple(first.values)


def read_rows(path: Path) -> Iterator[Row]:
    """Stream the rows of a CSV (comma, semicolon or tab; gzip or not) or a Parquet file."""
    if path.is_dir():
        raise TableError(f"{path.name} est un dossier : donnez le fichier CSV ou Parquet qu'il contient.")
    if not path.is_file():
        raise TableError(f"{path} : fichier introuvable.")
    if path.suffix == ".parquet":
        yield from _parquet(path)
    else:
        yield from _csv(path)


def _parquet(path: Path) -> Iterator[Row]:
    connection = duckdb.connect()
    try:
        relation = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in relation.description or ()]
        number = 1
        while rows := relation.fetchmany(_BATCH):
            for row in rows:
                number += 1
                yield Row(number, {name: _text(value) for name, value in zip(names, row, strict=True)})
    except duckdb.Error as error:
        raise TableError(f"{path.name} n'est pas un fichier Parquet lisible ({type(error).__name__}).") from error
    finally:
        connection.close()


def _text(value: object) -> str:
    """A Parquet value as a CSV would write it; NaN is how pandas stores nothing."""
    return "" if value is None or value != value else str(value).strip()


def _csv(path: Path) -> Iterator[Row]:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            head = file.readline()
            if "\x00" in head or not head.strip():
                raise TableError(f"{path.name} : {TableError.__doc__}")
            delimiter = max(",;\t", key=head.count)
            names = [_mended(name)[0] for name in next(csv.reader([head], delimiter=delimiter))]
            reader = csv.reader(file, delimiter=delimiter)
            for number, fields in enumerate(reader, start=2):
                if fields:
                    mended = [_mended(value.strip()) for value in fields]
                    values = dict(zip(names, (text for text, _ in mended), strict=False))
                    yield Row(number, values, repaired=any(broken for _, broken in mended))
    except (EOFError, gzip.BadGzipFile, OSError, csv.Error) as error:
        raise TableError(
            f"{path.name} : lecture interrompue, le fichier est abîmé ou n'est pas un CSV. Ce qui précède est gardé ; "
            "demandez le fichier à nouveau et relancez."
        ) from error


def _mended(text: str) -> tuple[str, bool]:
    """Text as it was meant: bytes that are no UTF-8 are read as Windows-1252, the usual culprit."""
    if not any("\udc80" <= character <= "\udcff" for character in text):
        return text, False
    return text.encode("utf-8", "surrogateescape").decode("cp1252", "replace"), True
