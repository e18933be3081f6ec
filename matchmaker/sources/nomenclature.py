"""Labels of official codes: one declaration a nomenclature says which columns to look for and how its codes are.

A file may also be a JSON object of code -> label: then each of its names is a code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from geo.sources.shapes import Column, Row, Shape, TableFile, UnknownShapeError, open_table

_LABEL: Final = ("libelle_fr", "fr", "libelle", "label", "intitule", "intitules", r"intitules?_(?:de_la_)?naf.*")
LONGEST: Final = 300  # characters of a label
_OTHER_LABEL: Final = (r"libelle_.*", r"intitules?_.*", "nom", "description")


@dataclass(frozen=True, slots=True)
class Label:
    line: int
    code: str
    label: str
    refused: str = ""  # why it cannot be kept, in a French sentence
    reason: str = "libelle_illisible"


@dataclass(frozen=True, slots=True)
class Nomenclature:
    """``pairs`` are the (code, label) columns a row may hold, one a level; ``code`` what a code is."""

    title: str
    pairs: tuple[tuple[str, str], ...]
    shape: Shape
    code: re.Pattern[str]


def _simple(title: str, codes: tuple[str, ...], code: str) -> Nomenclature:
    shape = Shape(title, (Column("code", codes), Column("label", _LABEL + _OTHER_LABEL)))
    return Nomenclature(title, (("code", "label"),), shape, re.compile(code))


_FAP_LEVELS: Final = ("341", "228", "86", "22")
_FAP = Shape(
    "les intitulés des familles professionnelles",
    tuple(
        Column(f"{what}{level}", (f"{heading}_fap{level}",), optional=level != "228")
        for level in _FAP_LEVELS
        for what, heading in (("code", "code"), ("label", "intitule"))
    ),
)
NOMENCLATURES: Final = {
    "cpv": _simple(
        "une table de codes CPV", ("code8", "code_cpv", "cpv_code", "cpv", "code", "id"), r"\d{8}(?:\s*-\s*\d)?"
    ),
    "naf": _simple(
        "une table de codes NAF",
        ("code_naf", "naf", "code_ape", r"code_naf_.*", "code", "id"),
        r"[A-V]|\d{2}(?:\.?\d{1,2}[A-Z]?)?",
    ),
    "legal_form": _simple(
        "une table de catégories juridiques", ("categorie_juridique", r"code_.*", "code", "id"), r"\d{1,4}"
    ),
    "fap": Nomenclature(
        "les intitulés des familles professionnelles",
        tuple((f"code{level}", f"label{level}") for level in _FAP_LEVELS),
        _FAP,
        re.compile(r"[A-Z](?:[0-9A-Z]{2}(?:[0-9A-Z]{2}[a-z]?)?)?"),
    ),
}


def read_labels(table: str, file: TableFile) -> Iterator[Label]:
    """Every code of the file with its label. Raises UnknownShapeError when it is no such table."""
    wanted = NOMENCLATURES[table]
    try:
        opened = open_table(file, wanted.shape)
    except UnknownShapeError:
        named = _object(wanted, file)
        if named is None:
            raise
        yield from named
        return
    for row in opened.rows:
        yield from _labels(wanted, row)


def clean(text: str) -> str:
    """One way to write a label: plain apostrophes and spaces, no stray comma where a line was cut."""
    text = " ".join(text.replace("’", "'").replace("\xa0", " ").split())
    return re.sub(r" ,(?=\S)", " ", text)


def _labels(wanted: Nomenclature, row: Row) -> Iterator[Label]:
    for code, label in wanted.pairs:
        if row[code]:
            yield _label(wanted, row.number, row[code], row[label])


def _label(wanted: Nomenclature, line: int, code: str, label: str) -> Label:
    if not wanted.code.fullmatch(code.strip()):
        return Label(line, code, label, f"Code « {code} » illisible pour {wanted.title}.")
    if not label:
        return Label(line, code, label, f"Le code « {code} » n'a pas de libellé.")
    if len(label) > LONGEST:
        message = (
            f"Le libellé du code « {code} » a {len(label)} caractères, {LONGEST} au plus sont attendus : corrigez-le."
        )
        return Label(line, code, label, message, "valeur_trop_longue")
    return Label(line, _written(code.strip()), clean(label))


def _written(code: str) -> str:
    """A code as we keep it: CPV without check digit, NAF with its dot."""
    code = re.sub(r"\s*-\s*\d$", "", code)
    return f"{code[:2]}.{code[2:]}" if re.fullmatch(r"\d{4}[A-Z]", code) else code


def _object(wanted: Nomenclature, file: TableFile) -> Iterator[Label] | None:
    """Codes as names of one object, or None when it is not so."""
    first = next(file.rows(lambda _: False), None)
    if first is None or not first.values or not all(wanted.code.fullmatch(name) for name in first.values):
        return None
    return (_label(wanted, n, code, label) for n, (code, label) in enumerate(first.values.items(), start=1))
