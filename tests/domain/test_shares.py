"""Parts of a grouping: found whenever they exist, lawful whenever they are found."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from consortia.domain.problem import Form, Need, Problem
from consortia.domain.shares import allocate
from tests.domain.problems import edge_cap, firm, leaders, painting, problems, splittable


@given(st.data())
@settings(max_examples=300)
def test_a_split_is_found_exactly_when_one_exists(data: st.DataObject) -> None:
    """Against a linear program, for any set of members, one trade or four."""
    problem = data.draw(problems(most=5, capped=True))
    members = data.draw(st.lists(st.sampled_from(problem.candidates), unique=True)) if problem.candidates else []
    exists = any(splittable(problem, members, leader) for leader in leaders(members))
    assert (allocate(problem, members) is not None) is exists


@given(problems(most=5, capped=True))
def test_parts_make_the_lot_within_each_one_s_trades_capacity_and_least_part(problem: Problem) -> None:
    grouping = allocate(problem, problem.candidates)
    if grouping is None:
        return
    given_out = [(trade, amount) for part in grouping.parts for trade, amount in part.by_trade]
    for need in problem.needs:
        assert sum(amount for trade, amount in given_out if trade == need.trade) == need.amount_eur
    for place, part in enumerate(grouping.parts):
        assert problem.lower_bound_eur(mandataire=place == 0) <= part.amount_eur <= part.candidate.room_eur
        assert all(amount <= edge_cap(part.candidate, trade) for trade, amount in part.by_trade)
        assert all(isinstance(amount, int) and amount > 0 for _, amount in part.by_trade)


def test_parts_follow_free_capacities() -> None:
    grouping = allocate(painting(), [firm(1, 120_000), firm(2, 80_000)])
    assert grouping is not None
    assert [part.amount_eur for part in grouping.parts] == [60_000, 40_000]


def test_the_largest_experienced_firm_leads() -> None:
    grouping = allocate(painting(), [firm(1, 90_000, experienced=False), firm(2, 50_000), firm(3, 60_000)])
    assert grouping is not None
    assert grouping.mandataire.id == 3


def test_a_firm_that_leads_elsewhere_does_not_lead_here() -> None:
    grouping = allocate(painting(), [firm(1, 90_000, committed_mandataire=True), firm(2, 50_000)])
    assert grouping is not None
    assert grouping.mandataire.id == 2


def test_without_a_possible_mandataire_there_are_no_parts() -> None:
    assert (
        allocate(painting(), [firm(1, 90_000, experienced=False), firm(2, 50_000, committed_mandataire=True)]) is None
    )


def test_a_smaller_firm_leads_when_the_larger_serves_too_little_of_the_lot() -> None:
    """The larger is an electrician in a lot that is nine tenths painting: it cannot take a quarter."""
    lot = Problem((Need("T07", 90), Need("T13", 10)), (), supply=9)
    grouping = allocate(lot, [firm(1, 500, "T13"), firm(2, 90, "T07")])
    assert grouping is not None
    assert (grouping.mandataire.id, grouping.parts[0].amount_eur, grouping.parts[1].amount_eur) == (2, 90, 10)


def test_a_member_gives_way_where_another_can_do_nothing_else() -> None:
    """Painting first goes to the firm that does everything, then moves to leave it the electricity."""
    lot = Problem((Need("T07", 50), Need("T13", 50)), (), supply=9)
    grouping = allocate(lot, [firm(1, 60, "T07 T13"), firm(2, 50, "T07")])
    assert grouping is not None
    assert {part.candidate.id: dict(part.by_trade) for part in grouping.parts} == {
        1: {"T13": 50, "T07": 5},
        2: {"T07": 45},
    }


def test_members_of_one_trade_answer_for_each_other() -> None:
    grouping = allocate(painting(), [firm(1, 60_000), firm(2, 60_000)])
    assert grouping is not None
    assert grouping.form is Form.SOLIDAIRE


def test_one_trade_each_suits_a_conjoint_grouping() -> None:
    lot = Problem((Need("T07", 50), Need("T13", 50)), (), supply=9)
    grouping = allocate(lot, [firm(1, 50, "T07"), firm(2, 50, "T13")])
    assert grouping is not None
    assert grouping.form is Form.CONJOINT


def test_a_shared_trade_among_several_asks_for_a_mandataire_solidaire() -> None:
    lot = Problem((Need("T07", 50), Need("T13", 50)), (), supply=9)
    grouping = allocate(lot, [firm(1, 25, "T07"), firm(2, 25, "T07"), firm(3, 50, "T13")])
    assert grouping is not None
    assert grouping.form is Form.CONJOINT_SOLIDAIRE


def test_parts_turn_to_those_who_host_the_hours_asked_for() -> None:
    """In proportion to capacities the inclusive firm would host 100 h; with all of its capacity, 150."""
    members = [firm(1, 90_000), firm(2, 60_000, hours=150)]
    plain = allocate(painting(amount=100_000), members)
    asked = allocate(painting(amount=100_000, hours_required=150), members)
    assert plain is not None
    assert asked is not None
    assert [part.amount_eur for part in plain.parts] == [60_000, 40_000]
    assert {part.candidate.id: part.amount_eur for part in asked.parts} == {1: 40_000, 2: 60_000}
    assert asked.hours == 150
    assert allocate(painting(amount=100_000, hours_required=151), members) is None
