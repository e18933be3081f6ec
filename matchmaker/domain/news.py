"""What is worth telling of a lot's answer that changed: who entered the best placed, left them, can now do it alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

ENTERED, LEFT, SOLO, NEW_LOT = "entered", "left", "solo", "new_lot"


class Place(NamedTuple):
    """Where a firm stands in an answer: its rank from 1, and whether it can do the lot alone."""

    rank: int
    solo: bool


class Told(NamedTuple):
    firm: int
    kind: str
    rank: int | None  # as it stands now; None when it is no longer in the answer


def told(
    before: Mapping[int, Place],
    after: Mapping[int, Place],
    *,
    best: int,
    first: bool = False,
    arrived: Collection[int] = (),
    stronger: Collection[int] = (),
) -> Iterator[Told]:
    """Differences between two answers of a lot, by firm. ``best`` ranks are told.

    ``first``: the lot had no answer yet, all its firms learn of it. Of the firms that changed, ``arrived`` were out of
    reach before, ``stronger`` could not do the lot alone. Two equal answers tell nothing.
    """
    for firm, (rank, solo) in after.items():
        if first:
            yield Told(firm, NEW_LOT, rank)
            continue
        known = before.get(firm)
        if rank <= best and (known is None or known.rank > best):
            yield Told(firm, ENTERED, rank)
        elif known is None and firm in arrived:
            yield Told(firm, NEW_LOT, rank)
        if solo and (not known.solo if known else firm in stronger):
            yield Told(firm, SOLO, rank)
    for firm, (rank, _) in before.items():
        now = after.get(firm)
        if rank <= best and (now is None or now.rank > best):
            yield Told(firm, LEFT, now.rank if now else None)
