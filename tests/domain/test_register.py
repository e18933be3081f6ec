"""What registers hold of a firm, whatever the order they came in."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest

from matchmaker.domain.register import Claim, Claims, esus_of, kind_of

SIRET, SIREN = "75187049400026", "751870494"
TODAY = date(2026, 11, 23)
SIAE, ESAT = Claim("siae", kind="ACI"), Claim("esat", kind="ESAT")


@pytest.mark.parametrize("order", list(permutations([SIAE, ESAT, Claim("geiq", kind="GEIQ")])))
def test_of_several_registers_one_is_believed_whatever_the_order(order: tuple[Claim, ...]) -> None:
    assert kind_of(order) == "ACI"


def test_a_register_without_kind_leaves_the_word_to_the_others() -> None:
    assert kind_of([Claim("siae"), ESAT]) == "ESAT"
    assert kind_of([]) == ""


def test_a_claim_on_the_legal_unit_holds_for_each_establishment() -> None:
    claims = Claims()
    claims.put(SIREN, Claim("ess_france", ess=True))
    claims.put(SIRET, SIAE)
    assert {claim.source for claim in claims.on(SIRET)} == {"ess_france", "siae"}
    assert [claim.source for claim in claims.on(f"{SIREN}00018")] == ["ess_france"]


def test_a_claim_dropped_is_heard_no_more() -> None:
    claims = Claims()
    claims.put(SIRET, SIAE)
    claims.drop(SIRET, "siae")
    claims.drop(SIRET, "siae")
    assert claims.on(SIRET) == []


@pytest.mark.parametrize(
    ("until", "holds"), [(date(2026, 11, 22), False), (TODAY, True), (date(2030, 1, 1), True), (None, True)]
)
def test_an_esus_agreement_holds_to_its_last_day(until: date | None, holds: bool) -> None:
    assert esus_of([Claim("esus", esus=True, esus_until=until)], TODAY) == (holds, until)


def test_without_agreement_there_is_none() -> None:
    assert esus_of([SIAE], TODAY) == (False, None)
