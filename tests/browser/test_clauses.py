"""Clauses of a need in a browser: read, written, left out with a reason, brought back; by keyboard, without script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import expect

from allotment.models import ClauseChoice, Need
from matchmaker.sync import sync
from tests.browser.conftest import PHONE, Site
from tests.browser.test_every_page import violations
from tests.buyers import make_need, make_organisation, make_user
from tests.factories import Territory
from tests.services.hiring_files import crosswalk, seekers, survey
from tests.services.test_clause_sheet import by_trade

REASON = "Les heures seraient faites par une équipe déjà en place, sans embauche possible."


@pytest.fixture
def need(drawn: Territory, tmp_path: Path) -> Need:
    sync("bassins", [crosswalk(tmp_path), crosswalk(tmp_path, year=2019)])
    sync("bmo", [survey(tmp_path)])
    sync("demandeurs", [seekers(tmp_path)])
    made = make_need(organisation=make_organisation(members=[make_user("acheteuse")]), fictitious=True)
    by_trade(made)
    return made


@pytest.fixture
def buyer_site(need: Need, visit: Callable[..., Site]) -> Callable[..., Site]:
    client = Client()
    client.force_login(make_user("acheteuse"))

    def arrive(**options: object) -> Site:
        site = visit(**options)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site.base}
        site.page.context.add_cookies([cookie])  # type: ignore[list-item]
        return site

    return arrive


def test_the_page_is_accessible_in_both_schemes_and_on_a_phone(need: Need, buyer_site: Callable[..., Site]) -> None:
    site = buyer_site()
    for scheme in ("light", "dark"):
        site.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page = site.open(f"/needs/{need.pk}/clauses/")
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert violations(site) == []
        site.picture(f"besoin-clauses-{scheme}", full_page=True)
    site.page.set_viewport_size(PHONE)
    assert site.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    site.picture("besoin-clauses-telephone", full_page=True)


def test_a_text_saves_itself_and_tells_what_must_be_corrected(need: Need, buyer_site: Callable[..., Site]) -> None:
    page = buyer_site().open(f"/needs/{need.pk}/clauses/")
    clause = page.locator("section.clause").first
    clause.locator("summary", has_text="Lire et modifier le texte").click()
    field = clause.get_by_label("Texte, tel qu'il partira")
    field.fill("Le titulaire emploie des produits locaux.")
    expect(clause.get_by_role("status")).to_contain_text("« produits locaux »")
    field.fill("Le titulaire réserve 1 000 heures.")
    expect(clause.locator('[name="version"]').first).to_have_value("2")
    expect(clause.locator(".clause-fault")).to_have_count(0)
    assert ClauseChoice.objects.get().text == "Le titulaire réserve 1 000 heures."


def test_a_clause_is_left_out_and_brought_back_by_keyboard(need: Need, buyer_site: Callable[..., Site]) -> None:
    page = buyer_site().open(f"/needs/{need.pk}/clauses/")
    clause = page.locator("section.clause").first
    clause.locator("summary", has_text="Écarter cette clause").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type(REASON)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".answer")).to_contain_text("5 clauses actives sur 6")
    expect(page.locator("section.clause").first).to_contain_text(REASON)
    page.get_by_role("button", name="Annuler le dernier choix").first.click()
    expect(page.locator(".answer")).to_contain_text("6 clauses actives sur 6")


def test_all_of_it_works_without_script(need: Need, buyer_site: Callable[..., Site]) -> None:
    site = buyer_site(java_script_enabled=False)
    page = site.open(f"/needs/{need.pk}/clauses/")
    clause = page.locator("section.clause").first
    clause.locator("summary", has_text="Lire et modifier le texte").click()
    clause.get_by_label("Texte, tel qu'il partira").fill("Mon texte")
    clause.get_by_role("button", name="Enregistrer le texte").click()
    expect(page.locator("section.clause").first.locator("summary .tag")).to_have_text("modifié")
    page.get_by_label("Découpage").select_option("0")
    page.get_by_role("button", name="Montrer").click()
    expect(page.get_by_role("heading", name="Un marché sans lots ?")).to_be_visible()
