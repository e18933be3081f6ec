"""A tender is the fold of its publications: pure, and the same whatever the order they came in.

The latest call leads; its twins fill what it lacks; corrections published since then apply by date; award
notices tell how it ended. See docs/sources/notices.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any, Final

from rapidfuzz import fuzz

from geo.domain.codes import search_name
from matchmaker.domain.canonical import text_of
from matchmaker.domain.corrections import Entry, applied, compared
from matchmaker.domain.names import names, references
from matchmaker.domain.notice import LotAward, Notice, NoticeKind, NoticeLot, Reservation

# Who leads: the kind that tells most of what one can answer, then the more official source.
LEADERS: Final = (
    NoticeKind.CONTRACT,
    NoticeKind.AWARD,
    NoticeKind.PRIOR_INFORMATION,
    NoticeKind.MODIFICATION,
    NoticeKind.OTHER,
    NoticeKind.CORRECTION,
)
SOURCES: Final = ("eforms", "ted", "boamp", "ocds")
_TELL_AWARDS: Final = (NoticeKind.AWARD, NoticeKind.CONTRACT)
SAME_LOT: Final = 90.0  # likeness of titles, of 100


@dataclass(frozen=True, slots=True)
class Result:
    """How lots ended, and which notice says so. ``position`` is that of the award in the notice."""

    source: str
    notice_id: str
    position: int
    published_on: date | None
    award: LotAward


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure as understood. ``notice`` has the number of the publication that leads."""

    notice: Notice
    history: tuple[Entry, ...] = ()
    results: tuple[Result, ...] = ()
    awarded_on: date | None = None  # the first award notice
    lots_awarded: tuple[tuple[str, date], ...] = ()  # each lot that award notices tell the end of, and since when

    @property
    def cancelled(self) -> bool:
        return self.notice.cancelled


def version_order(version: str) -> tuple[int, str]:
    """ "02" comes after "01" and "10" after "9"."""
    return (int(version), version) if version.isdecimal() else (0, version)


def day(notice: Notice) -> date:
    """When it came out; failing that, not before the last of the awards it tells."""
    return notice.published_on or notice.dispatched_on or _last_award(notice) or date.min


def _last_award(notice: Notice) -> date | None:
    return max((award.awarded_on for award in notice.awards if award.awarded_on), default=None)


def preferred(one: Notice, other: Notice) -> Notice:
    """Of two contents under one number and version: the one that says more; failing that, always the same one."""
    return max(one, other, key=lambda notice: (-len(notice.warnings), len(text_of(notice)), text_of(notice)))


def fold(publications: Collection[Notice]) -> Procedure:
    """Raises ValueError without publications."""
    chains = _chains(publications)
    current = [chain[-1] for chain in chains]
    kind = min((notice.kind for notice in current), key=LEADERS.index)
    calls = [chain for chain in chains if chain[-1].kind is kind]
    latest = _latest_by_source(chain[-1] for chain in calls)
    lead, *twins = sorted(latest.values(), key=_leads)
    notice = lead
    for twin in twins:
        notice = _filled(notice, twin)
    history = [entry for source in latest for entry in _versions(calls, source)]
    notice, corrected = _corrected(notice, [n for n in current if n.kind is NoticeKind.CORRECTION], latest)
    results = _results([n for n in current if n.awards])
    after = [n for n in current if _since(n, latest)]
    awarded = [(n, on) for n in after if n.awards and n.kind in _TELL_AWARDS and (on := _awarded_on(n))]
    notice = replace(
        notice,
        awards=tuple(result.award for result in results),
        changes=(),
        aliases=_merged(current, "aliases"),
        refers_to=_merged(current, "refers_to"),
        cancelled=any(n.cancelled for n in after),
    )
    first = min((on for _, on in awarded), default=None)
    return Procedure(notice, _told_once(history + corrected), results, first, _lots_awarded(notice.lots, awarded))


def _awarded_on(notice: Notice) -> date | None:
    """The day an award notice came out; of a call that tells awards too (OCDS compiles all), their last day."""
    on = (notice.kind is not NoticeKind.AWARD and _last_award(notice)) or day(notice)
    return None if on == date.min else on


def _lots_awarded(lots: Sequence[NoticeLot], notices: Iterable[tuple[Notice, date]]) -> tuple[tuple[str, date], ...]:
    """Since when each lot is settled: those that an award names, all where it names none of ours."""
    found: dict[str, date] = {}
    for notice, on in notices:
        for lot in _named(lots, notice):
            found[lot] = min(on, found.get(lot, on))
    return tuple(sorted(found.items()))


def _named(lots: Sequence[NoticeLot], notice: Notice) -> set[str]:
    """Which lots the awards of a notice speak of, whatever numbers it gives them."""
    every = {lot.id for lot in lots}
    if not all(award.lot_ids for award in notice.awards):
        return every
    told = {lot for award in notice.awards for lot in award.lot_ids}
    twins = {ours: theirs.id for ours, theirs in _pairs(lots, notice.lots).items()}
    return {lot for lot in every if twins.get(lot, lot) in told} or every


def _chains(publications: Collection[Notice]) -> list[list[Notice]]:
    """The versions of each notice, oldest first; the notices by the day of their latest version."""
    versions: defaultdict[tuple[str, str], dict[str, Notice]] = defaultdict(dict)
    for notice in publications:
        known = versions[notice.source, notice.id].get(notice.version)
        versions[notice.source, notice.id][notice.version] = preferred(known, notice) if known else notice
    chains = [sorted(held.values(), key=lambda n: version_order(n.version)) for held in versions.values()]
    if not chains:
        raise ValueError("no publication")
    changed = {name for notice in publications for name in references(notice)}  # of one day, they come first
    return sorted(
        chains, key=lambda chain: (day(chain[-1]), not names(chain[-1]) & changed, chain[-1].source, chain[-1].id)
    )


def _latest_by_source(notices: Iterable[Notice]) -> dict[str, Notice]:
    return {notice.source: notice for notice in notices}  # by date: the last one stays


def _leads(notice: Notice) -> tuple[bool, int, str]:
    """A notice that tells lots apart comes before one that does not; then the more official source."""
    rank = SOURCES.index(notice.source) if notice.source in SOURCES else len(SOURCES)
    return (len(notice.lots) == 1, rank, notice.source)


def _since(notice: Notice, latest: dict[str, Notice]) -> bool:
    """Whether a notice still counts: a later call of its own source, else of any, has replaced what it said."""
    calls = [latest[notice.source]] if notice.source in latest else list(latest.values())
    return all(day(notice) >= day(call) for call in calls)


def _versions(chains: Sequence[Sequence[Notice]], source: str) -> list[Entry]:
    """What each full notice of a source changed in the one before."""
    following = [notice for chain in chains if chain[-1].source == source for notice in chain]
    return [entry for before, after in pairwise(following) for entry in compared(before, after)]


def _corrected(notice: Notice, corrections: Sequence[Notice], latest: dict[str, Notice]) -> tuple[Notice, list[Entry]]:
    entries: list[Entry] = []
    for correction in corrections:  # by date
        if correction is latest.get(correction.source) or not _since(correction, latest):
            continue
        for change in correction.changes:
            on = correction.published_on or correction.dispatched_on
            notice, told = applied(notice, change, on, correction.source)
            entries += told
    return notice, entries


def _told_once(entries: list[Entry]) -> tuple[Entry, ...]:
    """Sorted by day; what two sources both tell is told once."""
    found: dict[tuple[str, str, str, str], Entry] = {}
    rank = {source: number for number, source in enumerate(SOURCES)}
    order = sorted(enumerate(entries), key=lambda p: (p[1].on or date.min, rank.get(p[1].source, len(rank)), p[0]))
    for _, entry in order:
        found.setdefault((entry.field, entry.lot, entry.old, entry.new), entry)
    return tuple(found.values())


def _merged(notices: Iterable[Notice], name: str) -> tuple[str, ...]:
    return tuple(sorted({text for notice in notices for text in getattr(notice, name)}))


# --- results -------------------------------------------------------------------------------------


def _results(notices: Sequence[Notice]) -> tuple[Result, ...]:
    """The awards of the most official source, and those of the others for lots it does not speak of."""
    by_source: defaultdict[str, list[Notice]] = defaultdict(list)
    for notice in notices:
        by_source[notice.source].append(notice)
    kept: list[Result] = []
    for source in sorted(by_source, key=lambda name: SOURCES.index(name) if name in SOURCES else len(SOURCES)):
        told = {lot for result in kept for lot in result.award.lot_ids}
        results = _results_of_source(by_source[source])
        kept += [r for r in results if not kept or (r.award.lot_ids and not told & set(r.award.lot_ids))]
    return tuple(kept)


def _results_of_source(notices: Sequence[Notice]) -> list[Result]:
    """By date: a contract told again (a modification, a corrected award) has its latest content.

    An award notice that refers to an earlier one, as a change notice does, replaces it whole.
    """
    awards = [n for n in notices if n.kind is not NoticeKind.MODIFICATION]
    replaced = {name for notice in awards for name in references(notice)}
    found: dict[object, Result] = {}
    for notice in notices:
        if notice in awards and names(notice) & replaced:
            continue
        for position, award in enumerate(notice.awards):
            key = _contract(award)
            known = found.get(key)
            if known is None and notice.kind is NoticeKind.MODIFICATION and awards:
                continue  # of a contract that the award notices name otherwise
            on = notice.published_on or notice.dispatched_on
            fresh = Result(notice.source, notice.id, position, on, award)
            if known and known.notice_id == notice.id:
                found[key, notice.id, position] = fresh  # two alike in one notice are two contracts
            else:
                found[key] = replace(known, award=award) if known else fresh
    return list(found.values())


def _contract(award: LotAward) -> object:
    """What makes two awards one contract told twice."""
    return award.lot_ids, award.contract_id or frozenset(search_name(winner.name) for winner in award.winners)


# --- twins ---------------------------------------------------------------------------------------

_FILLED: Final = (
    "description", "cpvs", "places", "duration_months", "start", "deadline", "sme_suitable", "insertion_hours",
    "documents_url", "social", "green",
)  # fmt: skip


def _filled(notice: Notice, twin: Notice) -> Notice:
    """``notice`` with what only its twin says."""
    pairs = _pairs(notice.lots, twin.lots)
    lots = tuple(_filled_lot(lot, pairs[lot.id]) if lot.id in pairs else lot for lot in notice.lots)
    lacking: dict[str, Any] = {
        name: getattr(twin, name)
        for name in ("description", "nature", "procedure", "url", "max_lots_bid", "max_lots_won", "exclusive_grouping")
        if getattr(notice, name) in ("", None)
    }
    buyer = notice.buyer
    if not buyer.national_id:
        buyer = replace(buyer, national_id=twin.buyer.national_id)
    return replace(notice, lots=lots, buyer=buyer, **lacking)


def _pairs(lots: Sequence[NoticeLot], others: Sequence[NoticeLot]) -> dict[str, NoticeLot]:
    """The twin of each lot: of the same number, else of a like title; the only lot of both whatever its number."""
    if len(lots) == len(others) == 1:
        return {lots[0].id: others[0]}
    by_number = {lot.id: lot for lot in others}
    pairs = {lot.id: by_number[lot.id] for lot in lots if lot.id in by_number}
    left = [lot for lot in others if lot.id not in pairs]
    for lot in lots:
        if lot.id in pairs or not left:
            continue
        title = search_name(lot.title)
        best = max(left, key=lambda other: (fuzz.token_sort_ratio(title, search_name(other.title)), other.id))
        if fuzz.token_sort_ratio(title, search_name(best.title)) >= SAME_LOT:
            pairs[lot.id] = best
            left.remove(best)
    return pairs


def _filled_lot(lot: NoticeLot, twin: NoticeLot) -> NoticeLot:
    lacking: dict[str, Any] = {name: getattr(twin, name) for name in _FILLED if getattr(lot, name) in ("", None, ())}
    if lot.amount_eur is None and twin.amount_eur is not None:
        lacking |= {"amount_eur": twin.amount_eur, "amount_shared": False}
    if lot.reservation is Reservation.NONE:
        lacking["reservation"] = twin.reservation
    if any(place.city or place.postcode for place in twin.places) and not any(p.city or p.postcode for p in lot.places):
        lacking["places"] = twin.places
    if "clause" in lot.social and twin.social:
        lacking["social"] = twin.social
    return replace(lot, reserved_execution=lot.reserved_execution or twin.reserved_execution, **lacking)
