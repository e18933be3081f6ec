"""The supply as the index reads it: an immutable snapshot of PostGIS on disk, brought up to date trade by trade.

PostGIS stays the truth. ``refresh`` reads the firms dated since the last reading and writes anew the trades they
touch; ``current`` maps the version in force in memory, pages shared by all processes. See docs/decisions/0014.

A firm's date is set before its transaction commits. So each reading goes back to the start of the oldest transaction
then under way, less a margin for clocks that disagree: firms read twice change nothing. So that an import is not read
again by each of those who ask in the minutes after it, the mark of the dates read twice is kept beside the version.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from geo.queries import edition
from matchmaker.domain.errors import InvalidReferenceError
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.query import IndexedFirm
from matchmaker.domain.reference import Reference
from matchmaker.domain.rowfirm import firms_of
from matchmaker.domain.segment import Segment, segments_of_columns
from matchmaker.domain.store import DamagedError, Manifest, SnapshotError, Store, Stored
from matchmaker.domain.text import TextModel, TextModelError, TextSettings
from matchmaker.models import Firm, PendingChange
from matchmaker.reference import reference
from matchmaker.supply import columns, delivering, one_firm, steady, texts

__all__ = ["Refreshed", "Snapshot", "SnapshotError", "build", "current", "fresh", "indexed", "refresh", "store_of"]

LAYOUT = "2"  # raise when the same firms should give other rows: everything is then built again
MARGIN = timedelta(minutes=5)  # between the clocks of those who write firms
MANY = 20_000  # changed firms from which all is built again
GROWN = 1.5  # so many times more or fewer firms, and the words are learnt again
WORDS = "words"

Progress = Callable[[str], None]


class OutdatedError(SnapshotError):
    """Les tables de référence ou les communes ont changé depuis l'instantané : il faut le reconstruire."""


def _silent(_words: str) -> None: ...


@dataclass(frozen=True)
class Snapshot:
    """One version, open. ``model`` numbers the words of its rows: questions to ``index`` are made with it."""

    manifest: Manifest
    segments: Mapping[str, Segment]
    model: TextModel
    index: FirmIndex

    @property
    def version(self) -> str:
        """Of its content: unchanged as long as it answers alike."""
        return self.manifest.content

    def firms(self, ids: Collection[int]) -> dict[int, IndexedFirm]:
        """Those of ``ids`` it holds, as its rows tell them."""
        return firms_of(self.segments, ids)


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did. ``changed`` firms, rising, as they were (``old``) and are now (``new``): one that came is in
    ``new`` only, one that went in ``old`` only. ``changed`` is None when everything was built again, for ``reason``.
    """

    version: str
    changed: tuple[int, ...] | None = ()
    old: Mapping[int, IndexedFirm] = field(default_factory=dict)
    new: Mapping[int, IndexedFirm] = field(default_factory=dict)
    reason: str = ""


# ---------------------------------------------------------------- reading

_open: dict[Path, tuple[str, Snapshot]] = {}  # by folder: mark of the version in force, and the version
_opening = threading.Lock()


def store_of(fictitious: bool) -> Store:
    folder = Path(settings.SNAPSHOTS) / ("fictitious" if fictitious else "real")
    return Store(folder, settings.SNAPSHOTS_GRACE_S)


def current(fictitious: bool, tables: Reference | None = None) -> Snapshot:
    """The version in force, as last published: opened once a process, again when another is.

    One small file read a call. Where there is none, or a file is missing or damaged, or the reference tables changed,
    it is built first.
    """
    tables = tables or reference()
    try:
        return _opened(store_of(fictitious), tables)
    except SnapshotError:
        refresh(fictitious, thorough=False, tables=tables)
        return _opened(store_of(fictitious), tables)


def open_early() -> None:
    """Open both supplies before the first question, where they are there and in force; nothing is built."""
    for fictitious in (False, True):
        with suppress(SnapshotError, InvalidReferenceError, DatabaseError):
            known = _opened(store_of(fictitious), reference())
            known.model.terms("nettoyage")  # the tools that weigh words take a second to load


def fresh(fictitious: bool, tables: Reference | None = None, *, thorough: bool = False) -> Snapshot:
    """The version in force once it is brought up to PostGIS: for those who store what it answers."""
    tables = tables or reference()
    refresh(fictitious, thorough=thorough, tables=tables)
    return current(fictitious, tables)


def indexed(firm: Firm, tables: Reference, model: TextModel | None = None) -> IndexedFirm | None:
    """One firm as the index knows it; None when it cannot be matched. Its words by ``model``, else by that in force."""
    return one_firm(firm, tables, model or current(firm.fictitious, tables).model)


def _opened(store: Store, tables: Reference) -> Snapshot:
    mark = f"{store.pointer()['sha256']} {tables.version}"
    known = _open.get(store.folder)
    if known is None or known[0] != mark:
        with _opening:
            known = _open.get(store.folder)
            if known is None or known[0] != mark:
                known = mark, _read(store, tables)
                _open[store.folder] = known
    return known[1]


def _read(store: Store, tables: Reference) -> Snapshot:
    manifest = store.current()
    if manifest.basis != basis(tables):
        raise OutdatedError(OutdatedError.__doc__)
    try:
        segments = {trade: Segment.of_arrays(store.open(stored)) for trade, stored in manifest.segments.items()}
    except (KeyError, ValueError):
        raise DamagedError(DamagedError.__doc__) from None
    return Snapshot(manifest, segments, _model(store, manifest), FirmIndex.over(segments, tables))


def _model(store: Store, manifest: Manifest) -> TextModel:
    try:
        return TextModel.from_bytes(store.read(manifest.extra[WORDS]))
    except (KeyError, TextModelError):
        raise DamagedError(DamagedError.__doc__) from None


def basis(tables: Reference) -> str:
    """All that rows rest on besides the firms: reference tables, places of communes (D1), how rows are laid out."""
    return f"{LAYOUT} {tables.version} {edition()}"


# ---------------------------------------------------------------- building


def build(
    fictitious: bool, progress: Progress = _silent, *, learn: bool = True, tables: Reference | None = None
) -> Refreshed:
    """Build everything from PostGIS; ``learn`` the words of the firms' names anew, or keep those known."""
    store = store_of(fictitious)
    with store.locked():
        return _build(store, fictitious, tables or reference(), progress, "demandé", learn=learn)


def _build(
    store: Store, fictitious: bool, tables: Reference, progress: Progress, reason: str, *, learn: bool = False
) -> Refreshed:
    try:
        before = store.current()
    except SnapshotError:
        before = None
    until = watermark()
    with steady():
        model = None if learn or before is None else _kept_model(store, before, tables)
        facts = dict(before.facts) if before and model else {}
        if model is None:
            progress("mots des entreprises")
            said = texts(delivering(tables, fictitious=fictitious))
            model = TextModel.fit((text for _, text in said), TextSettings.of(tables))
        progress("lecture des entreprises")
        read, seen = columns(tables, model, fictitious=fictitious), _mark(until)
    firms = len(read.rows.id)
    segments = {}
    progress(f"{firms} entreprises lues, écriture")
    for trade, segment in segments_of_columns(read, tables).items():
        segments[trade] = store.write(segment.arrays(), len(segment))
        progress(f"{firms} entreprises, métier {trade} écrit")
    manifest = Manifest(
        version=store.last_version() + 1,
        parent=before.version if before else None,
        made_at=timezone.now().isoformat(),
        fictitious=fictitious,
        basis=basis(tables),
        reference=tables.version,
        until=until.isoformat(),
        firms=firms,
        segments=segments,
        extra={WORDS: store.write_bytes(model.to_bytes(), ".bin")},
        facts={"learnt_from": firms} | facts,
    )
    if before and before.content == manifest.content:
        store.point(replace(before, until=manifest.until), seen)
    else:
        store.publish(manifest, seen)
    if before is None or before.extra.get(WORDS) != manifest.extra[WORDS]:
        PendingChange.objects.create()  # every lot's likeness to every firm may differ: all are matched again
    store.clean(time.time())
    return Refreshed(manifest.content, None, reason=reason)


def _kept_model(store: Store, manifest: Manifest, tables: Reference) -> TextModel | None:
    """The words already known, if they still can be used."""
    try:
        model = _model(store, manifest)
    except SnapshotError:
        return None
    return model if model.settings == TextSettings.of(tables) else None


# ---------------------------------------------------------------- bringing up to date


def refresh(
    fictitious: bool, progress: Progress = _silent, *, thorough: bool = True, tables: Reference | None = None
) -> Refreshed:
    """Bring the snapshot up to PostGIS. A few small queries when nothing changed.

    ``thorough`` also counts the firms, as one deleted leaves no date; nothing in Maillage deletes one. Of two builders
    at once, the second waits and finds nothing left to do.
    """
    tables, store = tables or reference(), store_of(fictitious)
    with store.locked():
        try:
            known = _opened(store, tables)
        except SnapshotError as error:
            return _build(store, fictitious, tables, progress, str(error))
        pointer, until = store.pointer(), watermark()
        since = datetime.fromisoformat(pointer["until"])
        if known.manifest.basis != basis(tables):
            return _build(store, fictitious, tables, progress, str(OutdatedError.__doc__))
        with steady():
            seen, later = _mark(since), _mark(until)
            ids = _dated_since(since) if seen != pointer["seen"] else []
            few = 0 < len(ids) <= MANY
            read = columns(tables, known.model, fictitious=fictitious, ids=ids) if few else None
            counted = delivering(tables, fictitious=fictitious).count() if thorough else None
        if len(ids) > MANY:
            return _build(store, fictitious, tables, progress, f"plus de {MANY} entreprises ont changé")
        fresh = segments_of_columns(read, tables) if read else {}
        old, new = known.firms(ids), firms_of(fresh, ids)
        changed = tuple(pk for pk in ids if old.get(pk) != new.get(pk))
        firms = known.manifest.firms + len(new) - len(old)
        if counted not in (None, firms):
            return _build(store, fictitious, tables, progress, "des entreprises ont disparu")
        learnt = known.manifest.facts["learnt_from"]
        if changed and not learnt / GROWN <= firms <= learnt * GROWN:
            return _build(store, fictitious, tables, progress, "l'offre a beaucoup grandi ou diminué", learn=True)
        if not changed:
            if until - since > MARGIN:
                store.point(replace(known.manifest, until=until.isoformat()), later)
            elif ids:
                store.point(replace(known.manifest, until=pointer["until"]), seen)
            return Refreshed(known.version)
        old, new = ({pk: side[pk] for pk in changed if pk in side} for side in (old, new))
        touched = {trade for side in (old, new) for firm in side.values() for trade in firm.trades}
        progress(f"{len(changed)} entreprises changées, {len(touched)} métiers réécrits")
        manifest = replace(
            known.manifest,
            version=store.last_version() + 1,
            parent=known.manifest.version,
            made_at=timezone.now().isoformat(),
            until=until.isoformat(),
            firms=firms,
            segments=_rewritten(store, known, touched, changed, fresh),
        )
        store.publish(manifest, later)
        store.clean(time.time())
        return Refreshed(manifest.content, changed, old, new)


def _rewritten(
    store: Store, known: Snapshot, touched: set[str], changed: Collection[int], fresh: Mapping[str, Segment]
) -> dict[str, Stored]:
    """The files of all trades, those touched written anew: the same bytes as if all were."""
    kept = dict(known.manifest.segments)
    for trade in sorted(touched):
        segment, added = known.segments.get(trade), fresh.get(trade)
        segment = segment.with_changes(changed, added) if segment is not None else added
        kept.pop(trade, None)
        if segment is not None and len(segment):
            kept[trade] = store.write(segment.arrays(), len(segment))
    return dict(sorted(kept.items()))


def watermark() -> datetime:
    """The moment up to which whatever is dated is surely committed. One query.

    Start times of another role's transactions are hidden from us: the margin alone covers those.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT least(clock_timestamp(), min(xact_start)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        oldest: datetime = cursor.fetchone()[0]
    return oldest - MARGIN


def _mark(since: datetime) -> str:
    """Of the firms dated since and their dates: the same as long as none is written. One query by an index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), sum(hashint8extended(id, (1000000 * extract(epoch FROM updated_at))::bigint)::numeric) "
            "FROM matchmaker_firm WHERE updated_at > %s",
            [since],
        )
        return " ".join(str(value) for value in cursor.fetchone())


def _dated_since(since: datetime) -> list[int]:
    """Firms of either sort, as one may pass from fictitious to real; rising. An index on the date serves it."""
    found = Firm.objects.filter(updated_at__gt=since).order_by().values_list("pk", flat=True)
    return sorted(found[: MANY + 1])
