"""A contract won, as published, and what follows from it: current terms, kind of grouping, yearly value, end."""

from __future__ import annotations

import calendar
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from matchmaker.domain.insertion import yearly
from matchmaker.domain.reference import Reference


@dataclass(frozen=True, slots=True)
class Holder:
    """A titulaire. ``siret`` and ``siren`` only when their key is right; ``identifier`` as published."""

    id_type: str = ""
    identifier: str = ""
    siret: str = ""
    siren: str = ""
    name: str = ""

    @property
    def key(self) -> str:
        """Who it is, whatever the establishment: branches of one company are one."""
        return self.siren or re.sub(r"\W", "", self.identifier).upper() or self.name.upper()


@dataclass(frozen=True, slots=True)
class AwardChange:
    """A modification of a contract under way. A field left empty keeps its former value."""

    on: date | None = None
    object: str = ""
    amount_eur: int | None = None
    months: int | None = None
    holders: tuple[Holder, ...] = ()


@dataclass(frozen=True, slots=True)
class AwardRecord:
    """One contract as first notified, its ``changes`` in order of time. Amounts in whole euros excl. tax.

    ``locator`` names the record in its file. ``rank`` tells apart contracts of one buyer, number and holders.
    """

    locator: str
    buyer_id: str
    contract_id: str
    buyer_name: str = ""
    buyer_departement: str = ""
    concession: bool = False
    nature: str = ""
    framework: bool = False
    title: str = ""
    cpv: str = ""
    procedure: str = ""
    place_code: str = ""
    place_type: str = ""
    place_label: str = ""
    notified_on: date | None = None
    published_on: date | None = None
    months: int | None = None
    amount_eur: int | None = None
    offers: int | None = None
    declared_grouping: str = ""  # conjoint | solidaire | none | "" when the format has no such field
    subcontracted: bool | None = None
    social: tuple[str, ...] = ()
    green: tuple[str, ...] = ()
    holders: tuple[Holder, ...] = ()
    listed_holders: int = 0  # as published: some list one holder twice
    changes: tuple[AwardChange, ...] = ()
    rank: int = 0
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def contract(self) -> str:
        """What all publications of a contract share, on whatever platform: buyer and number, bare of signs.

        >>> AwardRecord("", "21750001630040", "2023-12 l1").contract
        '21750001630040-202312L1'
        """
        bare = re.sub(r"[\W_]", "", self.contract_id).upper()
        return f"{re.sub(r'[\W_]', '', self.buyer_id).upper()}-{bare}"[:120]

    @property
    def uid(self) -> str:
        """The contract and its holders: some buyers give one number to several lots, won by different firms."""
        people = "+".join(sorted({holder.key for holder in self.holders}))
        rank = f".{self.rank}" if self.rank else ""
        return f"{self.contract}~{hashlib.sha256(people.encode()).hexdigest()[:8]}{rank}"


@dataclass(frozen=True, slots=True)
class RefusedAward:
    """A record that is no contract we can keep, and why, in French."""

    locator: str
    reason: str
    message: str
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds after all modifications."""

    amount_eur: int | None
    months: int | None
    holders: tuple[Holder, ...]
    ends_on: date | None
    annual_eur: int | None  # all holders together
    grouping: str

    @property
    def part_eur(self) -> int | None:
        """A holder's part of the yearly value: equal parts, as none is published."""
        if self.annual_eur is None or not self.holders:
            return None
        return self.annual_eur // len(self.holders)


def current_terms(record: AwardRecord, reference: Reference) -> Terms:
    """The latest word on amount, duration and holders, and what follows from it (domain guide, section 4)."""
    amount, months, holders = record.amount_eur, record.months, record.holders
    for change in record.changes:
        amount = change.amount_eur if change.amount_eur is not None else amount
        months = change.months if change.months is not None else months
        holders = change.holders or holders
    end = add_months(record.notified_on, months) if record.notified_on and months else None
    share = reference["award.framework_share"] if record.framework else 1.0
    annual = round(share * yearly(amount, months)) if amount and months else None
    return Terms(amount, months, holders, end, annual, grouping_of(record, holders, reference))


def grouping_of(record: AwardRecord, holders: Sequence[Holder], reference: Reference) -> str:
    """How the holders stand to one another; a value of ``Award.Grouping``.

    What is declared counts. In formats without that field a few holders of one contract are presumed a group,
    and those of a framework agreement its several winners.
    """
    people = len({holder.key for holder in holders})
    if record.declared_grouping in ("conjoint", "solidaire"):
        return record.declared_grouping
    if people < 2:
        return "none" if people else "unknown"
    if record.framework:
        return "multi"
    if record.declared_grouping == "none":
        return "unknown"
    if record.concession:
        return "group"
    few = people <= reference.integer("award.group_max_holders")
    ordinary = not record.nature or record.nature.lower().startswith("marché")
    return "presumed" if few and ordinary else "unknown"


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or its last day.

    >>> add_months(date(2024, 1, 31), 1)
    datetime.date(2024, 2, 29)
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
