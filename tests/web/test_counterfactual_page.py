"""Last year's contracts of a département, split as proposed: figures said as estimates, limits said, no firm named."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.test import Client

from allotment.counterfactual import territory
from geo.models import Departement
from matchmaker.models import Award, Firm
from tests.factories import make_award, make_commune, make_departement, make_firm, make_run
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]

ADDRESS = "/counterfactual/38/2025/"


def bought(yearly: int | None, *firms: Firm, **more: Any) -> Award:
    """A contract of cleaning in Grenoble."""
    commune = make_commune("38185")
    return make_award(yearly, *firms, **{"departement": commune.departement, "point": commune.point} | more)


@pytest.fixture
def isere() -> Departement:
    """600 k€ a year of cleaning, and three ESS firms that can do 60 k€ each."""
    make_run()
    for name in ("Régie", "Atelier", "Coopérative"):
        make_firm(name, ess=Firm.Ess.YES, capacity_eur=60_000)
    make_firm("Grande entreprise", capacity_eur=2_000_000)
    bought(600_000, Firm.objects.get(name="Grande entreprise"))
    return make_departement()


def test_what_one_large_contract_hides_is_within_reach_once_split(isere: Departement) -> None:
    found = territory(isere, 2025).found
    assert (found.before_eur[1], found.after_eur[1], found.won_eur) == (0, 180_000, 0)
    assert found.more_lots == 3


def test_an_ordinary_firm_is_not_counted_and_a_lender_of_staff_neither(isere: Departement) -> None:
    make_firm("Intérim d'insertion", ess=Firm.Ess.YES, inclusive_kind="ETTI", capacity_eur=500_000)
    assert territory(isere, 2025).found.after_eur[1] == 180_000


def test_a_firm_too_far_is_not_counted(isere: Departement) -> None:
    make_firm("Lointaine", ess=Firm.Ess.YES, capacity_eur=500_000, point=Point(2.35, 48.85, srid=4326))
    assert territory(isere, 2025).found.after_eur[1] == 180_000


def test_a_capacity_is_counted_once_over_the_year(isere: Departement) -> None:
    bought(600_000)
    assert territory(isere, 2025).found.after_eur[1] == 180_000


def test_what_a_firm_won_that_year_is_given_back_to_it(isere: Departement) -> None:
    bought(30_000, Firm.objects.get(name="Régie"))
    found = territory(isere, 2025).found
    assert (found.won_eur, found.before_eur[1], found.after_eur[1]) == (30_000, 30_000, 210_000)


def test_what_cannot_be_read_is_counted_apart(isere: Departement) -> None:
    bought(None)
    bought(50_000, trades=[])
    bought(50_000, point=None)
    one = territory(isere, 2025)
    assert (one.found.contracts, one.unread, one.unread_eur) == (1, 3, 100_000)


def test_the_answer_is_kept_until_a_firm_changes(isere: Departement, django_assert_max_num_queries: Any) -> None:
    before = territory(isere, 2025)
    with django_assert_max_num_queries(4):
        assert territory(isere, 2025) == before
    make_firm("Nouvelle", ess=Firm.Ess.YES, capacity_eur=60_000)
    assert territory(isere, 2025).found.after_eur[1] == 240_000


def test_the_page_says_it_in_plain_words_as_an_estimate(client: Client, isere: Departement) -> None:
    text = text_of(client, ADDRESS)
    assert "auraient mis 30 % de leur montant à portée" in text
    assert "au lieu de 0 % tels qu'ils ont été achetés. Elles en ont gagné 0 %" in text
    assert "1 500 heures d'insertion par an" in text  # 600 k€ × 80 % ÷ 24 €/h × 50 % of new hours × 15 %
    assert "Estimation sur 1 contrat" in text
    assert "Être à portée n'est pas gagner" in text


def test_no_firm_is_named(client: Client, isere: Departement) -> None:
    body = client.get(ADDRESS).content.decode()
    assert not any(name in body for name in ("Régie", "Atelier", "Grande entreprise"))


def test_the_paper_of_the_debate_is_a_pdf(client: Client, isere: Departement) -> None:
    response = client.get(f"{ADDRESS}debate.pdf")
    assert response.status_code == 200
    assert response.content.startswith(b"%PDF-")


def test_one_chooses_a_departement_among_those_with_contracts(client: Client, isere: Departement) -> None:
    make_departement("69", "Rhône")
    text = text_of(client, "/counterfactual/")
    assert "Isère (38)" in text
    assert "Rhône" not in text
    assert client.get("/counterfactual/?dep=38").headers["Location"] == ADDRESS


def test_an_empty_year_and_an_unknown_departement_say_so(client: Client, isere: Departement) -> None:
    assert "choisissez une autre année" in text_of(client, "/counterfactual/38/2019/")
    assert client.get("/counterfactual/99/2025/").status_code == 404
    assert client.get("/counterfactual/38/1066/").status_code == 404
