"""Splits evaluated with the real index and the real search of groupings, kept as versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from allotment import simulate
from allotment.domain.need import Need as DomainNeed
from allotment.domain.split import LotShape
from allotment.domain.versions import SplitError, by_parts, by_trade, by_zone, moved, takers, whole
from allotment.models import Need, Split
from allotment.queries import need_of
from allotment.simulate import evaluate
from allotment.splits import keep, refresh, results_of, shapes_of, titles, totals_of, zones_of
from geo.models import Commune
from matchmaker.models import Firm
from tests.buyers import make_need, make_user
from tests.factories import grenoble, make_firm

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def row() -> Need:
    """A need of 40,000 euros a year of cleaning and 20,000 of green spaces around Grenoble."""
    grenoble(fictitious=True)
    for number, name in enumerate(("Jardins du Drac", "Vert Isère", "Les Paysagistes du Sud")):
        make_firm(name, trades=["T04"], capacity_eur=15_000 * (number + 1), fictitious=True)
    Firm.objects.update(references=4)  # any of them may lead a grouping
    return make_need(trades={"T01": 120_000, "T04": 60_000}, fictitious=True)


@pytest.fixture
def need(row: Need) -> DomainNeed:
    return need_of(row)


def test_each_lot_finds_the_firms_able_alone_of_the_index(need: DomainNeed) -> None:
    cleaning, green = evaluate(need, by_trade(need, whole(need), 0), fictitious=True)
    able = {firm for firm, level in cleaning.found.able if level <= 1}
    # 40,000 euros a year: those of at least as much free capacity
    wanted = Firm.objects.filter(trades__contains=["T01"], capacity_mid_eur__gte=40_000)
    assert able == set(wanted.values_list("pk", flat=True))
    assert green.alone.mid == 2
    assert cleaning.alone_ess == sum(firm.ess == "yes" for firm in wanted)


def test_in_one_lot_nobody_does_both_trades_alone_and_disjoint_groupings_are_found(need: DomainNeed) -> None:
    (lot,) = evaluate(need, whole(need), fictitious=True)
    assert lot.alone == (0, 0, 0)
    members = [seat.firm for team in lot.teams for seat in team]
    assert lot.groupings >= 2 and len(members) == len(set(members))
    assert all(sum(seat.eur for seat in team) == lot.yearly_eur for team in lot.teams)


def test_a_lot_is_within_reach_of_the_ess_by_a_firm_alone_or_a_grouping_of_ess_only(need: DomainNeed) -> None:
    assert [lot.ess_reachable for lot in evaluate(need, by_trade(need, whole(need), 0), fictitious=True)] == [
        True,
        False,
    ]


def test_one_border_moved_asks_anew_for_the_two_lots_it_touches_only(
    need: DomainNeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    lots = by_parts(need, by_trade(need, whole(need), 0), 0, 2)
    before = evaluate(need, lots, fictitious=True)
    asked: list[LotShape] = []
    real = simulate.case_in

    def counted(ground: Any, shape: LotShape) -> Any:
        asked.append(shape)
        return real(ground, shape)

    monkeypatch.setattr(simulate, "case_in", counted)
    (giver, commune), found = next(iter(sorted(takers(need, lots).items())))
    after = evaluate(need, moved(need, lots, {commune: (giver, found[0])}), fictitious=True)
    assert len(asked) == 2
    assert after[2].found == before[2].found
    asked.clear()
    assert evaluate(need, lots, fictitious=True) == before
    assert asked == []


def test_the_cached_answer_is_the_one_asked_anew(need: DomainNeed) -> None:
    lots = by_trade(need, whole(need), 0)
    kept = evaluate(need, lots, fictitious=True)
    assert evaluate(need, lots, fictitious=True) == kept
    cache.clear()
    assert evaluate(need, lots, fictitious=True) == kept


def test_a_firm_that_grows_changes_the_answer(need: DomainNeed) -> None:
    from matchmaker.snapshot import fresh

    lots = by_trade(need, whole(need), 0)
    before = evaluate(need, lots, fictitious=True)[0].alone.mid
    small = Firm.objects.get(name="Cristal Service")
    small.capacity_low_eur = small.capacity_mid_eur = small.capacity_high_eur = 500_000
    small.save()
    fresh(True)
    assert evaluate(need, lots, fictitious=True)[0].alone.mid == before + 1


def test_staff_taken_over_bears_no_insertion_hours(row: Need) -> None:
    before = evaluate(need_of(row), whole(need_of(row)), fictitious=True)[0].found.hours_target
    row.trades.filter(trade="T01").update(transferred_hours=2_000)
    after = evaluate(need_of(row), whole(need_of(row)), fictitious=True)[0].found.hours_target
    # 15 % of 2,000 hours less, by the effort of cleaning
    assert before - after == pytest.approx(300, abs=1)


def test_versions_are_numbered_and_undo_goes_back_to_the_parent(row: Need, need: DomainNeed) -> None:
    first = keep(row, whole(need), user=make_user())
    second = keep(row, by_trade(need, whole(need), 0), parent=first, origin=Split.Origin.RULE)
    assert (first.number, second.number, second.parent) == (1, 2, first)
    assert shapes_of(list(second.parent.lots.all())) == whole(need)


def test_what_is_stored_is_what_was_found(row: Need, need: DomainNeed) -> None:
    lots = by_trade(need, whole(need), 0)
    split = Split.objects.get(pk=keep(row, lots).pk)
    assert shapes_of(list(split.lots.all())) == lots
    assert tuple(results_of(list(split.lots.all()))) == evaluate(need, lots, fictitious=True)
    assert totals_of(split).amount_eur == need.amount_eur


def test_shapes_that_leave_a_commune_out_are_never_kept(row: Need, need: DomainNeed) -> None:
    with pytest.raises(SplitError, match="dans aucun lot"):
        keep(row, [LotShape(frozenset({"T01", "T04"}), frozenset({"38185"}))])
    assert not row.splits.exists()


def test_a_need_that_grew_says_that_the_old_split_no_longer_covers_it(row: Need, need: DomainNeed) -> None:
    split = keep(row, whole(need))
    row.trades.create(position=3, trade="T07", amount_eur=10_000)
    with pytest.raises(SplitError, match="dans aucun lot"):
        refresh(split, need_of(row))


def test_an_evaluation_can_be_made_again_with_the_amounts_of_today(row: Need, need: DomainNeed) -> None:
    split = keep(row, whole(need))
    row.trades.filter(trade="T01").update(amount_eur=1_200_000)
    refresh(split, need_of(row))
    assert totals_of(Split.objects.get(pk=split.pk)).amount_eur == 1_260_000


def test_lots_are_named_by_trade_then_by_their_largest_commune(need: DomainNeed) -> None:
    lots = by_parts(need, by_trade(need, whole(need), 0), 1, 2)
    names = titles(lots)
    assert names[0] == "Nettoyage de locaux"
    assert any(name.startswith("Espaces verts : Grenoble") for name in names[1:])


def test_intercommunalities_that_cut_the_territory_are_offered(row: Need, need: DomainNeed) -> None:
    Commune.objects.update(epci_code="200000001")
    wide = make_need("Large", communes=["38185", "38169", "38563"], fictitious=True, organisation=row.organisation)
    Commune.objects.filter(pk="38563").update(epci_code="200000002")
    zones = zones_of(["38185", "38169", "38563"])
    assert len(by_zone(need_of(wide), whole(need_of(wide)), 0, zones["epci"])) == 2
    assert zones_of(["38185", "38169"]) == {}


def test_two_tabs_that_change_the_same_version_lose_nothing(row: Need, need: DomainNeed) -> None:
    first = keep(row, whole(need))
    one = keep(row, by_trade(need, whole(need), 0), parent=first)
    other = keep(row, by_parts(need, whole(need), 0, 2), parent=first)
    assert [split.number for split in first.children.all()] == [one.number, other.number] == [2, 3]
