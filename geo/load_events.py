"""Communes that disappeared: kept under their old code, pointing to the commune that holds them today."""

from __future__ import annotations

from geo.domain.codes import search_name
from geo.models import Commune
from geo.sources.shapes import TableFile, open_table
from geo.sources.zones import EVENTS, Event, Refused, read_events
from geo.staging import merge, stage
from geo.tally import Tally
from geo.vintages import remember

_COPIED = ("kind", "name", "search_name", "departement_id", "point")
_EMPTY = ("postcodes", "arrondissement_code", "epci_code", "epci_name")


def load_events(file: TableFile, tally: Tally) -> None:
    """Follow INSEE's events from each vanished code to a commune of today, and keep the code as a former commune."""
    last: dict[str, Event] = {}
    read = refused = 0
    for item in read_events(open_table(file, EVENTS)):
        read += 1
        if isinstance(item, Refused):
            refused += 1
            tally.refuse(item.line, item.reason, item.message)
        elif item.before not in last or item.day >= last[item.before].day:
            last[item.before] = item
    current = set(Commune.objects.filter(kind=Commune.Kind.COMMUNE).values_list("code", flat=True))
    vanished = {code: _today(code, last, current) for code in last if code not in current}
    stage(
        {"code": "text", "name": "text", "plain": "text", "parent": "text"},
        ((code, last[code].name, search_name(last[code].name), end) for code, end in vanished.items() if end),
    )
    merged = merge(
        "geo_commune",
        ["code"],
        ["parent_id"],
        """SELECT s.code, s.parent, 'former', s.name, s.plain, p.departement_id, p.point, '{}', '', '', ''
           FROM staged s JOIN geo_commune p ON p.code = s.parent""",
        once=[*_COPIED, *_EMPTY],
    )
    # Several events end in one commune of today: what is not written says nothing new.
    unchanged = read - refused - merged.new - merged.changed
    tally.outcome(read=read, new=merged.new, changed=merged.changed, unchanged=unchanged)
    tally.fact("communes disparues rattachées", sum(1 for end in vanished.values() if end))
    remember("événements de communes", file, read, max((event.day for event in last.values()), default=""))


def _today(code: str, last: dict[str, Event], current: set[str]) -> str | None:
    """The commune of today at the end of a chain of events."""
    seen: set[str] = set()
    while code not in current:
        if code in seen or code not in last:
            return None
        seen.add(code)
        code = last[code].after
    return code
