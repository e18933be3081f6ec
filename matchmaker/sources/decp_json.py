"""DECP as JSON: ``{"marches": [...]}`` (2019), ``{"marches": {"marche": [...], "contrat-concession": [...]}}``
(2022), a bare list, or one object a line. Streamed: no file is ever held whole.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import IO, Any

import ijson

from matchmaker.domain.award import AwardRecord, RefusedAward
from matchmaker.sources.decp_fields import award_of
from matchmaker.sources.json_events import events, items

_LISTS = ("item", "marches.item", "marches.marche.item", "marches.contrat-concession.item")
_NO_NUMBER = re.compile(r"(?<=[:,\[\s])-?(?:NaN|Infinity)(?=\s*[,}\]\s])")
_TAIL = 16  # a token cut by the edge of a chunk waits for the next


class Clean:
    """A stream of strict JSON: a byte order mark dropped, broken UTF-8 replaced, NaN (of pandas) turned into null."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._waiting = ""

    def read(self, size: int = -1) -> bytes:
        if size == 0:  # ijson asks for nothing, to see what kind of nothing it gets
            return b""
        chunk = self._stream.read(max(size, 65_536))
        text = _NO_NUMBER.sub("null", self._waiting + self._decoder.decode(chunk, final=not chunk))
        if chunk:
            text, self._waiting = text[:-_TAIL], text[-_TAIL:]
        else:
            self._waiting = ""
        return text.encode() if text or not chunk else self.read(size)


def read(stream: IO[bytes], name: str) -> Iterator[AwardRecord | RefusedAward]:
    lines = ".jsonl" in name.lower() or _is_lines(stream)
    stream.seek(0)
    found = _lines(stream, name) if lines else _lists(stream, name)
    for locator, value in found:
        yield value if isinstance(value, RefusedAward) else award_of(value, locator)


def _is_lines(stream: IO[bytes]) -> bool:
    """Whether a whole contract stands on the first line, or on the second when the first is broken."""
    for line in _first_lines(stream):
        if line.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
            return False
        try:
            value = json.loads(_NO_NUMBER.sub("null", line.decode("utf-8-sig", "replace")))
        except (ValueError, RecursionError):
            continue
        return isinstance(value, dict) and "marches" not in value
    return False


def _first_lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Two lines; none where the file is cut before: its lists may still be read up to there."""
    try:
        yield stream.readline(1 << 20)
        yield stream.readline(1 << 20)
    except EOFError:
        return


def _lines(stream: IO[bytes], name: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(stream, start=1):
        locator = f"{name}, ligne {number}"
        text = line.decode("utf-8", "replace").strip().removeprefix("\ufeff")
        if not text:
            continue
        try:
            yield locator, json.loads(_NO_NUMBER.sub("null", text))
        except (ValueError, RecursionError):
            yield (
                locator,
                RefusedAward(
                    locator, "json_illisible", f"{locator} : ce n'est pas un objet JSON ; corrigez la ligne.", line
                ),
            )


def _lists(stream: IO[bytes], name: str) -> Iterator[tuple[str, Any]]:
    """The objects of each list the file has, one pass a list. Damage is told once, after what precedes it."""
    number = 0
    damage: Exception | None = None
    for prefix in _prefixes(stream):
        stream.seek(0)
        try:
            for value in items(Clean(stream), prefix):
                number += 1
                yield f"{name}, contrat {number}", value
        except (ijson.JSONError, EOFError, ValueError) as error:  # ValueError: a number of thousands of digits
            damage = error
    if damage:
        yield name, _damaged(name, damage)
    elif not number:
        stream.seek(0)
        single = _single(stream)
        if single is not None:
            yield f"{name}, contrat 1", single
        else:
            yield (
                name,
                RefusedAward(
                    name,
                    "aucun_contrat",
                    f"{name} : aucun contrat trouvé ; attendez-vous à « marches » ou à une liste.",
                ),
            )


def _prefixes(stream: IO[bytes]) -> tuple[str, ...]:
    """Where the lists are: told by the first one."""
    stream.seek(0)
    try:
        arrays = (prefix for prefix, event, _ in events(Clean(stream)) if event == "start_array")
        first = next((prefix for prefix in arrays if f"{prefix}.item".removeprefix(".") in _LISTS), "marches.marche")
    except (ijson.JSONError, EOFError, ValueError):
        first = ""
    return {"": _LISTS[:1], "marches": _LISTS[1:2]}.get(first, _LISTS[2:])


def _single(stream: IO[bytes]) -> Any:
    """A file that is one contract."""
    try:
        value = json.loads(stream.read(1 << 20))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and "id" in value else None


def _damaged(name: str, error: Exception) -> RefusedAward:
    why = " ".join(str(error).split())[:80]
    return RefusedAward(
        name,
        "json_illisible",
        f"{name} : le JSON est incomplet ou abîmé ({why}). Ce qui précède est gardé ; téléchargez-le à nouveau.",
    )
