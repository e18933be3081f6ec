"""What a buyer changes of a clause: off with an exception and a reason, on, its text, undo. All is written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from allotment.domain.law import Exemption
from allotment.models import ClauseChoice, ClauseLog, Need, Split, SplitLot
from allotment.models.clause import Kind

SESSION = timedelta(minutes=10)  # autosaves of one person on one text count as one line of the journal
LONGEST = 20_000  # characters of a text


class ClauseRefusedError(ValueError):
    """Ce choix n'est pas possible ; le message dit ce qui manque."""


class ClauseConflictError(ClauseRefusedError):
    """Quelqu'un a changé cette clause entre-temps : relisez-la avant de la changer à votre tour."""


@dataclass(frozen=True, slots=True)
class Target:
    """Which clause: of a lot (None: the whole need), as its title is told in the journal, with its article."""

    need: Need
    lot: SplitLot | None
    title: str
    kind: Kind
    article: str


@dataclass(frozen=True, slots=True)
class State:
    """A clause as it stands. ``version`` 0: nothing of its own is stored for this lot."""

    is_on: bool = True
    exemption: str = ""
    reason: str = ""
    text: str = ""
    version: int = 0
    inherited: bool = False

    def as_json(self) -> dict[str, Any]:
        return {"is_on": self.is_on, "exemption": self.exemption, "reason": self.reason, "text": self.text}


def states(need: Need, split: Split | None) -> dict[tuple[int | None, str], State]:
    """Every clause that is not the default, by lot (None: the whole need) and kind. At most three queries.

    A lot of a new version keeps what was chosen for that of the same place and trades in the version it comes from.
    """
    rows = list(need.clauses.select_related("lot"))
    found = {(row.lot_id, row.kind): _state(row) for row in rows}
    if split is None:
        return {key: state for key, state in found.items() if key[0] is None}
    lots = list(split.lots.all())
    earlier = _ancestors(need, split)
    by_split: dict[int, list[ClauseChoice]] = {}
    for row in rows:
        if row.lot:
            by_split.setdefault(row.lot.split_id, []).append(row)
    wanted: dict[tuple[int | None, str], State] = {}
    for number in reversed(earlier):
        for row in by_split.get(number, []):
            for lot in lots:
                if row.lot and (lot.position, sorted(lot.trades)) == (row.lot.position, sorted(row.lot.trades)):
                    wanted[lot.pk, row.kind] = _state(row, inherited=True)
    mine = {None, *(lot.pk for lot in lots)}  # None: why there is one lot only
    return wanted | {key: state for key, state in found.items() if key[0] in mine}


def _ancestors(need: Need, split: Split) -> list[int]:
    """Versions a split comes from, the nearest first."""
    parents = dict(need.splits.values_list("pk", "parent_id"))
    found: list[int] = []
    at = parents.get(split.pk)
    while at is not None and at not in found:
        found.append(at)
        at = parents.get(at)
    return found


def _state(row: ClauseChoice, *, inherited: bool = False) -> State:
    version = 0 if inherited else row.version
    return State(row.is_on, row.exemption, row.reason, row.text, version, inherited)


def switch_off(
    target: Target,
    before: State,
    *,
    code: str,
    reason: str,
    allowed: Sequence[Exemption],
    shortest: int,
    user: AbstractBaseUser,
) -> State:
    """Raises :class:`ClauseRefusedError` without a lawful exception or a reason of ``shortest`` characters.

    Someone else who switched it meanwhile is told of, never undone.
    """
    if not before.is_on:
        raise ClauseConflictError(ClauseConflictError.__doc__)
    exemption = next((one for one in allowed if one.code == code), None)
    reason = " ".join(reason.split())
    if not allowed:
        raise ClauseRefusedError(f"La loi ne prévoit aucune exception ici (article {target.article}).")
    if exemption is None:
        raise ClauseRefusedError("Choisissez l'exception de la liste qui justifie ce choix.")
    if len(reason) < shortest:
        raise ClauseRefusedError(
            f"Expliquez en quoi cette exception s'applique à ce lot : {shortest} caractères au moins "
            f"({len(reason)} pour l'instant)."
        )
    after = State(False, code, reason, before.text)
    entry = {"article": exemption.article, "exemption": exemption.text, "reason": reason}
    return _change(target, before, after, ClauseLog.Action.OFF, user, entry)


def switch_on(target: Target, before: State, *, user: AbstractBaseUser) -> State:
    if before.is_on:
        return before
    after = State(True, "", "", before.text)
    return _change(target, before, after, ClauseLog.Action.ON, user, {"article": target.article})


def write_text(target: Target, before: State, *, text: str, user: AbstractBaseUser, version: int) -> State:
    """The buyer's own words; empty brings the generated text back. Saved even where it will have to be corrected.

    ``version``: that of the clause the words were written upon; raises :class:`ClauseConflictError` when it is past.
    """
    text = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if len(text) > LONGEST:
        raise ClauseRefusedError(f"Ce texte dépasse {LONGEST} caractères : raccourcissez-le.")
    if text == before.text:
        return before
    after = State(before.is_on, before.exemption, before.reason, text)
    if before.version != version:
        raise ClauseConflictError(ClauseConflictError.__doc__)
    return _change(target, before, after, ClauseLog.Action.TEXT, user, {"article": target.article})


def undo(target: Target, before: State, *, user: AbstractBaseUser) -> State:
    """Back to before the last line of the journal; asked twice, forth again. Nothing is rubbed out."""
    last = ClauseLog.objects.filter(need=target.need, lot=target.lot, kind=target.kind).first()
    if last is None:
        raise ClauseRefusedError("Il n'y a rien à annuler pour cette clause.")
    return _change(target, before, State(**last.before), ClauseLog.Action.UNDO, user, {"article": last.article})


def _change(
    target: Target,
    before: State,
    after: State,
    action: ClauseLog.Action,
    user: AbstractBaseUser,
    entry: dict[str, str],
) -> State:
    """Written on what was read: a change that came in between is a conflict."""
    with transaction.atomic():
        Need.objects.select_for_update().get(pk=target.need.pk)  # one change at a time for a need
        key = {"need": target.need, "lot": target.lot, "kind": target.kind}
        row = ClauseChoice.objects.filter(**key).first()
        if (row.version if row else 0) != before.version:
            raise ClauseConflictError(ClauseConflictError.__doc__)
        row = row or ClauseChoice(**key, version=0)
        row.is_on, row.exemption, row.reason, row.text = after.is_on, after.exemption, after.reason, after.text
        row.version += 1
        row.updated_by_id = user.pk
        row.save()
        if action != ClauseLog.Action.TEXT or not _same_session(target, user):
            ClauseLog.objects.create(
                **key, lot_title=target.title[:250], action=action, before=before.as_json(), by_id=user.pk, **entry
            )
    return _state(row)


def _same_session(target: Target, user: AbstractBaseUser) -> bool:
    """Whether the last line is this person's writing of this text, a moment ago."""
    last = ClauseLog.objects.filter(need=target.need, lot=target.lot, kind=target.kind).first()
    if last is None or last.action != ClauseLog.Action.TEXT or last.by_id != user.pk:
        return False
    return timezone.now() - last.at < SESSION
