"""Small DECP records in the shapes published, for the tests of sources and services."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.factories import siret

BUYER = siret(901)
NET, VITRES, JARDINS = siret(911), siret(912), siret(913)


def holders(*sirets: str) -> list[dict[str, Any]]:
    return [{"titulaire": {"typeIdentifiant": "SIRET", "id": number}} for number in sirets]


def contract(number: str = "2024M01", *won_by: str, **more: Any) -> dict[str, Any]:
    """One contract of the 2022 vintage."""
    return {
        "id": number,
        "acheteur": {"id": BUYER},
        "nature": "Marché",
        "objet": "Nettoyage des écoles",
        "codeCPV": "90911200-8",
        "techniques": {"technique": ["Sans objet"]},
        "procedure": "Procédure adaptée",
        "lieuExecution": {"code": "38185", "typeCode": "Code commune"},
        "dureeMois": 24,
        "dateNotification": "2026-03-02",
        "datePublicationDonnees": "2026-03-10",
        "montant": 120000.0,
        "offresRecues": 3,
        "typeGroupementOperateurs": "Pas de groupement",
        "sousTraitanceDeclaree": False,
        "titulaires": holders(*(won_by or (NET,))),
        "considerationsSociales": {"considerationSociale": ["Clause sociale"]},
        "considerationsEnvironnementales": {"considerationEnvironnementale": ["Pas de considération environnementale"]},
        "modifications": [],
    } | more


def old_contract(number: str = "2018M0100", *won_by: str, **more: Any) -> dict[str, Any]:
    """One contract of the 2019 vintage: flat holders, no field for groupings."""
    return {
        "id": number,
        "_type": "Marché",
        "acheteur": {"id": BUYER, "nom": "VILLE D'ESSAI"},
        "nature": "Marché",
        "objet": "Nettoyage des écoles",
        "codeCPV": "90911200",
        "procedure": "Procédure adaptée",
        "lieuExecution": {"code": "38", "typeCode": "Code département", "nom": "Isère"},
        "dureeMois": 12,
        "dateNotification": "2018-12-17+01:00",
        "datePublicationDonnees": "2019-03-19+01:00",
        "montant": 153900,
        "titulaires": [{"typeIdentifiant": "SIRET", "id": number} for number in won_by or (NET,)],
        "modifications": [],
    } | more


def national(path: Path, contracts: Sequence[Mapping[str, Any]], concessions: Sequence[Any] = ()) -> Path:
    """A file of the 2022 vintage, gzip by its name."""
    content = json.dumps({"marches": {"marche": contracts, "contrat-concession": concessions}}, ensure_ascii=False)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(content.encode()))
    else:
        path.write_text(content, encoding="utf-8")
    return path


def modified(**values: Any) -> dict[str, Any]:
    return {"modification": {"id": 1, "datePublicationDonneesModification": "2026-06-02"} | values}


def table(path: Path, *rows: Mapping[str, str]) -> Path:
    """A CSV of decp-processing."""
    usual = {
        "uid": f"{BUYER}2024T1", "id": "2024T1", "type": "Travaux", "codeCPV": "45214200", "acheteur_id": BUYER,
        "acheteur_nom": "VILLE D'ESSAI", "titulaire_id": NET, "titulaire_nom": "NET", "montant": "60000",
        "dateNotification": "2024-07-01", "procedure": "Procédure adaptée", "dureeMois": "12", "offresRecues": "3",
        "acheteur_departement_code": "38",
    }  # fmt: skip
    lines = [",".join(usual), *(",".join((usual | dict(row)).values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
