"""Bring one source up to date: fetch what is new, or take the files given, and import it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from matchmaker.changes import ask_rematch
from matchmaker.ingest import Edition, ingest_awards, ingest_firms, ingest_notices, ingest_units
from matchmaker.ingest.boamp import collect_boamp, ingest_boamp
from matchmaker.ingest.report import Origin, Progress, reading, silent
from matchmaker.ingest.sirene import ingest_sirene
from matchmaker.ingest.territory import LOADERS, ingest_territory
from matchmaker.locks import ImportBusyError, holding, of_source
from matchmaker.models import ImportRun, SourceState
from matchmaker.refresh import refresh_from_awards
from matchmaker.sources.catalogue import Source, source
from matchmaker.sources.downloads import Download, download
from matchmaker.sources.http import PoliteClient

Runner = Callable[[Source, Sequence[Path], Progress], list[ImportRun]]


class CannotFetchError(RuntimeError):
    """Cette source ne se télécharge pas : donnez son fichier."""


def sync(
    key: str, files: Sequence[Path] = (), progress: Progress = silent, *, since: date | None = None
) -> list[ImportRun]:
    """Import a source of the catalogue: these files, or what its producer offers, since a day if asked.

    Returns no run when nothing changed at the producer's. Raises UnknownSourceError, ImportBusyError,
    CannotFetchError, a SourceError of the network, or what the importer refuses a file with.
    """
    wanted = source(key)
    with _watched(wanted, progress, fetching=not files) as say:
        if since:
            return _runner_since(wanted)(wanted, since, say)
        if files:
            return _import(wanted, files, [_origin(path) for path in files], say)
        if not wanted.urls:
            return _runner(wanted)(wanted, (), say)  # a client of its own, or a sentence that asks for a file
        got = _fetch(wanted, say)
        if all(one.unchanged for one in got) and _imported(wanted, got):
            say(f"{wanted.title} : rien de nouveau depuis le dernier import.")
            return []
        return _import(wanted, [one.path for one in got], [_origin(one.path, one) for one in got], say)


def in_one_sentence(error: Exception, wanted: Source) -> str:
    """What to tell people of an error: its own sentence when it is one of ours."""
    if error.__class__.__module__.split(".")[0] in ("geo", "matchmaker"):
        return str(error).replace("\x00", "")  # of a file that is no text
    return f"{wanted.title} : erreur inattendue ({type(error).__name__} : {error}) ; relancer reprend sans rien perdre."


def _import(wanted: Source, files: Sequence[Path], origins: Sequence[Origin], progress: Progress) -> list[ImportRun]:
    with reading(origins):
        return _runner(wanted)(wanted, files, progress)


def _fetch(wanted: Source, progress: Progress) -> list[Download]:
    with PoliteClient() as client:
        return [download(client, url, settings.DOWNLOADS / wanted.key, progress) for url in wanted.urls]


def _imported(wanted: Source, got: Sequence[Download]) -> bool:
    """Did an import of exactly these files come to its end? One query."""
    runs = ImportRun.objects.filter(source_key=wanted.key, state=ImportRun.State.DONE).order_by("-pk")
    read = {file["sha256"] for run in runs[: len(got)] for file in run.details.get("files", [])}
    return {one.sha256 for one in got} <= read


def _origin(path: Path, got: Download | None = None) -> Origin:
    if got:
        return Origin(path.name, got.url, got.sha256, got.modified, got.size)
    if path.is_dir():
        parts = [_origin(part) for part in sorted(path.rglob("*")) if part.is_file()]
        together = hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest()
        return Origin(path.name, sha256=together, size=sum(part.size for part in parts))
    if not path.is_file():
        return Origin(path.name)  # the importer says so
    with path.open("rb") as file:
        return Origin(path.name, sha256=hashlib.file_digest(file, "sha256").hexdigest(), size=path.stat().st_size)


@contextmanager
def _watched(wanted: Source, progress: Progress, *, fetching: bool) -> Iterator[Progress]:
    """Hold the source; keep what is said where pages read it, and how it ended."""
    busy = f"{wanted.title} : une mise à jour est déjà en cours, attendez sa fin."
    with holding(of_source(wanted.key), busy):
        SourceState.objects.update_or_create(
            key=wanted.key, defaults={"tried_at": timezone.now(), "words": "", "error": ""}
        )
        state = SourceState.objects.filter(key=wanted.key)
        told = 0.0

        def say(words: str) -> None:
            nonlocal told
            progress(words)
            if time.monotonic() - told > 1:
                told = time.monotonic()
                state.update(words=words[:200])

        try:
            yield say
        except ImportBusyError:  # of the tables it writes: whoever asked for this source still waits for it
            state.update(words="attend la fin d'un autre import")
            raise
        except Exception as error:
            state.update(words="", error=in_one_sentence(error, wanted), asked_at=None)
            raise
        state.update(words="", asked_at=None, **({"checked_at": timezone.now()} if fetching else {}))


# ---------------------------------------------------------------- who imports what


def _firms(wanted: Source, files: Sequence[Path], progress: Progress) -> list[ImportRun]:
    return [ingest_firms(path, progress, source=wanted) for path in _given(wanted, files)]


def _sirene(wanted: Source, files: Sequence[Path], progress: Progress) -> list[ImportRun]:
    return [ingest_sirene(_given(wanted, files), progress, source=wanted)]


def _territory(wanted: Source, files: Sequence[Path], progress: Progress) -> list[ImportRun]:
    return [ingest_territory(path, wanted, progress) for path in _given(wanted, files)]


def _register(wanted: Source, files: Sequence[Path], progress: Progress) -> list[ImportRun]:
    """All files together are one edition: who is in none of them leaves the register."""
    edition = Edition(wanted.key)
    last = len(_given(wanted, files)) - 1
    return [
        ingest_firms(path, progress, source=wanted, edition=edition, last=place == last)
        for place, path in enumerate(files)
    ]


def _units(wanted: Source, files: Sequence[Path], progress: Progress) -> list[ImportRun]:
    return ingest_units(_given(wanted, files), progress, source=wanted)


def _boamp(wanted: Source, files: Sequence[Path], progress: Progress) -> list[ImportRun]:
    return [ingest_boamp(wanted, files, progress) if files else collect_boamp(wanted, progress)]


def _notices(wanted: Source, files: Sequence[Path], progress: Progress) -> list[ImportRun]:
    return [ingest_notices(_given(wanted, files), progress, source=wanted)]


def _boamp_since(wanted: Source, since: date, progress: Progress) -> list[ImportRun]:
    return [collect_boamp(wanted, progress, since=since)]


def _given(wanted: Source, files: Sequence[Path]) -> Sequence[Path]:
    if not files:
        raise CannotFetchError(f"{wanted.title} : donnez le fichier ({wanted.help}) ; il se trouve sur {wanted.page}.")
    return files


def _awards(wanted: Source, files: Sequence[Path], progress: Progress) -> list[ImportRun]:
    """Contracts in, then what follows from them."""
    runs = [ingest_awards(path, progress, source=wanted) for path in _given(wanted, files)]
    refresh_from_awards(timezone.localdate())
    ask_rematch()
    return runs


def _runner(wanted: Source) -> Runner:
    return RUNNERS[wanted.key]


def _runner_since(wanted: Source) -> Callable[[Source, date, Progress], list[ImportRun]]:
    try:
        return SINCE[wanted.key]
    except KeyError:
        raise CannotFetchError(f"{wanted.title} : cette source ne se demande pas depuis une date.") from None


# One line a source: who imports it, from these files or, when there are none, from its own client.
RUNNERS: Mapping[str, Runner] = {
    "sirene": _sirene,
    "siae": _register,
    "ea": _register,
    "esat": _register,
    "geiq": _register,
    "esus": _units,
    "ess_france": _units,
    "api_sirene": _firms,
    "recherche_entreprises": _firms,
    "decp": _awards,
    **dict.fromkeys(LOADERS, _territory),
    "boamp": _boamp,
    "ted": _notices,
    "ocds": _notices,
}
# Sources that can be asked again from a day on.
SINCE: Mapping[str, Callable[[Source, date, Progress], list[ImportRun]]] = {"boamp": _boamp_since}
