"""Questions of lots as JSON lines, and back to the same bits: what workers without a database are given."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from geo.domain.point import Point
from matchmaker.domain.notice import Reservation
from matchmaker.domain.query import LotQuery
from matchmaker.domain.trade import LotTrade

Asked = tuple[int, LotQuery | None]  # id of a lot, and its question if it has one


def written(lots: Iterable[Asked]) -> bytes:
    """One lot a line."""
    lines = (json.dumps([pk, query and _plain(query)], separators=(",", ":")) for pk, query in lots)
    return b"".join(line.encode() + b"\n" for line in lines)


def read(content: bytes) -> Iterator[Asked]:
    """What :func:`written` was given."""
    for line in content.splitlines():
        pk, plain = json.loads(line)
        yield pk, plain and _query(plain)


def _plain(query: LotQuery) -> dict[str, Any]:
    """Python writes a float so that it reads back as the same one."""
    return {
        "trades": [[need.options, need.share] for need in query.trades],
        "point": [query.point.lon, query.point.lat],
        "uncertainty_km": query.uncertainty_km,
        "yearly_eur": query.yearly_eur,
        "reservation": query.reservation.value,
        "buyer": query.buyer,
        "terms": query.terms,
        "departement": query.departement,
        "kinds": None if query.kinds is None else sorted(query.kinds),
        "ess_only": query.ess_only,
        "within_km": query.within_km,
        "solo_only": query.solo_only,
    }


def _query(plain: dict[str, Any]) -> LotQuery:
    kinds = plain["kinds"]
    return LotQuery(
        **plain
        | {
            "trades": tuple(
                LotTrade(tuple((code, fit) for code, fit in options), share) for options, share in plain["trades"]
            ),
            "point": Point(*plain["point"]),
            "reservation": Reservation(plain["reservation"]),
            "terms": tuple((number, weight) for number, weight in plain["terms"]),
            "kinds": None if kinds is None else frozenset(kinds),
        }
    )
