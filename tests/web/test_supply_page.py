"""The supply map for people and for their browser: the answer, the table, its CSV, tiles and their headers."""

from __future__ import annotations

import csv
import gzip
import io
import re

import pytest
from django.test import Client

from geo.domain.mercator import cell_of
from matchmaker.models import Firm, Lot
from matchmaker.supply_cells import refresh_supply
from tests.factories import COMMUNES, make_commune, make_departement, make_firm, make_lot, make_run, make_tender, point
from tests.mvt import layers
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]

TILE = "/supply/tiles/5/16/11.mvt"  # all of Isère


@pytest.fixture
def supply() -> list[Firm]:
    """Isère: six cleaners of which two social, one partially diffused; one painter in Rhône; lots that ask them."""
    for code in COMMUNES:
        make_commune(code)
    rhone = make_departement("69", "Rhône", point=point(lon=4.75, lat=45.9))
    lyon = make_commune("69123", name="Lyon", departement=rhone, point=point(lon=4.8357, lat=45.764))
    firms = [
        make_firm("Propreté Chartreuse", capacity_eur=100_000),
        make_firm("Régie Villeneuve", inclusive_kind="EI", ess="yes", capacity_eur=60_000),
        make_firm("ESAT Sainte-Agnès", inclusive_kind="ESAT", commune_code="38382", capacity_eur=40_000),
        make_firm("Cristal", commune_code="38563", capacity_eur=50_000),
        make_firm("Belledonne", commune_code="38421", capacity_eur=30_000),
        make_firm("Fernande Secrète", commune_code="38421", diffusion="P", capacity_eur=20_000),
        make_firm("Peinture du Rhône", commune=lyon, trades=["T07"], capacity_eur=80_000),
    ]
    make_lot("Nettoyage des écoles", amount_eur=600_000, duration_months=24)  # 300 000 a year
    make_lot("Nettoyage du musée", amount_eur=None)
    make_lot("Peinture du refuge", trades=["T07"], match_state=Lot.MatchState.NO_FIRM, amount_eur=40_000)
    make_run()
    refresh_supply()
    return firms


def rows_of(client: Client, address: str) -> dict[str, dict[str, str]]:
    text = client.get(address).content.decode("utf-8-sig")
    return {row["departement"]: row for row in csv.DictReader(io.StringIO(text), delimiter=";")}


# ---------------------------------------------------------------- the page


def test_the_answer_comes_first_with_its_figures(client: Client, supply: list[Firm]) -> None:
    text = text_of(client, "/supply/?trade=T01")
    assert "Nettoyage de locaux : 6 entreprises, dont 2 de l'ESS ou inclusives".replace(" :", ":") in text
    assert "environ 300 k€ de plus par an (estimation, entre 180 k€ et 510 k€)" in text
    assert "2 lots ouverts les demandent" in text


def test_the_choices_carry_their_counts(client: Client, supply: list[Firm]) -> None:
    text = text_of(client, "/supply/")
    assert "tous les métiers (7)" in text
    assert "Nettoyage de locaux (6)" in text
    assert "Nettoyage de locaux (1)" in text_of(client, "/supply/?who=siae")


def test_the_table_says_what_the_map_draws(client: Client, supply: list[Firm]) -> None:
    """Demand 300 000 a year for a middle capacity of 300 000: 100 %; the lot without amount is told apart."""
    text = text_of(client, "/supply/?trade=T01")
    assert re.search(r"38 Isère 6 2 300 k€ 180 k€ – 510 k€ 2 1 sans montant 300 k€ 100 %", text)
    assert "Rhône" not in text
    assert re.search(r"69 Rhône 1 0 80 k€", text_of(client, "/supply/?trade=T07"))


def test_the_table_is_sorted_by_its_links(client: Client, supply: list[Firm]) -> None:
    def order(query: str) -> list[str]:
        text = text_of(client, f"/supply/?{query}")
        return re.findall(r"(?:38 Isère|69 Rhône)", text)

    assert order("sort=firms") == ["38 Isère", "69 Rhône"]
    assert order("sort=name") == ["38 Isère", "69 Rhône"]
    assert order("trade=T07&sort=capacity") == ["69 Rhône", "38 Isère"]
    assert order("trade=T07&sort=demand") == ["38 Isère", "69 Rhône"]
    assert order("trade=T07&sort=ratio") == ["38 Isère", "69 Rhône"]  # demand without any supply is the greatest
    assert order("sort=<script>") == ["38 Isère", "69 Rhône"]


def test_csv_holds_the_same_figures(client: Client, supply: list[Firm]) -> None:
    rows = rows_of(client, "/supply/export.csv?trade=T01")
    assert set(rows) == {"38"}
    row = rows["38"]
    assert (row["entreprises"], row["ess_ou_inclusives"], row["siae"], row["ea_esat"]) == ("6", "2", "1", "1")
    assert row["capacite_libre_moyenne_eur_estimation"] == "300000"
    assert (row["lots_ouverts"], row["lots_sans_montant"], row["demande_eur_par_an_estimation"]) == ("2", "1", "300000")
    assert row["demande_sur_capacite_estimation"] == "1.00"
    everything = rows_of(client, "/supply/export.csv")
    assert sum(int(row["entreprises"]) for row in everything.values()) == 7


def test_lots_that_no_firm_reaches_are_listed_and_drawn(client: Client, supply: list[Firm]) -> None:
    text = text_of(client, "/supply/?trade=T07")
    assert "1 lot ouvert qu'aucune entreprise n'atteint" in text
    assert "Peinture du refuge" in text
    (feature,) = client.get("/supply/gaps.json?trade=T07").json()["features"]
    assert feature["properties"]["name"] == "Peinture du refuge"
    assert client.get("/supply/gaps.json?trade=T01").json()["features"] == []


def test_a_commune_is_found_or_the_page_says_how_to_find_it(client: Client, supply: list[Firm]) -> None:
    assert "Centrée sur Voiron (38)." in text_of(client, "/supply/?place=voiron")
    assert 'data-lon="5.593000"' in client.get("/supply/?place=38563").content.decode()
    text = text_of(client, "/supply/?place=Xyzzyqwk")
    assert "Aucune commune ne s'appelle « Xyzzyqwk »" in text


def test_nothing_absurd_in_the_address_breaks_the_page(client: Client, supply: list[Firm]) -> None:
    for query in ("trade=T99&who=x&size=-1&sort=%00&demo=9", "trade=%00", "place=%F0%9F%98%80", "trade=&trade=T01"):
        assert client.get(f"/supply/?{query}").status_code == 200


def test_without_any_firm_the_page_says_what_to_do(client: Client) -> None:
    text = text_of(client, "/supply/")
    assert "Aucune entreprise n'est encore sur la carte" in text
    assert "./run manage sync sirene" in text


def test_fictitious_firms_are_shown_only_alone_or_when_asked(client: Client, supply: list[Firm]) -> None:
    make_firm("Fictive", fictitious=True)
    make_lot("Fictif", tender=make_tender(fictitious=True))
    refresh_supply()
    assert "tous les métiers (7)" in text_of(client, "/supply/")
    text = text_of(client, "/supply/?demo=1")
    assert "tous les métiers (1)" in text
    assert "Territoire de démonstration" in text


def test_the_page_is_in_english_too(client: Client, supply: list[Firm]) -> None:
    client.cookies["django_language"] = "en"
    assert "6 firms, of which 2 social" in text_of(client, "/supply/?trade=T01")


def test_the_lot_page_leads_to_the_supply_around_it(client: Client, supply: list[Firm]) -> None:
    lot = Lot.objects.get(title="Nettoyage des écoles")
    page = client.get(f"/lots/{lot.pk}/").content.decode()
    assert '/supply/?trade=T01#map=10/45.188500/5.724500"' in page


# ---------------------------------------------------------------- tiles


def test_a_tile_is_compressed_and_kept_until_the_supply_changes(client: Client, supply: list[Firm]) -> None:
    answer = client.get(f"{TILE}?trade=T01", headers={"accept-encoding": "gzip"})
    assert answer["Content-Type"] == "application/vnd.mapbox-vector-tile"
    assert answer["Cache-Control"] == "public, max-age=300"
    assert "Accept-Encoding" in answer["Vary"]
    assert "Cookie" not in answer["Vary"]
    body = gzip.decompress(answer.content) if answer.has_header("Content-Encoding") else answer.content
    assert sum(mark.properties["n"] for mark in layers(body)["supply"]) == 6
    again = client.get(f"{TILE}?trade=T01", headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Cache-Control"] == "public, max-age=300"
    supply[0].delete()
    refresh_supply()
    assert client.get(f"{TILE}?trade=T01", headers={"if-none-match": answer["ETag"]}).status_code == 200


def test_a_near_tile_follows_its_firms_at_once(client: Client, supply: list[Firm]) -> None:
    """Someone who leaves the public register is unnamed in the next tile asked, counts refreshed or not."""
    address = f"/supply/tiles/{square('38185', 14)}.mvt"
    alone = make_firm("Visible", trades=["T38"], point=point(lon=5.7245, lat=45.1885))
    answer = client.get(f"{address}?trade=T38")
    (mark,) = layers(answer.content)["supply"]
    assert mark.properties["name"] == "Visible"
    alone.diffusion = "P"
    alone.save()
    again = client.get(f"{address}?trade=T38", headers={"if-none-match": answer["ETag"]})
    assert again.status_code == 200
    assert b"Visible" not in again.content


def test_an_empty_tile_says_so_without_a_body(client: Client, supply: list[Firm]) -> None:
    answer = client.get("/supply/tiles/8/0/0.mvt")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "max-age" in answer["Cache-Control"]


@pytest.mark.parametrize(
    "address",
    [
        "/supply/tiles/17/0/0.mvt",
        "/supply/tiles/3/8/0.mvt",
        "/supply/tiles/8/132/91.mvt?trade=T99",
        "/supply/tiles/8/132/91.mvt?trade=';drop",
        "/supply/tiles/x/0/0.mvt",
        "/supply/mark/99/0/0/",
        "/supply/mark/8/0/0/",
        "/ground/tiles/13/0/0.mvt",
        "/ground/tiles/2/4/0.mvt",
    ],
)
def test_what_does_not_exist_is_not_found(client: Client, supply: list[Firm], address: str) -> None:
    assert client.get(address).status_code == 404


def test_the_ground_is_kept_for_a_day(client: Client, supply: list[Firm]) -> None:
    answer = client.get("/ground/tiles/10/528/366.mvt")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "public, max-age=86400"
    assert client.get("/ground/tiles/10/528/366.mvt", headers={"if-none-match": answer["ETag"]}).status_code == 304


# ---------------------------------------------------------------- the card of a mark


def square(code: str, zoom: int) -> str:
    """The address of the square a commune of the factories lies in."""
    _name, lon, lat, _population = COMMUNES[code]
    cell = cell_of(lon, lat, zoom)
    return f"{cell.zoom}/{cell.x}/{cell.y}"


def card(client: Client, query: str = "?trade=T01", code: str = "38185", zoom: int = 14) -> str:
    return text_of(client, f"/supply/mark/{square(code, zoom)}/{query}")


def test_a_card_tells_figures_and_firms_the_largest_first(client: Client, supply: list[Firm]) -> None:
    text = card(client)
    assert "2 entreprises autour de Grenoble" in text
    assert text.index("Propreté Chartreuse") < text.index("Régie Villeneuve")
    assert "environ 160 k€ par an (estimation)" in text


def test_a_card_of_a_family_lists_that_family_only(client: Client, supply: list[Firm]) -> None:
    text = card(client, "?trade=T01&who=siae")
    assert "Régie Villeneuve" in text
    assert "Propreté Chartreuse" not in text


def test_a_card_never_names_a_partially_diffused_firm(client: Client, supply: list[Firm]) -> None:
    for zoom in (13, 15, 18):
        answer = client.get(f"/supply/mark/{square('38421', zoom)}/").content.decode()
        assert "1 entreprise à diffusion partielle, comptée à sa commune." in answer
        assert "Fernande" not in answer
        assert supply[5].siret not in answer
        assert "Belledonne" in answer


def test_a_wide_square_shows_figures_and_asks_to_come_nearer(client: Client, supply: list[Firm]) -> None:
    text = card(client, "", zoom=5)
    assert "7 entreprises" in text
    assert "Rapprochez la carte pour voir les entreprises." in text
    assert "Propreté Chartreuse" not in text
