"""Firms from tables: one small declarative mapping a format, one reader for all.

- ``sirene``: INSEE's column names (StockEtablissement, with StockUniteLegale's when joined), and the
  Maillage extension a network may add (``metiersDeclares``, ``etpLibresDeclares`` ...);
- ``siae``: the list of inclusive structures (columns ``siret, name, kind, naf, post_code, lon, lat``);
- ``esat``: the FINESS list of ESAT with their authorised places.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from geo.domain.codes import commune_code, postcode
from geo.domain.lambert import from_lambert93
from geo.domain.point import Point, PointError, in_france, point
from matchmaker.domain.firm import FirmRecord
from matchmaker.domain.siret import SiretError, normalise_siret
from matchmaker.domain.trade import normalise_naf
from matchmaker.sources.tables import Row, TableError, columns, read_rows

KINDS = frozenset(["EI", "ETTI", "ACI", "AI", "EITI", "EA", "EATT", "ESAT", "GEIQ", "SEP"])
_HIDDEN = re.compile(r"\[(?:ND|NON-DIFFUSIBLE)\]")


class FirmRowError(ValueError):
    """Cette ligne ne décrit pas une entreprise lisible."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that could not be read: where it is, why, and what it held."""

    number: int
    reason: str
    message: str
    excerpt: str


Reader = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class FirmMapping:
    """How a table says what a firm is: record field -> (columns, the first that says something wins; how to read it).

    Several columns in one text ("prenomUsuelUniteLegale+nomUniteLegale") are read together, joined by a space.
    """

    name: str
    required: tuple[str, ...]
    fields: Mapping[str, tuple[tuple[str, ...], Reader]]
    constants: Mapping[str, Any]
    lon_lat: tuple[str, str] | None = None
    lambert: tuple[str, str] | None = None
    street: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column it reads."""
        read = [name for candidates, _ in self.fields.values() for column in candidates for name in column.split("+")]
        return tuple(dict.fromkeys([*read, *(self.lon_lat or ()), *(self.lambert or ()), *self.street]))


def _text(value: str) -> str:
    return re.sub(r"[\s\x00]+", " ", _HIDDEN.sub("", value)).strip()


def _number(value: str) -> float:
    try:
        number = float("".join(value.split()).replace(",", "."))  # thousands come with all kinds of spaces
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise FirmRowError("nombre_illisible", f"« {value} » n'est pas un nombre.")
    return number


def _positive(value: str) -> float:
    number = _number(value)
    if number < 0:
        raise FirmRowError("nombre_negatif", f"« {value} » ne peut pas être négatif.")
    if number > 1e12:
        raise FirmRowError("nombre_excessif", f"« {value} » dépasse tout ce qu'une entreprise peut déclarer.")
    return number


def _count(value: str) -> int:
    return round(_positive(value))


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise FirmRowError("date_illisible", f"« {value} » n'est pas une date AAAA-MM-JJ.") from None


def _year(value: str) -> int | None:
    return int(value) if value.isdigit() and len(value) == 4 else None


def _flag(value: str) -> bool | None:
    return {"O": True, "1": True, "TRUE": True, "OUI": True, "N": False, "0": False, "FALSE": False}.get(value.upper())


def _opposed(statuses: str) -> bool:
    """Whether the establishment or its unit opposes full diffusion: P, or N before 2023."""
    return not {"P", "N"}.isdisjoint(statuses.upper().split())


def _open(states: str) -> bool:
    """Neither the establishment closed (F) nor its unit ceased (C)."""
    return {"F", "C"}.isdisjoint(states.upper().split())


def _size(value: str) -> str:
    return value if value in ("PME", "ETI", "GE") else ""


def _kind(value: str) -> str:
    kind = value.upper()
    if kind not in KINDS:
        raise FirmRowError("type_inconnu", f"Type de structure inclusive inconnu : « {value} ».")
    return kind


def _legal_form(value: str) -> str:
    return value if value.isdigit() and len(value) == 4 else ""


def _band(value: str) -> str:
    return value if re.fullmatch(r"NN|\d\d", value) else ""


def _band_in_words(value: str) -> str:
    """ "20 à 49 salariés" -> "12"; words of the API Entreprise."""
    first = re.match(r"\d[\d ]*", value)
    bands = {0: "00", 1: "01", 3: "02", 6: "03", 10: "11", 20: "12", 50: "21", 100: "22", 200: "31", 250: "32"}
    bands |= {500: "41", 1000: "42", 2000: "51", 5000: "52", 10000: "53"}
    return bands.get(int(first[0].replace(" ", "")), "") if first else ""


def _trades(value: str) -> tuple[str, ...]:
    codes = tuple(code.strip().upper() for code in re.split(r"[|;, ]+", value) if code.strip())
    wrong = [code for code in codes if not re.fullmatch(r"T(?:0[1-9]|[1-3]\d|4[0-6])", code)]
    if wrong:
        raise FirmRowError("metier_inconnu", f"Métier déclaré inconnu : « {wrong[0]} » (attendu : T01 à T46).")
    return codes


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
            _text,
        ),
        "trade_name": (("enseigne1Etablissement", "sigleUniteLegale"), _text),
        "legal_form": (("categorieJuridiqueUniteLegale",), _legal_form),
        "ess_flag": (("economieSocialeSolidaireUniteLegale",), _flag),
        "naf": (("activitePrincipaleEtablissement", "activitePrincipaleUniteLegale"), normalise_naf),
        "naf25": (("activitePrincipaleNAF25Etablissement", "activitePrincipaleNAF25UniteLegale"), normalise_naf),
        "employer": (("caractereEmployeurEtablissement", "caractereEmployeurUniteLegale"), _flag),
        "head_office": (("etablissementSiege",), _flag),
        "size_category": (("categorieEntreprise",), _size),
        "headcount_band": (("trancheEffectifsEtablissement",), _band),
        "headcount_year": (("anneeEffectifsEtablissement",), _year),
        "postcode": (("codePostalEtablissement",), lambda value: postcode(value) or ""),
        "city": (("libelleCommuneEtablissement",), _text),
        "commune_code": (("codeCommuneEtablissement",), lambda value: commune_code(value) or ""),
        "partial_diffusion": (("statutDiffusionEtablissement+statutDiffusionUniteLegale",), _opposed),
        "active": (("etatAdministratifEtablissement+etatAdministratifUniteLegale",), _open),
        "inclusive_kind": (("typeInclusif",), _kind),
        "declared_trades": (("metiersDeclares",), _trades),
        "declared_free_fte": (("etpLibresDeclares",), _positive),
        "declared_on": (("dateDeclaration",), _day),
        "declared_radius_km": (("rayonInterventionKm",), _positive),
        "turnover_eur": (("chiffreAffaires",), _count),
        "references": (("referencesMarches",), _count),
        "places": (("placesAutorisees",), _count),
        "fictitious": (("fictif",), lambda value: value == "1"),
    },
    constants={},
    lon_lat=("longitude", "latitude"),
    lambert=("coordonneeLambertAbscisseEtablissement", "coordonneeLambertOrdonneeEtablissement"),
    street=("numeroVoieEtablissement", "typeVoieEtablissement", "libelleVoieEtablissement"),
)

SIAE = FirmMapping(
    name="siae",
    required=("siret", "kind", "post_code", "lon", "lat"),
    fields={
        "name": (("name",), _text),
        "trade_name": (("brand",), _text),
        "inclusive_kind": (("kind",), _kind),
        "naf": (("naf",), normalise_naf),
        "postcode": (("post_code",), lambda value: postcode(value) or ""),
        "city": (("city",), _text),
        "address": (("address",), _text),
        "headcount_band": (("api_entreprise_employees",), _band_in_words),
        "headcount_fte": (("c2_etp_count",), _positive),
        "turnover_eur": (("ca",), _count),
        "website": (("website",), _text),
    },
    constants={},
    lon_lat=("lon", "lat"),
)

ESAT = FirmMapping(
    name="esat",
    required=("ET-SIRET", "ET-Raison sociale", "Capacité autorisée agrégée"),
    fields={
        "name": (("ET-Raison sociale", "EJ-Raison sociale"), _text),
        "places": (("Capacité autorisée agrégée",), _count),
        "address": (("ET-Adresse",), _text),
        "postcode": (("ET-Code Postal",), lambda value: postcode(value) or ""),
        "city": (("ET-Commune Libellé",), _text),
        "commune_code": (("ET-Commune Code",), lambda value: commune_code(value) or ""),
    },
    constants={"inclusive_kind": "ESAT"},
)

MAPPINGS = (SIAE, ESAT, SIRENE)


def mapping_of(path: Path) -> FirmMapping:
    """The mapping whose required columns a table has; raises TableError naming what each one needs."""
    present = set(columns(path))
    for mapping in MAPPINGS:
        if set(mapping.required) <= present:
            return mapping
    wanted = " ; ".join(f"{mapping.name} : {', '.join(mapping.required)}" for mapping in MAPPINGS)
    raise TableError(f"{path.name} : colonnes non reconnues. Colonnes attendues — {wanted}.")


def read_firms(path: Path, mapping: FirmMapping) -> Iterator[FirmRecord | RefusedRow]:
    """Stream a table; a row that cannot be read comes out as :class:`RefusedRow` and the rest goes on."""
    return parse_rows(read_rows(path), mapping)


def parse_rows(rows: Iterable[Row], mapping: FirmMapping) -> Iterator[FirmRecord | RefusedRow]:
    for row in rows:
        try:
            yield parse_row(row, mapping)
        except (FirmRowError, SiretError) as error:
            reason = error.reason if isinstance(error, FirmRowError) else "siret_invalide"
            excerpt = "; ".join(f"{k}={v}" for k, v in row.values.items() if v)[:500]
            yield RefusedRow(row.number, reason, str(error), excerpt)


def parse_row(row: Row, mapping: FirmMapping) -> FirmRecord:
    """One row to one record; raises SiretError. A cell that cannot be read is left empty with a warning."""
    said: dict[str, Any] = dict(mapping.constants)
    warnings: list[str] = []
    for name, (candidates, read) in mapping.fields.items():
        try:
            if (value := _said(row.values, candidates, read)) is not None:
                said[name] = value
        except FirmRowError as error:
            warnings.append(f"{error} La valeur est laissée vide.")
    siret = normalise_siret(row.values.get("siret") or row.values.get("ET-SIRET") or "")
    said["name"] = said.get("name") or said.get("trade_name") or ""
    if street := " ".join(filter(None, (_text(row.values.get(part, "")) for part in mapping.street))):
        said["address"] = street
    place, warning = _place(row.values, mapping)
    if warning:
        warnings.append(warning)
    if row.repaired:
        warnings.append("Caractères mal codés : lus comme du Windows-1252.")
    record = FirmRecord(siret=siret, source=mapping.name, **said)
    return replace(record, point=place, line=row.number, warnings=tuple(warnings))


def _said(values: Mapping[str, str], candidates: tuple[str, ...], read: Reader) -> Any:
    """What the first of the columns that says something says; None when all are silent."""
    for names in candidates:
        value = " ".join(filter(None, (values.get(column, "") for column in names.split("+"))))
        if value and (said := read(value)) not in ("", None):
            return said
    return None


def _place(values: Mapping[str, str], mapping: FirmMapping) -> tuple[Point | None, str]:
    """Point of a row if it gives one, else None with a sentence when what it gives is impossible."""

    def pair(names: tuple[str, str] | None) -> tuple[float, float] | None:
        texts = [values.get(name, "") for name in names or ()]
        if len(texts) < 2 or not all(texts) or any(_HIDDEN.search(text) for text in texts):
            return None
        return _number(texts[0]), _number(texts[1])

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
