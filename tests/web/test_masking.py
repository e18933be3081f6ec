"""Rule D1: the name and address of a partially diffused firm appear nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from matchmaker.queries import MASKED_NAME, hide_names, public_firm
from tests.factories import Territory, make_firm, make_outcome, make_proposal, point

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]

SECRETS = ("Fernande", "Secrète", "impasse Cachée", "fernande.example", "Chez Fernande")


@pytest.fixture
def hidden(territory: Territory) -> Territory:
    """The masked firm of the territory, with everything it could leak, everywhere it could."""
    firm = territory.masked
    assert firm is not None
    firm.trade_name, firm.website = "Chez Fernande", "https://fernande.example"
    firm.point = point(lon=5.777, lat=45.199)
    firm.save()
    said = "Fernande Secrète (99 impasse Cachée) peut aider."
    territory.group.proposals.update(reasons=[said], warnings=[said], justification=said)
    for proposal in territory.group.proposals.all():
        proposal.members.update(withdrawal=said)
    territory.missing.matches.create(
        firm=firm, rank=9, score=1, trade="T07", trade_part=0, distance_part=0, capacity_part=0, ess_part=0,
        distance_km=1, radius_km=1, solo=False,
    )  # fmt: skip
    territory.missing.outcome.message = said
    territory.missing.outcome.save()
    territory.alone.matches.update(solo=False)
    territory.alone.matches.filter(firm=firm).update(solo=True)
    make_proposal(territory.unknown, [firm], [1.0])
    make_outcome(territory.unknown)
    return territory


def addresses(hidden: Territory) -> list[str]:
    """Every page and endpoint that could show the firm."""
    assert hidden.masked is not None
    siret = hidden.masked.siret
    found = ["/lots/", "/lots/?q=Fernande", "/lots/export.csv", "/api/lots", "/sources/", "/runs/", "/method/"]
    found += ["/expiring/", "/expiring/export.csv", "/api/awards/expiring"]
    found += [f"/firms/{siret}/", f"/firms/{siret}/map.json", f"/firms/{siret}/context.json", f"/api/firms/{siret}"]
    for firm in hidden.firms[:7]:
        found += [f"/firms/{firm.siret}/", f"/firms/{firm.siret}/map.json", f"/api/firms/{firm.siret}"]
    for lot in (hidden.alone, hidden.group, hidden.missing, hidden.unknown):
        found += [
            f"/lots/{lot.pk}/",
            f"/lots/{lot.pk}/map.json",
            f"/lots/{lot.pk}/context.json",
            f"/lots/{lot.pk}/?within=120&w_distance=90",
            f"/lots/{lot.pk}/why/{siret}/",
            f"/lots/{lot.pk}/why-not/?q={siret}",
            f"/lots/{lot.pk}/why-not/?q=Fernande",
            f"/lots/{lot.pk}/firms/?q=Fernande",
            f"/lots/{lot.pk}/ranking/?within=120",
            f"/lots/{lot.pk}/groupings/?gw_size=free&gw_distance=100",
            f"/lots/{lot.pk}/ranking.csv",
            f"/lots/{lot.pk}/ranking.csv?within=120",
            f"/lots/{lot.pk}/map.json?within=120",
            f"/api/lots/{lot.pk}",
            f"/api/lots/{lot.pk}/explain/{siret}",
            f"/api/lots/{lot.pk}/why-not/{siret}",
        ]
    return found


def test_no_page_nor_endpoint_leaks_the_name_or_the_address(client: Client, hidden: Territory) -> None:
    for address in addresses(hidden):
        response = client.get(address, headers={"HX-Request": "true"})
        assert response.status_code == 200, address
        body = response.content.decode().replace('value="Fernande"', "").replace("« Fernande »", "")
        body = body.replace("q=Fernande", "")  # what was typed, said back
        for secret in SECRETS:
            assert secret not in body, (address, secret)


# Addresses by how their name begins, and the test that masks their firms.
ELSEWHERE = {
    "supply": "test_supply_page.py",
    "ground": "test_supply_page.py",
    "missing": "test_missing_page.py",
    "plan": "test_plans.py",
    "commitment": "test_commitments_page.py",
    "lot-team-why-not": "test_grouping_why.py",
    "lot-sheet": "test_documents.py",
    "team-sheet": "test_documents.py",
    "allocation": "test_tables.py",
    "lot-groupings-": "test_tables.py",
}
NO_FIRM = ("home", "login", "logout", "imports", "runs", "source", "method", "quarantine", "counterfactual")
THEIRS = ("director", "need")  # seen by their owners only, and by whom they share it with
SAID = ("consultation", "moderation")  # what people wrote: no firm of the index is shown there


def test_every_public_address_that_shows_a_firm_is_in_this_test(hidden: Territory) -> None:
    names = {"lots", "lots-csv", "lot", "lot-ranking-csv", "lot-map", "lot-context", "firm", "firm-map", "firm-context"}
    names |= {"expiring", "expiring-csv", "lot-ranking", "lot-groupings", "lot-why", "lot-why-not", "lot-firms"}
    names |= {"firm-lots-csv"}
    from frontend.urls import urlpatterns

    known = {str(pattern.name) for pattern in urlpatterns}
    assert {name for name in known if not name.startswith((*ELSEWHERE, *NO_FIRM, *THEIRS, *SAID))} == names
    assert reverse("lots") == "/lots/"


@pytest.mark.parametrize("name", sorted(set(ELSEWHERE.values())))
def test_the_other_tests_mask_firms_too(name: str) -> None:
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    assert re.search(r"def test_\w*(masked|partial|diffus)", text)


def test_a_masked_firm_is_shown_as_such_with_its_commune_only(client: Client, hidden: Territory) -> None:
    assert hidden.masked is not None
    page = client.get(f"/firms/{hidden.masked.siret}/").content.decode()
    assert MASKED_NAME in page
    assert "Saint-Martin-d&#x27;Hères" in page
    assert "diffusion partielle" in page


def test_its_point_is_moved_to_its_commune(hidden: Territory) -> None:
    assert hidden.masked is not None
    shown = public_firm(hidden.masked)
    assert (shown.lon, shown.lat, shown.point_precision) == (5.7650, 45.1660, "commune")


def test_it_is_absent_from_exports(client: Client, hidden: Territory) -> None:
    assert hidden.masked is not None
    ranking = f"/lots/{hidden.group.pk}/ranking.csv"
    for address in ("/lots/export.csv", ranking, f"{ranking}?within=120"):
        body = client.get(address).content.decode()
        assert hidden.masked.siret not in body
        assert MASKED_NAME not in body


def test_it_has_no_export_of_its_lots(client: Client, hidden: Territory) -> None:
    assert hidden.masked is not None
    assert client.get(f"/firms/{hidden.masked.siret}/lots.csv").status_code == 404


def test_no_field_suggests_it(client: Client, hidden: Territory) -> None:
    for typed in ("Fernande", "Chez", "diffusion partielle"):
        assert "option" not in client.get(f"/lots/{hidden.group.pk}/firms/?q={typed}").content.decode()


def test_an_open_firm_shows_its_name(territory: Territory) -> None:
    assert public_firm(territory.firms[0]).name == "Propreté Chartreuse"


def test_hiding_names_leaves_open_firms_alone(territory: Territory) -> None:
    firm = make_firm("Atelier Visible")
    assert hide_names("Atelier Visible peut aider.", [firm]) == "Atelier Visible peut aider."
