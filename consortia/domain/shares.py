"""Turn a set of members into parts: who does what, for how much, and who leads.

An integral flow from members to needs. Lower bounds are filled first, then parts in proportion to
free capacity, then whatever is left: augmenting paths never take back what a member already has, so
the order expresses preferences without ever losing a feasible split.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from consortia.domain.problem import Candidate, Form, Grouping, Part, Problem, hosted_hours


def allocate(problem: Problem, members: Sequence[Candidate]) -> Grouping | None:
    """Lawful parts for these members, or None when needs, capacities, least parts and hours conflict.

    The mandataire is the first that works among the experienced members, largest capacity first.
    """
    leaders = sorted(
        (member for member in members if member.experienced and not member.committed_mandataire),
        key=lambda member: (-member.room_eur, member.cost, member.id),
    )
    for leader in leaders:
        for hours_first in (False, True):
            sent = _flow(problem, members, leader, hours_first=hours_first)
            if sent is None:
                break
            if _hours(members, sent) >= problem.hours_required:
                return _grouping(problem, members, leader, sent)
    return None


def _flow(
    problem: Problem, members: Sequence[Candidate], leader: Candidate, *, hours_first: bool
) -> list[list[int]] | None:
    """Euros by member and need, or None. ``hours_first`` fills the members who host most hours a euro first.

    The parts members can take form a polymatroid, so that greedy order gives the most hours of all splits.
    """
    least = [problem.lower_bound_eur(mandataire=member is leader) for member in members]
    capacity = [member.room_eur for member in members]
    if any(low > high for low, high in zip(least, capacity, strict=True)):
        return None
    flow = _Flow([need.amount_eur for need in problem.needs], _caps(problem, members))
    for member, low in enumerate(least):
        if flow.fill(member, low) < low:
            return None
    if hours_first:
        for member in sorted(range(len(members)), key=lambda index: -hosted_hours(members[index], 1)):
            flow.fill(member, capacity[member])
        return flow.sent if flow.complete else None
    whole = sum(capacity)
    fair = [min(high, max(low, problem.amount_eur * high // whole)) for low, high in zip(least, capacity, strict=True)]
    for limits in (fair, capacity):
        for member, limit in enumerate(limits):
            flow.fill(member, limit)
    return flow.sent if flow.complete else None


def _hours(members: Sequence[Candidate], sent: list[list[int]]) -> Fraction:
    return sum((hosted_hours(member, sum(row)) for member, row in zip(members, sent, strict=True)), Fraction(0))


def _caps(problem: Problem, members: Sequence[Candidate]) -> list[list[int]]:
    """The most each member can do of each need, euros a year."""
    return [[member.cap_eur((need.trade,)) for need in problem.needs] for member in members]


class _Flow:
    """Maximum flow on a tiny bipartite graph, by augmenting paths from one member at a time."""

    def __init__(self, needs: list[int], caps: list[list[int]]) -> None:
        self.open = list(needs)  # what is left of each need
        self.caps = caps
        self.sent = [[0] * len(needs) for _ in caps]

    @property
    def complete(self) -> bool:
        return not any(self.open)

    def fill(self, member: int, limit: int) -> int:
        """Raise a member's part to ``limit`` as far as the needs allow; returns its part."""
        while (room := limit - sum(self.sent[member])) > 0:
            path = self._path(member)
            if path is None:
                break
            self._push(path, room)
        return sum(self.sent[member])

    def _path(self, member: int) -> list[tuple[int, int]] | None:
        """Shortest chain [(member, need), ...]: each member takes the need, the next one gives it up."""
        chains = [[(member, need)] for need in self._free(member)]
        seen = set(self._free(member))
        for chain in chains:
            need = chain[-1][1]
            if self.open[need] > 0:
                return chain
            for other, row in enumerate(self.sent):
                if row[need] > 0:
                    for further in self._free(other):
                        if further not in seen:
                            seen.add(further)
                            chains.append([*chain, (other, further)])
        return None

    def _free(self, member: int) -> list[int]:
        """Needs of which a member can still do more."""
        return [need for need, cap in enumerate(self.caps[member]) if self.sent[member][need] < cap]

    def _push(self, chain: list[tuple[int, int]], room: int) -> None:
        amount = min(
            room, self.open[chain[-1][1]], *(self.caps[one][need] - self.sent[one][need] for one, need in chain)
        )
        for (_, need), (giver, _) in pairwise(chain):
            amount = min(amount, self.sent[giver][need])
        self.open[chain[-1][1]] -= amount
        for step, (member, need) in enumerate(chain):
            self.sent[member][need] += amount
            if step:
                self.sent[member][chain[step - 1][1]] -= amount


def _grouping(problem: Problem, members: Sequence[Candidate], leader: Candidate, sent: list[list[int]]) -> Grouping:
    parts = [
        Part(
            member,
            tuple((need.trade, amount) for need, amount in zip(problem.needs, row, strict=True) if amount),
        )
        for member, row in zip(members, sent, strict=True)
    ]
    parts.sort(key=lambda part: (part.candidate is not leader, -part.amount_eur, part.candidate.id))
    return Grouping(tuple(parts), _form(problem, parts))


def _form(problem: Problem, parts: Sequence[Part]) -> Form:
    """Distinct parts suit a conjoint grouping; members who share one trade answer for each other.

    A proposal to the members, never a demand of the buyer (G2, article R2142-22).
    """
    if len(problem.needs) == 1:
        return Form.SOLIDAIRE
    doers = [sum(trade == need.trade for part in parts for trade, _ in part.by_trade) for need in problem.needs]
    return Form.CONJOINT if max(doers) == 1 else Form.CONJOINT_SOLIDAIRE
