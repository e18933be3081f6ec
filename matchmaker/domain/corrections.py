"""What changes from one publication to the next: a correction applied, two versions compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Any, Final
from zoneinfo import ZoneInfo

from matchmaker.domain.notice import Change, Notice, NoticeLot, Place

_PARIS: Final = ZoneInfo("Europe/Paris")
COMPARED: Final = (
    "title", "deadline", "start", "duration_months", "amount_eur", "cpvs", "places", "reservation", "documents_url",
)  # fmt: skip
_OF_THE_NOTICE: Final = ("max_lots_bid", "max_lots_won")
LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a tender's history. ``field`` is empty when the change is only told in words."""

    on: date | None
    source: str
    field: str
    lot: str  # "" = the whole notice
    old: str
    new: str


def applied(notice: Notice, change: Change, on: date | None, source: str) -> tuple[Notice, list[Entry]]:
    """The notice once corrected, and what became different. A change that cannot be applied is told in words."""
    lots: list[NoticeLot] = []
    entries: list[Entry] = []
    try:
        for lot in notice.lots:
            concerned = change.lot_id in ("", lot.id)
            corrected = replace(lot, **{change.field: _value(change)}) if concerned else lot
            lots.append(corrected)
            entries += _differences(lot, corrected, (change.field,), on, source)
    except (TypeError, ValueError):  # a field that lots lack, or words where a figure is due
        return notice, [Entry(on, source, "", change.lot_id, change.old[:LONGEST], change.new[:LONGEST])]
    return replace(notice, lots=tuple(lots)), _once_for_all(entries, len(lots))


def _value(change: Change) -> Any:
    text = change.new.strip()
    match change.field:
        case "deadline":
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo else moment.replace(tzinfo=_PARIS)
        case "start":
            return date.fromisoformat(text)
        case "amount_eur" | "duration_months" | "insertion_hours":
            return int(text)
        case "cpvs" | "social" | "green":
            return tuple(text.replace(",", " ").split())
        case "title" | "description" | "documents_url":
            return text
    raise ValueError(change.field)


def compared(before: Notice, after: Notice) -> list[Entry]:
    """What a newer version of a notice, published on its day, changes."""
    on, source = after.published_on or after.dispatched_on, after.source
    entries = list(_differences(before, after, _OF_THE_NOTICE, on, source))
    known = {lot.id: lot for lot in before.lots}
    for lot in after.lots:
        if lot.id in known:
            entries += _differences(known[lot.id], lot, COMPARED, on, source)
        else:
            entries.append(Entry(on, source, "lot", lot.id, "", lot.title[:LONGEST]))
    left = {lot.id for lot in after.lots}
    entries += [Entry(on, source, "lot", lot.id, lot.title[:LONGEST], "") for lot in before.lots if lot.id not in left]
    return _once_for_all(entries, len(after.lots))


def _differences(before: Any, after: Any, names: Sequence[str], on: date | None, source: str) -> Iterator[Entry]:
    lot = before.id if isinstance(before, NoticeLot) else ""
    for name in names:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield Entry(on, source, name, lot, _spelled(old), _spelled(new))


def _spelled(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(_spelled, value))[:LONGEST]
    if isinstance(value, Place):
        return " ".join(filter(None, (value.postcode, value.city, value.nuts)))
    if isinstance(value, Enum):
        return str(value.value)
    return value.isoformat() if isinstance(value, date) else str(value)[:LONGEST]


def _once_for_all(entries: list[Entry], lots: int) -> list[Entry]:
    """One line where all lots changed alike."""
    alike: dict[Entry, int] = {}
    for entry in entries:
        whole = replace(entry, lot="")
        alike[whole] = alike.get(whole, 0) + 1
    folded = (replace(e, lot="") if alike[replace(e, lot="")] == lots and e.field != "lot" else e for e in entries)
    return list(dict.fromkeys(folded))
