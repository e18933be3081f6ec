"""The radar of missing pieces over stored lots: places by road, communes, who might be called."""

from __future__ import annotations

from typing import Any

import pytest

from consortia.domain.piece import Piece
from consortia.radar import Light, lacking, lights, lots_lacking, neighbours
from geo.domain.distance import distance_km
from geo.domain.point import Point
from matchmaker.models import Lot
from matchmaker.reference import reference
from tests.factories import AS_OF, COMMUNES, make_commune, make_firm, make_lot, make_outcome, make_tender, point

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


def lot_lacking(title: str, commune_code: str = "38185", **more: Any) -> Lot:
    facts: dict[str, Any] = {"trades": ("T13",), "capacity_eur": 30_000, "fte": 0.2, "reach_km": 30.0}
    piece = Piece(**facts | more.pop("piece", {}))
    lot = make_lot(title, commune=make_commune(commune_code), trades=list(piece.trades), **more)
    make_outcome(lot, "none", reason="trade", piece=piece.as_json())
    return lot


def found(**more: Any) -> list[Light]:
    return lights(lacking(lots_lacking(AS_OF, fictitious=False)), **more)


def test_lots_around_grenoble_share_a_beacon_and_a_far_one_has_its_own() -> None:
    near = [lot_lacking(f"Éclairage {code}", code) for code in ("38185", "38169", "38229")]
    far = lot_lacking("Éclairage de Vienne", "38540")
    first, second = found()
    assert [one.lot for one in first.lots] == near
    assert [one.lot for one in second.lots] == [far]
    assert first.near is not None
    assert first.near.departement_id == "38"


def test_a_firm_at_the_beacon_reaches_each_lot_by_road() -> None:
    for number, code in enumerate(COMMUNES):
        lot_lacking(f"Éclairage {code}", code, piece={"reach_km": 12.0 + number})
    factor = reference()["distance.road_factor"]
    for light in found():
        for one in light.lots:
            assert distance_km(light.place, one.place) * factor <= one.piece.reach_km + 0.01
        assert light.farthest_km <= max(one.piece.reach_km for one in light.lots) + 0.01


def test_only_open_lots_without_a_grouping_and_with_a_known_piece_count() -> None:
    kept = lot_lacking("Éclairage")
    lot_lacking("Éclairage fermé", deadline="2026-11-01T12:00:00Z")
    lot_lacking("Éclairage fictif", tender=make_tender(fictitious=True))
    make_outcome(make_lot("Peinture sans pièce", trades=["T07"]), "none")
    make_outcome(make_lot("Nettoyage à plusieurs"), "proposed", piece=Piece(("T01",), 1, 0.1, 10.0).as_json())
    assert list(lots_lacking(AS_OF, fictitious=False)) == [kept]


def test_the_call_list_says_who_is_too_small_or_out_of_reach_and_never_names_a_masked_firm() -> None:
    lot_lacking("Éclairage du parc", piece={"capacity_eur": 30_000})
    make_firm("Élec du Drac", trades=["T13"], capacity_eur=12_000)
    make_firm("Courant Viennois", trades=["T13"], commune_code="38540", capacity_eur=90_000, declared_radius_km=20)
    make_firm("Fernande Secrète", trades=["T13"], diffusion="P", capacity_eur=90_000)
    make_firm("Élec fermée", trades=["T13"], active=False)
    make_firm("Peintres du Drac", trades=["T07"])
    (listed,) = neighbours(found(), fictitious=False)
    assert [one.firm.name for one in listed] == ["Élec du Drac", "Courant Viennois"]
    small, far = listed
    assert (small.within, small.enough, small.lacking_eur) == (1, 0, 18_000)
    assert (far.within, far.enough, far.both) == (0, 1, 0)
    assert far.radius_km == 20


def test_a_firm_of_two_trades_must_do_both() -> None:
    lot_lacking("Second œuvre", piece={"trades": ("T07", "T13")})
    make_firm("Peintres du Drac", trades=["T07"])
    both = make_firm("Bâti Drac", trades=["T13", "T07"])
    (listed,) = neighbours(found(), fictitious=False)
    assert [one.firm.siret for one in listed] == [both.siret]


def test_an_overseas_lot_has_its_beacon_there() -> None:
    make_commune("97411", name="Saint-Denis", point=point(lon=55.45, lat=-20.88))
    lot_lacking("Éclairage", "38185")
    lot = lot_lacking("Éclairage du Barachois", "97411", point=point(lon=55.45, lat=-20.88))
    light = next(one for one in found() if one.lots[0].lot == lot)
    assert distance_km(light.place, Point(55.45, -20.88)) < 30
    assert light.near is not None
    assert light.near.name == "Saint-Denis"


def test_as_many_queries_for_one_lot_as_for_many(django_assert_max_num_queries: Any) -> None:
    for code in COMMUNES:
        lot_lacking(f"Éclairage {code}", code)
        make_firm(f"Élec {code}", trades=["T13"], commune_code=code)
    reference()
    with django_assert_max_num_queries(7):
        neighbours(found(), fictitious=False)


def test_without_any_lot_there_is_no_light() -> None:
    assert found() == []
