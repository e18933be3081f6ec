"""Splits on the page: the answer, changes without script, versions side by side, exports, and who may do what."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from openpyxl import load_workbook

from allotment.domain.split import LotShape, objections
from allotment.models import Need, Split
from allotment.queries import need_of
from allotment.splits import keep, shapes_of
from matchmaker.models import Firm
from tests.buyers import make_need, make_organisation, make_user
from tests.factories import grenoble, make_firm
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield


@pytest.fixture
def need() -> Need:
    """Cleaning that ESS firms can do, green spaces that they cannot, in four communes around Grenoble."""
    grenoble(fictitious=True)
    for number, name in enumerate(("Jardins du Drac", "Vert Isère")):
        make_firm(name, trades=["T04"], capacity_eur=15_000 * (number + 1), fictitious=True)
    Firm.objects.update(references=4)
    owner = make_organisation(members=[make_user("acheteuse")])
    return make_need(trades={"T01": 120_000, "T04": 60_000}, fictitious=True, organisation=owner)


@pytest.fixture
def buyer(need: Need) -> Client:
    client = Client()
    client.force_login(make_user("acheteuse"))
    return client


def started(client: Client, need: Need, way: str = "trade", parts: int = 2) -> str:
    response = client.post(f"/needs/{need.pk}/splits/", {"way": way, "parts": parts})
    assert response.status_code == 302, response.content.decode()[:3000]
    return response.headers["Location"]


def changed(client: Client, address: str, **said: object) -> str:
    response = client.post(f"{address}change/", said)
    assert response.status_code == 302, response.content.decode()[:3000]
    return response.headers["Location"].partition("?")[0]


def lots(need: Need, address: str) -> list[set[str]]:
    split = need.splits.get(number=int(address.rstrip("/").rpartition("/")[2]))
    found = shapes_of(list(split.lots.all()))
    assert list(objections(need_of(need), found)) == []
    return [set(shape.communes) for shape in found]


def test_the_answer_compares_the_split_with_one_lot(buyer: Client, need: Need) -> None:
    text = text_of(buyer, started(buyer, need))
    assert "En 2 lots, 67 % du montant est à la portée de l'ESS, contre 0 % en un seul." in text
    assert "Nettoyage de locaux" in text and "Espaces verts" in text


def test_a_lot_shows_firms_alone_groupings_offers_and_its_best_team(buyer: Client, need: Need) -> None:
    text = text_of(buyer, started(buyer, need, way="whole"))
    assert "180 000 €" in text and "60 000 € par an" in text
    assert "mandataire" in text and "Groupements possibles" in text


def test_a_commune_is_moved_from_the_table_without_script_and_undone(buyer: Client, need: Need) -> None:
    first = started(buyer, need, way="parts")
    before = lots(need, first)
    page = buyer.get(first).content.decode()
    giver, commune = next(
        (giver, code) for giver in (1, 2) for code in before[giver - 1] if f'name="to-{giver}-{code}"' in page
    )
    second = changed(buyer, first, do="move", **{f"to-{giver}-{commune}": 3 - giver})
    assert commune in lots(need, second)[2 - giver]
    assert "Annuler (revenir à la version 1)" in text_of(buyer, second)
    assert lots(need, first) == before


def test_a_lot_in_two_pieces_is_refused_in_place_and_nothing_is_kept(buyer: Client, need: Need) -> None:
    both = frozenset({"T01", "T04"})
    around = {"38185", "38421", "38169"}  # Fontaine and Saint-Martin-d'Hères meet through Grenoble only
    made = keep(need, [LotShape(both, frozenset(around)), LotShape(both, frozenset({"38151"}))])
    address = f"/needs/{need.pk}/splits/{made.number}/"
    near = {place.commune: place.near for place in need_of(need).places}
    assert "38421" not in near["38169"]
    response = buyer.post(f"{address}change/", {"do": "move", "commune": "38185", "from": 1, "to": 2})
    assert response.status_code == 422
    assert "Le lot 1 serait en plusieurs morceaux" in response.content.decode()
    assert need.splits.count() == 1


def test_cutting_then_joining_gives_the_same_lots_back(buyer: Client, need: Need) -> None:
    first = started(buyer, need)
    second = changed(buyer, first, do="cut", lot=2, way="parts", parts=2)
    assert len(lots(need, second)) == 3
    third = changed(buyer, second, do="join", one=2, other=3)
    assert lots(need, third) == lots(need, first)


def test_a_volume_is_cut_and_says_so(buyer: Client, need: Need) -> None:
    text = text_of(buyer, started(buyer, need, way="volume", parts=3))
    assert "33,4 % du volume" in text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"do": "cut", "lot": "9", "way": "parts", "parts": "2"}, "existe pas dans ce découpage"),
        ({"do": "cut", "lot": "1", "way": "parts", "parts": "deux"}, "Demandez de 2 à 12 parties"),
        ({"do": "cut", "lot": "1", "way": "zone-rien"}, "même zone"),
        ({"do": "cut", "lot": "1", "way": "\x00"}, "Choisissez comment découper"),
        ({"do": "join", "one": "1", "other": "1"}, "deux lots différents"),
        ({"do": "move"}, "au moins une commune"),
        ({"do": "move", "commune": "75056", "from": "1", "to": "2"}, "rechargez la page"),
        ({"do": "rien"}, "Choisissez un changement"),
    ],
)
def test_what_makes_no_split_is_told_in_words(buyer: Client, need: Need, said: dict[str, str], words: str) -> None:
    response = buyer.post(f"{started(buyer, need)}change/", said)
    assert response.status_code == 422
    assert words in response.content.decode().replace("&#x27;", "'")


def test_versions_side_by_side_mark_the_best_in_words(buyer: Client, need: Need) -> None:
    started(buyer, need, way="whole")
    started(buyer, need)
    text = text_of(buyer, f"/needs/{need.pk}/splits/?compare=1,2")
    assert "Part du montant à la portée de l'ESS 0 % 67 % ★ meilleur" in text


def test_ticked_versions_make_a_short_address(buyer: Client, need: Need) -> None:
    started(buyer, need, way="whole")
    started(buyer, need)
    response = buyer.get(f"/needs/{need.pk}/splits/?compare=1&compare=2")
    assert response.headers["Location"] == f"/needs/{need.pk}/splits/?compare=1,2"


def test_a_version_is_named(buyer: Client, need: Need) -> None:
    address = changed(buyer, started(buyer, need), do="name", name="Celle du bureau")
    assert "Version 1 · Celle du bureau" in text_of(buyer, address)


def test_a_limit_of_lots_won_says_what_stays_without_holder(buyer: Client, need: Need) -> None:
    Need.objects.filter(pk=need.pk).update(max_lots_won=1)
    text = text_of(buyer, started(buyer, need))
    assert "Avec au plus 1 lot par entreprise (article R2113-1)" in text


def test_figures_that_are_out_of_date_say_so_and_are_made_again(buyer: Client, need: Need) -> None:
    address = started(buyer, need, way="whole")
    need.trades.filter(trade="T01").update(amount_eur=240_000)
    assert "ont changé depuis cette évaluation" in text_of(buyer, address)
    changed(buyer, address, do="again")
    text = text_of(buyer, address)
    assert "ont changé depuis" not in text and "300 000 €" in text


def test_figures_kept_by_an_older_version_are_made_again_when_read(buyer: Client, need: Need) -> None:
    address = started(buyer, need, way="whole")
    need.splits.get().lots.update(result={"amount_eur": 1})
    assert "180 000 €" in text_of(buyer, address)


def test_the_table_of_lots_and_their_communes_can_be_taken_away(buyer: Client, need: Need) -> None:
    address = started(buyer, need)
    text = buyer.get(f"{address}lots.csv").content.decode()
    assert text.count("\r\n") == 3 and "Nettoyage de locaux" in text
    book = load_workbook(io.BytesIO(buyer.get(f"{address}lots.xlsx").content))
    assert book.sheetnames == ["lots", "communes"]
    assert book["communes"].max_row == 1 + 2 * 4


def test_a_masked_firm_of_the_best_team_is_named_nowhere(buyer: Client, need: Need) -> None:
    Firm.objects.filter(trades__contains=["T04"]).update(diffusion=Firm.Diffusion.PARTIAL)
    address = started(buyer, need, way="whole")
    page, table = buyer.get(address).content.decode(), buyer.get(f"{address}lots.csv").content.decode()
    for name in ("Jardins du Drac", "Vert Isère"):
        assert name not in page and name not in table
    assert "diffusion partielle" in table


def test_the_map_has_its_communes(buyer: Client, need: Need) -> None:
    drawn = buyer.get(f"/needs/{need.pk}/splits/outlines.json").json()
    assert {one["properties"]["code"] for one in drawn["features"]} == {"38185", "38421", "38151", "38169"}
    assert len(drawn["bbox"]) == 4


def test_strangers_see_nothing_and_readers_of_a_shared_need_change_nothing(buyer: Client, need: Need) -> None:
    address = started(buyer, need)
    stranger = Client()
    stranger.force_login(make_user("autre", is_staff=True))
    for path in ("", "lots.csv", "lots.xlsx"):
        assert stranger.get(f"{address}{path}").status_code == 404
        assert Client().get(f"{address}{path}").status_code == 404
    assert stranger.get(f"/needs/{need.pk}/splits/").status_code == 404
    assert stranger.get(f"/needs/{need.pk}/splits/outlines.json").status_code == 404
    Need.objects.filter(pk=need.pk).update(share_key="une-clef", state=Need.State.SHARED)
    assert "67 % du montant" in text_of(Client(), f"{address}?key=une-clef")
    assert "Changer ce découpage" not in text_of(Client(), f"{address}?key=une-clef")
    assert stranger.post(f"{address}change/?key=une-clef", {"do": "name", "name": "x"}).status_code == 403
    assert Client().post(f"/needs/{need.pk}/splits/?key=une-clef", {"way": "trade"}).status_code == 403
    assert need.splits.count() == 1


def test_a_version_of_another_need_is_not_found(buyer: Client, need: Need) -> None:
    started(buyer, need)
    other = make_need("Autre", organisation=need.organisation)
    assert buyer.get(f"/needs/{other.pk}/splits/1/").status_code == 404


def test_a_need_that_lacks_a_trade_says_so_instead_of_a_form(buyer: Client, need: Need) -> None:
    need.trades.all().delete()
    assert "au moins un métier" in text_of(buyer, f"/needs/{need.pk}/splits/")


def test_a_commune_that_left_the_need_leaves_the_old_version_readable(buyer: Client, need: Need) -> None:
    address = started(buyer, need, way="parts")
    need.places.filter(commune="38421").delete()
    text = text_of(buyer, address)
    assert "ont changé depuis" in text
    assert Split.objects.count() == 1


def test_the_law_is_told_as_it_stands_on_the_day_of_the_consultation(buyer: Client, need: Need) -> None:
    address = started(buyer, need)
    assert "En dessous de 60 000 €, il est dispensé" in text_of(buyer, address)
    Need.objects.filter(pk=need.pk).update(launched_on="2026-03-31")
    assert "En dessous de 40 000 €, il est dispensé" in text_of(buyer, address)


def test_a_date_whose_law_is_not_known_is_told_and_nothing_is_kept(buyer: Client, need: Need) -> None:
    address = started(buyer, need)
    Need.objects.filter(pk=need.pk).update(launched_on="1999-01-01")
    assert "1999" in text_of(buyer, address)
    assert buyer.post(f"{address}change/", {"do": "again"}).status_code == 422
    assert "1999" in text_of(buyer, f"/needs/{need.pk}/splits/")
