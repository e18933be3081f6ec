"""The demo territory: real communes, drawn by population, and points a few km around them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matchmaker.demo.dice import Dice

# Five neighbouring départements, from a metropolis (44, 35) to bocage (53), and one overseas.
NUTS3 = {"35": "FRH03", "44": "FRG01", "49": "FRG02", "53": "FRG03", "85": "FRG05", "974": "FRY40"}
DEPARTEMENT_NAMES = {
    "35": "Ille-et-Vilaine",
    "44": "Loire-Atlantique",
    "49": "Maine-et-Loire",
    "53": "Mayenne",
    "85": "Vendée",
    "974": "La Réunion",
}
TIME_ZONES = {"974": "Indian/Reunion"}
EARTH_KM = 6371.0088
JITTER_KM = 1.1  # standard deviation; cut at three times, about the size of a commune

type Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Town:
    code: str
    name: str
    postcodes: tuple[str, ...]
    population: int
    lon: float
    lat: float
    departement: str

    @property
    def nuts(self) -> str:
        return NUTS3[self.departement]

    @property
    def time_zone(self) -> str:
        return TIME_ZONES.get(self.departement, "Europe/Paris")


class Territory:
    """The communes of the demo as arrays; towns are drawn in proportion to their population."""

    def __init__(self, towns: Iterable[Town]) -> None:
        self.towns = sorted(
            (t for t in towns if t.departement in NUTS3 and t.population > 0 and t.postcodes),
            key=lambda town: town.code,
        )
        if not self.towns:
            raise ValueError("Aucune commune des départements de la démonstration n'est connue.")
        self.lon: Floats = np.array([t.lon for t in self.towns])
        self.lat: Floats = np.array([t.lat for t in self.towns])
        self.population: Floats = np.array([t.population for t in self.towns], dtype=np.float64)
        self.departement = np.array([t.departement for t in self.towns])
        self._sums: Floats = np.cumsum(self.population)

    def draw(self, dice: Dice) -> Town:
        return self.at(dice.uniform(0, 1))

    def at(self, quantile: float) -> Town:
        """The town where that share (0..1) of the population is counted, by commune code."""
        rank = int(np.searchsorted(self._sums, quantile * float(self._sums[-1])))
        return self.towns[min(rank, len(self.towns) - 1)]

    def draw_near(self, dice: Dice, town: Town, radius_km: float) -> Town:
        """A town of the same département within the radius, by population; the town itself is among them."""
        near = km_between(town.lon, town.lat, self.lon, self.lat) <= radius_km
        near &= self.departement == town.departement
        sums = np.cumsum(np.where(near, self.population, 0.0))
        rank = int(np.searchsorted(sums, dice.uniform(0, float(sums[-1]))))
        return self.towns[min(rank, len(self.towns) - 1)]

    def chief_town(self, departement: str) -> Town:
        """The most populous town, where the offices of a département mostly are."""
        return max((t for t in self.towns if t.departement == departement), key=lambda t: t.population)


def km_between(lon: float, lat: float, lons: Floats, lats: Floats) -> Floats:
    """Great-circle distances (haversine)."""
    lon1, lat1 = np.radians(lon), np.radians(lat)
    lon2, lat2 = np.radians(lons), np.radians(lats)
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    distances: Floats = 2 * EARTH_KM * np.arcsin(np.sqrt(half))
    return distances


def around(dice: Dice, town: Town) -> tuple[float, float]:
    """A point a few km from the town's: displaced on the sphere, in any direction."""
    east, north = np.clip(dice.rng.standard_normal(2), -3, 3) * JITTER_KM
    distance = np.hypot(east, north) / EARTH_KM
    bearing = np.arctan2(east, north)
    lat1, lon1 = np.radians(town.lat), np.radians(town.lon)
    lat2 = np.arcsin(np.sin(lat1) * np.cos(distance) + np.cos(lat1) * np.sin(distance) * np.cos(bearing))
    lon2 = lon1 + np.arctan2(
        np.sin(bearing) * np.sin(distance) * np.cos(lat1), np.cos(distance) - np.sin(lat1) * np.sin(lat2)
    )
    return round(float(np.degrees(lon2)), 6), round(float(np.degrees(lat2)), 6)
