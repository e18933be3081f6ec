"""The open data Maillage knows how to keep up to date: who makes them, where they are, how often they change.

``manage.py sync KEY`` fetches and imports one; ``sync KEY FILE...`` imports files one already has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LICENCE_OUVERTE: Final = "Licence Ouverte / Etalab 2.0"
EU_REUSE: Final = "CC BY 4.0 (Office des publications de l'UE)"


class UnknownSourceError(LookupError):
    """Cette source n'existe pas ; « ./run manage sync » sans argument les liste."""


@dataclass(frozen=True, slots=True)
class Source:
    """One source. ``urls``: what to download, empty when it comes by an API of its own or only as a file.

    ``kind`` is the family of tables it writes, and the lock: two imports of one kind never run together.
    ``every_days`` is how often the producer publishes: data older than twice that are shown as stale.
    """

    key: str
    title: str  # in French, as the page shows it
    kind: str  # firms | notices | awards | territory | nomenclature
    producer: str
    page: str  # where a person finds it
    licence: str
    every_days: int
    urls: tuple[str, ...] = ()
    automatic: bool = False  # the beat schedule fetches it by itself
    help: str = ""  # which files it takes, in French


_DATASETS: Final = "https://www.data.gouv.fr/api/1/datasets"
_STOCK: Final = "base-sirene-des-entreprises-et-de-leurs-etablissements-siren-siret"
_PLACES: Final = "geolocalisation-des-etablissements-du-repertoire-sirene-pour-les-etudes-statistiques"

SOURCES: Final[tuple[Source, ...]] = (
    Source(
        "sirene",
        "Base SIRENE (stock mensuel)",
        "firms",
        "INSEE",
        f"https://www.data.gouv.fr/fr/datasets/{_STOCK}/",
        LICENCE_OUVERTE,
        31,
        urls=(
            rf"{_DATASETS}/{_STOCK}/#stockunitelegale[-_](parquet|utf8)\.parquet",
            rf"{_DATASETS}/{_STOCK}/#stocketablissement[-_](parquet|utf8)\.parquet",
            rf"{_DATASETS}/{_PLACES}/#\.parquet",
        ),
        automatic=True,
        help="StockEtablissement, avec StockUniteLegale et la géolocalisation si possible, Parquet ou CSV (gzip, zip)",
    ),
    Source(
        "siae",
        "Structures de l'insertion par l'activité économique",
        "firms",
        "Plateforme de l'inclusion",
        "https://emplois.inclusion.beta.gouv.fr/",
        LICENCE_OUVERTE,
        30,
        help="CSV, XLSX ou JSON avec SIRET, type (EI, ETTI, ACI, AI, EITI...), nom, code postal, ville",
    ),
    Source(
        "ea",
        "Entreprises adaptées (EA et EATT)",
        "firms",
        "DGEFP",
        "https://travail-emploi.gouv.fr/",
        LICENCE_OUVERTE,
        180,
        help="CSV, XLSX ou JSON avec SIRET, nom, code postal, ville ; une colonne « type » distingue les EATT",
    ),
    Source(
        "esat",
        "Liste des ESAT (FINESS)",
        "firms",
        "Agence du numérique en santé",
        "https://www.data.gouv.fr/fr/datasets/finess-extraction-du-fichier-des-etablissements/",
        LICENCE_OUVERTE,
        60,
        help="CSV ou XLSX aux colonnes ET-SIRET, ET-Raison sociale, Capacité autorisée agrégée",
    ),
    Source(
        "geiq",
        "GEIQ labellisés",
        "firms",
        "Fédération française des GEIQ",
        "https://www.lesgeiq.fr/",
        LICENCE_OUVERTE,
        365,
        help="CSV, XLSX ou JSON avec SIRET, nom, code postal, ville ; une antenne sans SIRET est cherchée par son nom",
    ),
    Source(
        "esus",
        "Entreprises solidaires d'utilité sociale (agrément ESUS)",
        "firms",
        "Direction générale du Trésor",
        "https://www.tresor.economie.gouv.fr/",
        LICENCE_OUVERTE,
        180,
        help="CSV, XLSX ou JSON avec SIREN ou SIRET, nom, date de fin d'agrément",
    ),
    Source(
        "ess_france",
        "Liste nationale des entreprises de l'ESS",
        "firms",
        "ESS France",
        "https://www.ess-france.org/",
        LICENCE_OUVERTE,
        30,
        help="CSV, XLSX ou JSON avec le SIREN et le nom",
    ),
    Source(
        "api_sirene",
        "Réponses de l'API Sirene",
        "firms",
        "INSEE",
        "https://portail-api.insee.fr/",
        LICENCE_OUVERTE,
        30,
        help="JSON tel que l'API le rend : un établissement, ou une liste « etablissements »",
    ),
    Source(
        "recherche_entreprises",
        "Réponses de l'API Recherche d'entreprises",
        "firms",
        "DINUM",
        "https://recherche-entreprises.api.gouv.fr/",
        LICENCE_OUVERTE,
        30,
        help="JSON tel que l'API le rend, une liste « results » d'unités légales avec leurs établissements",
    ),
    Source(
        "decp",
        "Marchés attribués (DECP)",
        "awards",
        "Ministère de l'économie et des finances",
        "https://www.data.gouv.fr/fr/datasets/donnees-essentielles-de-la-commande-publique-fichiers-consolides/",
        LICENCE_OUVERTE,
        7,
        urls=(
            "https://www.data.gouv.fr/api/1/datasets/"
            r"donnees-essentielles-de-la-commande-publique-fichiers-consolides/#decp-global\.json",
        ),
        automatic=True,
        help="JSON, JSON lignes ou XML réglementaire (2019 ou 2022), CSV ou Parquet de decp-processing, gzip ou non",
    ),
    Source(
        "communes",
        "Événements de communes (fusions, changements de code)",
        "territory",
        "INSEE",
        "https://www.insee.fr/fr/information/2560452",
        LICENCE_OUVERTE,
        365,
        help="CSV « v_mvt_commune » aux colonnes DATE_EFF, TYPECOM_AV, COM_AV, LIBELLE_AV, TYPECOM_AP, COM_AP",
    ),
    Source(
        "zones",
        "Zones d'emploi 2020, bassins de vie et EPCI des communes",
        "territory",
        "INSEE",
        "https://www.insee.fr/fr/information/4652957",
        LICENCE_OUVERTE,
        365,
        help="CSV ou XLSX aux colonnes CODGEO et ZE2020 (BV2022, EPCI si présents), ou table de leurs libellés",
    ),
    Source(
        "bassins",
        "Communes des bassins d'emploi de France Travail",
        "territory",
        "France Travail",
        "https://www.francetravail.org/opendata/enquete-besoins-en-main-doeuvre.html",
        LICENCE_OUVERTE,
        365,
        help="CSV ou XLSX d'une année, aux colonnes code_commune et code_bassin_2026 (ou BE24, code_bassin_BMO)",
    ),
    Source(
        "bmo",
        "Projets de recrutement (enquête Besoins en main-d'œuvre)",
        "territory",
        "France Travail",
        "https://www.francetravail.org/opendata/enquete-besoins-en-main-doeuvre.html",
        LICENCE_OUVERTE,
        365,
        help="CSV ou classeur « Base_open_data_BMO » d'une année, aux colonnes Code métier BMO, BE26, met, xmet, smet",
    ),
    Source(
        "demandeurs",
        "Demandeurs d'emploi par bassin et métier ROME",
        "territory",
        "France Travail",
        "https://www.francetravail.org/statistiques-analyses/",
        LICENCE_OUVERTE,
        365,
        help="CSV aux colonnes annee, ROME, cbassin, defm_abc",
    ),
    Source(
        "rome_fap",
        "Correspondance ROME - FAP et intitulés des FAP",
        "territory",
        "DARES",
        "https://dares.travail-emploi.gouv.fr/donnees/la-nomenclature-des-familles-professionnelles-2021",
        LICENCE_OUVERTE,
        730,
        help="table FAP;PCS;ROME sans en-tête, ou intitulés aux colonnes Code_FAP228, Intitulé_FAP228",
    ),
    Source(
        "cpv",
        "Libellés du vocabulaire commun des marchés (CPV 2008)",
        "nomenclature",
        "Office des publications de l'UE",
        "https://op.europa.eu/fr/web/eu-vocabularies/dataset/-/resource?uri=http://publications.europa.eu/resource/dataset/cpv",
        EU_REUSE,
        730,
        help="CSV, XLSX ou JSON des codes et de leurs libellés français",
    ),
    Source(
        "naf",
        "Libellés de la nomenclature d'activités (NAF rév. 2 ou NAF 2025)",
        "nomenclature",
        "INSEE",
        "https://www.insee.fr/fr/information/2406147",
        LICENCE_OUVERTE,
        730,
        help="JSON, CSV ou XLSX des codes et libellés ; le nom du fichier contient 2025 pour la NAF 2025",
    ),
    Source(
        "formes_juridiques",
        "Libellés des catégories juridiques",
        "nomenclature",
        "INSEE",
        "https://www.insee.fr/fr/information/2028129",
        LICENCE_OUVERTE,
        730,
        help="JSON, CSV ou XLSX des codes et libellés",
    ),
    Source(
        "boamp",
        "BOAMP, avis de marchés publics",
        "notices",
        "DILA",
        "https://www.boamp.fr/pages/donnees-ouvertes-et-api/",
        LICENCE_OUVERTE,
        1,
        automatic=True,
        help="réponses de l'API en JSON (results) ou JSON Lines, annonces XML (schéma 2.3.0 et suivants), archives",
    ),
    Source(
        "ted",
        "TED, avis européens (eForms et TED_EXPORT)",
        "notices",
        "Office des publications de l'UE",
        "https://ted.europa.eu/",
        EU_REUSE,
        1,
        help="avis XML un à un, en dossier ou en archive (les paquets quotidiens .tar.gz)",
    ),
    Source(
        "ocds",
        "Marchés au format OCDS 1.1",
        "notices",
        "Divers éditeurs",
        "https://standard.open-contracting.org/latest/fr/",
        LICENCE_OUVERTE,
        30,
        help="publications ou dossiers en JSON, en paquet ou un par ligne",
    ),
)
BY_KEY: Final = {source.key: source for source in SOURCES}


def source(key: str) -> Source:
    """Raises :class:`UnknownSourceError`."""
    try:
        return BY_KEY[key]
    except KeyError:
        raise UnknownSourceError(f"Source « {key} » inconnue : {', '.join(sorted(BY_KEY))}.") from None
