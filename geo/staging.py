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
    table: str,
    key: Sequence[str],
    columns: Sequence[str],
    select: str,
    *params: Any,
    along: Sequence[str] = (),
    once: Sequence[str] = (),
) -> Merged:
    """Insert what ``select`` gives (``key``, ``columns``, ``along``, ``once``), or correct what differs.

    Rows whose ``columns`` agree are left alone. ``along`` is rewritten with them but never reason enough; ``once`` is
    what a new row needs, and that is never corrected.
    """
    names = ", ".join(f'"{name}"' for name in [*key, *columns, *along, *once])
    corrected = ", ".join(f'"{name}" = excluded."{name}"' for name in [*columns, *along])
    ours, theirs = (", ".join(f'{side}."{name}"' for name in columns) for side in ("t", "excluded"))
    same = ", ".join(f'"{name}"' for name in key)
    return Merged(
        *one(
            f"""WITH written AS (
                INSERT INTO {table} AS t ({names}) {select}
                ON CONFLICT ({same}) DO UPDATE SET {corrected} WHERE ({ours}) IS DISTINCT FROM ({theirs})
                RETURNING t.xmax = 0 AS is_new)
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
