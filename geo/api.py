"""Places, for programs."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Schema

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
