"""A real Chromium on the real site: one browser a session, one page a test, nothing forgiven on the console."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.factories import Territory

CHROMIUM = os.environ.get("MAILLAGE_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCREENSHOTS = settings.BASE_DIR / ".local" / "screenshots"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 780}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All browser tests carry the marker and one xdist group: one Chromium is enough for two cores."""
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


class Site:
    """A page of the site, with what it complained about."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def open(self, path: str) -> Page:
        self.page.goto(self.base + path)
        if self.page.locator("[data-map]").count() and self.page.evaluate("document.documentElement.className") == "js":
            self.page.wait_for_selector('[data-map][data-state="ready"]', timeout=20_000)
        return self.page

    def forgive_404(self) -> None:
        """A browser reports the 404 of a page that is meant to be one."""
        self.complaints[:] = [text for text in self.complaints if "404" not in text]

    def picture(self, name: str, **options: Any) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", **options)


@pytest.fixture
def visit(browser: Browser, live_server: Any) -> Iterator[Callable[..., Site]]:
    """``visit(color_scheme="dark", viewport=PHONE)``: a fresh visitor; its console must stay clean."""
    sites: list[Site] = []

    def arrive(**options: Any) -> Site:
        options = {"viewport": DESKTOP, "locale": "fr-FR", "reduced_motion": "reduce"} | options
        context = browser.new_context(**options)
        context.set_default_timeout(10_000)
        sites.append(Site(context.new_page(), live_server.url))
        return sites[-1]

    yield arrive
    complaints = [complaint for site in sites for complaint in site.complaints]
    for site in sites:
        site.page.context.close()
    assert complaints == []


@pytest.fixture
def site(visit: Callable[..., Site]) -> Site:
    return visit()


@pytest.fixture
def drawn(live_server: Any, transactional_db: None) -> Territory:
    """The territory of the factories, with the reference tables, committed for the live server."""
    from matchmaker.live import rank_live
    from matchmaker.reference import load_reference
    from tests.factories import grenoble

    load_reference()
    territory = grenoble(fictitious=True)
    rank_live(territory.group)  # the search is compiled once a process, which a page would not wait for
    return territory


def axe_source() -> str:
    return (Path(settings.NODE_MODULES) / "axe-core" / "axe.min.js").read_text()
