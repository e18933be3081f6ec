"""The expiry radar, the contracts on a firm's card, estimated amounts, declarations."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from matchmaker.award_queries import ExpiryFilter, by_month, expiring_awards, running_awards, won_by_same_buyer
from matchmaker.models import Award, AwardHolder, Firm
from tests.factories import AS_OF, Territory, make_buyer, make_departement, make_firm, make_lot, make_outcome, make_run
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


def make_award(title: str = "Nettoyage des gymnases", *firms: Firm, **more: Any) -> Award:
    facts: dict[str, Any] = {
        "source": "decp", "uid": f"uid-{Award.objects.count()}", "buyer": make_buyer(), "title": title,
        "cpv": "90911200", "trades": ["T01"], "notified_on": date(2024, 6, 1), "duration_months": 36,
        "ends_on": date(2027, 9, 15), "amount_eur": 300_000, "annual_eur": 100_000, "departement": make_departement(),
        "place_label": "Isère (38)", "record_hash": "x",
    }  # fmt: skip
    award = Award.objects.create(**facts | more)
    for position, firm in enumerate(firms, start=1):
        AwardHolder.objects.create(
            award=award, position=position, siret=firm.siret, siren=firm.siren, firm=firm, annual_eur=50_000
        )
    return award


def rows_of(client: Client, address: str) -> list[dict[str, str]]:
    text = client.get(address).content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


@pytest.fixture
def radar() -> None:
    make_run()
    make_award("Nettoyage des gymnases")
    make_award(
        "Peinture des écoles", ends_on=date(2027, 6, 1), trades=["T07"], departement=make_departement("69", "Rhône")
    )
    make_award("Déjà à relancer", ends_on=AS_OF + timedelta(days=30))
    make_award("Dans longtemps", ends_on=date(2030, 1, 1))


@pytest.mark.usefixtures("radar")
def test_the_radar_shows_what_ends_in_6_to_18_months(client: Client) -> None:
    text = text_of(client, "/expiring/")
    assert "2 marchés finissent entre le 23 mai 2027 et le 23 mai 2028" in text
    assert "environ 200 k€ par an (estimation)" in text
    assert "Nettoyage des gymnases" in text
    assert "Ville de Grenoble" in text
    assert "15 septembre 2027" in text
    assert "Déjà à relancer" not in text
    assert "Dans longtemps" not in text


@pytest.mark.usefixtures("radar")
@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?trade=T07", {"Peinture des écoles"}),
        ("?dep=38", {"Nettoyage des gymnases"}),
        ("?from=0&to=6", {"Déjà à relancer"}),
        ("?from=0&to=36", {"Déjà à relancer", "Nettoyage des gymnases", "Peinture des écoles"}),
        ("?from=18&to=6", {"Nettoyage des gymnases", "Peinture des écoles"}),  # the other way round
        ("?trade=T99", set()),
        ("?from=x&to=-1&dep=%00", {"Nettoyage des gymnases", "Peinture des écoles"}),
    ],
)
def test_page_csv_and_json_filter_alike(client: Client, query: str, shown: set[str]) -> None:
    text = text_of(client, f"/expiring/{query}")
    assert {title for title in Award.objects.values_list("title", flat=True) if title in text} == shown
    rows = csv.DictReader(
        io.StringIO(client.get(f"/expiring/export.csv{query}").content.decode("utf-8-sig")), delimiter=";"
    )
    assert {row["objet"] for row in rows} == shown
    answer = client.get(f"/api/awards/expiring{query}").json()
    assert {one["title"] for one in answer["results"]} == shown
    assert answer["total"] == len(shown)


@pytest.mark.usefixtures("radar")
def test_empty_months_have_their_bar_too() -> None:
    months = by_month(ExpiryFilter(first=6, last=12), AS_OF)
    assert [month.contracts for month in months] == [0, 1, 0, 0, 1, 0, 0]
    assert sum(month.annual_eur for month in months) == 200_000


def test_without_any_award_the_radar_says_what_to_do(client: Client) -> None:
    make_run()
    assert "./run manage sync decp" in text_of(client, "/expiring/")


@pytest.mark.usefixtures("radar")
def test_an_empty_window_says_how_to_widen_it(client: Client) -> None:
    assert "Élargissez les mois" in text_of(client, "/expiring/?trade=T44")


def test_holders_are_counted_once_whatever_the_filters() -> None:
    make_award("À trois", make_firm(), make_firm(), make_firm())
    assert [award.n_holders for award in expiring_awards(ExpiryFilter(trades=("T01",)), AS_OF)] == [3]


def test_a_firm_shows_the_contracts_it_won(client: Client) -> None:
    first, second = make_firm("Net'Alpes"), make_firm("Cristal")
    make_run()
    make_award("Nettoyage du siège", first, second, grouping="conjoint")
    text = text_of(client, f"/firms/{first.siret}/")
    assert "Les marchés publics qu'elle a remportés" in text
    assert "Nettoyage du siège" in text
    assert "2 titulaires groupement conjoint" in text
    assert "50 k€" in text


def test_a_partially_diffused_firm_shows_no_contract(client: Client, territory: Territory) -> None:
    """Rule D1: the published contract would name it."""
    assert territory.masked is not None
    make_award("Contrat de Fernande", territory.masked)
    assert "Contrat de Fernande" not in text_of(client, f"/firms/{territory.masked.siret}/")
    assert territory.masked.siret not in client.get("/api/awards/expiring").content.decode()


def test_running_contracts_and_those_of_one_buyer_can_be_asked() -> None:
    firm, buyer = make_firm(), make_buyer("Ville de Vif", siret="21380545000012")
    make_award("En cours", firm, buyer=buyer)
    make_award("Fini", firm, ends_on=date(2025, 1, 1), notified_on=date(2022, 1, 1))
    assert [part.award.title for part in running_awards(firm, AS_OF)] == ["En cours"]
    assert [part.award.title for part in won_by_same_buyer(firm, buyer, date(2023, 11, 23))] == ["En cours"]
    assert won_by_same_buyer(firm, buyer, date(2025, 1, 1)) == []


def test_an_estimated_amount_is_a_range_with_its_basis_everywhere(client: Client) -> None:
    basis = "15 marchés comparables : CPV 9091, communes ; une chance sur deux entre 20 k€ et 90 k€"
    lot = make_lot(
        amount_eur=None, imputed_low_eur=20_300, imputed_mid_eur=41_000, imputed_high_eur=90_000, imputed_basis=basis
    )
    make_outcome(lot, yearly_eur=20_500)
    make_run()
    assert "20 k€ à 90 k€, estimation" in text_of(client, "/lots/")
    page = text_of(client, f"/lots/{lot.pk}/")
    assert "montant non publié estimation 41 k€, entre 20 k€ et 90 k€" in page
    assert basis.replace(" :", ":") in page
    assert "la réponse repose sur une estimation" in page
    (row,) = rows_of(client, "/lots/export.csv")
    assert (row["montant_eur"], row["montant_moyen_eur_estimation"]) == ("", "41000")
    found = client.get(f"/api/lots/{lot.pk}").json()
    assert (found["amount_eur"], found["imputed_high_eur"], found["imputed_basis"]) == (None, 90_000, basis)


# --- declarations ---------------------------------------------------------------------------------


def put(client: Client, firm: Firm, **said: object) -> Any:
    body = {"on": str(timezone.localdate())} | said
    return client.put(f"/api/firms/{firm.siret}/declaration", json.dumps(body), content_type="application/json")


def test_staff_may_declare_and_withdraw_a_free_capacity(client: Client) -> None:
    client.force_login(get_user_model().objects.create_user("equipe", is_staff=True))
    firm = make_firm(headcount_band="12", declared_trades=["T01"])
    answer = put(client, firm, free_fte=3)
    assert answer.status_code == 200
    assert answer.json()["mid_eur"] == 144_000
    assert any(step.startswith("Déclaration : 3 ETP libres") for step in answer.json()["steps"])
    firm.refresh_from_db()
    assert (firm.declared_free_fte, firm.capacity_mid_eur) == (3.0, 144_000)
    assert put(client, firm, free_fte=None).json()["mid_eur"] != 144_000
    firm.refresh_from_db()
    assert (firm.declared_free_fte, firm.declared_on) == (None, None)


def test_a_declaration_of_a_day_long_past_no_longer_counts_and_says_why(client: Client) -> None:
    client.force_login(get_user_model().objects.create_user("equipe", is_staff=True))
    firm = make_firm(headcount_band="12", declared_trades=["T01"])
    told = put(client, firm, free_fte=3, on="2020-01-01").json()["steps"]
    assert any("La déclaration du 01/01/2020 (3 ETP libres) ne compte plus" in step for step in told)


def test_only_staff_may_declare_and_nothing_absurd(client: Client) -> None:
    firm = make_firm()
    assert put(client, firm, free_fte=3).status_code == 401
    user = get_user_model().objects.create_user("membre")
    client.force_login(user)
    assert put(client, firm, free_fte=3).status_code in (401, 403)
    user.is_staff = True
    user.save()
    assert put(client, firm, free_fte=-1).status_code == 422
    assert put(client, firm, free_fte=1, on="2100-01-01").status_code == 422
