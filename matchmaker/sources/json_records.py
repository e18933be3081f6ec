"""The records in a JSON file, one at a time: a list, an object that holds one (``results``, ``records``, ``releases``),
JSON Lines, or a lone record. Read as a stream: memory holds one record, whatever the size of the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO, Any, Final

import ijson
from ijson.common import ObjectBuilder

LISTS: Final = ("results", "records", "releases")
LINES: Final = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
_NUMBERS: Final = ("idweb", "id", "ocid")  # what a record may be named after

# Half a pair of UTF-16 is no character: it is read as U+FFFF, which no text holds, so that only its record is lost.
NO_CHARACTER: Final = "\uffff"
_HIGH, _LOW = rb"\\u[dD][89abAB][0-9a-fA-F]{2}", rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_RAW: Final = rb"\xed[\xa0-\xbf][\x80-\xbf]"
_BEGUN: Final = rb"(?:%b)?\\(?:u[0-9a-fA-F]{0,3})?\Z|%b\Z|\xed[\xa0-\xbf]?\Z" % (_HIGH, _HIGH)  # the rest is to come
_OTHERS: Final = rb"(?P<half>%b|%b)|(?P<raw>%b)|\\." % (_HIGH, _LOW, _RAW)
_WHOLE: Final = re.compile(rb"%b%b|%b" % (_HIGH, _LOW, _OTHERS), re.DOTALL)
_PART: Final = re.compile(rb"%b%b|(?P<begun>%b)|%b" % (_HIGH, _LOW, _BEGUN, _OTHERS), re.DOTALL)


class BrokenJsonError(ValueError):
    """Le JSON est mal formé ou incomplet : téléchargez le fichier à nouveau."""


class RecordTooBigError(ValueError):
    """Un enregistrement dépasse la taille admise : ce n'est pas un avis."""


def looks_like_json(content: bytes) -> bool:
    """Whether the first character opens an object or a list."""
    return content[:256].removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))


def encoded(record: Any) -> bytes:
    """A record as the bytes of one document: the same record gives the same bytes, wherever it comes from."""
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")


def name_of(record: Any, rank: int) -> str:
    """A name that stays the same from one download to the next: the record's own number, else its rank."""
    holder = record
    for inside in ("record", "fields", "gestion", "reference"):
        if isinstance(holder, dict) and isinstance(holder.get(inside), dict):
            holder = holder[inside]
    if not isinstance(holder, dict):
        return str(rank)
    numbers = {key: str(number)[:80] for key in _NUMBERS if isinstance(number := holder.get(key), str | int)}
    if "ocid" in numbers and not numbers.get("id", "").startswith(numbers["ocid"]):
        return f"{numbers['ocid']} {numbers.get('id', '')}".strip()  # an id of OCDS is unique below its ocid only
    return next(iter(numbers.values()), str(rank))


def records(stream: IO[bytes], max_bytes: int) -> Iterator[Any]:
    """Each record of ``stream``. Raises :class:`BrokenJsonError` or :class:`RecordTooBigError` after those before."""
    counted = _Counted(stream)
    try:
        events = ijson.basic_parse(_Mended(counted), multiple_values=True, use_float=True)
        yield from _Walk(events, counted, max_bytes).records()
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise BrokenJsonError(BrokenJsonError.__doc__) from error


def lines(stream: IO[bytes], max_bytes: int) -> Iterator[Any]:
    """Each record of JSON Lines; a line that cannot be read is yielded as the error it makes, and the rest goes on."""
    while line := stream.readline(max_bytes + 1):
        if len(line) > max_bytes:
            raise RecordTooBigError(RecordTooBigError.__doc__)
        if not line.strip():
            continue
        try:
            yield json.loads(_mended(line))
        except (ValueError, RecursionError):
            yield BrokenJsonError(BrokenJsonError.__doc__)


def _mended(data: bytes) -> bytes:
    """Halves of a pair, escaped or not, replaced by as many bytes that can be read."""
    return _WHOLE.sub(_readable, data)


def _readable(found: re.Match[bytes]) -> bytes:
    if found["half"]:
        return b"\\uffff"
    return NO_CHARACTER.encode() if found["raw"] else found[0]


class _Mended:
    """A stream mended as it is read. What may be the beginning of an escape waits for the rest of it."""

    def __init__(self, stream: _Counted) -> None:
        self.stream, self.waiting = stream, b""

    def read(self, size: int = -1) -> bytes:
        if size == 0:  # asked to learn that bytes are read
            return b""
        while data := self.stream.read(size):
            text, self.waiting = self.waiting + data, b""
            if mended := _PART.sub(self._part, text):
                return mended
        rest, self.waiting = self.waiting, b""
        return _mended(rest)

    def _part(self, found: re.Match[bytes]) -> bytes:
        if found["begun"]:
            self.waiting = found[0]
            return b""
        return _readable(found)


class _Counted:
    """A stream that knows how much of it was read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.read_bytes = stream, 0

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.read_bytes += len(data)
        return data


class _Walk:
    """The events of a parser, cut into records."""

    def __init__(self, events: Iterator[tuple[str, Any]], counted: _Counted, max_bytes: int) -> None:
        self.events, self.counted, self.max_bytes = events, counted, max_bytes

    def records(self) -> Iterator[Any]:
        for event, value in self.events:
            if event == "start_array":
                yield from self.items()
            elif event == "start_map":
                yield from self.object()
            else:
                yield value

    def items(self) -> Iterator[Any]:
        """The items of a list whose opening was read."""
        for event, value in self.events:
            if event == "end_array":
                return
            yield self.value(event, value)

    def object(self) -> Iterator[Any]:
        """An object whose opening was read: the items of the list it holds, else itself."""
        whole: dict[str, Any] = {}
        held = False
        for event, key in self.events:
            if event == "end_map":
                break
            event, value = next(self.events)
            if key in LISTS and event == "start_array":
                held = True
                yield from self.items()
            else:
                whole[key] = self.value(event, value)
        if not held:
            yield whole

    def value(self, event: str, value: Any) -> Any:
        """The value that begins with this event, read to its end."""
        builder, depth, start = ObjectBuilder(), 0, self.counted.read_bytes
        while True:
            builder.event(event, value)
            depth += event.startswith("start_")
            depth -= event.startswith("end_")
            if depth == 0:
                return builder.value
            if self.counted.read_bytes - start > self.max_bytes:
                raise RecordTooBigError(RecordTooBigError.__doc__)
            event, value = next(self.events)
