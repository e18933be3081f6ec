"""The search for the cheapest lawful set of members of one size: whole numbers only, so every pruning is exact.

Plain functions; ``engine`` compiles them with numba, and they give the same answers as they are. One row of ``rows``
is a covering condition scaled to ``ONE``; ``price`` is the cost shifted left by ``shift`` bits, so that multipliers of
the rows are whole numbers too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

BITS = 20
ONE = 1 << BITS
HUGE = 1 << 61
DIGIT = 20  # bits a step when fractions of hours are added up
CHECK = 30  # nodes that a complete set counts for besides, as long as its check lasts
ROUNDS = 80  # of the subgradient
TRIES = 6  # without a better bound before the aim is lowered


# ---------------------------------------------------------------- a complete set


def _lawful(table: Any, chosen: Any, size: int) -> bool:
    """Whether parts exist for these members under some mandataire (Hall and Hoffman), with turnover and hours."""
    last = len(table.amounts) - 1
    turnover = 0
    for place in range(size):
        turnover += table.turnover[chosen[place]]
    if turnover < table.asked[2]:
        return False
    for subset in range(1, last + 1):
        room = 0
        for place in range(size):
            room += table.most[subset, chosen[place]]
        if room < table.amounts[subset]:
            return False
    low = np.empty(size, dtype=np.int64)
    for leader in range(size):
        if table.leads[chosen[leader]]:
            low[:] = table.asked[0]
            low[leader] = max(table.asked[0], table.asked[1])
            if _splits(table, chosen, size, low) and (table.asked[3] == 0 or _hosts(table, chosen, size, low)):
                return True
    return False


def _stands(table: Any, chosen: Any, size: int) -> bool:
    """Whether the set stays lawful whichever member leaves."""
    rest = np.empty(size - 1, dtype=np.int64)
    for leaving in range(size):
        for place in range(size - 1):
            rest[place] = chosen[place + (place >= leaving)]
        if not _lawful(table, rest, size - 1):
            return False
    return size > 2


def _splits(table: Any, chosen: Any, size: int, low: Any) -> bool:
    """Whether least parts fit in the needs: for each subset W, what they exceed outside of W is at most W's amount."""
    last = len(table.amounts) - 1
    for subset in range(last + 1):
        excess = 0
        for place in range(size):
            excess += max(0, low[place] - table.most[last - subset, chosen[place]])
        if excess > table.amounts[subset]:
            return False
    return True


def _hosts(table: Any, chosen: Any, size: int, low: Any) -> bool:
    """Whether some split hosts the hours: greedy, the parts being bases of a polymatroid; most hours a euro first."""
    last = len(table.amounts) - 1
    done = np.zeros(size, dtype=np.bool_)
    for _ in range(size):
        best = -1
        for place in range(size):
            if not done[place] and (best < 0 or _hosts_more(table, chosen[place], chosen[best])):
                best = place
        done[best] = True
        part = HUGE
        for subset in range(last + 1):
            room = table.amounts[subset] + table.most[last - subset, chosen[best]]
            for place in range(size):
                if place != best:
                    room -= max(0, low[place] - table.most[last - subset, chosen[place]])
            part = min(part, room)
        low[best] = part
    return _enough_hours(table, chosen, size, low)


def _hosts_more(table: Any, one: int, other: int) -> bool:
    return bool(table.hours[one] * table.capacity[other] > table.hours[other] * table.capacity[one])


def _enough_hours(table: Any, chosen: Any, size: int, parts: Any) -> bool:
    """Whether sum of hours * part / capacity reaches what is asked, exactly: long division, all members at once."""
    lacking = table.asked[3]
    remainder = np.empty(size, dtype=np.int64)
    for place in range(size):
        product = table.hours[chosen[place]] * parts[place]
        lacking -= product // table.capacity[chosen[place]]
        remainder[place] = product % table.capacity[chosen[place]]
    for _ in range(16):  # 320 binary digits tell any two sums of six fractions of this size apart
        if lacking <= 0:
            return True
        if lacking >= size:
            return False
        lacking <<= DIGIT
        for place in range(size):
            product = remainder[place] << DIGIT
            lacking -= product // table.capacity[chosen[place]]
            remainder[place] = product % table.capacity[chosen[place]]
    return True


# ---------------------------------------------------------------- multipliers


def multipliers(price: Any, alone: Any, rows: Any, size: int, shift: int, ceiling: int) -> Any:
    """Whole multipliers of the best bound found, and that bound; above ``ceiling`` (shifted) nothing exists."""
    count = len(rows)
    unit = float(1 << (shift - BITS))
    current = np.zeros(count)
    whole = np.zeros(count, dtype=np.int64)
    best_whole = np.zeros(count, dtype=np.int64)
    slope = np.zeros(count)
    picked = np.empty(size + 1, dtype=np.int64)
    best, aim, failed = -HUGE, max(1.0, float(ceiling >> shift) / 8), 0
    for _ in range(ROUNDS):
        reduced = price.copy()
        value = 0
        for row in range(count):
            if whole[row] > 0:
                reduced -= whole[row] * rows[row]
                value += whole[row] << BITS
        value += _cheapest(reduced, alone, size, picked)
        if value > best:
            if value > best + (1 << (shift - 4)):
                failed = 0
            best = value
            best_whole[:] = whole
            if best > ceiling:
                break
        else:
            failed += 1
            if failed == TRIES:
                failed, aim = 0, aim / 2
        norm = 0.0
        for row in range(count):
            met = 0
            for place in range(size):
                met += rows[row, picked[place]]
            slope[row] = 1.0 - met / ONE
            if slope[row] < 0.0 and current[row] <= 0.0:
                slope[row] = 0.0
            norm += slope[row] * slope[row]
        if norm == 0.0 or aim < 0.1:
            break
        step = ((best - value) / (1 << shift) + aim) / norm
        for row in range(count):
            current[row] = min(max(0.0, current[row] + step * slope[row]), 4.0 * float((ceiling >> shift) + 1))
            whole[row] = int(current[row] * unit)
    return best_whole, best


def _cheapest(reduced: Any, alone: Any, size: int, picked: Any) -> int:
    """Least sum of ``size`` reduced costs with at most one firm able alone; who they are goes into ``picked``."""
    held, single = 0, -1
    for place in range(len(reduced)):
        value = reduced[place]
        if alone[place]:
            if single < 0 or value < reduced[single]:
                single = place
            continue
        if held == size and value >= reduced[picked[size - 1]]:
            continue
        spot = held if held < size else size - 1
        while spot > 0 and reduced[picked[spot - 1]] > value:
            picked[spot] = picked[spot - 1]
            spot -= 1
        picked[spot] = place
        held = min(size, held + 1)
    if single >= 0 and held >= size - 1 and (held < size or reduced[single] < reduced[picked[size - 1]]):
        picked[size - 1] = single
    elif held < size:
        return HUGE
    total = 0
    for place in range(size):
        total += reduced[picked[place]]
    return total


# ---------------------------------------------------------------- the tree


def search(
    table: Any, reduced: Any, order: Any, single: Any, rows: Any, base: int, shift: int, size: int,
    earlier: Any, common: Any, ceiling: int, robust: bool, nodes: int, node_limit: int,
) -> Any:  # fmt: skip
    """Cheapest set below ``ceiling`` (in tenths of points): (its cost or -1, members, nodes, whether cut short).

    ``order``: firms not able alone by reduced cost; ``single``: those able alone, of whom one at most is a member.
    ``earlier`` (n,) tells by bits in which earlier sets a firm is; ``common`` how many members may be shared with each.
    """
    limit = ((ceiling - 1) << shift) - base
    prefix = np.zeros(len(order) + 1, dtype=np.int64)
    for place in range(len(order)):
        prefix[place + 1] = prefix[place] + reduced[order[place]]
    kept = _within(reduced, order, single, prefix, size, limit)
    lines = np.ascontiguousarray(rows[:, order[:kept]].T)
    reach = _reach(lines, size)
    best = np.full(size, -1, dtype=np.int64)
    chosen = np.empty(size, dtype=np.int64)
    state = np.array([ceiling, nodes, 0, -1], dtype=np.int64)  # ceiling, nodes, cut short, best cost
    if kept >= size:
        _dive(
            table, reduced, order, lines, reach, prefix, base, shift, size, -1, rows, earlier, common, robust,
            node_limit, state, chosen, best,
        )  # fmt: skip
    if kept >= size - 1:
        for first in single:
            if base + reduced[first] + prefix[size - 1] > (state[0] - 1) << shift or state[2]:
                break
            _dive(
                table, reduced, order, lines, reach, prefix, base, shift, size, first, rows, earlier, common, robust,
                node_limit, state, chosen, best,
            )  # fmt: skip
    return state[3], best, state[1], state[2] > 0


def _within(reduced: Any, order: Any, single: Any, prefix: Any, size: int, limit: int) -> int:
    """How many firms of ``order`` can be in a set below the limit, whatever the others."""
    rest = HUGE
    if len(order) >= size - 1:
        rest = prefix[size - 1]
    if len(single) and len(order) >= size - 2:
        rest = min(rest, prefix[size - 2] + reduced[single[0]])
    kept = 0
    while kept < len(order) and reduced[order[kept]] + rest <= limit:
        kept += 1
    return kept


def _reach(lines: Any, size: int) -> Any:
    """``reach[r, p, j]``: the most that r firms from place p on can add to row j."""
    count, width = lines.shape
    reach = np.zeros((size, count + 1, width), dtype=np.int64)
    top = np.zeros((size, width), dtype=np.int64)
    for place in range(count - 1, -1, -1):
        for row in range(width):
            value = lines[place, row]
            total = 0
            for rank in range(size - 1):
                if value > top[rank, row]:
                    value, top[rank, row] = top[rank, row], value
                total += top[rank, row]
                reach[rank + 1, place, row] = total
    return reach


def _dive(
    table: Any, reduced: Any, order: Any, lines: Any, reach: Any, prefix: Any, base: int, shift: int, size: int,
    first: int, rows: Any, earlier: Any, common: Any, robust: bool, node_limit: int, state: Any, chosen: Any,
    best: Any,
) -> None:  # fmt: skip
    """Depth first, by rising reduced cost, stopping at the first bound that fails."""
    count, width = lines.shape
    start = 0 if first < 0 else 1
    place = np.full(size + 1, -1, dtype=np.int64)
    bound = np.zeros(size + 1, dtype=np.int64)
    costs = np.zeros(size + 1, dtype=np.int64)
    sums = np.zeros((size + 1, width), dtype=np.int64)
    shared = np.zeros((size + 1, len(common)), dtype=np.int64)
    bound[start] = base
    if first >= 0:
        chosen[0] = first
        bound[1] += reduced[first]
        costs[1] = table.cost[first]
        sums[1] = rows[:, first]
        if not _apart(earlier[first], common, shared[0], shared[1]):
            return
    depth = start
    while depth >= start:
        place[depth] += 1
        at, left = place[depth], size - depth
        if at > count - left or bound[depth] + prefix[at + left] - prefix[at] > (state[0] - 1) << shift:
            depth -= 1
            continue
        if state[1] >= node_limit:
            state[2] = 1
            return
        state[1] += 1
        short = False
        for row in range(width):
            total = sums[depth, row] + lines[at, row]
            sums[depth + 1, row] = total
            if total + reach[left - 1, at + 1, row] < ONE:
                short = True
                break
        firm = order[at]
        if short or not _apart(earlier[firm], common, shared[depth], shared[depth + 1]):
            continue
        chosen[depth] = firm
        costs[depth + 1] = costs[depth] + table.cost[firm]
        if left > 1:
            bound[depth + 1] = bound[depth] + reduced[firm]
            place[depth + 1] = at
            depth += 1
        elif costs[size] < state[0]:
            state[1] = min(node_limit, state[1] + CHECK)
            if _stands(table, chosen, size) if robust else _lawful(table, chosen, size):
                state[0] = costs[size]
                state[3] = costs[size]
                best[:] = chosen


def _apart(bits: int, common: Any, before: Any, after: Any) -> bool:
    """Count members shared with each earlier set, one firm more; False when too many are."""
    for number in range(len(common)):
        after[number] = before[number] + (bits >> number & 1)
        if after[number] > common[number]:
            return False
    return True
