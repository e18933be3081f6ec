"""Lots meet firms: what is stored is what the formula says, and only whom it may."""

from __future__ import annotations

import math

import pytest
from django.contrib.gis.geos import Point as GeosPoint

from geo.domain.distance import distance_km
from geo.domain.point import Point
from matchmaker.domain.evidence import COMMUNE, STATE
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.score import PARTS, Parts, evidence_part, total
from matchmaker.match import firm_index, match_lots
from matchmaker.models import Firm, Lot, Match
from matchmaker.reference import reference
from matchmaker.snapshot import refresh
from tests.factories import make_buyer, make_firm, make_lot, make_run, make_tender

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

WINS = ({"T01": [2, STATE]}, {"T01": [2, STATE | COMMUNE]}, {"T07": [9, COMMUNE]})
TOWNS = ("38185", "38421", "38151", "38169", "38229", "38563", "38382", "38545", "38140")


def firms(count: int = 9, **more: object) -> list[Firm]:
    return [
        make_firm(
            f"Propreté {n}",
            commune_code=TOWNS[n % 9],
            capacity_eur=20_000 * n,
            ess="yes" if n % 3 == 0 else "no",
            trade_source="declared" if n % 2 else "naf",
            **more,
        )
        for n in range(count)
    ]


def matched(lot: Lot) -> list[Match]:
    assert match_lots([lot.pk]) == 1
    lot.refresh_from_db()
    return list(lot.matches.order_by("rank").select_related("firm"))


def test_stored_parts_make_the_stored_score() -> None:
    firms()
    formula = reference().formula
    found = matched(make_lot())
    assert len(found) == 9
    for match in found:
        parts = Parts(*(getattr(match, f"{part}_part") for part in PARTS))
        assert match.score == total(parts, formula)
        assert all(0 <= part <= 1 for part in parts)


def test_stored_parts_are_those_of_the_firm_and_the_lot() -> None:
    """240 000 EUR over 24 months: 120 000 a year; the distance is by road, from the establishment."""
    firms()
    lot, formula = make_lot(), reference().formula
    for match in matched(lot):
        firm = match.firm
        km = 1.3 * distance_km(Point(firm.point.x, firm.point.y), Point(lot.point.x, lot.point.y))
        low, mid, high = (
            min(1, eur / 120_000) for eur in (firm.capacity_low_eur, firm.capacity_mid_eur, firm.capacity_high_eur)
        )
        assert math.isclose(match.distance_km, km, abs_tol=1e-9)
        assert math.isclose(match.distance_part, formula.decay(km / 25), abs_tol=1e-12)
        assert math.isclose(match.capacity_part, (low + 2 * mid + high) / 4, abs_tol=1e-12)
        assert match.ess_part == (firm.ess == "yes")
        assert match.trade_part == (1.0 if firm.trade_source == "declared" else 0.8)
        assert match.evidence_part == match.text_part == 0
        assert match.solo is (firm.capacity_mid_eur >= 120_000)


def test_contracts_won_in_the_trade_are_evidence_and_more_so_with_that_kind_of_buyer() -> None:
    formula = reference().formula
    other, same, none = (make_firm(f"Propreté {n}", wins=wins) for n, wins in enumerate(WINS))
    lot = make_lot(tender=make_tender(buyer=make_buyer(siret="21380185700015")))
    parts = {match.firm_id: match.evidence_part for match in matched(lot)}
    assert parts[none.pk] == 0
    assert parts[other.pk] == evidence_part(2.0, 0.0, formula) > 0
    assert parts[same.pk] == evidence_part(2.0, 1.0, formula) > parts[other.pk]


def test_ranks_follow_scores_without_a_gap() -> None:
    firms()
    found = matched(make_lot())
    assert [match.rank for match in found] == list(range(1, 10))
    assert [match.score for match in found] == sorted((match.score for match in found), reverse=True)


def test_the_counts_are_those_of_all_firms_in_reach_not_of_the_matches_kept(settings) -> None:
    settings.MATCHES_PER_LOT = 3
    firms()
    make_firm("Trop loin", commune_code="38540", capacity_eur=900_000)  # Vienne, 76 km as the crow flies
    lot = make_lot()
    assert len(matched(lot)) == 3
    assert (lot.supply_count, lot.solo_count) == (9, 3)


def test_closed_firms_are_never_matched() -> None:
    open_, closed = firms(2)
    Firm.objects.filter(pk=closed.pk).update(active=False)
    assert [match.firm_id for match in matched(make_lot())] == [open_.pk]


def test_firms_without_place_or_trade_are_never_matched() -> None:
    make_firm("Sans lieu", point=None)
    make_firm("Sans métier", trades=[], trade_source="none")
    lot = make_lot()
    assert matched(lot) == []
    assert lot.match_state == "no_firm"


def test_fictitious_lots_never_meet_real_firms_nor_real_lots_fictitious_ones() -> None:
    real, demo = make_firm("Réelle"), make_firm("Fictive", fictitious=True)
    assert [m.firm_id for m in matched(make_lot())] == [real.pk]
    assert [m.firm_id for m in matched(make_lot(tender=make_tender(fictitious=True)))] == [demo.pk]


@pytest.mark.parametrize(
    ("reservation", "kinds"),
    [("siae", {"EI", "ACI"}), ("ea_esat", {"EA", "ESAT"}), ("ea_esat_siae", {"EI", "ACI", "EA", "ESAT"})],
)
def test_a_reserved_lot_meets_the_kinds_it_is_reserved_to(reservation: str, kinds: set[str]) -> None:
    for kind in ("", "EI", "ACI", "EA", "ESAT", "GEIQ", "ETTI"):
        make_firm(f"Structure {kind}", inclusive_kind=kind)
    assert {match.firm.inclusive_kind for match in matched(make_lot(reservation=reservation))} == kinds


def test_partially_diffused_firms_are_matched_like_others() -> None:
    """D1 masks their name and address; it does not take them out of the supply."""
    hidden = make_firm("Secrète", diffusion="P")
    assert [match.firm_id for match in matched(make_lot())] == [hidden.pk]


def test_a_partially_diffused_firm_is_measured_from_its_commune() -> None:
    """D1: from exact distances to a few lots, anyone could compute an address."""
    hidden = make_firm("Secrète", diffusion="P", point=GeosPoint(5.9, 45.3, srid=4326), point_precision="address")
    (match,) = matched(make_lot())
    lot = match.lot.point
    town = hidden.commune.point
    crow = distance_km(Point(lot.x, lot.y), Point(town.x, town.y))
    assert match.distance_km == pytest.approx(crow * reference()["distance.road_factor"], abs=1e-9)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"cpvs": ["16000000"]}, "no_trade"),
        ({"cpvs": [], "title": "Assurance des biens"}, "no_trade"),
        ({"cpvs": [], "title": "Nettoyage des écoles"}, "matched"),
        ({"point": None}, "no_place"),
        ({"cpvs": ["45442100"]}, "no_firm"),
        ({"amount_eur": None}, "matched"),
    ],
)
def test_each_lot_says_how_its_match_ended(changes: dict[str, object], state: str) -> None:
    make_firm()
    lot = make_lot(match_state="pending", **changes)
    matched(lot)
    assert lot.match_state == state
    assert lot.matches.exists() is (state == "matched")


def test_an_unpublished_amount_ranks_by_trade_distance_and_ess_alone() -> None:
    firms()
    assert {match.capacity_part for match in matched(make_lot(amount_eur=None))} == {0.5}


def test_matching_again_changes_nothing() -> None:
    firms()
    lot = make_lot()
    columns = [field.name for field in Match._meta.concrete_fields if field.name != "id"]
    matched(lot)
    before = list(lot.matches.order_by("rank").values(*columns))
    matched(lot)
    assert list(lot.matches.order_by("rank").values(*columns)) == before


def test_matching_again_forgets_firms_that_went() -> None:
    gone, stays = firms(2)
    lot = make_lot()
    matched(lot)
    Firm.objects.filter(pk=gone.pk).delete()
    assert [match.firm_id for match in matched(lot)] == [stays.pk]


@pytest.mark.django_db(transaction=True)
def test_a_firm_deleted_while_a_run_matches_is_left_out() -> None:
    """The batches of a run do not count the firms: the database finds the one that is gone."""
    gone, stays = firms(2)
    lot = make_lot()
    refresh(False)
    Firm.objects.filter(pk=gone.pk).delete()
    assert match_lots([lot.pk], make_run().pk) == 1
    lot.refresh_from_db()
    assert (lot.supply_count, [match.firm_id for match in lot.matches.all()]) == (1, [stays.pk])


def test_a_lot_withdrawn_meanwhile_is_passed_over() -> None:
    firms(2)
    lot, other = make_lot(), make_lot()
    lot.delete()
    assert match_lots([999_999, other.pk]) == 1
    assert other.matches.count() == 2


def test_the_index_is_built_once_for_an_unchanged_supply_and_anew_for_a_changed_one() -> None:
    firms(2)
    first = firm_index(reference(), fictitious=False)
    assert isinstance(first, FirmIndex)
    assert firm_index(reference(), fictitious=False) is first
    make_firm("Nouvelle")
    assert len(firm_index(reference(), fictitious=False)) == 3


def test_a_trade_told_by_words_alone_is_kept_as_such() -> None:
    make_firm()
    lot = make_lot("Nettoyage des écoles", cpvs=["90000000"])
    (match,) = matched(lot)
    tables = reference()
    assert lot.needs == [
        {"trade": "T01", "fit": tables["text.trade_fit"], "share": 1.0, "options": ["T01"], "by": "words"}
    ]
    assert match.trade_part == pytest.approx(tables["text.trade_fit"] * tables["trust.naf"])
    assert "by" not in matched(make_lot("Nettoyage des écoles"))[0].lot.needs[0]
