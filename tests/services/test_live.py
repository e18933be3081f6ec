"""Answers on the spot: those of a run, for a lot as for a firm."""

from __future__ import annotations

import pytest
from django.test import Client

from matchmaker.api_ranking import RankingOut
from matchmaker.live import as_matches, open_lots_for, rank_live
from matchmaker.match import match_lots
from matchmaker.models import Firm, Lot, Match
from tests.factories import make_firm, make_lot, make_tender

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

TOWNS = ("38185", "38421", "38151", "38169", "38229")


@pytest.fixture
def firms() -> list[Firm]:
    return [
        make_firm(
            f"Propreté {n}",
            commune_code=TOWNS[n % 5],
            capacity_eur=25_000 * n,
            ess="yes" if n % 3 == 0 else "no",
            inclusive_kind="EI" if n % 4 == 0 else "",
        )
        for n in range(8)
    ]


@pytest.fixture
def lot(firms: list[Firm]) -> Lot:
    return make_lot()


COLUMNS = [field.name for field in Match._meta.concrete_fields if field.name != "id"]


def test_an_answer_on_the_spot_is_what_a_run_stores(lot: Lot) -> None:
    match_lots([lot.pk])
    stored = [[getattr(match, name) for name in COLUMNS] for match in lot.matches.order_by("rank")]
    live = [[getattr(match, name) for name in COLUMNS] for match in as_matches(lot, rank_live(lot))]
    assert len(live) == 8
    assert live == stored


def test_filters_narrow_the_firms_and_change_no_score(lot: Lot, firms: list[Firm]) -> None:
    scores = {found.id: found.score for found in rank_live(lot).top}
    chosen = {
        "kinds": (rank_live(lot, kinds=frozenset({"EI"})), [f for f in firms if f.inclusive_kind == "EI"]),
        "ess": (rank_live(lot, ess_only=True), [f for f in firms if f.ess == "yes"]),
        "solo": (rank_live(lot, solo_only=True), [f for f in firms if f.capacity_mid_eur >= 120_000]),
    }
    for answer, wanted in chosen.values():
        assert {found.id: found.score for found in answer.top} == {firm.pk: scores[firm.pk] for firm in wanted}
        assert answer.supply == len(wanted)


def test_a_lot_without_known_trade_or_place_has_no_ranking(firms: list[Firm]) -> None:
    assert rank_live(make_lot(cpvs=["16000000"])).top == ()
    assert rank_live(make_lot(point=None)).top == ()


def test_a_firm_sees_the_open_lots_it_could_answer_best_first(firms: list[Firm]) -> None:
    tender = make_tender()
    lots = [make_lot(f"Lot {n}", tender=tender, amount_eur=100_000 * (n + 1)) for n in range(4)]
    make_lot("Fictif", tender=make_tender(fictitious=True))
    make_lot("Peinture", cpvs=["45442100"])
    make_lot("Clos", deadline=None, awarded_on="2026-11-01")
    found = open_lots_for(firms[3])
    assert {lot.pk for lot, _ in found} == {lot.pk for lot in lots}
    assert [one.score for _, one in found] == sorted((one.score for _, one in found), reverse=True)
    match_lots([lot.pk for lot in lots])
    assert {lot.pk: one.score for lot, one in found} == dict(
        Match.objects.filter(firm=firms[3]).values_list("lot_id", "score")
    )


def test_a_new_lot_is_seen_at_once(firms: list[Firm]) -> None:
    assert open_lots_for(firms[3]) == []
    lot = make_lot()
    assert [one.pk for one, _ in open_lots_for(firms[3])] == [lot.pk]


def test_a_closed_firm_sees_no_lot(lot: Lot) -> None:
    assert open_lots_for(make_firm("Fermée", active=False)) == []


def test_a_firm_that_closed_since_the_supply_was_read_is_no_longer_shown(client: Client, lot: Lot) -> None:
    """Before the snapshot is brought up to date: neither to programs, nor on the page with a filter."""
    best = rank_live(lot).top[0].id
    Firm.objects.filter(pk=best).update(active=False)
    assert rank_live(lot).top[0].id == best  # the snapshot still holds it
    siret = Firm.objects.get(pk=best).siret
    assert siret not in client.get(f"/api/lots/{lot.pk}/ranking").content.decode()
    assert siret not in client.get(f"/lots/{lot.pk}/ranking.csv?within=120").content.decode()
    assert len(client.get(f"/api/lots/{lot.pk}/ranking").json()["results"]) == 7


def test_programs_get_the_ranking_with_filters(client: Client, lot: Lot) -> None:
    answer = client.get(f"/api/lots/{lot.pk}/ranking").json()
    assert (answer["lot"], answer["supply"], len(answer["results"])) == (lot.pk, 8, 8)
    assert [row["rank"] for row in answer["results"]] == list(range(1, 9))
    RankingOut.model_validate(answer)
    fewer = client.get(f"/api/lots/{lot.pk}/ranking?kind=EI&ess=true&limit=1").json()
    assert (fewer["supply"], [row["firm"]["kind"] for row in fewer["results"]]) == (1, ["EI"])
    assert client.get(f"/api/lots/{lot.pk}/ranking?kind=SARL").status_code == 422
    assert client.get(f"/api/lots/{lot.pk}/ranking?within_km=0").status_code == 422
    assert client.get("/api/lots/999999/ranking").status_code == 404


def test_a_partially_diffused_firm_is_ranked_but_not_named(client: Client, lot: Lot) -> None:
    make_firm("Fernande Secrète", diffusion="P", address="99 impasse Cachée")
    answer = client.get(f"/api/lots/{lot.pk}/ranking")
    assert sum(row["firm"]["masked"] for row in answer.json()["results"]) == 1
    assert "Secrète" not in answer.content.decode()
    assert "impasse" not in answer.content.decode()
