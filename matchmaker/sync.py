"""Bring one source up to date: fetch what is new, or take the files given, and import it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from matchmaker.ingest import ingest_firms
from matchmaker.ingest.report import Progress, silent
from matchmaker.models import ImportRun
from matchmaker.sources.catalogue import Source, source
from matchmaker.sources.tables import TableError

Runner = Callable[[Source, Sequence[Path], Progress], list[ImportRun]]


def sync(key: str, files: Sequence[Path] = (), progress: Progress = silent) -> list[ImportRun]:
    """Import a source of the catalogue. Raises UnknownSourceError, or what its importer refuses a file with."""
    wanted = source(key)
    return RUNNERS[key](wanted, files, progress)


def _firms(wanted: Source, files: Sequence[Path], progress: Progress) -> list[ImportRun]:
    if not files:
        raise TableError(f"{wanted.title} : donnez le fichier ({wanted.help}) ; il se trouve sur {wanted.page}.")
    return [ingest_firms(path, progress, source=wanted) for path in files]


# One line a source: who imports it.
RUNNERS: Mapping[str, Runner] = {
    "siae": _firms,
    "esat": _firms,
}
