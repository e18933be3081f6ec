"""A member completes the board of its buyer, and the public reads it; the counterfactual is chosen by département."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.browser.test_every_page import awarded, violations
from tests.buyers import make_organisation, make_user
from tests.factories import Territory


def test_a_member_adds_a_line_and_everyone_reads_it(
    visit: Callable[..., Site], drawn: Territory, client: Client
) -> None:
    buyer = awarded(drawn)
    make_organisation("Ville de Grenoble", members=[make_user()], siret="21380185500015")
    client.force_login(make_user())
    site = visit()
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site.base}
    site.page.context.add_cookies([cookie])  # type: ignore[list-item]
    page = site.open(f"/commitments/{buyer}/2025/")
    assert violations(site) == []
    site.picture("engagement-membre", full_page=True)
    page.get_by_label("Objet").fill("Repas du conseil")
    page.get_by_label("Notifié le").fill("2025-04-02")
    page.get_by_label("Montant HT, durée entière, en euros").fill("30 000")
    page.get_by_label("Gagné par l'ESS ou l'insertion").check()
    page.get_by_label("Sur quoi cela repose").fill("Facture d'une SCIC")
    page.get_by_role("button", name="Ajouter la ligne").click()
    expect(page.locator("main")).to_contain_text("Dont 1 contrat ajouté à la main")
    everyone = visit().open(f"/commitments/{buyer}/2025/")
    expect(everyone.locator("main")).to_contain_text("ajouté à la main par Ville de Grenoble")
    assert everyone.get_by_role("heading", name="Compléter à la main").count() == 0


def test_one_walks_from_the_list_to_the_contracts_by_keyboard_and_link(site: Site, drawn: Territory) -> None:
    awarded(drawn)
    page = site.open("/commitments/")
    page.get_by_role("link", name="Ville de Grenoble").click()
    expect(page.locator("h1")).to_have_text("Ville de Grenoble")
    page.get_by_role("link", name="Marché réservé").first.click()
    expect(page.locator("tbody tr", has_text="Nettoyage des écoles")).to_have_count(1)


def test_a_departement_is_chosen_and_its_year_changed(site: Site, drawn: Territory) -> None:
    awarded(drawn)
    page = site.open("/counterfactual/")
    page.get_by_role("button", name="Voir").click()
    expect(page.locator("h1")).to_contain_text("Isère, marchés de 2025")
    page.get_by_role("link", name="2024").click()
    expect(page.locator("h1")).to_contain_text("marchés de 2024")
