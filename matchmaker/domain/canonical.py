"""A notice as plain JSON and back, exactly: what the database keeps of a publication.

Fields at their default are left out, so that a field added later does not change what is already kept.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from matchmaker.domain.notice import Buyer, Notice

type Json = dict[str, Any]


def to_json(notice: Notice) -> Json:
    """Plain values only: what ``json.dumps`` accepts."""
    plain: Json = _plain(notice)
    return plain


def from_json(content: Json) -> Notice:
    """The notice that :func:`to_json` made ``content`` of."""
    notice: Notice = _built(Notice, content)
    return notice


def buyer_from_json(content: Json) -> Buyer:
    """The buyer of what :func:`to_json` made: the part that sorting notices needs of it."""
    buyer: Buyer = _built(Buyer, content)
    return buyer


def text_of(notice: Notice) -> str:
    """One spelling a notice: equal notices give equal texts."""
    return json.dumps(to_json(notice), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(notice: Notice, *more: object) -> str:
    """Of the notice, and of whatever else what is kept depends on."""
    text = json.dumps([text_of(notice), *more], default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        pairs = ((item, getattr(value, item.name)) for item in fields(value))
        return {item.name: _plain(held) for item, held in pairs if item.default is MISSING or held != item.default}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    return value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _built(kind: Any, value: Any) -> Any:
    """``value`` as the type that the dataclass says its field has. Raises TypeError or ValueError for another."""
    if get_origin(kind) is UnionType:  # only "X | None" here
        return None if value is None else _built(next(arm for arm in get_args(kind) if arm is not NoneType), value)
    if get_origin(kind) is tuple:
        return tuple(_built(get_args(kind)[0], item) for item in _checked(list, value))
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        held = _checked(dict, value).items()
        return kind(**{name: _built(hints[name], item) for name, item in held if name in hints})
    if kind is datetime or kind is date:
        return kind.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return _checked(kind, value)


def _checked(kind: Any, value: Any) -> Any:
    """Exactly of this type: ``True`` is no number."""
    if type(value) is not kind:
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
