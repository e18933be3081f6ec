"""Rows of a JSON file: an array, one object a line, or an API's answer with its list inside; streamed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final

import ijson

from matchmaker.sources.api_records import rows_of
from matchmaker.sources.json_events import events, items
from matchmaker.sources.rows import Row, TableError

Opener = Callable[[], IO[bytes]]

# Where answers keep their list, and where a single record sits.
_LISTS: Final = frozenset({"etablissements", "unitesLegales", "results", "result", "records", "features", "data"})
_LISTS_TOO: Final = frozenset({"items", "structures", "entreprises", "rows"})
_ONE: Final = ("etablissement", "uniteLegale", "result", "data")
_LINE: Final = 1_000_000  # a first line longer than this is no JSON Lines
_RECORD: Final = 20_000_000  # an answer without a list is read whole, up to this


def read_json(opener: Opener, path: Path) -> Iterator[Row]:
    """One row a record, or several for a legal unit with its establishments."""
    try:
        for number, record in _records(opener, path):
            if not isinstance(record, dict):
                problem = record.problem if isinstance(record, _Broken) else "Cet élément n'est pas un objet JSON."
                yield Row(number, {}, problem=problem)
                continue
            for values in rows_of(record):
                yield Row(number, values)
    except (ijson.JSONError, ValueError, RecursionError) as error:
        if isinstance(error, TableError):
            raise
        raise TableError(
            f"{path.name} : JSON illisible ou tronqué. Ce qui précède est gardé ; demandez le fichier à nouveau."
        ) from error


class _Broken:
    """A line that is no JSON."""

    problem = "Cette ligne n'est pas du JSON lisible : corrigez-la ou demandez le fichier à nouveau."


def _records(opener: Opener, path: Path) -> Iterator[tuple[int, Any]]:
    with opener() as file:
        if _first_character(file) == b"[":
            yield from enumerate(_items(opener, "item"), start=1)
            return
    if _is_lines(opener):
        yield from _lines(opener)
    elif prefix := _list_prefix(opener):
        yield from enumerate(_items(opener, f"{prefix}.item"), start=1)
    else:
        yield 1, _single(opener, path)


def _first_character(file: IO[bytes]) -> bytes:
    head = file.read(4_096).removeprefix(b"\xef\xbb\xbf").lstrip()
    return head[:1]


def _items(opener: Opener, prefix: str) -> Iterator[Any]:
    with opener() as file:
        _skip_mark(file)
        yield from items(file, prefix)


def _skip_mark(file: IO[bytes]) -> None:
    if file.read(3) != b"\xef\xbb\xbf":
        file.seek(0)


def _is_lines(opener: Opener) -> bool:
    """Whether the first line is an object by itself and another follows."""
    with opener() as file:
        _skip_mark(file)
        head = file.readline(_LINE)
        if not head.endswith(b"\n") or not isinstance(_parsed(head), dict):
            return False
        return any(line.strip() for line in iter(lambda: file.readline(_LINE), b""))


def _lines(opener: Opener) -> Iterator[tuple[int, Any]]:
    with opener() as file:
        _skip_mark(file)
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, _parsed(line)


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return _Broken()


def _list_prefix(opener: Opener) -> str:
    """Path of the first list of records an answer holds, "" when it holds a record only."""
    with opener() as file:
        _skip_mark(file)
        for prefix, event, _value in events(file):
            names = prefix.split(".")
            if event == "start_array" and len(names) <= 2 and names[-1] in _LISTS | _LISTS_TOO:
                return str(prefix)
    return ""


def _single(opener: Opener, path: Path) -> Any:
    with opener() as file:
        _skip_mark(file)
        content = file.read(_RECORD + 1)
    if len(content) > _RECORD:
        raise TableError(f"{path.name} : aucune liste de fiches trouvée dans ce JSON.")
    record = json.loads(content)
    for name in _ONE:
        if isinstance(record, dict) and isinstance(record.get(name), dict) and "siren" not in record:
            record = record[name]
    return record
