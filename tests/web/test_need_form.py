"""The form of a need: words or CPV, pasted communes, drafts that keep themselves, two tabs, errors by their field."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from allotment.models import Need
from frontend.need_form import euros_of, trade_of
from matchmaker.reference import reference
from tests.buyers import make_need, make_organisation, make_user
from tests.factories import COMMUNES, make_commune
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


@pytest.fixture
def buyer() -> User:
    user = make_user("acheteuse")
    make_organisation(members=[user])
    for code in COMMUNES:
        make_commune(code, epci_code="200040715", epci_name="Grenoble-Alpes-Métropole")
    return user


@pytest.fixture
def member(buyer: User) -> Client:
    client = Client()
    client.force_login(buyer)
    return client


def filled(**more: str) -> dict[str, str]:
    return {
        "title": "Entretien des bâtiments",
        "nature": "services",
        "months": "36",
        "launched_on": "2027-03-15",
        "what-1": "Nettoyage de locaux",
        "amount-1": "450 k€",
        "what-2": "77310000",
        "amount-2": "1,2 M€",
        "places": "Grenoble\n38421",
        "do": "save",
    } | more


def created(client: Client, **more: str) -> Need:
    response = client.post("/needs/new/", filled(**more))
    assert response.status_code == 302, text_errors(response)
    return Need.objects.get()


def text_errors(response: Any) -> str:
    found = re.search(r'id="error-summary".*?</div>', response.content.decode(), re.S)
    return found.group() if found else ""


def test_a_need_is_written_without_script_in_one_go(member: Client) -> None:
    need = created(member)
    assert [(one.trade, one.amount_eur, one.cpvs) for one in need.trades.all()] == [
        ("T01", 450_000, []),
        ("T04", 1_200_000, ["77310000"]),
    ]
    assert dict(need.places.values_list("commune_id", "weight")) == {"38185": 157_000, "38421": 38_000}


def test_weights_are_the_population_until_someone_writes_another(member: Client) -> None:
    need = created(member, **{"weight-38185": "3", "weight-38421": "1"})
    assert dict(need.places.values_list("commune_id", "weight")) == {"38185": 3, "38421": 1}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"amount-1": "0"}, "amount-1"),
        ({"amount-1": "-5"}, "amount-1"),
        ({"what-1": "xyzzy"}, "what-1"),
        ({"what-2": "T01"}, "what-2"),
        ({"what-1": "", "amount-1": "", "what-2": "", "amount-2": ""}, "what-1"),
        ({"places": ""}, "places"),
        ({"places": "Grenoble\nAtlantide"}, "places"),
        ({"months": "0"}, "months"),
        ({"months": "trois"}, "months"),
        ({"launched_on": "bientôt"}, "launched_on"),
        ({"start": "31/02/2027"}, "start"),
        ({"max_lots_bid": "-1"}, "max_lots_bid"),
        ({"nature": "rien"}, "nature"),
        ({"weight-38185": "zéro"}, "weight-38185"),
        ({"hours-1": "beaucoup"}, "hours-1"),
    ],
)
def test_each_error_leads_to_its_field_and_nothing_typed_is_lost(
    member: Client, wrong: dict[str, str], field: str
) -> None:
    response = member.post("/needs/new/", filled(**wrong))
    page = response.content.decode()
    assert response.status_code == 422
    assert f'href="#{field}"' in text_errors(response)
    assert f'id="{field}"' in page
    assert all(value in page for name, value in (filled() | wrong).items() if name.startswith("amount"))
    assert not Need.objects.exists()


def test_all_errors_are_told_at_once(member: Client) -> None:
    response = member.post("/needs/new/", filled(title="", months="", places="Atlantide"))
    assert len(re.findall('href="#', text_errors(response))) == 3


def test_an_intercommunalite_gives_its_communes_without_saving(member: Client) -> None:
    response = member.post("/needs/new/", filled(do="epci", epci="grenoble alpes metropole", places=""))
    page = response.content.decode()
    assert "10 communes ajoutées" in page and "Meylan (38229)" in page
    assert not Need.objects.exists()


def test_an_intercommunalite_that_is_unknown_is_told(member: Client) -> None:
    response = member.post("/needs/new/", filled(do="epci", epci="Zzyzx"))
    assert "Aucune intercommunalité de ce nom" in response.content.decode()


def test_what_is_not_a_commune_is_told_entry_by_entry(member: Client) -> None:
    response = member.post("/needs/new/", filled(do="check", places="Grenoble\nMeylann\nAtlantide"))
    page = " ".join(response.content.decode().split())
    assert "2 entrées ne sont pas comprises" in page
    assert "« Meylann » : voulez-vous dire Meylan (38229)" in page


def test_a_country_s_worth_of_communes_has_a_clear_limit(member: Client) -> None:
    codes = [f"{number:05d}" for number in range(1001, 1502)]
    for code in codes:
        make_commune(code)
    response = member.post("/needs/new/", filled(places="\n".join(codes)))
    assert response.status_code == 422
    assert "au plus 500 communes" in response.content.decode()


def test_a_draft_keeps_itself_and_is_taken_up_where_it_was_left(member: Client) -> None:
    first = member.post("/needs/draft/", {"title": "Entretien des parcs", "places": "Gren"})
    need = Need.objects.get()
    assert "Brouillon gardé" in first.content.decode() and f'value="{need.pk}"' in first.content.decode()
    member.post("/needs/draft/", {"need": need.pk, "revision": "1", "title": "Entretien des parcs", "months": "24"})
    assert Need.objects.count() == 1
    page = text_of(member, f"/needs/{need.pk}/edit/")
    assert "Votre brouillon est repris" in page
    assert 'value="24"' in member.get(f"/needs/{need.pk}/edit/").content.decode()


def test_the_form_of_a_new_need_saves_the_draft_it_began(member: Client) -> None:
    member.post("/needs/draft/", {"title": "Entretien"})
    need = Need.objects.get()
    assert member.post("/needs/new/", filled(need=str(need.pk), revision="1")).status_code == 302
    need.refresh_from_db()
    assert (need.title, need.draft, need.revision) == ("Entretien des bâtiments", {}, 2)


def test_a_draft_can_be_given_up_for_what_was_saved(member: Client) -> None:
    need = created(member)
    member.post("/needs/draft/", {"need": need.pk, "revision": need.revision, "title": "Autre"})
    member.post(f"/needs/{need.pk}/edit/", {"do": "forget", "revision": need.revision})
    assert 'value="Entretien des bâtiments"' in member.get(f"/needs/{need.pk}/edit/").content.decode()


def test_the_second_of_two_tabs_sees_both_versions_and_overwrites_only_when_asked(member: Client) -> None:
    need = created(member)
    address, read = f"/needs/{need.pk}/edit/", str(need.revision)
    assert member.post(address, filled(title="Première", revision=read)).status_code == 302
    response = member.post(address, filled(title="Seconde", revision=read))
    page = response.content.decode()
    assert response.status_code == 409
    assert "Première" in page and "Seconde" in page
    need.refresh_from_db()
    assert need.title == "Première"
    revision = re.search(r'name="revision" value="(\d+)"', page)
    assert revision
    assert member.post(address, filled(title="Seconde", revision=revision.group(1))).status_code == 302
    need.refresh_from_db()
    assert need.title == "Seconde"


def test_a_draft_kept_by_a_tab_left_behind_does_not_replace_what_was_saved(member: Client) -> None:
    need = created(member)
    response = member.post("/needs/draft/", {"need": need.pk, "revision": "1", "title": "Vieux"})
    assert "dans un autre onglet" in response.content.decode()
    need.refresh_from_db()
    assert need.draft == {}


def test_another_organisation_s_need_is_neither_kept_nor_saved(member: Client) -> None:
    other = make_need(organisation=make_organisation("Voisine"))
    assert member.post("/needs/draft/", {"need": other.pk, "revision": "1"}).status_code == 404
    assert member.post(f"/needs/{other.pk}/edit/", filled(revision="1")).status_code == 404
    assert member.post("/needs/new/", filled(need=str(other.pk))).status_code == 404


def test_a_need_cannot_be_written_for_an_organisation_that_is_not_mine(member: Client) -> None:
    other = make_organisation("Voisine")
    assert member.post("/needs/new/", filled(organisation=str(other.pk))).status_code == 404


def test_who_belongs_to_no_organisation_is_told_what_to_do(client: Client) -> None:
    client.force_login(make_user("seul"))
    assert "membre d'aucune" in text_of(client, "/needs/new/")


def test_what_is_saved_fills_the_form_again(member: Client) -> None:
    need = created(member)
    page = member.get(f"/needs/{need.pk}/edit/").content.decode()
    assert "Grenoble (38185)" in page and 'value="77310000"' in page and 'value="1200000"' in page
    assert "Espaces verts (T04), CPV 77310000" in page


def test_a_cpv_finds_its_trade_and_a_trade_its_cpv(member: Client) -> None:
    assert "Espaces verts (T04)" in text_of(member, "/needs/trade/?what-1=77310000-6")
    assert "CPV 90911300" in text_of(member, "/needs/trade/?what-2=vitres")
    assert "non reconnu" in text_of(member, "/needs/trade/?what-1=xyzzy")


@pytest.mark.parametrize(
    ("text", "trade"),
    [
        ("Espaces verts", "T04"),
        ("espaces verts", "T04"),
        ("T07", "T07"),
        ("nettoyage des locaux", "T01"),
        ("peinture", "T07"),
        ("90911200-8", "T01"),
    ],
)
def test_a_trade_is_chosen_by_words(text: str, trade: str) -> None:
    found = trade_of(text, reference())
    assert found is not None and found[0] == trade


@pytest.mark.parametrize(
    ("text", "eur"),
    [("1 200 000", 1_200_000), ("1,2 M€", 1_200_000), ("350k€", 350_000), ("12000,50 €", 12_000), ("3.5 m", 3_500_000)],
)
def test_amounts_are_read_as_people_write_them(text: str, eur: int) -> None:
    assert euros_of(text) == eur


@pytest.mark.parametrize("text", ["", "0", "-3", "douze", "1e9", "99999999999999", "NaN"])
def test_what_is_no_positive_amount_is_none(text: str) -> None:
    assert euros_of(text) is None
