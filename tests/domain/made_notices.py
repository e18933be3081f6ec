"""Notices made up for laws that hold for any notice, and plain ones for domain cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from matchmaker.domain.notice import (
    AwardOutcome,
    Buyer,
    Change,
    LotAward,
    Notice,
    NoticeKind,
    NoticeLot,
    Place,
    Reservation,
    Winner,
)

words = st.text(alphabet="abcdéèŒ 'N°-/&<\n12", max_size=20).map(lambda text: text.strip())
some = st.text(alphabet="abcdéèŒ 12", min_size=1, max_size=20)
days = st.dates(date(1995, 1, 1), date(2100, 1, 1))
offsets = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1995, 1, 1), datetime(2100, 1, 1), timezones=offsets).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
euros = st.none() | st.integers(10, 10**12)
places = st.builds(Place, nuts=words, postcode=words, city=words, country=words)
lots = st.builds(
    NoticeLot,
    id=some,
    title=words,
    description=words,
    cpvs=st.lists(st.from_regex(r"[0-9]{8}", fullmatch=True), max_size=3, unique=True).map(tuple),
    amount_eur=euros,
    amount_shared=st.booleans(),
    places=st.lists(places, max_size=2).map(tuple),
    duration_months=st.none() | st.integers(1, 1188),
    start=st.none() | days,
    deadline=st.none() | moments,
    reservation=st.sampled_from(Reservation),
    reserved_execution=st.booleans(),
    social=st.lists(some, max_size=2).map(tuple),
    green=st.lists(some, max_size=2).map(tuple),
    sme_suitable=st.none() | st.booleans(),
    insertion_hours=st.none() | st.integers(30, 10**6),
    documents_url=words,
)
winners = st.builds(Winner, name=words, national_id=words, place=places, sme=st.none() | st.booleans())
awards = st.builds(
    LotAward,
    lot_ids=st.lists(some, max_size=2).map(tuple),
    outcome=st.sampled_from(AwardOutcome),
    contract_id=words,
    title=words,
    awarded_on=st.none() | days,
    amount_eur=euros,
    offers=st.none() | st.integers(0, 200),
    winners=st.lists(winners, max_size=3).map(tuple),
    group=st.booleans(),
)
changes = st.builds(Change, field=words, new=words, old=words, lot_id=words)
notices = st.builds(
    Notice,
    source=st.sampled_from(["eforms", "ted", "boamp", "ocds"]),
    id=some,
    version=some,
    kind=st.sampled_from(NoticeKind),
    form=words,
    title=words,
    buyer=st.builds(Buyer, name=words, national_id=words, place=places),
    lots=st.lists(lots, min_size=1, max_size=3, unique_by=lambda lot: lot.id).map(tuple),
    description=words,
    nature=words,
    procedure_id=words,
    procedure=words,
    published_on=st.none() | days,
    dispatched_on=st.none() | days,
    language=words,
    country=words,
    url=words,
    max_lots_bid=st.none() | st.integers(1, 99),
    max_lots_won=st.none() | st.integers(1, 99),
    exclusive_grouping=st.none() | st.booleans(),
    warnings=st.lists(words, max_size=2).map(tuple),
    awards=st.lists(awards, max_size=2).map(tuple),
    changes=st.lists(changes, max_size=2).map(tuple),
    aliases=st.lists(words, max_size=2).map(tuple),
    refers_to=st.lists(words, max_size=2).map(tuple),
    cancelled=st.booleans(),
)


# ---------------------------------------------------------------- of one procedure

_FEW_DAYS = [date(2026, 1, day) for day in (5, 6, 20)]
_small_lots = st.builds(
    NoticeLot,
    id=st.sampled_from(["1", "2", "3"]),
    title=st.sampled_from(["Parcs", "Écoles", "Voirie"]),
    amount_eur=st.sampled_from([None, 10_000, 20_000]),
    deadline=st.sampled_from([None, datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 8, 12, tzinfo=UTC)]),
)
_small_changes = st.sampled_from(
    [Change("deadline", "2026-04-01T12:00:00+02:00"), Change("amount_eur", "5", lot_id="1"), Change("", "en mots")]
)
of_one_procedure = st.lists(
    st.builds(
        Notice,
        source=st.sampled_from(["eforms", "ted", "boamp"]),
        id=st.sampled_from(["a", "b"]),
        version=st.sampled_from(["1", "2", "10"]),
        kind=st.sampled_from(NoticeKind),
        form=st.just(""),
        title=st.sampled_from(["Entretien", "Entretien des parcs"]),
        buyer=st.just(Buyer("Ville")),
        lots=st.lists(_small_lots, min_size=1, max_size=3, unique_by=lambda lot: lot.id).map(tuple),
        published_on=st.sampled_from(_FEW_DAYS),
        awards=st.lists(awards, max_size=2).map(tuple),
        changes=st.lists(_small_changes, max_size=2).map(tuple),
        cancelled=st.booleans(),
    ),
    min_size=1,
    max_size=5,
)

DEADLINE = datetime(2026, 3, 2, 12, tzinfo=UTC)


def lot(number: str = "1", title: str = "Tonte des pelouses", **more: Any) -> NoticeLot:
    defaults: dict[str, Any] = {"cpvs": ("77310000",), "deadline": DEADLINE, "amount_eur": 90_000}
    return NoticeLot(number, title, **(defaults | more))


def call(source: str = "eforms", number: str = "a", *lots: NoticeLot, **more: Any) -> Notice:
    """A contract notice of the town of Nantes."""
    defaults: dict[str, Any] = {
        "version": "1",
        "kind": NoticeKind.CONTRACT,
        "form": "",
        "title": "Entretien des espaces verts communaux",
        "buyer": Buyer("Ville de Nantes", "21440109300015"),
        "published_on": date(2026, 1, 15),
    }
    return Notice(source=source, id=number, lots=lots or (lot(),), **(defaults | more))


def dated(notice: Notice, day: int, **more: Any) -> Notice:
    """Published that day of January."""
    return replace(notice, published_on=date(2026, 1, day), **more)
