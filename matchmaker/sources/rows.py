"""What every table reader gives: rows of texts by column name, and one kind of refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import chain, islice

# A header is looked for in the first rows: titles, dates and blank lines often come before it.
_LOOKED_AT = 30

Fits = Callable[[tuple[str, ...]], bool]


class TableError(ValueError):
    """Ce fichier n'est pas une table lisible : donnez un CSV, un classeur XLSX ou un JSON (gzip ou non), ou un Parquet.

    (The first line is the default message.)
    """


UNREADABLE = (TableError.__doc__ or "").partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number, as a spreadsheet shows it (its rank for JSON), and its texts.

    ``repaired`` says its bytes were not UTF-8 and were read as Windows-1252; ``problem`` why it could not be read.
    """

    number: int
    values: dict[str, str]
    repaired: bool = False
    problem: str = ""


def as_text(value: object) -> str:
    """A cell as a CSV would write it. NaN is how pandas stores nothing; whole floats are spreadsheets' integers."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value).replace("\x00", "").strip()  # no database keeps a NUL


def below_header(
    rows: Iterable[Sequence[str]], fits: Fits | None = None
) -> tuple[tuple[str, ...], Iterator[tuple[int, Sequence[str]]]] | None:
    """The header of a sheet, and the rows under it with their numbers; None when nothing looks like a header.

    The header is the first row that ``fits``, else the first nearly as full as the fullest quarter of rows.
    """
    stream = iter(rows)
    first = list(islice(stream, _LOOKED_AT))
    filled = [sum(bool(cell.strip()) for cell in row) for row in first]
    fitting = (number for number, row in enumerate(first) if fits and fits(_named(row)))
    usual = sorted(filled)[len(filled) * 3 // 4] if filled else 0
    full = (number for number, count in enumerate(filled) if count and count >= 0.6 * usual)
    at = next(fitting, next(full, None))
    if at is None:
        return None
    return _named(first[at]), enumerate(chain(first[at + 1 :], stream), start=at + 2)


def _named(row: Sequence[str]) -> tuple[str, ...]:
    """Column names: a blank one is named by its place, a repeated one by its rank."""
    names: list[str] = []
    for place, cell in enumerate(row, start=1):
        name = " ".join(cell.split()) or f"colonne {place}"
        again = sum(known == name or known.startswith(f"{name} (") for known in names)
        names.append(f"{name} ({again + 1})" if again else name)
    while names and names[-1] == f"colonne {len(names)}":
        names.pop()
    return tuple(names)
