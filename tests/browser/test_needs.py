"""A buyer in a browser: writes a need by keyboard and on the map, loses nothing, reads its supply on any screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import expect

from accounts.models import User
from allotment.models import Need
from tests.browser.conftest import PHONE, Site
from tests.browser.test_every_page import violations
from tests.buyers import make_need, make_organisation, make_user
from tests.factories import COMMUNES, Territory


@pytest.fixture
def buyer(drawn: Territory) -> User:
    user = make_user("acheteuse")
    make_organisation(members=[user])
    return user


@pytest.fixture
def need(buyer: User) -> Need:
    organisation = buyer.memberships.get().organisation
    return make_need(organisation=organisation, trades={"T01": 450_000}, fictitious=True)


def sign_in(site: Site, user: User) -> Site:
    client = Client()
    client.force_login(user)
    cookie = client.cookies["sessionid"].value
    site.page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": site.base}])
    return site


ADDRESSES = ("/needs/", "/needs/new/", "/needs/{}/", "/needs/{}/edit/")


@pytest.mark.parametrize("address", ADDRESSES)
def test_axe_finds_nothing_serious_in_light_nor_dark(site: Site, buyer: User, need: Need, address: str) -> None:
    sign_in(site, buyer)
    for scheme in ("light", "dark"):
        site.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        site.open(address.format(need.pk))
        site.page.evaluate("document.querySelectorAll('main details').forEach(fold => { fold.open = true; })")
        assert violations(site) == [], scheme
        site.picture(f"need-{ADDRESSES.index(address)}-{scheme}", full_page=True)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_phone_never_scrolls_sideways(visit: Callable[..., Site], buyer: User, need: Need, address: str) -> None:
    site = sign_in(visit(viewport=PHONE, has_touch=True), buyer)
    page = site.open(address.format(need.pk))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    site.picture(f"need-{ADDRESSES.index(address)}-phone", full_page=True)


def test_errors_are_announced_in_a_list_that_leads_to_each_field(site: Site, buyer: User) -> None:
    page = sign_in(site, buyer).open("/needs/new/")
    page.get_by_role("button", name="Enregistrer et voir l'offre").click()
    page.get_by_role("link", name="Donnez un objet au besoin").click()
    expect(page.get_by_label("Objet")).to_be_focused()
    assert violations(site) == []
    site.complaints[:] = [text for text in site.complaints if "422" not in text]  # the browser reports it


def test_a_need_is_written_by_keyboard_and_answered(site: Site, buyer: User) -> None:
    page = sign_in(site, buyer).open("/needs/new/")
    page.get_by_label("Objet").focus()
    page.keyboard.type("Nettoyage des écoles")
    page.locator("#what-1").focus()
    page.keyboard.type("90911200")
    page.keyboard.press("Tab")
    expect(page.locator("#said-1")).to_contain_text("Nettoyage de locaux (T01)")
    page.keyboard.type("450 k€")
    page.locator("#places").focus()
    page.keyboard.type("Grenoble, Meylan")
    page.get_by_role("button", name="Enregistrer et voir l'offre").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".answer")).to_contain_text("à portée")
    assert Need.objects.get().trades.get().amount_eur == 450_000


def test_what_is_typed_is_kept_without_being_saved(site: Site, buyer: User) -> None:
    page = sign_in(site, buyer).open("/needs/new/")
    page.get_by_label("Objet").fill("Entretien des parcs")
    page.locator("#what-1").focus()
    expect(page.locator("#draft-said")).to_contain_text("Brouillon gardé")
    page.locator("#amount-1").fill("80 k€")
    page.locator("#hours-1").focus()
    expect(page.locator("#draft-said")).to_contain_text("Brouillon gardé")
    page.wait_for_timeout(1500)
    site.open("/needs/")
    page.get_by_role("link", name="Modifier").click()
    expect(page.get_by_label("Objet")).to_have_value("Entretien des parcs")
    expect(page.locator("#amount-1")).to_have_value("80 k€")
    assert Need.objects.count() == 1


def test_a_click_on_the_map_adds_a_commune_to_the_list_and_another_takes_it_away(
    site: Site, buyer: User, need: Need
) -> None:
    page = sign_in(site, buyer).open(f"/needs/{need.pk}/edit/")
    name, lon, lat, _population = COMMUNES["38229"]
    at = f"(({{x, y}}) => ({{x, y}}))(window.maillageMap.project([{lon}, {lat + 0.012}]))"
    page.evaluate(f"window.maillageMap.jumpTo({{center: [{lon}, {lat}], zoom: 10}})")
    page.wait_for_function("window.maillageMap.loaded()")
    spot = page.evaluate(at)
    page.locator(".need-pick canvas").click(position=spot)
    expect(page.locator("#places")).to_have_value(f"{listed(need)}\n{name} (38229)")
    page.locator(".need-pick canvas").click(position=spot)
    expect(page.locator("#places")).to_have_value(listed(need))


def test_the_map_chooses_by_keyboard_too(site: Site, buyer: User, need: Need) -> None:
    page = sign_in(site, buyer).open(f"/needs/{need.pk}/edit/")
    _name, lon, lat, _population = COMMUNES["38229"]
    page.evaluate(f"window.maillageMap.jumpTo({{center: [{lon}, {lat + 0.012}], zoom: 10}})")
    page.wait_for_function("window.maillageMap.loaded()")
    page.locator(".need-pick canvas").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#places")).to_have_value(f"{listed(need)}\nMeylan (38229)")


def listed(need: Need) -> str:
    return "\n".join(f"{place.commune.name} ({place.commune_id})" for place in need.places.select_related("commune"))


def test_the_curve_follows_the_trade_that_is_chosen(site: Site, buyer: User) -> None:
    organisation = buyer.memberships.get().organisation
    need = make_need(organisation=organisation, fictitious=True)
    page = sign_in(site, buyer).open(f"/needs/{need.pk}/")
    page.get_by_label("Lots de").select_option("all")
    page.wait_for_url("**trade=all**")
    expect(page.locator("#curve svg.size-curve title")).to_contain_text("tous les métiers dans un même lot")
    expect(page.get_by_label("Lots de")).to_have_value("all")


def test_without_script_the_page_and_the_form_say_the_same(visit: Callable[..., Site], buyer: User, need: Need) -> None:
    site = sign_in(visit(java_script_enabled=False), buyer)
    page = site.open(f"/needs/{need.pk}/")
    expect(page.locator(".answer")).to_contain_text("entreprises à portée")
    site.open(f"/needs/{need.pk}/edit/")
    page.get_by_label("Objet").fill("Sans script")
    page.get_by_role("button", name="Enregistrer et voir l'offre").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sans script")
