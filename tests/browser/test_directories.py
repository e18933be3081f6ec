"""The review of doubtful rows, in a browser: one key a choice, nothing lost, readable by all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import expect

from matchmaker import directory as verbs
from matchmaker.models import Directory
from tests.browser.conftest import PHONE, Site
from tests.browser.test_every_page import violations
from tests.factories import Territory, make_firm

LIST = "Structure;CP;Ville\n" + "".join(
    f"{name};38000;Grenoble\n" for name in ("Atelier du Vercors", "Régie du Moucherotte")
)


@pytest.fixture
def doubtful(drawn: Territory, tmp_path: Path) -> Directory:
    """A list of two names, each borne by two firms, and its owner."""
    for name in ("ATELIER DU VERCORS", "REGIE DU MOUCHEROTTE"):
        for _ in range(2):
            make_firm(name, naf="81.21Z")
    path = tmp_path / "adherents.csv"
    path.write_text(LIST, encoding="utf-8")
    directory = verbs.propose(path, "CRESS", get_user_model().objects.create_user("cress", password="x"))
    verbs.confirm(directory, directory.mapping)
    verbs.link(directory)
    assert set(directory.rows.values_list("state", flat=True)) == {"ambiguous"}
    return directory


def sign_in(site: Site, directory: Directory) -> Site:
    client = Client()
    assert directory.owner is not None
    client.force_login(directory.owner)
    cookie = client.cookies["sessionid"].value
    site.page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": site.base}])
    return site


def states(directory: Directory) -> list[str]:
    return list(directory.rows.order_by("line").values_list("state", flat=True))


def test_a_list_is_reviewed_without_leaving_the_keyboard(site: Site, doubtful: Directory) -> None:
    page = sign_in(site, doubtful).open(f"/directories/{doubtful.pk}/review/")
    title = page.get_by_role("heading", name="Ligne")
    expect(title).to_have_text("Ligne 2 de la liste")
    page.keyboard.press("s")
    expect(title).to_have_text("Ligne 3 de la liste")
    page.keyboard.press("2")
    expect(title).to_have_text("Ligne 2 de la liste")
    assert states(doubtful) == ["ambiguous", "linked"]
    page.keyboard.press("u")
    expect(title).to_have_text("Ligne 3 de la liste")
    assert states(doubtful) == ["ambiguous", "ambiguous"]
    page.keyboard.press("n")
    expect(title).to_have_text("Ligne 2 de la liste")
    page.keyboard.press("1")
    expect(page.get_by_role("status")).to_contain_text("Tout est tranché.")
    assert states(doubtful) == ["linked", "not_found"]


def test_one_key_shortcuts_can_be_turned_off_for_good(site: Site, doubtful: Directory) -> None:
    page = sign_in(site, doubtful).open(f"/directories/{doubtful.pk}/review/")
    page.get_by_text("Au clavier").click()
    page.get_by_label("Utiliser les raccourcis d'une touche").uncheck()
    site.open(f"/directories/{doubtful.pk}/review/")
    page.keyboard.press("1")
    page.wait_for_timeout(200)
    assert states(doubtful) == ["ambiguous", "ambiguous"]


def test_the_review_works_without_script(visit: Callable[..., Site], doubtful: Directory) -> None:
    site = sign_in(visit(java_script_enabled=False), doubtful)
    site.page.goto(f"{site.base}/directories/{doubtful.pk}/review/")
    site.page.get_by_role("button", name="C'est elle").first.click()
    expect(site.page.get_by_role("heading", name="Ligne")).to_have_text("Ligne 3 de la liste")
    assert states(doubtful) == ["linked", "ambiguous"]


@pytest.mark.parametrize("path", ["", "{}/", "{}/columns/", "{}/review/"])
def test_the_pages_are_readable_by_all_and_never_scroll_sideways(
    visit: Callable[..., Site], doubtful: Directory, path: str
) -> None:
    for options in ({"color_scheme": "light"}, {"color_scheme": "dark"}, {"viewport": PHONE}):
        site = sign_in(visit(**options), doubtful)
        page = site.open("/directories/" + path.format(doubtful.pk))
        page.evaluate("document.querySelectorAll('main details').forEach(fold => { fold.open = true; })")
        assert violations(site) == [], options
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), options
        words = "-".join(map(str, options.values())) if "viewport" not in options else "phone"
        site.picture(
            f"directories-{path.format('').strip('/') or ('detail' if path else 'list')}-{words}", full_page=True
        )
