"""Invented records of the BOAMP's API, in the shapes that ``docs/sources/boamp.md`` describes."""

from __future__ import annotations

import json
from typing import Any

from lxml import etree

from matchmaker.domain.notice import Notice
from matchmaker.sources.json_records import encoded
from matchmaker.sources.notices import parse_notice
from matchmaker.sources.xml import Element, local_name
from tests.sources.notice_data import raw


def record(idweb: str = "26-100001", data: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A record of the API: flat fields, and the body as a JSON text."""
    return {
        "idweb": idweb,
        "id": idweb.replace("-", "_"),
        "contractfolderid": None,
        "objet": "Entretien des espaces verts de la commune",
        "famille": "FNS",
        "code_departement": ["38"],
        "code_departement_prestation": None,
        "dateparution": "2026-11-20",
        "datefindiffusion": "2026-12-18",
        "datelimitereponse": "2026-12-18T11:00:00+00:00",
        "nomacheteur": "Commune de Fictive",
        "titulaire": None,
        "type_procedure": "OUVERT",
        "nature": "APPEL_OFFRE",
        "nature_libelle": "Avis de marché",
        "etat": "INITIAL",
        "criteres": None,
        "marche_public_simplifie": None,
        "descripteur_code": ["274"],
        "descripteur_libelle": ["Prestations de services"],
        "type_marche": ["SERVICES"],
        "annonce_lie": None,
        "annonces_anterieures": None,
        "donnees": json.dumps(fnsimple() if data is None else data, ensure_ascii=False),
        "url_avis": f"https://www.boamp.fr/pages/avis/?q=idweb:{idweb}",
    } | fields


def fnsimple(section: str = "initial", **changes: Any) -> dict[str, Any]:
    """A national notice of two lots."""
    content: dict[str, Any] = {
        "communication": {
            "identifiantInterne": "2026-EV",
            "urlDocConsul": "https://profil.example.org/2026-EV",
            "nomContact": "Camille Exemple",
            "adresseMailContact": "camille@example.org",
            "telContact": "0476000000",
        },
        "procedure": {"procedureAdapteeO": "", "dateReceptionOffres": "2026-12-18T12:00:00"},
        "natureMarche": {
            "intitule": "Entretien des espaces verts",
            "typeMarche": {"services": ""},
            "description": "Tonte et taille sur l&#039;ensemble de la commune.",
            "codeCPV": {"objetPrincipal": {"classPrincipale": "77310000"}},
            "lieuExecution": "38000 Grenoble",
            "dureeMois": "24",
        },
        "lots": {
            "lot": [
                {
                    "description": "Lot 1 : Parcs",
                    "codeCPV": {"objetPrincipal": {"classPrincipale": "77313000"}},
                    "valeurEstimee": {"valeur": "60000", "@devise": "EUR"},
                },
                {"description": "Lot 2 : Élagage", "codeCPV": {"objetPrincipal": {"classPrincipale": 77340000}}},
            ]
        },
        "informComplementaire": {"autresInformComplementaire": "Lot 1 : clause d'insertion de 150 heures d'insertion."},
    } | changes
    return {
        "FNSimple": {
            "organisme": {
                "nomOfficiel": "Commune de Fictive-sur-Isère",
                "typeIdentificationNational": {"siret": ""},
                "codeIdentificationNational": "35600000000048",
                "cp": "38000",
                "ville": "GRENOBLE CEDEX 9",
            },
            section: content,
        }
    }


def mapa(section: str = "initial", **changes: Any) -> dict[str, Any]:
    """An adapted procedure: no CPV, no lots."""
    return {
        "MAPA": {
            "organisme": {
                "acheteurPublic": "Commune de Fictive",
                "correspondantPRM": {"nom": "Exemple", "pren": "Camille", "fonc": "maire"},
                "adr": {"voie": {"nomvoie": "place de la Mairie"}, "cp": "38000", "ville": "Grenoble"},
                "coord": {"tel": "0476000000", "mel": "camille@example.org"},
                "urlProfilAcheteur": "https://profil.example.org",
            },
            section: {
                "description": {"objet": "Nettoyage des écoles"},
                "caracteristiques": {"principales": "Nettoyage quotidien de trois écoles.", "quantite": ""},
                "duree": {"nbMois": "18"},
                "delais": {"receptionOffres": "2026-12-01T12:00:00+01:00"},
                "criteres": {"critereCDC": ""},
            }
            | changes,
        }
    }


def parsed(data: dict[str, Any] | None = None, **fields: Any) -> Notice:
    """The notice in such a record."""
    return parse_notice(raw(encoded(record("26-100001", data, **fields)), "avis.json"))


def as_json(element: Element) -> Any:
    """The JSON that one makes of XML: attributes under "@", text under "#text", repeated elements in a list."""
    found: dict[str, Any] = {f"@{etree.QName(name).localname}": value for name, value in element.attrib.items()}
    for child in element.iterchildren("{*}*"):
        key, value = f"cbc:{local_name(child)}", as_json(child)
        known = found.get(key)
        found[key] = value if known is None else [*known, value] if isinstance(known, list) else [known, value]
    text = "".join(map(str, element.itertext())) if len(element) == 0 else ""
    if not found:
        return text
    return found | ({"#text": text} if text.strip() else {})
