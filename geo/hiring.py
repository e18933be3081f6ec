"""Hiring needs near a place: what employers of its bassin mean to fill, and who looks for such a job. One query."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from geo.domain.hiring import Count, openings
from geo.domain.point import Point

_NEAREST_M = 30_000  # a point outside every outline (a new commune, a shore) is of the nearest commune, this near


@dataclass(frozen=True, slots=True)
class Need:
    """One métier of the survey. ``approximate``: only its family is known to hold the job asked for."""

    fap: str
    label: str
    projects: Count
    hard: Count
    seasonal: Count
    lasting: Count  # all but seasonal
    approximate: bool


@dataclass(frozen=True, slots=True)
class Seekers:
    rome: str
    label: str
    seekers: Count
    offers: int | None


@dataclass(frozen=True, slots=True)
class HiringNeeds:
    """What is known around a commune. ``missing`` names the sources that hold nothing, so one can be told to load them.

    The survey and the jobseekers have each their year and their bassins, which are revised every year.
    """

    commune: str
    bassins: tuple[str, ...] = ()
    year: int | None = None
    needs: tuple[Need, ...] = ()
    seekers_bassins: tuple[str, ...] = ()
    seekers_zoning: str = ""
    seekers_year: int | None = None
    seekers: tuple[Seekers, ...] = ()
    missing: tuple[str, ...] = ()
    sources: tuple[str, ...] = field(default=())

    @property
    def openings(self) -> Count:
        """O of the domain guide: lasting jobs employers mean to fill, without declared vacancies."""
        return sum((need.lasting for need in self.needs), Count.of(0))


def hiring_needs(
    *,
    point: Point | None = None,
    commune: str = "",
    romes: Iterable[str] = (),
    faps: Iterable[str] = (),
    radius_km: float = 0.0,
) -> HiringNeeds | None:
    """Needs of the bassin of a commune (or of all within a radius) for jobs (ROME) and métiers (FAP).

    The latest survey whose bassins' communes are known counts. None when the place is no known commune. One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL,
            {
                "commune": commune,
                "lon": point.lon if point else None,
                "lat": point.lat if point else None,
                "romes": sorted(set(romes)),
                "faps": sorted(set(faps)),
                "radius": radius_km * 1000,
                "nearest": _NEAREST_M,
            },
        )
        row = cursor.fetchone()
    return _built(*(json.loads(part) if part else None for part in row)) if row else None


def _built(
    here: dict[str, Any], survey: dict[str, Any], needs: list[Any] | None, register: dict[str, Any], seekers: Any
) -> HiringNeeds:
    return HiringNeeds(
        commune=here["name"],
        bassins=tuple(survey["bassins"] or ()),
        year=survey["year"],
        needs=tuple(_need(need) for need in needs or ()),
        seekers_bassins=tuple(register["bassins"] or ()),
        seekers_zoning=register["zoning"] or "",
        seekers_year=register["year"],
        seekers=tuple(
            Seekers(one["rome"], one["label"], Count(one["value"], one["low"], one["high"]), one["offers"])
            for one in seekers or ()
        ),
        missing=tuple(here["missing"] or ()),
        sources=tuple(name for name in (survey["source"], register["source"]) if name),
    )


def _need(need: dict[str, Any]) -> Need:
    rows = [tuple(Count(*figures) for figures in row) for row in need["rows"]]
    projects, hard, seasonal = (sum((row[at] for row in rows), Count.of(0)) for at in range(3))
    lasting = openings((row[0], row[2]) for row in rows)
    return Need(need["fap"], need["label"], projects, hard, seasonal, lasting, need["approximate"])


# here: the commune asked for, or the one that holds the point. near: with it, those within the radius.
# wanted: the métiers asked for, each ROME by the best table that knows it.
# Bassins are those of the latest zoning that has both communes and figures.
_SQL = """
WITH spot AS (
    SELECT ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), 4326) AS place
), here AS MATERIALIZED (
    SELECT c.code, c.name FROM geo_commune c WHERE c.code = (
        SELECT coalesce(
            (SELECT coalesce(k.parent_id, k.code) FROM geo_commune k WHERE k.code = %(commune)s),
            (SELECT k.code FROM geo_commune k, spot
             WHERE k.kind = 'commune' AND ST_Intersects(k.boundary, spot.place) ORDER BY k.code LIMIT 1),
            (SELECT k.code FROM geo_commune k, spot
             WHERE k.kind = 'commune' AND ST_DWithin(k.point, spot.place::geography, %(nearest)s)
             ORDER BY k.point <-> spot.place::geography, k.code LIMIT 1)))
), near AS (
    SELECT code FROM here
    UNION
    SELECT c.code FROM geo_commune c, geo_commune centre, here
    WHERE %(radius)s > 0 AND centre.code = here.code AND c.kind = 'commune'
      AND ST_DWithin(c.point, centre.point, %(radius)s)
), bassin AS MATERIALIZED (
    SELECT DISTINCT z.id, z.vintage, z.name, z.source FROM near
    JOIN geo_zonecommune m ON m.commune_id = near.code JOIN geo_zone z ON z.id = m.zone_id AND z.kind = 'bmo'
), survey AS MATERIALIZED (
    SELECT b.id, b.name, h.year FROM bassin b
    CROSS JOIN LATERAL (SELECT year FROM geo_hiringprojects h WHERE h.zone_id = b.id ORDER BY year DESC LIMIT 1) h
    WHERE h.year = (SELECT max(year) FROM geo_hiringprojects x WHERE x.zone_id IN (SELECT id FROM bassin))
), register AS MATERIALIZED (
    SELECT b.id, b.name, b.vintage, j.year FROM bassin b
    CROSS JOIN LATERAL (SELECT year FROM geo_jobseekers j WHERE j.zone_id = b.id ORDER BY year DESC LIMIT 1) j
    WHERE j.year = (SELECT max(year) FROM geo_jobseekers x WHERE x.zone_id IN (SELECT id FROM bassin))
), wanted AS MATERIALIZED (
    SELECT fap, bool_and(precision = 'family') AS approximate FROM (
        SELECT fap, precision, rank() OVER (
            PARTITION BY rome ORDER BY array_position(ARRAY['exact', 'ours', 'family'], precision::text)) AS best
        FROM geo_romefap WHERE rome = ANY(%(romes)s)
        UNION ALL SELECT asked, 'exact', 1 FROM unnest(%(faps)s::text[]) AS asked) AS known
    WHERE best = 1 GROUP BY fap
), need AS (
    SELECT h.fap, max(h.label) AS label, (array_agg(w.approximate ORDER BY w.approximate))[1] AS approximate,
           json_agg(json_build_array(
               json_build_array(h.projects, h.projects_low, h.projects_high),
               json_build_array(h.hard, h.hard_low, h.hard_high),
               json_build_array(h.seasonal, h.seasonal_low, h.seasonal_high))) AS rows,
           sum(h.projects_high) AS size
    FROM geo_hiringprojects h JOIN survey s ON s.id = h.zone_id AND s.year = h.year
    JOIN LATERAL (SELECT bool_and(w.approximate) AS approximate FROM wanted w
                  WHERE h.fap = w.fap OR (w.approximate AND starts_with(h.fap, w.fap)) HAVING count(*) > 0) w ON true
    GROUP BY h.fap
), seeker AS (
    SELECT j.rome, max(j.label) AS label, sum(j.seekers_low) AS low, sum(j.seekers_high) AS high,
           CASE WHEN count(*) = count(j.seekers) THEN sum(j.seekers) END AS value, sum(j.offers) AS offers
    FROM geo_jobseekers j JOIN register r ON r.id = j.zone_id AND r.year = j.year
    WHERE j.rome = ANY(%(romes)s) GROUP BY j.rome
)
SELECT
    (SELECT json_build_object('name', here.name, 'missing', (SELECT json_agg(key ORDER BY key) FROM (VALUES
        ('bassins', EXISTS (SELECT FROM geo_zonecommune)), ('bmo', EXISTS (SELECT FROM geo_hiringprojects)),
        ('demandeurs', EXISTS (SELECT FROM geo_jobseekers)), ('rome_fap', EXISTS (SELECT FROM geo_romefap))
    ) AS held(key, there) WHERE NOT there))::text FROM here),
    (SELECT json_build_object('year', max(year), 'bassins', json_agg(name ORDER BY name),
        'source', (SELECT source FROM geo_vintage WHERE name = 'besoins en main-d''œuvre ' || max(survey.year)))::text
     FROM survey),
    (SELECT json_agg(need ORDER BY size DESC, fap)::text FROM need),
    (SELECT json_build_object('year', max(year), 'zoning', max(vintage), 'bassins', json_agg(name ORDER BY name),
        'source', (SELECT source FROM geo_vintage WHERE name = 'demandeurs d''emploi ' || max(register.year)))::text
     FROM register),
    (SELECT json_agg(seeker ORDER BY high DESC, rome)::text FROM seeker)
WHERE EXISTS (SELECT FROM here)
"""
