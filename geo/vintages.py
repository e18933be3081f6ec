"""Which edition of each table of the territory is in place: the sources page lists them."""

from __future__ import annotations

from geo.models import Vintage
from geo.sources.shapes import TableFile


def remember(name: str, file: TableFile, rows: int, edition: str = "") -> None:
    """An unchanged file keeps the day it was loaded."""
    known = Vintage.objects.filter(name=name).first()
    said = file.name if not edition else f"{file.name}, édition {edition}"
    if known is None or (known.fingerprint, known.rows, known.source) != (file.sha256, rows, said):
        Vintage.objects.update_or_create(name=name, defaults={"fingerprint": file.sha256, "rows": rows, "source": said})
