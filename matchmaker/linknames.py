"""Keep the reduced names that linking looks up in step with the firms. Cheap when nothing changed."""

from __future__ import annotations

import csv
import hashlib
import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import batched
from typing import IO

import numpy as np
from django.db import connection, transaction

from geo.domain.codes import departement_of_postcode
from geo.domain.gazetteer import Gazetteer
from geo.queries import gazetteer
from matchmaker.domain.blocking import STEPS, Place, keys, sigles_of, token_number
from matchmaker.domain.naming import Lexicon, lexicon, plain, understood, variants
from matchmaker.models import Firm, LinkIndex, LinkName
from matchmaker.reference import FOLDER, reference

REDUCED_AS = "2"  # raise when domain.naming or domain.blocking reads names otherwise: all are made again
BATCH = 5_000
_LATE = timedelta(hours=1)  # a transaction may commit rows dated so long before
_GROWN = 0.5  # built whole again after so large a share of new firms: words grew more common
_MANY = 100_000  # rows from which an index is made after them

_COLUMNS = (
    "firm_id, siren, names, written, sigles, form, departement, commune, postcode, street, naf, kind, head_office, "
    "active, fictitious, firm_updated_at, keys"
)
_READ = "id siren name trade_name legal_form postcode commune_id address naf inclusive_kind head_office active"
_FIELDS = [*_READ.split(), "fictitious", "updated_at"]

Row = tuple[str, ...]
Progress = Callable[[str], None]


def _silent(_words: str) -> None: ...


@lru_cache(maxsize=1)
def words() -> Lexicon:
    with (FOLDER / "name_lexicon.csv").open(encoding="utf-8", newline="") as file:
        return lexicon(csv.DictReader(file))


@lru_cache(maxsize=1)
def version() -> str:
    return hashlib.sha256(REDUCED_AS.encode() + (FOLDER / "name_lexicon.csv").read_bytes()).hexdigest()[:16]


def form_family(code: str, written: str = "") -> str:
    """Family of a legal form: by its INSEE code, else as written in the name."""
    for start, family in (("92", "association"), ("93", "foundation"), ("82", "mutual"), ("84", "mutual")):
        if code.startswith(start):
            return family
    if code.startswith("7"):
        return "public"
    if code.startswith(("51", "52", "53", "54", "55", "56", "57", "58")):
        return "cooperative" if code[2:] in ("43", "58", "60") or code.startswith("51") else "company"
    if code.startswith("65"):
        return "property"
    return written or ("person" if code.startswith("1") else "")


def whole_commune(code: str, places: Gazetteer) -> str:
    """The commune a delegated one or an arrondissement is part of."""
    known = places.communes.get(code)
    return known.parent if known and known.parent else code


def refresh(progress: Progress = _silent) -> int:
    """Take in firms new or changed since last time; returns how many. One small query when there are none."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('maillage link names'))")
        state = LinkIndex.objects.first()
        if state is None or state.version != version():
            return _build(progress)
        changed = _changed(state)
        if changed and state.added + len(changed) > max(_GROWN * state.firms, 100):
            return _build(progress)
        if changed:
            _add(state, changed)
        return len(changed)


def _changed(state: LinkIndex) -> list[int]:
    """Ids of firms that are not taken in as they are. Reads those dated since, by an index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT f.id FROM matchmaker_firm f LEFT JOIN matchmaker_linkname l ON l.firm_id = f.id "
            "WHERE f.updated_at > coalesce(%s, '-infinity'::timestamptz) "
            "AND l.firm_updated_at IS DISTINCT FROM f.updated_at ORDER BY f.id",
            [state.read_until - _LATE if state.read_until else None],
        )
        return [row[0] for row in cursor.fetchall()]


def _add(state: LinkIndex, changed: Sequence[int]) -> None:
    crowded = frozenset(np.frombuffer(state.crowded, dtype=np.int32).tolist())
    reducer = Reducer(words(), gazetteer())
    for ids in batched(changed, BATCH, strict=False):
        LinkName.objects.filter(firm_id__in=ids).delete()
        firms = Firm.objects.filter(id__in=ids).order_by("id").values_list(*_FIELDS)
        _copy(with_keys(map(reducer.row, firms), crowded))
    state.added += len(changed)
    state.read_until = _newest()
    state.save()


def _newest() -> datetime | None:
    newest: datetime | None = Firm.objects.order_by("-updated_at").values_list("updated_at", flat=True).first()
    return newest


def _build(progress: Progress) -> int:
    """All firms anew: reduced once into a file, then counted key by key, then written."""
    newest, reducer, total = _newest(), Reducer(words(), gazetteer()), 0
    known: Counter[int] = Counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as spool:
        for batch in batched(Firm.objects.order_by("id").values_list(*_FIELDS).iterator(BATCH), BATCH, strict=False):
            rows = [reducer.row(firm) for firm in batch]
            total += len(rows)
            for row in rows:
                known.update({token_number(word) for word in row[2].replace("|", " ").split()})
                spool.write("\t".join(row) + "\n")
            progress(f"{total} noms lus")
        crowded = _crowded(spool, reference().integer("linkage.crowd"), progress)
        _write_all(with_keys(_rows(spool), crowded), total)
    LinkIndex.objects.all().delete()
    common = sorted((word, count) for word, count in known.items() if count > 1)
    LinkIndex.objects.create(
        version=version(),
        firms=total,
        read_until=newest,
        crowded=np.array(sorted(crowded), dtype=np.int32).tobytes(),
        words=np.array([word for word, _ in common], dtype=np.int32).tobytes(),
        counts=np.array([count for _, count in common], dtype=np.int32).tobytes(),
    )
    return total


def _write_all(rows: Iterable[Row], total: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks pending takes no such change
        cursor.execute("TRUNCATE matchmaker_linkname")
        if total >= _MANY:
            cursor.execute("DROP INDEX link_keys")
        _copy(rows)
        if total >= _MANY:
            cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
            cursor.execute("CREATE INDEX link_keys ON matchmaker_linkname USING gin (keys) WITH (fastupdate = off)")
            cursor.execute("ANALYZE matchmaker_linkname")


def _rows(spool: IO[str]) -> Iterator[Row]:
    spool.seek(0)
    for line in spool:
        yield tuple(line.rstrip("\n").split("\t"))


def keys_of(row: Row, crowded: Set[int], *, counting: bool = False) -> set[int]:
    sigles = filter(None, row[4].split("|"))
    return keys(row[2].split("|"), sigles, (Place(row[6], row[7]),), crowded, counting=counting)


def with_keys(rows: Iterable[Row], crowded: Set[int]) -> Iterator[Row]:
    for row in rows:
        yield *row, "{" + ",".join(map(str, sorted(keys_of(row, crowded)))) + "}"


def _crowded(spool: IO[str], limit: int, progress: Progress) -> set[int]:
    """Keys more than ``limit`` firms share: the widest are found first, what they narrow to is counted next."""
    crowded: set[int] = set()
    for step in range(STEPS):
        met = array("i")
        for row in _rows(spool):
            met.extend(keys_of(row, crowded, counting=True))
        numbers, counts = np.unique(np.frombuffer(met, np.int32), return_counts=True)
        crowded.update(numbers[counts > limit].tolist())
        progress(f"{len(crowded)} clés trop fréquentes ({step + 1}/{STEPS})")
    return crowded


def _copy(rows: Iterable[Row]) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY matchmaker_linkname ({_COLUMNS}) FROM STDIN") as copy,
    ):
        for lines in batched(rows, 1_000, strict=False):
            copy.write("".join("\t".join(line) + "\n" for line in lines).encode())


@dataclass(frozen=True, slots=True)
class Reducer:
    """A firm's row to what is compared, as COPY takes it."""

    words: Lexicon
    places: Gazetteer

    def row(self, firm: Sequence[object]) -> Row:
        values = dict(zip(_FIELDS, firm, strict=True))
        found = [understood(text, self.words) for text in variants(str(values["name"]), str(values["trade_name"]))]
        named = [name for name in found if name.tokens]
        commune = whole_commune(str(values["commune_id"] or ""), self.places)
        postcode = str(values["postcode"])
        known = self.places.communes.get(commune)
        departement = known.departement if known else departement_of_postcode(postcode) if postcode else ""
        written = next((name.form for name in found if name.form), "")
        return (
            str(values["id"]),
            str(values["siren"]),
            "|".join(dict.fromkeys(name.core for name in named)),
            "|".join(dict.fromkeys(name.written for name in named)),
            "|".join(sigles_of(named)),
            form_family(str(values["legal_form"]), written),
            departement,
            commune,
            postcode,
            plain(str(values["address"])),
            str(values["naf"]),
            str(values["inclusive_kind"]),
            "t" if values["head_office"] else "f",
            "t" if values["active"] else "f",
            "t" if values["fictitious"] else "f",
            values["updated_at"].isoformat(),  # type: ignore[attr-defined]
        )
