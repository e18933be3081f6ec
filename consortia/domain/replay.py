"""A grouping put to the test: a member leaves, capacities are low, the buyer pays late, an ACI nears its ceiling.

Each trial says whether the same firms still cover the lot lawfully, sharing it anew if need be; if not, who comes in:
the cheapest firm that makes it lawful, or the cheapest pair where no single one does. Firms that cannot close what
lacks are put aside by the covering rows before :func:`allocate` is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consortia.domain.explain import money
from consortia.domain.problem import Candidate, Grouping, Problem
from consortia.domain.rules import violations
from consortia.domain.shares import allocate
from consortia.domain.solver import admissible, covering_rows, largest_size
from matchmaker.domain.reference import Reference

Ints = NDArray[np.int64]
YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class Terms:
    """What a grouping is put to. ``cash_permille``: part of a year's turnover a firm can advance (estimate)."""

    payment_days: int = 60
    cash_permille: int = 83

    def carried_eur(self, firm: Candidate) -> int | None:
        """Most it can take a year when paid so late; None where its turnover is not known."""
        if not firm.turnover_eur:
            return None
        return firm.turnover_eur * self.cash_permille * YEAR_DAYS // (1000 * self.payment_days)


def terms_of(tables: Reference) -> Terms:
    """The terms of the tables in force (parameters ``replay.*``)."""
    return Terms(tables.integer("replay.payment_days"), round(1000 * tables["replay.cash_share"]))


@dataclass(frozen=True, slots=True)
class Trial:
    """One test. ``test``: leaves, low, payment or ceiling; ``firm`` the member it bears on, None for all.

    ``again``: survives, but only with the parts shared anew. ``repair``: ids of who would come in, ``replaces`` in
    the place of whom (None: beside all). ``amount_eur``: euros a year that lack (low), cash to advance (payment),
    or its part (ceiling), of ``limit_eur``.
    """

    test: str
    firm: int | None
    survives: bool
    again: bool = False
    repair: tuple[int, ...] = ()
    replaces: int | None = None
    amount_eur: int = 0
    limit_eur: int = 0


def resized(firm: Candidate, capacity: int) -> Candidate:
    """A firm with another capacity; it hosts as many hours a euro as before, rounded down."""
    hours = firm.hours * capacity // firm.capacity_eur if firm.capacity_eur else 0
    return replace(firm, capacity_eur=capacity, hours=hours, low_eur=None, high_eur=None)


@dataclass(frozen=True)
class View:
    """A problem with what repairs need of it, made once: its firms by cost and their covering rows."""

    problem: Problem

    @cached_property
    def firms(self) -> dict[int, Candidate]:
        return {candidate.id: candidate for candidate in self.problem.candidates}

    @cached_property
    def pool(self) -> tuple[Candidate, ...]:
        return tuple(sorted(admissible(self.problem), key=lambda firm: (firm.cost, firm.id)))

    @cached_property
    def rows(self) -> tuple[Ints, Ints]:
        """One line a firm of the pool, and what the members must reach together."""
        rows, wanted = covering_rows(self.problem, self.pool)
        return np.ascontiguousarray(rows.T), wanted

    @cached_property
    def alone(self) -> NDArray[np.bool_]:
        """Which firms of the pool could do the whole lot (C1: one member at most)."""
        return np.array([self.problem.able_alone(firm) for firm in self.pool], dtype=bool)

    @cached_property
    def leads(self) -> NDArray[np.bool_]:
        return np.array([self.may_lead(firm) for firm in self.pool], dtype=bool)

    def may_lead(self, firm: Candidate) -> bool:
        """Whether a firm could be mandataire, by its experience, its engagements and its capacity."""
        least = self.problem.lower_bound_eur(mandataire=True)
        return firm.experienced and not firm.committed_mandataire and firm.room_eur >= least

    def covers(self, ids: Sequence[int]) -> Grouping | None:
        """The lawful grouping of these firms, shared anew."""
        if not 2 <= len(ids) <= self.problem.max_members:
            return None
        grouping = allocate(self.problem, [self.firms[one] for one in ids])
        return grouping if grouping is not None and not violations(self.problem, grouping) else None

    def joining(self, rest: Sequence[int], barred: Sequence[int] = (), most: int = 2) -> tuple[int, ...]:
        """The cheapest firm, else the cheapest pair, that covers the lot with ``rest``; () where there is none."""
        room = largest_size(self.problem, len(self.pool) + len(rest)) - len(rest)
        rows, wanted = self.rows
        lacking = wanted - covering_rows(self.problem, tuple(self.firms[one] for one in rest))[0].sum(axis=1)
        out = {*rest, *barred}
        free = np.array([firm.id not in out for firm in self.pool], dtype=bool)
        staying = [self.firms[one] for one in rest]
        if any(self.problem.able_alone(firm) for firm in staying):
            free &= ~self.alone
        led = any(self.may_lead(firm) for firm in staying)
        if room >= 1:
            for index in np.flatnonzero(free & (self.leads | led) & (rows >= lacking).all(axis=1)):
                if self.covers([*rest, self.pool[index].id]):
                    return (self.pool[index].id,)
        return self._pair(rest, np.flatnonzero(free), lacking, led) if room >= 2 <= most else ()

    def _pair(self, rest: Sequence[int], free: Ints, lacking: Ints, led: bool) -> tuple[int, ...]:
        """By cost: for each first firm only the seconds that close what lacks, as long as they can be cheaper."""
        rows = self.rows[0][free]
        best: int | None = None
        found: tuple[int, ...] = ()
        if len(free) < 2 or (np.sort(rows, axis=0)[-2:].sum(axis=0) < lacking).any():
            return ()
        firms = [self.pool[index] for index in free]
        alone, leads = self.alone[free], self.leads[free] | led
        for first in range(len(firms) - 1):
            if best is not None and firms[first].cost + firms[first + 1].cost >= best:
                break
            fit = (rows[first + 1 :] >= lacking - rows[first]).all(axis=1)
            fit &= (leads[first + 1 :] | leads[first]) & ~(alone[first + 1 :] & alone[first])
            for second in np.flatnonzero(fit) + first + 1:
                cost = firms[first].cost + firms[second].cost
                if best is not None and cost >= best:
                    break
                if self.covers([*rest, firms[first].id, firms[second].id]):
                    best, found = cost, (firms[first].id, firms[second].id)
        return found


@dataclass(frozen=True)
class Bench:
    """The views of one problem that its proposals share: as it is, capacities low, paid late, ceilings kept."""

    problem: Problem
    terms: Terms = field(default_factory=Terms)

    @cached_property
    def plain(self) -> View:
        return View(self.problem)

    @cached_property
    def low(self) -> View:
        return self._view(lambda firm: firm.low_eur)

    @cached_property
    def late(self) -> View:
        return self._view(self.terms.carried_eur)

    @cached_property
    def capped(self) -> View:
        return self._view(lambda firm: firm.ceiling_eur)

    def _view(self, limit: Callable[[Candidate], int | None]) -> View:
        def limited(firm: Candidate) -> Candidate:
            most = limit(firm)
            return firm if most is None or most >= firm.capacity_eur else resized(firm, most)

        return View(replace(self.problem, candidates=tuple(limited(firm) for firm in self.problem.candidates)))


def replay(
    problem: Problem, grouping: Grouping, terms: Terms | None = None, *, bench: Bench | None = None
) -> tuple[Trial, ...]:
    """All trials of a lawful grouping. Give the same ``bench`` for all proposals of a problem."""
    bench = bench or Bench(problem, terms or Terms())
    return tuple(_trials(bench, grouping))


def _trials(bench: Bench, grouping: Grouping) -> Iterator[Trial]:
    ids = [part.candidate.id for part in grouping.parts]
    for leaving in ids:
        yield _leaves(bench.plain, ids, leaving)
    yield _low(bench, grouping, ids)
    yield _late(bench, grouping, ids)
    if any(part.candidate.ceiling_eur is not None for part in grouping.parts):
        yield _capped(bench, grouping, ids)


def _leaves(view: View, ids: list[int], leaving: int) -> Trial:
    rest = [one for one in ids if one != leaving]
    if view.covers(rest):
        return Trial("leaves", leaving, survives=True)
    return Trial("leaves", leaving, survives=False, repair=view.joining(rest, (leaving,)), replaces=leaving)


def _low(bench: Bench, grouping: Grouping, ids: list[int]) -> Trial:
    lows = [
        part.candidate.room_eur if part.candidate.low_eur is None else part.candidate.low_eur for part in grouping.parts
    ]
    lacking = max(0, bench.problem.amount_eur - sum(lows))
    within = all(part.amount_eur <= low for part, low in zip(grouping.parts, lows, strict=True))
    return _shared_anew(bench.low, ids, Trial("low", None, survives=within, amount_eur=lacking))


def _late(bench: Bench, grouping: Grouping, ids: list[int]) -> Trial:
    """The member whose part weighs most on what it can advance."""
    terms = bench.terms
    weighed = [(part.amount_eur, terms.carried_eur(part.candidate), part.candidate) for part in grouping.parts]
    known = [(amount / max(1, most), amount, firm) for amount, most, firm in weighed if most is not None]
    if not known:
        return Trial("payment", None, survives=True)
    _, amount, firm = max(known, key=lambda one: (one[0], one[2].id))
    trial = Trial(
        "payment",
        firm.id,
        survives=all(amount <= most for amount, most, _ in weighed if most is not None),
        amount_eur=amount * terms.payment_days // YEAR_DAYS,
        limit_eur=firm.turnover_eur * terms.cash_permille // 1000,
    )
    return _shared_anew(bench.late, ids, trial)


def _capped(bench: Bench, grouping: Grouping, ids: list[int]) -> Trial:
    """The member that comes nearest to its legal ceiling of sales."""
    bound = [(part, part.candidate.ceiling_eur) for part in grouping.parts if part.candidate.ceiling_eur is not None]
    part, ceiling = max(bound, key=lambda one: (one[0].amount_eur / max(1, one[1]), one[0].candidate.id))
    kept = all(part.amount_eur <= ceiling for part, ceiling in bound)
    trial = Trial("ceiling", part.candidate.id, survives=kept, amount_eur=part.amount_eur, limit_eur=ceiling)
    return _shared_anew(bench.capped, ids, trial)


def _shared_anew(view: View, ids: list[int], trial: Trial) -> Trial:
    """Where parts do not hold: other parts of the same firms, else a firm in the place of another, else beside."""
    if trial.survives:
        return trial
    if view.covers(ids):
        return replace(trial, survives=True, again=True)
    swaps = [
        (view.firms[found[0]].cost - view.firms[out].cost, found[0], out)
        for out in ids
        if (found := view.joining([one for one in ids if one != out], (out,), most=1))
    ]
    if swaps:
        _, joining, out = min(swaps)
        return replace(trial, repair=(joining,), replaces=out)
    return replace(trial, repair=view.joining(ids))


# ---------------------------------------------------------------- words


def sentence(trial: Trial, names: Mapping[int, str], terms: Terms) -> str:
    """One trial in French. ``names`` gives each member and each firm that comes in as it may be shown."""
    coming = " et ".join(names[one] for one in trial.repair)
    firm = names.get(trial.firm, "") if trial.firm is not None else ""
    if trial.test == "leaves":
        return _leaves_words(firm, trial, coming)
    return f"{_told(trial, firm, terms)} {_then(trial, names, coming)}".strip()


def _leaves_words(firm: str, trial: Trial, coming: str) -> str:
    if trial.survives:
        return f"Si {firm} se retire, les autres membres couvrent le lot."
    if not trial.repair:
        return f"Si {firm} se retire, aucune entreprise identifiée ne la remplace, ni seule ni à deux."
    how = "peuvent la remplacer à deux" if len(trial.repair) > 1 else "peut la remplacer"
    return f"Si {firm} se retire, {coming} {how}."


def _told(trial: Trial, firm: str, terms: Terms) -> str:
    if trial.test == "low":
        if trial.amount_eur:
            return f"Aux estimations basses de capacité, il manque {money(trial.amount_eur)} par an."
        held = "tiennent" if trial.survives and not trial.again else "ne tiennent pas toutes"
        return f"Aux estimations basses de capacité, les parts {held}."
    if trial.test == "payment":
        if not firm:
            return f"Payé à {terms.payment_days} jours : chiffres d'affaires inconnus, trésorerie à vérifier."
        return (
            f"Payé à {terms.payment_days} jours, {firm} avancerait {money(trial.amount_eur)} ; elle peut en porter "
            f"environ {money(trial.limit_eur)} (estimation)."
        )
    return (
        f"Plafond de ventes d'un ACI (art. D5132-34) : la part de {firm}, {money(trial.amount_eur)}, pour "
        f"{money(trial.limit_eur)} qu'il lui reste à vendre (estimation)."
    )


def _then(trial: Trial, names: Mapping[int, str], coming: str) -> str:
    if trial.again:
        return "Les mêmes membres couvrent le lot en le partageant autrement."
    if trial.survives:
        return ""
    if not trial.repair:
        return "Aucune entreprise identifiée n'y remédie."
    several = len(trial.repair) > 1
    if trial.replaces is None:
        return f"{coming} {'peuvent' if several else 'peut'} compléter le groupement."
    return f"{coming} {'peuvent' if several else 'peut'} remplacer {names[trial.replaces]}."


def as_json(
    trials: Sequence[Trial], names: Mapping[int, str], sirets: Mapping[int, str], terms: Terms
) -> list[dict[str, Any]]:
    """What ``Proposal.replay`` stores. ``repair`` is the first who comes in, ``repairs`` all of them."""
    return [
        {
            "test": trial.test,
            "siret": sirets[trial.firm] if trial.firm is not None else "",
            "survives": trial.survives,
            "again": trial.again,
            "repair": sirets[trial.repair[0]] if trial.repair else "",
            "repairs": [sirets[one] for one in trial.repair],
            "text": sentence(trial, names, terms),
        }
        for trial in trials
    ]


def named_in(trials: Sequence[Trial]) -> frozenset[int]:
    """Ids of the firms that sentences of these trials name, members that leave included."""
    own = {one for trial in trials for one in (trial.firm, trial.replaces) if one is not None}
    return frozenset(own | {one for trial in trials for one in trial.repair})
