"""A public list against the very firms it names, SIRET hidden."""

from __future__ import annotations

import csv
import gzip

import pytest

from geo.queries import gazetteer
from matchmaker.link import Sought, link_rows
from matchmaker.models import Firm
from tests.services.conftest import real


@pytest.mark.django_db
def test_la_liste_des_siae_retrouve_ses_structures_sans_leur_siret(france: None) -> None:
    """Each by its name and town as the list says them, among themselves, in two lists of which one hides the SIRET."""
    with gzip.open(real("ess", "siae_le_marche.csv.gz"), "rt", encoding="utf-8", newline="") as file:
        rows = {row["siret"]: row for row in csv.DictReader(file) if row["name"] and len(row["siret"]) == 14}
    firms = [
        Firm(siret=number, siren=number[:9], name=row["name"][:200], source="siae", city=row["city"],
             postcode=row["post_code"], commune_id=_commune(row))
        for number, row in rows.items()
    ]  # fmt: skip
    sirens = {firm.pk: firm.siren for firm in Firm.objects.bulk_create(firms)}
    found = link_rows([Sought(row["name"], city=row["city"], postcode=row["post_code"]) for row in rows.values()])
    linked = [(sirens[one.firm_id], number[:9]) for one, number in zip(found, rows, strict=True) if one.firm_id]
    assert len(linked) / len(rows) >= 0.97
    assert sum(mine == true for mine, true in linked) / len(linked) >= 0.99


def _commune(row: dict[str, str]) -> str | None:
    place = gazetteer().locate(zipcode=row["post_code"], city=row["city"])
    return (place.commune or None) if place else None
