"""Between PostgreSQL and duckdb: COPY's text format, quoting, and tables that pass through a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
from django.db import connection


def as_copied(value: object) -> str:
    """A value in COPY's text format."""
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, list):  # of codes
        return "{" + ",".join(map(str, value)) + "}"
    text = value.isoformat() if isinstance(value, date) else str(value)
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def quoted(column: str) -> str:
    return f'"{column}"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def pull(
    db: duckdb.DuckDBPyConnection, folder: Path, table: str, query: str, types: str, given: Sequence[str] = ()
) -> None:
    """A table of duckdb from a query of PostgreSQL, through a file: never in memory."""
    path = folder / f"{table}.csv"
    with path.open("w", encoding="utf-8") as file, connection.chunked_cursor() as cursor:
        cursor.execute(query, given or None)
        for (lines,) in cursor:
            file.write(lines + "\n")
    load(db, path, table, dict(column.split() for column in types.split(", ")), null="")
    path.unlink()


def load(db: duckdb.DuckDBPyConnection, path: Path, table: str, types: dict[str, str], null: str = "<NULL>") -> None:
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
    db.execute(
        f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM read_csv('{path}', columns = {{{columns}}}, header = false, "
        f"auto_detect = false, delim = ',', quote = '\"', escape = '\"', nullstr = '{null}')"
    )
