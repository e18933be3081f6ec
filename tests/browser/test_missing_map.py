"""The radar of missing pieces in a real browser: map and table are one; the lot's page says why not that firm."""

from __future__ import annotations

from playwright.sync_api import expect

from geo.ground import draw_outlines
from matchmaker.models import Firm
from tests.browser.conftest import Site
from tests.browser.test_supply_map import until
from tests.factories import Territory, make_firm, make_lot, make_outcome, make_tender


def lacking(drawn: Territory) -> None:
    """Two lots near Grenoble lack an electrician, beside the painting lot of the factories."""
    draw_outlines(force=True)
    piece = {"trades": ["T13"], "capacity_eur": 30_000, "fte": 0.2, "reach_km": 30.0}
    tender = make_tender("Éclairage public", fictitious=True)
    for title, commune in (
        ("Éclairage du parc", drawn.firms[0].commune),
        ("Éclairage du stade", drawn.firms[4].commune),
    ):
        lot = make_lot(title, tender=tender, trades=["T13"], commune=commune)
        make_outcome(lot, "none", reason="trade", piece=piece)
    make_firm("Élec du Drac", trades=["T13"], capacity_eur=12_000, fictitious=True)


def test_hovering_a_row_lights_its_beacon_and_its_lots(site: Site, drawn: Territory) -> None:
    lacking(drawn)
    page = site.open("/missing/")
    until(page, "window.maillageMap.queryRenderedFeatures({layers: ['beacons']}).length >= 2")
    row = page.locator("tr[data-beacon='1']")
    expect(row).to_contain_text("Électricité")
    row.locator("th").hover()
    expect(row).to_have_class("lit")
    until(page, "window.maillageMap.queryRenderedFeatures({layers: ['lit']}).length === 1")
    row.get_by_role("link", name="Éclairage du stade").hover()
    expect(row.locator("li", has_text="Éclairage du stade")).to_have_class("lit")
    row.locator("summary").click()
    expect(row).to_contain_text("Élec du Drac")
    expect(row).to_contain_text("il lui manque 18 000 €")
    site.picture("pieces-manquantes", full_page=True)


def test_the_first_beacon_has_the_circle_of_its_lots(site: Site, drawn: Territory) -> None:
    lacking(drawn)
    page = site.open("/missing/?trade=T13")
    assert page.evaluate("window.maillageMap.queryRenderedFeatures({layers: ['circle-line']}).length") > 0
    page.get_by_label("Métier").select_option("T07")
    page.get_by_role("button", name="Appliquer").click()
    expect(page.locator(".answer")).to_contain_text("1 lot ouvert")


def test_a_firm_outside_the_grouping_is_explained_without_leaving_the_lot(site: Site, drawn: Territory) -> None:
    Firm.objects.update(references=4)  # any of them may lead
    page = site.open(f"/lots/{drawn.group.pk}/")
    page.evaluate("window.stayed = true")
    form = page.locator("#team-why-not-form")
    form.get_by_label("Nom ou SIRET").fill(drawn.firms[9].siret)
    form.get_by_role("button", name="Dire pourquoi").click()
    expect(page.locator("#team-why-not-answer .told")).to_contain_text(drawn.firms[9].name)
    expect(page.locator("#team-why-not-answer .told-best")).to_contain_text("elle remplacerait")
    assert page.evaluate("window.stayed") is True
    site.picture("pourquoi-pas-dans-le-groupement", full_page=True)
