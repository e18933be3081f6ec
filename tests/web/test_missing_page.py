"""The radar of missing pieces for people: the answer, the table with its lots and call list, map and CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from consortia.domain.piece import Piece
from matchmaker.models import Firm, Lot
from tests.factories import (
    make_commune,
    make_departement,
    make_firm,
    make_lot,
    make_outcome,
    make_run,
    make_tender,
    point,
)
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


def lot_lacking(title: str, trade: str = "T13", code: str = "38185", **more: Any) -> Lot:
    piece = Piece((trade,), 30_000, 0.2, 30.0, **more.pop("piece", {}))
    lot = make_lot(title, commune=more.pop("commune", None) or make_commune(code), trades=[trade], **more)
    make_outcome(lot, "none", reason="trade", piece=piece.as_json())
    return lot


@pytest.fixture
def radar() -> list[Lot]:
    """Three lots around Grenoble lack an electrician, one a painter; one near Lyon lacks an electrician too."""
    rhone = make_departement("69", "Rhône", point=point(lon=4.75, lat=45.9))
    lyon = make_commune("69123", name="Lyon", departement=rhone, point=point(lon=4.8357, lat=45.764))
    make_run()
    lots = [lot_lacking(f"Éclairage {name}", code=code) for name, code in (("du parc", "38185"), ("du stade", "38169"))]
    lots.append(lot_lacking("Éclairage de la mairie", code="38229", piece={"leads": True}))
    lots.append(lot_lacking("Peinture du préau", "T07", reservation="siae", piece={"reserved": True, "hours": 420}))
    lots.append(lot_lacking("Éclairage du quai", commune=lyon))
    return lots


def rows_of(client: Client, address: str) -> list[dict[str, str]]:
    text = client.get(address).content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


@pytest.mark.usefixtures("radar")
def test_the_answer_comes_first_with_its_numbers(client: Client) -> None:
    text = text_of(client, "/missing/")
    assert "5 lots ouverts sont chacun à une entreprise près d'avoir un groupement" in text
    assert "La plus utile: Électricité, près de" in text
    assert "de 3 lots qu'elle rendrait atteignables" in text


def test_each_beacon_lists_its_lots_with_links_most_first(client: Client, radar: list[Lot]) -> None:
    page = client.get("/missing/").content.decode()
    assert all(f'href="/lots/{lot.pk}/"' in page for lot in radar)
    assert page.index("Éclairage de la mairie") < page.index("Peinture du préau")
    text = text_of(client, "/missing/")
    assert "elle en serait mandataire" in text
    assert "lot réservé" in text
    assert "420 h d'insertion par an" in text


@pytest.mark.usefixtures("radar")
def test_filters_by_trade_and_departement_change_answer_table_map_and_csv(client: Client) -> None:
    assert "1 lot ouvert est à une entreprise près" in text_of(client, "/missing/?trade=T07")
    assert "Peinture du préau" not in text_of(client, "/missing/?dep=69")
    assert [row["lot"] != "" for row in rows_of(client, "/missing/export.csv?dep=69")] == [True]
    assert len(client.get("/missing/map.json?trade=T07").json()["features"]) == 2


@pytest.mark.usefixtures("radar")
def test_a_filter_that_means_nothing_is_dropped(client: Client) -> None:
    assert "5 lots ouverts" in text_of(client, "/missing/?trade=T99&dep=zz&page=x")


@pytest.mark.usefixtures("radar")
def test_the_map_draws_lots_and_numbered_beacons_with_their_reach(client: Client) -> None:
    features = client.get("/missing/map.json").json()["features"]
    drawn = [one["properties"] for one in features]
    assert [one["role"] for one in drawn] == ["lot"] * 5 + ["beacon"] * 3
    assert [one["beacon"] for one in drawn[5:]] == [1, 2, 3]
    assert drawn[5]["circle_km"] > 1
    assert drawn[6]["circle_km"] == 0


@pytest.mark.usefixtures("radar")
def test_a_lot_overseas_does_not_shrink_the_mainland_on_the_map(client: Client) -> None:
    assert "data-extent" not in client.get("/missing/").content.decode()
    lot_lacking("Éclairage du Barachois", point=point(lon=55.45, lat=-20.88))
    assert 'data-extent="4.' in client.get("/missing/").content.decode()


@pytest.mark.usefixtures("radar")
def test_who_might_be_called_says_why_it_is_not_that_piece_yet(client: Client) -> None:
    make_firm("Élec du Drac", trades=["T13"], capacity_eur=12_000)
    make_firm("Voltaire", trades=["T13"], capacity_eur=90_000)
    make_firm("Courant Viennois", trades=["T13"], commune_code="38540", capacity_eur=9_000, declared_radius_km=5)
    text = text_of(client, "/missing/?trade=T13&dep=38")
    assert "à portée, trop petite: il lui manque 18 000 € de capacité libre par an (estimation)" in text
    assert "hors de portée (rayon 5 km) et trop petite: il lui manque 21 000 € par an" in text
    assert "assez grande et à portée: réserve du lot, expérience ou règle C1 l'écartent" in text


@pytest.mark.usefixtures("radar")
def test_a_partially_diffused_firm_is_never_one_to_call(client: Client) -> None:
    make_firm("Fernande Secrète", trades=["T13"], diffusion=Firm.Diffusion.PARTIAL, capacity_eur=90_000)
    make_firm("Élec du Drac", trades=["T13"], capacity_eur=12_000)
    text = text_of(client, "/missing/?trade=T13&dep=38")
    assert "Élec du Drac" in text
    assert "Fernande" not in text


@pytest.mark.usefixtures("radar")
def test_the_csv_has_one_line_a_lot_with_its_beacon(client: Client) -> None:
    rows = rows_of(client, "/missing/export.csv")
    assert [row["balise"] for row in rows] == ["1", "1", "1", "2", "3"]
    assert rows[0]["metiers"] == "Électricité"
    assert rows[0]["capacite_libre_manquante_eur_par_an_estimation"] == "30000"
    assert {row["fictif"] for row in rows} == {"non"}


def test_the_demonstration_is_shown_where_nothing_real_lacks(client: Client) -> None:
    make_run()
    lot_lacking("Éclairage fictif", tender=make_tender(fictitious=True))
    assert "Territoire de démonstration" in text_of(client, "/missing/")


def test_without_any_piece_the_page_says_where_to_look(client: Client) -> None:
    make_run()
    text = text_of(client, "/missing/")
    assert "Aucun lot ouvert n'est à une seule entreprise près" in text
    assert "Voir les lots sans réponse" in text


@pytest.mark.usefixtures("radar")
def test_the_page_costs_few_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    client.get("/missing/")
    with django_assert_max_num_queries(14):
        client.get("/missing/")
    with django_assert_max_num_queries(10):
        client.get("/missing/map.json")


@pytest.mark.usefixtures("radar")
def test_the_page_speaks_english(client: Client) -> None:
    client.cookies["django_language"] = "en"
    text = text_of(client, "/missing/")
    assert "5 open lots are each one firm short of a grouping" in text
