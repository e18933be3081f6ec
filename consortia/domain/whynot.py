"""Why a firm is not in a grouping, and the smallest change that would bring it there in the place of a member.

A change suffices when the firm as it would be replaces one member, the grouping stays lawful (``allocate`` and
``violations`` are asked again) and costs no more. More free capacity below the whole lot never loses a grouping and
costs nothing; more radius only shortens the way in proportion and widens the reach: both are monotone, so that
bisection on whole euros and kilometres finds the least that suffices, and one unit less does not. Where no single
change does, pairs are looked at: the least of the first beside the most of the second, then the least of the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations

from consortia.domain.explain import TradeWords, least_money, lower_first
from consortia.domain.piece import HOURS_PER_FTE, figure
from consortia.domain.problem import Candidate, Grouping, Problem, Weights
from consortia.domain.replay import resized
from consortia.domain.rules import violations
from consortia.domain.shares import allocate

REACH = 1.5  # of the radius (domain guide, section 5)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would be otherwise. ``amount``: euros a year or kilometres more; 1 for a declaration.

    ``kind``: capacity, radius, proof (a trade it is presumed to do, declared) or trade (a trade it does not do).
    """

    kind: str
    amount: int = 1
    trade: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """Changes that together suffice, the member that would give way, and the grouping that proves it."""

    changes: tuple[Change, ...]
    replaces: int
    grouping: Grouping


@dataclass(frozen=True, slots=True)
class WhyNot:
    """``state``: member, barred, equal, ways, dearer or never.

    ``bars``: why no change would do, or what it would have to overcome; ``ways``: each lever by itself, or one pair;
    ``replaces``: for "equal" and "dearer" whom it could replace; ``against``: the marks by which it costs more there,
    the heaviest first.
    """

    state: str
    bars: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()
    replaces: int | None = None
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Lever:
    """A kind of change: what the firm is with ``amount`` of it, up to ``most``."""

    kind: str
    most: int
    apply: Callable[[Candidate, int], Candidate]
    trade: str = ""

    def change(self, amount: int) -> Change:
        return Change(self.kind, amount, self.trade)


def why_not(
    problem: Problem,
    grouping: Grouping,
    candidate: Candidate,
    *,
    weights: Weights,
    declared: int = 0,
    farthest: float = 3.0,
) -> WhyNot:
    """``candidate`` as it is; ``weights`` are those its cost was derived with. It need not be in the problem.

    ``declared`` is the mark of its trade once it has declared it; nobody goes ``farthest`` times its radius.
    """
    if candidate.id in grouping.ids:
        return WhyNot("member")
    barred = _bars(problem, candidate)
    if barred:
        return WhyNot("barred", bars=barred)
    place = _Place(problem, grouping)
    if found := place.replaced(candidate):
        return WhyNot("equal", replaces=found[0])
    levers = tuple(_levers(problem, candidate, weights, declared, farthest))
    ways = tuple(way for lever in levers if (way := place.least(candidate, lever)))
    ways = ways or tuple(place.pairs(candidate, levers))[:1]
    if ways:
        return WhyNot("ways", ways=ways)
    dearer = place.replaced(candidate, at_any_cost=True)
    if dearer:
        out = next(part.candidate for part in grouping.parts if part.candidate.id == dearer[0])
        return WhyNot("dearer", replaces=out.id, against=_against(candidate, out, weights))
    dearest = max((part.candidate for part in grouping.parts), key=lambda member: (member.cost, -member.id))
    return WhyNot("never", bars=_obstacles(problem, candidate), against=_against(candidate, dearest, weights))


def _bars(problem: Problem, candidate: Candidate) -> tuple[str, ...]:
    """What nothing it may declare would change."""
    bars = []
    if not candidate.eligible:
        rule = "ce lot est réservé (règle R6)" if problem.reserved else "elle n'est pas éligible à ce lot"
        bars.append(f"{rule} : tous les membres doivent être éligibles" if problem.reserved else rule)
    if not candidate.producer:
        bars.append("elle met du personnel à disposition : elle fournit des heures, elle ne produit pas")
    if problem.exclusive and candidate.committed:
        bars.append("elle est déjà engagée sur ce marché, qui n'admet qu'une candidature (règle G3, art. R2142-21)")
    return tuple(bars)


def _obstacles(problem: Problem, candidate: Candidate) -> tuple[str, ...]:
    """What keeps it out, where no change that is looked at would do."""
    met = []
    if candidate.distance_km >= REACH * candidate.radius_km:
        met.append(
            f"elle est à {round(candidate.distance_km)} km, pour une portée de {round(REACH * candidate.radius_km)} km"
        )
    if not candidate.needs & {need.trade for need in problem.needs}:
        met.append("elle ne fait aucun des métiers du lot")
    return tuple(met)


def _levers(
    problem: Problem, candidate: Candidate, weights: Weights, declared: int, farthest: float
) -> Iterator[_Lever]:
    room = problem.amount_eur - 1 - candidate.capacity_eur
    if room > 0:
        yield _Lever("capacity", room, lambda firm, more: resized(firm, firm.capacity_eur + more))
    far = int((farthest - 1) * candidate.radius_km)
    yield _Lever("radius", far, lambda firm, more: _going_farther(firm, more, weights))
    if candidate.marks.trade > declared:
        yield _Lever("proof", 1, lambda firm, _: _marked(firm, weights, trade=declared))
    for need in problem.needs:
        if need.trade not in candidate.needs:
            yield _Lever("trade", 1, lambda firm, _, trade=need.trade: _doing(firm, trade), need.trade)  # type: ignore[misc]


def distance_mark(distance_km: float, radius_km: float) -> int:
    """The way to the place in parts per thousand of the reach (1.5 radius): what ``Marks.distance`` says."""
    return round(1000 * min(1.0, distance_km / (REACH * radius_km)))


def _going_farther(firm: Candidate, more: int, weights: Weights) -> Candidate:
    farther = replace(firm, radius_km=firm.radius_km + more)
    return _marked(farther, weights, distance=distance_mark(firm.distance_km, farther.radius_km))


def _doing(firm: Candidate, trade: str) -> Candidate:
    return replace(firm, needs=firm.needs | {trade})


def _marked(firm: Candidate, weights: Weights, **better: int) -> Candidate:
    """The firm under better marks, its cost moved by as much as they weigh."""
    marks = replace(firm.marks, **better)
    cost = firm.cost + weights.cost(marks) - weights.cost(firm.marks)
    return replace(firm, marks=marks, cost=max(0, cost))


@dataclass(frozen=True, slots=True)
class _Place:
    """Whether a firm has a place in the grouping, instead of a member."""

    problem: Problem
    grouping: Grouping

    def replaced(self, firm: Candidate, *, at_any_cost: bool = False) -> tuple[int, Grouping] | None:
        """The dearest member it replaces lawfully, at no more cost, and the grouping that makes."""
        members = [part.candidate for part in self.grouping.parts]
        changed = replace(self.problem, candidates=(*(c for c in self.problem.candidates if c.id != firm.id), firm))
        for out in sorted(members, key=lambda member: (-member.cost, member.id)):
            if firm.cost > out.cost and not at_any_cost:
                return None
            made = allocate(changed, [*(member for member in members if member is not out), firm])
            if made is not None and not violations(changed, made):
                return out.id, made
        return None

    def least(self, firm: Candidate, lever: _Lever, beside: tuple[Change, ...] = ()) -> Way | None:
        """The least of one lever that suffices."""
        low, high = 1, lever.most
        if high < low or not (found := self.replaced(lever.apply(firm, high))):
            return None
        while low < high:
            middle = (low + high) // 2
            if better := self.replaced(lever.apply(firm, middle)):
                high, found = middle, better
            else:
                low = middle + 1
        return Way((*beside, lever.change(high)), *found)

    def pairs(self, firm: Candidate, levers: tuple[_Lever, ...]) -> Iterator[Way]:
        """Of each two levers: the least of the first where the second is at its most, then the least of the second."""
        for first, second in permutations(levers, 2):
            enough = self.least(second.apply(firm, second.most), first)
            if enough:
                (change,) = enough.changes
                way = self.least(first.apply(firm, change.amount), second, (change,))
                if way:
                    yield way


def _against(firm: Candidate, out: Candidate, weights: Weights) -> tuple[str, ...]:
    """The marks by which a firm costs more than a member, in points, the heaviest first."""
    names = ("trade", "distance", "ess", "hiring", "fragile", "solo")
    points = {name: getattr(weights, name) * (getattr(firm.marks, name) - getattr(out.marks, name)) for name in names}
    return tuple(sorted((name for name in names if points[name] > 0), key=lambda name: -points[name]))


# ---------------------------------------------------------------- words

_MARKS = {
    "trade": "la preuve de son métier est plus faible",
    "distance": "elle est plus loin, rapporté à son rayon",
    "ess": "elle n'est ni de l'ESS ni de l'insertion",
    "hiring": "elle n'accueille pas d'heures d'insertion",
    "fragile": "sa capacité est moins assurée",
    "solo": "elle pourrait répondre seule (règle C1)",
}


def words_of(change: Change, candidate: Candidate, words: Mapping[str, TradeWords]) -> str:
    """A change without subject: "0,4 ETP libre de plus (32 000 € par an)"."""
    if change.kind == "capacity":
        known = [words[trade].hours_per_eur for trade in sorted(candidate.needs) if trade in words]
        fte = change.amount * sum(known) / len(known) / HOURS_PER_FTE if known else 0.0
        euros = least_money(change.amount)
        if round(fte, 1) < 0.1:
            return f"{euros} de capacité libre de plus par an"
        return f"{figure(fte)} ETP libre de plus ({euros} par an)"
    if change.kind == "radius":
        return f"{change.amount} km de rayon de plus"
    if change.kind == "proof":
        return "son métier déclaré, et non présumé"
    return f"le métier « {lower_first(words[change.trade].label)} » déclaré"


def sentence(told: WhyNot, candidate: Candidate, words: Mapping[str, TradeWords], names: Mapping[int, str]) -> str:
    """One French sentence, or one for each member that different changes would replace; "elle" is the firm."""
    other = names[told.replaces] if told.replaces is not None else ""
    if told.state == "ways":
        by_member: dict[int, list[str]] = {}
        for way in told.ways:
            said = " et ".join(words_of(change, candidate, words) for change in way.changes)
            by_member.setdefault(way.replaces, []).append(said)
        return " ".join(
            f"Avec {', ou '.join(said)}, elle remplacerait {names[out]}." for out, said in by_member.items()
        )
    reasons = " ; ".join(_MARKS[name] for name in told.against)
    if told.state == "dearer":
        reasons = reasons or "elle convient moins bien"
        return f"Elle pourrait remplacer {other}, mais conviendrait moins : {reasons}."
    barring = " ; ".join(told.bars)
    met = f"{barring[:1].upper()}{barring[1:]}. " if barring else ""
    return {
        "member": "Elle est membre de ce groupement.",
        "barred": f"Aucun changement de sa part n'y ferait : {barring}.",
        "equal": f"Elle pourrait remplacer {other} : le groupement serait aussi bon.",
        "never": f"{met}Ni capacité, ni rayon, ni métier déclaré de plus ne lui donneraient la place d'un membre, "
        f"même deux à la fois{f' ; face au membre qui convient le moins : {reasons}' if reasons else ''}.",
    }[told.state]
