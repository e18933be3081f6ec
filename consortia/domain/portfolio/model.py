"""Which proposals to pursue together: the columns one may choose, what they use, and the plan chosen.

Whole numbers only, checked before any solver sees them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property


class PortfolioError(ValueError):
    """Le portefeuille de lots est incohérent ; le message dit quelle donnée corriger."""


@dataclass(frozen=True, slots=True)
class Column:
    """One way to win a lot: a grouping, or a firm alone.

    ``value`` is what winning the lot this way brings (lots, hours or euros); ``uses`` tells, by firm, the euros a year
    of free capacity it takes.
    """

    id: int
    lot: int
    value: int
    uses: tuple[tuple[int, int], ...]

    @property
    def firms(self) -> frozenset[int]:
        return frozenset(firm for firm, _ in self.uses)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` of these columns together: a rule between the lots of one tender (see ``limits``)."""

    columns: tuple[int, ...]
    most: int
    rule: str = ""


@dataclass(frozen=True)
class Portfolio:
    """Columns, in order of preference within a lot, and the capacity of each firm in euros a year.

    Three rules hold in any plan: at most one column a lot, no firm beyond its capacity, no limit passed.
    """

    columns: tuple[Column, ...]
    capacity: Mapping[int, int]
    limits: tuple[Limit, ...] = ()

    def __post_init__(self) -> None:
        ids = {column.id for column in self.columns}
        if len(ids) != len(self.columns):
            raise PortfolioError("Deux propositions du portefeuille portent le même numéro.")
        for column in self.columns:
            _check(column, self.capacity)
        if any(capacity < 0 for capacity in self.capacity.values()):
            raise PortfolioError("Une capacité libre ne peut être négative.")
        if any(limit.most < 0 or not ids.issuperset(limit.columns) for limit in self.limits):
            raise PortfolioError(
                "Une règle du portefeuille porte sur une proposition inconnue, ou son plafond est négatif."
            )

    @cached_property
    def by_id(self) -> Mapping[int, Column]:
        return {column.id: column for column in self.columns}

    def loads(self, chosen: Iterable[int]) -> Counter[int]:
        """Euros a year each firm is committed for, by these columns."""
        loads: Counter[int] = Counter()
        for number in chosen:
            loads.update(dict(self.by_id[number].uses))
        return loads


def _check(column: Column, capacity: Mapping[int, int]) -> None:
    if column.value <= 0:
        raise PortfolioError(f"Proposition {column.id} : sa valeur doit être positive.")
    if not column.uses or len(column.firms) != len(column.uses):
        raise PortfolioError(f"Proposition {column.id} : il faut au moins une entreprise, et chacune une seule fois.")
    for firm, eur in column.uses:
        if eur <= 0 or firm not in capacity:
            raise PortfolioError(f"Proposition {column.id} : la part ou la capacité de l'entreprise {firm} manque.")


@dataclass(frozen=True, slots=True)
class Part:
    """What was concluded of a set of lots that share no firm with the others."""

    lots: int
    columns: int
    chosen: tuple[int, ...]
    value: int
    bound: int

    @property
    def proven(self) -> bool:
        return self.value == self.bound


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns to pursue. No plan is worth more than ``bound``, whatever the time given.

    ``prices`` tells, by firm, what a euro of capacity more would bring in the linear relaxation (shadow price): only
    firms whose capacity holds the plan back have one.
    """

    parts: tuple[Part, ...]
    chosen: tuple[int, ...]
    prices: Mapping[int, float] = field(default_factory=dict)

    @property
    def value(self) -> int:
        return sum(part.value for part in self.parts)

    @property
    def bound(self) -> int:
        return sum(part.bound for part in self.parts)

    @property
    def proven(self) -> bool:
        return self.value == self.bound

    @property
    def gap(self) -> float:
        """What remains between the plan and the bound, as a share of the bound (0..1)."""
        return (self.bound - self.value) / self.bound if self.bound else 0.0


def broken(portfolio: Portfolio, chosen: Iterable[int]) -> list[str]:
    """What a set of columns breaks of the three rules, in words: empty for a lawful plan. Knows no solver."""
    chosen = list(chosen)
    wrong = [
        f"Lot {lot} : {n} propositions retenues."
        for lot, n in Counter(portfolio.by_id[number].lot for number in chosen).items()
        if n > 1
    ]
    wrong += [
        f"Entreprise {firm} : {eur} € engagés pour {portfolio.capacity[firm]} € de capacité."
        for firm, eur in portfolio.loads(chosen).items()
        if eur > portfolio.capacity[firm]
    ]
    taken = Counter(chosen)
    for limit in portfolio.limits:
        if (n := sum(taken[number] for number in limit.columns)) > limit.most:
            wrong.append(f"Règle {limit.rule} : {n} propositions retenues pour {limit.most} permises.")
    return wrong
