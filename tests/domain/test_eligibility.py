"""Who may answer a reserved lot (R1 to R6), and who produces."""

from __future__ import annotations

import pytest

from matchmaker.domain.eligibility import WORDS, Candidate, delivers, eligible, r5_cpv_allowed, r5_objections
from matchmaker.domain.notice import Reservation
from matchmaker.domain.reference import Reference

KINDS = {"", "EI", "ETTI", "ACI", "AI", "EITI", "EA", "EATT", "ESAT", "GEIQ", "SEP"}


@pytest.mark.parametrize(
    ("reservation", "kinds"),
    [
        (Reservation.EA_ESAT, {"EA", "EATT", "ESAT"}),  # R1
        (Reservation.SIAE, {"EI", "ETTI", "ACI", "AI", "EITI"}),  # R2
        (Reservation.PRISON, {"SEP"}),  # R3
        (Reservation.EA_ESAT_SIAE, {"EA", "EATT", "ESAT", "EI", "ETTI", "ACI", "AI", "EITI"}),  # R4
        (Reservation.NONE, KINDS),
    ],
)
def test_a_reservation_opens_to_these_kinds_and_no_other(reservation: Reservation, kinds: set[str]) -> None:
    assert {kind for kind in KINDS if eligible(Candidate(kind, "no"), reservation)} == kinds


@pytest.mark.parametrize(("ess", "allowed"), [("yes", True), ("verify", False), ("no", False)])
def test_r5_asks_for_an_ess_firm_that_is_sure(ess: str, allowed: bool) -> None:
    assert eligible(Candidate("", ess), Reservation.ESS) is allowed


@pytest.mark.parametrize("reservation", Reservation)
def test_a_closed_firm_is_never_eligible(reservation: Reservation) -> None:
    assert not any(eligible(Candidate(kind, "yes", active=False), reservation) for kind in KINDS)


@pytest.mark.parametrize("cpv", ["75121000", "80110000", "85000000", "85312100", "85323000", "92600000", "98133110"])
def test_r5_services_of_article_l2113_15(cpv: str) -> None:
    assert r5_cpv_allowed(cpv)
    assert r5_objections((cpv,), 36) == ()


@pytest.mark.parametrize("cpv", ["90910000", "45442100", "85323001", "84999999", "79621000"])
def test_r5_refuses_other_services(cpv: str) -> None:
    (objection,) = r5_objections((cpv,), 12)
    assert "L2113-15" in objection


def test_r5_refuses_more_than_three_years() -> None:
    (objection,) = r5_objections(("85312100",), 37)
    assert "37 mois" in objection
    assert "L2113-16" in objection


@pytest.mark.parametrize("kind", ["ETTI", "AI", "EATT", "GEIQ"])
def test_mise_a_disposition_lends_hours_and_never_produces(reference: Reference, kind: str) -> None:
    assert not delivers(kind, "T01", reference.kinds)
    assert delivers(kind, "T44", reference.kinds)


@pytest.mark.parametrize("kind", ["", "EI", "ACI", "EA", "ESAT", "SEP"])
def test_the_others_produce(reference: Reference, kind: str) -> None:
    assert delivers(kind, "T01", reference.kinds)


def test_every_reservation_has_its_words_and_its_article() -> None:
    assert set(WORDS) == set(Reservation)
    assert all("L2113-1" in words for reservation, words in WORDS.items() if reservation is not Reservation.NONE)
