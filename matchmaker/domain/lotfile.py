"""Questions of lots as JSON lines, and back to the same bits: what workers without a database are given."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from geo.domain.point import Point
from matchmaker.domain.notice import Reservation
from matchmaker.domain.query import LotQuery
from matchmaker.domain.trade import LotTrade


def written(lots: Iterable[tuple[int, LotQuery]]) -> bytes:
    """One lot a line: its id and its question."""
    return b"".join(json.dumps([pk, _plain(query)], separators=(",", ":")).encode() + b"\n" for pk, query in lots)


def read(content: bytes) -> Iterator[tuple[int, LotQuery]]:
    for line in content.splitlines():
        pk, plain = json.loads(line)
        yield pk, _query(plain)


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
