"""Contracts of a DECP file (données essentielles de la commande publique), whatever its vintage and format."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from matchmaker.domain.award import AwardRecord, RefusedAward
from matchmaker.sources import decp_json, decp_tabular, decp_xml
from matchmaker.sources.tables import TableError

Found = AwardRecord | RefusedAward
_TABLES = (".csv", ".csv.gz", ".parquet", ".tsv", ".tsv.gz")


def read_awards(path: Path, *, amendment_ratio: float, facts: Counter[str]) -> Iterator[Found]:
    """Stream the contracts of a file: JSON, JSON lines, XML, CSV or Parquet, gzip or not.

    Raises :class:`TableError` when it is none of these. ``amendment_ratio``: see ``decp_tabular``.
    ``facts`` counts what a table holds: rows, numbers of contract.
    """
    if path.is_dir():
        raise TableError(f"{path.name} est un dossier : donnez les fichiers DECP qu'il contient.")
    if not path.is_file():
        raise TableError(f"{path} : fichier introuvable.")
    if path.name.lower().endswith(_TABLES):
        yield from decp_tabular.read(path, amendment_ratio, facts)
        return
    try:
        with _opened(path) as stream:
            first = _first_character(stream)
            if first == b"<":
                yield from decp_xml.read(stream, path.name)
            elif first in (b"{", b"[") or ".jsonl" in path.name.lower():
                yield from decp_json.read(stream, path.name)
            else:
                raise TableError(f"{path.name} n'est ni du JSON, ni du XML : donnez un fichier DECP tel que publié.")
    except (gzip.BadGzipFile, EOFError) as error:
        yield cut_short(path.name, str(error))


def cut_short(name: str, why: str) -> RefusedAward:
    return RefusedAward(
        name,
        "fichier_tronque",
        f"{name} : lecture interrompue ({why[:80]}). Ce qui précède est gardé ; téléchargez le fichier à nouveau.",
    )


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _first_character(stream: IO[bytes]) -> bytes:
    head = stream.read(4096)
    stream.seek(0)
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
