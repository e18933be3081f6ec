"""What part of a buyer's spend is converted (founding text of 28 November 2011: 20 %), and on what it rests.

A contract counts once in the total of the year it was notified, at its amount over its whole duration. It is converted
when at least one thing makes it so; these may be several, so the kinds overlap and do not add up to the total.
A contract whose buyer published nothing of its social considerations is unknown, never zero: the share is an interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What converts a contract."""

    CLAUSE = "clause"  # a social condition of execution
    CRITERION = "criterion"  # a social award criterion
    RESERVED = "reserved"
    ESS = "ess"  # all its holders are ESS, ESUS or inclusive firms
    GROUPING = "grouping"  # a groupement with at least one ESS, ESUS or inclusive firm


_NOTHING = ("pas de", "sans objet", "none")
_WORDS = (("réserv", Kind.RESERVED), ("reserv", Kind.RESERVED), ("crit", Kind.CRITERION))
_ASKED = frozenset((Kind.CLAUSE, Kind.CRITERION, Kind.RESERVED))


@dataclass(frozen=True, slots=True)
class Said:
    """What was published of a contract's social considerations; ``known`` False when nothing was."""

    kinds: frozenset[Kind]
    known: bool


def considerations(words: Iterable[str]) -> Said:
    """DECP ("Clause sociale", "Critère social", "Marché réservé", "Pas de ...") and codes of notices alike.

    >>> sorted(considerations(["Clause sociale", "Marché réservé"]).kinds)
    [<Kind.CLAUSE: 'clause'>, <Kind.RESERVED: 'reserved'>]
    """
    said = [word.strip().lower() for word in words if word.strip()]
    kinds = frozenset(_kind(word) for word in said if not word.startswith(_NOTHING))
    return Said(kinds, bool(said))


def asks(words: Iterable[str]) -> bool | None:
    """Whether anything but "none" was published; None when nothing was (environmental considerations)."""
    said = [word.strip().lower() for word in words if word.strip()]
    return any(not word.startswith(_NOTHING) for word in said) if said else None


def _kind(word: str) -> Kind:
    return next((kind for start, kind in _WORDS if start in word), Kind.CLAUSE)


@dataclass(frozen=True, slots=True)
class Winner:
    """A holder, as the registers know it; all False where they do not."""

    ess: bool = False
    esus: bool = False
    inclusive: bool = False

    @property
    def social(self) -> bool:
        return self.ess or self.esus or self.inclusive


def won(winners: Sequence[Winner], *, grouped: bool) -> frozenset[Kind]:
    """What the holders convert. Several winners of a framework agreement are no groupement: all must be social."""
    social = sum(one.social for one in winners)
    kinds = {Kind.ESS} if winners and social == len(winners) else set()
    if grouped and social and len(winners) > 1:
        kinds.add(Kind.GROUPING)
    return frozenset(kinds)


@dataclass(frozen=True, slots=True)
class Contract:
    """``amount_eur`` whole duration, excl. tax, None when unpublished; ``said``: social considerations are known."""

    key: str
    on: date
    amount_eur: int | None
    kinds: frozenset[Kind] = frozenset()
    said: bool = False
    green: bool | None = None
    esus: bool = False
    inclusive: bool = False
    by_hand: bool = False

    @property
    def converted(self) -> bool:
        return bool(self.kinds)

    @property
    def unknown(self) -> bool:
        return not self.kinds and not self.said


@dataclass(frozen=True, slots=True)
class Part:
    """Some contracts and what they are worth."""

    contracts: int = 0
    eur: int = 0

    @classmethod
    def of(cls, contracts: Iterable[Contract]) -> Part:
        amounts = [one.amount_eur or 0 for one in contracts]
        return cls(len(amounts), sum(amounts))

    def share_of(self, whole: Part) -> float | None:
        """By value, 0..1; None when the whole is worth nothing known."""
        return self.eur / whole.eur if whole.eur else None


@dataclass(frozen=True, slots=True)
class Year:
    """One year of a buyer. ``by_kind`` overlap; ``converted``, ``unknown`` and ``plain`` add up to ``total``."""

    year: int
    total: Part
    converted: Part
    unknown: Part
    plain: Part
    by_kind: Mapping[Kind, Part]
    unpriced: int  # contracts without a published amount: counted, worth nothing here
    by_hand: Part

    @property
    def share(self) -> float | None:
        """What is certain: converted / total, 0..1."""
        return self.converted.share_of(self.total)

    @property
    def share_high(self) -> float | None:
        """What would be, were all the unknown converted."""
        whole = self.total.eur
        return (self.converted.eur + self.unknown.eur) / whole if whole else None


def year_of(contracts: Iterable[Contract], year: int) -> Year:
    """The figures of the contracts notified in a year, each counted once whatever its kinds."""
    those = list({one.key: one for one in contracts if one.on.year == year}.values())
    return Year(
        year=year,
        total=Part.of(those),
        converted=Part.of(one for one in those if one.converted),
        unknown=Part.of(one for one in those if one.unknown),
        plain=Part.of(one for one in those if not one.converted and not one.unknown),
        by_kind={kind: Part.of(one for one in those if kind in one.kinds) for kind in Kind},
        unpriced=sum(one.amount_eur is None for one in those),
        by_hand=Part.of(one for one in those if one.by_hand),
    )


# ---------------------------------------------------------------- the running year


@dataclass(frozen=True, slots=True)
class Projection:
    """Where the running year goes. ``total_eur`` at the pace so far; ``share`` [low, mid, high], 0..1."""

    elapsed: float
    total_eur: int
    share: tuple[float, float, float]
    years: tuple[int, ...]  # the past years the rest of the year was measured on


def project(now: Year, past: Sequence[Year], today: date) -> Projection | None:
    """Spend goes on at the pace of the days elapsed; the rest converts as past years did.

        share = f * s + (1 - f) * r        f part of the year elapsed, s its share so far

    r is the share of each past year and of this one: the lowest, all of them together, the highest.
    None when ``today`` is not in the year, or nothing is known of it yet.
    """
    if today.year != now.year or now.share is None:
        return None
    days = (today - date(now.year, 1, 1)).days + 1
    elapsed = days / (date(now.year + 1, 1, 1) - date(now.year, 1, 1)).days
    known = [one for one in past if one.share is not None and one.year < now.year]
    rates = [one.share for one in (*known, now) if one.share is not None]
    whole = sum(one.total.eur for one in (*known, now))
    mid = sum(one.converted.eur for one in (*known, now)) / whole
    low, middle, high = (elapsed * now.share + (1 - elapsed) * rate for rate in (min(rates), mid, max(rates)))
    return Projection(elapsed, round(now.total.eur / elapsed), (low, middle, high), tuple(one.year for one in known))


# ---------------------------------------------------------------- SPASER (articles L2111-3 and D2111-3 CCP)


@dataclass(frozen=True, slots=True)
class Indicator:
    key: str  # social | green | reserved | esus | inclusive
    part: Part
    number_share: float | None  # of contracts
    value_share: float | None  # of euros


@dataclass(frozen=True, slots=True)
class Spaser:
    """Real rates of socially and ecologically responsible purchases, in number and in value."""

    due: bool | None  # yearly spend above the threshold; None: no threshold for that year
    threshold_eur: int | None
    indicators: tuple[Indicator, ...]


def spaser(contracts: Iterable[Contract], year: int, threshold_eur: int | None) -> Spaser:
    """The indicators of L2111-3 for a year, whether the schéma is due or not. ``threshold_eur`` None: no duty then."""
    those = list({one.key: one for one in contracts if one.on.year == year}.values())
    whole = Part.of(those)
    chosen = {
        "social": [one for one in those if one.kinds & _ASKED],
        "green": [one for one in those if one.green],
        "reserved": [one for one in those if Kind.RESERVED in one.kinds],
        "esus": [one for one in those if one.esus],
        "inclusive": [one for one in those if one.inclusive],
    }
    due = whole.eur > threshold_eur if threshold_eur is not None else None
    return Spaser(due, threshold_eur, tuple(_indicator(key, Part.of(some), whole) for key, some in chosen.items()))


def _indicator(key: str, part: Part, whole: Part) -> Indicator:
    number = part.contracts / whole.contracts if whole.contracts else None
    return Indicator(key, part, number, part.share_of(whole))


# ---------------------------------------------------------------- the levels drawn beside it


class LevelError(ValueError):
    """La table des niveaux nationaux est incohérente ; le message dit quelle ligne corriger."""


@dataclass(frozen=True, slots=True)
class Level:
    """A public target or an observed level. ``measure``: converted | social | green ; ``value`` 0..1."""

    key: str
    measure: str
    observed: bool
    value: float
    first: int
    last: int | None
    label: str
    source: str


def read_levels(rows: Iterable[Mapping[str, object]]) -> tuple[Level, ...]:
    """Raises :class:`LevelError`."""
    return tuple(_level(row) for row in rows)


def _level(row: Mapping[str, object]) -> Level:
    def text(name: str) -> str:
        return str(row.get(name) or "").strip()

    try:
        level = Level(
            text("key"), text("measure"), text("nature") == "observed", float(text("value")), int(text("first")),
            int(text("last")) if text("last") else None, text("label"), text("source"),
        )  # fmt: skip
    except ValueError:
        raise LevelError(f"Niveau « {text('key')} » : valeur ou année illisible.") from None
    if not 0 <= level.value <= 1 or level.measure not in ("converted", "social", "green"):
        raise LevelError(f"Niveau « {level.key} » : une part va de 0 à 1, de converted, social ou green.")
    return level


# ---------------------------------------------------------------- one contract told twice


@dataclass(frozen=True, slots=True)
class Published:
    """One publication of a contract: by its buyer's data (``decp``), or by an award notice."""

    key: str
    decp: bool
    on: date
    holders: frozenset[str]  # SIREN


def told_once(found: Sequence[Published], within_days: int) -> frozenset[str]:
    """Keys to keep: an award notice that DECP tell too, of the same holder at nearly the same date, is left out."""
    decp = [one for one in found if one.decp]
    near = timedelta(days=within_days)

    def twin(one: Published) -> bool:
        return any(one.holders & other.holders and abs(one.on - other.on) <= near for other in decp)

    return frozenset(one.key for one in found if one.decp or not twin(one))
