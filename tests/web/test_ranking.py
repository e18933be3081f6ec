"""The ranking of a lot under filters and weights of one's own: exact, shareable, exported as shown."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client

from matchmaker.live import rank_live
from tests.factories import Territory
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]

HTMX = {"HX-Request": "true"}


def names(client: Client, lot: int, query: str) -> list[str]:
    """Names in the order of the exported rows, which are those the page lists."""
    body = client.get(f"/lots/{lot}/ranking.csv?{query}").content.decode("utf-8-sig")
    return [row["nom"] for row in csv.DictReader(io.StringIO(body), delimiter=";")]


def test_without_filter_the_page_shows_what_the_run_stored(client: Client, territory: Territory) -> None:
    text = text_of(client, f"/lots/{territory.group.pk}/")
    assert "12 entreprises à portée et éligibles." in text
    assert "Classement avec vos poids" not in text


def test_a_filter_keeps_the_firms_that_pass_it_and_counts_them(client: Client, territory: Territory) -> None:
    lot = territory.group.pk
    assert len(names(client, lot, "ess=1")) == 5
    assert names(client, lot, "kind=ACI&kind=ESAT") and set(names(client, lot, "kind=ACI&kind=ESAT")) == {
        "Les Mains Vertes de l'Isère", "ESAT Sainte-Agnès Ateliers", "Trièves Insertion",
    }  # fmt: skip
    assert names(client, lot, "alone=1") == ["Propreté Chartreuse"]
    assert "5 entreprises à portée et éligibles." in text_of(client, f"/lots/{lot}/?ess=1")


def test_ordinary_firms_are_a_kind_to_choose(client: Client, territory: Territory) -> None:
    found = names(client, territory.group.pk, "kind=ordinary")
    assert "Propreté Chartreuse" in found and "Voironnais Propre" not in found


def test_a_distance_is_by_road_and_a_score_is_a_floor(client: Client, territory: Territory) -> None:
    lot = territory.group
    everyone = rank_live(lot).top
    near = [found for found in everyone if found.distance_km <= 5]
    high = [found for found in everyone if found.score >= 60]
    assert 0 < len(near) < len(everyone)
    shown = text_of(client, f"/lots/{lot.pk}/?within=5")
    assert f"{len(near)} entreprises à portée et éligibles" in shown
    assert 0 < len(high) < len(everyone)
    assert f"{len(high)} entreprises ont un score d'au moins 60." in text_of(client, f"/lots/{lot.pk}/?least=60")


def test_weights_of_ones_own_reorder_all_firms_and_say_so(client: Client, territory: Territory) -> None:
    lot = territory.group
    query = "w_trade=0&w_text=0&w_distance=0&w_capacity=10&w_evidence=0&w_ess=0"
    text = text_of(client, f"/lots/{lot.pk}/?{query}")
    assert "Classement avec vos poids, pas celui du service." in text
    assert "Capacité 100" in text
    assert "Revenir aux poids du service" in text
    capacities = [firm.capacity_mid_eur for firm in territory.firms]
    assert names(client, lot.pk, query)[0] == territory.firms[capacities.index(max(capacities))].name


def test_weights_are_brought_to_100_and_told_in_the_export(client: Client, territory: Territory) -> None:
    body = client.get(f"/lots/{territory.group.pk}/ranking.csv?w_trade=30&w_distance=30").content.decode()
    assert "trade=31.91 text=6.383 distance=31.91" in body  # of 94 in all


def test_the_weights_of_the_service_are_no_weights_of_ones_own(client: Client, territory: Territory) -> None:
    query = "w_trade=42&w_text=6&w_distance=24&w_capacity=16&w_evidence=4&w_ess=8"
    assert "Classement avec vos poids" not in text_of(client, f"/lots/{territory.group.pk}/?{query}")


def test_weights_are_never_stored(client: Client, territory: Territory) -> None:
    before = list(territory.group.matches.values_list("firm", "rank", "score"))
    client.get(f"/lots/{territory.group.pk}/?w_distance=100")
    assert list(territory.group.matches.values_list("firm", "rank", "score")) == before
    assert set(client.cookies) <= {"csrftoken"}


def test_the_part_htmx_asks_for_is_the_ranking_only_and_names_its_address(client: Client, territory: Territory) -> None:
    response = client.get(f"/lots/{territory.group.pk}/ranking/?ess=1&within=&w_trade=42", headers=HTMX)
    page = response.content.decode()
    assert "<html" not in page and 'id="ranking-results"' in page
    assert response.headers["HX-Replace-Url"] == f"/lots/{territory.group.pk}/?ess=1"
    assert response.headers["Vary"] == "HX-Request"


def test_the_part_opened_by_hand_leads_to_the_page(client: Client, territory: Territory) -> None:
    response = client.get(f"/lots/{territory.group.pk}/ranking/?ess=1")
    assert response.headers["Location"] == f"/lots/{territory.group.pk}/?ess=1#ranking-title"


def test_an_empty_ranking_says_which_filter_to_lift(client: Client, territory: Territory) -> None:
    text = text_of(client, f"/lots/{territory.group.pk}/?kind=GEIQ&ess=1")
    assert "Aucune entreprise ne répond à tous ces filtres à la fois." in text
    assert "sans « GEIQ »: 5 entreprises" in text
    assert "sans « ESS seulement »: 0 entreprise" in text


def test_the_form_works_without_script(client: Client, territory: Territory) -> None:
    page = client.get(f"/lots/{territory.group.pk}/?within=20&kind=EI&w_distance=70").content.decode()
    assert '<form class="rank-form" id="rank-form" method="get"' in page
    assert '<option value="20" selected>' in page
    assert 'value="EI" checked' in page
    assert 'name="w_distance" min="0" max="100" step="1" value="70"' in page
    assert '<button class="button" type="submit">Appliquer</button>' in page


def test_the_map_follows_the_filters(client: Client, territory: Territory) -> None:
    def firms(query: str) -> int:
        features = client.get(f"/lots/{territory.alone.pk}/map.json{query}").json()["features"]
        return sum(feature["properties"]["role"] == "firm" for feature in features)

    assert (firms(""), firms("?ess=1")) == (12, 5)


NOTHING = "w_trade=0&w_text=0&w_distance=0&w_capacity=0&w_evidence=0&w_ess=0"


@pytest.mark.parametrize(
    "query", ["within=abc", "least=-4", "w_trade=999999999999", "w_trade=-1&w_ess=²", "kind=%00", "n=100000", NOTHING]
)
def test_an_absurd_address_is_read_as_far_as_it_says_something(
    client: Client, territory: Territory, query: str
) -> None:
    assert client.get(f"/lots/{territory.group.pk}/?{query}").status_code == 200


def test_a_change_costs_few_queries(
    client: Client, territory: Territory, django_assert_max_num_queries: object
) -> None:
    client.get(f"/lots/{territory.group.pk}/ranking/?ess=1", headers=HTMX)
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        client.get(f"/lots/{territory.group.pk}/ranking/?ess=1", headers=HTMX)
