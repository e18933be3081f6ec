"""A file beside the tables, then into them: rows stream into a temporary table, a few statements do the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

Rows = Iterable[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Merged:
    new: int
    changed: int


def stage(columns: Mapping[str, str], rows: Rows) -> int:
    """Copy rows into the temporary table ``staged`` of this transaction. Returns how many."""
    count = 0
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS staged")
        declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        cursor.execute(f"CREATE TEMP TABLE staged ({declared}) ON COMMIT DROP")
        with cursor.copy(f"COPY staged ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
                count += 1
        cursor.execute("ANALYZE staged")
    return count


def merge(
    table: str, key: Sequence[str], columns: Sequence[str], select: str, *params: Any, once: Sequence[str] = ()
) -> Merged:
    """Insert what ``select`` gives (``key``, ``columns``, ``once``), or correct what differs; rows that agree are left.

    ``once`` are columns a new row needs, and that are never corrected.
    """
    names = [*key, *columns, *once]
    values = ", ".join(f"t.{name}" for name in columns)
    fresh = ", ".join(f"excluded.{name}" for name in columns)
    action = (
        f"UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in columns)} "
        f"WHERE ({values}) IS DISTINCT FROM ({fresh})"
        if columns
        else "NOTHING"
    )
    return Merged(
        *one(
            f"""WITH written AS (
                INSERT INTO {table} AS t ({", ".join(names)}) {select}
                ON CONFLICT ({", ".join(key)}) DO {action} RETURNING t.xmax = 0 AS is_new)
            SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written""",
            *params,
        )
    )


def run(sql: str, *params: Any) -> int:
    """Execute; returns how many rows were touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def every(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def one(sql: str, *params: Any) -> tuple[Any, ...]:
    return every(sql, *params)[0]
