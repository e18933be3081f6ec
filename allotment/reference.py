"""The tables of this app, kept and edited with the others: the law by date, texts of clauses, national levels."""

from __future__ import annotations

import csv
import json
from datetime import date
from functools import lru_cache
from pathlib import Path

from allotment.domain.commitment import Level, read_levels
from allotment.domain.law import Rule, Thresholds, read_rules
from allotment.domain.law import rules_on as _rules_on
from allotment.domain.texts import Library, read_texts
from matchmaker.reference import Extra, Rows, add_table, stored_rows

FOLDER = Path(__file__).parent / "reference_data"
LAW, TEXTS, LEVELS = "threshold", "clause_text", "commitment_level"


def shipped(name: str) -> Rows:
    """One of the CSV tables that come with the product, by key."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return {row["key"]: dict(row) for row in csv.DictReader(file)}


def add_tables() -> None:
    add_table(Extra(LAW, lambda: shipped("thresholds"), lambda rows: read_rules(rows.values())))
    add_table(Extra(TEXTS, lambda: shipped("clause_texts"), lambda rows: read_texts(rows.values())))
    add_table(Extra(LEVELS, lambda: shipped("commitment_levels"), lambda rows: read_levels(rows.values())))


def rules_on(day: date) -> Thresholds:
    """The law for a consultation launched on a day, as the tables stand. One query."""
    return _rules_on(day, _rules(_text(LAW, "thresholds")))


def texts() -> Library:
    """The texts of clauses as the tables stand. One query."""
    return _texts(_text(TEXTS, "clause_texts"))


def levels() -> tuple[Level, ...]:
    """Public targets and observed levels a commitment is drawn beside. One query."""
    return read_levels((stored_rows(LEVELS) or shipped("commitment_levels")).values())


def _text(table: str, name: str) -> str:
    """The law does not wait to be loaded: an empty table means the shipped one."""
    return json.dumps(stored_rows(table) or shipped(name), sort_keys=True)


@lru_cache(maxsize=4)
def _rules(text: str) -> tuple[Rule, ...]:
    return read_rules(json.loads(text).values())


@lru_cache(maxsize=4)
def _texts(text: str) -> Library:
    return read_texts(json.loads(text).values())
