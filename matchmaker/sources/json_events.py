"""JSON from strangers, streamed: a few kilobytes of brackets must not fill the memory."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, Protocol

import ijson

MAX_DEPTH: Final = 100


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def events(stream: Readable) -> Iterator[tuple[str, str, Any]]:
    """What ``ijson.parse`` gives; integers may be of any size, other numbers are floats.

    Raises ``ijson.JSONError`` where nesting has no end.
    """
    return iter(ijson.parse(_shallow(stream)))


def items(stream: Readable, prefix: str) -> Iterator[Any]:
    """What ``ijson.items`` gives."""
    return iter(ijson.items(events(stream), prefix))


def _shallow(stream: Readable) -> Iterator[tuple[str, Any]]:
    depth = 0
    for event, value in ijson.basic_parse(stream):
        if event in ("start_array", "start_map"):
            depth += 1
            if depth > MAX_DEPTH:
                raise ijson.JSONError(f"plus de {MAX_DEPTH} niveaux imbriqués")
        elif event in ("end_array", "end_map"):
            depth -= 1
        yield event, float(value) if isinstance(value, Decimal) else value
