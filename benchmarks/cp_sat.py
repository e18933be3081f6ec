"""The plain model of a grouping for OR-Tools CP-SAT, to compare with: members, mandataire, euros by trade."""

from __future__ import annotations

import math
from fractions import Fraction

from ortools.sat.python import cp_model

from consortia.domain.problem import Problem
from consortia.domain.solver import admissible, largest_size


def least_cost(problem: Problem, sizes: range, *, time_limit_s: float) -> tuple[int | None, bool]:
    """Least cost of a lawful grouping of one of these sizes (None: there is none), and whether it is proven."""
    pool = admissible(problem)
    model = cp_model.CpModel()
    member = [model.new_bool_var("") for _ in pool]
    leader = [model.new_bool_var("") for _ in pool]
    parts = [
        {
            need.trade: model.new_int_var(0, min(need.amount_eur, candidate.cap_eur((need.trade,))), "")
            for need in problem.needs
            if need.trade in candidate.needs
        }
        for candidate in pool
    ]
    least, leading = (problem.lower_bound_eur(mandataire=flag) for flag in (False, True))
    model.add(sum(member) >= sizes[0])
    model.add(sum(member) <= min(sizes[-1], largest_size(problem, len(pool))))
    model.add_exactly_one(leader)
    model.add_at_most_one(x for x, candidate in zip(member, pool, strict=True) if problem.able_alone(candidate))
    for need in problem.needs:
        model.add(sum(part[need.trade] for part in parts if need.trade in part) == need.amount_eur)
    for x, leads, part, candidate in zip(member, leader, parts, pool, strict=True):
        taken = sum(part.values())
        model.add(taken <= candidate.room_eur * x)
        model.add(taken >= least * x + (leading - least) * leads)
        if not candidate.experienced or candidate.committed_mandataire:
            model.add(leads == 0)
        model.add_implication(leads, x)
    model.add(sum(c.turnover_eur * x for c, x in zip(pool, member, strict=True)) >= problem.turnover_required)
    if problem.hours_required:
        rates = [Fraction(candidate.hours, candidate.capacity_eur) for candidate in pool]
        unit = math.lcm(*(rate.denominator for rate in rates))
        hosted = sum(int(rate * unit) * sum(part.values()) for rate, part in zip(rates, parts, strict=True) if rate)
        model.add(hosted >= unit * problem.hours_required)
    model.minimize(sum(c.cost * x for c, x in zip(pool, member, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = time_limit_s
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return None, True
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None, False
    return round(solver.objective_value), status == cp_model.OPTIMAL
