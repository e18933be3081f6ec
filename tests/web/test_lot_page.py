"""One lot: who can do it alone, who together and why, or the one thing missing."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client

from matchmaker.queries import start_of
from tests.factories import AS_OF, Territory, make_lot, make_run
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


def test_a_lot_one_firm_can_do_alone_says_so_first(client: Client, territory: Territory) -> None:
    text = text_of(client, f"/lots/{territory.alone.pk}/")
    assert "1 entreprise peut répondre seule, sur 12 à portée." in text
    assert "À rendre dans 12 jours (samedi 5 décembre, 12 h)" in text


def test_a_lot_for_a_grouping_names_its_size_and_mandataire(client: Client, territory: Territory) -> None:
    text = text_of(client, f"/lots/{territory.group.pk}/")
    assert "un groupement le peut: 3 entreprises, mandataire Régie de quartier Villeneuve" in text


def test_what_is_bought_is_told_in_words(client: Client, territory: Territory) -> None:
    text = text_of(client, f"/lots/{territory.missing.pk}/")
    assert "Peinture CPV 45442100" in text
    assert "± 18 km" in text
    assert "Réservé aux structures d'insertion (SIAE) article L2113-13 du code de la commande publique" in text
    assert "montant non publié" in text


def test_a_trade_deduced_from_the_words_of_the_notice_is_told_as_such(client: Client, territory: Territory) -> None:
    needs = [{"trade": "T01", "fit": 0.5, "share": 1.0, "options": ["T01"], "by": "words"}]
    lot = make_lot("Nettoyage", tender=territory.group.tender, cpvs=["90000000"], needs=needs)
    assert "métier déduit des mots de l'avis" in text_of(client, f"/lots/{lot.pk}/")
    assert "métier déduit des mots" not in text_of(client, f"/lots/{territory.group.pk}/")


def test_clauses_are_told_in_words(client: Client, territory: Territory) -> None:
    assert "emploi de personnes éloignées du travail" in text_of(client, f"/lots/{territory.group.pk}/")


def test_each_score_is_shown_by_its_parts(client: Client, territory: Territory) -> None:
    page = client.get(f"/lots/{territory.group.pk}/").content.decode()
    assert page.count('class="part part-trade"') == 12
    said = "Métier 34 sur 42, Mots 2 sur 6, Proximité 22 sur 24, Capacité 16 sur 16, Références 1 sur 4, ESS 0 sur 8"
    assert f'aria-label="{said}"' in page


def test_the_ranking_has_its_table(client: Client, territory: Territory) -> None:
    text = text_of(client, f"/lots/{territory.group.pk}/")
    assert ("Rang Entreprise Score Métier /42 Mots /6 Proximité /24 Capacité /16 Références /4 ESS /8 Distance") in text


def test_capacities_are_intervals_called_estimations(client: Client, territory: Territory) -> None:
    page = client.get(f"/lots/{territory.group.pk}/").content.decode().replace("\u202f", " ")
    assert 'aria-label="estimation : 62 k€ par an, entre 37 k€ et 110 k€, besoin du lot 120 k€ par an"' in page


def test_groupings_are_side_by_side_with_shares_reasons_and_proof(client: Client, territory: Territory) -> None:
    text = text_of(client, f"/lots/{territory.group.pk}/")
    assert "Les 3 groupements possibles" in text
    assert "conjoint, mandataire solidaire (chacun répond de sa part" in text
    assert "45 % 54 k€" in text
    assert "Ensemble, les membres couvrent le besoin annuel." in text
    assert "Deux membres sont voisins." in text
    assert "Si un membre se retire" in text
    assert "Aucun membre ne peut exécuter seul le lot" in text
    assert "Optimum prouvé parmi 14 entreprises." in text
    assert "optimum non prouvé dans le temps donné" in text


def test_no_grouping_is_a_result_with_its_gap_drawn(client: Client, territory: Territory) -> None:
    page = client.get(f"/lots/{territory.missing.pk}/").content.decode()
    text = text_of(client, f"/lots/{territory.missing.pk}/")
    assert "Aucun groupement possible: il manque 80 k€ par an de capacité en peinture" in text
    assert "Capacité libre: Peinture, à moins de 40 km 40 k€ par an trouvés 80 k€ par an manquent" in text
    assert "il manque 320 h par an" in text
    assert 'class="gap-found" style="flex-basis:33.33%"' in page


def test_a_lot_not_yet_studied_says_so(client: Client, territory: Territory) -> None:
    assert "À rapprocher." in text_of(client, f"/lots/{territory.unknown.pk}/")


def test_a_closed_lot_keeps_its_address(client: Client) -> None:
    make_run()
    lot = make_lot(deadline=start_of(AS_OF - timedelta(days=3)))
    assert "Réponses clos depuis 3 jours" in text_of(client, f"/lots/{lot.pk}/")


def test_locality_is_never_presented_as_a_criterion(client: Client, territory: Territory) -> None:
    text = text_of(client, f"/lots/{territory.group.pk}/")
    assert "ne peut jamais être un critère de sélection ou d'attribution" in text


def test_an_unknown_lot_is_a_404_that_says_what_to_do(client: Client) -> None:
    response = client.get("/lots/424242/")
    assert response.status_code == 404
    assert "Chercher parmi les lots ouverts" in response.content.decode()


def test_the_ranking_csv_is_dated_and_ordered(client: Client, territory: Territory) -> None:
    response = client.get(f"/lots/{territory.group.pk}/ranking.csv")
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
    assert [row["rang"] for row in rows] == [str(rank) for rank in range(1, 12)]
    assert rows[0]["nom"] == "Propreté Chartreuse"
    assert rows[0]["calcule_au"] == "2026-11-23"


def test_the_map_draws_the_lot_its_firms_and_each_grouping(client: Client, territory: Territory) -> None:
    features = client.get(f"/lots/{territory.group.pk}/map.json").json()["features"]
    roles = [feature["properties"]["role"] for feature in features]
    assert roles.count("lot") == 1
    assert roles.count("firm") == 12
    assert roles.count("link") == 3 + 2 + 4
    first = [f["properties"] for f in features if f["properties"].get("team") == 1]
    assert [link["number"] for link in first] == [1, 2, 3]
    assert first[0]["mandataire"] is True


def test_the_map_says_how_far_the_place_is_known(client: Client, territory: Territory) -> None:
    features = client.get(f"/lots/{territory.missing.pk}/map.json").json()["features"]
    assert features[0]["properties"]["circle_km"] == 18


def test_the_map_is_readable_without_tiles(client: Client, territory: Territory) -> None:
    backdrop = client.get(f"/lots/{territory.group.pk}/context.json").json()
    assert len(backdrop["outlines"]["features"]) == 9  # Vienne is too far
    names = [label["properties"]["name"] for label in backdrop["labels"]["features"]]
    assert names[0] == "Grenoble"


def test_a_lot_without_place_has_no_map_and_no_error(client: Client) -> None:
    lot = make_lot(point=None, place_label="", match_state="no_place")
    assert "lieu d'exécution inconnu" in text_of(client, f"/lots/{lot.pk}/").lower()
    assert client.get(f"/lots/{lot.pk}/map.json").json()["features"] == []
    assert client.get(f"/lots/{lot.pk}/context.json").json()["labels"]["features"] == []


def test_the_number_of_queries_is_bounded(
    client: Client, territory: Territory, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(13):  # type: ignore[operator]
        client.get(f"/lots/{territory.group.pk}/")
