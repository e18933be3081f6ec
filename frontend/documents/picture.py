"""Where the members of a grouping are, as a schematic picture: true bearings and distances, no map. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from consortia.queries import Team, TeamMember
from frontend.documents.colours import colour
from matchmaker.models import Lot

SIZE = 150.0  # side of the square, in units of the drawing
REACH = 58.0  # where the outer ring lies
APART = 15.0  # least distance between two marks
STEPS = (1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 300, 500, 1000)  # km a ring may stand for


@dataclass(frozen=True, slots=True)
class Dot:
    number: int
    x: float
    y: float

    @property
    def text_y(self) -> float:
        return self.y + 2.9

    @property
    def colour(self) -> str:
        return colour(self.number)


@dataclass(frozen=True, slots=True)
class Ring:
    radius: float
    km: int

    @property
    def text_y(self) -> float:
        return SIZE / 2 + self.radius + 7.5


@dataclass(frozen=True, slots=True)
class Picture:
    """Marks around the place of performance, which is at the centre; north is up."""

    dots: tuple[Dot, ...]
    rings: tuple[Ring, ...]
    size: float = SIZE
    centre: float = SIZE / 2


def picture(lot: Lot, team: Team) -> Picture | None:
    """None where a place is unknown: half a picture would mislead."""
    if lot.point is None or any(one.firm.lon is None or one.firm.lat is None for one in team.members):
        return None
    farthest = max(one.member.distance_km for one in team.members)
    outer = next((step for step in STEPS if step >= farthest), STEPS[-1])
    dots: list[Dot] = []
    for number, one in enumerate(team.members, start=1):
        dots.append(_free(number, _bearing(lot, one, number), REACH * one.member.distance_km / outer, dots))
    inner = [step for step in STEPS if 0.35 * outer <= step <= 0.65 * outer]
    return Picture(tuple(dots), tuple(Ring(REACH * km / outer, km) for km in [*inner[-1:], outer]))


def _bearing(lot: Lot, one: TeamMember, number: int) -> float:
    """Radians from the east, counter-clockwise; members at the very place are spread."""
    east = ((one.firm.lon or 0.0) - lot.point.x) * math.cos(math.radians(lot.point.y))
    north = (one.firm.lat or 0.0) - lot.point.y
    return math.atan2(north, east) if east or north else 1.3 * number


def _free(number: int, bearing: float, radius: float, taken: list[Dot]) -> Dot:
    """The nearest place along the circle where a mark covers neither the centre nor another mark."""
    radius = max(radius, APART)
    turns = (sign * step * 0.2 for step in range(16) for sign in (1, -1))
    places = [_at(number, bearing + turn, radius) for turn in turns]
    return next((dot for dot in places if all(_apart(dot, other) >= APART for other in taken)), places[0])


def _at(number: int, bearing: float, radius: float) -> Dot:
    return Dot(number, SIZE / 2 + radius * math.cos(bearing), SIZE / 2 - radius * math.sin(bearing))


def _apart(one: Dot, other: Dot) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)
