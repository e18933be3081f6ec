"""Splits in a real browser: a border moved on the map and by keyboard, undone, versions side by side, no script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import Page, expect

from allotment.domain.split import LotShape
from allotment.models import Need
from allotment.splits import keep
from geo.ground import draw_outlines
from matchmaker.models import Firm
from tests.browser.conftest import PHONE, Site
from tests.browser.test_every_page import violations
from tests.buyers import make_need, make_organisation, make_user
from tests.factories import COMMUNES, Territory, make_firm

BOTH = frozenset({"T01", "T04"})
PLACE = """([lon, lat]) => {
  const at = window.maillageMap.project([lon, lat]), box = window.maillageMap.getCanvas().getBoundingClientRect();
  return [at.x + box.left, at.y + box.top];
}"""


@pytest.fixture
def need(drawn: Territory) -> Need:
    """Two lots around Grenoble, as their buyer sees them: Grenoble and Fontaine, then the other two."""
    draw_outlines(force=True)
    for number, name in enumerate(("Jardins du Drac", "Vert Isère")):
        make_firm(name, trades=["T04"], capacity_eur=15_000 * (number + 1), fictitious=True)
    Firm.objects.update(references=4)
    owner = make_organisation(members=[make_user("acheteuse")])
    made = make_need(trades={"T01": 120_000, "T04": 60_000}, fictitious=True, organisation=owner)
    west, east = frozenset({"38185", "38169"}), frozenset({"38421", "38151"})
    keep(made, [LotShape(BOTH, west), LotShape(BOTH, east)])
    return made


def sign_in(site: Site, need: Need) -> None:
    client = Client()
    client.force_login(get_user_model().objects.get(username="acheteuse"))
    cookie = client.cookies["sessionid"]
    site.page.context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": site.base}])


def at(page: Page, code: str) -> tuple[float, float]:
    """Where a commune is in the window, once its map is in view."""
    page.locator("#split-map").scroll_into_view_if_needed()
    _name, lon, lat, _population = COMMUNES[code]
    x, y = page.evaluate(PLACE, [lon, lat])
    return x, y


def lots(need: Need) -> list[set[str]]:
    return [set(lot.communes) for lot in need.splits.order_by("-number")[0].lots.all()]


def test_a_border_dragged_on_the_map_moves_a_commune_and_undo_gives_it_back(site: Site, need: Need) -> None:
    sign_in(site, need)
    page = site.open(f"/needs/{need.pk}/splits/1/")
    page.evaluate("window.stayed = true")
    (from_x, from_y), (to_x, to_y) = at(page, "38185"), at(page, "38151")
    page.mouse.move(from_x, from_y)
    page.mouse.down()
    page.mouse.move((from_x + to_x) / 2, (from_y + to_y) / 2, steps=4)
    page.mouse.move(to_x, to_y, steps=4)
    page.mouse.up()
    page.wait_for_url(f"**/needs/{need.pk}/splits/2/")
    expect(page.locator("#split-title")).to_have_text("Version 2")
    assert lots(need) == [{"38185", "38169", "38151"}, {"38421"}]
    assert page.evaluate("window.stayed") is True  # the page was not loaded anew, the map stays
    page.wait_for_function("window.maillageMap.querySourceFeatures('communes').length > 0")
    site.picture("decoupage-frontiere", full_page=True)
    page.get_by_role("link", name="Annuler (revenir à la version 1)").click()
    expect(page.locator("#split-title")).to_have_text("Version 1")
    expect(page.get_by_role("link", name="Version suivante (2)")).to_be_visible()


def test_a_commune_touched_says_which_lots_it_may_join(site: Site, need: Need) -> None:
    sign_in(site, need)
    page = site.open(f"/needs/{need.pk}/splits/1/")
    page.mouse.click(*at(page, "38421"))
    expect(page.locator("#border")).to_contain_text("Saint-Martin-d'Hères : lot 2")
    page.get_by_role("button", name="Rejoindre le lot 1").click()
    page.wait_for_url("**/splits/2/")
    assert lots(need) == [{"38185", "38169", "38421"}, {"38151"}]


def test_the_same_move_by_keyboard_in_the_table(site: Site, need: Need) -> None:
    sign_in(site, need)
    page = site.open(f"/needs/{need.pk}/splits/1/")
    page.get_by_text("Déplacer des communes").press("Enter")
    page.get_by_label("Échirolles").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="Déplacer").press("Enter")
    page.wait_for_url("**/splits/2/**")
    expect(page.locator("#split-title")).to_have_text("Version 2")
    assert lots(need) == [{"38185", "38169", "38151"}, {"38421"}]


def test_a_move_that_is_no_split_is_told_in_place(site: Site, need: Need) -> None:
    sign_in(site, need)
    page = site.open(f"/needs/{need.pk}/splits/1/")
    page.get_by_label("Réunir le lot").select_option("1")
    page.get_by_label("avec le lot").select_option("1")
    page.get_by_role("button", name="Réunir").click()
    expect(page.get_by_role("alert")).to_contain_text("Choisissez deux lots différents")
    site.complaints[:] = [text for text in site.complaints if "422" not in text]


def test_without_script_a_split_is_made_changed_and_compared(visit: Callable[..., Site], need: Need) -> None:
    site = visit(java_script_enabled=False)
    sign_in(site, need)
    page = site.open(f"/needs/{need.pk}/splits/")
    page.get_by_label("Découper", exact=True).select_option("trade")
    page.get_by_role("button", name="Découper").click()
    expect(page.locator(".answer")).to_contain_text(
        "En 2 lots, 67 % du montant est à la portée de l'ESS".replace(" %", "\u202f%")
    )
    page.get_by_role("link", name="Toutes les versions").click()
    page.get_by_label("Comparer la version 1").check()
    page.get_by_label("Comparer la version 2").check()
    page.get_by_role("button", name="Comparer les versions cochées").click()
    page.wait_for_url("**/splits/?compare=2,1")
    expect(page.get_by_role("table").first).to_contain_text("meilleur")


@pytest.mark.parametrize("size", ["desktop", "phone", "dark"])
@pytest.mark.parametrize("path", ["splits/1/", "splits/", "splits/?compare=1,2"])
def test_the_pages_are_accessible_and_never_scroll_sideways(
    visit: Callable[..., Site], need: Need, path: str, size: str
) -> None:
    keep(need, [LotShape(BOTH, frozenset({"38185", "38169", "38421", "38151"}))])
    options = {"phone": {"viewport": PHONE}, "dark": {"color_scheme": "dark"}}.get(size, {})
    site = visit(**options)
    sign_in(site, need)
    page = site.open(f"/needs/{need.pk}/{path}")
    for fold in page.locator("main details").all():
        fold.evaluate("one => { one.open = true }")
    assert violations(site) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    site.picture(f"decoupage-{path.replace('/', '-').replace('?', '')}-{size}", full_page=True)
