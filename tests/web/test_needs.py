"""Pages of needs: who may open them, what the supply says, sharing, deletion and its undoing, the report."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from allotment.models import Need
from tests.buyers import make_need, make_organisation, make_user
from tests.factories import grenoble
from tests.web.papers import pdf_text
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]

READ = ("", "map.json", "report.pdf")
WRITE = ("edit/", "need.json")


@pytest.fixture
def buyer() -> User:
    return make_user("acheteuse")


@pytest.fixture
def need(buyer: User) -> Need:
    grenoble()
    return make_need(organisation=make_organisation(members=[buyer]), trades={"T01": 450_000})


@pytest.fixture
def member(buyer: User) -> Client:
    client = Client()
    client.force_login(buyer)
    return client


def stranger() -> Client:
    other = make_user("autre", is_staff=True, is_superuser=True)
    make_organisation("Pays voironnais", members=[other])
    client = Client()
    client.force_login(other)
    return client


@pytest.mark.parametrize("part", [*READ, *WRITE])
def test_a_draft_opens_to_its_organisation_and_is_a_404_to_another(need: Need, member: Client, part: str) -> None:
    assert member.get(f"/needs/{need.pk}/{part}").status_code == 200
    assert stranger().get(f"/needs/{need.pk}/{part}").status_code == 404


@pytest.mark.parametrize("part", READ)
def test_to_signed_out_people_a_draft_does_not_exist(client: Client, need: Need, part: str) -> None:
    assert client.get(f"/needs/{need.pk}/{part}").status_code == 404


def test_pages_that_write_send_signed_out_people_to_sign_in(client: Client, need: Need) -> None:
    for part in WRITE:
        assert client.get(f"/needs/{need.pk}/{part}").status_code == 302
    for part in ("share/", "delete/", "restore/"):
        assert client.post(f"/needs/{need.pk}/{part}").status_code == 302
    assert client.get("/needs/new/").status_code == 302


def test_the_shared_address_opens_what_reads_and_nothing_that_writes(
    client: Client, need: Need, member: Client
) -> None:
    assert member.post(f"/needs/{need.pk}/share/").status_code == 302
    need.refresh_from_db()
    key = need.share_key
    for part in READ:
        assert client.get(f"/needs/{need.pk}/{part}?key={key}").status_code == 200
        assert client.get(f"/needs/{need.pk}/{part}?key={key[:-1]}").status_code == 404
    other = stranger()
    for part in WRITE:
        assert other.get(f"/needs/{need.pk}/{part}?key={key}").status_code == 403
    for part in ("share/", "delete/"):
        assert other.post(f"/needs/{need.pk}/{part}?key={key}").status_code == 403


def test_once_sharing_stops_the_address_opens_nothing_and_the_next_one_differs(
    client: Client, need: Need, member: Client
) -> None:
    member.post(f"/needs/{need.pk}/share/")
    need.refresh_from_db()
    key = need.share_key
    member.post(f"/needs/{need.pk}/share/", {"stop": "1"})
    assert client.get(f"/needs/{need.pk}/?key={key}").status_code == 404
    member.post(f"/needs/{need.pk}/share/")
    need.refresh_from_db()
    assert need.share_key and need.share_key != key
    assert client.get(f"/needs/{need.pk}/?key={key}").status_code == 404


def test_the_key_of_one_need_does_not_open_another(client: Client, need: Need, member: Client) -> None:
    member.post(f"/needs/{need.pk}/share/")
    need.refresh_from_db()
    second = make_need("Autre besoin", organisation=need.organisation)
    assert client.get(f"/needs/{second.pk}/?key={need.share_key}").status_code == 404


def test_signed_out_people_learn_what_needs_are_for_and_where_to_sign_in(client: Client, need: Need) -> None:
    text = text_of(client, "/needs/")
    assert "Décrivez un besoin" in text and "Se connecter" in text
    assert need.title not in text


def test_the_list_shows_my_organisations_needs_only(need: Need, member: Client) -> None:
    make_need("Besoin d'un voisin", organisation=make_organisation("Voisine"))
    text = text_of(member, "/needs/")
    assert need.title in text and "Besoin d'un voisin" not in text


def test_an_empty_list_says_what_to_do(buyer: User, member: Client) -> None:
    assert "n'est membre d'aucune" in text_of(member, "/needs/")
    make_organisation(members=[buyer])
    text = text_of(member, "/needs/")
    assert "Aucun besoin pour l'instant" in text and "Décrire un besoin" in text


def test_the_supply_answers_first_with_its_numbers(need: Need, member: Client) -> None:
    text = text_of(member, f"/needs/{need.pk}/")
    assert "12 entreprises à portée font au moins un des métiers du besoin, dont 6 de l'ESS ou de l'insertion" in text
    assert "1 pourrait faire seule la totalité du marché" in text
    assert text.index("12 entreprises") < text.index("Combien de candidats")


def test_the_curve_has_its_table_and_each_scope_its_address(need: Need, member: Client) -> None:
    page = member.get(f"/needs/{need.pk}/").content.decode()
    assert page.count('<circle class="dot"') == 12 and "Le tableau de la courbe" in page
    assert member.get(f"/needs/{need.pk}/?trade=all").status_code == 200
    assert member.get(f"/needs/{need.pk}/?trade=T07").status_code == 404


def test_a_masked_firm_is_counted_and_never_named(need: Need, member: Client) -> None:
    for address in (f"/needs/{need.pk}/", f"/needs/{need.pk}/map.json"):
        page = member.get(address).content.decode()
        assert "Fernande" not in page and "impasse" not in page
    assert "diffusion" in member.get(f"/needs/{need.pk}/").content.decode()


def test_nobody_in_reach_is_said_with_what_to_do(buyer: User, member: Client) -> None:
    bare = make_need(organisation=make_organisation(members=[buyer]), trades={"T51": 90_000})
    assert "Aucune entreprise connue de ces métiers" in text_of(member, f"/needs/{bare.pk}/")


def test_an_unfinished_need_says_what_lacks(buyer: User, member: Client) -> None:
    bare = make_need(organisation=make_organisation(members=[buyer]), communes=[])
    text = text_of(member, f"/needs/{bare.pk}/")
    assert "Indiquez au moins une commune" in text and "Compléter le besoin" in text
    assert member.get(f"/needs/{bare.pk}/report.pdf").status_code == 404


def test_the_json_holds_the_whole_need(need: Need, member: Client) -> None:
    said = member.get(f"/needs/{need.pk}/need.json").json()
    assert (said["title"], said["months"]) == (need.title, 36)
    assert said["trades"] == [{"trade": "T01", "cpvs": [], "amount_eur": 450_000, "transferred_hours": 0}]
    assert {one["commune_id"] for one in said["places"]} == {"38185", "38421", "38151", "38169"}


def test_a_deleted_need_is_gone_and_can_be_taken_back_by_its_organisation_only(need: Need, member: Client) -> None:
    member.post(f"/needs/{need.pk}/delete/")
    assert member.get(f"/needs/{need.pk}/").status_code == 404
    assert "Supprimés récemment" in text_of(member, "/needs/")
    assert stranger().post(f"/needs/{need.pk}/restore/").status_code == 404
    assert member.post(f"/needs/{need.pk}/restore/").status_code == 302
    assert member.get(f"/needs/{need.pk}/").status_code == 200


def test_the_report_is_a_pdf_that_tells_the_law_and_names_no_masked_firm(need: Need, member: Client) -> None:
    text = pdf_text(member, f"/needs/{need.pk}/report.pdf")
    assert "R2111-1" in text and "R2111-2" in text
    assert "12 entreprises à portée" in text
    assert "Fernande" not in text
