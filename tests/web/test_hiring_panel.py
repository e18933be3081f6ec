"""The panel of hiring needs on a lot's page, and the same for programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from matchmaker.sync import sync
from tests.factories import COMMUNES, make_commune, make_lot, make_run
from tests.services.hiring_files import crosswalk, seekers, survey
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


@pytest.fixture
def lot(db: None) -> int:
    for code in COMMUNES:
        make_commune(code)
    make_run()
    return make_lot(trades=["T01"]).pk


@pytest.fixture
def loaded(lot: int, tmp_path: Path) -> None:
    sync("bassins", [crosswalk(tmp_path), crosswalk(tmp_path, year=2019)])
    sync("bmo", [survey(tmp_path)])
    sync("demandeurs", [seekers(tmp_path)])


def test_the_panel_answers_with_its_bassin_year_and_bounds(client: Client, lot: int, loaded: None) -> None:
    text = text_of(client, f"/lots/{lot}/")
    assert "Bassin d'emploi Grenoble (celui de Grenoble), enquête Besoins en main-d'œuvre 2024" in text
    assert "entre 121 et 124 (secret statistique) projets de recrutement dans les métiers de ce lot" in text
    assert "Agents d'entretien de locaux entre 121 et 124 (secret statistique)" in text
    assert "Un chiffre secret n'est pas zéro" in text
    assert "Nettoyage de locaux 300 Catégories A, B et C, 2020, bassin Grenoble dans ses limites de 2019" in text
    assert "24 personnes en insertion par an" in text


def test_a_place_known_roughly_is_said(client: Client, lot: int, loaded: None) -> None:
    far = make_lot(trades=["T01"], uncertainty_km=18)
    assert "connu à ± 18 km: un bassin voisin peut être concerné" in text_of(client, f"/lots/{far.pk}/")


def test_nothing_loaded_says_which_files_to_load(client: Client, lot: int) -> None:
    text = text_of(client, f"/lots/{lot}/")
    assert "Projets de recrutement (enquête Besoins en main-d'œuvre):./run manage sync bmo FICHIER" in text
    assert "Communes des bassins d'emploi de France Travail:./run manage sync bassins FICHIER" in text


def test_a_bassin_without_survey_says_so(client: Client, loaded: None) -> None:
    elsewhere = make_lot(trades=["T01"], commune=make_commune("38540"))
    assert "Aucune enquête chargée ne couvre le bassin de Vienne." in text_of(client, f"/lots/{elsewhere.pk}/")


def test_a_lot_without_trade_or_place_says_why_there_is_nothing(client: Client, lot: int) -> None:
    assert "Aucun métier de ce lot n'a de code ROME" in text_of(client, f"/lots/{make_lot(trades=[]).pk}/")
    assert "n'est dans aucune commune connue" in text_of(client, f"/lots/{make_lot(point=None).pk}/")


def test_cpv_codes_are_told_in_words_and_where_more_is_found(client: Client, lot: int) -> None:
    text = text_of(client, f"/lots/{lot}/")
    assert "90911200: Assainissement, déchets, propreté et environnement (libellé de 90000000)" in text
    assert "./run manage sync cpv FICHIER" in text


def test_programs_get_the_same_with_nulls_and_bounds(client: Client, lot: int, loaded: None) -> None:
    answer = client.get(f"/api/lots/{lot}/hiring").json()
    assert answer["needs"]["needs"][0]["projects"] == {"value": None, "low": 121, "high": 124}
    assert answer["openings"] == {"value": None, "low": 100, "high": 104}
    assert answer["places"] == [24, 24]
    around = client.get("/api/hiring?commune=38185&rome=K2204&rome=F1606").json()
    assert [need["fap"] for need in around["needs"]] == ["T4X60", "B2X36"]
    assert around["sources"] == ["bmo_2024.csv", "demandeurs_2020.csv"]


@pytest.mark.parametrize("address", ["/api/hiring", "/api/hiring?commune=%00", "/api/lots/424242/hiring"])
def test_an_unknown_place_or_lot_is_a_404(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404
