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


SOURCES: Final[tuple[Source, ...]] = (
    Source(
        "siae",
        "Liste des structures inclusives",
        "firms",
        "Plateforme de l'inclusion",
        "https://lemarche.inclusion.gouv.fr/",
        LICENCE_OUVERTE,
        30,
        help="CSV aux colonnes siret, name, kind, naf, post_code, lon, lat",
    ),
    Source(
        "esat",
        "Liste des ESAT (FINESS)",
        "firms",
        "Agence du numérique en santé",
        "https://www.data.gouv.fr/fr/datasets/finess-extraction-du-fichier-des-etablissements/",
        LICENCE_OUVERTE,
        60,
        help="CSV aux colonnes ET-SIRET, ET-Raison sociale, Capacité autorisée agrégée",
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
)
BY_KEY: Final = {source.key: source for source in SOURCES}


def source(key: str) -> Source:
    """Raises :class:`UnknownSourceError`."""
    try:
        return BY_KEY[key]
    except KeyError:
        raise UnknownSourceError(f"Source « {key} » inconnue : {', '.join(sorted(BY_KEY))}.") from None
