"""Ordinary local firms that hire: stored with a lot where they raise its hiring fit, and told in its groupings."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from consortia.build import build_lots
from consortia.live import problem_of
from consortia.models import Outcome
from consortia.rebuild import outdated, rebuild
from matchmaker.declare import DeclarationError, declare_vacancies
from matchmaker.hiring import current_vacancies
from matchmaker.match import match_lots
from matchmaker.models import Firm, Lot
from matchmaker.reference import reference
from matchmaker.rematch import rematch
from matchmaker.sync import sync
from tests.factories import make_firm, make_lot, make_run
from tests.services.hiring_files import crosswalk, seekers, survey

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]


@pytest.fixture
def bassin(tmp_path: Path) -> None:
    """Grenoble: 300 jobseekers of the trade, two lasting jobs to fill."""
    sync("bassins", [crosswalk(tmp_path), crosswalk(tmp_path, year=2019)])
    sync("bmo", [survey(tmp_path, "T4X60,Agents d'entretien de locaux,38,8421,GRENOBLE,3,1,1")])
    sync("demandeurs", [seekers(tmp_path)])


def hirer(name: str, vacancies: int | None, **more: Any) -> Firm:
    today = timezone.localdate()
    return make_firm(name, declared_vacancies=vacancies, vacancies_on=today, references=2, **more)


def built() -> Outcome:
    """240 000 EUR a year of cleaning: 1 200 h of insertion recommended, near four SIAE."""
    for n in range(4):
        make_firm(f"Tremplin {n}", inclusive_kind="EI", ess="yes", capacity_eur=90_000, references=2)
    lot = make_lot(amount_eur=480_000)
    match_lots([lot.pk])
    build_lots([lot.pk])
    return Outcome.objects.get(lot=lot)


def test_the_firm_whose_vacancies_raise_the_fit_most_comes_first(bassin: None) -> None:
    """P_y = 1 200 / 439 = 2.73: 5.5 ways out wanted, two known: HFI 37. Two vacancies more: 73."""
    one, two = hirer("Une place", 1), hirer("Deux places", 2, commune_code="38421")
    hirer("Aucune", 0)
    outcome = built()
    assert [row["siret"] for row in outcome.partners] == [two.siret, one.siret]
    first = outcome.partners[0]
    assert first["vacancies"] == 2
    assert first["hfi"] == [36.6, 73.2]
    assert first["h_rec"] == [878.0, 1756.0]  # 439 h x two years x one place, then two
    assert first["km"] > 0


def test_who_is_ess_or_inclusive_is_no_ordinary_partner(bassin: None) -> None:
    hirer("Coopérative", 3, ess="yes")
    hirer("Chantier", 3, inclusive_kind="ACI")
    assert built().partners == []


def test_nothing_known_of_the_bassin_is_no_partner() -> None:
    hirer("Deux places", 2)
    assert built().partners == []


def test_a_declaration_grows_old(bassin: None) -> None:
    day = timezone.localdate()
    firm = hirer("Deux places", 2)
    assert current_vacancies(firm, reference(), day + timedelta(days=183)) == 2
    assert current_vacancies(firm, reference(), day + timedelta(days=184)) == 0


def test_vacancies_lessen_what_speaks_against_an_ordinary_firm() -> None:
    """5.5 ways out are wanted: three jobs are more than half of them."""
    firms = {firm.pk: firm for firm in (hirer("Trois", 3), hirer("Dix", 10), hirer("Aucune", None))}
    lot = built().lot
    marks = {firms[one.id].name: one.marks.hiring for one in problem_of(lot).problem.candidates if one.id in firms}
    assert marks == {"Trois": 451, "Dix": 0, "Aucune": 1000}


def test_a_member_that_hires_is_said_to() -> None:
    for n in range(4):
        hirer(f"Propreté {n}", 2, capacity_eur=70_000)
    lot = make_lot()
    match_lots([lot.pk])
    build_lots([lot.pk])
    reasons = lot.proposals.get(rank=1).reasons
    assert any("déclare 2 postes à pourvoir" in reason for reason in reasons)


def put(client: Client, firm: Firm, **said: object) -> Any:
    body = {"on": str(timezone.localdate())} | said
    return client.put(f"/api/firms/{firm.siret}/vacancies", json.dumps(body), content_type="application/json")


def test_staff_may_declare_and_withdraw_vacancies(client: Client) -> None:
    firm = make_firm()
    assert put(client, firm, vacancies=3).status_code == 401
    client.force_login(get_user_model().objects.create_user("equipe", is_staff=True))
    assert put(client, firm, vacancies=3).json()["counted"] == 3
    assert put(client, firm, vacancies=3, on="2020-01-01").json()["counted"] == 0
    assert put(client, firm, vacancies=-1).status_code == 422
    assert put(client, firm, vacancies=None).json() == {"vacancies": None, "on": None, "counted": 0}


def test_vacancies_of_tomorrow_are_refused() -> None:
    user = get_user_model().objects.create_user("equipe", is_staff=True)
    with pytest.raises(DeclarationError, match="datée de demain"):
        declare_vacancies(make_firm(), 2, timezone.localdate() + timedelta(days=1), user)


def test_groupings_follow_declared_vacancies(bassin: None) -> None:
    """Nothing the ranking reads changes; the groupings of the lots near the firm are sought again all the same."""
    firm = make_firm("Voisine", references=2, declared_trades=["T01"], headcount_band="12")
    lot = built().lot
    make_run()
    rematch()
    while rebuild(60):
        pass
    assert not outdated().exists()
    declare_vacancies(firm, 2, timezone.localdate(), get_user_model().objects.create_user("equipe", is_staff=True))
    rematch()
    assert list(outdated()) == [Lot.objects.get(pk=lot.pk)]
    rebuild(60)
    assert [row["siret"] for row in Outcome.objects.get(lot=lot).partners] == [firm.siret]
