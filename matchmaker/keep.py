"""Answers in: the matches of hundreds of lots in four statements, each lot changing in one step.

Half a million rows are handed to COPY in its binary form straight from columns; no object is made of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from matchmaker.domain.answers import Answers
from matchmaker.domain.score import PARTS
from matchmaker.models import Lot

_TYPES = {
    "lot_id": ">i8",
    "firm_id": ">i8",
    "rank": ">i4",
    "score": ">f8",
    "trade": "S3",
    **{f"{part}_part": ">f8" for part in PARTS},
    "distance_km": ">f8",
    "radius_km": ">f8",
    "solo": "?",
}
# A row of COPY's binary form: how many fields, then the length and the bytes of each.
_ROW = np.dtype(
    [("fields", ">i2")] + [part for name, kind in _TYPES.items() for part in ((f"{name}_bytes", ">i4"), (name, kind))]
)
_BEGIN, _END = b"PGCOPY\n\xff\r\n\x00" + bytes(8), b"\xff\xff"
_LOTS = """
    UPDATE matchmaker_lot l SET needs = v.needs, trades = v.trades::varchar(3)[], supply_count = v.supply,
        solo_count = v.solo, match_state = v.state, run_id = %s, matched_at = %s
    FROM unnest(%s::bigint[], %s::text[]::jsonb[], %s::text[], %s::int[], %s::int[], %s::text[])
        v (id, needs, trades, supply, solo, state)
    WHERE l.id = v.id"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Lots with their answers, save those that name no trade or no place: they were not ``put`` to the index."""

    lots: Sequence[Lot]
    put: Sequence[bool]
    answers: Answers  # of the lots put, in their order
    codes: Sequence[str]  # of trades, by number


def keep(asked: Asked, run_id: int | None) -> None:
    """Store answers in place of earlier ones. A lot withdrawn meanwhile is passed over.

    Lots that someone else holds (an import under way) are waited for one by one, with no other lot held meanwhile:
    two who each wait for the other's lot would be stopped by the database.
    """
    matches, lots = _matches(asked), _lots(asked)
    busy = set(lots) - _write(lots, matches, list(lots), run_id, skip_locked=True)
    for pk in sorted(busy):
        _write(lots, matches, [pk], run_id, skip_locked=False)


def held(lot: Lot) -> bool:
    """Keep others from this lot until the transaction ends; False when an import withdrew it meanwhile."""
    return Lot.objects.select_for_update().filter(pk=lot.pk).order_by().first() is not None


def state_with(lot: Lot, supply: int) -> str:
    """What it means for a lot that so many firms are in reach."""
    if not lot.needs:
        return Lot.MatchState.NO_TRADE
    if lot.point is None:
        return Lot.MatchState.NO_PLACE
    return Lot.MatchState.MATCHED if supply else Lot.MatchState.NO_FIRM


def _lots(asked: Asked) -> dict[int, tuple[Any, ...]]:
    """What is kept of each lot itself, by its number."""
    counts = zip(asked.answers.supply.tolist(), asked.answers.solo_supply.tolist(), strict=True)
    found = {}
    for lot, put in zip(asked.lots, asked.put, strict=True):
        supply, solo = next(counts) if put else (0, 0)
        state = str(state_with(lot, supply))
        found[lot.pk] = (lot.pk, json.dumps(lot.needs), f"{{{','.join(lot.trades)}}}", supply, solo, state)
    return found


def _matches(asked: Asked) -> np.ndarray:
    """Rows of matches as COPY reads them."""
    answers = asked.answers
    rows = np.zeros(len(answers.id), dtype=_ROW)
    rows["fields"] = len(_TYPES)
    for name in _TYPES:
        rows[f"{name}_bytes"] = _ROW[name].itemsize
    put = np.array([lot.pk for lot, put in zip(asked.lots, asked.put, strict=True) if put], dtype=np.int64)
    rows["lot_id"], rows["firm_id"], rows["rank"] = put[answers.lot], answers.id, answers.rank
    rows["trade"] = np.array(asked.codes, dtype="S3")[answers.trade]
    for place, part in enumerate(PARTS):
        rows[f"{part}_part"] = answers.parts[:, place]
    for name in ("score", "distance_km", "radius_km", "solo"):
        rows[name] = getattr(answers, name)
    return rows


def _write(
    lots: dict[int, tuple[Any, ...]], matches: np.ndarray, ids: list[int], run_id: int | None, *, skip_locked: bool
) -> set[int]:
    """Write those of the lots that can be held; which they were."""
    wanted = Lot.objects.select_for_update(skip_locked=skip_locked).filter(pk__in=ids).order_by("pk")
    with transaction.atomic(), connection.cursor() as cursor:
        free = set(wanted.values_list("pk", flat=True))
        if not free:
            return free
        rows = matches if len(free) == len(lots) else matches[np.isin(matches["lot_id"], list(free))]
        columns = [list(column) for column in zip(*(lots[pk] for pk in sorted(free)), strict=True)]
        cursor.execute("DELETE FROM matchmaker_match WHERE lot_id = ANY(%s)", [columns[0]])
        if len(rows):
            with cursor.copy(f"COPY matchmaker_match ({', '.join(_TYPES)}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(_BEGIN + rows.tobytes() + _END)
        cursor.execute(_LOTS, [run_id, timezone.now(), *columns])
    return free
