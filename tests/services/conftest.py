"""What the services' tests share: a few real communes for most, all of France for some modules."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path

import pytest
from django.contrib.gis.geos import GEOSGeometry
from django.db import connection, models, transaction
from hypothesis import settings

from geo.models import Commune, Vintage
from matchmaker.ingest import ingest_firms
from matchmaker.models import ImportRun
from tests.factories import COMMUNES, make_commune, make_departement
from tests.sources.firm_tables import write_csv

settings.register_profile("maillage", deadline=None)  # how long an example takes proves nothing
settings.load_profile("maillage")

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
_editions = count(1)
_NOT_COMPARED = {"id", "updated_at", "created_at", "kept_at", "fetched_at", "started_at", "finished_at", "mended_at"}
_NOT_COMPARED |= {"retried_at", "checked_at", "loaded_at", "matched_at", "raw", "run"}


def real(*parts: str) -> Path:
    """A file of real data beside the repository; the test is skipped where it is absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"données réelles absentes : ../shared/data/{'/'.join(parts)} n'existe pas à côté du dépôt")
    return path


@pytest.fixture(scope="module")
def france(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """All communes and the reference tables, loaded once a module and rolled back after it."""
    from geo.load import load_territory
    from matchmaker.reference import load_reference

    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        load_reference()
        load_territory()
        connection.check_constraints()  # once here, else at the end of every test
        yield
        transaction.set_rollback(True)


@pytest.fixture
def places(reference: None) -> None:
    """Reference tables, the communes around Grenoble, and Nantes; another edition each time."""
    for code in COMMUNES:
        make_commune(code, postcodes=["38000"] if code == "38185" else [f"{code[:2]}{int(code) % 1000:03d}"])
    nantes = GEOSGeometry("SRID=4326;POINT(-1.5480 47.2316)")
    make_commune(
        "44109",
        departement=make_departement("44", "Loire-Atlantique", point=nantes),
        name="Nantes",
        search_name="nantes",
        postcodes=["44000", "44200"],
        point=nantes,
        boundary=None,
    )
    Vintage.objects.create(name="communes", fingerprint=f"essai {next(_editions)}", source="essai", rows=11)
    assert Commune.objects.count() == len(COMMUNES) + 1


def checksum(*tables: type[models.Model]) -> str:
    """Of all that tables hold but their own numbers and clocks: two equal ones hold the same things.

    A row that points to another says which one by what makes that one unique, not by its number.
    """
    digest = hashlib.sha256()
    for table in tables:
        rows = table.objects.values_list(*_compared(table))
        for row in sorted(
            str([value.ewkt if isinstance(value, GEOSGeometry) else value for value in row]) for row in rows
        ):
            digest.update(f"{table.__name__} {row}\n".encode())
    return digest.hexdigest()


def _compared(table: type[models.Model]) -> list[str]:
    fields = [field for field in table._meta.concrete_fields if field.name not in _NOT_COMPARED]
    return [path for field in fields for path in _paths(field)]


def _paths(field: models.Field) -> list[str]:
    """The lookups that name what a field holds."""
    if not field.is_relation or not isinstance(field.related_model._meta.pk, models.AutoField):
        return [field.name]
    return [f"{field.name}__{path}" for path in _identity(field.related_model)]


def _identity(table: type[models.Model]) -> list[str]:
    """What makes a row of a table unique, apart from its number; nothing when it has no such thing."""
    meta = table._meta
    unique = [[field.name] for field in meta.concrete_fields if field.unique and not field.primary_key]
    unique += [list(c.fields) for c in meta.constraints if isinstance(c, models.UniqueConstraint) and not c.condition]
    return [path for name in min(unique, key=len, default=[]) for path in _paths(meta.get_field(name))]


@pytest.fixture
def table(tmp_path: Path):
    """Write a table under a name that stays the same, and import it."""

    def imported(*rows: Mapping[str, str], name: str = "liste.csv", **more: str) -> ImportRun:
        return ingest_firms(write_csv(tmp_path / name, rows, **more))

    return imported
