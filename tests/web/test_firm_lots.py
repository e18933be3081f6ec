"""The open lots of a firm: all of them, beyond what was stored, filtered, exported; or why there is none."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client

from matchmaker.models import MatchNews
from tests.factories import Territory, make_commune, make_firm, make_lot, make_match, make_outcome, make_run
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


def rows(client: Client, siret: str, query: str = "") -> list[dict[str, str]]:
    body = client.get(f"/firms/{siret}/lots.csv?{query}").content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body), delimiter=";"))


def test_lots_in_reach_are_listed_even_where_the_firm_was_not_kept(client: Client) -> None:
    make_run()
    firm, lot = make_firm("Ignorée"), make_lot("Nettoyage de la piscine")
    assert not lot.matches.exists()
    assert "1 lot ouvert à sa portée" in text_of(client, f"/firms/{firm.siret}/")
    assert "au-delà des 50 premières" in text_of(client, f"/firms/{firm.siret}/")
    assert [row["objet"] for row in rows(client, firm.siret)] == ["Nettoyage de la piscine"]


def test_each_lot_says_how_it_could_be_done(client: Client) -> None:
    make_run()
    firm = make_firm("Atelier", capacity_eur=60_000)
    for title, yearly in (("Petit", 50_000), ("Moyen", 200_000), ("Immense", 9_000_000)):
        make_outcome(make_lot(title, amount_eur=yearly, duration_months=12), yearly_eur=yearly)
    make_lot("Muet", amount_eur=None)
    said = {row["objet"]: row["comment"] for row in rows(client, firm.siret)}
    assert said == {
        "Petit": "seule", "Moyen": "à plusieurs", "Immense": "trop grand pour elle", "Muet": "montant inconnu",
    }  # fmt: skip


def test_a_proposed_grouping_and_a_rank_are_told(client: Client, territory: Territory) -> None:
    text = text_of(client, f"/firms/{territory.firms[1].siret}/")
    assert "en groupement proposé rang 2" in text


def test_filters_are_in_the_address_and_followed_by_map_and_export(client: Client) -> None:
    make_run()
    firm = make_firm(trades=["T01", "T07"])
    make_lot("Vitres")
    make_lot("Façades", trades=["T07"], cpvs=["45442100"])
    query = "trade=T07"
    assert [row["objet"] for row in rows(client, firm.siret, query)] == ["Façades"]
    features = client.get(f"/firms/{firm.siret}/map.json?{query}").json()["features"]
    assert [f["properties"]["name"] for f in features if f["properties"]["role"] == "lot"] == ["Façades"]
    page = client.get(f"/firms/{firm.siret}/?{query}&days=21&alone=1").content.decode()
    assert '<option value="21" selected>' in page
    assert "Aucun de ses lots ouverts ne répond à ces filtres." in page
    assert rows(client, firm.siret, "days=21") and not rows(client, firm.siret, "days=7")


def test_what_is_new_is_marked(client: Client, territory: Territory) -> None:
    firm = territory.firms[0]
    MatchNews.objects.create(lot=territory.group, firm=firm, kind=MatchNews.Kind.ENTERED, rank=1)
    assert "1 nouveau depuis 14 jours" in text_of(client, f"/firms/{firm.siret}/")
    assert {row["objet"] for row in rows(client, firm.siret) if row["nouveau"] == "oui"} == {territory.group.title}


def test_a_closed_firm_is_told_as_such(client: Client, territory: Territory) -> None:
    firm = make_firm(active=False)
    assert "Cette entreprise est fermée" in text_of(client, f"/firms/{firm.siret}/")


def test_a_firm_too_far_learns_how_far_the_nearest_lot_is(client: Client) -> None:
    make_run()
    make_lot("Nettoyage des écoles")
    far = make_firm(commune=make_commune("38540"))  # Vienne, 67 km as the crow flies x 1.3
    text = text_of(client, f"/firms/{far.siret}/")
    assert "le plus proche dans ses métiers, « Nettoyage des écoles », est à" in text
    assert "Voir tous les lots ouverts" in text


def test_no_lot_in_its_trades_is_told_as_such(client: Client, territory: Territory) -> None:
    firm = make_firm(trades=["T22"])
    assert "Aucun lot ouvert n'est dans ses métiers en ce moment" in text_of(client, f"/firms/{firm.siret}/")


def test_the_number_of_queries_does_not_grow_with_the_lots(
    client: Client, django_assert_max_num_queries: object
) -> None:
    make_run()
    firm = make_firm()
    for number in range(12):
        make_match(make_lot(f"Lot {number}"), firm)
    client.get(f"/firms/{firm.siret}/")
    with django_assert_max_num_queries(26):  # type: ignore[operator]
        client.get(f"/firms/{firm.siret}/")
