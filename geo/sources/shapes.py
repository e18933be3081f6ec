"""Recognising an official table by its columns: each column is declared with the spellings it has had.

Producers rename and move columns every year (``BE24`` becomes ``BE26``); a spelling is a regular expression on
the plain name (no capital, no accent, ``_`` for the rest) and its first group, if any, is kept: the year.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

Fits = Callable[[tuple[str, ...]], bool]


class UnknownShapeError(ValueError):
    """Ce fichier n'a pas les colonnes attendues."""


class FileRow(Protocol):
    @property
    def number(self) -> int: ...

    @property
    def values(self) -> Mapping[str, str]: ...


class TableFile(Protocol):
    """A file that can be read as a table, whatever it is stored in: whoever calls a loader hands one in."""

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    def rows(self, fits: Fits) -> Iterator[FileRow]:
        """Rows under the header that fits, else under what looks like one; each call reads from the start."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    spellings: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column of ours is: its heading in the file, and what the spelling captured ("24" of BE24)."""

    heading: str
    captured: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A table we know. ``bare``: the patterns its first row has when the file has no header."""

    title: str
    columns: tuple[Column, ...]
    bare: tuple[str, ...] = ()

    def places(self, header: Sequence[str]) -> dict[str, Place] | None:
        """Where each column is, or None when a needed one is missing."""
        plain = [(heading, plain_name(heading)) for heading in header]
        found: dict[str, Place] = {}
        for column in self.columns:
            place = _find(column.spellings, plain)
            if place is not None:
                found[column.name] = place
            elif not column.optional:
                return None
        return found

    def bare_places(self, header: Sequence[str]) -> dict[str, Place] | None:
        """The same when what was taken for a header is the first row itself."""
        if not self.bare or len(header) < len(self.bare):
            return None
        if not all(re.fullmatch(pattern, cell) for pattern, cell in zip(self.bare, header, strict=False)):
            return None
        return {column.name: Place(header[index], "") for index, column in enumerate(self.columns)}

    def wanted(self) -> str:
        return ", ".join(_example(column) for column in self.columns if not column.optional)


@dataclass(frozen=True, slots=True)
class Row:
    """One row by our names of columns; a column the file has not is empty."""

    number: int
    values: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


@dataclass(frozen=True, slots=True)
class Table:
    shape: Shape
    places: dict[str, Place]
    rows: Iterator[Row]

    def captured(self, *columns: str) -> str:
        """The first thing the heading of any of these columns told."""
        told = (self.places[name].captured for name in columns if name in self.places)
        return next((one for one in told if one), "")


def plain_name(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.strip().lower())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def open_table(file: TableFile, *shapes: Shape) -> Table:
    """The file as the first of ``shapes`` it has. Raises :class:`UnknownShapeError` saying what was expected."""
    read: tuple[str, ...] = ()
    for shape in shapes:
        header, rows = _opened(file, shape)
        read = read or header
        if places := shape.places(header):
            return Table(shape, places, _named(rows, places))
        if places := shape.bare_places(header):
            first = Row(1, {name: place.heading for name, place in places.items()})
            return Table(shape, places, chain([first], _named(rows, places)))
    expected = " ; ou ".join(f"{shape.title} ({shape.wanted()})" for shape in shapes)
    said = ", ".join(read)[:300] or "aucune"
    raise UnknownShapeError(f"{file.name} : colonnes attendues : {expected}. Colonnes lues : {said}.")


def _opened(file: TableFile, shape: Shape) -> tuple[tuple[str, ...], Iterator[FileRow]]:
    """The headings of the sheet that fits, even those its first row is too short to fill."""
    seen: list[tuple[str, ...]] = []

    def fits(names: tuple[str, ...]) -> bool:
        fit = shape.places(names) is not None
        if fit:
            seen.append(names)
        return fit

    rows = file.rows(fits)
    first = next(rows, None)
    if first is None:
        return (seen[-1] if seen else ()), iter(())
    return (seen[-1] if seen else tuple(first.values)), chain([first], rows)


def _named(rows: Iterator[FileRow], places: Mapping[str, Place]) -> Iterator[Row]:
    headings = [(name, place.heading) for name, place in places.items()]
    for row in rows:
        values = {name: row.values.get(heading, "") for name, heading in headings}
        if any(values.values()):
            yield Row(row.number, values)


def _find(spellings: Sequence[str], plain: Sequence[tuple[str, str]]) -> Place | None:
    """The column with the first spelling any has."""
    for spelling in spellings:
        for heading, name in plain:
            if match := re.fullmatch(spelling, name):
                return Place(heading, (match.group(1) or "") if match.re.groups else "")
    return None


def _example(column: Column) -> str:
    """A spelling as a person writes it."""
    return re.sub(r"[()?:\\]", "", column.spellings[0].replace(r"(\d{4})", "2026").replace(r"(\d\d)", "26"))
