"""Which edition of each table of the territory is in place: the sources page lists them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from geo.models import Vintage


def remember(name: str, path: Path, rows: int, edition: str = "") -> None:
    """An unchanged file keeps the day it was loaded."""
    with path.open("rb") as file:
        fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
    known = Vintage.objects.filter(name=name).first()
    said = path.name if not edition else f"{path.name}, édition {edition}"
    if known is None or (known.fingerprint, known.rows, known.source) != (fingerprint, rows, said):
        Vintage.objects.update_or_create(
            name=name, defaults={"fingerprint": fingerprint, "rows": rows, "source": said}
        )
