"""Départements a firm declares: who may say so, how long it holds, and what follows for the lots around it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from matchmaker.declare import DeclarationError, declare_area
from matchmaker.describe import describer
from matchmaker.live import open_lots_for, rank_live
from matchmaker.models import Firm
from matchmaker.rematch import rematch
from matchmaker.why import explain, why_not
from tests.factories import AS_OF, make_commune, make_departement, make_firm, make_lot, make_run
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference", "places")]


def put(client: Client, firm: Firm, *departements: str) -> Any:
    body = json.dumps({"departements": departements})
    return client.put(f"/api/firms/{firm.siret}/area", body, content_type="application/json")


def regie(**more: Any) -> Firm:
    return make_firm("Régie de quartier", declared_trades=["T01"], headcount_band="12", **more)


def test_staff_may_declare_and_withdraw_the_departements_of_a_firm(client: Client) -> None:
    firm = regie()
    assert put(client, firm, "38").status_code == 401
    client.force_login(get_user_model().objects.create_user("equipe", is_staff=True))
    assert put(client, firm, "38", "2A", "38", "26").json() == {"departements": ["2A", "26", "38"]}
    assert put(client, firm, "38", "99").status_code == 422
    assert put(client, firm).json() == {"departements": []}


def test_others_than_staff_may_not(client: Client) -> None:
    client.force_login(get_user_model().objects.create_user("visiteur"))
    assert put(client, regie(), "38").status_code == 403


def test_a_departement_that_is_none_is_named_in_the_refusal() -> None:
    user = get_user_model().objects.create_user("equipe", is_staff=True)
    with pytest.raises(DeclarationError, match="Départements inconnus : 20, 99"):
        declare_area(regie(), ["99", "38", "20"], user)


def test_deducing_a_firm_anew_keeps_what_it_declared() -> None:
    firm = regie(declared_departements=["26", "38"])
    assert describer(timezone.localdate()).again(firm).declared_departements == ["26", "38"]


def test_a_lot_of_another_departement_next_door_is_no_longer_proposed_and_a_far_one_of_its_own_is() -> None:
    firm = regie()
    door = make_lot("Écoles", departement=make_departement("73", "Savoie"))
    vienne = make_lot("Collège", commune=make_commune("38540"))
    make_run(AS_OF)
    user = get_user_model().objects.create_user("equipe", is_staff=True)
    rematch()
    assert [lot for lot, _ in open_lots_for(firm)] == [door]
    firm = declare_area(firm, ["38"], user)
    rematch()
    assert [lot for lot, _ in open_lots_for(firm)] == [vienne]
    assert not door.matches.exists()
    (kept,), (asked,) = vienne.matches.all(), rank_live(vienne).top
    assert (kept.firm_id, kept.score, kept.distance_part) == (firm.pk, asked.score, asked.parts.distance)
    assert 0 < kept.distance_part < 0.25


def test_why_it_is_there_and_what_would_bring_it_elsewhere() -> None:
    firm = regie(declared_departements=["38"])
    vienne = make_lot("Collège", commune=make_commune("38540"))
    savoie = make_lot("Écoles", departement=make_departement("73", "Savoie"))
    (said,) = [told.text for told in explain(vienne, firm).parts if told.part == "distance"]
    assert said.endswith("km par la route, dans un département où elle déclare intervenir (38)")
    assert explain(savoie, firm).obstacles == (
        "Elle a déclaré n'intervenir que dans le département 38 ; ce lot est dans le 73.",
    )
    assert why_not(savoie, firm).sentence == (
        "En ajoutant le 73 aux départements où elle déclare intervenir, elle entrerait au rang 1."
    )


def test_its_page_tells_them_instead_of_a_radius_and_draws_no_circle(client: Client) -> None:
    make_departement()
    firm = regie(declared_departements=["38"])
    text = text_of(client, f"/firms/{firm.siret}/")
    assert "Où elle intervient Isère (38) déclaré" in text
    assert "Rayon d'action" not in text
    (own,) = client.get(f"/firms/{firm.siret}/map.json").json()["features"]
    assert not own["properties"].get("circle_km")
