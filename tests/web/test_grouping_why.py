"""Why not that firm in a grouping: a part of the lot's page, and a page that works without script."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from consortia.build import build_lots
from matchmaker.match import match_lots
from matchmaker.models import Firm, Lot
from tests.factories import make_firm, make_lot, make_run
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]

HTMX = {"HX-Request": "true"}


@pytest.fixture
def lot() -> Lot:
    for name, capacity in (("Alpha Propre", 60_000), ("Bêta Propre", 50_000), ("Menue Propre", 6_000)):
        make_firm(name, capacity_eur=capacity, trade_source=Firm.TradeSource.DECLARED, references=3)
    for number in range(3):
        make_firm(f"Autre {number}", capacity_eur=0)
    made = make_lot("Nettoyage des écoles", amount_eur=90_000, duration_months=12)
    match_lots([made.pk])
    build_lots([made.pk])
    make_run()
    return made


def test_the_page_of_the_lot_asks_and_the_answer_is_a_part_of_it(client: Client, lot: Lot) -> None:
    page = client.get(f"/lots/{lot.pk}/").content.decode()
    assert f'hx-get="/lots/{lot.pk}/groupings/why-not/"' in page
    part = client.get(f"/lots/{lot.pk}/groupings/why-not/", {"q": "menue"}, headers=HTMX).content.decode()
    assert "<html" not in part
    assert "elle remplacerait" in part


def test_it_is_a_page_without_script_found_by_name_or_siret(client: Client, lot: Lot) -> None:
    siret = Firm.objects.get(name="Menue Propre").siret
    for typed in ("menue propre", siret):
        text = text_of(client, f"/lots/{lot.pk}/groupings/why-not/?q={typed}&g=1")
        assert "Pourquoi pas telle entreprise dans ce groupement ?".replace(" ?", " ?") in text
        assert "libre de plus" in text
        assert "Le groupement qui le prouve" in text or "groupements qui le prouvent" in text


def test_a_name_many_share_asks_which(client: Client, lot: Lot) -> None:
    text = text_of(client, f"/lots/{lot.pk}/groupings/why-not/?q=propre")
    assert "Plusieurs entreprises portent ce nom" in text


def test_an_unknown_siret_and_a_rank_that_means_nothing_are_no_error(client: Client, lot: Lot) -> None:
    assert "Aucune entreprise connue ne porte ce SIRET" in text_of(
        client, f"/lots/{lot.pk}/groupings/why-not/?q=00000000000000&g=deux"
    )
    assert client.get(f"/lots/{lot.pk}/groupings/why-not/").status_code == 200
    assert client.get("/lots/999999/groupings/why-not/").status_code == 404


def test_a_lot_without_amount_says_why_it_cannot_answer(client: Client, lot: Lot) -> None:
    Lot.objects.update(amount_eur=None)
    text = text_of(client, f"/lots/{lot.pk}/groupings/why-not/?q=menue")
    assert "aucun groupement ne peut être cherché" in text


def test_a_masked_member_is_not_named(client: Client, lot: Lot) -> None:
    Firm.objects.filter(name="Alpha Propre").update(diffusion="P")
    match_lots([lot.pk])
    assert "Alpha" not in text_of(client, f"/lots/{lot.pk}/groupings/why-not/?q=menue")


def test_the_answer_costs_few_queries(client: Client, lot: Lot, django_assert_max_num_queries: Any) -> None:
    address = f"/lots/{lot.pk}/groupings/why-not/?q={Firm.objects.get(name='Menue Propre').siret}"
    client.get(address)
    with django_assert_max_num_queries(12):
        client.get(address)
