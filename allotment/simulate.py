"""What each lot of a split finds: the real index, the real search of groupings, the hiring needs of its bassin.

A lot is asked as a published one would be, at the weighted centre of its communes, as uncertain as they lie apart.
What is found rests on the supply as the index holds it, the tables, and the lot's own work: it is kept under a
fingerprint of those, so that one border moved asks anew for the two lots it touches only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.core.cache import cache

from allotment.domain.evaluate import LotResult, LotSupply, Rates, Seat, Triple, settle, supply_from_json
from allotment.domain.need import Need
from allotment.domain.split import LotShape, amounts
from allotment.domain.teams import by_social_alone, disjoint
from allotment.reference import rules_on
from consortia.case import Case, case_of, work_hours
from consortia.domain.partners import Hiring, fit
from consortia.domain.problem import Candidate, Grouping, Problem
from geo.domain.codes import common_departement
from geo.domain.distance import spread
from geo.queries import edition
from matchmaker.domain.insertion import yearly
from matchmaker.domain.query import LotQuery
from matchmaker.domain.reference import Reference
from matchmaker.domain.trade import LotTrade
from matchmaker.hiring import LotHiring, hiring_in
from matchmaker.models import Lot, Tender
from matchmaker.reference import reference
from matchmaker.snapshot import Snapshot, current

LAYOUT = "2"  # raise when the same lot should give other figures
KEPT_S = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Ground:
    """What every lot of a question rests on, read once."""

    need: Need
    fictitious: bool
    tables: Reference
    snapshot: Snapshot

    @property
    def basis(self) -> str:
        return f"{LAYOUT} {self.fictitious} {self.snapshot.version} {self.tables.version} {edition()}"


def evaluate(need: Need, shapes: Sequence[LotShape], *, fictitious: bool) -> tuple[LotResult, ...]:
    """The lots of a split with their figures, in order.

    A lot not yet known costs one query and the solver's time (0.1 s or so); the others are read from the cache.
    """
    ground = Ground(need, fictitious, *_read(fictitious))
    keys = [_key(ground, shape) for shape in shapes]
    kept = cache.get_many(keys)
    fresh = {key: _found(ground, shape) for key, shape in zip(keys, shapes, strict=True) if key not in kept}
    if fresh:
        cache.set_many({key: json.dumps(asdict(one)) for key, one in fresh.items()}, KEPT_S)
    known = {key: supply_from_json(json.loads(text)) for key, text in kept.items()} | fresh
    return settle(
        need, amounts(need, shapes), [known[key] for key in keys], rules_on(need.launched_on), rates(ground.tables)
    )


def fingerprint(need: Need, *, fictitious: bool) -> str:
    """Changes when an evaluation of the need would rest on something else. One small file read."""
    ground = Ground(need, fictitious, *_read(fictitious))
    return hashlib.sha256(f"{ground.basis} {need}".encode()).hexdigest()


def rates(tables: Reference) -> Rates:
    def three(name: str) -> Triple:
        return Triple(*(tables[f"allotment.{name}_{side}"] for side in ("low", "mid", "high")))

    return Rates(
        firm=three("firm_answers"),
        team=three("team_answers"),
        lots_answered=tables.integer("allotment.lots_answered"),
        lot_eur=tables.integer("allotment.lot_cost"),
    )


def _read(fictitious: bool) -> tuple[Reference, Snapshot]:
    tables = reference()
    return tables, current(fictitious, tables)


def _key(ground: Ground, shape: LotShape) -> str:
    """Of all a lot's own figures rest on, and nothing else: other lots, titles and order do not count."""
    need = ground.need
    work = sorted(
        (one.trade, one.amount_eur, one.transferred_hours) for one in need.trades if one.trade in shape.trades
    )
    places = sorted(
        (place.commune, place.point.lon, place.point.lat, place.weight)
        for place in need.places
        if place.commune in shape.communes
    )
    said = (
        ground.basis, work, places, shape.permille, sum(place.weight for place in need.places), need.months,
        need.exclusive_grouping,
    )  # fmt: skip
    return f"lot-supply-{hashlib.sha256(repr(said).encode()).hexdigest()}"


# ---------------------------------------------------------------- one lot


def _found(ground: Ground, shape: LotShape) -> LotSupply:
    need, tables = ground.need, ground.tables
    case = case_in(ground, shape)
    teams, more = disjoint(case.problem)
    able = ((one.id, _level(case.problem, one)) for one in case.problem.candidates if one.eligible and one.producer)
    levels = {firm: level for firm, level in able if level is not None}
    social = {one.id for one in case.problem.candidates if one.ess or one.inclusive}
    base, target = _hours(need, shape, tables)
    hiring = _hiring(case, base, target, _near(ground, shape), need.months)
    told = fit(hiring) if hiring else None
    return LotSupply(
        yearly_eur=case.problem.amount_eur,
        supply=case.answer.supply,
        able=tuple(sorted(levels.items())),
        able_ess=sum(level <= 1 and firm in social for firm, level in levels.items()),
        teams=tuple(_seats(team) for team in teams),
        more_teams=more,
        ess_reachable=by_social_alone(case.problem),
        hours_target=round(target),
        hours=_rounded(told.hours) if told else None,
        hfi=_rounded(told.index) if told else None,
    )


def case_in(ground: Ground, shape: LotShape) -> Case:
    """The problem of a lot that no notice tells of yet, as that of a published one. One query."""
    need, tables = ground.need, ground.tables
    inside = [place for place in need.places if place.commune in shape.communes]
    part = shape.permille * sum(place.weight for place in inside) / (1000 * sum(place.weight for place in need.places))
    yearly_by_trade = {
        one.trade: max(1, round(yearly(one.amount_eur * part, need.months)))
        for one in need.trades
        if one.trade in shape.trades
    }
    whole, at = sum(yearly_by_trade.values()), spread([(place.point, float(place.weight)) for place in inside])
    main_first = sorted(yearly_by_trade.items(), key=lambda item: (-item[1], item[0]))
    needs = tuple(LotTrade(((trade, 1.0),), eur / whole) for trade, eur in main_first)
    where = common_departement(place.commune for place in inside)
    query = LotQuery(needs, at.centre, uncertainty_km=at.uncertainty_km, yearly_eur=whole, departement=where)
    lot = Lot(
        tender=Tender(fictitious=ground.fictitious, exclusive_grouping=need.exclusive_grouping),
        amount_eur=round(part * sum(one.amount_eur for one in need.trades if one.trade in shape.trades)),
        duration_months=need.months,
    )
    return case_of(lot, needs, query, tables, ground.snapshot.index)


def _level(problem: Problem, one: Candidate) -> int | None:
    """The least estimate (0 low, 1 middle, 2 high) of its capacity at which a firm could do the whole lot alone."""
    if any(need.trade not in one.needs for need in problem.needs):
        return None
    amount, middle = problem.amount_eur, one.capacity_eur
    if one.ceiling_eur is not None and one.ceiling_eur < amount:
        return None
    sides = (
        middle if one.low_eur is None else one.low_eur,
        middle,
        middle if one.high_eur is None else one.high_eur,
    )
    return next((level for level, eur in enumerate(sides) if eur >= amount), None)


def _seats(team: Grouping) -> tuple[Seat, ...]:
    return tuple(
        Seat(part.candidate.id, part.amount_eur, part.candidate.ess or part.candidate.inclusive) for part in team.parts
    )


# ---------------------------------------------------------------- insertion hours


def _hours(need: Need, shape: LotShape, tables: Reference) -> tuple[float, float]:
    """H_base and H_target over the contract (domain guide, section 2); staff taken over bears no insertion hours."""
    inside = sum(place.weight for place in need.places if place.commune in shape.communes)
    part = shape.permille * inside / (1000 * sum(place.weight for place in need.places))
    base = target = 0.0
    for one in need.trades:
        if one.trade in shape.trades:
            hours = max(0.0, work_hours(one.trade, one.amount_eur, tables) - one.transferred_hours) * part
            base += hours
            target += hours * tables.trades[one.trade].effort
    return base, target


def _near(ground: Ground, shape: LotShape) -> LotHiring:
    """Hiring needs of the bassin of the lot's heaviest commune. Kept: neighbouring lots ask the same."""
    inside = [place for place in ground.need.places if place.commune in shape.communes]
    main = max(inside, key=lambda place: (place.weight, place.commune)).commune
    trades = [one.trade for one in ground.need.trades if one.trade in shape.trades]
    key = hashlib.sha256(f"{ground.tables.version} {edition()} {main} {trades}".encode()).hexdigest()
    found: LotHiring = cache.get_or_set(f"lot-hiring-{key}", lambda: hiring_in(main, trades), 3600)
    return found


def _hiring(case: Case, base: float, target: float, near: LotHiring, months: int) -> Hiring | None:
    """None when the survey or the jobseekers of the bassin are unknown."""
    if near.priority is None or near.places is None:
        return None
    years = max(1.0, months / 12)
    hosts = sum(one.hours for one in case.problem.candidates if one.eligible)
    return Hiring(
        target_hours=target,
        most_hours=case.tables["insertion.max_effort"] * base,
        free_hours=(hosts + case.hours_lent) * years,
        months=months,
        seekers=near.priority,
        openings=near.openings,
        candidates=case.tables["hiring.candidates_per_place"],
        exits=case.tables["hiring.exits_per_place"],
        hours_each=case.tables["insertion.hours_per_participant"],
    )


def _rounded(pair: tuple[float, float]) -> tuple[float, float]:
    return round(pair[0], 1), round(pair[1], 1)
