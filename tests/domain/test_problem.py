"""A grouping problem refuses nonsense before any solver sees it."""

from __future__ import annotations

import pytest

from consortia.domain.problem import Candidate, Need, Problem, ProblemError
from tests.domain.problems import firm, painting


def test_a_lot_without_need_is_refused() -> None:
    with pytest.raises(ProblemError, match="montant annuel positif"):
        Problem((), (), supply=0)


@pytest.mark.parametrize("amount", [0, -1])
def test_a_need_without_amount_is_refused(amount: int) -> None:
    with pytest.raises(ProblemError, match="montant annuel positif"):
        painting(amount=amount)


def test_a_trade_named_twice_is_refused() -> None:
    with pytest.raises(ProblemError, match="métier figure deux fois"):
        Problem((Need("T07", 1), Need("T07", 2)), (), supply=0)


def test_a_firm_named_twice_is_refused() -> None:
    with pytest.raises(ProblemError, match="entreprise figure deux fois"):
        painting(firm(1, 10), firm(1, 20))


@pytest.mark.parametrize("name", ["capacity_eur", "cost", "turnover_eur", "hours"])
def test_negative_figures_of_a_firm_are_refused_by_its_number(name: str) -> None:
    facts = {"capacity_eur": 10, "cost": 1, name: -1}
    with pytest.raises(ProblemError, match="Candidat 7"):
        painting(Candidate(7, frozenset({"T07"}), **facts))


@pytest.mark.parametrize(
    ("name", "much"), [("capacity_eur", 10**11), ("turnover_eur", 10**11), ("cost", 10**7), ("hours", 10**7)]
)
def test_figures_beyond_any_firm_are_refused(name: str, much: int) -> None:
    """Sums and products stay exact in 64 bits below."""
    facts = {"capacity_eur": 10, "cost": 1, name: much - 1}
    assert painting(Candidate(7, frozenset({"T07"}), **facts))
    with pytest.raises(ProblemError, match="Candidat 7"):
        painting(Candidate(7, frozenset({"T07"}), **(facts | {name: much})))


@pytest.mark.parametrize("name", ["hours_required", "turnover_required", "supply"])
def test_negative_requirements_are_refused(name: str) -> None:
    with pytest.raises(ProblemError, match="négatifs"):
        painting(**{name: -1})


@pytest.mark.parametrize("members", [1, 0, 7])
def test_a_grouping_has_two_to_six_members(members: int) -> None:
    with pytest.raises(ProblemError, match="de 2 à 6 membres"):
        painting(max_members=members)


def test_a_buyer_may_not_ask_for_more_turnover_than_one_and_a_half_times_the_lot() -> None:
    assert painting(amount=100, turnover_required=150).turnover_required == 150
    with pytest.raises(ProblemError, match="R2142-7"):
        painting(amount=100, turnover_required=151)


def test_least_parts_are_rounded_up_to_the_euro() -> None:
    problem = painting(amount=101)
    assert problem.lower_bound_eur(mandataire=False) == 6
    assert problem.lower_bound_eur(mandataire=True) == 26


@pytest.mark.parametrize(
    ("more", "able"),
    [
        ({}, True),
        ({"eligible": False}, False),
        ({"producer": False}, False),
        ({"turnover_eur": 49_999}, False),
        ({"hours": 299}, False),
    ],
)
def test_able_alone_means_every_requirement_of_the_lot(more: dict[str, object], able: bool) -> None:
    problem = painting(hours_required=300, turnover_required=50_000)
    assert problem.able_alone(firm(1, 100_000, **({"hours": 300} | more))) is able


def test_a_firm_larger_than_the_lot_hosts_only_the_hours_of_its_part() -> None:
    problem = painting(hours_required=300)
    assert problem.able_alone(firm(1, 200_000, hours=600))
    assert not problem.able_alone(firm(1, 200_000, hours=599))


def test_able_alone_means_every_trade_and_the_whole_amount() -> None:
    problem = Problem((Need("T07", 60), Need("T13", 40)), (), supply=9)
    assert problem.able_alone(firm(1, 100, "T07 T13"))
    assert not problem.able_alone(firm(1, 100, "T07"))
    assert not problem.able_alone(firm(1, 99, "T07 T13"))
