"""Firm card, runs, method and sources, errors, languages."""

from __future__ import annotations

import pytest
from django.test import Client
from django.test.utils import override_settings

from tests.factories import Territory, make_firm, make_import, make_run
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


def test_a_firm_card_tells_trades_status_capacity_and_lots(client: Client, territory: Territory) -> None:
    text = text_of(client, f"/firms/{territory.firms[1].siret}/")
    assert "2 lots ouverts à sa portée, membre de 2 groupements possibles" in text
    assert "Nettoyage de locaux déduits du code NAF" in text
    assert "entreprise d'insertion (EI)" in text
    assert "62 k€ estimation, entre 37 k€ et 110 k€" in text
    assert "10 à 19 salariés »" in text
    assert "Rayon d'action 25 km estimation d'après le métier" in text


def test_a_declared_radius_is_said_to_be_declared(client: Client) -> None:
    firm = make_firm(declared_radius_km=40)
    assert "40 km déclaré" in text_of(client, f"/firms/{firm.siret}/")


def test_a_firm_without_lots_or_trades_says_so(client: Client) -> None:
    firm = make_firm(trades=[], commune=None, point=None)
    firm.commune = None
    firm.point = None
    firm.save()
    text = text_of(client, f"/firms/{firm.siret}/")
    assert "Aucun métier n'est connu d'elle" in text


def test_the_firm_map_shows_its_reach_and_its_lots(client: Client, territory: Territory) -> None:
    features = client.get(f"/firms/{territory.firms[0].siret}/map.json").json()["features"]
    assert features[0]["properties"]["circle_km"] == 25
    assert [f["properties"]["role"] for f in features] == ["firm", "lot", "lot"]


def test_the_firm_page_asks_few_queries(
    client: Client, territory: Territory, django_assert_max_num_queries: object
) -> None:
    client.get(f"/firms/{territory.firms[1].siret}/")
    with django_assert_max_num_queries(24):  # type: ignore[operator]
        client.get(f"/firms/{territory.firms[1].siret}/")


def test_runs_show_progress_and_poll_only_while_one_is_going(client: Client) -> None:
    run = make_run(state="running", total=214, matched=120, grouped=60)
    page = client.get("/runs/").content.decode()
    assert 'hx-trigger="every 2s"' in page
    assert '<progress max="214" value="120">' in page
    assert "120 lots rapprochés et 60 étudiés sur 214" in text_of(client, "/runs/")
    run.state = "done"
    run.save()
    assert "hx-trigger" not in client.get("/runs/").content.decode()


def test_no_run_yet_says_what_to_do(client: Client) -> None:
    assert "./run demo" in text_of(client, "/runs/")


def test_a_failed_run_says_what_holds(client: Client) -> None:
    make_run(state="failed")
    assert "Les résultats précédents restent montrés" in text_of(client, "/runs/")


def test_sources_lead_to_the_method(client: Client) -> None:
    assert 'href="/method/"' in client.get("/sources/").content.decode()


def test_sources_mark_estimates_and_rules(client: Client) -> None:
    text = text_of(client, "/sources/")
    assert "Rayon" not in text or "estimation" in text
    assert "règle" in text


def test_sources_date_the_data(client: Client, territory: Territory) -> None:
    make_import(source="sirene-novembre.parquet", kind="firms", read=4200)
    text = text_of(client, "/sources/")
    assert "sirene-novembre.parquet entreprises" in text
    assert "4 200" in text
    assert "12 entreprises et 4 lots connus" in text


@override_settings(DEBUG=False)
def test_a_page_that_is_not_there_says_what_to_do(client: Client) -> None:
    response = client.get("/nulle-part/")
    assert response.status_code == 404
    assert "Page introuvable" in response.content.decode()


def test_the_error_page_needs_neither_database_nor_build() -> None:
    from django.template.loader import get_template

    page = get_template("500.html").render({})
    assert "Rien n'est perdu" in page


def test_the_language_can_be_changed_and_stays(client: Client, territory: Territory) -> None:
    response = client.post("/language/", {"language": "en", "next": "/lots/"})
    assert response.headers["Location"] == "/lots/"
    page = client.get("/lots/").content.decode()
    assert '<html lang="en">' in page


def test_tiles_are_asked_from_nowhere_unless_set(client: Client, territory: Territory) -> None:
    response = client.get(f"/lots/{territory.group.pk}/")
    assert 'data-tiles="none"' in response.content.decode()
    assert "geopf" not in response.headers["Content-Security-Policy"]
