"""A published notice and its lots, whatever the format it came in.

BOAMP, TED and eForms look alike from here on: every parser of ``matchmaker.sources``
returns these frozen dataclasses and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final


class NoticeKind(StrEnum):
    """What a notice announces; only ``CONTRACT`` opens a competition one can answer."""

    PRIOR_INFORMATION = "prior_information"
    CONTRACT = "contract"
    AWARD = "award"
    MODIFICATION = "modification"
    CORRECTION = "correction"
    OTHER = "other"


class Reservation(StrEnum):
    """Who a lot is reserved to (articles L2113-12 to L2113-16 CCP; rules R1 to R5)."""

    NONE = "none"
    EA_ESAT = "ea_esat"  # R1, L2113-12
    SIAE = "siae"  # R2, L2113-13
    PRISON = "prison"  # R3, L2113-13-1
    EA_ESAT_SIAE = "ea_esat_siae"  # R4, L2113-14; also European codes that name neither
    ESS = "ess"  # R5, L2113-15


@dataclass(frozen=True, slots=True)
class Place:
    """A place of performance as published; any field may be empty."""

    nuts: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""  # ISO 3166 alpha-2, upper case


UNKNOWN_BUYER: Final = "Acheteur non précisé"  # its name when a notice tells none


@dataclass(frozen=True, slots=True)
class Buyer:
    name: str
    national_id: str = ""  # SIRET when the notice gives a valid one
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class NoticeLot:
    """One lot. A notice that is not divided has exactly one lot, of identifier "1".

    ``cpvs`` starts with the main code, 8 digits without check digit, no duplicates.
    ``amount_eur`` is excl. tax, whole euros, for the whole duration of the lot.
    ``amount_shared`` says that the amount published covers the whole notice and was not split.
    ``deadline`` is aware (UTC offset kept) or None.
    """

    id: str
    title: str
    description: str = ""
    cpvs: tuple[str, ...] = ()
    amount_eur: int | None = None
    amount_shared: bool = False
    places: tuple[Place, ...] = ()
    duration_months: int | None = None
    start: date | None = None
    deadline: datetime | None = None
    reservation: Reservation = Reservation.NONE
    reserved_execution: bool = False  # BT-736: performed within sheltered employment programmes
    social: tuple[str, ...] = ()  # eForms social-objective codes, or "clause" when only known as such
    green: tuple[str, ...] = ()  # eForms environmental-impact codes, or "clause"
    sme_suitable: bool | None = None
    insertion_hours: int | None = None  # hours the documents ask for, when the notice states them
    documents_url: str = ""


class AwardOutcome(StrEnum):
    AWARDED = "awarded"
    UNSUCCESSFUL = "unsuccessful"  # infructueux: no offer, or none acceptable
    CANCELLED = "cancelled"  # sans suite


@dataclass(frozen=True, slots=True)
class Winner:
    """A titulaire as a notice names it."""

    name: str
    national_id: str = ""  # SIRET when the notice gives a valid one
    place: Place = Place()
    sme: bool | None = None


@dataclass(frozen=True, slots=True)
class LotAward:
    """How one lot (or one contract over several lots) ended. ``amount_eur``: excl. tax, whole duration."""

    lot_ids: tuple[str, ...] = ()  # ids of ``Notice.lots``; empty when the notice does not say
    outcome: AwardOutcome = AwardOutcome.AWARDED
    contract_id: str = ""
    title: str = ""
    awarded_on: date | None = None
    amount_eur: int | None = None
    offers: int | None = None
    winners: tuple[Winner, ...] = ()
    group: bool = False  # the winners answered together


@dataclass(frozen=True, slots=True)
class Change:
    """What a correction changes: a field of :class:`NoticeLot` or :class:`Notice`, of one lot or of all."""

    field: str  # "deadline", "amount_eur", "cpvs", "title" ...; "" when only told in words
    new: str  # ISO for dates; the published words when ``field`` is empty
    old: str = ""
    lot_id: str = ""  # "" = every lot


@dataclass(frozen=True, slots=True)
class Notice:
    """One version of one notice.

    ``source`` is "eforms", "ted", "boamp" or "ocds"; ``id`` identifies the notice inside its source, and (source,
    id, version) is unique. ``procedure_id`` is shared by all notices of one procedure when known.
    ``warnings`` are sentences in French on what was published but could not be used (a negative
    amount, an unknown currency): the notice is kept, the field is left empty.
    """

    source: str
    id: str
    version: str
    kind: NoticeKind
    form: str  # "F02", or the eForms subtype ("16")
    title: str
    buyer: Buyer
    lots: tuple[NoticeLot, ...]
    description: str = ""
    nature: str = ""  # works | supplies | services | ""
    procedure_id: str = ""
    procedure: str = ""  # open, restricted, neg-w-call ... as published
    published_on: date | None = None
    dispatched_on: date | None = None
    language: str = ""
    country: str = ""  # of the buyer, ISO alpha-2
    url: str = ""
    max_lots_bid: int | None = None  # BT-31, rule A3
    max_lots_won: int | None = None  # BT-33, rule A3
    exclusive_grouping: bool | None = None  # G3: the documents forbid several candidacies
    warnings: tuple[str, ...] = field(default=())
    awards: tuple[LotAward, ...] = ()
    changes: tuple[Change, ...] = ()  # of a correction that tells only what changes
    # Names of this very notice elsewhere, and of earlier notices of the procedure, each "source:id":
    # "eforms:<uuid>", "ted:123456-2024", "ted-oj:2018/S 012-023456", "boamp:17-29167".
    aliases: tuple[str, ...] = ()
    refers_to: tuple[str, ...] = ()
    cancelled: bool = False
