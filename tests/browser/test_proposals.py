"""A split proposed in a real browser: asked, read, kept; axe finds nothing, on a desk and on a phone."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import expect

from allotment.models import Need
from matchmaker.models import Firm
from tests.browser.conftest import PHONE, Site
from tests.browser.test_every_page import violations
from tests.buyers import make_need, make_organisation, make_user
from tests.factories import Territory, make_firm


@pytest.fixture
def need(drawn: Territory) -> Need:
    make_firm("Vert Isère", trades=["T04"], capacity_eur=30_000, fictitious=True)
    Firm.objects.update(references=4)
    owner = make_organisation(members=[make_user("acheteuse")])
    return make_need(trades={"T01": 120_000, "T04": 60_000}, fictitious=True, organisation=owner)


def test_a_buyer_asks_for_a_split_reads_why_and_keeps_it(site: Site, need: Need) -> None:
    client = Client()
    client.force_login(get_user_model().objects.get(username="acheteuse"))
    site.page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site.base}])
    page = site.open(f"/needs/{need.pk}/splits/")
    page.get_by_role("link", name="Proposer un découpage").click()
    page.get_by_label("Chercher d'abord").select_option("ess")
    page.get_by_role("button", name="Chercher").click()
    expect(page.get_by_text("C'est prouvé")).to_be_visible()
    assert violations(site) == []

    site.picture("proposal", full_page=True)
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    site.picture("proposal-phone", full_page=True)
    page.get_by_role("button", name="Garder ce découpage").click()
    expect(page.get_by_text("Découpage proposé par le calcul")).to_be_visible()
