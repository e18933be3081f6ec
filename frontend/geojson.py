"""What the map draws, as GeoJSON: one role a feature, so that one script draws every page's map."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.db.models.functions import AsGeoJSON
from django.contrib.gis.geos import Polygon
from django.db.models import F, Func, Value

from consortia.queries import LotView, Team
from frontend.ranking import Row
from geo.models import Commune
from matchmaker.models import Firm, Lot
from matchmaker.queries import PublicFirm, public_firm

Json = dict[str, Any]
Box = tuple[float, float, float, float]  # west, south, east, north

MAX_HALF_DEG = 1.0  # of latitude, about 110 km; beyond, outlines would be noise
KM_PER_DEGREE = 111.2  # of latitude; only sizes a backdrop, never a distance that is shown or scored
MAX_OUTLINES = 3500
LABELS = 40


def collection(features: list[Json], **more: Any) -> Json:
    return {"type": "FeatureCollection", "features": features, **more}


def point(lon: float, lat: float, **properties: Any) -> Json:
    geometry = {"type": "Point", "coordinates": [round(lon, 5), round(lat, 5)]}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _firm(firm: PublicFirm, **properties: Any) -> Json | None:
    if firm.lon is None or firm.lat is None:
        return None
    return point(
        firm.lon,
        firm.lat,
        role="firm",
        siret=firm.siret,
        name=firm.name,
        social=firm.social,
        precision=firm.point_precision,
        **properties,
    )


def lot_map(view: LotView, rows: list[Row]) -> Json:
    """The lot, its uncertainty, the firms listed, and a link from the lot to each member of each grouping."""
    features: list[Json | None] = []
    if view.lot.point:
        features.append(
            point(
                view.lot.point.x,
                view.lot.point.y,
                role="lot",
                name=view.lot.place_label,
                circle_km=view.lot.uncertainty_km,
            )
        )
    ranked = {row.firm.siret for row in rows}
    features += [_firm(row.firm, rank=row.rank, solo=row.solo) for row in rows]
    return collection([*(one for one in features if one), *teams_features(view.lot, view.teams, ranked)])


def teams_features(lot: Lot, teams: Iterable[Team], drawn: Iterable[str] = ()) -> list[Json]:
    """Members of groupings, but those ``drawn`` already, and a link from the lot to each member of each."""
    seen = set(drawn)
    features: list[Json | None] = []
    for team in teams:
        for one in team.members:
            if one.firm.siret not in seen:
                seen.add(one.firm.siret)
                features.append(_firm(one.firm, rank=0, solo=False))
        features += _links(lot, team)
    return [one for one in features if one]


def _links(of: Lot, team: Team) -> list[Json]:
    lot = of.point
    if lot is None:
        return []
    return [
        {
            "type": "Feature",
            "geometry": {
                "type": "LineString",
                "coordinates": [
                    [round(lot.x, 5), round(lot.y, 5)],
                    [round(one.firm.lon, 5), round(one.firm.lat, 5)],
                ],
            },
            "properties": {
                "role": "link",
                "team": team.proposal.rank,
                "number": number,
                "siret": one.firm.siret,
                "share": round(one.member.share, 3),
                "mandataire": one.member.mandataire,
            },
        }
        for number, one in enumerate(team.members, start=1)
        if one.firm.lon is not None and one.firm.lat is not None
    ]


def firm_map(firm: Firm, open_lots: list[Lot], radius_km: float) -> Json:
    """A firm, its radius, and the open lots listed."""
    shown = public_firm(firm)
    own = _firm(shown, rank=1, solo=False, circle_km=radius_km)
    lots = [point(lot.point.x, lot.point.y, role="lot", name=lot.title, lot=lot.pk) for lot in open_lots if lot.point]
    return collection([*([own] if own else []), *lots])


def box_of(features: list[Json]) -> Box | None:
    """A box wider than what the map will show, around its lot or firm; no wider than outlines stay useful."""
    points = [one["geometry"]["coordinates"] for one in features if one["geometry"]["type"] == "Point"]
    if not points:
        return None
    lon, lat = points[0]  # the lot, or the firm of the page
    stretch = math.cos(math.radians(lat))
    reach = max(abs(y - lat) for _x, y in points)
    reach = max(reach, max(abs(x - lon) for x, _y in points) * stretch)
    circle = max((one["properties"].get("circle_km") or 0 for one in features), default=0) / KM_PER_DEGREE
    half = min(MAX_HALF_DEG, 1.3 * max(reach, circle) + 0.1)
    return (lon - half / stretch, lat - half, lon + half / stretch, lat + half)


def backdrop(box: Box) -> Json:
    """Commune outlines and the names of the largest ones: a readable map without any tile server.

    Two queries. Outlines are simplified to about a thousandth of the box: finer is not visible.
    """
    area = Polygon.from_bbox(box)
    area.srid = 4326
    tolerance = (box[2] - box[0]) / 900
    simple = Func(F("boundary"), Value(tolerance), function="ST_SimplifyPreserveTopology", output_field=GeometryField())
    communes = Commune.objects.filter(kind=Commune.Kind.COMMUNE)
    rows = (
        communes.filter(boundary__bboverlaps=area)
        .order_by()
        .annotate(outline=AsGeoJSON(simple, precision=4))
        .values_list("outline", "departement_id")[:MAX_OUTLINES]
    )
    outlines = ",".join(
        f'{{"type":"Feature","properties":{{"dep":"{dep}"}},"geometry":{outline}}}' for outline, dep in rows if outline
    )
    return {"outlines": outlines, "labels": _labels(box)}


def _labels(box: Box) -> list[Json]:
    area = Polygon.from_bbox(box)
    area.srid = 4326
    largest = (
        Commune.objects.filter(kind=Commune.Kind.COMMUNE, point__coveredby=area, population__isnull=False)
        .order_by("-population")
        .only("name", "point", "population")[:LABELS]
    )
    return [point(one.point.x, one.point.y, role="label", name=one.name, population=one.population) for one in largest]
