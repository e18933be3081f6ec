"""Rules between the lots of one tender, as limits on columns (domain guide, A3, G3 and G4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from consortia.domain.portfolio.model import Column, Limit


def lot_limits(columns: Iterable[Column], most: Mapping[int, int], tender_of: Mapping[int, int]) -> list[Limit]:
    """A3 (article R2113-1): an operator may not bid for, or win, more lots of a tender than its documents allow.

    ``most`` holds the smaller of both limits by tender. A firm counts in each team it is part of, which is the
    careful reading: the documents speak of operators.
    """
    groups: dict[tuple[int, int], list[Column]] = defaultdict(list)
    for column in columns:
        tender = tender_of[column.lot]
        if tender in most:
            for firm in column.firms:
                groups[tender, firm].append(column)
    return [
        Limit(tuple(column.id for column in group), most[tender], "A3")
        for (tender, _), group in sorted(groups.items())
        if len({column.lot for column in group}) > most[tender]
    ]


def exclusive_limits(columns: Iterable[Column], exclusive: set[int], tender_of: Mapping[int, int]) -> list[Limit]:
    """G3 (article R2142-21): where the documents say so, a firm answers a tender in one team only, or alone.

    The same team may answer several lots: that is one grouping, not two. One row for a column and another lot holds
    all the columns of that lot it excludes, as at most one column a lot is chosen anyway. G4 (one grouping led a
    contract) follows from one column a lot, each lot being a contract.
    """
    of_firm: dict[tuple[int, int], list[Column]] = defaultdict(list)
    concerned = [column for column in columns if tender_of[column.lot] in exclusive]
    for column in concerned:
        for firm in column.firms:
            of_firm[tender_of[column.lot], firm].append(column)
    found = []
    for column in concerned:
        excluded: dict[int, set[int]] = defaultdict(set)
        for firm in column.firms:
            for other in of_firm[tender_of[column.lot], firm]:
                if other.lot != column.lot and other.firms != column.firms:
                    excluded[other.lot].add(other.id)
        found += [Limit((column.id, *sorted(others)), 1, "G3") for _, others in sorted(excluded.items())]
    return found
