"""Why a firm is not among the best of a lot, and the smallest change that would bring it there.

Every answer is found by asking ``pair`` itself, with the firm as it would be: no second formula. Scores never fall
when a firm has more room, goes farther or has won more, rounding included, so that bisection on whole euros,
kilometres and contracts finds the least that suffices, and one unit less does not.

Six changes are looked at. The smallest is the one of least effort (parameters ``whynot.*``, estimates):

- capacity    more free turnover a year / what is free now (a full-time job's worth at least)
- radius      more kilometres / the radius now
- area        the lot's département declared beside those the firm declares: a fixed effort
- trade       one of the lot's trades declared beside those the firm has: a fixed effort
- ess         a status "to be verified" that is confirmed: a fixed effort
- references  more contracts in a trade the firm does, for that kind of buyer / those that make full evidence

Of equal efforts the first in this order. When no single one suffices, pairs of different kinds are looked at alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from matchmaker.domain.area import covers
from matchmaker.domain.capacity import figure
from matchmaker.domain.eligibility import WORDS, delivers
from matchmaker.domain.evidence import WORDS as BUYERS
from matchmaker.domain.notice import Reservation
from matchmaker.domain.pair import pair, scored
from matchmaker.domain.query import Answer, Found, IndexedFirm, LotQuery, Wins
from matchmaker.domain.reference import Reference
from matchmaker.domain.score import MAX_EUR

TOP = 20
KINDS = ("capacity", "radius", "area", "trade", "ess", "references")  # the order of equal efforts
_NOTHING = "Ni capacité, ni rayon, ni métier déclaré, ni références de plus n'y suffiraient, même deux à la fois."
_NEVER = "Aucune déclaration n'y changerait rien."


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would be otherwise. ``amount``: euros a year, kilometres of the new radius, or contracts; else 1.

    ``text`` is French, without subject: "0,4 ETP libre de plus (32 000 € par an)".
    """

    kind: str
    amount: int
    effort: float
    text: str
    trade: str = ""
    fte: float = 0.0


@dataclass(frozen=True, slots=True)
class Way:
    """Changes that together suffice, and where the firm would then stand."""

    changes: tuple[Change, ...]
    score: float
    rank: int
    sentence: str

    @property
    def effort(self) -> float:
        return sum(change.effort for change in self.changes)


@dataclass(frozen=True, slots=True)
class WhyNot:
    """``rank`` and ``score`` None when the firm is no match at all; ``bar``: the last score of the top, None when
    the top is not full. ``best`` is the smallest way in, ``others`` the other single changes that suffice.
    """

    rank: int | None
    score: float | None
    bar: float | None
    top: int
    obstacles: tuple[str, ...]
    best: Way | None
    others: tuple[Way, ...]
    sentence: str

    @property
    def inside(self) -> bool:
        return self.rank is not None and self.rank <= self.top


@dataclass(frozen=True, slots=True)
class _Lever:
    """A kind of change: the firm with ``amount`` of it (1..most), what it costs and how it is said."""

    kind: str
    most: int
    apply: Callable[[IndexedFirm, int], IndexedFirm]
    effort: Callable[[int], float]
    tell: Callable[[int], Change]


def why_not(
    firm: IndexedFirm, lot: LotQuery, answer: Answer, rank: int | None, tables: Reference, top: int = TOP
) -> WhyNot:
    """``answer`` holds the best ``top`` + 1 firms of the lot at least; ``rank`` is the firm's, None if no match.

    Ties are settled as in the index: of equal scores, the smaller id goes first.
    """
    race = _Race(firm, lot, tables, tuple(found for found in answer.top if found.id != firm.id)[:top], top)
    found = pair(firm, lot, tables)
    score = None if found is None else found.score
    bar = answer.top[top - 1].score if len(answer.top) >= top else None
    met = obstacles(firm, lot, tables)
    if found is not None and race.rank(found) <= top:
        told = f"Elle est au rang {rank} : parmi les {top} premières."
        return WhyNot(rank, score, bar, top, met, None, (), told)
    levers = tuple(_levers(firm, lot, tables))
    singles = sorted(filter(None, (race.single(lever, rank) for lever in levers)), key=_least)
    best = singles[0] if singles else race.pairs(levers, rank)
    if best is None:
        said = " ".join((*met, _NOTHING if _open(firm, lot, levers) else _NEVER))
        return WhyNot(rank, score, bar, top, met, None, (), said)
    return WhyNot(rank, score, bar, top, met, best, tuple(singles[1:]), best.sentence)


def obstacles(firm: IndexedFirm, lot: LotQuery, tables: Reference) -> tuple[str, ...]:
    """What keeps a firm from being a match at all, in French; () for a match."""
    met = []
    if not lot.admits(firm.inclusive_kind, firm.ess):
        who = "son statut ESS est à vérifier" if _may_be_ess(firm, lot) else "elle n'en est pas"
        met.append(f"Ce lot est {WORDS[lot.reservation]} : {who}.")
    asked = list(dict.fromkeys(trade for need in lot.trades for trade, _ in need.options))
    ways = list(scored(firm, lot, tables))
    if not ways and not any(delivers(firm.inclusive_kind, trade, tables.kinds) for trade in asked):
        label = tables.kinds[firm.inclusive_kind].label
        met.append(f"Elle met du personnel à disposition ({label}) : elle n'exécute pas ce lot elle-même.")
    elif not ways:
        met.append(f"Elle ne fait aucun des métiers demandés : {_labels(asked, tables)}.")
    elif ways[0].inside is False:
        where = " et ".join(filter(None, (", ".join(firm.departements[:-1]), firm.departements[-1])))
        many = "les départements" if len(firm.departements) > 1 else "le département"
        met.append(f"Elle a déclaré n'intervenir que dans {many} {where} ; ce lot est dans le {lot.departement}.")
    elif all(way.parts.distance == 0 for way in ways):
        near = min(ways, key=lambda way: way.reach)
        km, radius = figure(round(near.distance_km, 1)), figure(round(near.radius_km, 1))
        end = figure(tables.formula.decay.end)
        met.append(f"Elle est trop loin : {km} km par la route, pour un rayon de {radius} km (au plus {end} fois).")
    return tuple(met)


def _may_be_ess(firm: IndexedFirm, lot: LotQuery) -> bool:
    return lot.reservation is Reservation.ESS and firm.ess == "verify"


def _labels(trades: Sequence[str], tables: Reference) -> str:
    return ", ".join(tables.trades[trade].label for trade in trades)


def _open(firm: IndexedFirm, lot: LotQuery, levers: Sequence[_Lever]) -> bool:
    """Whether the lot is open to that kind of firm at all."""
    return bool(levers) and (lot.admits(firm.inclusive_kind, firm.ess) or _may_be_ess(firm, lot))


def _least(way: Way) -> tuple[float, list[int], str]:
    return way.effort, [KINDS.index(change.kind) for change in way.changes], way.sentence


# ---------------------------------------------------------------- the race


@dataclass(frozen=True, slots=True)
class _Race:
    """A firm against the best of the others."""

    firm: IndexedFirm
    lot: LotQuery
    tables: Reference
    others: tuple[Found, ...]
    top: int

    def rank(self, found: Found) -> int:
        """Rank among the others kept, exact up to ``top``."""
        return 1 + sum((-other.score, other.id) < (-found.score, found.id) for other in self.others)

    def enters(self, firm: IndexedFirm) -> bool:
        found = pair(firm, self.lot, self.tables)
        return found is not None and self.rank(found) <= self.top

    def least(self, lever: _Lever, firm: IndexedFirm) -> int | None:
        """The least amount with which the firm enters, None when the most does not suffice."""
        return _first(lever.most, lambda amount: self.enters(lever.apply(firm, amount)))

    def single(self, lever: _Lever, rank: int | None) -> Way | None:
        amount = self.least(lever, self.firm)
        if amount is None:
            return None
        return self._way((lever.tell(amount),), lever.apply(self.firm, amount), rank)

    def pairs(self, levers: Sequence[_Lever], rank: int | None) -> Way | None:
        """The smallest pair of different kinds. Exact: for each amount of one, the least of the other."""
        best: Way | None = None
        for one, other in combinations(levers, 2):
            if one.kind != other.kind:
                best = self._pair(one, other, rank, best.effort if best else math.inf) or best
        return best

    def _pair(self, one: _Lever, other: _Lever, rank: int | None, budget: float) -> Way | None:
        """The smallest use of two levers together of less effort than a budget.

        More of one never asks for more of the other: amounts that even the most of the other does not help are left
        out, and so are those that no longer fit the best found.
        """
        few, many = sorted((one, other), key=lambda lever: lever.most)
        found: tuple[int, int] | None = None
        start = _first(few.most, lambda n: self.enters(many.apply(few.apply(self.firm, n), many.most)))
        for amount in range(start or few.most + 1, few.most + 1):
            left = budget - few.effort(amount)
            if left <= 0:
                break
            more = self.least(_within(many, left), few.apply(self.firm, amount))
            if more is not None:
                found, budget = (amount, more), few.effort(amount) + many.effort(more)
        if found is None:
            return None
        changed = many.apply(few.apply(self.firm, found[0]), found[1])
        told = sorted((few.tell(found[0]), many.tell(found[1])), key=lambda change: KINDS.index(change.kind))
        return self._way(tuple(told), changed, rank)

    def _way(self, changes: tuple[Change, ...], changed: IndexedFirm, rank: int | None) -> Way:
        found = pair(changed, self.lot, self.tables)
        assert found is not None
        reached = self.rank(found)
        told = " et ".join(change.text for change in changes)
        move = f"elle passerait du rang {rank} au rang {reached}" if rank else f"elle entrerait au rang {reached}"
        return Way(changes, found.score, reached, f"{told[0].upper()}{told[1:]}, {move}.")


def _first(most: int, holds: Callable[[int], bool]) -> int | None:
    """The first of 1..most for which something holds that then goes on holding, by bisection; None if none."""
    if most < 1 or not holds(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _within(lever: _Lever, effort: float) -> _Lever:
    """The lever, no farther than costs less than an effort."""
    beyond = _first(lever.most, lambda amount: lever.effort(amount) >= effort)
    return lever if beyond is None else replace(lever, most=beyond - 1)


# ---------------------------------------------------------------- the levers


def _levers(firm: IndexedFirm, lot: LotQuery, tables: Reference) -> Iterator[_Lever]:
    """What could be otherwise, in the order of KINDS."""
    asked = [trade for need in lot.trades for trade, _ in need.options]
    able = [t for t in dict.fromkeys(asked) if delivers(firm.inclusive_kind, t, tables.kinds)]
    done = [trade for trade in able if trade in firm.trades]
    if not able:
        return
    if lot.yearly_eur is not None:
        yield _capacity(firm, lot, tables, (done or able)[0])
    yield _radius(firm, tables, done or able)
    if covers(firm.departements, lot.departement) is False:
        yield _area(lot, tables)
    again = done[:1] if firm.trust < tables["trust.declared"] else []  # what it does already, declared: trusted more
    yield from (_trade(firm, tables, trade) for trade in [*again, *(t for t in able if t not in done)])
    if firm.ess == "verify":
        yield _ess(tables)
    yield from (_references(lot, tables, trade) for trade in able)


def _capacity(firm: IndexedFirm, lot: LotQuery, tables: Reference, trade: str) -> _Lever:
    """Sure free turnover: the whole interval rises by as much."""
    assert lot.yearly_eur is not None
    per_fte = 1000.0 * tables.trades[trade].keur_per_fte
    now, weight = max(float(firm.capacity_eur), per_fte), tables["whynot.effort_capacity"]

    def apply(known: IndexedFirm, eur: int) -> IndexedFirm:
        return replace(known, capacity_eur=known.capacity_eur + eur, low_eur=known.low + eur, high_eur=known.high + eur)

    def tell(eur: int) -> Change:
        fte = -(-10 * eur // round(per_fte)) / 10  # rounded up: what surely suffices
        text = f"avec {figure(fte)} ETP libre de plus ({_exact(eur)} € par an)"
        return Change("capacity", eur, weight * eur / now, text, trade, fte)

    most = max(0, min(MAX_EUR, lot.yearly_eur) - firm.low)  # beyond, the lot is covered whatever the estimate
    return _Lever("capacity", most, apply, lambda eur: weight * eur / now, tell)


def _exact(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _radius(firm: IndexedFirm, tables: Reference, trades: Sequence[str]) -> _Lever:
    """A declared radius, in whole kilometres, larger than the narrowest one now."""
    now = firm.declared_radius_km or min(tables.trades[trade].radius_km for trade in trades)
    weight, start = tables["whynot.effort_radius"], int(now)

    def tell(km: int) -> Change:
        said = "déclaré" if firm.declared_radius_km else "habituel"
        text = f"avec un rayon d'intervention de {start + km} km (au lieu de {figure(now)} km, {said})"
        return Change("radius", start + km, effort(km), text)

    def effort(km: int) -> float:
        return weight * (start + km - now) / now

    def apply(known: IndexedFirm, km: int) -> IndexedFirm:
        return replace(known, declared_radius_km=float(start + km))

    return _Lever("radius", tables.integer("whynot.max_radius_km") - start, apply, effort, tell)


def _area(lot: LotQuery, tables: Reference) -> _Lever:
    """The départements it declares, and the lot's."""
    weight = tables["whynot.effort_area"]
    text = f"en ajoutant le {lot.departement} aux départements où elle déclare intervenir"
    change = Change("area", 1, weight, text)

    def apply(known: IndexedFirm, _: int) -> IndexedFirm:
        return replace(known, departements=(*known.departements, lot.departement))

    return _Lever("area", 1, apply, lambda _: weight, lambda _: change)


def _trade(firm: IndexedFirm, tables: Reference, trade: str) -> _Lever:
    """The trades it has, and this one, declared: trusted as declarations are."""
    weight, trust = tables["whynot.effort_trade"], tables["trust.declared"]
    trades = firm.trades if trade in firm.trades else (*firm.trades, trade)
    change = Change("trade", 1, weight, f"en déclarant le métier « {tables.trades[trade].label} »", trade)
    return _Lever(
        "trade", 1, lambda known, _: replace(known, trades=trades, trust=trust), lambda _: weight, lambda _: change
    )


def _ess(tables: Reference) -> _Lever:
    weight = tables["whynot.effort_ess"]
    change = Change("ess", 1, weight, "avec un statut ESS confirmé")
    return _Lever("ess", 1, lambda known, _: replace(known, ess="yes"), lambda _: weight, lambda _: change)


def _references(lot: LotQuery, tables: Reference, trade: str) -> _Lever:
    """More contracts in a trade, for that kind of buyer."""
    full, weight = tables.formula.wins_full, tables["whynot.effort_references"]

    def apply(known: IndexedFirm, more: int) -> IndexedFirm:
        won = known.wins.get(trade, Wins())
        return replace(known, wins={**known.wins, trade: Wins(won.count + more, won.buyers | lot.buyer)})

    def tell(more: int) -> Change:
        who = f" pour {BUYERS[lot.buyer]}" if lot.buyer else ""
        many = "marchés gagnés" if more > 1 else "marché gagné"
        text = f"avec {more} {many} de plus en « {tables.trades[trade].label} »{who}"
        return Change("references", more, weight * more / full, text, trade)

    return _Lever("references", full, apply, lambda more: weight * more / full, tell)
