"""Every page: no serious accessibility violation, no sideways scroll, usable by keyboard and without script."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from consortia.models import Outcome
from consortia.plan import ask
from matchmaker.locks import holding, of_source
from matchmaker.models import Award, ImportRun, Match, SourceState
from tests.browser.conftest import PHONE, Site, axe_source
from tests.factories import (
    Territory,
    make_award,
    make_buyer,
    make_commune,
    make_import,
    make_lot,
    make_match,
    make_quarantine,
    make_run,
)

PAGES = (
    "lots",
    "nothing",
    "alone",
    "group",
    "missing",
    "unknown",
    "own weights",
    "no firm left",
    "why",
    "why not",
    "why not in a grouping",
    "missing pieces",
    "method",
    "firm",
    "masked",
    "runs",
    "expiring",
    "commitments",
    "commitment",
    "counterfactuals",
    "counterfactual",
    "plans",
    "plan",
    "sources",
    "source",
    "login",
    "404",
)


def address(name: str, drawn: Territory) -> str:
    assert drawn.masked is not None
    return {
        "lots": "/lots/",
        "nothing": "/lots/?trade=T07&amount=known",
        "alone": f"/lots/{drawn.alone.pk}/",
        "group": f"/lots/{drawn.group.pk}/",
        "missing": f"/lots/{drawn.missing.pk}/",
        "unknown": f"/lots/{drawn.unknown.pk}/",
        "own weights": f"/lots/{drawn.group.pk}/?w_distance=90&kind=EI&kind=ordinary&within=20",
        "no firm left": f"/lots/{drawn.group.pk}/?kind=GEIQ&ess=1",
        "why": f"/lots/{drawn.group.pk}/why/{drawn.firms[1].siret}/",
        "why not": f"/lots/{drawn.group.pk}/why-not/?q={drawn.firms[9].siret}",
        "why not in a grouping": f"/lots/{drawn.group.pk}/groupings/why-not/?q={drawn.firms[9].siret}",
        "missing pieces": "/missing/",
        "method": "/method/",
        "firm": f"/firms/{drawn.firms[1].siret}/",
        "masked": f"/firms/{drawn.masked.siret}/",
        "runs": "/runs/",
        "expiring": "/expiring/",
        "commitments": "/commitments/",
        "commitment": f"/commitments/{awarded(drawn)}/2025/" if name == "commitment" else "",
        "counterfactuals": "/counterfactual/",
        "counterfactual": f"/counterfactual/{awarded(drawn) and 38}/2025/" if name == "counterfactual" else "",
        "plans": "/plans/",
        "plan": f"/plans/{planned(drawn)}/" if name == "plan" else "",
        "sources": "/sources/",
        "source": "/sources/siae/",
        "login": "/login/",
        "404": "/nulle-part/",
    }[name]


def awarded(drawn: Territory) -> int:
    """A buyer with contracts of three years, in the département of the territory."""
    buyer, commune = make_buyer(), make_commune("38185")
    buyer.siret = "21380185500015"
    buyer.save()
    here = {"buyer": buyer, "departement": commune.departement, "point": commune.point, "fictitious": True}
    if not Award.objects.exists():
        for eur, year, social in ((300_000, 2023, []), (500_000, 2024, ["Clause sociale"]), (900_000, 2025, [])):
            make_award(eur, drawn.firms[0], notified_on=date(year, 5, 2), social=social, **here)
        make_award(200_000, drawn.masked, notified_on=date(2025, 6, 2), social=["Marché réservé"], **here)
    return buyer.pk


def planned(drawn: Territory) -> int:
    """A plan with a lot reached, and one that the same firm could have taken."""
    for lot in (drawn.alone, make_lot("Nettoyage de la piscine", tender=drawn.alone.tender)):
        Outcome.objects.update_or_create(lot=lot, defaults={"state": "not_needed", "yearly_eur": 120_000})
        Match.objects.filter(lot=lot, firm=drawn.firms[0]).delete()
        make_match(lot, drawn.firms[0], rank=900, solo=True)
    return ask().pk


def imported() -> ImportRun:
    """One source with a report and a quarantine, and a file without a source."""
    make_import()
    run = make_import(source_key="siae", kind="firms", read=3853, new=3828, quarantined=13, finished_at=timezone.now())
    run.details = {"reasons": {"siret_invalide": 13}, "warnings": {"SIRET répété.": 12}, "facts": {"sans SIRET": 7}}
    run.save()
    make_quarantine(run, kind="firms", payload=zlib.compress(b"{}"))
    return run


def violations(site: Site) -> list[str]:
    """Serious and critical violations of axe, told by rule and element."""
    site.page.evaluate(axe_source())
    found = site.page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
        ".map(v => ({id: v.id, impact: v.impact, nodes: v.nodes.map(n => n.html.slice(0, 160))}))"
    )
    return [f"{one['id']}: {one['nodes'][:3]}" for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious_in_light_nor_dark(site: Site, drawn: Territory, name: str) -> None:
    if name in ("lots", "runs"):
        make_run(state="running", total=214, matched=120, grouped=60)
    if name in ("sources", "source"):
        imported()
    for scheme in ("light", "dark"):
        site.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        site.open(address(name, drawn))
        site.page.evaluate("document.querySelectorAll('main details').forEach(fold => { fold.open = true; })")
        assert violations(site) == [], scheme
        site.picture(f"page-{name}-{scheme}", full_page=True)
    site.forgive_404()


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_never_scrolls_sideways(visit: Callable[..., Site], drawn: Territory, name: str) -> None:
    site = visit(viewport=PHONE, has_touch=True)
    page = site.open(address(name, drawn))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    site.picture(f"telephone-{name}", full_page=True)
    site.forgive_404()


@pytest.fixture
def staff_site(visit: Callable[..., Site], drawn: Territory, client: Client) -> Callable[..., Site]:
    """Visitors signed in as staff."""
    client.force_login(get_user_model().objects.create_user("equipe", password="x", is_staff=True))

    def arrive(**options: Any) -> Site:
        site = visit(**options)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site.base}
        site.page.context.add_cookies([cookie])  # type: ignore[list-item]
        return site

    return arrive


@pytest.mark.parametrize("address", ["/imports/", "/quarantine/", "/sources/siae/"])
def test_staff_pages_are_accessible_too(staff_site: Callable[..., Site], address: str) -> None:
    imported()
    site = staff_site()
    for scheme in ("light", "dark"):
        site.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        site.open(address)
        assert violations(site) == []
        site.picture(f"equipe-{address.strip('/').replace('/', '-')}-{scheme}", full_page=True)
    site.page.set_viewport_size(PHONE)
    assert site.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_quarantine_is_read_again_without_script(staff_site: Callable[..., Site]) -> None:
    run = imported()
    make_quarantine(run, kind="notices", locator="avis.xml", payload=zlib.compress(b"<ContractNotice>"))
    page = staff_site(java_script_enabled=False).open("/quarantine/")
    page.locator("li", has_text="avis.xml").get_by_role("button", name="Relire").click()
    expect(page.locator(".messages")).to_contain_text("1 enregistrement relu, 0 réparé, 1 toujours illisible.")
    page.get_by_label("Fichier ou message").fill("avis.xml")
    page.get_by_role("button", name="Filtrer").click()
    expect(page.locator(".quarantined li")).to_have_count(1)


def test_an_update_under_way_moves_by_itself(site: Site, drawn: Territory) -> None:
    run = imported()
    state = SourceState.objects.create(key="siae", words="1 000 lignes lues")
    with holding(of_source("siae")):
        page = site.open("/sources/siae/")
        expect(page.locator("#stand")).to_contain_text("1 000 lignes lues")
        state.words = "2 000 lignes lues"
        state.save()
        expect(page.locator("#stand")).to_contain_text("2 000 lignes lues")
    expect(page.locator("#stand")).to_contain_text("enregistrements lus")
    page.wait_for_selector("#stand:not([hx-trigger])", state="attached")
    assert run.read


def tab_order(site: Site, limit: int = 150) -> list[dict[str, Any]]:
    """What the Tab key reaches, in order, until it leaves the page."""
    reached = []
    for _ in range(limit):
        site.page.keyboard.press("Tab")
        at = site.page.evaluate(
            "() => { const e = document.activeElement; const s = getComputedStyle(e); return {"
            "tag: e.tagName, id: e.id, name: e.getAttribute('name') || '', text: e.textContent.trim().slice(0, 60),"
            "outline: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0,"
            "seen: e.checkVisibility()} }"
        )
        if at["tag"] == "BODY":
            break
        reached.append(at)
    return reached


def test_the_keyboard_reaches_filters_rows_and_footer_in_order(site: Site, drawn: Territory) -> None:
    site.open("/lots/")
    reached = tab_order(site)
    assert reached[0]["text"] == "Aller au contenu"
    names = [at["name"] or at["text"] for at in reached]
    wanted = [
        "q",
        "sort",
        "state",
        "trade",
        "dep",
        "reserved",
        "CSV",
        "Nettoyage des vitres de l'hôtel de ville",
        "language",
    ]
    places = [names.index(name) for name in wanted]
    assert places == sorted(places)
    assert all(at["seen"] and at["outline"] for at in reached), [at for at in reached if not at["outline"]]


def test_the_keyboard_reaches_firms_map_and_groupings(site: Site, drawn: Territory) -> None:
    site.open(f"/lots/{drawn.group.pk}/")
    reached = tab_order(site)
    texts = [at["text"] or at["tag"] for at in reached]
    wanted = ["Propreté Chartreuse", "Le même classement en tableau", "CANVAS", "Pourquoi cette équipe Groupement 1"]
    places = [texts.index(text) for text in wanted]
    assert places == sorted(places)
    assert "g" in [at["name"] for at in reached]
    assert all(at["outline"] for at in reached), [at for at in reached if not at["outline"]]


def test_the_skip_link_leads_to_the_content(site: Site, drawn: Territory) -> None:
    page = site.open("/lots/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_filters_change_the_list_and_the_address_without_leaving(site: Site, drawn: Territory) -> None:
    page = site.open("/lots/")
    page.evaluate("window.stayed = true")
    page.get_by_label("Peinture").check()
    expect(page.locator(".row")).to_have_count(1)
    assert page.url.endswith("/lots/?trade=T07")
    assert page.evaluate("window.stayed") is True
    assert page.evaluate("document.activeElement.value") == "T07"  # the focus stayed on the box
    page.go_back()
    expect(page.locator(".row")).to_have_count(4)


def test_typing_searches(site: Site, drawn: Territory) -> None:
    page = site.open("/lots/")
    page.get_by_label("Mot, acheteur ou lieu").press_sequentially("gymnases")
    expect(page.locator(".row")).to_have_count(1)
    assert page.evaluate("document.activeElement.value") == "gymnases"


def test_a_run_in_progress_moves_by_itself(site: Site, drawn: Territory) -> None:
    run = make_run(state="running", total=200, matched=10, grouped=5)
    page = site.open("/runs/")
    run.matched = 150
    run.save()
    page.wait_for_selector('progress[value="150"]', timeout=8_000)
    run.state = "done"
    run.save()
    page.wait_for_selector("#runs:not([hx-trigger])", state="attached", timeout=8_000)


def test_the_list_works_without_script(visit: Callable[..., Site], drawn: Territory) -> None:
    page = visit(java_script_enabled=False).open("/lots/")
    page.get_by_label("Peinture").check()
    page.get_by_role("button", name="Appliquer").click()
    assert "trade=T07" in page.url
    assert page.locator(".row").count() == 1


def test_the_lot_page_works_without_script(visit: Callable[..., Site], drawn: Territory) -> None:
    site = visit(java_script_enabled=False)
    page = site.open(f"/lots/{drawn.group.pk}/")
    assert page.get_by_text("La carte demande JavaScript").is_visible()
    assert page.locator(".firm .part-trade i").first.is_visible()
    assert page.locator(".team").count() == 3
    page.locator("summary", has_text="Le même classement en tableau").click()
    assert page.get_by_role("rowheader", name="Propreté Chartreuse").is_visible()
    site.picture("lot-sans-script", full_page=True)


def test_pages_without_map_load_little_script(site: Site, drawn: Territory) -> None:
    sizes: list[int] = []
    site.page.on("response", lambda r: sizes.append(len(r.body())) if r.url.endswith(".js") else None)
    site.open("/lots/")
    assert sum(sizes) < 150_000  # before compression


def test_the_api_documentation_opens_with_our_policy(site: Site, drawn: Territory) -> None:
    page = site.open("/api/docs")
    page.wait_for_selector(".opblock")
    assert page.locator(".opblock").count() >= 5


def test_the_language_switch_speaks_english(site: Site, drawn: Territory) -> None:
    page = site.open("/lots/")
    page.get_by_role("button", name="English").click()
    assert page.locator("h1").inner_text() == "Who can answer, alone or together?"
