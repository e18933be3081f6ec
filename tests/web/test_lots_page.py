"""The list of lots: the answer first, filters in the address with their counts, rows in words."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import timedelta

import pytest
from django.test import Client

from matchmaker.queries import UNDATED_OPEN_DAYS, current_as_of, open_lots, start_of
from tests.factories import AS_OF, Territory, make_firm, make_lot, make_match, make_outcome, make_run, make_tender
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


def titles(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/lots/{query}").content.decode()
    return [html.unescape(title) for title in re.findall(r"<h3><a href=\"/lots/\d+/\">(.*?)</a>", page)]


def counts(client: Client, name: str, query: str = "") -> dict[str, int]:
    """Value to count of one facet, as drawn."""
    page = client.get(f"/lots/{query}").content.decode()
    found = re.findall(rf'name="{name}" value="([^"]*)".*?<span class="count">(\d+)</span>', page)
    return {value: int(number) for value, number in found}


def test_the_home_page_is_the_list(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/lots/"


def test_the_first_sentence_answers_with_numbers(client: Client, territory: Territory) -> None:
    text = text_of(client, "/lots/")
    assert "4 lots ouverts: 1 a une entreprise capable seule, 1 un groupement possible" in text
    assert "1 attend une pièce manquante, 1 reste à étudier" in text
    assert re.search(r"(Situation|Rejeu) au 23 novembre 2026", text)  # a replay once that day is past


def test_a_row_says_what_who_where_how_much_and_when(client: Client, territory: Territory) -> None:
    text = text_of(client, "/lots/?state=group")
    assert "Nettoyage des écoles et des gymnases Ville de Grenoble · Grenoble (38)" in text
    assert "Régie de quartier Villeneuve (EI), Belledonne Entretien et Les Mains Vertes de l'Isère (ACI)" in text
    assert "ensemble, mandataire Régie de quartier Villeneuve" in text
    assert "dans 12 jours samedi 5 décembre, 12 h" in text
    assert "240 000 €" in text


def test_a_firm_able_alone_is_named(client: Client, territory: Territory) -> None:
    assert "Propreté Chartreuse (Grenoble) peut répondre seule" in text_of(client, "/lots/?state=alone")


def test_a_lot_without_amount_or_date_says_so(client: Client, territory: Territory) -> None:
    text = text_of(client, "/lots/")
    assert "montant non publié" in text
    assert "date limite non publiée" in text


def test_states_are_told_by_a_word_not_by_colour_alone(client: Client, territory: Territory) -> None:
    page = client.get("/lots/").content.decode()
    assert re.findall(r'class="mark-word">(.*?)<', page) == ["Seul", "À plusieurs", "Pas encore", "À étudier"]


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("?state=none", ["Peinture des façades du groupe scolaire Jean-Jaurès"]),
        ("?state=none&state=unknown", 2),
        ("?trade=T07", ["Peinture des façades du groupe scolaire Jean-Jaurès"]),
        ("?dep=38", 4),
        ("?dep=69", 0),
        ("?reserved=siae", ["Peinture des façades du groupe scolaire Jean-Jaurès"]),
        ("?amount=unknown", ["Peinture des façades du groupe scolaire Jean-Jaurès"]),
        ("?deadline=21", 3),
        ("?deadline=none", ["Gardiennage du parc Paul-Mistral"]),
        ("?q=gymnase", ["Nettoyage des écoles et des gymnases"]),
        ("?q=peinture+façade", ["Peinture des façades du groupe scolaire Jean-Jaurès"]),
        ("?q=ville+de+grenoble", 4),
        ("?q=90911200", 2),
        ("?deadline=nonsense&sort=nonsense&amount=%00", 4),
    ],
)
def test_filters_keep_what_they_say(client: Client, territory: Territory, query: str, kept: list[str] | int) -> None:
    found = titles(client, query)
    assert (len(found) if isinstance(kept, int) else found) == kept


def test_a_count_is_what_the_click_gives(client: Client, territory: Territory) -> None:
    for name in ("state", "trade", "dep", "deadline", "reserved", "amount"):
        for value, number in counts(client, name).items():
            if value:
                assert len(titles(client, f"?{name}={value}")) == number, (name, value)


def test_counts_follow_the_other_filters_but_not_their_own(client: Client, territory: Territory) -> None:
    assert counts(client, "trade", "?state=none") == {"T07": 1}
    assert counts(client, "state", "?state=none")["group"] == 1


def test_search_survives_what_people_type(client: Client, territory: Territory) -> None:
    for query in ("'", '"nettoyage', "a & | !", "%", "\\", "é" * 300, "\x00nettoyage"):
        assert client.get("/lots/", {"q": query}).status_code == 200


def test_sorting_by_amount_puts_the_largest_first_and_unknown_last(client: Client, territory: Territory) -> None:
    make_lot("Petit lot", amount_eur=9_000)
    make_lot("Grand lot", amount_eur=900_000)
    found = titles(client, "?sort=amount")
    assert found[0] == "Grand lot"
    assert found[-2] == "Petit lot"
    assert found[-1].startswith("Peinture")


def test_pages_keep_the_filters(client: Client, territory: Territory) -> None:
    tender = make_tender()
    for number in range(25):
        make_lot(f"Lot de série {number}", tender=tender, trades=["T04"])
    page = client.get("/lots/?trade=T04").content.decode()
    assert len(titles(client, "?trade=T04")) == 20
    assert "?trade=T04&amp;page=2" in page
    assert len(titles(client, "?trade=T04&page=2")) == 5
    assert titles(client, "?trade=T04&page=999") == titles(client, "?trade=T04&page=2")


def test_only_lots_one_can_answer_are_open(db: None) -> None:
    midnight = start_of(AS_OF)
    kept = [
        make_lot("ce matin", deadline=midnight),
        make_lot("sans date", deadline=None),
    ]
    make_lot("hier", deadline=midnight - timedelta(seconds=1))
    make_lot("attribué", tender=make_tender(kind="award"))
    old = make_tender(published_on=AS_OF - timedelta(days=UNDATED_OPEN_DAYS + 1))
    make_lot("sans date, ancien", deadline=None, tender=old)
    future = make_tender(published_on=AS_OF + timedelta(days=1))
    make_lot("sans date, pas encore publié", deadline=None, tender=future)
    assert set(open_lots(AS_OF)) == set(kept)


def test_the_date_is_that_of_the_latest_finished_run(db: None) -> None:
    make_run(AS_OF - timedelta(days=400))
    make_run(AS_OF)
    make_run(AS_OF + timedelta(days=30), state="running")
    assert current_as_of() == AS_OF


def test_an_empty_house_says_which_command_fills_it(client: Client) -> None:
    assert "./run demo" in text_of(client, "/lots/")


def test_no_lot_open_at_this_date_says_so(client: Client) -> None:
    make_lot(deadline=start_of(AS_OF - timedelta(days=900)))
    make_run()
    text = text_of(client, "/lots/")
    assert "Aucun lot n'est ouvert au 23 novembre 2026" in text
    assert "--as-of" in text


def test_no_result_offers_each_filter_to_lift(client: Client, territory: Territory) -> None:
    page = client.get("/lots/?trade=T07&amount=known").content.decode()
    assert "Aucun lot ne répond à tous ces filtres" in page
    assert 'href="?amount=known"' in page
    assert 'href="?trade=T07"' in page


def test_a_running_calculation_is_announced(client: Client, territory: Territory) -> None:
    make_run(state="running", total=214, matched=120, grouped=60)
    assert "Calcul en cours: 120 lots rapprochés et 60 étudiés sur 214" in text_of(client, "/lots/")


def test_fictitious_data_are_labelled(client: Client, territory: Territory) -> None:
    ribbon = "Territoire de démonstration: données fictives"
    assert ribbon not in text_of(client, "/lots/")
    make_lot("Lot fictif", tender=make_tender(fictitious=True))
    assert ribbon in text_of(client, "/lots/")


def test_the_csv_has_the_same_filters_and_its_provenance(client: Client, territory: Territory) -> None:
    response = client.get("/lots/export.csv?state=group")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
    assert [row["objet"] for row in rows] == ["Nettoyage des écoles et des gymnases"]
    assert rows[0]["calcule_au"] == "2026-11-23"
    assert rows[0]["source"].startswith("eforms ")


def test_a_csv_cell_is_never_a_formula(client: Client, territory: Territory) -> None:
    make_lot("=HYPERLINK(1)")
    response = client.get("/lots/export.csv?q=HYPERLINK")
    assert "'=HYPERLINK(1)" in response.content.decode()


def test_the_number_of_queries_does_not_grow_with_the_rows(
    client: Client, territory: Territory, django_assert_max_num_queries: object
) -> None:
    for number in range(30):
        lot = make_lot(f"Lot {number}", solo_count=number % 2)
        make_match(lot, make_firm(f"Entreprise {number}"), solo=bool(number % 2))
        make_outcome(lot)
    with django_assert_max_num_queries(18):  # type: ignore[operator]
        client.get("/lots/")


def test_the_page_works_without_script(client: Client, territory: Territory) -> None:
    page = client.get("/lots/").content.decode()
    assert re.search(r'<form[^>]*method="get"[^>]*action="/lots/"', page)
    assert '<button class="button" type="submit">' in page
