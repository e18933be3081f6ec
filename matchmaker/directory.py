"""A network's list of members, from its columns to the establishments its rows stand for.

``propose`` keeps the rows and guesses the columns, ``confirm`` takes a person's mapping, ``link`` finds the
establishments, ``decide`` and ``reopen`` are a person's word on a doubtful row. A decision is kept for the rows of
later lists that say the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import batched, islice
from pathlib import Path

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from matchmaker.domain.columns import FIELDS, contacts, guess, understood
from matchmaker.ingest.report import Progress, Report, batch_size, importing, silent
from matchmaker.link import Linked, Sought, link_rows
from matchmaker.models import Directory, DirectoryRow, Firm
from matchmaker.sources import tables
from matchmaker.sources.tables import TableError

BATCH = 500
MAX_ROWS = 20_000
SAMPLE = 200
State = DirectoryRow.State
_SAID = ("state", "message", "firm_id", "probability", "candidates", "fingerprint", "decided_by_id", "decided_at")


class DirectoryError(ValueError):
    """Cette liste ne peut pas être rapprochée."""


# ---------------------------------------------------------------- columns


@transaction.atomic
def propose(path: Path, name: str, owner: AbstractBaseUser | None = None, file_name: str = "") -> Directory:
    """Keep the rows of a list and guess its columns; the same list given again is found again. Raises TableError."""
    digest = tables.sha256(path)
    known = Directory.objects.filter(owner_id=owner.pk if owner else None, name=name, sha256=digest).first()
    if known:
        return known
    rows = list(islice(tables.read_rows(path), MAX_ROWS + 1))
    if not rows:
        raise TableError(f"{file_name or path.name} : aucune ligne sous l'en-tête.")
    if len(rows) > MAX_ROWS:
        raise TableError(f"Cette liste dépasse {MAX_ROWS} lignes : découpez-la en plusieurs fichiers.")
    columns = list(dict.fromkeys(column for row in rows[:SAMPLE] for column in row.values))
    sample = [row.values for row in rows[:SAMPLE]]
    dropped = contacts(columns, sample)
    kept = [column for column in columns if column not in dropped]
    directory = Directory.objects.create(
        name=name,
        file_name=(file_name or path.name)[:300],
        sha256=digest,
        columns=kept,
        dropped=list(dropped),
        mapping=guess(kept, sample),
        owner_id=owner.pk if owner else None,
    )
    DirectoryRow.objects.bulk_create(
        (
            DirectoryRow(
                directory=directory,
                line=row.number,
                values={column: row.values[column].replace("\x00", "") for column in kept if row.values.get(column)},
                message=row.problem,
            )
            for row in rows
        ),
        batch_size=2_000,
    )
    return directory


def confirm(directory: Directory, mapping: Mapping[str, str]) -> None:
    """Take the columns as a person sees them. Raises DirectoryError."""
    wanted = {field: column for field, column in mapping.items() if column}
    unknown = [column for column in wanted.values() if column not in directory.columns]
    if unknown or set(wanted) - set(FIELDS):
        names = unknown or sorted(set(wanted) - set(FIELDS))
        raise DirectoryError(f"« {names[0]} » n'existe pas : choisissez parmi les colonnes de la liste.")
    if not wanted.get("name") and not wanted.get("siret"):
        raise DirectoryError("Dites quelle colonne donne le nom (ou le SIRET) : sans elle, rien ne se rapproche.")
    repeated = [column for column in wanted.values() if list(wanted.values()).count(column) > 1]
    if repeated:
        raise DirectoryError(f"La colonne « {repeated[0]} » sert deux fois : choisissez-la pour un seul champ.")
    directory.mapping, directory.state = wanted, Directory.State.LINKING
    directory.save()


# ---------------------------------------------------------------- linking


def link(directory: Directory, progress: Progress = silent) -> Directory:
    """Find the establishment of each row nobody decided. Raises ImportBusyError; a re-run starts over and settles."""
    Directory.objects.filter(pk=directory.pk).update(state=Directory.State.LINKING)
    try:
        with importing("directory", f"{directory.name} — {directory.file_name}") as report:
            Directory.objects.filter(pk=directory.pk).update(run=report.run)
            report.run.sha256 = directory.sha256
            rows = DirectoryRow.objects.filter(directory=directory).order_by("line").iterator(2_000)
            for batch in batched(rows, batch_size(BATCH), strict=False):
                with transaction.atomic():
                    _link_batch(directory, batch, report)
                    report.save()
                progress(f"{report.counts['read']} lignes rapprochées")
            report.facts = {str(State(state).label): n for state, n in counts(directory).items() if n}
    except BaseException:
        Directory.objects.filter(pk=directory.pk).update(state=Directory.State.FAILED)
        raise
    Directory.objects.filter(pk=directory.pk).update(state=Directory.State.DONE)
    directory.refresh_from_db()
    return directory


def _link_batch(directory: Directory, rows: Sequence[DirectoryRow], report: Report) -> None:
    said = {row.pk: understood(row.values, directory.mapping) for row in rows}
    before = {row.pk: tuple(getattr(row, name) for name in _SAID) for row in rows}
    for row in rows:
        row.fingerprint = _fingerprint(said[row.pk])
    decided = _decided(directory, rows)
    readable = [row for row in rows if said[row.pk].get("name") or said[row.pk].get("siret")]
    open_rows = [row for row in readable if row.fingerprint not in decided]
    sought = [Sought(**{"name": "", **said[row.pk]}) for row in open_rows]
    for row, found in zip(open_rows, link_rows(sought, fictitious=only_fictitious()), strict=True):
        _note(row, found)
    for row in rows:
        if row.fingerprint in decided and row.decided_at is None:
            row.state, row.firm_id, row.decided_by_id, row.decided_at = decided[row.fingerprint]
            row.message = "Décision déjà prise pour une ligne identique."
        elif row not in readable:
            row.state, row.firm, row.message = State.REFUSED, None, row.message or "Ni nom ni SIRET sur cette ligne."
    changed = [row for row in rows if tuple(getattr(row, name) for name in _SAID) != before[row.pk]]
    fields = [name.removesuffix("_id") for name in _SAID]
    DirectoryRow.objects.bulk_update(changed, fields, batch_size=500)
    _count(directory, rows, {row.pk for row in changed}, before, report)


def _note(row: DirectoryRow, found: Linked) -> None:
    row.state, row.firm_id, row.message = found.state, found.firm_id, found.reason
    row.decided_by, row.decided_at = None, None  # a word on other columns was about something else
    row.probability = found.probability
    row.candidates = [
        {"firm": one.firm_id, "probability": one.probability, "features": one.features} for one in found.candidates
    ]


def _count(
    directory: Directory,
    rows: Sequence[DirectoryRow],
    changed: set[int],
    before: Mapping[int, tuple[object, ...]],
    report: Report,
) -> None:
    mended = set()
    for row in rows:
        report.counts["read"] += 1
        report.formats["directory"]["read"] += 1
        locator = f"{directory.file_name} ({directory.sha256[:12]}), ligne {row.line}"
        if row.state == State.REFUSED:
            report.quarantine(locator, "sans_nom", row.message, "directory")
            continue
        mended.add(locator)
        first = before[row.pk][0] == State.WAITING
        report.count("new" if first else "changed" if row.pk in changed else "unchanged", "directory")
    report.mend(mended)


def _fingerprint(said: Mapping[str, str]) -> str:
    """Of what a row says: rows of two lists that say the same have the same."""
    return hashlib.sha256(json.dumps(sorted(said.items()), ensure_ascii=False).encode()).hexdigest()


def _decided(directory: Directory, rows: Sequence[DirectoryRow]) -> dict[str, tuple[object, ...]]:
    """What a person of the same network decided for rows that say the same, the latest word last. One query."""
    kept = (
        DirectoryRow.objects.filter(
            directory__owner=directory.owner_id,
            directory__name=directory.name,
            fingerprint__in={row.fingerprint for row in rows},
            decided_at__isnull=False,
        )
        .filter(Q(firm__isnull=False) | Q(state=State.NOT_FOUND))
        .order_by("decided_at", "pk")
    )
    return {row.fingerprint: (row.state, row.firm_id, row.decided_by_id, row.decided_at) for row in kept}


def only_fictitious() -> bool:
    """A demo territory holds no real firm: its lists are then linked to fictitious ones. One query."""
    return not Firm.objects.filter(fictitious=False).exists() and Firm.objects.exists()


# ---------------------------------------------------------------- a person's word


def decide(row: DirectoryRow, firm: Firm | None, user: AbstractBaseUser) -> None:
    """A person's word: this firm, or none of those shown. Raises DirectoryError when the firm was not proposed."""
    if firm is not None and firm.pk not in {one["firm"] for one in row.candidates}:
        raise DirectoryError("Cette entreprise n'est pas parmi celles proposées pour cette ligne.")
    row.state = State.NOT_FOUND if firm is None else State.LINKED
    row.firm, row.decided_by_id, row.decided_at = firm, user.pk, timezone.now()
    row.message = "Aucune des entreprises proposées." if firm is None else "Choisie par une personne."
    row.save()


def reopen(row: DirectoryRow) -> None:
    """Take a person's word back: the row is doubtful again. Those that said the same keep theirs."""
    if row.decided_at is None:
        return
    row.state = State.AMBIGUOUS if row.candidates else State.WAITING
    row.firm, row.decided_by, row.decided_at, row.message = None, None, None, "À confirmer de nouveau."
    row.save()


# ---------------------------------------------------------------- reads


def counts(directory: Directory) -> dict[str, int]:
    """Rows by state, in the order of a person's interest. One query."""
    found = dict(directory.rows.order_by().values_list("state").annotate(n=Count("pk")))
    return {str(state): found.get(state, 0) for state in State}


def next_doubtful(directory: Directory, after: int = 0) -> DirectoryRow | None:
    """The next row to confirm below a line, else the first one. At most two queries."""
    doubtful = directory.rows.filter(state=State.AMBIGUOUS).order_by("line")
    return doubtful.filter(line__gt=after).first() or doubtful.first()
