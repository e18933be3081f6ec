"""Values of OCDS objects, whatever their publisher put there: what is not of the shape expected reads as nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from matchmaker.sources import fields

type Object = Mapping[str, Any]


def object_of(holder: Object, *path: str) -> Object:
    found: Any = holder
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def list_of(holder: Object, key: str) -> list[Any]:
    found = holder.get(key)
    return found if isinstance(found, list) else []


def objects_of(holder: Object, *path: str) -> list[Object]:
    return [item for item in list_of(object_of(holder, *path[:-1]), path[-1]) if isinstance(item, Mapping)]


def text_of(holder: Object, key: str) -> str:
    found = holder.get(key)
    return " ".join(str(found).split()) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def prose_of(holder: Object, key: str) -> str:
    """Prose: lines kept, contact details removed."""
    found = holder.get(key)
    return fields.tidy(found) if isinstance(found, str) else ""


def count_of(holder: Object, key: str) -> int | None:
    found = holder.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 10**6 else None


def day_of(text: str) -> date | None:
    return fields.parse_date(text)


def moment_of(text: str) -> datetime | None:
    day, _, hour = text.partition("T")
    try:
        moment = datetime.fromisoformat(text) if hour else None
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is not None:
        return moment
    return fields.parse_deadline(day, hour)
