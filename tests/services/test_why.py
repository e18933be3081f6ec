"""A lot and a firm of the database: why that score, why not among the first, on the page's terms and the API's."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.gis.geos import Point as GeosPoint
from django.test import Client

from matchmaker.live import rank_live
from matchmaker.match import match_lots
from matchmaker.models import Firm, Lot
from matchmaker.queries import MASKED_NAME
from matchmaker.why import explain, why_not
from tests.factories import make_firm, make_lot, make_tender

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]


def crowd(count: int = 30) -> list[Firm]:
    """Cleaners of one town, each with more room than the one before."""
    return [make_firm(f"Propreté {n}", capacity_eur=2_000 * n) for n in range(count)]


def test_the_explanation_is_that_of_the_rank_and_score_stored() -> None:
    crowd(8)
    lot = make_lot()
    match_lots([lot.pk])
    for match in lot.matches.select_related("firm"):
        told = explain(lot, match.firm)
        assert (told.rank, told.score, told.supply) == (match.rank, match.score, 8)
        assert sum(part.points for part in told.parts) == pytest.approx(match.score, abs=1e-9)
        assert len(told.sentences) == 6
        assert "nommé par le code CPV 90911200" in told.sentences[0]
        assert "métier déduit du code NAF (confiance 80 %)" in told.sentences[0]


def test_the_rank_of_a_firm_far_down_is_that_of_the_whole_ranking() -> None:
    firms, lot = crowd(90), make_lot()
    everyone = [found.id for found in rank_live(lot, k=1_000).top]
    assert len(everyone) == 90
    for firm in (firms[0], firms[3], firms[89]):
        assert explain(lot, firm).rank == why_not(lot, firm).rank == everyone.index(firm.pk) + 1


def test_the_change_told_brings_the_firm_among_the_first_and_a_euro_less_does_not() -> None:
    firms, lot = crowd(), make_lot()
    told = why_not(lot, firms[0])
    assert (told.rank, told.inside) == (30, False)
    room = next(way.changes[0] for way in (told.best, *told.others) if way and way.changes[0].kind == "capacity")

    def rank_with(eur: int) -> int | None:
        fields = ("capacity_low_eur", "capacity_mid_eur", "capacity_high_eur")
        row = Firm.objects.get(pk=firms[0].pk)
        for field in fields:
            setattr(row, field, getattr(firms[0], field) + eur)
        row.save()
        return explain(lot, row).rank

    assert (rank_with(room.amount) or 99) <= 20 < (rank_with(room.amount - 1) or 99)


def test_the_words_in_common_are_told_as_the_notice_spells_them() -> None:
    """Three painters among sixty firms: a word that tells them apart."""
    crowd(57)
    painters = [make_firm(f"Dupont Peintures {n}", trades=["T07"]) for n in range(3)]
    lot = make_lot("Mise en PEINTURE du gymnase", cpvs=["45442100"], description="Nettoyage compris.")
    told = explain(lot, painters[0])
    assert told.parts[1].text.startswith("peinture (ressemblance ")
    assert told.parts[1].points > 0
    match_lots([lot.pk])
    assert lot.matches.get(firm=painters[0]).score == told.score


def test_a_firm_among_the_first_needs_no_change() -> None:
    firms, lot = crowd(5), make_lot()
    told = why_not(lot, firms[4])
    assert told.inside
    assert told.best is None


@pytest.mark.parametrize(
    ("firm", "lot", "expected"),
    [
        ({"active": False}, {}, "Elle est fermée."),
        ({"trades": []}, {}, "Aucun métier n'est connu d'elle : qu'elle les déclare."),
        ({"point": None}, {}, "Son adresse n'a pas pu être située."),
        ({"fictitious": True}, {}, "Une entreprise fictive ne rencontre que des lots fictifs"),
        ({}, {"point": None}, "Le lieu de ce lot est inconnu"),
        ({}, {"cpvs": [], "title": "Prestations", "description": ""}, "Aucun métier n'a été reconnu dans ce lot."),
        ({"trades": ["T04"]}, {}, "Elle ne fait aucun des métiers demandés : Nettoyage de locaux"),
        ({"point": GeosPoint(2.35, 48.85, srid=4326)}, {}, "Elle est trop loin"),
        ({}, {"reservation": "siae"}, "Ce lot est réservé aux structures d'insertion"),
    ],
)
def test_a_firm_that_is_no_match_is_told_why(firm: dict[str, Any], lot: dict[str, Any], expected: str) -> None:
    told = explain(make_lot(**lot), make_firm(**firm))
    assert (told.rank, told.score, told.parts) == (None, None, ())
    assert told.obstacles[0].startswith(expected)
    refused = why_not(Lot.objects.get(), Firm.objects.get())
    assert refused.obstacles == told.obstacles
    assert refused.sentence


# ---------------------------------------------------------------- the API


def test_anyone_may_ask_why_and_why_not(client: Client) -> None:
    firms, lot = crowd(25), make_lot()
    told = client.get(f"/api/lots/{lot.pk}/explain/{firms[0].siret}").json()
    assert told["rank"] == 25
    assert [part["part"] for part in told["parts"]] == ["trade", "text", "distance", "capacity", "evidence", "ess"]
    assert sum(part["points"] for part in told["parts"]) == pytest.approx(told["score"])
    asked = client.get(f"/api/lots/{lot.pk}/why-not/{firms[0].siret}").json()
    assert (asked["rank"], asked["top"], asked["inside"]) == (25, 20, False)
    assert asked["best"]["rank"] <= 20
    assert asked["best"]["sentence"] == asked["sentence"]


def test_what_does_not_exist_is_not_found(client: Client) -> None:
    lot, firm = make_lot(), make_firm()
    for path in (f"/api/lots/0/explain/{firm.siret}", f"/api/lots/{lot.pk}/why-not/00000000000000"):
        assert client.get(path).status_code == 404


def test_a_partially_diffused_firm_is_explained_without_its_name_words_or_address(client: Client) -> None:
    crowd(3)
    lot = make_lot("Nettoyage Secrète")
    hidden = make_firm("Fernande Secrète", diffusion="P", address="99 impasse Cachée", trade_name="Chez Fernande")
    for door in ("explain", "why-not"):
        response = client.get(f"/api/lots/{lot.pk}/{door}/{hidden.siret}")
        assert response.status_code == 200
        text = response.content.decode()
        assert "Secrète" not in text and "Fernande" not in text and "Cachée" not in text
    told = explain(lot, hidden)
    assert told.firm.name == MASKED_NAME
    assert told.parts[1].points == 0


def test_a_fictitious_firm_is_ranked_among_fictitious_firms() -> None:
    crowd(3)
    lot = make_lot(tender=make_tender(fictitious=True))
    firm = make_firm(fictitious=True)
    assert explain(lot, firm).supply == 1
