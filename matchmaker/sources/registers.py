"""The registers: one small mapping each, over the column names their editions use.

Registers of establishments (``siae``, ``ea``, ``esat``, ``geiq``) and APIs give a ``FirmRecord``; registers of legal
units (``esus``, ``ess_france``) give a ``UnitRecord``: what it says holds for every establishment of the SIREN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from matchmaker.domain.register import Claim
from matchmaker.domain.siret import SiretError, normalise_siren
from matchmaker.domain.trade import normalise_naf
from matchmaker.sources import cells
from matchmaker.sources.firms import SIRENE, Field, FirmMapping, RefusedRow, read_fields, refusal, said
from matchmaker.sources.tables import TableError, columns, read_rows

_NAME = (
    "name", "nom", "raison_sociale", "denomination", "dénomination sociale", "nom de la structure", "nom_structure",
    "structure", "nom de l'entreprise", "entreprise", "raison sociale de la structure", "organisme", "association",
)  # fmt: skip
_KIND = ("kind", "type", "type de structure", "structure_type", "type_structure", "type siae", "catégorie")
_LIST: Mapping[str, Field] = {
    "name": (_NAME, cells.text),
    "trade_name": (("brand", "enseigne", "nom commercial", "nom d'usage", "sigle"), cells.text),
    "inclusive_kind": (_KIND, cells.kind),
    "naf": (("naf", "code naf", "ape", "code ape", "activité principale"), normalise_naf),
    "postcode": (("post_code", "code_postal", "cp", "code postal"), cells.postcode),
    "city": (("city", "ville", "commune", "libellé commune", "localité"), cells.town),
    "commune_code": (("code_insee", "code commune", "commune_insee", "insee"), cells.commune_code),
    "address": (("address", "adresse", "addresse_ligne_1", "adresse_ligne_1", "adresse postale"), cells.text),
    "headcount_band": (("api_entreprise_employees",), cells.band_in_words),
    "headcount_fte": (("c2_etp_count", "etp", "nombre d'etp"), cells.positive),
    "turnover_eur": (("ca", "chiffre d'affaires"), cells.count),
    "website": (("website", "site_web", "site internet", "site"), cells.text),
}
_NUMBERED = ("siret", "numéro de siret", "n siret", "numéro siret", "code siret", "siret structure")

SIAE = FirmMapping("siae", (_NUMBERED, _KIND, _NAME), _LIST, constants={}, lon_lat=("lon", "lat"))
SIAE_WITH_LONGITUDE = replace(SIAE, required=(*SIAE.required, "longitude"), lon_lat=("longitude", "latitude"))
# Lists of adapted firms: a column may tell those of temporary work.
EA = FirmMapping("ea", (_NUMBERED, _NAME), _LIST, constants={"inclusive_kind": "EA"}, lon_lat=("longitude", "latitude"))
GEIQ = FirmMapping(
    "geiq",
    (_NUMBERED, _NAME, ("geiq_id", "cp", "code_postal")),
    {name: field for name, field in _LIST.items() if name != "inclusive_kind"},  # its "type" is head office or antenna
    constants={"inclusive_kind": "GEIQ"},
    lon_lat=("longitude", "latitude"),
)
ESAT = FirmMapping(
    name="esat",
    required=("ET-SIRET", "ET-Raison sociale", "Capacité autorisée agrégée"),
    fields={
        "name": (("ET-Raison sociale", "EJ-Raison sociale"), cells.text),
        "places": (("Capacité autorisée agrégée",), cells.count),
        "address": (("ET-Adresse",), cells.text),
        "postcode": (("ET-Code Postal",), cells.postcode),
        "city": (("ET-Commune Libellé",), cells.text),
        "commune_code": (("ET-Commune Code",), cells.commune_code),
    },
    constants={"inclusive_kind": "ESAT"},
)
API_SIRENE = replace(SIRENE, required=(("siret", "siren"),))  # a protected firm's answer has 3 to 5 fields
RECHERCHE = FirmMapping(
    name="recherche_entreprises",
    required=("siret", "unite.siren"),
    fields={
        "name": (("unite.nom_raison_sociale", "unite.nom_complet", "denomination", "nom_commercial"), cells.text),
        "trade_name": (("enseigne", "nom_commercial", "liste_enseignes", "unite.sigle"), cells.text),
        "legal_form": (("unite.nature_juridique",), cells.legal_form),
        "ess_flag": (("unite.complements.est_ess",), cells.only_yes),
        "naf": (("activite_principale", "unite.activite_principale"), normalise_naf),
        "naf25": (("activite_principale_naf25",), normalise_naf),
        "employer": (("caractere_employeur",), cells.flag),
        "head_office": (("est_siege",), cells.flag),
        "size_category": (("unite.categorie_entreprise",), cells.size),
        "headcount_band": (("tranche_effectif_salarie", "tranche_effectif"), cells.band),
        "headcount_year": (("annee_tranche_effectif_salarie", "annee_tranche_effectif"), cells.year),
        "address": (("adresse",), cells.text),
        "postcode": (("code_postal",), cells.postcode),
        "city": (("libelle_commune", "commune"), cells.town),
        "commune_code": (("commune",), cells.commune_code),
        "partial_diffusion": (
            ("statut_diffusion_etablissement", "statut_diffusion", "unite.statut_diffusion"),
            cells.opposed,
        ),
        "active": (("etat_administratif",), cells.still_open),
    },
    constants={},
    lon_lat=("longitude", "latitude"),
)

# What a table of unknown origin may be, the most particular first.
RECOGNISED = (ESAT, RECHERCHE, SIRENE, replace(GEIQ, required=(*GEIQ.required, "geiq_id")), SIAE)
# What the file of a source must be.
BY_SOURCE: Mapping[str, tuple[FirmMapping, ...]] = {
    "siae": (SIAE_WITH_LONGITUDE, SIAE),
    "esat": (ESAT,),
    "ea": (EA,),
    "geiq": (GEIQ,),
    "api_sirene": (API_SIRENE,),
    "recherche_entreprises": (RECHERCHE,),
}


def mapping_of(path: Path, key: str = "") -> FirmMapping:
    """The mapping that fits a table, among those of a source when one is named. Raises TableError."""
    among = BY_SOURCE.get(key, RECOGNISED)
    present = _columns(path, among, empty_is_fine=bool(key))
    found = next((mapping for mapping in among if present is None or mapping.fits(present)), None)
    if found is None:
        wanted = " ; ".join(mapping.wanted() for mapping in among)
        raise TableError(f"{path.name} : colonnes non reconnues. Colonnes attendues — {wanted}.")
    return found


def _columns(path: Path, among: tuple[Any, ...], *, empty_is_fine: bool) -> tuple[str, ...] | None:
    """Columns of the first readable row; None for an answer without any result, when that is fine."""

    def fits(names: tuple[str, ...]) -> bool:
        return any(mapping.fits(names) for mapping in among)

    first = next((row for row in read_rows(path, fits) if row.values), None)
    if first is None and not empty_is_fine:
        return columns(path)  # says that it is empty
    return tuple(first.values) if first else None


# ---------------------------------------------------------------- registers of legal units


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """What a register says of a legal unit."""

    siren: str
    name: str
    claim: Claim
    line: int
    values: Mapping[str, str]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitMapping:
    name: str
    claim: Claim
    fields: Mapping[str, Field]
    number: tuple[str, ...] = ("siren", "numéro siren", "n siren", "code siren", "siren siret", "n siren siret")

    def fits(self, names: tuple[str, ...]) -> bool:
        known = {cells.plain(name) for name in names}
        return any(cells.plain(name) in known for name in (*self.number, *_NUMBERED))

    def wanted(self) -> str:
        return f"{self.name} : siren (ou siret)"


_UNIT_NAME: Mapping[str, Field] = {"name": (_NAME, cells.text)}
ESS_FRANCE = UnitMapping("ess_france", Claim("ess_france", ess=True), _UNIT_NAME)
ESUS = UnitMapping(
    "esus",
    Claim("esus", esus=True),
    {
        **_UNIT_NAME,
        "until": (
            (
                "date de fin", "date de fin d'agrément", "fin d'agrément", "date fin agrément", "fin de l'agrément",
                "date de fin de validité", "date d'expiration", "date d'échéance", "échéance", "fin de validité",
                "date fin", "fin", "valable jusqu'au", "date_fin_agrement",
            ),
            cells.day,
        ),
    },
)  # fmt: skip
UNITS = {mapping.name: mapping for mapping in (ESS_FRANCE, ESUS)}


def read_units(path: Path, mapping: UnitMapping) -> Iterator[UnitRecord | RefusedRow]:
    """Stream a register of legal units; raises TableError when no column holds a SIREN."""
    present = _columns(path, (mapping,), empty_is_fine=False)
    if present is None or not mapping.fits(present):
        raise TableError(f"{path.name} : colonnes non reconnues. Colonnes attendues — {mapping.wanted()}.")
    for row in read_rows(path, mapping.fits):
        if row.problem:
            yield refusal(row, "ligne_illisible", row.problem)
            continue
        found, warnings = read_fields(row, mapping.fields)
        try:
            siren = normalise_siren(said(row.values, (*mapping.number, *_NUMBERED)))
        except SiretError as error:
            yield refusal(row, "siren_invalide", str(error))
            continue
        claim = replace(mapping.claim, esus_until=found.get("until"))
        yield UnitRecord(siren, found.get("name", ""), claim, row.number, row.values, tuple(warnings))
