"""The supply map in a real browser: tiles are drawn, marks chosen by hand or keyboard, all kept in the address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from geo.ground import draw_outlines
from matchmaker.models import Firm, Lot
from matchmaker.supply_cells import refresh_supply
from tests.browser.conftest import PHONE, Site
from tests.browser.test_every_page import tab_order, violations
from tests.browser.test_lot_page import AMBER, COUNT_PIXELS, SLATE, settle
from tests.factories import COMMUNES, Territory, make_firm, make_lot, make_tender, point

ISERE = "#map=9/45.2/5.7"
NEAR = "#map=13/45.1885/5.7245"


@pytest.fixture
def supply(drawn: Territory) -> Territory:
    """The firms of the factories, a painter, a partially diffused firm among the fictitious, a lot out of reach."""
    make_firm("Peintres du Drac", trades=["T07"], fictitious=True, point=point(lon=5.71, lat=45.19))
    make_firm("Fernande Cachée", diffusion="P", fictitious=True, commune_code="38545")
    tender = make_tender("Travaux en altitude", fictitious=True)
    make_lot(
        "Peinture du refuge", trades=["T07"], tender=tender, match_state=Lot.MatchState.NO_FIRM,
        point=point(lon=6.1, lat=45.1),
    )  # fmt: skip
    Firm.objects.filter(fictitious=False).delete()
    draw_outlines(force=True)
    refresh_supply()
    return drawn


def marks(page: Page) -> list[dict[str, Any]]:
    """Properties of the marks really drawn, each square once."""
    features = page.evaluate(
        "() => window.maillageMap.queryRenderedFeatures({layers: ['marks', 'singles']}).map(f => f.properties)"
    )
    return list({(one["g"], one["x"], one["y"]): one for one in features}.values())


def until(page: Page, told: str) -> None:
    """Wait for an expression to hold; the site's own policy forbids Playwright's way of polling strings."""
    for _ in range(100):
        if page.evaluate(told):
            return
        page.wait_for_timeout(100)
    raise AssertionError(told)


def test_the_map_draws_all_firms_of_its_view(site: Site, supply: Territory) -> None:
    page = site.open(f"/supply/{ISERE}")
    assert sum(mark["n"] for mark in marks(page)) == 13
    expect(page.locator("#supply-view")).to_contain_text("13 entreprises, dont 6 ESS ou inclusives")
    assert page.evaluate(COUNT_PIXELS, AMBER) > 60
    assert page.evaluate(COUNT_PIXELS, SLATE) > 60
    assert page.evaluate("window.maillageMap.queryRenderedFeatures({layers: ['outlines']}).length") > 0
    site.picture("offre", full_page=True)


def test_from_afar_and_near_the_same_firms_are_counted(site: Site, supply: Territory) -> None:
    page = site.open(f"/supply/{ISERE}")
    for zoom in (4, 6, 8):
        page.evaluate("zoom => window.maillageMap.jumpTo({center: [5.7, 45.2], zoom})", zoom)
        settle(page)
        assert sum(mark["n"] for mark in marks(page)) == 13, zoom


def test_another_trade_changes_map_answer_table_and_address_and_back(site: Site, supply: Territory) -> None:
    page = site.open(f"/supply/{ISERE}")
    page.evaluate("window.stayed = true")
    page.get_by_label("Métier").focus()
    page.get_by_label("Métier").select_option("T07")
    expect(page.locator(".answer")).to_contain_text("Peinture")
    until(page, "window.maillageMap.queryRenderedFeatures({layers: ['singles']}).length === 1")
    assert sum(mark["n"] for mark in marks(page)) == 1
    assert "trade=T07" in page.url
    assert "#map=9/45.2/5.7" in page.url
    assert page.evaluate("document.activeElement.id") == "trade"
    page.go_back()
    expect(page.locator(".answer")).to_contain_text("tous métiers ensemble")
    until(page, "document.querySelector('#supply-view').textContent.includes('13 entreprises')")
    assert page.get_by_label("Métier").input_value() == ""
    assert page.evaluate("window.stayed") is True


def test_an_address_brings_back_trade_and_view(site: Site, supply: Territory) -> None:
    page = site.open("/supply/?trade=T01&who=siae&size=capacity#map=9/45.2/5.6")
    assert page.evaluate("window.maillageMap.getZoom()") == 9
    assert sum(mark.get("i", 0) for mark in marks(page)) == 4
    assert page.get_by_label("Qui").input_value() == "siae"
    expect(page.locator("#supply-scale")).to_contain_text("par an")


def test_a_click_on_a_mark_opens_its_card(site: Site, supply: Territory) -> None:
    page = site.open(f"/supply/{NEAR}")
    x, y = page.evaluate("() => { const p = window.maillageMap.project([5.71, 45.19]); return [p.x, p.y]; }")
    page.locator("[data-map] canvas").click(position={"x": x, "y": y})
    card = page.locator("#supply-card")
    expect(card.get_by_role("heading")).to_have_text("Peintres du Drac")
    card.get_by_role("link", name="Peintres du Drac").click()
    expect(page).to_have_url(f"{site.base}/firms/{Firm.objects.get(name='Peintres du Drac').siret}/")


def test_the_keyboard_moves_the_map_and_opens_the_mark_at_its_centre(site: Site, supply: Territory) -> None:
    page = site.open("/supply/?trade=T01#map=13/45.366/5.593")
    page.locator("[data-map] canvas").focus()
    assert page.locator(".crosshair").is_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#supply-card").get_by_role("heading")).to_have_text("Voironnais Propre")
    page.keyboard.press("+")
    until(page, "window.maillageMap.getZoom() > 13.5")


def test_a_partially_diffused_firm_has_a_mark_but_no_name(site: Site, supply: Territory) -> None:
    page = site.open(f"/supply/#map=14/{COMMUNES['38545'][2]}/{COMMUNES['38545'][1]}")
    assert "Cachée" not in str(marks(page))
    page.locator("[data-map] canvas").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#supply-card")).to_contain_text("1 entreprise à diffusion partielle")
    assert "Cachée" not in page.content()


def test_a_lot_that_no_firm_reaches_is_drawn_and_leads_to_its_page(site: Site, supply: Territory) -> None:
    page = site.open("/supply/?trade=T07#map=9/45.1/6.0")
    assert page.evaluate("window.maillageMap.queryRenderedFeatures({layers: ['gaps']}).length") == 1
    expect(page.get_by_role("heading", name="1 lot ouvert qu'aucune entreprise n'atteint")).to_be_visible()
    x, y = page.evaluate("() => { const p = window.maillageMap.project([6.1, 45.1]); return [p.x, p.y]; }")
    page.locator("[data-map] canvas").click(position={"x": x, "y": y})
    expect(page.get_by_role("heading", level=1)).to_have_text("Peinture du refuge")


def test_a_commune_centres_the_map(site: Site, supply: Territory) -> None:
    page = site.open(f"/supply/{ISERE}")
    page.get_by_label("Centrer sur une commune").fill("Voiron")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Centrée sur Voiron (38).")
    until(page, "Math.abs(window.maillageMap.getCenter().lng - 5.593) < 0.001")
    page.get_by_label("Centrer sur une commune").fill("Xyzzyqwk")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Aucune commune ne s'appelle")


def test_a_departement_of_the_table_brings_the_map_there(site: Site, supply: Territory) -> None:
    page = site.open("/supply/#map=4/20/0")
    page.get_by_role("link", name="Isère").click()
    until(page, "Math.abs(window.maillageMap.getCenter().lng - 5.58) < 0.01")
    assert page.evaluate("document.activeElement.tagName") == "CANVAS"


def test_the_keyboard_reaches_form_map_and_table_in_order(site: Site, supply: Territory) -> None:
    site.open("/supply/")
    reached = tab_order(site)
    names = [at["name"] or at["text"] or at["tag"] for at in reached]
    places = [names.index(name) for name in ("trade", "who", "size", "place", "CANVAS", "CSV", "Isère")]
    assert places == sorted(places)
    assert all(at["seen"] and at["outline"] for at in reached), [at for at in reached if not at["outline"]]


def test_the_page_is_readable_by_all_and_never_scrolls_sideways(visit: Callable[..., Site], supply: Territory) -> None:
    for name, options in (
        ("clair", {"color_scheme": "light"}),
        ("sombre", {"color_scheme": "dark"}),
        ("telephone", {"viewport": PHONE, "has_touch": True}),
    ):
        site = visit(**options)
        page = site.open(f"/supply/{NEAR}")
        page.locator("[data-map] canvas").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#supply-card").get_by_role("heading")).to_be_visible()
        assert violations(site) == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        site.picture(f"offre-{name}", full_page=True)


def test_without_script_the_table_says_it_all(visit: Callable[..., Site], supply: Territory) -> None:
    site = visit(java_script_enabled=False)
    page = site.page
    page.goto(f"{site.base}/supply/")
    page.get_by_label("Métier").select_option("T07")
    page.get_by_role("button", name="Afficher").click()
    expect(page.locator(".supply-table tbody tr")).to_have_count(1)
    expect(page.locator(".supply-table tbody tr")).to_contain_text("Isère")
    page.get_by_role("link", name="Demande par an").click()
    assert "sort=demand" in page.url
    assert "trade=T07" in page.url


def test_nothing_is_asked_from_another_host(site: Site, supply: Territory) -> None:
    asked: list[str] = []
    site.page.on("request", lambda request: asked.append(request.url))
    site.open(f"/supply/{ISERE}")
    assert any("/supply/tiles/" in url for url in asked)
    assert any("/ground/tiles/" in url for url in asked)
    assert [url for url in asked if not url.startswith((site.base, "blob:", "data:"))] == []
