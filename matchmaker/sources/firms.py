"""Firms from tables: one small declarative mapping a format, one reader for all.

``sirene`` here: INSEE's column names (StockEtablissement, with StockUniteLegale's when joined), and the Maillage
extension a network may add (``metiersDeclares``, ``etpLibresDeclares`` ...). Registers are in ``registers.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from geo.domain.lambert import from_lambert93
from geo.domain.point import Point, PointError, in_france, point
from matchmaker.domain.firm import FirmRecord
from matchmaker.domain.siret import SiretError, normalise_siret
from matchmaker.domain.trade import normalise_naf
from matchmaker.sources import cells
from matchmaker.sources.cells import KINDS, FirmRowError, plain
from matchmaker.sources.tables import Fits, Row, read_rows

__all__ = ["KINDS", "SIRENE", "FirmMapping", "FirmRowError", "RefusedRow", "parse_row", "parse_rows", "read_firms"]


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that could not be read: where it is, why, and what it held.

    ``record`` is what it says of a firm all the same when only its SIRET is missing: it may be found by its name.
    """

    number: int
    reason: str
    message: str
    excerpt: str
    values: Mapping[str, str]
    record: FirmRecord | None = None


Reader = Callable[[str], Any]
Field = tuple[tuple[str, ...], Reader]
_NUMBER = ("siret", "ET-SIRET", "numéro de siret", "n siret", "numéro siret", "code siret", "siret structure")


@dataclass(frozen=True, slots=True, eq=False)
class FirmMapping:
    """How a table says what a firm is: record field -> (columns, the first that says something wins; how to read it).

    Several columns in one text ("prenomUsuelUniteLegale+nomUniteLegale") are read together, joined by a space.
    Columns are compared without accents, case or signs. ``required``: each column, or one of several.
    """

    name: str
    required: tuple[str | tuple[str, ...], ...]
    fields: Mapping[str, Field]
    constants: Mapping[str, Any]
    lon_lat: tuple[str, str] | None = None
    lambert: tuple[str, str] | None = None
    street: tuple[str, ...] = ()
    number: tuple[str, ...] = _NUMBER

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column it reads."""
        read = [name for candidates, _ in self.fields.values() for column in candidates for name in column.split("+")]
        return tuple(dict.fromkeys([*read, *(self.lon_lat or ()), *(self.lambert or ()), *self.street]))

    def fits(self, names: tuple[str, ...]) -> bool:
        """Whether a table with these columns is of this format."""
        known = places_of(names)
        return all(any(plain(name) in known for name in _group(wanted)) for wanted in self.required)

    def wanted(self) -> str:
        """What it needs, as a person is told."""
        return f"{self.name} : {', '.join(_group(wanted)[0] for wanted in self.required)}"


def _group(wanted: str | tuple[str, ...]) -> tuple[str, ...]:
    return (wanted,) if isinstance(wanted, str) else wanted


@lru_cache(256)
def places_of(names: tuple[str, ...]) -> Mapping[str, str]:
    """Columns as written, by their plain name; the first of two alike."""
    return {plain(name): name for name in reversed(names)}


SIRENE = FirmMapping(
    name="sirene",
    required=("siret", "codePostalEtablissement", "activitePrincipaleEtablissement"),
    fields={
        "name": (
            (
                "denominationUniteLegale",
                "prenomUsuelUniteLegale+nomUniteLegale",
                "denominationUsuelleEtablissement",
            ),
            cells.text,
        ),
        "trade_name": (("enseigne1Etablissement", "sigleUniteLegale"), cells.text),
        "legal_form": (("categorieJuridiqueUniteLegale",), cells.legal_form),
        "ess_flag": (("economieSocialeSolidaireUniteLegale",), cells.flag),
        "naf": (("activitePrincipaleEtablissement", "activitePrincipaleUniteLegale"), normalise_naf),
        "naf25": (("activitePrincipaleNAF25Etablissement", "activitePrincipaleNAF25UniteLegale"), normalise_naf),
        "employer": (("caractereEmployeurEtablissement", "caractereEmployeurUniteLegale"), cells.flag),
        "head_office": (("etablissementSiege",), cells.flag),
        "size_category": (("categorieEntreprise",), cells.size),
        "headcount_band": (("trancheEffectifsEtablissement",), cells.band),
        "headcount_year": (("anneeEffectifsEtablissement",), cells.year),
        "postcode": (("codePostalEtablissement",), cells.postcode),
        "city": (("libelleCommuneEtablissement",), cells.text),
        "commune_code": (("codeCommuneEtablissement",), cells.commune_code),
        "partial_diffusion": (("statutDiffusionEtablissement+statutDiffusionUniteLegale",), cells.opposed),
        "active": (("etatAdministratifEtablissement+etatAdministratifUniteLegale",), cells.still_open),
        "inclusive_kind": (("typeInclusif",), cells.kind),
        "declared_trades": (("metiersDeclares",), cells.trades),
        "declared_free_fte": (("etpLibresDeclares",), cells.positive),
        "declared_on": (("dateDeclaration",), cells.day),
        "declared_vacancies": (("postesAPourvoir",), cells.count),
        "vacancies_on": (("datePostes",), cells.day),
        "declared_radius_km": (("rayonInterventionKm",), cells.positive),
        "turnover_eur": (("chiffreAffaires",), cells.count),
        "references": (("referencesMarches",), cells.count),
        "places": (("placesAutorisees",), cells.count),
        "fictitious": (("fictif",), lambda value: value == "1"),
    },
    constants={},
    lon_lat=("longitude", "latitude"),
    lambert=("coordonneeLambertAbscisseEtablissement", "coordonneeLambertOrdonneeEtablissement"),
    street=("numeroVoieEtablissement", "typeVoieEtablissement", "libelleVoieEtablissement"),
)


def read_firms(path: Path, mapping: FirmMapping) -> Iterator[FirmRecord | RefusedRow]:
    """Stream a table; a row that cannot be read comes out as :class:`RefusedRow` and the rest goes on."""
    fits: Fits = mapping.fits
    return parse_rows(read_rows(path, fits), mapping)


def parse_rows(rows: Iterable[Row], mapping: FirmMapping) -> Iterator[FirmRecord | RefusedRow]:
    for row in rows:
        yield parse_or_refuse(row, mapping)


def parse_or_refuse(row: Row, mapping: FirmMapping) -> FirmRecord | RefusedRow:
    if row.problem:
        return refusal(row, "ligne_illisible", row.problem)
    try:
        return parse_row(row, mapping)
    except FirmRowError as error:
        return refusal(row, error.reason, str(error))
    except SiretError as error:
        if said(row.values, mapping.number):
            return refusal(row, "siret_invalide", str(error))
        return replace(refusal(row, "sans_siret", str(error)), record=_record(row, mapping, ""))


def refusal(row: Row, reason: str, message: str) -> RefusedRow:
    excerpt = "; ".join(f"{name}={value}" for name, value in row.values.items() if value)[:500]
    return RefusedRow(row.number, reason, message, excerpt, row.values)


def parse_row(row: Row, mapping: FirmMapping) -> FirmRecord:
    """One row to one record; raises SiretError. A cell that cannot be read is left empty with a warning."""
    return _record(row, mapping, normalise_siret(cells.padded(said(row.values, mapping.number))))


@lru_cache(1_024)
def _present(wanted: tuple[str, ...], names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Of the columns that may answer, those this table has, each as the columns it is joined of."""
    places = places_of(names)
    joined = (tuple(places[plain(part)] for part in name.split("+") if plain(part) in places) for name in wanted)
    return tuple(parts for parts in joined if parts)


def said(values: Mapping[str, str], wanted: tuple[str, ...], read: Reader = str) -> Any:
    """What the first of these columns that says something says; "" when all are silent."""
    for parts in _present(wanted, tuple(values)):
        value = " ".join(filter(None, (values[part] for part in parts)))
        if value and (found := read(value)) not in ("", None):
            return found
    return ""


def read_fields(row: Row, fields: Mapping[str, Field]) -> tuple[dict[str, Any], list[str]]:
    """What a row says, field by field, and what of it was left empty, in French."""
    found: dict[str, Any] = {}
    warnings: list[str] = []
    for name, (candidates, read) in fields.items():
        try:
            if (value := said(row.values, candidates, read)) != "":
                found[name] = value
        except FirmRowError as error:
            warnings.append(f"{error} La valeur est laissée vide.")
    if row.repaired:
        warnings.append("Caractères mal codés : lus comme du Windows-1252.")
    return found, warnings


def _record(row: Row, mapping: FirmMapping, siret: str) -> FirmRecord:
    found, warnings = read_fields(row, mapping.fields)
    found = {**mapping.constants, **found}
    found["name"] = found.get("name") or found.get("trade_name") or ""
    if street := " ".join(filter(None, (cells.text(said(row.values, (part,))) for part in mapping.street))):
        found["address"] = street
    place, warning = _place(row.values, mapping)
    if warning:
        warnings.append(warning)
    record = FirmRecord(siret=siret, source=mapping.name, **found)
    return replace(record, point=place, line=row.number, warnings=tuple(warnings))


def _place(values: Mapping[str, str], mapping: FirmMapping) -> tuple[Point | None, str]:
    """Point of a row if it gives one, else None with a sentence when what it gives is impossible."""

    def pair(names: tuple[str, str] | None) -> tuple[float, float] | None:
        texts = [said(values, (name,)) for name in names or ()]
        if len(texts) < 2 or not all(texts) or any(map(cells.hidden, texts)):
            return None
        return cells.number(texts[0]), cells.number(texts[1])

    try:
        if degrees := pair(mapping.lon_lat):
            place = point(lon=degrees[0], lat=degrees[1])
            if in_france(place):
                return place, ""
            swapped = in_france(Point(lon=place.lat, lat=place.lon))
            hint = " (longitude et latitude semblent échangées)" if swapped else ""
            return None, f"Coordonnées hors de France{hint} : la commune est utilisée à la place."
        overseas = values.get("codeCommuneEtablissement", "").startswith(("97", "98"))
        if (metres := pair(mapping.lambert)) and not overseas:
            return from_lambert93(*metres), ""
    except PointError as error:
        return None, f"{error} La commune est utilisée à la place."
    except FirmRowError as error:
        return None, f"Coordonnées illisibles ({error}) : la commune est utilisée à la place."
    return None, ""
