"""Which proposals to pursue together: equal to enumeration, lawful, and never better than its bound."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.portfolio import plain
from benchmarks.portfolio_data import territory
from consortia.domain.portfolio import (
    Column,
    Limit,
    Plan,
    Portfolio,
    PortfolioError,
    broken,
    choose,
    exclusive_limits,
    lot_limits,
)
from consortia.domain.portfolio.cuts import tightened
from consortia.domain.portfolio.linear import SCALE, model, priced_bound, relax
from consortia.domain.portfolio.reduce import components
from consortia.domain.portfolio.search import best, improved

REGIE, DRAC, TRIEVES, CHARTREUSE = 1, 2, 3, 4  # firms
ECOLES, MAIRIE, GYMNASE, PISCINE = 10, 20, 30, 40  # lots
SOME = settings(max_examples=40)  # each is a few integer programmes


def by_enumeration(portfolio: Portfolio) -> int:
    """The best value, by trying every combination."""
    lots: dict[int, list[Column | None]] = defaultdict(lambda: [None])
    for column in portfolio.columns:
        lots[column.lot].append(column)
    best = 0
    for picked in product(*lots.values()):
        chosen = [column for column in picked if column is not None]
        if not broken(portfolio, [column.id for column in chosen]):
            best = max(best, sum(column.value for column in chosen))
    return best


@st.composite
def portfolios(draw: st.DrawFn) -> Portfolio:
    """Up to five lots and five firms, tight enough that choices compete."""
    firms = range(draw(st.integers(1, 5)))
    capacity = {firm: draw(st.integers(0, 12)) for firm in firms}
    columns: list[Column] = []
    for lot in range(draw(st.integers(1, 5))):
        for _ in range(draw(st.integers(1, 3))):
            team = draw(st.sets(st.sampled_from(firms), min_size=1, max_size=3))
            uses = tuple((firm, draw(st.integers(1, 9))) for firm in sorted(team))
            columns.append(Column(len(columns), lot, draw(st.integers(1, 20)), uses))
    tenders = {lot: draw(st.integers(0, 1)) for lot in range(5)}
    limits = lot_limits(columns, {0: draw(st.integers(1, 2))}, tenders)
    if draw(st.booleans()):
        limits += exclusive_limits(columns, {1}, tenders)
    return Portfolio(tuple(columns), capacity, tuple(limits))


@given(portfolios())
def test_small_portfolios_equal_enumeration(portfolio: Portfolio) -> None:
    plan = choose(portfolio)
    assert plan.value == plan.bound == by_enumeration(portfolio)


@SOME
@given(portfolios())
def test_a_plan_is_lawful_and_counts_what_it_chose(portfolio: Portfolio) -> None:
    plan = choose(portfolio)
    assert broken(portfolio, plan.chosen) == []
    assert plan.value == sum(portfolio.by_id[number].value for number in plan.chosen)
    assert sorted(plan.chosen) == sorted(number for part in plan.parts for number in part.chosen)


@SOME
@given(portfolios())
def test_without_any_time_the_plan_is_lawful_and_the_bound_holds(portfolio: Portfolio) -> None:
    plan = choose(portfolio, 0.0, clock=iter(range(10**6)).__next__)
    assert broken(portfolio, plan.chosen) == []
    assert plan.value <= by_enumeration(portfolio) <= plan.bound


@SOME
@given(portfolios(), st.integers(0, 4), st.integers(1, 10))
def test_more_capacity_never_lowers_the_value(portfolio: Portfolio, firm: int, more: int) -> None:
    richer = {one: eur + more * (one == firm) for one, eur in portfolio.capacity.items()}
    assert choose(Portfolio(portfolio.columns, richer, portfolio.limits)).value >= choose(portfolio).value


@SOME
@given(portfolios())
def test_one_proposal_less_never_raises_the_value(portfolio: Portfolio) -> None:
    fewer = Portfolio(portfolio.columns[:-1], portfolio.capacity)
    assert choose(fewer).value <= choose(Portfolio(portfolio.columns, portfolio.capacity)).value


@SOME
@given(portfolios())
def test_the_same_data_give_the_same_plan(portfolio: Portfolio) -> None:
    assert choose(portfolio) == choose(portfolio)


@SOME
@given(portfolios(), st.data())
def test_the_bound_holds_whatever_the_prices(portfolio: Portfolio, data: st.DataObject) -> None:
    for component in components(portfolio):
        prices = {row: data.draw(st.integers(0, 30)) * SCALE // 7 for row in component.room}
        value = sum(max((one.value for one in lot), default=0) for lot in component.lots)
        best = sum(part.value for part in choose(portfolio).parts if set(part.chosen) <= ids(component.lots))
        assert priced_bound(component, prices) >= SCALE * min(value, best)


def ids(lots: object) -> set[int]:
    return {choice.id for lot in lots for choice in lot}  # type: ignore[attr-defined]


@SOME
@given(portfolios())
def test_cuts_only_lower_the_bound_and_keep_every_plan(portfolio: Portfolio) -> None:
    best = choose(portfolio)
    chosen = set(best.chosen)
    for component in components(portfolio):
        built = model(component)
        relaxed = relax(component, built)
        cut, _, tighter = tightened(component, built, relaxed, lambda: True)
        for row, most in cut.room.items():
            assert sum(one.takes.get(row, 0) for lot in cut.lots for one in lot if one.id in chosen) <= most
        assert priced_bound(cut, tighter.prices) <= priced_bound(component, relaxed.prices) + SCALE // 1000


@pytest.mark.parametrize("objective", ["lots", "amount"])
def test_a_town_of_400_lots_equals_the_plain_integer_programme(objective: str) -> None:
    portfolio = territory(400, objective=objective)
    value, _ = plain(portfolio, 60.0)
    plan = choose(portfolio, 60.0)
    assert (plan.value, plan.proven, broken(portfolio, plan.chosen)) == (value, True, [])


def test_neighbourhoods_solved_again_come_from_nothing_to_near_the_bound() -> None:
    component = components(territory(400))[-1]
    bound = best(component, 60.0).bound
    taken = improved(component, {}, bound, 60.0, iter(range(10**6)).__next__)
    assert sum(choice.value for choice in taken.values()) >= 0.95 * bound
    assert all(one in component.lots[lot] for lot, one in taken.items())
    for row, most in component.room.items():
        assert sum(choice.takes.get(row, 0) for choice in taken.values()) <= most


# ---------------------------------------------------------------- cases of a territory


def one_lot(number: int, lot: int, *uses: tuple[int, int]) -> Column:
    return Column(number, lot, 1, uses)


def test_the_regie_cannot_do_both_schools_and_town_hall_so_its_neighbour_takes_one() -> None:
    plan = choose(
        Portfolio(
            (
                one_lot(1, ECOLES, (REGIE, 60_000)),
                one_lot(2, MAIRIE, (REGIE, 50_000)),
                one_lot(3, MAIRIE, (DRAC, 50_000)),
            ),
            {REGIE: 80_000, DRAC: 55_000},
        )
    )
    assert plan.chosen == (1, 3)
    assert plan.proven


def test_one_large_lot_gives_way_to_two_small_ones_when_lots_count() -> None:
    columns = (
        one_lot(1, ECOLES, (REGIE, 80_000)),
        one_lot(2, MAIRIE, (REGIE, 40_000)),
        one_lot(3, GYMNASE, (REGIE, 40_000)),
    )
    assert choose(Portfolio(columns, {REGIE: 80_000})).chosen == (2, 3)


def test_the_large_lot_wins_when_euros_count() -> None:
    columns = (Column(1, ECOLES, 90, ((REGIE, 80_000),)), Column(2, MAIRIE, 40, ((REGIE, 40_000),)))
    assert choose(Portfolio(columns, {REGIE: 80_000})).chosen == (1,)


def test_among_equals_the_first_proposal_of_a_lot_is_kept() -> None:
    columns = (one_lot(7, ECOLES, (REGIE, 50_000), (DRAC, 10_000)), one_lot(3, ECOLES, (DRAC, 55_000)))
    assert choose(Portfolio(columns, {REGIE: 80_000, DRAC: 55_000})).chosen == (7,)


def test_a_firm_without_capacity_holds_back_only_what_needs_it() -> None:
    columns = (one_lot(1, ECOLES, (TRIEVES, 1)), one_lot(2, MAIRIE, (DRAC, 10)))
    assert choose(Portfolio(columns, {TRIEVES: 0, DRAC: 10})).chosen == (2,)


def test_the_price_tells_which_capacity_holds_the_plan_back() -> None:
    columns = (one_lot(1, ECOLES, (REGIE, 60_000)), one_lot(2, MAIRIE, (REGIE, 60_000)), one_lot(3, PISCINE, (DRAC, 5)))
    plan = choose(Portfolio(columns, {REGIE: 90_000, DRAC: 99}))
    assert plan.value == 2
    assert set(plan.prices) == {REGIE}
    assert plan.prices[REGIE] * 60_000 == pytest.approx(1)  # 60 k€ more would reach one lot more


def test_no_lot_gives_an_empty_plan() -> None:
    assert choose(Portfolio((), {})) == Plan((), ())


# ---------------------------------------------------------------- rules between the lots of a tender

TENDER = {ECOLES: 1, MAIRIE: 1, GYMNASE: 1, PISCINE: 2}


def test_a3_a_firm_wins_no_more_lots_of_a_tender_than_the_documents_allow() -> None:
    columns = [one_lot(lot, lot, (CHARTREUSE, 10)) for lot in (ECOLES, MAIRIE, GYMNASE, PISCINE)]
    limits = lot_limits(columns, {1: 2}, TENDER)
    plan = choose(Portfolio(tuple(columns), {CHARTREUSE: 1_000}, tuple(limits)))
    assert plan.value == 3  # two of the first tender, one of the other
    assert limits == [Limit((ECOLES, MAIRIE, GYMNASE), 2, "A3")]


def test_a3_says_nothing_where_it_cannot_bind() -> None:
    columns = [one_lot(1, ECOLES, (REGIE, 1)), one_lot(2, MAIRIE, (DRAC, 1))]
    assert lot_limits(columns, {1: 1}, TENDER) == []


def test_g3_a_firm_is_not_both_alone_and_member_where_documents_forbid_it() -> None:
    columns = [one_lot(1, ECOLES, (REGIE, 10)), one_lot(2, MAIRIE, (REGIE, 10), (DRAC, 10))]
    limits = exclusive_limits(columns, {1}, TENDER)
    assert choose(Portfolio(tuple(columns), {REGIE: 99, DRAC: 99}, tuple(limits))).value == 1
    assert choose(Portfolio(tuple(columns), {REGIE: 99, DRAC: 99})).value == 2


def test_g3_lets_the_same_team_answer_several_lots() -> None:
    columns = [one_lot(1, ECOLES, (REGIE, 10), (DRAC, 5)), one_lot(2, MAIRIE, (REGIE, 10), (DRAC, 10))]
    assert exclusive_limits(columns, {1}, TENDER) == []


def test_g3_is_silent_where_the_documents_are() -> None:
    columns = [one_lot(1, ECOLES, (REGIE, 10)), one_lot(2, MAIRIE, (REGIE, 10), (DRAC, 10))]
    assert exclusive_limits(columns, {2}, TENDER) == []


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("columns", "capacity", "words"),
    [
        ([one_lot(1, ECOLES, (REGIE, 1)), one_lot(1, MAIRIE, (REGIE, 1))], {REGIE: 1}, "même numéro"),
        ([Column(1, ECOLES, 0, ((REGIE, 1),))], {REGIE: 1}, "valeur"),
        ([one_lot(1, ECOLES)], {REGIE: 1}, "au moins une entreprise"),
        ([one_lot(1, ECOLES, (REGIE, 1), (REGIE, 2))], {REGIE: 1}, "une seule fois"),
        ([one_lot(1, ECOLES, (DRAC, 1))], {REGIE: 1}, "manque"),
        ([one_lot(1, ECOLES, (REGIE, 0))], {REGIE: 1}, "manque"),
        ([one_lot(1, ECOLES, (REGIE, 1))], {REGIE: -1}, "négative"),
    ],
)
def test_an_incoherent_portfolio_is_refused(columns: list[Column], capacity: dict[int, int], words: str) -> None:
    with pytest.raises(PortfolioError, match=words):
        Portfolio(tuple(columns), capacity)


def test_a_limit_on_an_unknown_proposal_is_refused() -> None:
    with pytest.raises(PortfolioError, match="inconnue"):
        Portfolio((), {}, (Limit((1,), 1),))
