"""What an official code means, as far as known: the label of the code, else of the longest prefix that has one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from matchmaker.models import Nomenclature

ADVICE = "Libellé détaillé absent : chargez la nomenclature %(name)s, ./run manage sync %(key)s FICHIER."
_LOADED_BY = {
    "cpv": ("CPV", "cpv"),
    "naf": ("NAF", "naf"),
    "naf25": ("NAF 2025", "naf"),
    "legal_form": ("des catégories juridiques", "formes_juridiques"),
    "fap": ("des métiers (FAP)", "rome_fap"),
}


@dataclass(frozen=True, slots=True)
class CodeLabel:
    """``known`` is the code the label belongs to: ``code`` itself, or the wider one that could be named."""

    code: str
    known: str
    label: str
    advice: str = ""  # what to load to learn more

    @property
    def exact(self) -> bool:
        return self.known == self.code


def label_of(table: str, code: str) -> CodeLabel:
    """One code's label. One query."""
    return labels_of(table, [code])[0]


def labels_of(table: str, codes: Iterable[str]) -> list[CodeLabel]:
    """The labels of several codes, in their order. One query."""
    wanted = list(dict.fromkeys(codes))
    named = {code: _prefixes(table, code) for code in wanted}
    asked = {prefix for prefixes in named.values() for prefix in prefixes}
    known = dict(Nomenclature.objects.filter(table=table, code__in=asked).values_list("code", "label"))
    return [
        _label(table, code, next((prefix for prefix in named[code] if prefix in known), ""), known) for code in wanted
    ]


def _label(table: str, code: str, found: str, known: dict[str, str]) -> CodeLabel:
    name, key = _LOADED_BY[table]
    # A division alone says that the shipped table answered, not that the code has no label of its own.
    poor = not found or (found != code and found == _prefixes(table, code)[-1])
    return CodeLabel(code, found, known.get(found, ""), ADVICE % {"name": name, "key": key} if poor else "")


def _prefixes(table: str, code: str) -> list[str]:
    """The code and the wider ones that hold it, longest first.

    >>> _prefixes("cpv", "90911200")
    ['90911200', '90911000', '90910000', '90900000', '90000000']
    """
    if table == "cpv":
        return list(dict.fromkeys([code, *(code[:size].ljust(8, "0") for size in range(7, 1, -1))]))
    return [code, *(code[:size] for size in range(len(code) - 1, 0, -1) if code[size - 1] != ".")]
