"""Fictitious bassins, hiring projects and jobseekers of the demo territory, in the files France Travail publishes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from matchmaker.demo.dice import Dice
from matchmaker.demo.places import NUTS3, Territory, Town, km_between

CENTRES = 3  # bassins a département
APART_KM = 15.0
SECRET_BELOW = 5  # as in the real survey, smaller figures are hidden
PROJECTS_PER_HEAD = 1.6e-4  # a métier and a year
SEEKERS_PER_HEAD = 9e-4


@dataclass(frozen=True, slots=True)
class Bassin:
    code: str
    name: str
    towns: tuple[Town, ...]

    @property
    def population(self) -> int:
        return sum(town.population for town in self.towns)


def hiring_files(territory: Territory, jobs: Sequence[Mapping[str, str]], seed: int, as_of: date) -> dict[str, str]:
    """File name -> content. ``jobs`` are rows rome, faps, why of the shipped table."""
    dice = Dice(seed, "hiring")
    bassins = make_bassins(territory)
    year = as_of.year
    return {
        f"bassins_fictifs_{year}.csv": _crosswalk(bassins, year),
        f"bmo_fictif_{year}.csv": _survey(bassins, jobs, dice, year),
        f"demandeurs_fictifs_{year}.csv": _seekers(bassins, jobs, dice, year),
    }


def make_bassins(territory: Territory) -> list[Bassin]:
    """Each département cut around its largest towns; every commune goes to the nearest."""
    found = []
    for departement in sorted(NUTS3):
        towns = [town for town in territory.towns if town.departement == departement]
        centres = _centres(towns)
        for rank, centre in enumerate(centres, start=1):
            mine = tuple(town for town in towns if _nearest(town, centres) is centre)
            found.append(Bassin(f"F{departement[-2:]}{rank}", f"Bassin de {centre.name} (fictif)", mine))
    return found


def _centres(towns: Sequence[Town]) -> list[Town]:
    chosen: list[Town] = []
    for town in sorted(towns, key=lambda town: (-town.population, town.code)):
        if len(chosen) < CENTRES and all(_km(town, other) > APART_KM for other in chosen):
            chosen.append(town)
    return chosen


def _nearest(town: Town, centres: Sequence[Town]) -> Town:
    return min(centres, key=lambda centre: (_km(town, centre), centre.code))


def _km(one: Town, other: Town) -> float:
    return float(km_between(one.lon, one.lat, np.array([other.lon]), np.array([other.lat]))[0])


def _crosswalk(bassins: Iterable[Bassin], year: int) -> str:
    rows = ((town.code, town.name, bassin.code, bassin.name) for bassin in bassins for town in bassin.towns)
    return _csv(("code_commune", "lib_commune", f"code_bassin_{year}", f"lib_bassin_{year}"), rows, ",")


def _survey(bassins: Iterable[Bassin], jobs: Sequence[Mapping[str, str]], dice: Dice, year: int) -> str:
    labels: dict[str, str] = {}
    for job in jobs:
        for fap in job["faps"].split():
            labels.setdefault(fap, job["why"].capitalize())
    rows = []
    for bassin in bassins:
        for fap, label in sorted(labels.items()):
            met = round(dice.log_normal(bassin.population * PROJECTS_PER_HEAD, 0.8))
            if met:
                xmet, smet = (round(met * dice.uniform(*spread)) for spread in ((0.3, 0.8), (0.0, 0.4)))
                figures = (_shown(figure) for figure in (met, xmet, smet))
                rows.append((year, fap, label, bassin.code, bassin.name, *figures))
    suffix = f"{year % 100:02d}"
    header = ("annee", "Code métier BMO", "Nom métier BMO", f"BE{suffix}", f"NOMBE{suffix}", "met", "xmet", "smet")
    return _csv(header, rows, ",")


def _seekers(bassins: Iterable[Bassin], jobs: Sequence[Mapping[str, str]], dice: Dice, year: int) -> str:
    rows = [
        (
            *(year, job["rome"], job["why"].capitalize(), bassin.code, bassin.name, dice.between(0, 40)),
            *(round(dice.log_normal(bassin.population * SEEKERS_PER_HEAD, 0.6)), dice.between(1, 5)),
        )
        for bassin in bassins
        for job in jobs
    ]
    header = ("annee", "ROME", "rome_label", "cbassin", f"lib_bassin_bmo{year % 100:02d}", "oee", "defm_abc")
    return _csv((*header, "ind_tension_d"), rows, ";")


def _shown(figure: int) -> str:
    return "*" if figure < SECRET_BELOW else str(figure)


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]], delimiter: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
