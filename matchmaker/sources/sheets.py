"""Rows of an XLSX workbook, streamed; of several sheets, the one that fits."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from typing import IO, Any, Final

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from matchmaker.sources.rows import Fits, Row, TableError, as_text, below_header

_MAX_UNPACKED: Final = 2_000_000_000
_ZEROS = re.compile(r"^0{2,14}$")


def read_sheets(file: IO[bytes], name: str, fits: Fits | None = None) -> Iterator[Row]:
    """The rows of the sheet whose header ``fits``, else of the first that has rows under a header."""
    book = _opened(file, name)
    try:
        found = _chosen(book, fits)
        if found is None:
            return
        names, rows = found
        for number, cells in rows:
            values = dict(zip(names, cells, strict=False))
            if any(values.values()):
                yield Row(number, values)
    except (zipfile.BadZipFile, EOFError, KeyError, ValueError, SyntaxError) as error:
        if isinstance(error, TableError):
            raise
        raise TableError(f"{name} : classeur abîmé ; ouvrez-le dans un tableur et enregistrez-le à nouveau.") from error
    finally:
        book.close()


def _opened(file: IO[bytes], name: str) -> Any:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
        if not any(member.filename.startswith("xl/") for member in members):
            raise TableError(f"{name} n'est pas un classeur XLSX : enregistrez-le en XLSX ou en CSV.")
        if sum(member.file_size for member in members) > _MAX_UNPACKED:
            raise TableError(f"{name} : classeur trop grand (plus de 2 Go dépliés) ; enregistrez-le en CSV.")
        file.seek(0)
        with warnings.catch_warnings(action="ignore"):
            return openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, OSError, SyntaxError) as error:
        raise TableError(f"{name} : classeur abîmé ; ouvrez-le dans un tableur et enregistrez-le à nouveau.") from error


def _chosen(book: Any, fits: Fits | None) -> tuple[tuple[str, ...], Iterator[tuple[int, Sequence[str]]]] | None:
    """The first sheet that fits; without one, the first with a header."""
    spare: str | None = None
    for sheet in book.worksheets:
        found = below_header(_cells(sheet), fits)
        if found is None or not found[0]:
            continue
        if fits is None or fits(found[0]):
            return found
        spare = spare or sheet.title
    return below_header(_cells(book[spare])) if spare else None


def _cells(sheet: Any) -> Iterator[list[str]]:
    sheet.reset_dimensions()  # what the file claims of its size is often wrong
    rows = sheet.iter_rows()
    while True:
        with warnings.catch_warnings(action="ignore"):  # extensions openpyxl does not know
            row = next(rows, None)
        if row is None:
            return
        yield [_text(cell) for cell in row]


def _text(cell: Any) -> str:
    """A cell as shown: a number keeps the leading zeros its format writes ("00000" for a postcode)."""
    value = cell.value
    if cell.data_type == "e":
        return ""
    text = as_text(value)
    if isinstance(value, int | float) and text.isdigit() and _ZEROS.match(cell.number_format or ""):
        return text.zfill(len(cell.number_format))
    return text
