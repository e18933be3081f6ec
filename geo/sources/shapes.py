"""Recognising an official table by its columns: each column is declared with the spellings it has had.

Producers rename and move columns every year (``BE24`` becomes ``BE26``); a spelling is a regular expression on
the plain name (no capital, no accent, ``_`` for the rest) and its first group, if any, is kept: the year.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from geo.sources.grid import Cells, Sheet, TableFileError, sheets

_HEADER_WITHIN = 30  # rows: INSEE writes titles above the header


class UnknownShapeError(TableFileError):
    """Ce fichier n'a pas les colonnes attendues."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    spellings: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A table we know. ``title`` completes "ce n'est pas ..."; ``bare`` describes the first row of one without header."""

    name: str
    title: str
    columns: tuple[Column, ...]
    bare: tuple[str, ...] = ()

    def places(self, header: Sequence[str]) -> dict[str, tuple[int, str]] | None:
        """Column name -> (position, what its spelling captured), or None when a needed one is missing."""
        plain = [plain_name(name) for name in header]
        found: dict[str, tuple[int, str]] = {}
        for column in self.columns:
            place = _find(column.spellings, plain)
            if place is not None:
                found[column.name] = place
            elif not column.optional:
                return None
        return found

    def bare_places(self, cells: Sequence[str]) -> dict[str, tuple[int, str]] | None:
        if not self.bare or len(cells) < len(self.bare):
            return None
        if all(re.fullmatch(pattern, cell) for pattern, cell in zip(self.bare, cells, strict=False)):
            return {column.name: (index, "") for index, column in enumerate(self.columns)}
        return None

    def wanted(self) -> str:
        return ", ".join(_example(column) for column in self.columns if not column.optional)


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    shape: Shape
    columns: frozenset[str]  # those found, by our names
    captured: dict[str, str]  # column name -> what its spelling captured, as "24" of BE24
    rows: Iterator[Row]


def plain_name(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.strip().lower())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def open_table(path: Path, *shapes: Shape) -> Table:
    """The first of ``shapes`` a sheet of the file has. Raises :class:`TableFileError` saying what was expected."""
    for shape in shapes:
        walk = sheets(path)
        for sheet in walk:
            first = list(islice(sheet.rows, _HEADER_WITHIN))
            for index, (_, cells) in enumerate(first):
                if places := shape.places(cells):
                    return _table(shape, places, chain(first[index + 1 :], sheet.rows), walk)
            if first and (places := shape.bare_places(first[0][1])):
                return _table(shape, places, chain(first, sheet.rows), walk)
    raise UnknownShapeError(_refusal(path, shapes))


def _table(
    shape: Shape, places: dict[str, tuple[int, str]], rows: Iterator[tuple[int, Cells]], walk: Generator[Sheet]
) -> Table:
    indexes = {name: index for name, (index, _) in places.items()}

    def read() -> Iterator[Row]:
        for number, cells in rows:
            if any(cells):
                size = len(cells)
                yield Row(number, {name: cells[at] if at < size else "" for name, at in indexes.items()})
        walk.close()  # the file stays open until its last row

    return Table(shape, frozenset(places), {name: kept for name, (_, kept) in places.items() if kept}, read())


def _refusal(path: Path, shapes: Sequence[Shape]) -> str:
    expected = " ; ou ".join(f"{shape.title} ({shape.wanted()})" for shape in shapes)
    read = [cell for sheet in islice(sheets(path), 1) for _, cells in islice(sheet.rows, 1) for cell in cells if cell]
    return f"{path.name} : colonnes attendues : {expected}. Colonnes lues : {', '.join(read)[:300] or 'aucune'}."


def _find(spellings: Sequence[str], plain: Sequence[str]) -> tuple[int, str] | None:
    """The position of the first spelling any column has."""
    for spelling in spellings:
        for index, name in enumerate(plain):
            if match := re.fullmatch(spelling, name):
                return index, (match.group(1) or "") if match.re.groups else ""
    return None


def _example(column: Column) -> str:
    """A spelling as a person writes it."""
    text = re.sub(r"\((?:\?:)?\\d\{\d\}\)\??|\(\\d\\d\)", "26", column.spellings[0])
    return re.sub(r"[()?\\]", "", text)
