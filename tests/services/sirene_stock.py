"""Stocks of SIRENE of a few rows, imported by columns, and the same rows imported one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matchmaker.ingest import ingest_firms
from matchmaker.ingest.sirene import ingest_sirene
from matchmaker.models import Firm, ImportRun
from tests.sources.firm_tables import write_csv

Cells = Mapping[str, str]
UNIT = {
    "statutDiffusionUniteLegale": "O",
    "sigleUniteLegale": "",
    "prenomUsuelUniteLegale": "",
    "categorieEntreprise": "PME",
    "etatAdministratifUniteLegale": "A",
    "nomUniteLegale": "",
    "denominationUniteLegale": "LA COLLECTERIE",
    "categorieJuridiqueUniteLegale": "9220",
    "activitePrincipaleUniteLegale": "81.21Z",
    "economieSocialeSolidaireUniteLegale": "O",
    "caractereEmployeurUniteLegale": "O",
    "activitePrincipaleNAF25UniteLegale": "81.21Y",
}
PLACE = {
    "statutDiffusionEtablissement": "O",
    "trancheEffectifsEtablissement": "11",
    "anneeEffectifsEtablissement": "2024",
    "etablissementSiege": "true",
    "numeroVoieEtablissement": "18",
    "typeVoieEtablissement": "RUE",
    "libelleVoieEtablissement": "SAINT ANTOINE",
    "codePostalEtablissement": "38000",
    "libelleCommuneEtablissement": "GRENOBLE",
    "codeCommuneEtablissement": "38185",
    "coordonneeLambertAbscisseEtablissement": "913500.5",
    "coordonneeLambertOrdonneeEtablissement": "6457900.25",
    "etatAdministratifEtablissement": "A",
    "enseigne1Etablissement": "",
    "denominationUsuelleEtablissement": "",
    "activitePrincipaleEtablissement": "81.21Z",
    "nomenclatureActivitePrincipaleEtablissement": "NAFRev2",
    "caractereEmployeurEtablissement": "O",
    "activitePrincipaleNAF25Etablissement": "81.21Y",
}
# What an import may not leave alike: numbers, clocks, and hashes of its own.
_OWN = {"id", "raw", "updated_at", "sirene_hash", "record_hash"}


def row(siret: str, **cells: str) -> dict[str, str]:
    """An establishment with its unit: any column of either may be told."""
    assert set(cells) <= set(UNIT) | set(PLACE), set(cells) - set(UNIT) - set(PLACE)
    return {"siren": siret[:9], "siret": siret} | UNIT | PLACE | cells


def written(folder: Path, rows: Sequence[Cells], points: Sequence[Cells] = (), suffix: str = "csv") -> list[Path]:
    """StockEtablissement, StockUniteLegale and, if any, the geolocation of these rows."""
    folder.mkdir(parents=True, exist_ok=True)
    units = {cells["siret"][:9]: {"siren": cells["siret"][:9], **_only(cells, UNIT)} for cells in reversed(rows)}
    places = [{"siren": cells["siret"][:9], "siret": cells["siret"], **_only(cells, PLACE)} for cells in rows]
    files = [
        write_csv(folder / f"StockEtablissement_utf8.{suffix}", places),
        write_csv(folder / f"StockUniteLegale_utf8.{suffix}", units.values()),
    ]
    if points:
        files.append(write_csv(folder / f"Geolocalisation.{suffix}", points, delimiter=";"))
    return files


def stock(folder: Path, *rows: Cells, points: Sequence[Cells] = ()) -> ImportRun:
    """Import these rows by columns."""
    return ingest_sirene(written(folder, rows, points))


def one_by_one(folder: Path, *rows: Cells) -> ImportRun:
    """Import the same rows, already joined, by the row path."""
    folder.mkdir(parents=True, exist_ok=True)
    return ingest_firms(write_csv(folder / "jointe.csv", rows))


def _only(cells: Cells, columns: Mapping[str, str]) -> dict[str, str]:
    return {name: cells[name] for name in columns}


def firms() -> dict[str, dict[str, Any]]:
    """All that rows of firms say, by SIRET; points to a tenth of a millimetre."""
    found = {}
    for firm in Firm.objects.all():
        values = {field.name: field.value_from_object(firm) for field in Firm._meta.concrete_fields}
        values["point"] = firm.point and (round(firm.point.x, 9), round(firm.point.y, 9))
        found[firm.siret] = {name: value for name, value in values.items() if name not in _OWN}
    return found
