"""Labels of official codes in: CPV, NAF, legal forms, métiers."""

from __future__ import annotations

from collections.abc import Iterator

from geo.sources.shapes import TableFile, UnknownShapeError, open_table
from geo.staging import every, merge, stage
from geo.tally import Tally
from geo.vintages import remember
from matchmaker.models import Nomenclature
from matchmaker.sources.nomenclature import NOMENCLATURES, Label, read_labels

_NAMES = {
    "cpv": "libellés CPV",
    "naf": "libellés NAF rév. 2",
    "naf25": "libellés NAF 2025",
    "legal_form": "catégories juridiques",
    "fap": "intitulés FAP 2021",
}


def is_table_of(file: TableFile, table: str) -> bool:
    """Has the file the columns of this nomenclature?"""
    try:
        open_table(file, NOMENCLATURES[table].shape)
    except UnknownShapeError:
        return False
    return True


def load_labels(table: str, file: TableFile, tally: Tally) -> None:
    """Keep the labels of a nomenclature; codes a file no longer has stay, as old notices still use them."""
    kept = "naf25" if table == "naf" and "2025" in file.name else table
    seen: set[str] = set()
    lines: set[int] = set()
    refused: list[Label] = []  # told once the rows are in: nothing else may be asked of the database meanwhile

    def rows() -> Iterator[tuple[str, str]]:
        for item in read_labels(table, file):
            lines.add(item.line)
            if item.refused:
                refused.append(item)
            elif item.code not in seen:
                seen.add(item.code)
                yield item.code, item.label

    staged = stage({"code": "text", "label": "text"}, rows())
    if not staged:
        raise UnknownShapeError(f"{file.name} ne contient aucun libellé lisible : vérifiez que c'est le bon fichier.")
    merged = merge(
        "matchmaker_nomenclature",
        ["table", "code"],
        ["label"],
        "SELECT %s, code, label, %s, now() FROM staged",
        kept,
        file.name,
        along=["source", "updated_at"],
    )
    tally.outcome(
        read=staged + len(refused),
        new=merged.new,
        changed=merged.changed,
        unchanged=staged - merged.new - merged.changed,
    )
    for item in refused:
        tally.refuse(item.line, item.reason, item.refused)
    tally.fact("lignes", len(lines))
    for length, count in every("SELECT length(code), count(*) FROM staged GROUP BY 1 ORDER BY 1"):
        if table != "cpv":
            tally.fact(f"codes de {length} caractères", count)
    tally.fact("codes", staged)
    several = len(NOMENCLATURES[table].pairs) > 1  # codes a line: then lines are what people count
    # A file may hold a part of a nomenclature (sections of the NAF): what is in place is what counts.
    known = len(lines) if several else Nomenclature.objects.filter(table=kept).count()
    remember(_NAMES[kept], file, known)
