"""Read a Mapbox Vector Tile as the specification (2.1) says, points only: what a map would see."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Mark:
    """One point, in the tile's units from its north-west corner, with its properties."""

    x: int
    y: int
    properties: dict[str, Any]


def layers(tile: bytes) -> dict[str, list[Mark]]:
    """Marks by layer; lines and polygons keep their first point."""
    found = {}
    for number, content in _fields(tile):
        assert number == 3, "a tile holds layers and nothing else"
        name, marks = _layer(content)
        found[name] = marks
    return found


def _layer(content: bytes) -> tuple[str, list[Mark]]:
    name, extent, version, keys, values, features = "", 4096, 1, [], [], []
    for number, value in _fields(content):
        match number:
            case 1:
                name = value.decode()
            case 2:
                features.append(value)
            case 3:
                keys.append(value.decode())
            case 4:
                values.append(_value(value))
            case 5:
                extent = value
            case 15:
                version = value
    assert (extent, version) == (4096, 2)
    return name, [_feature(feature, keys, values) for feature in features]


def _feature(content: bytes, keys: list[str], values: list[Any]) -> Mark:
    tags: list[int] = []
    geometry: list[int] = []
    for number, value in _fields(content):
        if number == 2:
            tags = list(_varints(value))
        elif number == 4:
            geometry = list(_varints(value))
    assert geometry[0] & 7 == 1, "it begins with a MoveTo"
    pairs = zip(tags[::2], tags[1::2], strict=True)
    return Mark(_zigzag(geometry[1]), _zigzag(geometry[2]), {keys[key]: values[value] for key, value in pairs})


def _value(content: bytes) -> Any:
    ((number, value),) = _fields(content)
    match number:
        case 1:
            return value.decode()
        case 2:
            return struct.unpack("<f", value)[0]
        case 3:
            return struct.unpack("<d", value)[0]
        case 6:
            return _zigzag(value)
        case 7:
            return bool(value)
        case _:
            return value


def _fields(content: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field: an int, or bytes."""
    at = 0
    while at < len(content):
        head, at = _varint(content, at)
        match head & 7:
            case 0:
                value, at = _varint(content, at)
                yield head >> 3, value
            case 2:
                size, at = _varint(content, at)
                yield head >> 3, content[at : at + size]
                at += size
            case kind:
                size = {1: 8, 5: 4}[kind]
                yield head >> 3, content[at : at + size]
                at += size


def _varints(content: bytes) -> Iterator[int]:
    at = 0
    while at < len(content):
        value, at = _varint(content, at)
        yield value


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (content[at] & 127) << shift
        at += 1
        if content[at - 1] < 128:
            return value, at
        shift += 7


def _zigzag(value: int) -> int:
    return (value >> 1) ^ -(value & 1)
