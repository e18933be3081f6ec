"""The ranking in a real browser: each change ranks anew, by keyboard too; the map, the address and the words follow."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.test_lot_page import rendered, settle
from tests.factories import Territory


def order(page: Page) -> list[str]:
    return page.locator("#ranking-results .firm-name > a").all_inner_texts()


def test_a_slider_moved_by_keyboard_ranks_anew_and_a_link_undoes_it(site: Site, drawn: Territory) -> None:
    page = site.open(f"/lots/{drawn.group.pk}/")
    page.locator("#rank-weights > summary").click()
    for name, key in (("w_trade", "Home"), ("w_distance", "Home"), ("w_text", "Home"), ("w_ess", "Home")):
        page.locator(f"#{name}").press(key)
    page.locator("#w_capacity").press("End")
    expect(page.locator(".own-weights")).to_contain_text("Classement avec vos poids, pas celui du service.")
    expect(page.locator("output[for=w_capacity]")).to_have_text("100")
    expect(page.locator(".legend-parts")).to_contain_text("Capacité 96")
    expect(page.locator("#ranking-results .firm-name > a").first).to_have_text("Propreté Chartreuse")
    assert "w_capacity=100" in page.url
    assert page.evaluate("document.activeElement.id") == "w_capacity"  # the slider keeps the focus
    site.picture("lot-vos-poids", full_page=True)
    page.locator("[data-weights-reset]").click()
    expect(page.locator(".own-weights")).to_have_count(0)
    assert page.url.endswith(f"/lots/{drawn.group.pk}/")


def test_a_filter_changes_the_list_the_count_the_address_and_the_map(site: Site, drawn: Territory) -> None:
    page = site.open(f"/lots/{drawn.group.pk}/?g=0")
    with page.expect_response(lambda response: "map.json?ess=1" in response.url):
        page.get_by_label("ESS seulement").check()
    expect(page.locator("#rank-count")).to_have_text("5 entreprises à portée et éligibles.")
    expect(page.locator("#ranking-results .firm")).to_have_count(5)
    assert page.url.endswith("?ess=1")
    settle(page)
    page.wait_for_function("window.maillageMap.queryRenderedFeatures({layers: ['firms']}).length >= 5")
    listed = {row["siret"] for row in rendered(page, "firms")}
    assert listed >= {firm.siret for firm in drawn.firms if firm.ess == "yes"}
    assert drawn.firms[0].siret not in listed


def test_a_chip_lifts_its_filter_and_the_focus_stays_near(site: Site, drawn: Territory) -> None:
    page = site.open(f"/lots/{drawn.group.pk}/?ess=1&kind=GEIQ")
    expect(page.locator("#ranking-results .empty")).to_contain_text("sans « GEIQ »")
    page.get_by_role("link", name="sans « GEIQ »").press("Enter")
    expect(page.locator("#ranking-results .firm")).to_have_count(5)
    expect(page.locator("#ranking-title")).to_be_focused()
    expect(page.get_by_label("ESS seulement")).to_be_checked()


def test_a_row_opens_its_explanation(site: Site, drawn: Territory) -> None:
    page = site.open(f"/lots/{drawn.group.pk}/")
    first = page.locator(".firm").first
    first.locator(".firm-why > summary").press("Enter")
    expect(first.locator(".told-total")).to_contain_text("sur 100")
    expect(first.locator(".told-parts > div")).to_have_count(7)


def test_why_not_is_asked_by_typing_a_few_letters(site: Site, drawn: Territory) -> None:
    page = site.open(f"/lots/{drawn.group.pk}/")
    field = page.locator("#why-not-q")
    field.press_sequentially("trièves")
    expect(page.locator("#firm-choices option")).to_have_count(1)
    chosen = page.locator("#firm-choices option").get_attribute("value")
    assert chosen is not None and chosen.endswith(drawn.firms[9].siret)
    field.fill(chosen)
    field.press("Enter")
    expect(page.locator("#why-not-answer .told-sum")).to_contain_text("Trièves Insertion : rang")
    assert page.url.endswith(f"/lots/{drawn.group.pk}/")


def test_all_of_it_works_without_script(visit: Callable[..., Site], drawn: Territory) -> None:
    page = visit(java_script_enabled=False).open(f"/lots/{drawn.group.pk}/")
    page.get_by_label("À moins de, par la route").select_option("5")
    page.locator("#rank-weights > summary").click()
    page.locator("#rank-form button[type=submit]").click()
    assert "within=5" in page.url
    assert 0 < len(order(page)) < 12
    page.locator("#why-not-q").fill("Trièves")
    page.locator("#why-not-form button[type=submit]").click()
    expect(page.locator(".told-sum")).to_contain_text("Trièves Insertion")


def test_a_firm_filters_its_open_lots(site: Site, drawn: Territory) -> None:
    page = site.open(f"/firms/{drawn.firms[0].siret}/")
    lots = page.locator("#open-lots-list .firm")
    before = lots.count()
    page.get_by_label("À rendre").select_option("7")
    expect(page.locator("#open-lots-list .empty")).to_contain_text("Aucun de ses lots ouverts")
    page.get_by_label("À rendre").select_option("")
    expect(lots).to_have_count(before)
    assert before > 0
