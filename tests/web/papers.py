"""Read a document as a person or a reading machine does."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.test import Client
from openpyxl import Workbook, load_workbook
from pypdf import PdfReader


def reader(client: Client, address: str) -> PdfReader:
    response = client.get(address)
    assert response.status_code == 200, address
    assert response.headers["Content-Type"] == "application/pdf"
    return PdfReader(io.BytesIO(response.content))


def pdf_text(client: Client, address: str) -> str:
    """All that is printed: pages one after the other, spaces collapsed."""
    pages = [page.extract_text() for page in reader(client, address).pages]
    return " ".join(" ".join(pages).split())


def book_of(client: Client, address: str) -> Workbook:
    response = client.get(address)
    assert response.status_code == 200, address
    return load_workbook(io.BytesIO(response.content))


def rows_of(client: Client, address: str) -> list[dict[str, Any]]:
    response = client.get(address)
    assert response.status_code == 200, address
    assert response.content.startswith(b"\xef\xbb\xbf"), "spreadsheets need the mark to read accents"
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
