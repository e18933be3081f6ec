"""The supply for a need, from the real index and the real search: counts checked one firm at a time."""

from __future__ import annotations

import pytest

from allotment.domain.need import Need
from allotment.domain.split import LotShape
from allotment.domain.teams import disjoint
from allotment.queries import need_of
from allotment.simulate import evaluate
from allotment.supply import case, curve, resized, study, yearly_by_trade
from matchmaker.models import Firm
from tests.buyers import make_need
from tests.factories import grenoble, make_commune, make_firm

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


@pytest.fixture
def need() -> Need:
    """150,000 euros of cleaning a year around Grenoble, where twelve firms clean."""
    grenoble()
    return need_of(make_need(trades={"T01": 450_000}))


def test_every_firm_within_reach_is_seen_once_with_its_estimates(need: Need) -> None:
    found = study(need, fictitious=False)
    assert found.in_reach == len(found.firms) == Firm.objects.count() == 12
    for one in found.firms:
        firm = Firm.objects.get(pk=one.id)
        assert (one.low_eur, one.mid_eur, one.high_eur) == (
            firm.capacity_low_eur,
            firm.capacity_mid_eur,
            firm.capacity_high_eur,
        )


def test_capacity_of_a_trade_is_the_sum_of_its_firms(need: Need) -> None:
    (trade,) = study(need, fictitious=False).trades
    assert trade.yearly_eur == 150_000
    assert trade.capacity_eur[1] == sum(Firm.objects.values_list("capacity_mid_eur", flat=True))
    assert trade.alone == (0, 1, 1)  # Propreté Chartreuse: 114, 190 and 323 thousand


def test_firms_able_alone_at_each_size_are_those_with_that_capacity(need: Need) -> None:
    for step in curve(need, "T01", fictitious=False).steps:
        known = Firm.objects.values_list("capacity_low_eur", "capacity_mid_eur", "capacity_high_eur")
        assert step.alone == tuple(sum(firm[side] >= step.size_eur for firm in known) for side in range(3))


def test_smaller_lots_never_have_fewer_firms_able_alone(need: Need) -> None:
    alone = [step.alone[1] for step in curve(need, "T01", fictitious=False).steps]
    assert alone == sorted(alone)


def test_groupings_counted_at_a_size_are_lawful_and_share_no_member(need: Need) -> None:
    whole = case(need, ("T01",), fictitious=False).problem
    for lots in (1, 2, 4):
        problem = resized(whole, 150_000 // lots)
        teams, _more = disjoint(problem)
        members = [firm for team in teams for firm in team.ids]
        assert len(members) == len(set(members))
        assert all(not problem.able_alone(part.candidate) for team in teams for part in team.parts)


def test_the_whole_in_one_lot_is_what_the_simulation_of_that_split_finds() -> None:
    grenoble()
    for code in ("38185", "38421"):
        make_firm("Jardins de l'Isère", trades=["T01", "T04"], commune_code=code, capacity_eur=600_000)
    need = need_of(make_need(trades={"T01": 450_000, "T04": 150_000}))
    shape = LotShape(frozenset({"T01", "T04"}), frozenset(place.commune for place in need.places))
    (lot,) = evaluate(need, [shape], fictitious=False)
    step = curve(need, "", fictitious=False).steps[0]
    assert (step.size_eur, list(step.alone), step.groupings) == (lot.yearly_eur, list(lot.alone), lot.groupings)


def test_a_lot_cut_by_volume_keeps_its_proportions_and_never_asks_for_less() -> None:
    grenoble()
    need = need_of(make_need(trades={"T01": 450_000, "T04": 150_000}))
    whole = case(need, ("T01", "T04"), fictitious=False).problem
    assert whole.amount_eur == sum(yearly_by_trade(need).values())
    for size in (200_000, 66_667, 9, 1):
        part = resized(whole, size)
        assert size <= part.amount_eur <= size + len(part.needs)
        assert [one.trade for one in part.needs] == [one.trade for one in whole.needs]


def test_who_is_near_but_too_small_is_told_with_what_lacks(need: Need) -> None:
    near = study(need, fictitious=False).near
    assert near.small == 11  # all but one
    assert [one.eur for one in near.smallest_gaps] == [88_000, 95_000, 102_000, 109_000, 115_000]


def test_who_is_a_little_beyond_its_reach_is_told_with_the_kilometres(need: Need) -> None:
    vienne = make_firm("Viennoise de propreté", commune=make_commune("38540"), declared_radius_km=50)
    near = study(need, fictitious=False).near
    assert near.far == 1
    (one,) = near.nearest
    assert one.id == vienne.pk
    assert 10 < one.km <= near.beyond_km


def test_reservations_count_the_firms_that_could_answer(need: Need) -> None:
    reserved = study(need, fictitious=False).near.reserved
    assert reserved["siae"][0] == 4  # two EI and two ACI
    assert reserved["ea_esat"] == (1, 28_000)
    assert reserved["ea_esat_siae"][0] == reserved["siae"][0] + reserved["ea_esat"][0]


def test_a_fictitious_need_meets_fictitious_firms_only(need: Need) -> None:
    assert study(need, fictitious=True).in_reach == 0
