"""A lot page tells what changed since the notice came out, and what closed it."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from matchmaker.models import Lot
from tests.factories import Territory, make_lot
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


def entry(field: str, old: str, new: str, lot: str = "") -> dict[str, str]:
    return {"on": "2026-11-20", "source": "ted", "field": field, "lot": lot, "old": old, "new": new}


@pytest.fixture
def lot(territory: Territory) -> Lot:
    return make_lot("Tonte")


def told(client: Client, lot: Lot, *entries: dict[str, str]) -> str:
    lot.tender.history = list(entries)
    lot.tender.save()
    return text_of(client, f"/lots/{lot.pk}/")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            entry("deadline", "2026-12-05T12:00:00+01:00", "2026-12-12T12:00:00+01:00"),
            "20 novembre 2026 Date limite reportée du 5 décembre 2026, 12 h au 12 décembre 2026, 12 h.",
        ),
        (
            entry("deadline", "2026-12-05T12:00:00+01:00", "2026-12-01T12:00:00+01:00"),
            "Date limite avancée du 5 décembre 2026, 12 h au 1er décembre 2026, 12 h.",
        ),
        (entry("deadline", "", "2026-12-01T12:00:00+01:00"), "Date limite fixée au 1er décembre 2026, 12 h."),
        (entry("amount_eur", "90000", "120000"), "Montant passé de 90 000 € à 120 000 €."),
        (entry("amount_eur", "", "120000"), "Montant publié : 120 000 €."),
        (entry("cpvs", "77310000", "77313000"), "Codes CPV : « 77310000 » devient « 77313000 »."),
        (entry("lot", "", "Tonte"), "Lot ajouté."),
        (entry("", "", "Lire : par voie électronique"), "Correction publiée : Lire : par voie électronique"),
    ],
    ids=["report", "avance", "fixation", "montant", "montant connu", "codes", "lot ajouté", "en mots"],
)
def test_each_change_is_a_sentence(client: Client, lot: Lot, change: dict[str, str], sentence: str) -> None:
    words = " ".join(told(client, lot, change).replace("\u202f", " ").replace("\xa0", " ").split())
    assert sentence.replace(" :", ":") in words
    assert "1 changement depuis la publication" in words


def test_what_concerns_another_lot_is_told_on_its_own_page(client: Client, lot: Lot) -> None:
    assert "depuis la publication" not in told(client, lot, entry("amount_eur", "1", "2", lot="99"))


def test_a_cancelled_tender_says_so(client: Client, lot: Lot) -> None:
    lot.tender.cancelled = True
    assert "L'acheteur a annulé ce marché." in told(client, lot)


def test_an_awarded_lot_says_since_when(client: Client, lot: Lot) -> None:
    lot.awarded_on = date(2026, 11, 20)
    lot.save()
    assert "Attribution publiée le 20 novembre 2026" in told(client, lot)
