"""DECP as a table (decp-processing): one row a holder, and again for each lot and each amendment.

Rows of one contract number are brought together by DuckDB, which spills to disk, then folded: the rows of one
amount and day are the holders of one state of a contract; states with the same holders whose amounts are near are
amendments of one contract, others are lots under one number. Near means within ``amendment_ratio``, as an amendment
may not change a contract by more (article R2194-3).
"""

from __future__ import annotations

import gzip
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import IO, Any, cast

import duckdb

from matchmaker.domain.award import AwardChange, AwardRecord, RefusedAward
from matchmaker.sources.decp_fields import award_of
from matchmaker.sources.tables import TableError

Row = Mapping[str, str]
_FETCH = 5_000
_MEMORY = "400MB"
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # UTF-16
_PLAIN = [
    "nature",
    "objet",
    "codeCPV",
    "procedure",
    "techniques",
    "dureeMois",
    "dateNotification",
    "datePublicationDonnees",
    "montant",
    "offresRecues",
    "typeGroupementOperateurs",
    "sousTraitanceDeclaree",
    "considerationsSociales",
    "considerationsEnvironnementales",
]


def read(path: Path, ratio: float, facts: Counter[str]) -> Iterator[AwardRecord | RefusedAward]:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(config={"temp_directory": folder}) as connection:
        connection.execute(f"SET memory_limit = '{_MEMORY}'; SET preserve_insertion_order = false; SET threads = 2")
        try:
            readable = _in_utf8(path, Path(folder))
            names, cursor = _sorted(connection, readable)
            for uid, rows in groupby(_rows(cursor, names), key=_uid):
                yield from _contracts(path.name, uid, list(rows), ratio, facts)
            yield from _rejected(connection, path)
        except duckdb.Error as error:
            raise TableError(f"{path.name} : table illisible ({str(error).splitlines()[0][:120]}).") from error


def _sorted(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[list[str], Any]:
    parquet = path.name.lower().endswith(".parquet")
    table = (
        f"read_parquet('{_quoted(path)}')"
        if parquet
        else f"read_csv('{_quoted(path)}', all_varchar=true, header=true, store_rejects=true, null_padding=false)"
    )
    names = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()]
    buyer = next((name for name in names if name in ("acheteur_id", "acheteur.id")), None)
    if buyer is None or "id" not in names:
        raise TableError(
            f"{path.name} : colonnes inattendues ({', '.join(names[:6])}…). Attendues : id, acheteur_id, titulaire_id, "
            "montant, dateNotification, comme dans les DECP tabulaires de data.gouv.fr."
        )
    texts = ", ".join(f'CAST("{name}" AS VARCHAR) AS "{name}"' for name in names)
    rest = ", ".join(f'"{name}"' for name in sorted(names) if name not in (buyer, "id"))
    cursor = connection.execute(f'SELECT * FROM (SELECT {texts} FROM {table}) ORDER BY "{buyer}", "id", {rest}')
    return names, cursor


def _in_utf8(path: Path, folder: Path) -> Path:
    """The file, or a copy of it where it is not UTF-8: UTF-16 has a mark, other lines are Windows-1252."""
    if path.name.lower().endswith(".parquet"):
        return path
    try:
        with _opened(path) as file:
            wide = file.read(2) in _WIDE
        with _opened(path) as file:
            if not wide and all(_is_utf8(line) for line in file):
                return path
        copy = folder / "utf8.csv"
        with _opened(path) as file, copy.open("w", encoding="utf-8", newline="") as out:
            text = file.read().decode("utf-16", "replace").splitlines(keepends=True) if wide else map(_decoded, file)
            out.writelines(text)
    except (EOFError, OSError):
        return path  # DuckDB says what is wrong with it
    return copy


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if path.name.lower().endswith(".gz") else path.open("rb")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decoded(line: bytes) -> str:
    return line.decode() if _is_utf8(line) else line.decode("cp1252", "replace")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _rows(cursor: Any, names: list[str]) -> Iterator[Row]:
    while rows := cursor.fetchmany(_FETCH):
        for row in rows:
            yield {
                name.replace(".", "_"): (value or "").removesuffix(" 00:00:00")
                for name, value in zip(names, row, strict=True)
            }


def _uid(row: Row) -> tuple[str, str]:
    return row["acheteur_id"], row["id"]


def _rejected(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[RefusedAward]:
    tables = {row[0] for row in connection.execute("SHOW TABLES").fetchall()}
    if "reject_errors" not in tables:
        return
    for line, content, why in connection.execute("SELECT line, csv_line, error_message FROM reject_errors").fetchall():
        locator = f"{path.name}, ligne {line}"
        message = f"{locator} : ligne illisible ({str(why).splitlines()[0][:80]}) ; corrigez-la à sa source."
        yield RefusedAward(locator, "ligne_illisible", message, str(content or "").encode())


def _contracts(
    file: str, uid: tuple[str, str], rows: list[Row], ratio: float, facts: Counter[str]
) -> Iterator[AwardRecord | RefusedAward]:
    locator = f"{file}, contrat {''.join(uid)}"
    facts["lignes lues"] += len(rows)
    facts["numéros de contrat"] += 1
    states: list[AwardRecord] = []
    grouped = False
    for (_amount, _day), holders in groupby(sorted(rows, key=_state), key=_state):
        together = list(holders)
        grouped |= len({row.get("titulaire_id", "")[:9] for row in together}) > 1
        found = award_of(_object(together), locator)
        if isinstance(found, RefusedAward):
            yield found
        else:
            states.append(replace(found, buyer_departement=together[0].get("acheteur_departement_code", "")))
    facts["dont plusieurs SIREN au même montant et à la même date"] += grouped
    yield from fold(states, ratio)


def _state(row: Row) -> tuple[str, str]:
    return row.get("dateNotification", ""), row.get("montant", "")


def _object(rows: list[Row]) -> dict[str, Any]:
    """The rows of one state as the JSON format would write them."""
    first = rows[0]
    return {
        **{name: first.get(name, "") for name in _PLAIN},
        "id": first["id"],
        "_type": first.get("_type", "Marché"),
        "acheteur": {"id": first["acheteur_id"], "nom": first.get("acheteur_nom", "")},
        "lieuExecution": {
            "code": first.get("lieuExecution_code", ""),
            "typeCode": first.get("lieuExecution_typeCode", ""),
            "nom": first.get("lieuExecution_nom", ""),
        },
        "titulaires": [
            {
                "id": row.get("titulaire_id", ""),
                "typeIdentifiant": row.get("titulaire_typeIdentifiant") or "SIRET",
                "denominationSociale": row.get("titulaire_nom", ""),
            }
            for row in rows
            if row.get("titulaire_id")
        ],
    }


def fold(states: list[AwardRecord], ratio: float) -> Iterator[AwardRecord]:
    """Contracts of one number from their states in order of time: near amounts of the same holders are amendments."""
    kept: dict[frozenset[str], list[AwardRecord]] = {}
    for state in states:
        known = kept.setdefault(frozenset(holder.key for holder in state.holders), [])
        for place, contract in enumerate(known):
            if _near(contract, state, ratio):
                known[place] = _amended(contract, state)
                break
        else:
            known.append(replace(state, rank=len(known)))
    for contracts in kept.values():
        yield from contracts


def _near(contract: AwardRecord, state: AwardRecord, ratio: float) -> bool:
    last = next((change.amount_eur for change in reversed(contract.changes) if change.amount_eur), contract.amount_eur)
    if last is None or state.amount_eur is None or contract.notified_on == state.notified_on:
        return last == state.amount_eur
    return max(last, state.amount_eur) <= ratio * min(last, state.amount_eur)


def _amended(contract: AwardRecord, state: AwardRecord) -> AwardRecord:
    change = AwardChange(on=state.notified_on, amount_eur=state.amount_eur, months=state.months)
    said = (change.amount_eur, change.months)
    if said == (contract.amount_eur, contract.months) and not contract.changes:
        return contract
    warnings = tuple(dict.fromkeys((*contract.warnings, *state.warnings)))
    return replace(contract, changes=(*contract.changes, change), warnings=warnings)
