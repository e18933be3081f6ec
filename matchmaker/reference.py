"""Load the shipped reference tables, keep people's edits, and hand them to the domain."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.db import transaction

from geo.models import RomeFap
from matchmaker.domain.reference import InvalidReferenceError, Reference, build_reference
from matchmaker.models import Nomenclature, ReferenceRow

FOLDER = Path(__file__).parent / "reference_data"
GUIDE = "Guide métier de Maillage, 2026-11-23"
OURS = "table de Maillage"
_ESTIMATES = ("trade", "headcount", "kind", "score", "name_word", "vague_naf", "lot_word", "whole_work")

Rows = dict[str, dict[str, object]]
Tables = dict[str, Rows]


@dataclass(frozen=True, slots=True)
class Extra:
    """A table of an app above this one: loaded, edited and checked as ours, but matching does not rest on it.

    ``check`` raises ValueError, in French, when the rows are incoherent.
    """

    table: str
    shipped: Callable[[], Rows]
    check: Callable[[Mapping[str, Mapping[str, object]]], object]


_extras: dict[str, Extra] = {}


def add_table(extra: Extra) -> None:
    """Called once by each app that keeps a table here, when it is ready."""
    _extras[extra.table] = extra


def extra_table(table: str) -> Extra | None:
    return _extras.get(table)


def shipped_rows(name: str, folder: Path = FOLDER) -> list[dict[str, str]]:
    """One of the CSV tables that come with the product."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shipped_tables(folder: Path = FOLDER) -> Tables:
    """Read the CSV tables that come with the product."""

    def rows(name: str) -> list[dict[str, str]]:
        return shipped_rows(name, folder)

    return {
        "trade": {row["code"]: dict(row) for row in rows("trades")},
        "headcount": {row["code"]: dict(row) for row in rows("headcount")},
        "kind": {row["code"]: dict(row) for row in rows("kinds")},
        "legal_form": {
            code: {"result": row["result"], "family": row["family"]}
            for row in rows("legal_forms")
            for code in row["codes"].split()
        },
        "parameter": {row["key"]: dict(row) for row in rows("parameters")},
        "score": {row["version"]: dict(row) for row in rows("score")},
        "name_word": {row["word"]: dict(row) for row in rows("name_words")},
        "vague_naf": {row["naf"]: dict(row) for row in rows("vague_nafs")},
        "lot_word": {row["words"]: dict(row) for row in rows("lot_words")},
        "whole_work": {row["cpv"]: dict(row) for row in rows("whole_works")},
    }


@transaction.atomic
def load_reference() -> int:
    """Write the shipped tables; rows edited by a person are left alone. Returns the number of rows."""
    tables = shipped_tables()
    build_reference("shipped", tables)  # refuse an incoherent table before anything is written
    for extra in _extras.values():
        tables[extra.table] = extra.shipped()
        extra.check(tables[extra.table])
    ReferenceRow.objects.filter(table="parameter", key__startswith="score.").exclude(key="score.version").delete()
    edited = set(ReferenceRow.objects.filter(edited=True).values_list("table", "key"))
    fresh = [
        ReferenceRow(
            table=table,
            key=key,
            values=values,
            source=str(values.get("source", GUIDE)),
            is_estimate=table in _ESTIMATES or str(values.get("is_estimate", "0")) == "1",
        )
        for table, rows in tables.items()
        for key, values in rows.items()
        if (table, key) not in edited
    ]
    ReferenceRow.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["table", "key"],
        update_fields=["values", "source", "is_estimate"],
    )
    _keep_divisions(shipped_rows("cpv_divisions"))
    _keep_pairs(shipped_rows("rome_fap"))
    return len(fresh)


def _keep_divisions(rows: list[dict[str, str]]) -> None:
    """The 45 CPV divisions, where the official labels are not loaded."""
    mine = Nomenclature.objects.filter(table="cpv", source=OURS)
    mine.delete()
    Nomenclature.objects.bulk_create(
        [Nomenclature(table="cpv", code=row["code"], label=row["label"], source=OURS) for row in rows],
        ignore_conflicts=True,
    )


def _keep_pairs(rows: list[dict[str, str]]) -> None:
    """The métiers (FAP 2021) of our trades' jobs (ROME), where no official table tells them."""
    RomeFap.objects.filter(precision=RomeFap.Precision.OURS).delete()
    RomeFap.objects.bulk_create(
        [
            RomeFap(rome=row["rome"], fap=fap, precision=RomeFap.Precision.OURS, source=OURS)
            for row in rows
            for fap in row["faps"].split()
        ],
        ignore_conflicts=True,
    )


def stored_tables() -> Tables:
    """The tables as they stand in the database. One query."""
    tables: Tables = {name: {} for name in ("trade", "headcount", "kind", "legal_form", "parameter", "score")}
    ours = ReferenceRow.objects.exclude(table__in=_extras)
    for table, key, values in ours.values_list("table", "key", "values").order_by("table", "key"):
        tables.setdefault(table, {})[key] = values
    return tables


def stored_rows(table: str) -> Rows:
    """One table as it stands in the database. One query."""
    return dict(ReferenceRow.objects.filter(table=table).order_by("key").values_list("key", "values"))


def reference() -> Reference:
    """The tables in force, from the database (one query; parsed once per version)."""
    return parsed(reference_text())


def reference_text() -> str:
    """The tables in force as text, for machines that have no database. One query."""
    tables = stored_tables()
    if not tables["trade"]:
        raise InvalidReferenceError("Les tables de référence sont vides : lancez « ./run manage load_reference ».")
    return json.dumps(tables, sort_keys=True, ensure_ascii=False)


def parsed(text: str) -> Reference:
    """The tables a text holds, under the same version wherever it is read."""
    return _parsed(hashlib.sha256(text.encode()).hexdigest()[:16], text)


@lru_cache(maxsize=4)
def _parsed(version: str, text: str) -> Reference:
    return build_reference(version, json.loads(text))
