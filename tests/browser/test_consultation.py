"""A citizen contributes, a moderator decides by keys, and the public page shows what was accepted alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import expect

from accounts.models import User
from allotment import consult
from allotment.domain.consultation import Act
from allotment.models import Consultation, Contribution
from tests.browser.conftest import PHONE, Site
from tests.browser.test_every_page import violations
from tests.buyers import make_consultation, make_need, make_organisation, make_user
from tests.factories import Territory

GOOD = "Un lot par vallée laisserait une chance aux petites structures."
BAD = "Achetez nos balais, les meilleurs du canton !"


@pytest.fixture
def debate(drawn: Territory) -> Consultation:
    cache.clear()
    buyer = make_user("acheteuse")
    return make_consultation(make_need(organisation=make_organisation(members=[buyer])), opened_by=buyer)


def sign_in(site: Site, user: User) -> Site:
    client = Client()
    client.force_login(user)
    site.page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site.base}])
    return site


def test_from_a_citizen_to_the_public_page_by_way_of_the_keyboard(
    visit: Callable[..., Site], debate: Consultation
) -> None:
    address = f"/needs/{debate.need_id}/consultation/"
    citizen = visit()
    for body in (GOOD, BAD):
        page = citizen.open(address)
        page.get_by_label("Votre message").fill(body)
        page.get_by_label("Qui êtes-vous ?").fill("Camille")
        page.get_by_role("button", name="Envoyer à la modération").press("Enter")
        expect(page.get_by_role("status")).to_contain_text("attend sa validation")
    follow = page.url

    desk = sign_in(visit(), debate.opened_by)
    page = desk.open("/moderation/")
    expect(page.get_by_role("status")).to_contain_text("2 contributions attendent")
    page.keyboard.press("p")
    expect(page.get_by_role("status")).to_contain_text("1 contribution attend")
    page.keyboard.press("5")
    expect(page.get_by_role("status")).to_contain_text("Rien n'attend")
    page.keyboard.press("u")
    expect(page.get_by_role("status")).to_contain_text("1 contribution attend")
    page.keyboard.press("5")
    expect(page.get_by_role("status")).to_contain_text("Rien n'attend")
    assert list(Contribution.objects.values_list("body", "status")) == [(GOOD, "published"), (BAD, "refused")]

    page = citizen.open(address)
    expect(page.get_by_text(GOOD)).to_be_visible()
    expect(page.get_by_text(BAD)).to_have_count(0)
    page.goto(follow)
    expect(page.get_by_role("status")).to_contain_text("publicité")


@pytest.mark.parametrize("name", ["public", "buyer", "queue", "history", "open", "interest", "follow"])
def test_the_pages_are_readable_by_all_at_both_widths(site: Site, debate: Consultation, name: str) -> None:
    said = consult.contribute(debate, consult.Words(GOOD, name="Camille", quality="habitante"))[0]
    consult.decide(said.pk, Act.PUBLISH, debate.opened_by)
    consult.tell(debate, "Le marché aura {{quatre}} lots.", debate.opened_by, answers=said.pk)
    reply = consult.contribute(debate, consult.Words("Tout à fait d'accord.", parent=said.pk))[0]
    consult.decide(reply.pk, Act.PUBLISH, debate.opened_by)
    token = consult.contribute(debate, consult.Words(f"{BAD} <quote>https://exemple.fr/{'a' * 80}</quote>"))[1]
    seller = make_user("vendeur")
    make_organisation("Régie du Drac", kind="firm", members=[seller])
    who = {"public": None, "follow": None, "interest": seller}.get(name, debate.opened_by)
    if who:
        sign_in(site, who)
    address = {
        "queue": "/moderation/",
        "history": f"/moderation/needs/{debate.need_id}/",
        "open": f"/needs/{debate.need_id}/consultation/open/",
        "interest": f"/needs/{debate.need_id}/consultation/interest/",
        "follow": f"/consultation/{token}/",
    }.get(name, f"/needs/{debate.need_id}/consultation/")
    for scheme in ("light", "dark"):
        site.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page = site.open(address)
        assert violations(site) == [], scheme
    site.page.emulate_media(color_scheme="light")
    site.picture(f"consultation-{name}", full_page=True)
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    site.picture(f"consultation-{name}-360", full_page=True)
