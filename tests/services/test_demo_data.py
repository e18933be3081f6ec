"""The command that writes the demo: communes from the database, sentences in French."""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.gis.geos import Point
from django.core.management import CommandError, call_command

from geo.models import Commune, Departement

pytestmark = pytest.mark.django_db


def _commune(code: str, name: str, people: int | None, lon: float, lat: float, departement: str) -> None:
    Departement.objects.get_or_create(
        code=departement, defaults={"name": departement, "region_code": "52", "region_name": "Région"}
    )
    Commune.objects.create(
        code=code,
        kind=Commune.Kind.COMMUNE,
        name=name,
        search_name=name.lower(),
        postcodes=[f"{departement:0<5}"],
        population=people,
        departement_id=departement,
        point=Point(lon, lat, srid=4326),
    )


def _run(folder: Path, **options: object) -> str:
    out = StringIO()
    call_command("demo_data", str(folder), stdout=out, **options)
    return out.getvalue()


def test_writes_firms_and_notices_of_the_communes_in_the_database(tmp_path: Path) -> None:
    """Communes without people or outside the demo départements are left out."""
    _commune("44109", "Nantes", 325000, -1.55, 47.22, "44")
    _commune("35238", "Rennes", 227000, -1.68, 48.11, "35")
    _commune("44999", "Sans habitant", None, -1.5, 47.2, "44")
    _commune("75056", "Paris", 2100000, 2.35, 48.86, "75")
    said = _run(tmp_path / "demo", firms=80, lots=12, as_of=date(2026, 11, 23))
    assert "80 entreprises" in said
    assert "12 lots" in said
    with (tmp_path / "demo" / "firms.csv").open(encoding="utf-8", newline="") as file:
        assert {row["codeCommuneEtablissement"] for row in csv.DictReader(file)} == {"44109", "35238"}
    assert list((tmp_path / "demo" / "notices").glob("*.xml"))


def test_empty_territory_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="load_territory"):
        _run(tmp_path / "demo")


def test_foreign_folder_is_refused_in_french(tmp_path: Path) -> None:
    _commune("44109", "Nantes", 325000, -1.55, 47.22, "44")
    (tmp_path / "autre.txt").write_text("à garder", encoding="utf-8")
    with pytest.raises(CommandError, match="autre chose"):
        _run(tmp_path, firms=5, lots=2)
