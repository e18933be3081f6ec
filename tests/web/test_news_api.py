"""What is new, for programs: nobody misses any, nobody masked is named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from matchmaker.models import MatchNews
from tests.factories import Territory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


@pytest.fixture
def told(territory: Territory) -> list[MatchNews]:
    firms = [territory.firms[0], territory.masked, territory.firms[1], territory.firms[2]]
    kinds = ["entered", "entered", "solo", "left"]
    return [
        MatchNews.objects.create(lot=territory.group, firm=firm, kind=kind, rank=place)
        for place, (firm, kind) in enumerate(zip(firms, kinds, strict=True), start=1)
    ]


def test_news_come_oldest_first_with_words_and_without_masked_firms(client: Client, told: list[MatchNews]) -> None:
    answer = client.get("/api/news")
    found = answer.json()
    assert [row["id"] for row in found["results"]] == [told[0].pk, told[2].pk, told[3].pk]
    assert found["results"][1]["words"] == "peut désormais répondre seule"
    assert "Fernande" not in answer.content.decode()
    assert answer["Last-Modified"]


def test_reading_on_from_the_last_number_misses_and_repeats_nothing(client: Client, told: list[MatchNews]) -> None:
    first = client.get("/api/news?limit=2").json()
    assert (len(first["results"]), first["more"]) == (2, True)
    rest = client.get(f"/api/news?after={first['next']}").json()
    assert ([row["id"] for row in rest["results"]], rest["more"]) == ([told[3].pk], False)
    empty = client.get(f"/api/news?after={rest['next']}").json()
    assert (empty["results"], empty["next"]) == ([], rest["next"])


def test_news_can_be_asked_of_a_firm_a_legal_unit_a_lot_and_since_a_moment(
    client: Client, territory: Territory, told: list[MatchNews]
) -> None:
    def ids(**asked: object) -> list[int]:
        return [row["id"] for row in client.get("/api/news", asked).json()["results"]]

    assert ids(siret=territory.firms[1].siret) == [told[2].pk]
    assert ids(siren=[territory.firms[0].siren, territory.firms[2].siren]) == [told[0].pk, told[3].pk]
    assert ids(lot=territory.alone.pk) == []
    MatchNews.objects.filter(pk=told[0].pk).update(at=timezone.now() - timedelta(days=2))
    assert ids(since=(timezone.now() - timedelta(days=1)).isoformat()) == [told[2].pk, told[3].pk]


def test_a_masked_firm_asked_by_its_number_has_no_news(
    client: Client, territory: Territory, told: list[MatchNews]
) -> None:
    assert client.get("/api/news", {"siret": territory.masked.siret}).json()["results"] == []


def test_an_unknown_firm_and_a_senseless_moment_are_refused(client: Client) -> None:
    assert client.get("/api/news?siret=00000000000000").status_code == 404
    assert client.get("/api/news?since=hier").status_code == 422
    assert client.get("/api/news?limit=5000").status_code == 422
