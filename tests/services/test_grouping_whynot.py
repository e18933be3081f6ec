"""Why a firm is not in a stored grouping: any firm, whatever keeps it out, measured against the real supply."""

from __future__ import annotations

from typing import Any

import pytest

from consortia.build import build_lots
from consortia.live import UnsizedLotError
from consortia.whynot import why_not_in
from matchmaker.match import match_lots
from matchmaker.models import Firm, Lot
from tests.factories import make_firm, make_lot

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]


@pytest.fixture
def lot() -> Lot:
    """90 kEUR a year of cleaning in Grenoble; three firms there of which two suffice."""
    for name, capacity in (("Alpha", 60_000), ("Bêta", 50_000), ("Gamma", 40_000)):
        make_firm(name, capacity_eur=capacity, trade_source=Firm.TradeSource.DECLARED, references=3)
    for number in range(4):
        make_firm(f"Appoint {number}", capacity_eur=6_000, trade_source=Firm.TradeSource.DECLARED)
    return make_lot(amount_eur=90_000, duration_months=12)


def built(lot: Lot) -> set[str]:
    match_lots([lot.pk])
    build_lots([lot.pk])
    return {member.firm.name for member in lot.proposals.get(rank=1).members.all()}


def asked(lot: Lot, name: str, **facts: Any) -> tuple[str, str]:
    firm = make_firm(name, **facts)
    match_lots([lot.pk])
    told = why_not_in(lot, firm)
    return told.state, told.sentence


def test_a_member_is_one(lot: Lot) -> None:
    name = sorted(built(lot))[0]
    assert why_not_in(lot, Firm.objects.get(name=name)).state == "member"


def test_a_firm_too_small_is_told_how_much_more_and_the_grouping_that_proves_it(lot: Lot) -> None:
    members = built(lot)
    firm = Firm.objects.get(name="Appoint 0")
    told = why_not_in(lot, firm)
    assert told.state == "ways"
    assert "libre de plus" in told.sentence
    swap = told.swaps[0]
    assert {one.name for one, _ in swap.parts} - members == {"Appoint 0"}
    assert sum(share for _, share in swap.parts) == pytest.approx(1.0)


def test_a_firm_out_of_reach_is_told_the_radius(lot: Lot) -> None:
    built(lot)
    state, said = asked(
        lot, "Vienne Propre", commune_code="38540", capacity_eur=60_000, declared_radius_km=20,
        trade_source=Firm.TradeSource.DECLARED,
    )  # fmt: skip
    assert state in ("ways", "never")
    assert "km de rayon de plus" in said or state == "never"


def test_a_firm_of_another_trade_is_told_to_declare_it(lot: Lot) -> None:
    built(lot)
    state, said = asked(lot, "Peintres du Drac", trades=["T07"], capacity_eur=60_000)
    assert state == "ways"
    assert "le métier « nettoyage de locaux » déclaré" in said


def test_a_lender_of_staff_is_barred(lot: Lot) -> None:
    built(lot)
    state, said = asked(lot, "Intérim Drac", inclusive_kind="ETTI", trades=["T01", "T44"], capacity_eur=60_000)
    assert state == "barred"
    assert "met du personnel à disposition" in said


def test_an_ordinary_firm_is_barred_from_a_reserved_lot(lot: Lot) -> None:
    Firm.objects.update(inclusive_kind="EI", ess="yes")
    lot.reservation = "siae"
    lot.save()
    built(lot)
    state, said = asked(lot, "Ordinaire", capacity_eur=60_000)
    assert state == "barred"
    assert "ce lot est réservé (règle R6)" in said


def test_a_masked_firm_is_never_named(lot: Lot) -> None:
    Firm.objects.filter(name="Alpha").update(diffusion="P")
    built(lot)
    told = why_not_in(lot, Firm.objects.get(name="Appoint 1"))
    assert "Alpha" not in told.sentence + str(told)


def test_a_firm_that_nothing_places_is_told_so(lot: Lot) -> None:
    built(lot)
    assert asked(lot, "Sans métier", trades=[], capacity_eur=60_000)[0] == "unknown"


def test_where_no_grouping_exists_the_answer_says_so() -> None:
    firm = make_firm(capacity_eur=5_000)
    lot = make_lot(amount_eur=900_000, duration_months=12)
    match_lots([lot.pk])
    assert why_not_in(lot, firm).state == "none"


def test_groupings_that_no_longer_hold_are_said_to_be_old(lot: Lot) -> None:
    built(lot)
    Firm.objects.update(capacity_low_eur=0, capacity_mid_eur=1_000, capacity_high_eur=2_000)
    match_lots([lot.pk])
    told = why_not_in(lot, Firm.objects.get(name="Appoint 0"))
    assert told.state == "none"
    assert "ne tient plus" in told.sentence


def test_a_lot_without_amount_has_no_answer() -> None:
    firm = make_firm()
    lot = make_lot(amount_eur=None)
    match_lots([lot.pk])
    with pytest.raises(UnsizedLotError):
        why_not_in(lot, firm)


def test_a_firm_next_door_that_declares_other_departements_is_told_so(lot: Lot) -> None:
    built(lot)
    state, said = asked(lot, "Savoyarde", capacity_eur=90_000, declared_departements=["73"])
    assert (state, said) == (
        "unknown",
        "Le département 38 n'est pas de ceux où elle déclare intervenir : elle ne peut pas être placée.",
    )
