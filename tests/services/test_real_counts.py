"""The counts of the page of each source, after its real file came in, are those of the data's own README."""

from __future__ import annotations

import pytest
from django.test import Client

from matchmaker.sync import sync
from tests.services.conftest import real
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("france")]

# source, file, records read as the page shows them, and facts it must tell
COUNTS = [
    ("siae", "ess/siae_le_marche.csv.gz", "3 853", []),
    ("esat", "ess/esat_liste_officielle.csv.gz", "1 504", []),
    ("geiq", "ess/geiq_label.csv.gz", "440", []),
    ("decp", "awards/decp_v1_2018_2019.jsonl.gz", "7 575", ["contrats à plusieurs titulaires 481"]),
    ("bmo", "emploi/bmo_2024.csv.gz", "53 443", []),
    ("demandeurs", "emploi/tension_bassin_rome_2020.csv.gz", "27 053", []),
    ("bassins", "zones/commune_bassin_bmo_2024.csv.gz", "37 498", []),
    ("zones", "zones/commune_zone_emploi_2020.csv.gz", "34 875", []),
    ("rome_fap", "emploi/intitules_fap2021.csv", "515", ["lignes 341"]),
    ("cpv", "nomenclatures/cpv_2008_fr.csv.gz", "9 454", []),
    ("naf", "nomenclatures/naf_rev2_socialgouv.json", "1 707", []),
    ("formes_juridiques", "nomenclatures/natures-juridiques.json", "260", []),
]


@pytest.mark.parametrize(("key", "file", "read", "facts"), COUNTS, ids=[f"{row[0]} {row[2]}" for row in COUNTS])
def test_the_page_of_a_source_counts_what_its_file_holds(
    client: Client, key: str, file: str, read: str, facts: list[str]
) -> None:
    sync(key, [real(*file.split("/"))])
    text = text_of(client, f"/sources/{key}/")
    assert f"{read} enregistrements lus" in text
    for fact in facts:
        assert fact in text
    assert f"{read} lus" in text_of(client, "/sources/")


def test_the_works_of_2024_are_counted_by_row_and_by_contract(client: Client) -> None:
    sync("decp", [real("awards", "decp_2024h2_cpv4521.csv.gz")])
    text = text_of(client, "/sources/decp/")
    assert "lignes lues 6 449" in text
    assert "numéros de contrat 3 577" in text
