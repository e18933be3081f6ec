"""The reference tables as the domain sees them, read from the shipped CSV files: no database, no Django."""

from __future__ import annotations

import csv
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from matchmaker.domain.reference import Reference, build_reference

FOLDER = Path(__file__).parents[2] / "matchmaker" / "reference_data"

Tables = dict[str, dict[str, dict[str, Any]]]


@cache
def _read() -> Tables:
    def rows(name: str) -> list[dict[str, str]]:
        with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    forms = {
        code: {"result": row["result"], "family": row["family"]}
        for row in rows("legal_forms")
        for code in row["codes"].split()
    }
    return {
        "trade": {row["code"]: dict(row) for row in rows("trades")},
        "headcount": {row["code"]: dict(row) for row in rows("headcount")},
        "kind": {row["code"]: dict(row) for row in rows("kinds")},
        "legal_form": forms,
        "parameter": {row["key"]: dict(row) for row in rows("parameters")},
        "score": {row["version"]: dict(row) for row in rows("score")},
        "name_word": {row["word"]: dict(row) for row in rows("name_words")},
        "vague_naf": {row["naf"]: dict(row) for row in rows("vague_nafs")},
        "lot_word": {row["words"]: dict(row) for row in rows("lot_words")},
        "whole_work": {row["cpv"]: dict(row) for row in rows("whole_works")},
    }


def tables() -> Tables:
    """A copy that a test may spoil."""
    return deepcopy(_read())


@cache
def shipped() -> Reference:
    return build_reference("livré", _read())
