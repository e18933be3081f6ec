"""Bringing open data in: firms, notices, and the report each import leaves."""

from matchmaker.ingest.awards import ingest_awards
from matchmaker.ingest.firms import ingest_firms
from matchmaker.ingest.notices import ingest_notices
from matchmaker.ingest.refresh import refresh_firms
from matchmaker.ingest.registers import Edition, ingest_units
from matchmaker.ingest.report import ImportBusyError, Progress

__all__ = [
    "Edition",
    "ImportBusyError",
    "Progress",
    "ingest_awards",
    "ingest_firms",
    "ingest_notices",
    "ingest_units",
    "refresh_firms",
]
