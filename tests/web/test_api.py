"""The JSON API says what the pages say."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import Territory, make_commune, make_run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


def test_lots_answer_with_the_filters_of_the_page(client: Client, territory: Territory) -> None:
    everything = client.get("/api/lots").json()
    assert (everything["total"], everything["as_of"]) == (4, "2026-11-23")
    found = client.get("/api/lots?state=none&trade=T07").json()["results"]
    assert [lot["id"] for lot in found] == [territory.missing.pk]
    assert found[0]["state"] == "none"
    assert found[0]["reservation"] == "siae"


def test_lots_can_be_read_by_slices(client: Client, territory: Territory) -> None:
    first = client.get("/api/lots?limit=3").json()
    last = client.get("/api/lots?limit=3&offset=3").json()
    ids = [lot["id"] for lot in first["results"] + last["results"]]
    assert len(set(ids)) == 4


def test_a_lot_comes_with_its_parts_outcome_and_proposals(client: Client, territory: Territory) -> None:
    lot = client.get(f"/api/lots/{territory.group.pk}").json()
    assert len(lot["matches"]) == 12
    assert set(lot["matches"][0]) >= {"trade_part", "distance_part", "capacity_part", "ess_part", "score"}
    assert lot["outcome"]["yearly_eur"] == 120_000
    assert [len(proposal["members"]) for proposal in lot["proposals"]] == [3, 2, 4]
    assert sum(member["share"] for member in lot["proposals"][0]["members"]) == pytest.approx(1)


def test_gaps_are_given_to_programs_too(client: Client, territory: Territory) -> None:
    gaps = client.get(f"/api/lots/{territory.missing.pk}").json()["outcome"]["gaps"]
    assert gaps[0]["missing_eur"] == 80_000


def test_a_firm_comes_with_its_lots(client: Client, territory: Territory) -> None:
    firm = client.get(f"/api/firms/{territory.firms[0].siret}").json()
    assert firm["name"] == "Propreté Chartreuse"
    assert {match["lot"] for match in firm["matches"]} == {territory.alone.pk, territory.group.pk}


def test_runs_are_listed(client: Client) -> None:
    make_run(total=9)
    assert client.get("/api/runs").json()[0]["total"] == 9


def test_communes_are_found_by_name_with_a_typing_error(client: Client) -> None:
    make_commune("38185")
    found = client.get("/api/communes?q=grenobel").json()
    assert found[0]["code"] == "38185"
    assert found[0]["lon"] == pytest.approx(5.7245)


@pytest.mark.parametrize("address", ["/api/lots/424242", "/api/firms/00000000000000", "/api/nowhere"])
def test_what_is_not_there_is_a_404(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_an_empty_search_is_refused_with_a_reason(client: Client) -> None:
    assert client.get("/api/communes?q=").status_code == 422


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("within_km=NaN", "Paramètre « within_km » : un nombre plus grand que 0.0 est attendu."),
        ("within_km=-1", "Paramètre « within_km » : un nombre plus grand que 0.0 est attendu."),
        ("within_km=loin", "Paramètre « within_km » : un nombre est attendu."),
        ("limit=1e400", "Paramètre « limit » : un nombre entier est attendu."),
        ("limit=" + "9" * 5000, "Paramètre « limit » : ce nombre entier est trop long."),
        ("limit=201", "Paramètre « limit » : un nombre d'au plus 200 est attendu."),
        ("ess=peut-être", "Paramètre « ess » : « true » ou « false » est attendu."),
        ("kind=SARL", "Paramètre « kind » : une de ces valeurs est attendue : '', 'EI',"),
    ],
)
def test_a_parameter_that_means_nothing_is_refused_in_french(client: Client, query: str, said: str) -> None:
    answer = client.get(f"/api/lots/1/ranking?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["msg"].startswith(said)


@pytest.mark.parametrize("address", ["/api/lots/1/ranking", "/lots/"])
def test_an_address_with_thousands_of_parameters_is_refused_in_french(client: Client, address: str) -> None:
    answer = client.get(address, {"kind": ["EI"] * 3000})
    assert answer.status_code == 400
    assert "trop de paramètres" in answer.content.decode()


def test_the_documentation_is_served_from_here(client: Client) -> None:
    page = client.get("/api/docs").content.decode()
    assert "/static/ninja/swagger-ui-bundle.js" in page
    assert "//cdn" not in page
    assert client.get("/api/openapi.json").json()["info"]["title"] == "Maillage"


def test_the_number_of_queries_is_bounded(
    client: Client, territory: Territory, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        client.get("/api/lots")
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        client.get(f"/api/lots/{territory.group.pk}")
