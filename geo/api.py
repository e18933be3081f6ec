"""Places, for programs."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from ninja import Query, Router, Schema

from geo.domain.codes import commune_code
from geo.hiring import hiring_needs
from geo.queries import find_communes

router = Router(tags=["Territoire"])


class CommuneOut(Schema):
    code: str
    name: str
    kind: str
    departement: str
    postcodes: list[str]
    population: int | None
    lon: float | None
    lat: float | None


@router.get("/communes", response=list[CommuneOut], auth=None, summary="Chercher une commune")
def communes(
    request: HttpRequest,  # noqa: ARG001
    q: str = Query(min_length=1, max_length=80),
    limit: int = Query(10, ge=1, le=50),
) -> list[CommuneOut]:
    """By name (typing errors allowed), INSEE code or postcode."""
    return [
        CommuneOut(
            code=commune.code,
            name=commune.name,
            kind=commune.kind,
            departement=commune.departement_id,
            postcodes=commune.postcodes,
            population=commune.population,
            lon=commune.point.x if commune.point else None,
            lat=commune.point.y if commune.point else None,
        )
        for commune in find_communes(q, limit)
    ]


class HiringQuery(Schema):
    """A commune by its INSEE code; jobs (``rome``) and métiers (``fap``), repeated as needed."""

    commune: str = ""
    rome: list[str] = []
    fap: list[str] = []
    radius_km: float = 0


class CountOut(Schema):
    """``value`` is null when the figure is a statistical secret: only its bounds are known."""

    value: int | None
    low: int
    high: int


class NeedOut(Schema):
    """One métier (FAP 2021). ``approximate``: only its family is known to hold the jobs asked for."""

    fap: str
    label: str
    projects: CountOut
    hard: CountOut
    seasonal: CountOut
    lasting: CountOut
    approximate: bool


class SeekersOut(Schema):
    rome: str
    label: str
    seekers: CountOut
    offers: int | None


class HiringOut(Schema):
    """Survey and jobseekers have each their year and bassins. ``missing``: sources that hold nothing yet."""

    commune: str
    bassins: list[str]
    year: int | None
    needs: list[NeedOut]
    openings: CountOut
    seekers_bassins: list[str]
    seekers_zoning: str
    seekers_year: int | None
    seekers: list[SeekersOut]
    missing: list[str]
    sources: list[str]


@router.get("/hiring", response=HiringOut, auth=None, summary="Besoins de recrutement autour d'une commune")
def hiring(
    request: HttpRequest,  # noqa: ARG001
    query: Query[HiringQuery],
) -> HiringOut:
    """One SQL query."""
    code = commune_code(query.commune)
    near = max(0.0, min(100.0, query.radius_km))
    found = hiring_needs(commune=code, romes=query.rome, faps=query.fap, radius_km=near) if code else None
    if found is None:
        raise Http404("Cette commune est inconnue : donnez son code INSEE, par exemple 44109.")
    return HiringOut.model_validate(found, from_attributes=True)
