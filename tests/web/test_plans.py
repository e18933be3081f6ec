"""Plans on the page: the answer, who carries how much, what is not reached; a network's plan is for its owner."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from consortia.models import Plan
from matchmaker.models import Directory, DirectoryRow, Firm
from tests.factories import AS_OF, Territory, grenoble, make_firm, make_lot, make_match, make_outcome, make_run
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


@pytest.fixture
def drawn() -> Territory:
    """One lot a firm can do alone, one by a team, and a third that the same firm could have taken."""
    make_run()
    made = grenoble()
    large = made.firms[0]
    make_outcome_of(made, large)
    return made


def make_outcome_of(made: Territory, large: Firm) -> None:
    made.alone.outcome.yearly_eur = 120_000
    made.alone.outcome.save()
    for title in ("Nettoyage de la piscine",):
        lot = make_lot(title, tender=made.alone.tender)
        make_outcome(lot)
        make_match(lot, large, solo=True)


def asked(client: Client, **said: str) -> str:
    response = client.post("/plans/", {"scope": "", "objective": "lots", "members": "any"} | said)
    assert response.status_code == 302, response.content.decode()[:2000]
    return response.headers["Location"]


@pytest.fixture
def owner(drawn: Territory) -> tuple[Client, Directory]:
    """Signed in, with a network of the firm able alone and of one that cannot."""
    person = get_user_model().objects.create_user("cress", password="x")
    made = Directory.objects.create(name="CRESS Alpes", file_name="l.csv", sha256="0" * 64, owner=person, state="done")
    for line, firm in enumerate((drawn.firms[0], drawn.firms[8]), start=2):
        DirectoryRow.objects.create(directory=made, line=line, values={}, state="linked", firm=firm)
    client = Client()
    client.force_login(person)
    return client, made


def test_the_answer_comes_first_with_its_number_and_proof(client: Client, drawn: Territory) -> None:
    text = text_of(client, asked(client))
    assert "Ensemble, les entreprises peuvent emporter 2 lots sur" in text
    assert "sans dépasser aucune capacité ; aucun autre plan ne fait mieux (prouvé)." in text


def test_each_firm_is_shown_with_its_load_against_its_capacity(client: Client, drawn: Territory) -> None:
    text = text_of(client, asked(client))
    assert "Propreté Chartreuse Grenoble 63 % 120 k€ sur 190 k€, 1 lot" in text


def test_what_is_not_reached_says_whose_capacity_lacks(client: Client, drawn: Territory) -> None:
    text = text_of(client, asked(client))
    assert "1 lot a une réponse possible, mais ceux qui le pourraient sont pris ailleurs." in text
    assert "Propreté Chartreuse: manque à 1 lot, engagée à 63 % ; environ un lot de plus pour 120 k€ par an" in text
    assert "50 k€ par an chez Propreté Chartreuse" in text


def test_a_network_s_plan_speaks_of_its_members(owner: tuple[Client, Directory]) -> None:
    client, directory = owner
    text = text_of(client, asked(client, scope=f"network-{directory.pk}", members="all"))
    assert "CRESS Alpes: le plus de lots" in text
    assert "Vos 2 membres peuvent emporter 1 lot sur" in text


def test_a_network_s_plan_does_not_exist_for_others(owner: tuple[Client, Directory], client: Client) -> None:
    mine, directory = owner
    address = asked(mine, scope=f"network-{directory.pk}")
    client.force_login(get_user_model().objects.create_user("autre", password="x"))
    for visitor in (Client(), client):
        for end in ("", "export.csv", "export.xlsx"):
            assert visitor.get(address + end).status_code == 404
        assert visitor.post("/plans/", {"scope": f"network-{directory.pk}"}).status_code == 404
        assert "CRESS Alpes" not in text_of(visitor, "/plans/")
    staff = Client()
    staff.force_login(get_user_model().objects.create_user("equipe", password="x", is_staff=True))
    assert staff.get(address).status_code == 200


def test_a_partially_diffused_firm_is_masked_and_left_out_of_exports(client: Client, drawn: Territory) -> None:
    Firm.objects.filter(pk=drawn.firms[0].pk).update(diffusion="P")
    address = asked(client)
    page = client.get(address).content.decode()
    table = client.get(f"{address}export.csv").content.decode("utf-8-sig")
    assert "Entreprise à diffusion partielle" in page
    for text in (page, table):
        assert "Propreté Chartreuse" not in text
        assert drawn.firms[0].siret not in text


def test_csv_and_workbook_hold_every_lot_and_every_firm(client: Client, drawn: Territory) -> None:
    address = asked(client)
    table = client.get(f"{address}export.csv").content.decode("utf-8-sig").splitlines()
    book = load_workbook(io.BytesIO(client.get(f"{address}export.xlsx").content))
    assert len(table) == book["lots"].max_row == 4  # a heading, two lots reached, one not
    assert book["entreprises"].max_row == 1 + Plan.objects.get().loads.filter(load_eur__gt=0).count()


def test_a_plan_under_way_shows_counts_and_asks_again_by_itself(client: Client, drawn: Territory) -> None:
    plan = Plan.objects.create(
        as_of=AS_OF, asked_at=timezone.now(), state="running", lots=1200, lots_done=300, open_lots=1500
    )
    page = client.get(f"/plans/{plan.pk}/").content.decode()
    assert 'hx-trigger="every 2s"' in page
    assert "300 / 1\u202f200" in page


def test_an_unproven_plan_always_tells_its_bound(client: Client, drawn: Territory) -> None:
    plan = Plan.objects.create(
        as_of=AS_OF, asked_at=timezone.now(), state="done", value=9_919, bound=9_921, open_lots=10_000, lots=9_990
    )
    assert "9 919 lots sur 10 000 ouverts" in text_of(client, f"/plans/{plan.pk}/")
    assert "au mieux 9 921 lots, soit un écart d'au plus 0,03 %." in text_of(client, f"/plans/{plan.pk}/")


def test_without_any_plan_the_page_says_what_to_do(client: Client) -> None:
    make_run()
    assert "importez d'abord des avis" in text_of(client, "/plans/")


@pytest.mark.parametrize("said", [{"objective": "bonheur"}, {"members": "x"}, {"scope": "dep-XX"}])
def test_an_absurd_question_is_refused_in_words(client: Client, drawn: Territory, said: dict[str, Any]) -> None:
    response = client.post("/plans/", {"scope": "", "objective": "lots", "members": "any"} | said)
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()


def test_the_page_costs_a_fixed_number_of_queries(
    client: Client, drawn: Territory, django_assert_max_num_queries: Any
) -> None:
    address = asked(client)
    make_firm("Une de plus")
    with django_assert_max_num_queries(16):
        client.get(address)
