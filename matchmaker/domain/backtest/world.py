"""Firms in columns and contracts won, as a backtest needs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.domain.eligibility import delivers
from matchmaker.domain.query import IndexedFirm, LotQuery
from matchmaker.domain.reference import Reference

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Supply:
    """Firms in columns, one place a firm, by increasing id. Metres, euros a year. ``doing``: places of the firms that
    deliver a trade, increasing. ``declared_m`` 0 = none declared. ``naf`` numbers the codes of ``nafs``; "" is one.

    ``tried``: firms whose size is known, so that their capacity means something. ``siren`` tells branches of one
    company apart from partners; no identifier is ever a feature.
    """

    ids: Ints
    siren: Ints
    xyz: Floats  # (n, 3)
    low: Floats
    mid: Floats
    high: Floats
    trust: Floats
    ess: Bools
    social: Bools  # ESS or inclusive
    tried: Bools
    declared_m: Floats
    naf: Ints
    nafs: tuple[str, ...]
    trades: tuple[tuple[str, ...], ...]
    doing: Mapping[str, Ints]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def everyone(self) -> Ints:
        return np.arange(len(self.ids))


@dataclass(frozen=True, slots=True)
class Entrant:
    """A firm on its way into the columns."""

    firm: IndexedFirm
    naf: str = ""
    siren: int = 0


def supply_of(entrants: Iterable[Entrant], tables: Reference) -> Supply:
    """Columns of these firms. Their wins are left out: they are counted anew, before each contract."""
    rows = sorted(entrants, key=lambda entrant: entrant.firm.id)
    firms = [row.firm for row in rows]
    nafs = tuple(sorted({row.naf for row in rows}))
    number = {naf: at for at, naf in enumerate(nafs)}
    doing: dict[str, list[int]] = {}
    for at, firm in enumerate(firms):
        for trade in dict.fromkeys(firm.trades):
            if delivers(firm.inclusive_kind, trade, tables.kinds):
                doing.setdefault(trade, []).append(at)

    def floats(values: Iterable[float]) -> Floats:
        return np.fromiter(values, dtype=np.float64, count=len(firms))

    return Supply(
        ids=np.array([firm.id for firm in firms], dtype=np.int64),
        siren=np.array([row.siren for row in rows], dtype=np.int64),
        xyz=np.array([firm.point.metres() for firm in firms], dtype=np.float64).reshape(-1, 3),
        low=floats(firm.low for firm in firms),
        mid=floats(firm.capacity_eur for firm in firms),
        high=floats(firm.high for firm in firms),
        trust=floats(firm.trust for firm in firms),
        ess=np.array([firm.ess == "yes" for firm in firms], dtype=bool),
        social=np.array([firm.ess == "yes" or firm.inclusive_kind != "" for firm in firms], dtype=bool),
        tried=np.array([firm.high > 0 for firm in firms], dtype=bool),
        declared_m=floats(max(0, round(1000 * (firm.declared_radius_km or 0.0))) for firm in firms),
        naf=np.array([number[row.naf] for row in rows], dtype=np.int64),
        nafs=nafs,
        trades=tuple(firm.trades for firm in firms),
        doing={trade: np.array(places, dtype=np.int64) for trade, places in doing.items()},
    )


@dataclass(frozen=True, slots=True)
class Case:
    """One contract won. ``winners`` are places in the supply. ``lot`` is what the ranking would have been asked, None
    when the contract names no place. ``holders`` counts all SIREN listed, known to us or not; ``joint`` when they
    answered together. ``day`` is an ordinal.
    """

    id: int
    day: int
    buyer: int
    buyer_kind: int
    cpv: str
    departement: str
    trades: tuple[str, ...]  # that the contract is evidence of
    winners: tuple[int, ...]
    lot: LotQuery | None
    holders: int = 1
    joint: bool = False

    @property
    def wanted(self) -> tuple[str, ...]:
        """Trades any of which a candidate must do."""
        needs = self.lot.trades if self.lot else ()
        return tuple(dict.fromkeys(code for need in needs for code, _ in need.options))


def in_time(cases: Iterable[Case]) -> list[Case]:
    """By day, then by number: the order they are walked in."""
    return sorted(cases, key=lambda case: (case.day, case.id))


def candidates(case: Case, supply: Supply, *, everyone: bool = False) -> Ints:
    """Places of the plausible firms: all that do one of the trades, or the whole base."""
    if everyone:
        return supply.everyone
    places = [supply.doing[trade] for trade in case.wanted if trade in supply.doing]
    if not places:
        return np.empty(0, dtype=np.int64)
    return places[0] if len(places) == 1 else np.unique(np.concatenate(places))


UNCOVERED = (
    "code CPV sans métier dans nos tables",
    "entreprise sans métier connu (code NAF hors de nos tables)",
    "entreprise d'un autre métier que ceux du code CPV",
    "au-delà de la portée (rayon et demi)",
)


def why_not(case: Case, winner: int, supply: Supply, near: bool) -> int:
    """Number in ``UNCOVERED`` of what keeps a winner from being a match; -1 when it is one."""
    if not case.wanted:
        return 0
    if not supply.trades[winner]:
        return 1
    if not any(trade in supply.doing and _holds(supply.doing[trade], winner) for trade in case.wanted):
        return 2
    return -1 if near else 3


def _holds(places: Ints, wanted: int) -> bool:
    at = int(np.searchsorted(places, wanted))
    return at < len(places) and int(places[at]) == wanted


def positions(places: Ints, wanted: Sequence[int]) -> Ints:
    """Where these places stand among increasing ``places``; the absent ones are left out."""
    sought = np.array(wanted, dtype=np.int64)
    at = np.searchsorted(places, sought)
    inside = at < len(places)
    found: Ints = at[inside][places[at[inside]] == sought[inside]]
    return found


def as_values(items: Mapping[int, float], places: Ints) -> Any:
    """A sparse count as a column beside ``places``, which increase."""
    column = np.zeros(len(places))
    if items:
        who = np.fromiter(items.keys(), dtype=np.int64, count=len(items))
        what = np.fromiter(items.values(), dtype=np.float64, count=len(items))
        at = np.minimum(np.searchsorted(places, who), len(places) - 1)
        good = places[at] == who
        column[at[good]] = what[good]
    return column
