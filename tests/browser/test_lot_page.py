"""The lot page in a real browser: what is drawn is really drawn, and the map and the list are one thing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Site
from tests.factories import Territory

# Pixels within 40 of a colour in each channel, read back from the WebGL canvas.
COUNT_PIXELS = """([r, g, b]) => {
  const source = document.querySelector('[data-map] canvas');
  const copy = document.createElement('canvas');
  copy.width = source.width; copy.height = source.height;
  const pen = copy.getContext('2d');
  pen.drawImage(source, 0, 0);
  const bytes = pen.getImageData(0, 0, copy.width, copy.height).data;
  let count = 0;
  for (let i = 0; i < bytes.length; i += 4) {
    if (Math.abs(bytes[i] - r) < 40 && Math.abs(bytes[i + 1] - g) < 40 && Math.abs(bytes[i + 2] - b) < 40) count++;
  }
  return count;
}"""
AMBER, SLATE, TEAL = [184, 106, 0], [90, 107, 123], [11, 107, 99]


def rendered(page: Page, layer: str) -> list[dict[str, object]]:
    """Properties of the features a layer really drew, each once."""
    features = page.evaluate(
        "layer => window.maillageMap.queryRenderedFeatures({layers: [layer]}).map(f => f.properties)", layer
    )
    return list({str(feature.get("key") or feature): feature for feature in features}.values())


def settle(page: Page) -> None:
    page.evaluate(
        "() => new Promise(done => { window.maillageMap.once('idle', done); window.maillageMap.triggerRepaint(); })"
    )


def test_the_map_draws_the_lot_the_firms_and_the_first_grouping(site: Site, drawn: Territory) -> None:
    page = site.open(f"/lots/{drawn.group.pk}/")
    assert len(rendered(page, "firms")) == 12
    assert len(rendered(page, "lots")) == 1
    assert sorted(link["number"] for link in rendered(page, "links")) == [1, 2, 3]
    assert len(rendered(page, "communes")) > 0
    assert len(rendered(page, "labels")) > 0
    site.picture("lot-groupements", full_page=True)


def test_the_canvas_holds_the_colours_of_what_it_draws(site: Site, drawn: Territory) -> None:
    page = site.open(f"/lots/{drawn.group.pk}/")
    assert page.evaluate(COUNT_PIXELS, AMBER) > 150
    assert page.evaluate(COUNT_PIXELS, SLATE) > 150
    assert page.evaluate(COUNT_PIXELS, TEAL) > 200


def test_an_uncertain_place_is_drawn_with_its_circle(site: Site, drawn: Territory) -> None:
    page = site.open(f"/lots/{drawn.missing.pk}/")
    assert len(rendered(page, "circle-line")) == 1
    site.picture("lot-piece-manquante", full_page=True)


def test_choosing_a_grouping_draws_it_and_keeps_it_in_the_address(site: Site, drawn: Territory) -> None:
    page = site.open(f"/lots/{drawn.group.pk}/")
    page.get_by_role("radio", name="3 Groupement 3").check()
    settle(page)
    assert sorted(link["number"] for link in rendered(page, "links")) == [1, 2, 3, 4]
    assert page.url.endswith("?g=3")
    assert "drawn" in (page.locator('[data-team="3"]').get_attribute("class") or "")
    page.get_by_role("radio", name="aucun").check()
    settle(page)
    assert rendered(page, "links") == []
    page = site.open(f"/lots/{drawn.group.pk}/?g=2")
    settle(page)
    assert len(rendered(page, "links")) == 2


@pytest.mark.parametrize("gesture", ["hover", "focus"])
def test_a_row_lights_its_point(site: Site, drawn: Territory, gesture: str) -> None:
    page = site.open(f"/lots/{drawn.group.pk}/")
    row = page.locator(f'.firm[data-siret="{drawn.firms[3].siret}"]')
    row.hover() if gesture == "hover" else row.get_by_role("link").focus()
    settle(page)
    assert [feature["siret"] for feature in rendered(page, "lit")] == [drawn.firms[3].siret]
    assert "lit" in (row.get_attribute("class") or "")


def test_a_click_on_a_point_opens_its_row(site: Site, drawn: Territory) -> None:
    page = site.open(f"/lots/{drawn.group.pk}/")
    last = drawn.firms[9]  # folded among the further firms
    assert last.point is not None
    x, y = page.evaluate(
        "at => { const p = window.maillageMap.project(at); return [p.x, p.y]; }", [last.point.x, last.point.y]
    )
    page.locator("[data-map] canvas").click(position={"x": x, "y": y})
    assert page.evaluate("document.activeElement.textContent") == last.name
    assert page.locator("#more-firms").get_attribute("open") is not None


def test_bars_intervals_and_shares_have_a_size(site: Site, drawn: Territory) -> None:
    page = site.open(f"/lots/{drawn.group.pk}/")
    for selector, number in ((".firm .part-trade i", 8), (".firm .interval-band", 8), (".share", 9)):
        boxes = [box.bounding_box() for box in page.locator(f"{selector}:visible").all()]
        assert len(boxes) >= number, selector
        assert all(box and box["width"] > 1 and box["height"] > 4 for box in boxes), selector


def test_a_bar_is_as_long_as_its_figure(site: Site, drawn: Territory) -> None:
    page = site.open(f"/lots/{drawn.group.pk}/")
    slots = page.locator(".firm").first.locator(".part")
    widths = [slot.bounding_box()["width"] for slot in slots.all()]  # type: ignore[index]
    assert len(widths) == 6
    assert widths[0] / widths[2] == pytest.approx(42 / 24, rel=0.06)
    filled = slots.first.locator("i").bounding_box()
    assert filled is not None
    assert filled["width"] / widths[0] == pytest.approx(0.8, abs=0.02)


def test_the_gap_is_drawn_found_against_missing(site: Site, drawn: Territory) -> None:
    page = site.open(f"/lots/{drawn.missing.pk}/")
    found = page.locator(".gap-found").first.bounding_box()
    missing = page.locator(".gap-missing").first.bounding_box()
    assert found is not None and missing is not None
    assert found["width"] / missing["width"] == pytest.approx(0.5, rel=0.05)


def test_firm_page_draws_its_radius(site: Site, drawn: Territory) -> None:
    page = site.open(f"/firms/{drawn.firms[1].siret}/")
    assert len(rendered(page, "circle-line")) == 1
    assert len(rendered(page, "lots")) >= 1
    site.picture("entreprise", full_page=True)


def test_nothing_is_asked_from_another_host(site: Site, drawn: Territory) -> None:
    asked: list[str] = []
    site.page.on("request", lambda request: asked.append(request.url))
    site.open(f"/lots/{drawn.group.pk}/")
    assert asked
    assert [url for url in asked if not url.startswith((site.base, "blob:", "data:"))] == []
