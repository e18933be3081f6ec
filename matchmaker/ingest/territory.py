"""Files of the territory in: geo's loaders do the work, their words go into an import report.

The whole file is one transaction: a vintage appears at once or not at all, so a killed import leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from django.db import DataError, transaction

from geo.load_employment import load_hiring, load_jobseekers, load_rome_fap
from geo.load_events import load_events
from geo.load_zonings import load_bassins, load_zonings
from geo.sources.grid import TableFileError
from geo.tally import Tally
from matchmaker.ingest.report import Progress, Report, importing, silent
from matchmaker.models import ImportRun
from matchmaker.reference import reference
from matchmaker.sources import tables
from matchmaker.sources.catalogue import Source

Loader = Callable[[Path, Tally], None]


@dataclass(slots=True)
class ReportTally:
    """A loader's words, as entries of an import report."""

    report: Report
    file: str
    format: str
    refused: set[str] = field(default_factory=set)

    def outcome(self, **counts: int) -> None:
        self.report.counts.update(counts)
        self.report.formats[self.format].update(counts)

    def refuse(self, line: int, reason: str, message: str) -> None:
        locator = f"{self.file}, ligne {line}"
        self.refused.add(locator)
        self.report.quarantine(locator, reason, message, self.format)

    def warn(self, sentence: str) -> None:
        self.report.warn(sentence)

    def fact(self, words: str, count: int) -> None:
        self.report.facts[words] = count

    def mend(self) -> None:
        """Lines of this file set aside before, and read this time."""
        mine = {name for name in self.report.open_locators if name.startswith(f"{self.file}, ligne ")}
        self.report.mend(mine - self.refused)


def ingest_territory(path: Path, source: Source, progress: Progress = silent) -> ImportRun:
    """Import one file by the loader of its source. Raises TableError when it has not the columns expected."""
    with importing(source.kind, path.name, source) as report:
        progress(f"{path.name} : lecture")
        tally = ReportTally(report, path.name, source.key)
        try:
            loader = LOADERS[source.key]()
            with transaction.atomic():
                loader(path, tally)
                report.run.sha256 = tables.sha256(path)
                tally.mend()
                report.save()
        except TableFileError as error:
            raise tables.TableError(str(error)) from error
        except DataError as error:
            reason = str(error).splitlines()[0]
            raise tables.TableError(
                f"{path.name} : une valeur ne tient pas dans la base ({reason}) ; rien n'a été changé, "
                "corrigez le fichier."
            ) from error
    return report.run


def _hiring() -> Loader:
    return partial(load_hiring, ceiling=reference().integer("hiring.secret_ceiling"))


def _jobseekers() -> Loader:
    return partial(load_jobseekers, min_cell=reference().integer("hiring.min_cell"))


LOADERS: Mapping[str, Callable[[], Loader]] = {
    "communes": lambda: load_events,
    "zones": lambda: load_zonings,
    "bassins": lambda: load_bassins,
    "bmo": _hiring,
    "demandeurs": _jobseekers,
    "rome_fap": lambda: load_rome_fap,
}
