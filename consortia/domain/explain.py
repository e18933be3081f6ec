"""Why no grouping exists, who replaces a member, and why a grouping is lawful: in values, then in French."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from consortia.domain.problem import Candidate, Grouping, Problem, hosted_hours
from consortia.domain.rules import violations
from consortia.domain.shares import allocate
from consortia.domain.solver import admissible, covering_rows, largest_size, solve


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing missing. ``kind``: trade, capacity, hours, turnover, supply, mandataire or combination.

    ``trades`` names the needs concerned; amounts in euros a year; ``missing_hours`` in hours a year
    (insertion hours for "hours").
    """

    kind: str
    trades: tuple[str, ...] = ()
    found_eur: int = 0
    missing_eur: int = 0
    found_hours: int = 0
    missing_hours: int = 0
    firms: int = 0
    reach_km: float = 0.0  # how far the farthest firm counted is


@dataclass(frozen=True, slots=True)
class TradeWords:
    """How a trade is spoken of: label, usual radius, and hours of work per euro."""

    label: str
    radius_km: float
    hours_per_eur: float


def gaps(problem: Problem) -> tuple[Gap, ...]:
    """What is missing when :func:`solve` finds nothing; each gap is a proof of impossibility by itself.

    Most telling first: trades nobody does, too few firms, then amounts, hours and turnover that the
    best members together cannot reach, then the mandataire. When none of these alone explains it,
    one gap of kind "combination".
    """
    pool = admissible(problem)
    trades = tuple(
        Gap("trade", (need.trade,), missing_eur=need.amount_eur)
        for need in problem.needs
        if not any(need.trade in candidate.needs for candidate in pool)
    )
    if trades:
        return trades
    needs = tuple(need.trade for need in problem.needs)
    if largest_size(problem, 2) < 2:
        return (Gap("supply", needs, firms=problem.supply),)
    if len(pool) == 1:
        return (Gap("combination", needs, firms=1, reach_km=pool[0].distance_km),)
    found = _row_gaps(problem, pool, largest_size(problem, len(pool)))
    if found:
        return found
    least = problem.lower_bound_eur(mandataire=True)
    if not any(_may_lead(problem, candidate, least) for candidate in pool):
        return (Gap("mandataire", missing_eur=least),)
    return (_combination(problem),)


def _may_lead(problem: Problem, candidate: Candidate, least: int) -> bool:
    """Whether a firm could take the part of a mandataire: by its capacity, and by the needs it serves."""
    work = sum(need.amount_eur for need in problem.needs if need.trade in candidate.needs)
    return candidate.experienced and not candidate.committed_mandataire and min(candidate.capacity_eur, work) >= least


def _row_gaps(problem: Problem, pool: tuple[Candidate, ...], size: int) -> tuple[Gap, ...]:
    """Covering rows that even the best ``size`` members cannot reach; narrowest sets of needs only."""
    rows, wanted = covering_rows(problem, pool)
    subsets = (1 << len(problem.needs)) - 1
    found: list[Gap] = []
    seen: list[frozenset[str]] = []
    labels = ["turnover"] * bool(problem.turnover_required) + ["hours"] * bool(problem.hours_required)
    for index, (row, want) in enumerate(zip(rows.tolist(), wanted.tolist(), strict=True)):
        reached = sum(sorted(row, reverse=True)[:size])
        if reached >= want:
            continue
        if index >= subsets:
            found.append(_required_gap(labels[index - subsets], reached, want))
            continue
        trades = tuple(need.trade for bit, need in enumerate(problem.needs) if (index + 1) >> bit & 1)
        if any(other <= frozenset(trades) for other in seen):
            continue
        seen.append(frozenset(trades))
        counted = [candidate for candidate, value in zip(pool, row, strict=True) if value]
        reach = max((candidate.distance_km for candidate in counted), default=0.0)
        found.append(Gap("capacity", trades, reached, want - reached, firms=len(counted), reach_km=reach))
    most = _most_hours(problem, pool)
    if most < problem.hours_required and not any(gap.kind == "hours" for gap in found):
        found.append(_required_gap("hours", most, problem.hours_required))
    return tuple(found)


def _most_hours(problem: Problem, pool: tuple[Candidate, ...]) -> int:
    """No parts host more hours than the lot given to those who host most a euro, each within its trades."""
    left, hours = problem.amount_eur, Fraction(0)
    for candidate in sorted(pool, key=lambda candidate: -hosted_hours(candidate, 1)):
        work = sum(need.amount_eur for need in problem.needs if need.trade in candidate.needs)
        part = min(left, work, candidate.capacity_eur)
        hours += hosted_hours(candidate, part)
        left -= part
    return int(hours)


def _required_gap(kind: str, reached: int, want: int) -> Gap:
    if kind == "hours":
        return Gap("hours", found_hours=reached, missing_hours=want - reached)
    return Gap("turnover", found_eur=reached, missing_eur=want - reached)


def _combination(problem: Problem) -> Gap:
    """Each requirement can be met, all together cannot: the smallest extra capacity that would do.

    Searched with every capacity multiplied by the same factor; no amount is said when capacity is not what lacks.
    """
    trades = tuple(need.trade for need in problem.needs)
    low, high = 1.0, 2.0
    while not _solvable(problem, high):
        if high >= 64:
            return Gap("combination", trades)
        low, high = high, high * 2
    for _ in range(6):
        middle = (low + high) / 2
        low, high = (low, middle) if _solvable(problem, middle) else (middle, high)
    return Gap("combination", trades, missing_eur=round((high - 1) * problem.amount_eur))


def _solvable(problem: Problem, factor: float) -> bool:
    larger = tuple(
        replace(c, capacity_eur=int(c.capacity_eur * factor), low_eur=None, high_eur=None) for c in problem.candidates
    )
    return bool(solve(replace(problem, candidates=larger), count=1, node_limit=1_000_000).solutions)


def replacements(problem: Problem, grouping: Grouping) -> dict[int, Candidate | None]:
    """For each member, the cheapest firm that could take its place lawfully, or None ("si X se retire")."""
    outside = sorted(
        (candidate for candidate in admissible(problem) if candidate.id not in grouping.ids),
        key=lambda candidate: (candidate.cost, candidate.id),
    )
    answer: dict[int, Candidate | None] = {}
    for part in grouping.parts:
        rest = [other.candidate for other in grouping.parts if other is not part]
        answer[part.candidate.id] = next(
            (candidate for candidate in outside if _lawful(problem, [*rest, candidate])), None
        )
    return answer


def _lawful(problem: Problem, members: list[Candidate]) -> bool:
    needs = sum(member.capacity_eur for member in members)
    if needs < problem.amount_eur:
        return False
    grouping = allocate(problem, members)
    return grouping is not None and not violations(problem, grouping)


def money(amount: float) -> str:
    """ "84 000 €": an estimate keeps two significant digits, never more than known."""
    return _rounded(amount, _digits(amount))


def least_money(amount: int) -> str:
    """The same for an amount that is the least that does: rounded up, so that what is said still does."""
    step = 10 ** _digits(amount)
    return _rounded(-(-amount // step) * step, 0)


def _digits(amount: float) -> int:
    return max(0, len(str(abs(round(amount)))) - 2)


def _rounded(amount: float, digits: int) -> str:
    return f"{round(amount, -digits):,.0f}".replace(",", " ") + " €"


def radius_km(gap: Gap, words: Mapping[str, TradeWords]) -> float:
    """How far was searched: the usual reach of the trades, or the farthest firm counted when it goes beyond."""
    return max([gap.reach_km, *(1.5 * words[trade].radius_km for trade in gap.trades)])


def sentence(gap: Gap, words: Mapping[str, TradeWords], *, size: int, limited: bool = False) -> str:
    """One French sentence on what is missing and how far it is.

    ``size`` is the most members a lawful grouping may have here; ``limited`` says that rule C1 set it.
    """
    names = " et ".join(lower_first(words[trade].label) for trade in gap.trades)
    radius = math.ceil(radius_km(gap, words))
    if gap.kind == "trade":
        return f"Aucune entreprise admissible en {names} à moins de {radius} km."
    if gap.kind == "supply":
        return (
            f"Seulement {gap.firms} entreprise{'s' * (gap.firms > 1)} à portée en {names} : un groupement de deux "
            "réunirait plus de la moitié de l'offre identifiée (règle de concurrence C1)."
        )
    if gap.kind == "capacity":
        hours = sum(gap.missing_eur * words[trade].hours_per_eur for trade in gap.trades) / len(gap.trades)
        return (
            f"Il manque {money(gap.missing_eur)} de capacité par an en {names} à moins de {radius} km "
            f"(environ {count(hours)} h de travail) : {size} entreprises réunies offrent au mieux "
            f"{_rounded(gap.found_eur, _digits(gap.missing_eur))}"
            f"{' (au plus la moitié de celles identifiées, règle C1)' if limited else ''}."
        )
    if gap.kind == "hours":
        return (
            f"Il manque {gap.missing_hours} h d'insertion par an : les membres possibles peuvent en accueillir "
            f"{gap.found_hours} au mieux."
        )
    if gap.kind == "turnover":
        return (
            f"Le chiffre d'affaires exigé n'est pas atteint : il manque {money(gap.missing_eur)}, "
            f"{size} entreprises réunies en totalisent {money(gap.found_eur)}."
        )
    if gap.kind == "mandataire":
        return (
            "Aucune entreprise expérimentée n'a, dans ses métiers, la capacité libre d'un mandataire "
            f"({money(gap.missing_eur)} par an)."
        )
    if gap.firms == 1:
        return (
            f"Une seule entreprise a la capacité libre d'un membre en {names} à moins de {radius} km : "
            "un groupement en demande deux."
        )
    if not gap.missing_eur:
        return (
            f"Chaque besoin a des candidats, mais aucune équipe de {size} au plus ne respecte toutes les règles "
            "ensemble, et davantage de capacité n'y changerait rien."
        )
    return (
        f"Chaque besoin a des candidats, mais aucune équipe de {size} au plus ne les couvre tous ensemble : "
        f"il faudrait environ {money(gap.missing_eur)} de capacité de plus par an."
    )


def lower_first(label: str) -> str:
    """ "Gardiennage (CNAPS)" inside a sentence; acronyms keep their capitals."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def count(hours: float) -> str:
    """ "4 200": hours rounded to ten, to a hundred from a thousand on."""
    step = 10 if hours < 1000 else 100
    return f"{round(hours / step) * step:,}".replace(",", " ")
