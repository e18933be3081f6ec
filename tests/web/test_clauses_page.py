"""The clauses page: who may see and change, what it says, and the documents it gives."""

from __future__ import annotations

from io import BytesIO

import docx
import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from accounts.models import User
from allotment.domain.locality import asks_for_local
from allotment.models import ClauseChoice, ClauseLog, Need, Split, SplitLot
from tests.buyers import make_need, make_organisation, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]
REASON = "Le chantier dure trois semaines et demande des habilitations électriques rares."


@pytest.fixture
def member(db: None) -> User:
    return make_user("acheteuse")


@pytest.fixture
def need(member: User) -> Need:
    return make_need(organisation=make_organisation(members=[member]), trades={"T01": 900_000})


@pytest.fixture
def buyer(client: Client, member: User) -> Client:
    client.force_login(member)
    return client


def address(need: Need, more: str = "") -> str:
    return f"/needs/{need.pk}/clauses/{more}"


def leave_out(buyer: Client, need: Need, **more: str):
    posted = {"action": "off", "exemption": "competition", "reason": REASON, "split": "0"} | more
    return buyer.post(address(need, "0/social/"), posted)


def text_of(response) -> str:
    return response.content.decode().replace("&#x27;", "'").replace("\u202f", " ")


# ---------------------------------------------------------------- who


def test_strangers_are_told_there_is_no_such_need(client: Client, need: Need) -> None:
    for who in (None, make_user("etranger"), make_user("equipe", is_staff=True)):
        if who:
            client.force_login(who)
        for more in ("", "clauses.docx", "justification.pdf"):
            assert client.get(address(need, more)).status_code == 404
        assert client.post(address(need, "0/social/"), {"action": "on"}).status_code in (302, 404)
    assert not ClauseChoice.objects.exists()


def test_readers_of_a_shared_need_see_and_never_change(client: Client, need: Need) -> None:
    Need.objects.filter(pk=need.pk).update(state=Need.State.SHARED, share_key="une-clef")
    page = text_of(client.get(address(need), {"key": "une-clef"}))
    assert "Condition d'exécution sociale" in page and "<textarea" not in page
    assert client.get(address(need, "clauses.docx"), {"key": "une-clef"}).status_code == 200
    client.force_login(make_user("lectrice"))
    response = client.post(address(need, "0/social/?key=une-clef"), {"action": "off", "split": "0"})
    assert response.status_code == 403


def test_names_of_members_stay_among_them(buyer: Client, need: Need) -> None:
    leave_out(buyer, need)
    assert "acheteuse" in text_of(buyer.get(address(need))).split("journal-title")[2]
    Need.objects.filter(pk=need.pk).update(state=Need.State.SHARED, share_key="une-clef")
    page = text_of(Client().get(address(need), {"key": "une-clef"}))
    assert REASON in page and "acheteuse" not in page


# ---------------------------------------------------------------- what


def test_the_page_answers_first_then_draws_then_tells_the_law(buyer: Client, need: Need) -> None:
    page = text_of(buyer.get(address(need)))
    assert "3 clauses actives sur 3" in page and "4 500 heures d'insertion" in page
    assert page.index("3 clauses actives") < page.index('class="hours-bars"') < page.index("Article L2112-2-1")
    assert "Structures inclusives à portée" in page and "Peut-on réserver ce lot" in page


def test_estimates_are_rounded_but_what_the_text_asks_for_is_exact(buyer: Client, member: User, need: Need) -> None:
    odd = make_need(organisation=need.organisation, trades={"T01": 912_345})
    page = text_of(buyer.get(address(odd)))
    assert "4 600 h" in page and "4 561 h" in page and "au moins 4 561 heures" in page


def test_a_clause_is_left_out_with_a_plain_form_then_undone(buyer: Client, need: Need) -> None:
    response = leave_out(buyer, need)
    assert response.headers["Location"].endswith("?split=0#social-0")
    page = text_of(buyer.get(address(need)))
    assert "2 clauses actives sur 3" in page and REASON in page
    buyer.post(address(need, "0/social/"), {"action": "undo", "split": "0"})
    assert "3 clauses actives sur 3" in text_of(buyer.get(address(need)))
    assert ClauseLog.objects.count() == 2


def test_a_reason_too_short_is_told_beside_the_field_and_what_was_typed_stays(buyer: Client, need: Need) -> None:
    response = leave_out(buyer, need, reason="Trop <b>court</b>")
    assert response.status_code == 422
    page = text_of(response)
    assert "40 caractères au moins" in page and "Trop &lt;b&gt;court&lt;/b&gt;" in page
    assert 'role="alert"' in page and 'href="#reason-social-0"' in page


def test_the_environmental_clause_offers_no_way_out_once_due(buyer: Client, need: Need) -> None:
    page = text_of(buyer.get(address(need)))
    assert "la loi ne prévoit pas d'exception" in page
    response = buyer.post(
        address(need, "0/environment/"), {"action": "off", "exemption": "not_due", "reason": REASON, "split": "0"}
    )
    assert response.status_code == 422


def test_the_text_saves_itself_and_says_when(buyer: Client, need: Need) -> None:
    headers = {"HX-Request": "true"}
    posted = {"action": "text", "text": "Mon texte", "version": "0", "split": "0"}
    part = text_of(buyer.post(address(need, "0/social/"), posted, headers=headers))
    assert "Enregistré à" in part and 'name="version" value="1"' in part and "<html" not in part
    assert ClauseChoice.objects.get().text == "Mon texte"


def test_two_tabs_writing_the_same_text_show_both(buyer: Client, need: Need) -> None:
    posted = {"action": "text", "text": "Le mien", "version": "0", "split": "0"}
    buyer.post(address(need, "0/social/"), posted | {"text": "Celui de l'autre"})
    for headers in ({"HX-Request": "true"}, {}):
        response = buyer.post(address(need, "0/social/"), posted, headers=headers)
        assert response.status_code == 409
        page = text_of(response)
        assert "Celui de l'autre" in page and 'name="over" value="1"' in page
    assert "Le mien" in page  # still in the field
    buyer.post(address(need, "0/social/"), posted | {"over": "1"})
    assert ClauseChoice.objects.get().text == "Le mien"


def test_a_text_equal_to_the_proposed_one_is_not_the_buyer_s_own(buyer: Client, need: Need) -> None:
    from allotment.clause_sheet import clause_sheet

    text = clause_sheet(need, None).lots[0].clauses[0].text
    buyer.post(address(need, "0/social/"), {"action": "text", "text": text, "version": "0", "split": "0"})
    assert not ClauseChoice.objects.exists()


@pytest.mark.parametrize("path", ["0/inconnue/", "99/social/"])
def test_an_unknown_clause_or_lot_is_not_found(buyer: Client, need: Need, path: str) -> None:
    assert buyer.post(address(need, path), {"action": "on", "split": "0"}).status_code == 404


@pytest.mark.parametrize("number", ["7", "abc", "-1", "9" * 30])
def test_an_unknown_version_is_not_found(buyer: Client, need: Need, number: str) -> None:
    assert buyer.get(address(need, f"?split={number}")).status_code == 404


def test_a_need_without_trade_or_commune_says_what_lacks(buyer: Client, member: User, need: Need) -> None:
    empty = make_need(organisation=need.organisation, trades={})
    assert "Compléter le besoin" in text_of(buyer.get(address(empty)))


# ---------------------------------------------------------------- documents


def paragraphs(content: bytes) -> list[str]:
    return [one.text for one in docx.Document(BytesIO(content)).paragraphs]


def test_the_document_holds_the_clauses_that_are_on_with_their_articles(buyer: Client, need: Need) -> None:
    leave_out(buyer, need)
    response = buyer.get(address(need, "clauses.docx"))
    assert response.headers["Content-Disposition"].endswith('.docx"')
    found = paragraphs(response.content)
    assert "Condition d'exécution environnementale (article L2112-2)" in found
    assert not any("Condition d'exécution sociale" in one for one in found)
    assert any("Consultation prévue le" in one for one in found)


def test_the_document_tells_how_many_lots_a_firm_may_win(buyer: Client, need: Need) -> None:
    Need.objects.filter(pk=need.pk).update(max_lots_won=1)
    split = Split.objects.create(need=need, number=1)
    for position, communes in enumerate((["38185"], ["38421", "38151", "38169"]), start=1):
        SplitLot.objects.create(
            split=split, position=position, title=f"Lot {position}", trades=["T01"], communes=communes
        )
    found = paragraphs(buyer.get(address(need, "clauses.docx")).content)
    assert "Un même opérateur économique peut se voir attribuer 1 lot au plus (article R2113-1)." in found


def test_the_document_never_asks_for_local_and_is_in_french_for_all(buyer: Client, need: Need) -> None:
    buyer.post(reverse("set_language"), {"language": "en"})
    assert "3 clauses on out of 3" in text_of(buyer.get(address(need)))
    found = paragraphs(buyer.get(address(need, "clauses.docx")).content)
    assert any("4\u202f500 heures" in one for one in found)
    assert asks_for_local("\n".join(found)) == ()


def test_the_document_is_refused_while_a_text_asks_for_local(buyer: Client, need: Need) -> None:
    posted = {"action": "text", "text": "Réservé aux entreprises locales.", "version": "0", "split": "0"}
    buyer.post(address(need, "0/criterion/"), posted)
    response = buyer.get(address(need, "clauses.docx"))
    assert response.status_code == 409
    assert "« entreprises locales »" in text_of(response)


def test_characters_a_word_processor_cannot_hold_are_left_out(buyer: Client, need: Need) -> None:
    posted = {"action": "text", "text": "Texte\x0bavec\x1f des restes", "version": "0", "split": "0"}
    buyer.post(address(need, "0/social/"), posted)
    assert "Texteavec des restes" in paragraphs(buyer.get(address(need, "clauses.docx")).content)


def test_the_justification_tells_exception_reason_article_and_date(buyer: Client, need: Need) -> None:
    leave_out(buyer, need)
    response = buyer.get(address(need, "justification.pdf"))
    assert response.headers["Content-Type"] == "application/pdf"
    pages = PdfReader(BytesIO(response.content)).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split()).replace("\u202f", " ")
    for wanted in ("L2112-2-1 3°", "restreindrait la concurrence", "trois semaines", "Règles applicables", "acheteuse"):
        assert wanted in text, wanted


def test_a_need_kept_whole_gives_no_document_before_its_exception_and_reason(buyer: Client, need: Need) -> None:
    several = make_need(organisation=need.organisation)
    assert "L'absence de lots n'est pas encore justifiée" in text_of(buyer.get(address(several)))
    response = buyer.get(address(several, "clauses.docx"))
    assert response.status_code == 409 and "choisissez l'exception de la loi" in text_of(response)
    posted = {"action": "off", "exemption": "coordination", "reason": REASON, "split": "0"}
    buyer.post(address(several, "0/one_lot/"), posted)
    assert ClauseLog.objects.get().article == "L2113-11 1°"
    assert buyer.get(address(several, "clauses.docx")).status_code == 200
    assert "n'est pas encore justifiée" not in text_of(buyer.get(address(several)))
