"""The law of groupings: for each rule a lawful and an unlawful example."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from consortia.domain.problem import Candidate, Form, Grouping, Need, Part, Problem
from consortia.domain.rules import RULES, violations
from consortia.domain.solver import solve
from tests.domain.problems import all_lawful, firm, painting, problems

LEADER, SECOND, THIRD = firm(1, 60_000), firm(2, 50_000), firm(3, 40_000)
LOT = painting(LEADER, SECOND, THIRD)


def grouping(*parts: tuple[Candidate, int], form: Form = Form.SOLIDAIRE) -> Grouping:
    return Grouping(tuple(Part(member, (("T07", amount),)) for member, amount in parts), form)


LAWFUL = grouping((LEADER, 60_000), (SECOND, 40_000))


def with_leader(**more: object) -> Grouping:
    return grouping((replace(LEADER, **more), 60_000), (SECOND, 40_000))


def with_second(**more: object) -> Grouping:
    return grouping((LEADER, 60_000), (replace(SECOND, **more), 40_000))


def test_a_plain_grouping_breaks_no_rule() -> None:
    assert violations(LOT, LAWFUL) == ()


@pytest.mark.parametrize("form", Form)
def test_g1_the_three_forms_of_the_code_are_lawful(form: Form) -> None:
    assert violations(LOT, replace(LAWFUL, form=form)) == ()


def test_g1_no_other_form_exists() -> None:
    assert violations(LOT, replace(LAWFUL, form="groupement momentané")) == (
        "G1 : forme de groupement inconnue « groupement momentané ».",
    )


def test_a_grouping_of_one_is_none() -> None:
    broken = violations(LOT, grouping((replace(LEADER, capacity_eur=100_000), 100_000)))
    assert broken == ("Un groupement compte de 2 à 4 membres, pas 1.",)


def test_a_firm_is_member_once() -> None:
    twice = grouping((LEADER, 60_000), (LEADER, 40_000))
    assert "Une entreprise figure deux fois dans le groupement." in violations(LOT, twice)


def test_more_members_than_allowed_are_too_many() -> None:
    three = grouping((LEADER, 40_000), (SECOND, 30_000), (THIRD, 30_000))
    assert violations(LOT, three) == ()
    assert violations(replace(LOT, max_members=2), three) == ("Un groupement compte de 2 à 2 membres, pas 3.",)


def test_g3_a_firm_already_engaged_is_barred_where_the_documents_say_so() -> None:
    engaged = with_second(committed=True)
    assert violations(LOT, engaged) == ()
    assert violations(replace(LOT, exclusive=True), engaged) == ("G3 : l'entreprise 2 est déjà engagée sur ce marché.",)


def test_g4_a_firm_leads_one_grouping_only() -> None:
    assert violations(LOT, with_second(committed_mandataire=True)) == ()
    assert violations(LOT, with_leader(committed_mandataire=True)) == (
        "G4 : l'entreprise 1 est déjà mandataire d'un autre groupement.",
    )


def test_g5_turnover_is_that_of_the_grouping_as_a_whole() -> None:
    together = LEADER.turnover_eur + SECOND.turnover_eur
    assert together > 150_000 > 0
    assert violations(replace(LOT, turnover_required=150_000), LAWFUL) == ()
    poor = grouping((replace(LEADER, turnover_eur=70_000), 60_000), (replace(SECOND, turnover_eur=70_000), 40_000))
    assert violations(replace(LOT, turnover_required=150_000), poor) == (
        "G5 : 140000 € de chiffre d'affaires réunis pour 150000 € exigés.",
    )


def test_r6_every_member_of_a_reserved_lot_is_eligible() -> None:
    assert violations(replace(LOT, reserved=True), LAWFUL) == ()
    (broken,) = violations(replace(LOT, reserved=True), with_second(eligible=False))
    assert broken == "R6 : l'entreprise 2 n'est pas éligible à ce lot."


def test_mise_a_disposition_never_produces() -> None:
    (broken,) = violations(LOT, with_second(producer=False))
    assert "met du personnel à disposition" in broken


def test_c1_one_member_able_alone_is_tolerated_two_are_not() -> None:
    one = grouping((replace(LEADER, capacity_eur=100_000), 60_000), (SECOND, 40_000))
    two = grouping((replace(LEADER, capacity_eur=100_000), 60_000), (replace(SECOND, capacity_eur=100_000), 40_000))
    assert violations(LOT, one) == ()
    assert violations(LOT, two) == ("C1 : 2 membres pourraient répondre seuls, le groupement n'est pas nécessaire.",)


def test_c1_a_grouping_gathers_half_of_the_identified_supply_at_most() -> None:
    assert violations(replace(LOT, supply=4), LAWFUL) == ()
    assert violations(replace(LOT, supply=3), LAWFUL) == (
        "C1 : 2 membres pour 3 entreprises identifiées, plus de 50 % de l'offre.",
    )


def test_a_part_stays_within_the_free_capacity() -> None:
    (broken,) = violations(LOT, with_second(capacity_eur=39_999))
    assert broken == "L'entreprise 2 reçoit 40000 € pour 39999 € de capacité libre."


def test_an_aci_stays_within_the_ceiling_of_its_sales() -> None:
    """Article D5132-34: the law may leave it less than its workshop could do."""
    assert violations(LOT, with_second(ceiling_eur=40_000)) == ()
    (broken,) = violations(LOT, with_second(ceiling_eur=39_999))
    assert broken == (
        "L'entreprise 2 reçoit 40000 € ; le plafond de ventes des ateliers et chantiers d'insertion "
        "lui en laisse 39999 (art. D5132-34)."
    )


def test_a_member_does_no_more_of_a_trade_than_it_can() -> None:
    assert violations(LOT, with_second(caps=(("T07", 40_000), ("T13", 0)))) == ()
    (broken,) = violations(LOT, with_second(caps=(("T07", 39_999),)))
    assert broken == "L'entreprise 2 reçoit 40000 € du métier T07 et n'en fait que 39999 € par an."


def test_a_token_member_is_refused() -> None:
    enough = grouping((replace(LEADER, capacity_eur=95_000), 95_000), (SECOND, 5_000))
    token = grouping((replace(LEADER, capacity_eur=95_001), 95_001), (SECOND, 4_999))
    assert violations(LOT, enough) == ()
    assert violations(LOT, token) == ("L'entreprise 2 reçoit moins que la part minimale (5000 €).",)


@pytest.mark.parametrize("second", [39_999, 40_001])
def test_every_need_is_covered_to_the_euro(second: int) -> None:
    (broken,) = violations(LOT, grouping((LEADER, 60_000), (SECOND, second)))
    assert broken == f"Métier T07 : {60_000 + second} € répartis pour 100000 € à couvrir."


def test_a_member_does_the_trades_it_is_given() -> None:
    (broken,) = violations(LOT, with_second(needs=frozenset({"T04"})))
    assert broken == "L'entreprise 2 ne fait pas le métier T07."


def test_a_trade_foreign_to_the_lot_is_refused() -> None:
    foreign = Grouping((*LAWFUL.parts[:1], Part(SECOND, (("T07", 40_000), ("T13", 1_000)))), Form.SOLIDAIRE)
    assert violations(LOT, foreign) == ("L'entreprise 2 reçoit une part d'un métier étranger au lot.",)


def test_a_negative_part_never_balances_a_larger_one() -> None:
    lot = Problem((Need("T07", 100), Need("T13", 100)), (), supply=9)
    both = {"trades": "T07 T13", "capacity": 200}
    parts = (
        Part(firm(1, both["capacity"], both["trades"]), (("T07", 110), ("T13", 20))),
        Part(firm(2, both["capacity"], both["trades"]), (("T07", -10), ("T13", 80))),
    )
    assert any("part minimale" in broken for broken in violations(lot, Grouping(parts, Form.CONJOINT)))


def test_the_mandataire_is_experienced() -> None:
    assert violations(LOT, with_second(experienced=False)) == ()
    assert violations(LOT, with_leader(experienced=False)) == ("Le mandataire 1 n'a pas d'expérience connue.",)


def test_the_mandataire_takes_a_quarter_at_least() -> None:
    quarter = grouping((LEADER, 25_000), (SECOND, 50_000), (THIRD, 25_000))
    less = grouping((LEADER, 24_999), (SECOND, 50_000), (THIRD, 25_001))
    assert violations(LOT, quarter) == ()
    assert violations(LOT, less) == ("Le mandataire prend moins de 25 % du lot.",)


@pytest.mark.parametrize(("km", "lawful"), [(59.9, True), (60.0, False), (200.0, False)])
def test_every_member_can_reach_the_place(km: float, lawful: bool) -> None:
    assert (violations(LOT, with_second(distance_km=km)) == ()) is lawful


def test_the_members_host_the_insertion_hours_asked_for_each_on_its_part() -> None:
    """A firm that would host 200 h on its whole capacity hosts half of them on a part of half that capacity."""
    leader, second = replace(LEADER, hours=200), replace(SECOND, hours=100)
    hosts = grouping((leader, 60_000), (second, 40_000))
    hosted = 200 * 60_000 // leader.capacity_eur + 100 * 40_000 // second.capacity_eur
    assert violations(replace(LOT, hours_required=hosted), hosts) == ()
    assert violations(replace(LOT, hours_required=hosted + 2), hosts) == (
        f"{int(hosts.hours)} h d'insertion possibles pour {hosted + 2} h demandées par an.",
    )


def test_every_rule_names_its_basis() -> None:
    assert all(rule.__doc__ for rule in RULES)


@given(problems(capped=True))
def test_a_lawful_grouping_of_the_solver_is_one_of_the_enumeration(problem: Problem) -> None:
    """Two independent readings of the law agree on every grouping proposed."""
    known = {ids for _, _, ids in all_lawful(problem)}
    for solution in solve(problem).solutions:
        assert violations(problem, solution.grouping) == ()
        assert solution.grouping.ids in known
