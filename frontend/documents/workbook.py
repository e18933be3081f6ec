"""Workbooks (XLSX) in the house's style: text that no spreadsheet runs, money and shares as numbers, calm headers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from io import BytesIO

from django.http import HttpResponse
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from frontend.exports import FORMULA_STARTS

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EUROS, SHARE, COUNT, KM = '#,##0" €"', "0.0%", "#,##0", '0" km"'

TEAL, INK, SOFT, INPUT, WARN = "FF0B6B63", "FF1B1F24", "FFE6F0EF", "FFFFF7E0", "FFA63A2B"
_LINE = Border(bottom=Side(style="thin", color="FFC9CFD3"))
_TOP = Alignment(vertical="top", wrap_text=True)


def new_book(title: str, first: str) -> tuple[Workbook, Worksheet]:
    book = Workbook()
    book.properties.creator = "Maillage"
    book.properties.title = _clean(title)
    sheet = book.active
    sheet.title = first
    return book, sheet


def put(sheet: Worksheet, row: int, column: int, value: object, number_format: str = "") -> Cell:
    """Write data. Text stays text, whatever it begins with: it is never read as a formula."""
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        cell.value, cell.data_type = _clean(value), "s"
        cell.quotePrefix = value.startswith(FORMULA_STARTS)
    else:
        cell.value = value
    if number_format:
        cell.number_format = number_format
    return cell


def formula(sheet: Worksheet, row: int, column: int, text: str, number_format: str = "") -> Cell:
    """Write a formula of ours: ``text`` never holds anything but references and constants."""
    cell = sheet.cell(row, column, f"={text}")
    if number_format:
        cell.number_format = number_format
    return cell


def heading(sheet: Worksheet, row: int, titles: Sequence[str]) -> None:
    for column, title in enumerate(titles, start=1):
        cell = put(sheet, row, column, title)
        cell.font = Font(bold=True, color="FFFFFFFF")
        cell.fill = PatternFill("solid", start_color=TEAL)
        cell.alignment = Alignment(vertical="center", wrap_text=True)


def title(sheet: Worksheet, row: int, text: str) -> None:
    put(sheet, row, 1, text).font = Font(bold=True, size=14, color=TEAL)


def quiet(cell: Cell) -> None:
    cell.font = Font(color="FF5A6B7B")


def editable(cell: Cell) -> None:
    """Looks like a field: what a person may change, everything else follows."""
    cell.fill = PatternFill("solid", start_color=INPUT)
    cell.border = _LINE


def total(cell: Cell) -> None:
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", start_color=SOFT)


def lines(sheet: Worksheet, rows: Iterable[Sequence[str]], first: int = 1) -> int:
    """Rows of text, the first column in bold; returns the row after the last."""
    row = first
    for row, texts in enumerate(rows, start=first):
        for column, text in enumerate(texts, start=1):
            cell = put(sheet, row, column, text)
            cell.alignment = _TOP
            if column == 1:
                cell.font = Font(bold=True)
    return row + 1


def widths(sheet: Worksheet, sizes: Sequence[float]) -> None:
    for column, size in enumerate(sizes, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = size


def ready_to_print(sheet: Worksheet, header_row: int = 0) -> None:
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    if header_row:
        sheet.print_title_rows = f"{header_row}:{header_row}"


def answer(book: Workbook, name: str) -> HttpResponse:
    buffer = BytesIO()
    book.save(buffer)
    response = HttpResponse(buffer.getvalue(), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response


def _clean(text: str) -> str:
    """Without the control characters a workbook cannot hold; thousands' thin spaces as plain no-break ones."""
    return re.sub("\u202f", "\u00a0", ILLEGAL_CHARACTERS_RE.sub("", text))
