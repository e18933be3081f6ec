"""Tables of the territory written for a test, opened as importers open them."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import openpyxl

from matchmaker.ingest.territory import GivenFile


def given(path: Path) -> GivenFile:
    return GivenFile(path, "0" * 64)


def text_file(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def workbook(path: Path, **sheets: Sequence[Sequence[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path
