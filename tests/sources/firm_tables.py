"""Small tables of firms as the real ones are written."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Mapping
from pathlib import Path

# SIRETs whose keys are right: La Collecterie, Baluchon, an ESAT of Ain, and made-up ones.
COLLECTERIE, BALUCHON, ESAT = "75187049400026", "80746931700018", "77554456201361"

SIRENE = {
    "siren": COLLECTERIE[:9],
    "siret": COLLECTERIE,
    "statutDiffusionEtablissement": "O",
    "denominationUniteLegale": "LA COLLECTERIE",
    "categorieJuridiqueUniteLegale": "9220",
    "economieSocialeSolidaireUniteLegale": "",
    "activitePrincipaleEtablissement": "81.21Z",
    "trancheEffectifsEtablissement": "11",
    "anneeEffectifsEtablissement": "2024",
    "numeroVoieEtablissement": "18",
    "typeVoieEtablissement": "RUE",
    "libelleVoieEtablissement": "SAINT ANTOINE",
    "codePostalEtablissement": "38000",
    "codeCommuneEtablissement": "38185",
    "libelleCommuneEtablissement": "GRENOBLE",
    "etatAdministratifEtablissement": "A",
    "coordonneeLambertAbscisseEtablissement": "",
    "coordonneeLambertOrdonneeEtablissement": "",
}
SIAE = {
    "siret": COLLECTERIE,
    "name": "LA COLLECTERIE",
    "brand": "La Collecterie",
    "kind": "ACI",
    "naf": "8899B",
    "address": "18 Rue Saint Antoine",
    "post_code": "38000",
    "city": "Grenoble",
    "lon": "5.7310",
    "lat": "45.1890",
    "api_entreprise_employees": "",
    "c2_etp_count": "",
    "ca": "",
    "website": "",
}
ESAT_ROW = {
    "ET-SIRET": ESAT,
    "ET-Raison sociale": "ESAT ENVOL TRANSITION",
    "EJ-Raison sociale": "ORSAC",
    "ET-Adresse": "385 ALL DU PRUNNUS",
    "ET-Code Postal": "38000",
    "ET-Commune Code": "38185",
    "ET-Commune Libellé": "Grenoble",
    "Capacité autorisée agrégée": "66",
}


def write_csv(path: Path, rows: Iterable[Mapping[str, str]], *, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """A CSV of these rows, gzip when the name says so."""
    rows = list(rows)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path
