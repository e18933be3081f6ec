"""Firms around a need as columns, and the candidates each shape of lot would find: see ``local`` for the rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from allotment.domain import local
from allotment.domain.compact import Ints, Shapes
from allotment.domain.need import Need
from consortia.domain.engine import engine
from geo.domain.distance import spread
from geo.domain.point import Point
from matchmaker.domain.insertion import yearly


@dataclass(frozen=True, slots=True)
class LocalFirm:
    """``radius_km`` by trade of the need it does. ``room_eur`` a year, legal ceiling included; ``hours`` of insertion
    a year it hosts when all its room is used; ``social``: ESS or inclusive; ``leads``: may be mandataire."""

    id: int
    point: Point
    radius_km: Mapping[str, float]
    room_eur: int
    hours: int = 0
    social: bool = False
    leads: bool = True


@dataclass(frozen=True, slots=True)
class Rules:
    """What makes a firm reach a lot and a grouping lawful, as the tables say (see ``consortia.domain.problem``)."""

    road: float = 1.3
    end: float = 1.5
    members: int = 4
    least_permille: int = 50
    leader_permille: int = 250
    supply_permille: int = 500


class Asked(NamedTuple):
    road: float
    end: float
    members: int
    least_permille: int
    leader_permille: int
    supply_permille: int
    enough: int


class PlaceColumns(NamedTuple):
    metres: NDArray[np.float64]  # (cells, 3)
    weight: Ints
    yearly: Ints  # (trades,) euros a year of the whole need
    target: Ints  # (trades,) insertion hours a year asked of the whole need


class FirmColumns(NamedTuple):
    """By falling room."""

    metres: NDArray[np.float64]  # (firms, 3)
    radius: Ints  # (firms, trades) metres; 0: does not do it
    room: Ints
    hours: Ints
    social: NDArray[np.bool_]
    leads: NDArray[np.bool_]


@dataclass(frozen=True)
class Counts:
    """(sets, groups) each; candidates beyond ``enough`` are not counted."""

    alone: NDArray[np.int32]
    teams: NDArray[np.int32]
    social: NDArray[np.bool_]
    hours: Ints

    @property
    def candidates(self) -> NDArray[np.int32]:
        return self.alone + self.teams


@dataclass(frozen=True)
class Supply:
    """What counting rests on, made once for a need: a border moved counts anew for two sets only."""

    places: PlaceColumns
    firms: FirmColumns
    rules: Rules

    def count(self, sets: tuple[Ints, Ints], groups: Ints, enough: int) -> Counts:
        """``sets``: (cells one after the other, starts); ``groups``: bits of the trades, in the need's order."""
        rules = self.rules
        asked = Asked(
            rules.road,
            rules.end,
            rules.members,
            rules.least_permille,
            rules.leader_permille,
            rules.supply_permille,
            enough,
        )
        return Counts(*engine(local).count(sets, groups, self.places, self.firms, asked))


def supply(
    need: Need, shapes: Shapes, firms: Sequence[LocalFirm], rules: Rules, hours: Mapping[str, float] | None = None
) -> Supply:
    """``hours``: insertion hours asked by trade, whole duration."""
    trades = [one.trade for one in need.trades]
    known = {place.commune: place for place in need.places}
    weights = [sum(known[code].weight for code in cell) for cell in shapes.cells]
    centres = [
        spread([(known[code].point, float(known[code].weight)) for code in cell]).centre.metres()
        for cell in shapes.cells
    ]
    places = PlaceColumns(
        np.array(centres, dtype=np.float64),
        np.array(weights, dtype=np.int64),
        np.array([max(1, round(yearly(one.amount_eur, need.months))) for one in need.trades], dtype=np.int64),
        np.array([round(yearly((hours or {}).get(trade, 0.0), need.months)) for trade in trades], dtype=np.int64),
    )
    able = sorted((one for one in firms if one.room_eur > 0), key=lambda one: (-one.room_eur, one.id))
    radius = [[round(1000 * one.radius_km.get(trade, 0.0)) for trade in trades] for one in able]
    columns = FirmColumns(
        np.array([one.point.metres() for one in able], dtype=np.float64).reshape(-1, 3),
        np.array(radius, dtype=np.int64).reshape(-1, len(trades)),
        np.array([one.room_eur for one in able], dtype=np.int64),
        np.array([one.hours for one in able], dtype=np.int64),
        np.array([one.social for one in able], dtype=np.bool_),
        np.array([one.leads for one in able], dtype=np.bool_),
    )
    return Supply(places, columns, rules)
