"""A *consultation préalable* (sourçage, rule S1: R2111-1, R2111-2) and its public debate, moderated a priori.

What may be public is decided here and nowhere else: a contribution is what the history of its decisions makes of it,
waiting until somebody has validated it; capacities that firms declare come out as sums that give nobody away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MINIMUM_CELL = 5  # answers below which a figure says nothing: the least we publish of any group
MOST_OF_ONE = 0.85  # part of a sum from which one firm could be read in it (statistical secrecy, INSEE)
UNDO = timedelta(minutes=30)  # during which a decision may be taken back as if it had not been


class ConsultationError(ValueError):
    """Cette étape de la consultation n'est pas possible ; le message dit pourquoi."""


class ModerationError(ValueError):
    """Cette décision n'est pas possible ; le message dit pourquoi."""


# ---------------------------------------------------------------- the need


class Phase(StrEnum):
    """Where a consultation stands at a moment, whatever was clicked: dates count."""

    NONE = "none"
    ANNOUNCED = "announced"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Window:
    """When a consultation takes answers; ``closed_at`` when somebody closed it before its time."""

    opens_at: datetime
    closes_at: datetime
    closed_at: datetime | None = None


def phase(window: Window | None, now: datetime) -> Phase:
    if window is None:
        return Phase.NONE
    if window.closed_at is not None or now >= window.closes_at:
        return Phase.CLOSED
    return Phase.OPEN if now >= window.opens_at else Phase.ANNOUNCED


def opened(before: Window | None, opens_at: datetime, closes_at: datetime, now: datetime) -> Window:
    """A consultation with these dates: new, with other dates, or open again.

    Raises :class:`ConsultationError` when it would end before it begins, or in the past; what has begun has begun.
    """
    if before is not None and before.opens_at <= now:
        opens_at = before.opens_at
    if closes_at <= opens_at:
        raise ConsultationError("La clôture doit venir après l'ouverture : corrigez les dates.")
    if closes_at <= now:
        raise ConsultationError("La clôture est déjà passée : choisissez une date à venir.")
    return Window(opens_at, closes_at)


def closed(before: Window | None, now: datetime) -> Window:
    if before is None or phase(before, now) == Phase.CLOSED:
        raise ConsultationError("Cette consultation n'est pas ouverte.")
    return Window(before.opens_at, before.closes_at, now)


# ---------------------------------------------------------------- a contribution


class Status(StrEnum):
    WAITING = "waiting"
    PUBLISHED = "published"
    REFUSED = "refused"


class Act(StrEnum):
    PUBLISH = "publish"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"  # of what had been published
    UNDO = "undo"


class Reason(StrEnum):
    """Why a contribution is not public; told to its author. The order is that of the keys of the queue."""

    OFF_TOPIC = "off_topic"
    INSULT = "insult"  # insult, defamation, discrimination: law of 29 July 1881
    PERSONAL = "personal"  # personal data, or a person called into question
    SECRET = "secret"  # business secret or price, which the buyer may not disclose: L2132-1
    ADVERTISING = "advertising"
    DUPLICATE = "duplicate"
    OTHER = "other"


_RESULT = {Act.PUBLISH: Status.PUBLISHED, Act.REFUSE: Status.REFUSED, Act.WITHDRAW: Status.REFUSED}
_FROM = {Act.PUBLISH: Status.WAITING, Act.REFUSE: Status.WAITING, Act.WITHDRAW: Status.PUBLISHED}
_DONE = {
    Status.WAITING: "Cette contribution attend encore une décision.",
    Status.PUBLISHED: "Cette contribution est déjà publiée.",
    Status.REFUSED: "Cette contribution a déjà été refusée.",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of a contribution's history: who (an identifier), when, why."""

    act: Act
    by: int
    at: datetime
    reason: Reason | None = None
    words: str = ""


def standing(history: Sequence[Decision]) -> Decision | None:
    """The decision in force: the last that was not taken back; None while nobody has decided."""
    kept: list[Decision] = []
    for one in history:
        if one.act == Act.UNDO:
            kept.pop()
        else:
            kept.append(one)
    return kept[-1] if kept else None


def status(history: Sequence[Decision]) -> Status:
    """Waiting unless a decision stands: nothing is public by default."""
    last = standing(history)
    return _RESULT[last.act] if last else Status.WAITING


def decided(history: Sequence[Decision], new: Decision) -> tuple[Decision, ...]:
    """The history with one more decision; earlier lines never change. Raises :class:`ModerationError`."""
    if new.act == Act.UNDO:
        _check_undo(history, new.at)
    else:
        now = status(history)
        if now != _FROM[new.act]:
            raise ModerationError(_DONE[now])
        if new.act in (Act.REFUSE, Act.WITHDRAW):
            _check_reason(new)
    return (*history, new)


def _check_reason(new: Decision) -> None:
    if new.reason is None:
        raise ModerationError("Donnez le motif : son auteur doit le connaître.")
    if new.reason == Reason.OTHER and not new.words.strip():
        raise ModerationError("Écrivez le motif en toutes lettres : son auteur doit le connaître.")


def _check_undo(history: Sequence[Decision], at: datetime) -> None:
    if not may_undo(history, at):
        raise ModerationError(
            f"Il n'y a plus rien à annuler : une décision se reprend dans les {UNDO.seconds // 60} minutes."
        )


def may_undo(history: Sequence[Decision], at: datetime) -> bool:
    """The last line only, while it is recent, and never an undoing."""
    return bool(history) and history[-1].act != Act.UNDO and at - history[-1].at <= UNDO


# ---------------------------------------------------------------- what firms declare


@dataclass(frozen=True, slots=True)
class Declared:
    """What one organisation says of one lot: free full-time equivalents, euros over the contract; either may lack."""

    organisation: int
    fte: float | None = None
    amount_eur: int | None = None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What may be public of a lot. None: too few answered, one firm weighs too much in it, or it is too early."""

    organisations: int | None
    fte: float | None = None
    amount_eur: float | None = None


def aggregate(answers: Sequence[Declared], *, over: bool) -> Aggregate:
    """Sums wait until the consultation is over: following them answer by answer would give each one away."""
    count = len({one.organisation for one in answers})
    if count < MINIMUM_CELL:
        return Aggregate(None)
    if not over:
        return Aggregate(count)
    return Aggregate(
        count,
        _safe_sum([one.fte for one in answers if one.fte]),
        _safe_sum([float(one.amount_eur) for one in answers if one.amount_eur]),
    )


def _safe_sum(values: Sequence[float]) -> float | None:
    total = sum(values)
    if len(values) < MINIMUM_CELL or max(values) > MOST_OF_ONE * total:
        return None
    return total
