"""The pages of a consultation: who opens what, and that nothing waits, hides or leaks where it should not."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Organisation, User
from allotment import consult, consult_queries
from allotment.consult import LotInterest, Words
from allotment.domain.consultation import Act, Reason
from allotment.models import Consultation, Contribution, Interest, Need
from frontend import flood
from tests.buyers import make_consultation, make_need, make_organisation, make_user
from tests.web.papers import pdf_text
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]
TEXT = "Un lot par vallée laisserait une chance aux petites structures."


@pytest.fixture(autouse=True)
def calm() -> None:
    cache.clear()


@pytest.fixture
def buyer() -> User:
    return make_user("acheteuse")


@pytest.fixture
def seller() -> User:
    user = make_user("vendeur")
    make_organisation("Régie du Drac", kind=Organisation.Kind.FIRM, members=[user])
    return user


@pytest.fixture
def debate(buyer: User) -> Consultation:
    return make_consultation(make_need(organisation=make_organisation(members=[buyer])), opened_by=buyer)


def page_of(debate: Consultation) -> str:
    return f"/needs/{debate.need_id}/consultation/"


def as_(user: User | None) -> Client:
    client = Client()
    if user:
        client.force_login(user)
    return client


def said(debate: Consultation, body: str = TEXT, **more: Any) -> Contribution:
    return consult.contribute(debate, Words(body, **more))[0]


# ---------------------------------------------------------------- who opens what


def test_the_access_matrix(debate: Consultation, buyer: User, seller: User) -> None:
    other = make_user("autre acheteur")
    make_organisation("Autre ville", members=[other])
    helper = make_user("appui")
    agency = make_organisation("Agence", kind=Organisation.Kind.AGENCY, members=[helper])
    debate.agencies.add(agency)
    page, need = page_of(debate), debate.need_id
    people = (None, seller, other, helper, buyer)
    expected = {
        page: (200, 200, 200, 200, 200),
        f"{page}archive.pdf": (200, 200, 200, 200, 200),
        f"{page}interest/": (302, 200, 403, 200, 403),
        f"{page}capacities/": (302, 404, 404, 404, 200),
        f"{page}open/": (302, 404, 404, 404, 200),
        "/moderation/": (302, 200, 200, 200, 200),
        f"/moderation/needs/{need}/": (302, 404, 404, 200, 200),
    }
    for address, wanted in expected.items():
        assert tuple(as_(user).get(address).status_code for user in people) == wanted, address
    for address in (f"{page}close/", f"{page}tell/"):
        found = tuple(as_(user).post(address, {"body": "x"}).status_code for user in (None, seller, other, helper))
        assert found == (302, 404, 404, 404), address


def test_a_draft_has_no_public_page_and_its_buyer_sees_the_form_that_opens_it(buyer: User) -> None:
    need = make_need(organisation=make_organisation(members=[buyer]))
    address = f"/needs/{need.pk}/consultation/"
    assert as_(None).get(address).status_code == 404
    assert as_(None).post(f"{address}say/", {"body": TEXT}).status_code == 404
    client = as_(buyer)
    assert "n'est pas ouverte" in text_of(client, address)
    terms = {"question": "Qu'en pensez-vous ?", "opens_at": "2026-01-01T08:00", "closes_at": "2126-01-01T08:00"}
    refused = client.post(f"{address}open/", terms | {"closes_at": ""})
    assert refused.status_code == 422 and "Donnez les deux dates" in refused.content.decode()
    assert client.post(f"{address}open/", terms).status_code == 302
    assert Need.objects.get(pk=need.pk).state == Need.State.CONSULTATION
    assert "Ouverte à tous" in text_of(as_(None), address)


def test_only_who_moderates_decides(debate: Consultation, seller: User, buyer: User) -> None:
    row = said(debate)
    choice = {"contribution": row.pk, "choice": "publish"}
    assert as_(seller).post("/moderation/", choice).status_code == 404
    assert as_(None).post("/moderation/", choice).status_code == 302
    row.refresh_from_db()
    assert row.status == "waiting"
    as_(buyer).post("/moderation/", choice)
    row.refresh_from_db()
    assert row.status == "published"


# ---------------------------------------------------------------- the debate


def test_a_citizen_contributes_without_account_and_follows_it_by_a_secret_address(
    debate: Consultation, buyer: User
) -> None:
    sent = {"body": TEXT, "name": "Camille", "quality": "habitante", "email": "camille@exemple.fr"}
    follow = as_(None).post(f"{page_of(debate)}say/", sent).headers["Location"]
    assert "attend sa validation" in text_of(as_(None), follow)
    assert TEXT not in text_of(as_(None), page_of(debate))
    row = Contribution.objects.get()
    as_(buyer).post("/moderation/", {"contribution": row.pk, "choice": "publish"})
    page = text_of(as_(None), page_of(debate))
    assert TEXT in page and "Camille" in page and "camille@exemple.fr" not in page
    assert "Elle est publiée" in text_of(as_(None), follow)


def test_a_refusal_is_told_to_its_author_with_its_reason_and_to_nobody_else(debate: Consultation, buyer: User) -> None:
    follow = as_(None).post(f"{page_of(debate)}say/", {"body": TEXT}).headers["Location"]
    row = Contribution.objects.get()
    as_(buyer).post("/moderation/", {"contribution": row.pk, "choice": "refuse:off_topic", "words": "Voir la demande."})
    told = text_of(as_(None), follow)
    assert "hors sujet" in told and "Voir la demande." in told
    page = text_of(as_(None), page_of(debate))
    assert TEXT not in page and "1 contribution refusée" in page


def test_a_refusal_without_reason_is_refused(debate: Consultation, buyer: User) -> None:
    row = said(debate)
    for choice in ("refuse", "refuse:x", "refuse:other"):
        client = as_(buyer)
        client.post("/moderation/", {"contribution": row.pk, "choice": choice})
        assert "motif" in text_of(client, "/moderation/")
    row.refresh_from_db()
    assert row.status == "waiting"


def test_a_decision_can_be_undone_from_the_queue(debate: Consultation, buyer: User) -> None:
    row = said(debate)
    client = as_(buyer)
    client.post("/moderation/", {"contribution": row.pk, "choice": "publish"})
    assert f"Annuler: contribution {row.pk}" in text_of(client, "/moderation/")
    client.post("/moderation/", {"contribution": row.pk, "choice": "undo"})
    assert TEXT not in text_of(as_(None), page_of(debate))
    history = text_of(client, f"/moderation/needs/{debate.need_id}/")
    assert "publiée" in history and "décision annulée" in history and "acheteuse" in history


def test_what_is_typed_is_never_run(debate: Consultation, buyer: User) -> None:
    row = said(debate, "<script>alert(1)</script> {{gras}} <img src=x onerror=alert(1)>", name="<b>x</b>")
    consult.decide(row.pk, Act.PUBLISH, buyer)
    page = as_(None).get(page_of(debate)).content.decode()
    assert "<script>alert" not in page and "<img" not in page and "<b>x" not in page
    assert "<strong>gras</strong>" in page


def test_the_trap_for_robots_keeps_a_person_s_message(debate: Consultation) -> None:
    response = as_(None).post(f"{page_of(debate)}say/", {"body": TEXT, "website": "http://spam"})
    assert response.status_code == 422 and TEXT in response.content.decode()
    assert not Contribution.objects.exists()


def test_one_address_cannot_flood_the_queue(debate: Consultation) -> None:
    client = as_(None)
    codes = [client.post(f"{page_of(debate)}say/", {"body": f"{TEXT} {n}"}).status_code for n in range(7)]
    assert codes == [302] * flood.FROM_ONE + [422] * (7 - flood.FROM_ONE)
    other = Client(REMOTE_ADDR="192.0.2.7")
    assert other.post(f"{page_of(debate)}say/", {"body": TEXT}).status_code == 302


def test_behind_a_proxy_visitors_are_told_apart_and_none_forges_another(rf: Any, settings: Any) -> None:
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="forged, 192.0.2.7")
    assert flood.address_of(request) == "10.0.0.1"
    settings.PROXIES = 1
    assert flood.address_of(request) == "192.0.2.7"


# ---------------------------------------------------------------- what the buyer tells (S1)


def test_the_buyer_s_answer_to_one_is_on_the_page_for_all(debate: Consultation, buyer: User, seller: User) -> None:
    row = consult.contribute(debate, Words(TEXT), consult_queries.answering(seller).get())[0]
    consult.decide(row.pk, Act.PUBLISH, buyer)
    as_(buyer).post(f"{page_of(debate)}tell/", {"body": "Le marché aura quatre lots.", "answers": row.pk})
    for reader in (None, make_user("concurrent"), seller):
        assert text_of(as_(reader), page_of(debate)).count("Le marché aura quatre lots.") == 2  # above, and in place


def test_an_answer_to_what_is_not_public_is_refused_and_kept_in_the_form(debate: Consultation, buyer: User) -> None:
    row = said(debate)
    response = as_(buyer).post(f"{page_of(debate)}tell/", {"body": "En privé", "answers": row.pk})
    assert response.status_code == 422
    assert "En privé" in response.content.decode()
    assert "En privé" not in text_of(as_(None), page_of(debate))


def test_a_document_given_is_given_to_all_as_a_download(debate: Consultation, buyer: User) -> None:
    file = SimpleUploadedFile("Plan des sites.pdf", b"%PDF-1.7 plan")
    as_(buyer).post(f"{page_of(debate)}tell/", {"body": "Voici le plan.", "document": file})
    page = as_(None).get(page_of(debate)).content.decode()
    (address,) = re.findall(r'href="(/needs/\d+/consultation/documents/\d+/)"', page)
    response = as_(None).get(address)
    assert response.content == b"%PDF-1.7 plan"
    assert response.headers["Content-Disposition"].startswith("attachment")


# ---------------------------------------------------------------- sealed capacities


def test_a_firm_answers_and_only_the_buyer_reads_it(debate: Consultation, buyer: User, seller: User) -> None:
    lot = consult_queries.lots(debate)[0].pk
    typed = {f"level_{lot}": "together", f"fte_{lot}": "2,5", f"amount_eur_{lot}": "43 210"}
    assert as_(seller).post(f"{page_of(debate)}interest/", typed).status_code == 302
    row = Interest.objects.get()
    assert (row.fte, row.amount_eur, row.level) == (Decimal("2.5"), 43_210, "together")
    assert "43 210" in text_of(as_(buyer), f"{page_of(debate)}capacities/").replace("\xa0", " ")
    for client in (as_(None), as_(make_user("concurrent")), as_(buyer)):
        page = text_of(client, page_of(debate))
        assert "43 210" not in page and "Régie du Drac" not in page and "moins de 5" in page


def test_a_capacity_that_is_no_number_is_told_and_kept(debate: Consultation, seller: User) -> None:
    response = as_(seller).post(f"{page_of(debate)}interest/", {"level_0": "alone", "fte_0": "beaucoup"})
    assert response.status_code == 422
    assert 'value="beaucoup"' in response.content.decode()


# ---------------------------------------------------------------- the archive


def test_the_archive_holds_what_is_public_and_nothing_sealed(debate: Consultation, buyer: User, seller: User) -> None:
    kept = said(debate, TEXT, name="Camille", email="camille@exemple.fr")
    consult.decide(kept.pk, Act.PUBLISH, buyer)
    refused, _waiting = said(debate, "Une publicité bien sentie."), said(debate, "Un texte qui attend encore.")
    consult.decide(refused.pk, Act.REFUSE, buyer, reason=Reason.ADVERTISING)
    consult.tell(debate, "Le marché aura quatre lots.", buyer, answers=kept.pk)
    lot, firm = consult_queries.lots(debate)[0].pk, consult_queries.answering(seller).get()
    consult.declare(debate, firm, [LotInterest(lot, "alone", Decimal("7.3"), 98_765)], seller)
    text = pdf_text(as_(None), f"{page_of(debate)}archive.pdf")
    for shown in (TEXT, "Camille", "Le marché aura quatre lots.", "Publicité 1", "R2111-1", "Espaces verts"):
        assert shown in text
    for hidden in ("camille@", "bien sentie", "attend encore", "98 765", "98765", "7,3", "Régie du Drac"):
        assert hidden not in text


def test_all_pages_exist_in_english(debate: Consultation, buyer: User) -> None:
    consult.decide(said(debate).pk, Act.PUBLISH, buyer)
    client = as_(buyer)
    client.cookies["django_language"] = "en"
    assert "Nothing is said in private." in text_of(client, page_of(debate))
    assert "Moderation before publication" in text_of(client, "/moderation/")


@pytest.mark.parametrize("query", ["?about=%22%3E", "?reply=abc", "?need=x&after=99999999999999999999999"])
def test_an_absurd_address_breaks_nothing(debate: Consultation, buyer: User, query: str) -> None:
    client = as_(buyer)
    assert client.get(page_of(debate) + query).status_code == 200
    assert client.get(f"/moderation/{query}").status_code == 200
    assert client.post(f"{page_of(debate)}say/", {"body": TEXT, "parent": "9" * 30, "subject": "x"}).status_code == 422
