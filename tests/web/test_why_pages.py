"""Why a firm ranks where it does, and why another does not: on the lot's page, and as pages without script."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from frontend.lookup import choice, firms_named, siret_in
from matchmaker.live import rank_live
from matchmaker.models import Firm
from matchmaker.queries import public_firm
from tests.factories import Territory, make_firm
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]

HTMX = {"HX-Request": "true"}


def points(page: str) -> list[float]:
    """The figures of a told score, the total last."""
    found = re.findall(r'class="told-points"><strong>([0-9,]+)</strong>', page)
    return [float(text.replace(",", ".")) for text in found]


def test_the_parts_told_add_up_to_the_score_that_ranks(client: Client, territory: Territory) -> None:
    lot, firm = territory.group, territory.firms[1]
    told = points(client.get(f"/lots/{lot.pk}/why/{firm.siret}/").content.decode())
    score = next(found.score for found in rank_live(lot).top if found.id == firm.pk)
    assert len(told) == 7
    assert sum(told[:6]) == pytest.approx(told[6])
    assert told[6] == pytest.approx(score, abs=0.05)


def test_the_explanation_follows_the_weights_of_the_address(client: Client, territory: Territory) -> None:
    query = "w_trade=0&w_text=0&w_distance=100&w_capacity=0&w_evidence=0&w_ess=0"
    page = client.get(f"/lots/{territory.group.pk}/why/{territory.firms[0].siret}/?{query}").content.decode()
    told = points(page)
    assert "avec vos poids" in page
    assert told[2] == told[6] and told[0] == 0


def test_it_is_a_part_for_the_page_and_a_page_without_script(client: Client, territory: Territory) -> None:
    address = f"/lots/{territory.group.pk}/why/{territory.firms[0].siret}/"
    assert "<html" not in client.get(address, headers=HTMX).content.decode()
    assert "Pourquoi Propreté Chartreuse a cette place" in text_of(client, address)
    assert f'<a href="{address}">Lire l&#x27;explication</a>' in client.get(
        f"/lots/{territory.group.pk}/"
    ).content.decode().replace("Lire l'explication", "Lire l&#x27;explication")


def test_a_firm_that_is_no_match_is_told_why(client: Client, territory: Territory) -> None:
    painter = make_firm("Pinceaux du Vercors", trades=["T07"])
    text = text_of(client, f"/lots/{territory.group.pk}/why/{painter.siret}/")
    assert "Cette entreprise n'est pas classée pour ce lot" in text


def test_why_not_answers_for_a_siret_a_name_and_a_suggestion(client: Client, territory: Territory) -> None:
    firm = territory.firms[4]
    for typed in (
        firm.siret,
        "net'alpes",
        choice(public_firm(firm)),
        f"{firm.siret[:3]} {firm.siret[3:9]} {firm.siret[9:]}",
    ):
        response = client.get(f"/lots/{territory.group.pk}/why-not/", {"q": typed})
        assert "Net&#x27;Alpes" in response.content.decode(), typed
        assert "parmi les 20 premières" in response.content.decode(), typed


def test_why_not_names_the_smallest_change(client: Client, territory: Territory) -> None:
    for number in range(25):
        make_firm(f"Concurrente {number}", capacity_eur=400_000, ess=Firm.Ess.YES)
    weak = make_firm("Modeste", capacity_eur=4_000, commune_code="38545")
    text = text_of(client, f"/lots/{territory.group.pk}/why-not/?q={weak.siret}")
    assert re.search(r"Modeste: rang \d+, score", text)
    assert "la 20e a" in text


def test_a_name_of_several_firms_asks_which_one(client: Client, territory: Territory) -> None:
    text = text_of(client, f"/lots/{territory.group.pk}/why-not/?q=a")
    assert "Aucune entreprise du métier de ce lot ne porte ce nom." in text  # one letter is too short
    page = client.get(f"/lots/{territory.group.pk}/why-not/?q=es").content.decode()
    assert "Plusieurs entreprises portent ce nom. Laquelle ?" in page
    assert f"/lots/{territory.group.pk}/why-not/?q={territory.firms[3].siret}" in page


def test_an_unknown_siret_is_told_as_such(client: Client, territory: Territory) -> None:
    text = text_of(client, f"/lots/{territory.group.pk}/why-not/?q=12345678901234")
    assert "Aucune entreprise connue ne porte ce SIRET." in text


def test_the_page_without_question_is_the_form_alone(client: Client, territory: Territory) -> None:
    text = text_of(client, f"/lots/{territory.group.pk}/why-not/")
    assert "Nom ou SIRET de l'entreprise" in text
    assert "Aucune entreprise du métier" not in text


def test_suggestions_are_firms_of_the_lots_trades_nearest_first(client: Client, territory: Territory) -> None:
    make_firm("Propreté Peinture", trades=["T07"])
    page = client.get(f"/lots/{territory.group.pk}/firms/?q=propre", headers=HTMX).content.decode()
    assert re.findall(r'value="([^"·]+) ·', page) == ["Propreté Chartreuse", "Voironnais Propre"]


def test_a_firm_that_closed_is_not_suggested(territory: Territory) -> None:
    territory.firms[0].active = False
    territory.firms[0].save()
    assert [firm.name for firm in firms_named(territory.group, "propre")] == ["Voironnais Propre"]


@pytest.mark.parametrize(
    ("typed", "siret"),
    [
        ("12345678901234", "12345678901234"),
        ("123 456 789 01234", "12345678901234"),
        ("Net'Alpes · Fontaine · 12345678901234", "12345678901234"),
        ("1234", ""),
        ("", ""),
    ],
)
def test_a_siret_is_read_wherever_it_ends_the_text(typed: str, siret: str) -> None:
    assert siret_in(typed) == siret


def test_the_explanation_costs_few_queries(
    client: Client, territory: Territory, django_assert_max_num_queries: object
) -> None:
    address = f"/lots/{territory.group.pk}/why/{territory.firms[0].siret}/"
    client.get(address, headers=HTMX)
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        client.get(address, headers=HTMX)
