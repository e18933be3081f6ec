"""Groupings in a real browser: sliders seek anew with the real solver, the map and the lists light their members."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from consortia.live import teams
from consortia.models import Proposal
from matchmaker.models import Firm
from tests.browser.conftest import PHONE, Site, axe_source
from tests.browser.test_lot_page import rendered, settle
from tests.factories import Territory


@pytest.fixture
def led(drawn: Territory) -> Territory:
    """Firms experienced enough to lead, and groupings with names."""
    Firm.objects.filter(pk__in=[firm.pk for firm in drawn.firms]).update(fte_mid=12)
    for rank, names in ((1, ["best", "nearest"]), (2, ["smallest"])):
        Proposal.objects.filter(lot=drawn.group, rank=rank).update(names=names)
    teams(drawn.group)  # the solver is compiled once a process, which a page would not wait for
    return drawn


def beside(page: Page) -> list[str]:
    """Headings of the groupings side by side."""
    return page.locator("#groupings-results > .compare h3").all_inner_texts()


def move(page: Page, keys: dict[str, str]) -> None:
    for name, key in keys.items():
        page.locator(f"#gw_{name}").press(key)


def test_sliders_moved_by_keyboard_seek_anew_and_a_link_undoes_it(site: Site, led: Territory) -> None:
    page = site.open(f"/lots/{led.group.pk}/?ess=1")
    page.locator("#grouping-weights > summary").press("Enter")
    move(page, {"trade": "Home", "distance": "Home", "solo": "Home", "ess": "End"})
    expect(page.locator("#groupings .own-weights")).to_contain_text("Groupements cherchés avec vos poids")
    expect(page.locator("#groupings-said")).to_contain_text("Avec vos poids :")
    expect(page.locator("output[for=gw_ess]")).to_have_text("100")
    assert page.evaluate("document.activeElement.id") == "gw_ess"  # the slider keeps the focus
    expect(page.locator("#grouping-weights")).to_have_attribute("open", "")
    page.wait_for_url("**/?ess=1&gw_size=fewest&gw_trade=0&**gw_ess=100**")
    shared = page.url
    members = page.locator(".team").first.locator("tbody a").all_inner_texts()
    site.picture("groupements-vos-poids", full_page=True)
    page.locator("#groupings [data-weights-reset]").click()
    expect(page.locator("#groupings .own-weights")).to_have_count(0)
    page.wait_for_url(f"**/lots/{led.group.pk}/?ess=1")
    again = site.open(shared.removeprefix(site.base))
    assert again.locator(".team").first.locator("tbody a").all_inner_texts() == members


def test_the_map_draws_the_groupings_found_on_the_spot(site: Site, led: Territory) -> None:
    page = site.open(f"/lots/{led.group.pk}/?gw_ess=100&gw_trade=0&gw_distance=0")
    settle(page)
    shown = page.locator('[data-team="1"] tbody tr').evaluate_all("rows => rows.map(row => row.dataset.siret)")
    assert sorted(str(firm["siret"]) for firm in rendered(page, "firms") if firm["number"]) == sorted(shown)
    assert {link["siret"] for link in rendered(page, "links")} <= set(shown)  # one at the place itself has no line


def test_boxes_choose_what_is_compared_and_the_address_follows(site: Site, led: Territory) -> None:
    page = site.open(f"/lots/{led.group.pk}/")
    assert [head.split("\n")[-1].removeprefix("1 ").removeprefix("2 ") for head in beside(page)] == [
        "La meilleure",
        "La plus petite",
    ]
    page.locator("#compare-3").check()
    expect(page.locator("#groupings-results > .compare h3")).to_have_count(3)
    page.wait_for_url("**/?compare=1,2,3")
    assert page.evaluate("document.activeElement.id") == "compare-3"
    page.locator("#compare-1").uncheck()
    expect(page.locator("#groupings-said")).to_have_text("3 groupements trouvés, 2 comparés côte à côte.")
    page.wait_for_url("**/?compare=2,3")
    page.reload()
    assert len(beside(page)) == 2
    expect(page.locator("#more-teams > summary")).to_have_text("1 autre groupement")


@pytest.mark.parametrize("gesture", ["hover", "focus"])
def test_a_grouping_pointed_at_lights_its_members_and_its_lines(site: Site, led: Territory, gesture: str) -> None:
    page = site.open(f"/lots/{led.group.pk}/")
    card = page.locator('[data-team="2"]')
    card.locator("h3").hover() if gesture == "hover" else card.locator("tbody a").first.focus()
    settle(page)
    members = sorted(firm.siret for firm in (led.firms[5], led.firms[1]))
    assert sorted(link["siret"] for link in rendered(page, "links")) == members
    lit = page.locator(".firm.in-team").evaluate_all("rows => rows.map(row => row.dataset.siret)")
    assert sorted(lit) == members
    page.locator("h1").hover() if gesture == "hover" else page.locator("#q, .brand").first.focus()
    settle(page)
    assert len(rendered(page, "links")) == 3  # the one chosen is drawn again
    assert page.locator(".firm.in-team").count() == 0


def test_a_grouping_is_one_link_away_from_the_map(site: Site, led: Territory) -> None:
    page = site.open(f"/lots/{led.group.pk}/")
    page.locator('[data-team="2"]').get_by_role("link", name="Voir sur la carte").press("Enter")
    expect(page.get_by_role("radio", name="2 La plus petite")).to_be_checked()
    settle(page)
    assert len(rendered(page, "links")) == 2
    expect(page.locator("[data-map]")).to_be_in_viewport()


def test_sliders_work_without_script(visit: Callable[..., Site], led: Territory) -> None:
    page = visit(java_script_enabled=False).open(f"/lots/{led.group.pk}/?ess=1")
    page.locator("#grouping-weights > summary").click()
    page.locator("#gw_size").select_option("free")
    page.locator("#grouping-weights").get_by_role("button", name="Appliquer").click()
    expect(page.locator("#groupings .own-weights")).to_be_visible()
    assert "ess=1" in page.url and "gw_size=free" in page.url


def test_a_phone_reads_every_grouping_without_scrolling_sideways(visit: Callable[..., Site], led: Territory) -> None:
    site = visit(viewport=PHONE)
    page = site.open(f"/lots/{led.group.pk}/?compare=1,2,3&gw_size=free")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    site.picture("groupements-telephone", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_left_out(visit: Callable[..., Site], led: Territory, scheme: str) -> None:
    """axe, WCAG 2.2 AA, with every fold open."""
    page = visit(color_scheme=scheme).open(f"/lots/{led.group.pk}/?compare=1,2&gw_size=free")
    page.evaluate("for (const fold of document.querySelectorAll('#groupings details')) fold.open = true")
    page.evaluate(axe_source())
    found = page.evaluate(
        "axe.run('#groupings', {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]] == []
