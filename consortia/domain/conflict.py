"""The smallest set of a lot's requirements that no team can meet together, in the lot's words.

A requirement is dropped by a relaxation that never takes a team away, so that fewer requirements are never harder
to meet. A deletion filter over :func:`solve` leaves a set that is impossible as a whole and possible without any
one of its requirements; smaller sets are tried next, so that none has fewer. What follows from sets known to be
possible or not is not solved again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations

from consortia.domain.explain import TradeWords, count, lower_first, money
from consortia.domain.problem import Candidate, Need, Problem
from consortia.domain.solver import solve

NODE_LIMIT = 1_000_000  # a tenth of a second
LARGEST = 6  # members of the largest grouping a problem may ask for
# Tried for dropping in this order: what is left last speaks most to people.
_ORDER = (
    "exclusive",
    "delivery",
    "alone",
    "share",
    "reserved",
    "members",
    "supply",
    "mandataire",
    "turnover",
    "hours",
    "need",
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing a team must satisfy. ``kind`` is one of those of the order above, or "pair": two members at least.

    ``amount_eur`` a year for "need" and "turnover"; ``number``: hours a year, members, firms, or parts per thousand.
    """

    kind: str
    trade: str = ""
    amount_eur: int = 0
    number: int = 0


def requirements(problem: Problem) -> tuple[Requirement, ...]:
    """What binds this problem, in the order in which the filter tries to drop it."""
    firms = problem.candidates
    supplied = problem.supply_permille * problem.supply // 1000
    binding = [
        (problem.exclusive and any(c.committed for c in firms), Requirement("exclusive")),
        (not all(c.producer for c in firms), Requirement("delivery")),
        (sum(problem.able_alone(c) for c in firms) > 1, Requirement("alone")),
        (True, Requirement("share", number=problem.min_share_permille)),
        (not all(c.eligible for c in firms), Requirement("reserved")),
        (problem.max_members < LARGEST, Requirement("members", number=problem.max_members)),
        (supplied < LARGEST, Requirement("supply", number=problem.supply)),
        (True, Requirement("mandataire", number=problem.mandataire_permille)),
        (bool(problem.turnover_required), Requirement("turnover", amount_eur=problem.turnover_required)),
        (bool(problem.hours_required), Requirement("hours", number=problem.hours_required)),
    ]
    needs = sorted(problem.needs, key=lambda need: need.amount_eur)
    return (
        *(one for binds, one in binding if binds),
        *(Requirement("need", need.trade, amount_eur=need.amount_eur) for need in needs),
    )


def conflict(problem: Problem, *, node_limit: int = NODE_LIMIT) -> tuple[Requirement, ...]:
    """Fewest requirements that no grouping meets together, each necessary to that; () when some grouping exists.

    () too when the search gave up before it proved that there is none. Some twenty solves.
    """
    every = requirements(problem)
    asked = _Asked(problem, frozenset(every), node_limit)
    if not asked.impossible(frozenset(every)):
        return ()
    if asked.impossible(frozenset()):
        return (Requirement("pair", number=len(problem.candidates)),)
    kept = frozenset(every)
    for one in every:
        if asked.impossible(kept - {one}):
            kept -= {one}
    smaller = (frozenset(some) for size in range(1, len(kept)) for some in combinations(reversed(every), size))
    kept = next((some for some in smaller if asked.impossible(some)), kept)
    return tuple(sorted(kept, key=lambda one: (-_ORDER.index(one.kind), -one.amount_eur)))


def without(problem: Problem, dropped: Iterable[Requirement]) -> Problem:
    """The problem eased of these requirements; whatever team met it still does.

    A need that is dropped is worth 2 EUR that anybody may do beside the rest. Hours, least parts and rule C1 on
    members able alone speak of the whole lot: they go with the first need.
    """
    gone = {one.kind for one in dropped}
    waived = {one.trade for one in dropped if one.kind == "need"}
    if waived:
        gone |= {"share", "alone", "hours"}
    least = problem.min_share_permille if "share" not in gone else 0 if waived else 1
    least = min(least, problem.min_share_permille)
    leads = "mandataire" not in gone
    eased = replace(
        problem,
        needs=tuple(Need(need.trade, 2) if need.trade in waived else need for need in problem.needs),
        hours_required=0 if "hours" in gone else problem.hours_required,
        turnover_required=0 if "turnover" in gone else problem.turnover_required,
        turnover_multiple_permille=10**12,  # the amount may be smaller now; what is asked was checked before
        exclusive=problem.exclusive and "exclusive" not in gone,
        max_members=LARGEST if "members" in gone else problem.max_members,
        supply=10**6 if "supply" in gone else problem.supply,
        min_share_permille=least,
        mandataire_permille=least if waived or not leads else problem.mandataire_permille,
    )
    most = eased.amount_eur - 1 if "alone" in gone else None
    candidates = tuple(_eased(candidate, problem, gone, waived, most) for candidate in problem.candidates)
    return replace(eased, candidates=candidates)


def _eased(candidate: Candidate, problem: Problem, gone: set[str], waived: set[str], most: int | None) -> Candidate:
    """``most``: nobody takes the whole lot in a team, so that a capacity short of it by a euro loses no team."""
    extra = 2 * len(waived)
    serves = candidate.needs & {need.trade for need in problem.needs}
    capacity = candidate.room_eur + extra
    capacity = capacity if most is None else min(capacity, most)
    hours = candidate.hours
    if candidate.capacity_eur and capacity != candidate.capacity_eur:
        hours = -(-candidate.hours * capacity // candidate.capacity_eur)
    return replace(
        candidate,
        needs=candidate.needs | waived if serves else candidate.needs,
        capacity_eur=capacity,
        low_eur=None,
        high_eur=None,
        ceiling_eur=None,
        caps=tuple((trade, cap) for trade, cap in candidate.caps if trade not in waived),
        hours=hours,
        eligible=candidate.eligible or "reserved" in gone,
        producer=candidate.producer or "delivery" in gone,
        experienced=candidate.experienced or "mandataire" in gone,
        committed_mandataire=candidate.committed_mandataire and "mandataire" not in gone,
    )


@dataclass(slots=True)
class _Asked:
    """Whether sets of requirements are impossible; what follows from an earlier answer is not solved again."""

    problem: Problem
    every: frozenset[Requirement]
    node_limit: int
    possible: list[frozenset[Requirement]] = field(default_factory=list)
    proven: list[frozenset[Requirement]] = field(default_factory=list)

    def impossible(self, kept: frozenset[Requirement]) -> bool:
        """Proven so; a search that gave up counts as possible, which keeps what is said true."""
        if any(kept <= some for some in self.possible):
            return False
        if any(some <= kept for some in self.proven):
            return True
        eased = self.problem if kept == self.every else without(self.problem, self.every - kept)
        solved = solve(eased, count=1, node_limit=self.node_limit)
        found = not solved.solutions and solved.proven
        (self.proven if found else self.possible).append(kept)
        return found


# ---------------------------------------------------------------- words


def words_of(requirement: Requirement, words: Mapping[str, TradeWords]) -> str:
    """A requirement in French, as an item of a list: "peinture : 90 000 € par an"."""
    number, amount = requirement.number, money(requirement.amount_eur)
    percent = f"{number / 10:g}".replace(".", ",")
    if requirement.kind == "need":
        return f"{lower_first(words[requirement.trade].label)} : {amount} par an"
    return {
        "exclusive": "une seule candidature par entreprise (art. R2142-21)",
        "delivery": "la mise à disposition de personnel ne produit pas elle-même",
        "alone": "un membre au plus capable de répondre seul (règle C1)",
        "share": f"une part d'au moins {percent} % pour chaque membre",
        "reserved": "tous les membres éligibles au lot réservé (règle R6)",
        "members": f"{number} membres au plus",
        "supply": f"au plus la moitié des {number} entreprises identifiées (règle C1)",
        "mandataire": f"un mandataire expérimenté qui prend au moins {percent} % du lot",
        "turnover": f"{amount} de chiffre d'affaires exigés",
        "hours": f"{count(number)} h d'insertion par an",
        "pair": "deux membres au moins",
    }[requirement.kind]


def sentence(found: tuple[Requirement, ...], words: Mapping[str, TradeWords]) -> str:
    """One French sentence on the set; "" for none."""
    if not found:
        return ""
    said = " ; ".join(words_of(one, words) for one in found)
    if len(found) == 1:
        return f"Une exigence suffit à empêcher tout groupement : {said}."
    return (
        f"Ces {len(found)} exigences ne peuvent être tenues ensemble, et sans l'une d'elles une équipe existe : {said}."
    )


def as_json(found: tuple[Requirement, ...], words: Mapping[str, TradeWords]) -> list[dict[str, object]]:
    """What is stored of a conflict: ``Outcome.conflict``."""
    return [
        {
            "kind": one.kind,
            "trade": one.trade,
            "amount_eur": one.amount_eur,
            "number": one.number,
            "text": words_of(one, words),
        }
        for one in found
    ]
