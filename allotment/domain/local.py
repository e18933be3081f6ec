"""Who could bid for each set of communes and group of trades: whole numbers in, counts out; ``engine`` compiles it.

The place of a set is the weighted centre of its communes, as uncertain as they lie apart: reach is judged as for a
published lot. Able alone: every trade within reach and the amount within the firm's room. A grouping is counted when
its members meet the conditions of the real search (Hall's for the amounts, Hoffman's for the least parts, an
experienced mandataire, rule C1 on size). The rule that makes disjoint ones is greedy: fewest members, the largest
first, the last the smallest that completes. So the count is a floor of what there is; the real search, which prefers
near members of proven trade, makes other teams and may count one more or one fewer.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

RADIUS_M = 6_371_009.0
A_TRADE = 12  # largest firms of each trade that a grouping is made of
NOBODY = -1


def count(sets: Any, groups: Any, places: Any, firms: Any, asked: Any) -> Any:
    """(alone, groupings, by ESS and inclusive firms alone, hours hosted), each (sets, groups).

    ``sets``: (places of communes, starts). ``groups``: bits of trades. Counting stops at ``asked.enough`` candidates.
    Firms come by falling room. Hours are those a year, no more than the target of the lot.
    """
    inside, start = sets
    total = len(start) - 1
    trades = len(places.yearly)
    alone = np.zeros((total, len(groups)), dtype=np.int32)
    teams = np.zeros((total, len(groups)), dtype=np.int32)
    social = np.zeros((total, len(groups)), dtype=np.bool_)
    hours = np.zeros((total, len(groups)), dtype=np.int64)
    bits = np.empty(len(firms.room), dtype=np.int64)
    amounts = np.zeros(1 << trades, dtype=np.int64)
    whole = 0
    for place in range(len(places.weight)):
        whole += places.weight[place]
    for number in range(total):
        weight = _reached(inside[start[number] : start[number + 1]], places, firms, asked.road, asked.end, bits)
        for subset in range(1, len(amounts)):
            low = _lowest(subset)
            one = max(1, (places.yearly[low] * weight + whole // 2) // whole)
            amounts[subset] = amounts[subset & (subset - 1)] + one
        for rank in range(len(groups)):
            group = groups[rank]
            alone[number, rank], by_social = _alone(group, amounts[group], bits, firms)
            supply = 0
            for firm in range(len(bits)):
                supply += 1 if bits[firm] & group else 0
            largest = min(asked.members, asked.supply_permille * supply // 1000)
            wanted = asked.enough - alone[number, rank]
            if wanted > 0:
                teams[number, rank] = _teams(group, amounts, bits, firms, asked, largest, False, wanted)
            social[number, rank] = by_social or _teams(group, amounts, bits, firms, asked, largest, True, 1) > 0
            hours[number, rank] = _hours(group, amounts, bits, firms, places, weight, whole)
    return alone, teams, social, hours


def _reached(inside: Any, places: Any, firms: Any, road: float, end: float, bits: Any) -> int:
    """Trades (bits) each firm reaches the set in; the weight of the set."""
    x, y, z, weight = 0.0, 0.0, 0.0, 0
    for place in inside:
        weight += places.weight[place]
        x += places.weight[place] * places.metres[place, 0]
        y += places.weight[place] * places.metres[place, 1]
        z += places.weight[place] * places.metres[place, 2]
    norm = math.sqrt(x * x + y * y + z * z)
    x, y, z = x / norm * RADIUS_M, y / norm * RADIUS_M, z / norm * RADIUS_M
    square = 0.0
    for place in inside:
        dx, dy, dz = places.metres[place, 0] - x, places.metres[place, 1] - y, places.metres[place, 2] - z
        square += places.weight[place] * (dx * dx + dy * dy + dz * dz) / weight
    spread = round(math.sqrt(square))
    for firm in range(len(firms.room)):
        dx, dy, dz = firms.metres[firm, 0] - x, firms.metres[firm, 1] - y, firms.metres[firm, 2] - z
        far = math.sqrt(dx * dx + dy * dy + dz * dz) * road / end
        held = 0
        for trade in range(firms.radius.shape[1]):
            if firms.radius[firm, trade] > 0 and far < firms.radius[firm, trade] + spread:
                held |= 1 << trade
        bits[firm] = held
    return weight


def _alone(group: int, amount: int, bits: Any, firms: Any) -> Any:
    """How many firms could do the whole alone, and whether one of them is ESS or inclusive."""
    able, social = 0, False
    for firm in range(len(bits)):
        if firms.room[firm] < amount:
            break
        if bits[firm] & group == group:
            able += 1
            social = social or firms.social[firm]
    return able, social


def _hours(group: int, amounts: Any, bits: Any, firms: Any, places: Any, weight: int, whole: int) -> int:
    """Insertion hours a year that the inclusive firms within reach host on it, up to the target."""
    target = 0
    for trade in range(len(places.target)):
        if group >> trade & 1:
            target += places.target[trade] * weight // whole
    hosted = 0
    for firm in range(len(bits)):
        mine = bits[firm] & group
        if mine and firms.hours[firm] and firms.room[firm]:
            hosted += firms.hours[firm] * min(firms.room[firm], amounts[mine]) // firms.room[firm]
            if hosted >= target:
                return target
    return hosted


# ---------------------------------------------------------------- groupings


def _teams(
    group: int, amounts: Any, bits: Any, firms: Any, asked: Any, largest: int, only_social: bool, wanted: int
) -> int:
    """How many disjoint lawful groupings the greedy rule finds among firms not able alone, ``wanted`` at most."""
    amount = amounts[group]
    least = -(-amount * asked.least_permille // 1000)
    leading = -(-amount * asked.leader_permille // 1000)
    pool = np.empty(64, dtype=np.int64)
    held = _pool(group, amount, least, bits, firms, only_social, pool)
    found = 0
    team = np.empty(6, dtype=np.int64)
    while found < wanted:
        size = _team(group, amounts, bits, firms, pool, held, least, leading, largest, team)
        if size == 0:
            break
        found += 1
        kept = 0
        for place in range(held):
            member = False
            for rank in range(size):
                member = member or team[rank] == pool[place]
            if not member:
                pool[kept] = pool[place]
                kept += 1
        held = kept
    return found


def _pool(group: int, amount: int, least: int, bits: Any, firms: Any, only_social: bool, pool: Any) -> int:
    """The largest firms of each trade that could be members, by falling room; how many."""
    trades = firms.radius.shape[1]
    seen = np.zeros(trades, dtype=np.int64)
    held = 0
    for firm in range(len(bits)):
        mine = bits[firm] & group
        if firms.room[firm] < max(1, least) or held == len(pool):
            break
        if mine == 0 or (only_social and not firms.social[firm]) or (mine == group and firms.room[firm] >= amount):
            continue
        wanted = False
        for trade in range(trades):
            if mine >> trade & 1 and seen[trade] < A_TRADE:
                wanted = True
        if wanted:
            for trade in range(trades):
                seen[trade] += mine >> trade & 1
            pool[held] = firm
            held += 1
    return held


def _team(
    group: int, amounts: Any, bits: Any, firms: Any, pool: Any, held: int, least: int, leading: int, largest: int,
    team: Any,
) -> int:  # fmt: skip
    """One grouping of the fewest members the greedy rule reaches, mandataire first; 0 when it reaches none."""
    if not _coverable(group, amounts, bits, firms, pool, held, largest):
        return 0
    lacking = np.empty(len(amounts), dtype=np.int64)
    for size in range(2, min(largest, held) + 1):
        lacking[:] = amounts
        for rank in range(size):
            best = _last(group, lacking, bits, firms, pool, held, team, rank) if rank == size - 1 else _most(
                group, amounts, lacking, bits, firms, pool, held, team, rank, leading
            )  # fmt: skip
            team[rank] = best
            if best == NOBODY:
                break
            _take(group, lacking, bits[best], firms.room[best])
        if best != NOBODY and _fits(group, amounts, bits, firms, team, size, least, leading):
            return size
    return 0


def _coverable(group: int, amounts: Any, bits: Any, firms: Any, pool: Any, held: int, largest: int) -> bool:
    """Whether the largest firms of each subset of trades could reach its amount: else nothing does."""
    subset = group
    while subset:
        total, members = 0, 0
        for place in range(held):
            if bits[pool[place]] & subset and members < largest:
                total += firms.room[pool[place]]
                members += 1
        if total < amounts[subset]:
            return False
        subset = (subset - 1) & group
    return True


def _take(group: int, lacking: Any, mine: int, room: int) -> None:
    subset = group
    while subset:
        if mine & subset:
            lacking[subset] = max(0, lacking[subset] - room)
        subset = (subset - 1) & group


def _most(
    group: int, amounts: Any, lacking: Any, bits: Any, firms: Any, pool: Any, held: int, team: Any, rank: int,
    leading: int,
) -> int:  # fmt: skip
    """The firm that adds most to what lacks; the first must be able to lead."""
    best, most = NOBODY, 0.0
    for place in range(held):
        firm = pool[place]
        if _member(team, rank, firm):
            continue
        mine = bits[firm] & group
        if rank == 0 and not (firms.leads[firm] and min(firms.room[firm], amounts[mine]) >= leading):
            continue
        added = 0.0
        subset = group
        while subset:
            if mine & subset:
                added += min(lacking[subset], firms.room[firm]) / amounts[subset]
            subset = (subset - 1) & group
        if added > most:
            best, most = firm, added
    return best


def _last(group: int, lacking: Any, bits: Any, firms: Any, pool: Any, held: int, team: Any, rank: int) -> int:
    """The smallest firm that completes the grouping."""
    for place in range(held - 1, -1, -1):
        firm = pool[place]
        if _member(team, rank, firm):
            continue
        mine = bits[firm] & group
        subset = group
        while subset:
            if lacking[subset] > (firms.room[firm] if mine & subset else 0):
                break
            subset = (subset - 1) & group
        if subset == 0:
            return int(firm)
    return NOBODY


def _member(team: Any, rank: int, firm: int) -> bool:
    found = False
    for place in range(rank):
        found = found or team[place] == firm
    return found


def _fits(group: int, amounts: Any, bits: Any, firms: Any, team: Any, size: int, least: int, leading: int) -> bool:
    """Whether least parts fit under some mandataire: what they exceed outside of W is at most W's amount."""
    for leader in range(size):
        if not firms.leads[team[leader]]:
            continue
        fits = True
        subset = group
        while True:
            excess = 0
            for place in range(size):
                low = max(least, leading) if place == leader else least
                other = bits[team[place]] & group & ~subset
                excess += max(0, low - (firms.room[team[place]] if other else 0))
            if excess > amounts[subset]:
                fits = False
            if subset == 0:
                break
            subset = (subset - 1) & group
        if fits:
            return True
    return False


def _lowest(bits: int) -> int:
    place = 0
    while not bits >> place & 1:
        place += 1
    return place
