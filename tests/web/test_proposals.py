"""The page that proposes a split: its form, its front, why its borders, and who may open it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from allotment.domain.border import Move, Side
from allotment.models import Need, Split
from frontend.pages.proposals import reasons
from matchmaker.models import Firm
from tests.buyers import make_need, make_organisation, make_user
from tests.factories import grenoble, make_firm
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield


@pytest.fixture
def need() -> Need:
    grenoble(fictitious=True)
    make_firm("Vert Isère", trades=["T04"], capacity_eur=30_000, fictitious=True)
    Firm.objects.update(references=4)
    owner = make_organisation(members=[make_user("acheteuse")])
    return make_need(trades={"T01": 120_000, "T04": 60_000}, fictitious=True, organisation=owner)


@pytest.fixture
def buyer(need: Need) -> Client:
    client = Client()
    client.force_login(make_user("acheteuse"))
    return client


def test_the_form_states_the_cost_of_a_lot_and_what_may_be_sought(buyer: Client, need: Need) -> None:
    page = buyer.get(f"/needs/{need.pk}/propose/").content.decode()
    assert 'value="2500"' in page
    assert "des lots à 3 candidats locaux au moins" in page


def test_the_answer_says_what_is_proven_among_what(buyer: Client, need: Need) -> None:
    text = text_of(buyer, f"/needs/{need.pk}/propose/?objective=ess")
    assert "2 lots: 67 % du montant pour l'objectif choisi. C'est prouvé: parmi les" in text
    assert "« Prouvé » s'entend parmi elles" in text


def test_a_proposal_kept_becomes_a_version(buyer: Client, need: Need) -> None:
    response = buyer.post(f"/needs/{need.pk}/propose/", {"objective": "ess", "lots": "2"})
    split = need.splits.get()
    assert response.status_code == 302 and response.headers["Location"].endswith(f"/splits/{split.number}/")
    assert split.origin == Split.Origin.OPTIMISER
    text = text_of(buyer, response.headers["Location"])
    assert "Découpage proposé par le calcul" in text and "à la portée de l'ESS et de l'insertion" in text


def test_a_lot_that_costs_more_than_it_brings_is_not_proposed(buyer: Client, need: Need) -> None:
    text = text_of(buyer, f"/needs/{need.pk}/propose/?objective=ess&lot_eur=900%20000")
    assert "1 lot: 0 % du montant" in text


@pytest.mark.parametrize(
    "wrong", ["objective=ess&bidders=0", "objective=ess&most=13", "objective=x", "objective=ess&lot_eur=-1"]
)
def test_impossible_wishes_are_told(buyer: Client, need: Need, wrong: str) -> None:
    response = buyer.get(f"/needs/{need.pk}/propose/?{wrong}")
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()


def test_only_members_of_the_buyer_may_ask(client: Client, need: Need) -> None:
    address = f"/needs/{need.pk}/propose/?objective=ess"
    assert client.get(address).status_code == 302
    client.force_login(make_user("autre"))
    assert client.get(address).status_code == 404
    need.state, need.share_key = Need.State.SHARED, "k" * 43
    need.save()
    assert client.get(f"{address}&key={'k' * 43}").status_code == 403


def test_a_border_is_explained_by_the_commune_that_would_cost_least(need: Need) -> None:
    near = Move(
        ("38185",),
        Side(0, (3, 4), (True, True), (90_000, 50_000)),
        Side(1, (3, 2), (True, False), (30_000, 70_000)),
        -70_000,
    )
    (one,) = reasons([near, Move(("38421",), near.taker, near.giver, -90_000)])
    assert one.title == "Entre les lots 1 et 2 : Grenoble"
    assert "le lot 2 passerait de 3 à 2 candidats" in one.text and "l'objectif perdrait 70" in one.text
