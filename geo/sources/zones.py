"""Zonings of communes from a file: zones d'emploi, bassins de vie, EPCI, bassins of France Travail.

No package carries them. INSEE and France Travail publish them as CSV or Excel, under changing names of columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from geo.domain.codes import commune_code, zone_code
from geo.sources.shapes import Column, Row, Shape, Table, UnknownShapeError

CODE, NAME = 10, 120  # characters a zone's code and name have at most
_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")
_COMMUNE = (
    "codgeo",
    "code_commune_insee",
    "code_commune",
    "commune_id",
    "code_insee",
    "codecommune",
    "ccommune",
    "commune",
)
ZONINGS = Shape(
    "une table commune - zone d'emploi",
    (
        Column("commune", _COMMUNE),
        Column("ze", ("ze2020", "code_zone", "zone_emploi", "ze")),
        Column("ze_name", ("libze2020", "lib_zone", "lib_ze2020", "libelle_zone"), optional=True),
        Column("bv", ("bv2022",), optional=True),
        Column("bv_name", ("libbv2022",), optional=True),
        Column("epci", ("epci",), optional=True),
        Column("epci_name", ("libepci",), optional=True),
    ),
)
LABELS = Shape(
    "une table de libellés de zones",
    (Column("level", ("nivgeo",)), Column("code", ("codgeo",)), Column("name", ("libgeo",))),
)
ZE_LABELS = Shape(
    "une liste de zones d'emploi",
    (Column("code", ("ze2020",)), Column("name", ("libze2020",)), Column("size", ("nb_com",))),
)
BASSINS = Shape(
    "une table commune - bassin d'emploi",
    (
        Column("commune", _COMMUNE),
        Column("bassin", (r"code_bassin(?:_bmo)?_(\d{4})", r"be(\d\d)", "code_bassin_bmo", "code_bassin", "cbassin")),
        Column(
            "name",
            (r"lib_bassin(?:_bmo)?_(\d{4})", r"nombe(\d\d)", "lib_bassin_bmo", "lib_bassin", r"lib_bassin_bmo(\d\d)"),
        ),
    ),
)
EVENTS = Shape(
    "une table d'événements de communes",
    (
        Column("date", ("date_eff",)),
        Column("kind_before", ("typecom_av",)),
        Column("before", ("com_av",)),
        Column("name", ("libelle_av", "ncc_av", "nccenr_av")),
        Column("kind_after", ("typecom_ap",)),
        Column("after", ("com_ap",)),
    ),
)


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be used, with its reason in a French sentence."""

    line: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class CommuneZones:
    """A commune's zones in one row of a file: zoning ("ze", "bv", "epci") -> (code, name)."""

    line: int
    commune: str
    zones: dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ZoneLabel:
    line: int
    zoning: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Event:
    """A commune that stopped being one, or changed its code."""

    line: int
    day: str
    before: str
    name: str
    after: str


def read_zonings(table: Table) -> Iterator[CommuneZones | Refused]:
    for row in table.rows:
        code = commune_code(row["commune"])
        if code is None:
            yield _no_commune(row)
            continue
        zones = {}
        for zoning in ("ze", "bv", "epci"):
            zone = _zone(zoning, row[zoning])
            if zone:
                zones[zoning] = (zone, row[f"{zoning}_name"])
        yield too_long(row, _longest(zones.values())) or CommuneZones(row.number, code, zones)


def read_labels(table: Table) -> Iterator[ZoneLabel | Refused]:
    """Labels of the zonings we keep; those of others are passed over."""
    levels = {"ZE2020": "ze", "BV2022": "bv", "EPCI": "epci"}
    for row in table.rows:
        zoning = levels.get(row["level"] or "ZE2020")
        code = _zone(zoning, row["code"]) if zoning else None
        if zoning and code and row["name"]:
            yield too_long(row, _longest([(code, row["name"])])) or ZoneLabel(row.number, zoning, code, row["name"])


def read_bassins(table: Table) -> Iterator[CommuneZones | Refused]:
    for row in table.rows:
        code, bassin = commune_code(row["commune"]), zone_code(row["bassin"])
        if code is None:
            yield _no_commune(row)
        elif bassin is None:
            message = f"Code de bassin « {row['bassin']} » illisible : quatre caractères sont attendus."
            yield Refused(row.number, "bassin_illisible", message)
        else:
            zones = {"bmo": (bassin, row["name"])}
            yield too_long(row, _longest(zones.values())) or CommuneZones(row.number, code, zones)


def read_events(table: Table) -> Iterator[Event | Refused]:
    """Only events that end or rename a commune; the others change no address."""
    for row in table.rows:
        if row["kind_before"] != "COM" or row["kind_after"] != "COM":
            continue
        before, after = commune_code(row["before"]), commune_code(row["after"])
        if before is None or after is None:
            yield _no_commune(row)
        elif before != after:
            yield too_long(row, {"libellé": (row["name"], NAME)}) or Event(
                row.number, row["date"], before, row["name"], after
            )


def year_of(table: Table, file: str, *columns: str) -> str:
    """The year of a zoning: said by a column's name (BE24), else by the file's. Raises UnknownShapeError."""
    if told := full_year(table.captured(*columns)):
        return told
    if match := _YEAR.search(file):
        return match.group()
    raise UnknownShapeError(
        f"{file} : ni les colonnes ni le nom du fichier ne disent l'année du découpage ; "
        "ajoutez-la au nom, par exemple bassins_2024.csv."
    )


def has_year(file: str) -> bool:
    return _YEAR.search(file) is not None


def full_year(told: str) -> str:
    """ "24" -> "2024"; nothing stays nothing."""
    return f"20{told}" if len(told) == 2 else told


def _zone(zoning: str, text: str) -> str | None:
    if zoning == "ze":
        return zone_code(text)
    code = text.strip().upper()
    if not code or set(code) == {"Z"}:
        return None
    return code.zfill(5) if zoning == "bv" else code


def too_long(row: Row, cells: Mapping[str, tuple[str, int]]) -> Refused | None:
    """The refusal of a row one of whose cells (text, most characters) is longer than any true one; None when none."""
    for what, (text, most) in cells.items():
        if len(text) > most:
            message = (
                f"Le {what} « {text[:40]}… » a {len(text)} caractères, {most} au plus sont attendus : "
                "corrigez la ligne et relancez."
            )
            return Refused(row.number, "valeur_trop_longue", message)
    return None


def _longest(zones: Iterable[tuple[str, str]]) -> dict[str, tuple[str, int]]:
    """The longest code and name of zones, as ``too_long`` judges them."""
    codes, names = zip(("", ""), *zones, strict=True)
    return {"code": (max(codes, key=len), CODE), "nom de zone": (max(names, key=len), NAME)}


def _no_commune(row: Row) -> Refused:
    said = row["commune"] or row["before"]
    return Refused(row.number, "commune_illisible", f"Code de commune « {said} » illisible : cinq caractères attendus.")
