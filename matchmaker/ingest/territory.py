"""Files of the territory and of nomenclatures in: loaders do the work, their words go into an import report.

The whole file is one transaction: a vintage appears at once or not at all, so a killed import leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from django.db import transaction

from geo.load_employment import load_hiring, load_jobseekers, load_rome_fap
from geo.load_events import load_events
from geo.load_zonings import load_bassins, load_zonings
from geo.sources.shapes import TableFile
from geo.tally import Tally
from matchmaker.ingest.labels import is_table_of, load_labels
from matchmaker.ingest.registers import MIN_KEPT
from matchmaker.ingest.report import Progress, Report, importing, silent
from matchmaker.models import ImportRun
from matchmaker.reference import reference
from matchmaker.sources import tables
from matchmaker.sources.catalogue import Source

Loader = Callable[[TableFile, Tally], None]


@dataclass(slots=True)
class ReportTally:
    """A loader's words, as entries of an import report.

    Refusals are kept until the end: they come in the middle of a COPY, which has the connection for itself.
    """

    report: Report
    file: str
    format: str
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)  # by place: reason, message

    def outcome(self, **counts: int) -> None:
        self.report.counts.update(counts)
        self.report.formats[self.format].update(counts)

    def refuse(self, line: int, reason: str, message: str) -> None:
        self.refused[f"{self.file}, ligne {line}"] = reason, message

    def warn(self, sentence: str) -> None:
        self.report.warn(sentence)

    def fact(self, words: str, count: int) -> None:
        self.report.facts[words] = count

    def close(self) -> None:
        """Set aside what was refused; lines of this file set aside before, and read this time, leave quarantine."""
        for locator, (reason, message) in self.refused.items():
            self.report.quarantine(locator, reason, message, self.format)
        mine = {name for name in self.report.open_locators if name.startswith(f"{self.file}, ligne ")}
        self.report.mend(mine - set(self.refused))


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file of the disk, as geo's loaders read it."""

    path: Path
    sha256: str

    @property
    def name(self) -> str:
        return self.path.name

    def rows(self, fits: tables.Fits) -> Iterator[tables.Row]:
        return tables.read_rows(self.path, fits)


def ingest_territory(path: Path, source: Source, progress: Progress = silent) -> ImportRun:
    """Import one file by the loader of its source. Raises UnknownShapeError when it has not the columns expected."""
    with importing(source.kind, path.name, source) as report:
        progress(f"{path.name} : lecture")
        load = LOADERS[source.key]()
        report.run.sha256 = tables.sha256(path)
        with transaction.atomic():
            tally = ReportTally(report, path.name, source.key)
            load(GivenFile(path, report.run.sha256), tally)
            tally.close()
            report.save()
    return report.run


def _hiring() -> Loader:
    figures = reference()
    return partial(load_hiring, ceiling=figures.integer("hiring.secret_ceiling"), min_kept=figures[MIN_KEPT])


def _jobseekers() -> Loader:
    figures = reference()
    return partial(load_jobseekers, min_cell=figures.integer("hiring.min_cell"), min_kept=figures[MIN_KEPT])


def _rome_fap(file: TableFile, tally: Tally) -> None:
    """The table of pairs, or the labels of the métiers: one may give either."""
    if is_table_of(file, "fap"):
        load_labels("fap", file, tally)
    else:
        load_rome_fap(file, tally)


LOADERS: Mapping[str, Callable[[], Loader]] = {
    "communes": lambda: load_events,
    "zones": lambda: partial(load_zonings, min_kept=reference()[MIN_KEPT]),
    "bassins": lambda: partial(load_bassins, min_kept=reference()[MIN_KEPT]),
    "bmo": _hiring,
    "demandeurs": _jobseekers,
    "rome_fap": lambda: _rome_fap,
    "cpv": lambda: partial(load_labels, "cpv"),
    "naf": lambda: partial(load_labels, "naf"),
    "formes_juridiques": lambda: partial(load_labels, "legal_form"),
}
