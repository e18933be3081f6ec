"""Locks that PostgreSQL holds for a process and lets go of when it dies, however it dies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection


class ImportBusyError(RuntimeError):
    """Un import de ce type est déjà en cours : attendez sa fin, puis relancez."""


@contextmanager
def holding(name: str, message: str = "") -> Iterator[None]:
    """Hold a lock for the block. Raises :class:`ImportBusyError` at once when another process has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name])
        if not cursor.fetchone()[0]:
            raise ImportBusyError(message or ImportBusyError.__doc__)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Hold a lock that others share, once they let go of it; those who come meanwhile wait."""
    with _waited(name, "pg_advisory_lock", "pg_advisory_unlock"):
        yield


@contextmanager
def sharing(name: str) -> Iterator[None]:
    """Hold a lock together with others who share it; wait for the one who holds it alone."""
    with _waited(name, "pg_advisory_lock_shared", "pg_advisory_unlock_shared"):
        yield


@contextmanager
def _waited(name: str, lock: str, unlock: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(hashtext(%s))", [name])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {unlock}(hashtext(%s))", [name])


def held(names: Iterable[str]) -> set[str]:
    """Which of these locks some living process holds. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM unnest(%s::text[]) name JOIN pg_locks l"
            " ON l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted"
            " AND ((l.classid::bigint << 32) | l.objid::bigint) = hashtext(name)::bigint"
            " JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()",
            [list(names)],
        )
        return {row[0] for row in cursor.fetchall()}


def of_kind(kind: str) -> str:
    """The lock of an import: two that write the same tables never run together."""
    return f"maillage import {kind}"


def of_source(key: str) -> str:
    """The lock of a source, from the first byte it sends to the last row written."""
    return f"maillage source {key}"
