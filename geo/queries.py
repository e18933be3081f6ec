"""Named reads of the territory; each says what it costs."""

from __future__ import annotations

from functools import lru_cache

from django.contrib.gis.geos import Point as GeosPoint
from django.db import connection

from geo.domain.gazetteer import Gazetteer, KnownCommune, KnownDepartement, Located
from geo.domain.point import Point
from geo.hiring import hiring_needs as hiring_needs  # one of the named reads, in a file of its own
from geo.load import DATA
from geo.models import Commune, Departement, Vintage, Zone
from geo.sources.territory import read_nuts3


def gazetteer() -> Gazetteer:
    """All places in memory: one small query, and 0.5 s once a process and edition."""
    return _gazetteer(edition())


def edition() -> str:
    """Changes when the communes do. One small query."""
    vintage = Vintage.objects.filter(name="communes").values_list("fingerprint", flat=True).first()
    return vintage or str(Commune.objects.count())


@lru_cache(maxsize=1)
def _gazetteer(_edition: str) -> Gazetteer:
    communes = {
        code: KnownCommune(
            code=code,
            name=name,
            search_name=plain,
            departement=departement,
            population=population or 0,
            postcodes=tuple(postcodes),
            parent=parent or "",
            current=kind == Commune.Kind.COMMUNE,
            point=Point(place.x, place.y) if place else None,
        )
        for code, name, plain, departement, population, postcodes, parent, kind, place in (
            Commune.objects.order_by("code").values_list(
                "code",
                "name",
                "search_name",
                "departement_id",
                "population",
                "postcodes",
                "parent_id",
                "kind",
                "point",
            )
        )
    }
    departements = {
        row.code: KnownDepartement(
            code=row.code,
            name=row.name,
            region_code=row.region_code,
            region_name=row.region_name,
            population=row.population,
            point=Point(row.point.x, row.point.y) if row.point else None,
            spread_km=row.spread_km or 0.0,
        )
        for row in Departement.objects.all()
    }
    return Gazetteer(communes, departements, read_nuts3(DATA / "nuts3.csv"))


def find_communes(text: str, limit: int = 10) -> list[Commune]:
    """Communes by INSEE code, postcode or fuzzy name, best first. One query beside the gazetteer."""
    codes = [commune.code for commune in gazetteer().search(text, limit)]
    rows = Commune.objects.defer("boundary").in_bulk(codes)
    return [rows[code] for code in codes if code in rows]


def locate(*, nuts: str = "", zipcode: str = "", city: str = "", country: str = "FR") -> Located | None:
    """A point with its uncertainty from what a notice says of a place. No query once warm."""
    return gazetteer().locate(nuts=nuts, zipcode=zipcode, city=city, country=country)


def commune_at(place: Point) -> Commune | None:
    """The current commune whose outline holds a point (spatial index, under 1 ms)."""
    spot = GeosPoint(place.lon, place.lat, srid=4326)
    return (
        Commune.objects.filter(boundary__intersects=spot, kind=Commune.Kind.COMMUNE)
        .defer("boundary")
        .select_related("zone", "departement")
        .first()
    )


def zone_of(place: Point) -> Zone | None:
    """Zone d'emploi of a point, or the arrondissement that stands in for it until a file is loaded."""
    commune = commune_at(place)
    return commune.zone if commune else None


def vintages() -> list[Vintage]:
    """Which editions of the territory are in place, with their source and licence. One query."""
    return list(Vintage.objects.order_by("name"))


def nearest_communes(places: list[Point]) -> list[Commune | None]:
    """For each place the current commune whose centre is nearest, at sea too. Two queries (spatial index)."""
    found: dict[int, str] = {}
    if places:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT place.n, near.code FROM unnest(%s::float8[], %s::float8[]) WITH ORDINALITY place(lon, lat, n)"
                " CROSS JOIN LATERAL (SELECT code FROM geo_commune WHERE kind = %s AND point IS NOT NULL"
                " ORDER BY point <-> ST_SetSRID(ST_MakePoint(place.lon, place.lat), 4326)::geography LIMIT 1) near",
                [[place.lon for place in places], [place.lat for place in places], Commune.Kind.COMMUNE],
            )
            found = {int(n) - 1: code for n, code in cursor.fetchall()}
    communes = Commune.objects.defer("boundary").in_bulk(set(found.values()))
    return [communes.get(found.get(number, "")) for number in range(len(places))]
