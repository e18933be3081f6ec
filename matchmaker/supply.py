"""The supply in PostGIS, read as the index wants it: one firm at a time, or all of them by columns.

Both ways give the same bits (tests/services/test_snapshot.py). Millions of firms are read by COPY in a binary form
where every row has the same length, so that numpy reads it without a loop; what is not a number (trades, kind, how
the trades are known) has few distinct combinations, which are sent once and numbered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Case, F, FloatField, Func, Q, QuerySet, When

from geo.domain.point import EARTH_RADIUS_M, Point
from matchmaker.domain.area import bits, in_order
from matchmaker.domain.eligibility import delivers
from matchmaker.domain.hilbert import hilbert
from matchmaker.domain.query import IndexedFirm, Wins
from matchmaker.domain.reference import Reference
from matchmaker.domain.score import MAX_EUR, MAX_WINS
from matchmaker.domain.segment import FirmColumns, Rows, kind_code, trade_bits, trade_numbers
from matchmaker.domain.text import TextModel, firm_text
from matchmaker.models import Firm

TRUST = {
    Firm.TradeSource.DECLARED: "trust.declared",
    Firm.TradeSource.NAF: "trust.naf",
    Firm.TradeSource.NAME: "trust.name",
    Firm.TradeSource.KIND: "trust.kind",
}
_NUMBERS = ("id", "lon", "lat", "low", "mid", "high", "radius", "ess", "code")
_FLOATS = ("lon", "lat", "radius")
# A row of COPY's binary form: how many fields, then the length and the bytes of each.
_ROW = np.dtype(
    [("fields", ">i2")]
    + [part for name in _NUMBERS for part in ((f"{name}_bytes", ">i4"), (name, ">f8" if name in _FLOATS else ">i8"))]
)
_HEADER = 19  # bytes before the first row
_CHUNK = 1 << 22  # bytes turned into columns at once
_NEAR_HALF = 1e-6  # metres


def supply(*, fictitious: bool) -> QuerySet[Firm]:
    """Firms that can be matched, each annotated with the ``place`` it is measured from. Lazy.

    A distance tells a place: a partially diffused firm (D1) is measured from its commune only.
    """
    place = Case(When(diffusion=Firm.Diffusion.OPEN, then=F("point")), default=F("commune__point"))
    active = Firm.objects.filter(active=True, fictitious=fictitious).exclude(trades=[])
    return active.annotate(place=place).filter(place__isnull=False)


def delivering(tables: Reference, *, fictitious: bool) -> QuerySet[Firm]:
    """Of the supply, the firms that deliver a known trade (``domain.eligibility.delivers``): those of the index."""
    lending = [code for code in tables.kinds if not delivers(code, "", tables.kinds)]
    known = supply(fictitious=fictitious).filter(trades__overlap=sorted(tables.trades))
    return known.exclude(~Q(trades__contains=["T44"]), inclusive_kind__in=lending)


def one_firm(firm: Firm, tables: Reference, model: TextModel) -> IndexedFirm | None:
    """One firm as the index knows it, its words by ``model``; None when it cannot be matched."""
    told = firm.diffusion == Firm.Diffusion.OPEN
    place = firm.point if told else (firm.commune.point if firm.commune else None)
    if place is None or not firm.active or not firm.trades:
        return None
    return IndexedFirm(
        id=firm.pk,
        point=Point(place.x, place.y),
        trades=tuple(firm.trades),
        trust=_trust(firm.trade_source, tables),
        capacity_eur=firm.capacity_mid_eur,
        low_eur=firm.capacity_low_eur,
        high_eur=firm.capacity_high_eur,
        ess=firm.ess,
        inclusive_kind=firm.inclusive_kind,
        declared_radius_km=firm.declared_radius_km,
        departements=in_order(firm.declared_departements),
        wins={trade: Wins(*won) for trade, won in firm.wins.items()},
        terms=model.terms(firm_text(firm.name, firm.trade_name, open_to_all=told)),
    )


def _trust(source: str, tables: Reference) -> float:
    return tables[TRUST[Firm.TradeSource(source)]]


@contextmanager
def steady() -> Iterator[None]:
    """All statements inside see the database at one moment; not so within a transaction already begun."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def columns(tables: Reference, model: TextModel, *, fictitious: bool, ids: Sequence[int] | None = None) -> FirmColumns:
    """The firms of the index, or those among ``ids``, by increasing id. Five statements; call it in ``steady``."""
    firms = delivering(tables, fictitious=fictitious).order_by()
    if ids is not None:
        firms = firms.filter(pk__in=list(ids))
    combinations = list(firms.values_list("trades", "inclusive_kind", "trade_source").distinct())
    read = np.sort(_numbers(firms, combinations), order="id")
    numbers = trade_numbers(tables)
    code = read["code"].astype(np.int64) - 1
    told = np.array(
        [
            (trade_bits(trades, kind, numbers, tables), kind_code(kind), _trust(source, tables))
            for trades, kind, source in combinations
        ],
        dtype=[("trades", "u8"), ("kind", "u1"), ("trust", "f8")],
    )[code]
    x, y, z = metres(read["lon"].astype(np.float64), read["lat"].astype(np.float64))
    radius = read["radius"].astype(np.float64)
    nobody = np.zeros(len(read), dtype=np.uint8)
    area0, area1 = _areas(firms, read["id"].astype(np.int64))
    ptr, term, weight = _terms(firms, model, read["id"].astype(np.int64))
    rows = Rows(
        id=read["id"].astype(np.int64),
        x=x,
        y=y,
        z=z,
        radius_m=np.where(radius > 0, np.maximum(1, np.rint(1000 * radius)), 0).astype(np.int32),
        low=read["low"].astype(np.uint32),
        mid=read["mid"].astype(np.uint32),
        high=read["high"].astype(np.uint32),
        trust=told["trust"],
        ess=read["ess"].astype(np.uint8),
        kind=told["kind"],
        wins=nobody,
        buyers=nobody,
        declared=(radius > 0).astype(np.uint8),
        trades=told["trades"],
        area0=area0,
        area1=area1,
        hilbert=hilbert(x, y, z),
        ptr=ptr,
        term=term,
        weight=weight,
    )
    return FirmColumns(rows, *_wins(firms, rows.id, numbers))


def metres(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``Point.metres`` of many places, to the metre: where numpy's cosine could round otherwise, Python's is asked."""
    across, along = np.radians(lon), np.radians(lat)
    exact = [
        EARTH_RADIUS_M * np.cos(along) * np.cos(across),
        EARTH_RADIUS_M * np.cos(along) * np.sin(across),
        EARTH_RADIUS_M * np.sin(along),
    ]
    whole = [np.rint(values).astype(np.int32) for values in exact]
    doubtful = np.zeros(len(lon), dtype=bool)
    for values in exact:
        doubtful |= np.abs(np.abs(values - np.floor(values)) - 0.5) < _NEAR_HALF
    for row in np.flatnonzero(doubtful):
        for axis, value in zip(whole, Point(float(lon[row]), float(lat[row])).metres(), strict=True):
            axis[row] = value
    return whole[0], whole[1], whole[2]


def _numbers(firms: QuerySet[Firm], combinations: Sequence[Sequence[Any]]) -> np.ndarray:
    """All that is a number of each firm, and the number of its combination (from 1)."""
    if not combinations:
        return np.empty(0, dtype=_ROW)
    named = firms.annotate(lon=_degrees("ST_X"), lat=_degrees("ST_Y")).values_list(
        "pk",
        "lon",
        "lat",
        "capacity_low_eur",
        "capacity_mid_eur",
        "capacity_high_eur",
        "declared_radius_km",
        "ess",
        "trades",
        "inclusive_kind",
        "trade_source",
    )
    inner, given = named.query.sql_with_params()
    trades = ["{" + ",".join(codes) + "}" for codes, _, _ in combinations]
    statement = f"""
        COPY (
            SELECT s.id, s.lon, s.lat, least(s.low, {MAX_EUR}), least(s.mid, {MAX_EUR}), least(s.high, {MAX_EUR}),
                coalesce(s.radius, 0), (s.ess = 'yes')::int::bigint, c.code
            FROM ({inner}) s (id, lon, lat, low, mid, high, radius, ess, trades, kind, source)
            JOIN unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY c (trades, kind, source, code)
                ON s.trades = c.trades::varchar[] AND s.kind = c.kind AND s.source = c.source
        ) TO STDOUT (FORMAT BINARY)"""
    kinds, sources = [kind for _, kind, _ in combinations], [source for _, _, source in combinations]
    parts, left = [], b""
    for block in _copied(statement, (*given, trades, kinds, sources)):
        left += block
        whole = len(left) // _ROW.itemsize
        parts.append(np.frombuffer(left, dtype=_ROW, count=whole)[list(_NUMBERS)].copy())
        left = left[whole * _ROW.itemsize :]
    return np.concatenate(parts)


def _degrees(axis: str) -> Func:
    return Func(
        F("place"), function=axis, template="%(function)s((%(expressions)s)::geometry)", output_field=FloatField()
    )


def _copied(statement: str, given: Sequence[Any]) -> Iterator[bytes]:
    """Bytes of the rows, without what stands before the first and after the last."""
    waiting, begun = bytearray(), False
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement, given) as copy:
        for data in copy:
            waiting += data
            if len(waiting) >= _CHUNK:
                yield bytes(waiting if begun else waiting[_HEADER:])
                waiting, begun = bytearray(), True
    yield bytes(waiting if begun else waiting[_HEADER:])


def _areas(firms: QuerySet[Firm], ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bits of the départements declared by each firm, in the order of ``ids``: few declare any."""
    low, high = np.zeros(len(ids), np.uint64), np.zeros(len(ids), np.uint64)
    declared = firms.exclude(declared_departements=[]).values_list("pk", "declared_departements")
    for pk, codes in declared.iterator(chunk_size=10_000):
        row = np.searchsorted(ids, pk)
        low[row], high[row] = bits(codes)
    return low, high


def _wins(firms: QuerySet[Firm], ids: np.ndarray, numbers: dict[str, int]) -> Iterator[np.ndarray]:
    """Contracts won by firm and trade: place of the firm, number of the trade, how many, kinds of buyers."""
    found = [
        (pk, numbers[trade], min(MAX_WINS, count), buyers)
        for pk, wins in firms.exclude(wins={}).values_list("pk", "wins").iterator(chunk_size=10_000)
        for trade, (count, buyers) in wins.items()
        if trade in numbers
    ]
    won = np.array(sorted(found), dtype=np.int64).reshape(-1, 4)
    yield np.searchsorted(ids, won[:, 0])
    yield from (won[:, place] for place in (1, 2, 3))


# ---------------------------------------------------------------- words


def texts(firms: QuerySet[Firm]) -> Iterator[tuple[int, str]]:
    """(id, what it says of itself) of each firm, in any order. One statement, streamed."""
    rows = firms.order_by().values_list("pk", "name", "trade_name", "diffusion")
    for pk, name, trade_name, diffusion in rows.iterator(chunk_size=20_000):
        yield pk, firm_text(name, trade_name, open_to_all=diffusion == Firm.Diffusion.OPEN)


def _terms(firms: QuerySet[Firm], model: TextModel, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The words of each firm, in the order of ``ids``."""
    if not len(model):
        return np.zeros(len(ids) + 1, np.int64), np.empty(0, np.uint32), np.empty(0, np.float32)
    order: list[int] = []

    def said() -> Iterator[str]:
        for pk, text in texts(firms):
            order.append(pk)
            yield text

    found = model.rows(said())
    counts = np.diff(found.ptr)
    chosen = np.argsort(np.array(order, dtype=np.int64), kind="stable")
    ptr = np.concatenate([[0], np.cumsum(counts[chosen])])
    words = np.repeat(found.ptr[:-1][chosen] - ptr[:-1], counts[chosen]) + np.arange(ptr[-1])
    return ptr, found.term[words], found.weight[words]
