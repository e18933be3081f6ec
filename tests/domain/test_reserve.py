"""Which reservation is lawful for a lot: R1 to R6, each condition told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from allotment.domain.need import Nature
from allotment.domain.reserve import Advice, Earlier, Held, Reservable, advice
from matchmaker.domain.notice import Reservation

CHILDCARE = Reservable(Nature.SERVICES, ("85312110",), 36, {"EI": 3, "ACI": 1, "ESAT": 2}, ess=5)


def of(lot: Reservable, reservation: Reservation) -> Advice:
    return next(one for one in advice(lot) if one.reservation is reservation)


def test_r5_accepts_a_listed_service_of_three_years_bought_for_the_first_time() -> None:
    found = of(CHILDCARE, Reservation.ESS)
    assert found.lawful
    assert (found.firms, found.article) == (5, "L2113-15, L2113-16")


def test_r5_refuses_a_48_month_lot() -> None:
    found = of(replace(CHILDCARE, months=48), Reservation.ESS)
    assert not found.lawful
    assert found.objections == ("La durée de 48 mois dépasse les 36 permis.",)


def test_r5_refuses_a_cpv_that_is_not_listed() -> None:
    found = of(replace(CHILDCARE, cpvs=("85312110", "90910000")), Reservation.ESS)
    assert found.objections == ("Code CPV hors de la liste des services réservables à l'ESS : 90910000.",)


def test_r5_refuses_a_second_award() -> None:
    before = replace(CHILDCARE, earlier=(Earlier(date(2024, 5, 2), "Crèche des Tilleuls"),))
    (objection,) = of(before, Reservation.ESS).objections
    assert "02/05/2024" in objection
    assert "Crèche des Tilleuls" in objection


def test_r5_refuses_works_and_supplies() -> None:
    assert not of(replace(CHILDCARE, nature=Nature.WORKS), Reservation.ESS).lawful


def test_r5_leaves_to_the_buyer_what_only_it_knows() -> None:
    found = of(replace(CHILDCARE, cpvs=()), Reservation.ESS)
    assert found.lawful
    assert [one.held for one in found.conditions].count(Held.TO_CHECK) == 2  # the code and the mission


def test_r1_r2_and_r4_count_the_firms_that_could_answer() -> None:
    assert of(CHILDCARE, Reservation.EA_ESAT).firms == 2
    assert of(CHILDCARE, Reservation.SIAE).firms == 4
    assert of(CHILDCARE, Reservation.EA_ESAT_SIAE).firms == 6


def test_r3_prison_operators_are_a_reservation_of_their_own() -> None:
    assert of(replace(CHILDCARE, firms={"SEP": 1}), Reservation.PRISON).firms == 1


def test_r6_a_mixed_grouping_is_warned_about_on_every_inclusive_reservation() -> None:
    assert any("sous-traitante limitée" in one.text for one in of(CHILDCARE, Reservation.SIAE).conditions)


def test_lawful_reservations_with_most_firms_come_first() -> None:
    found = advice(replace(CHILDCARE, months=48))
    assert found[0].reservation is Reservation.EA_ESAT_SIAE
    assert found[-1].reservation is Reservation.ESS  # unlawful ones last
