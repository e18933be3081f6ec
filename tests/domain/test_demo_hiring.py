"""The demo's bassins, hiring projects and jobseekers: fictitious, said so, in the shapes of France Travail."""

from __future__ import annotations

import csv
import io
from datetime import date

from matchmaker.demo.hiring import APART_KM, SECRET_BELOW, hiring_files, make_bassins
from matchmaker.demo.places import NUTS3, Territory
from matchmaker.reference import shipped_rows
from tests.domain.demo_towns import TOWNS

JOBS = shipped_rows("rome_fap")


def files(seed: int = 2026) -> dict[str, str]:
    return hiring_files(Territory(TOWNS), JOBS, seed, date(2026, 11, 23))


def rows(name: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files()[name]), delimiter=delimiter))


def test_every_name_says_it_is_fictitious() -> None:
    assert all("fictif" in name for name in files())
    assert all("(fictif)" in bassin.name for bassin in make_bassins(Territory(TOWNS)))


def test_each_town_is_in_one_bassin_of_its_departement() -> None:
    bassins = make_bassins(Territory(TOWNS))
    assert sorted(town.code for bassin in bassins for town in bassin.towns) == sorted(town.code for town in TOWNS)
    assert all(len({town.departement for town in bassin.towns}) == 1 for bassin in bassins)
    assert len({bassin.code for bassin in bassins}) == len(bassins) >= len(NUTS3)
    assert APART_KM > 0


def test_small_figures_are_secret_and_parts_never_exceed_the_whole() -> None:
    survey = rows("bmo_fictif_2026.csv")
    shown = [int(row[name]) for row in survey for name in ("met", "xmet", "smet") if row[name] != "*"]
    assert min(shown) >= SECRET_BELOW
    assert any(row["met"] == "*" for row in survey)
    for row in survey:
        parts = [int(row[name]) for name in ("xmet", "smet") if row[name] != "*"]
        assert row["met"] == "*" or all(part <= int(row["met"]) for part in parts)


def test_the_same_seed_gives_the_same_files() -> None:
    assert files() == files()
    assert files() != files(seed=7)
