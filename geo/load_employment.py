"""Hiring projects, jobseekers and the ROME-FAP table into the database.

Zones are created from these files themselves, so that they may come before the table of their communes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from geo.load_zonings import tell_orphans
from geo.sources.employment import (
    HIRING,
    JOBSEEKERS,
    ROME_FAP,
    Hiring,
    Pair,
    Seekers,
    read_hiring,
    read_jobseekers,
    read_rome_fap,
)
from geo.sources.shapes import Table, TableFile, UnknownShapeError, open_table
from geo.sources.zones import Refused, full_year
from geo.staging import every, merge, one, run, stage
from geo.tally import Counted, Kept, Tally
from geo.vintages import remember

_COUNTS = ("projects", "hard", "seasonal")
_FIGURES = tuple(f"{name}{end}" for name in _COUNTS for end in ("", "_low", "_high"))


def load_hiring(file: TableFile, tally: Tally, *, ceiling: int, min_kept: float) -> None:
    """The survey of a year. ``ceiling``: the largest figure secrecy is taken to hide; the file may show it is more.

    Then it is read again, as bounds rest on the smallest figure the whole file shows.
    """
    zoning, told = _stage_hiring(file, ceiling)
    smallest = one("SELECT least(min(projects), min(hard), min(seasonal)) FROM staged")[0]
    if smallest is not None and smallest - 1 > ceiling:
        zoning, told = _stage_hiring(file, smallest - 1)
    told.tell(tally)
    _keep_zones(zoning, file.name)
    _merge(
        "geo_hiringprojects",
        ["zone_id", "year", "fap", "part"],
        ["label", *_FIGURES],
        "SELECT z.id, s.year, s.fap, s.part, s.label, " + ", ".join(f"s.{name}" for name in _FIGURES),
        zoning,
        tally,
        min_kept,
    )
    _hiring_facts(told.counts["read"], smallest, tally)
    for (year,) in every("SELECT DISTINCT year FROM staged"):
        tell_orphans(zoning or str(year), tally)
        remember(f"besoins en main-d'œuvre {year}", file, told.counts["read"])


def _stage_hiring(file: TableFile, ceiling: int) -> tuple[str, Counted]:
    """The survey to ``staged``: the year its columns tell of its bassins, and what is to be told of its rows."""
    told = Counted()
    table = open_table(file, HIRING)
    _stage(
        read_hiring(table, ceiling),
        {"year": "int", "bassin": "text", "name": "text", "fap": "text", "label": "text", "part": "text"}
        | dict.fromkeys(_FIGURES, "int"),
        _hiring_row,
        lambda item: (item.year, item.bassin, item.fap, item.part),
        file,
        told,
    )
    return _zoning(table), told


def load_jobseekers(file: TableFile, tally: Tally, *, min_cell: int, min_kept: float) -> None:
    """Registered jobseekers by bassin and ROME; counts under ``min_cell`` are kept as bounds only."""
    table = open_table(file, JOBSEEKERS)
    figures = ("seekers", "seekers_low", "seekers_high", "offers", "tension")
    read = _stage(
        read_jobseekers(table, min_cell),
        {"year": "int", "bassin": "text", "name": "text", "rome": "text", "label": "text"}
        | dict.fromkeys(figures, "int"),
        lambda item: (
            *(item.year, item.bassin, item.name, item.rome, item.label),
            *(item.seekers.value, item.seekers.low, item.seekers.high, item.offers, item.tension),
        ),
        lambda item: (item.year, item.bassin, item.rome),
        file,
        tally,
    )
    zoning = _zoning(table)
    _keep_zones(zoning, file.name)
    _merge(
        "geo_jobseekers",
        ["zone_id", "year", "rome"],
        ["label", *figures],
        "SELECT z.id, s.year, s.rome, s.label, " + ", ".join(f"s.{name}" for name in figures),
        zoning,
        tally,
        min_kept,
    )
    tally.fact("lignes", read)
    tally.fact("bassins", one("SELECT count(DISTINCT bassin) FROM staged")[0])
    tally.fact("métiers ROME", one("SELECT count(DISTINCT rome) FROM staged")[0])
    tally.fact("effectifs trop petits pour être gardés", one("SELECT count(*) FROM staged WHERE seekers IS NULL")[0])
    for (year,) in every("SELECT DISTINCT year FROM staged"):
        remember(f"demandeurs d'emploi {year}", file, read)


def load_rome_fap(file: TableFile, tally: Tally) -> None:
    """Which métiers of the survey a ROME job belongs to. Old FAP codes only tell a family: flagged approximate."""
    read = _stage(
        read_rome_fap(open_table(file, ROME_FAP)),
        {"rome": "text", "fap": "text", "precision": "text", "source": "text"},
        lambda item: (item.rome, item.fap, "family" if item.approximate else "exact", file.name),
        lambda item: (item.rome, item.fap),
        file,
        tally,
    )
    merged = merge(
        "geo_romefap", ["rome", "fap"], ["precision", "source"], "SELECT rome, fap, precision, source FROM staged"
    )
    rows, romes, family = one(
        "SELECT count(*), count(DISTINCT rome), count(*) FILTER (WHERE precision = 'family') FROM staged"
    )
    tally.outcome(new=merged.new, changed=merged.changed, unchanged=rows - merged.new - merged.changed)
    tally.fact("couples ROME - FAP", rows)
    tally.fact("métiers ROME", romes)
    tally.fact("couples connus à la famille près (ancienne FAP)", family)
    remember("correspondance ROME - FAP", file, read)


def _stage[Item: (Hiring, Seekers, Pair)](
    items: Iterable[Item | Refused],
    columns: Mapping[str, str],
    row: Callable[[Item], Sequence[Any]],
    key: Callable[[Item], tuple[Any, ...]],
    file: TableFile,
    tally: Tally,
) -> int:
    """Readable rows to ``staged``, one a key. Returns how many rows were read."""
    seen: dict[tuple[Any, ...], int] = {}
    refused: list[Refused] = []  # told once the rows are in: nothing else may be asked of the database meanwhile
    read = 0

    def rows() -> Iterator[Sequence[Any]]:
        nonlocal read
        for item in items:
            read += 1
            if isinstance(item, Refused):
                refused.append(item)
                continue
            values, name = row(item), key(item)
            known = seen.get(name)
            if known is None:
                seen[name] = hash(values)
                yield values
            elif known == hash(values):
                tally.outcome(unchanged=1)
            else:
                message = "Une ligne précédente dit autre chose du même bassin et métier : la première est gardée."
                refused.append(Refused(item.line, "doublon", message))

    if not stage(columns, rows()):
        raise UnknownShapeError(f"{file.name} ne contient aucune ligne lisible : vérifiez que c'est le bon fichier.")
    tally.outcome(read=read)
    for item in refused:
        tally.refuse(item.line, item.reason, item.message)
    return read


def _hiring_row(item: Hiring) -> tuple[Any, ...]:
    counts = (item.projects, item.hard, item.seasonal)
    figures = (figure for count in counts for figure in (count.value, count.low, count.high))
    return (item.year, item.bassin, item.name, item.fap, item.label, item.part, *figures)


def _zoning(table: Table) -> str:
    """The year of the bassins, when a column's name says it (BE24); else they are those of each row's year."""
    return full_year(table.captured("bassin", "name"))


def _keep_zones(zoning: str, source: str) -> None:
    """Bassins of ``staged`` not known yet: a table of their communes names them better."""
    run(
        """INSERT INTO geo_zone AS t (kind, vintage, code, name, source)
           SELECT 'bmo', coalesce(nullif(%s, ''), year::text), bassin, coalesce(nullif(max(name), ''), bassin), %s
           FROM staged GROUP BY 2, bassin
           ON CONFLICT (kind, vintage, code) DO UPDATE SET name = excluded.name
           WHERE t.name = t.code AND excluded.name <> excluded.code""",
        zoning,
        source,
    )


def _merge(
    table: str,
    key: Sequence[str],
    columns: Sequence[str],
    select: str,
    zoning: str,
    tally: Tally,
    min_kept: float,
) -> None:
    """A file speaks for the bassins and years it names: what it no longer holds of them is retired.

    Not so of a year of which it keeps less than ``min_kept`` of the known rows.
    """
    rest = " AND ".join(f"s.{name} = t.{name}" for name in key[2:])
    before = _kept(table, rest, zoning)
    join = """ FROM staged s JOIN geo_zone z
        ON z.kind = 'bmo' AND z.vintage = coalesce(nullif(%s, ''), s.year::text) AND z.code = s.bassin"""
    merged = merge(table, key, columns, select + join, zoning)
    for filled in (
        "geo_zone",
        table,
    ):  # just now, perhaps from nothing: else the planner loops over 50,000 x 50,000 rows
        run(f"ANALYZE {filled}")
    absent = f"""z.id = t.zone_id AND z.kind = 'bmo' AND t.year = ANY(%s)
        AND EXISTS (SELECT FROM staged s WHERE s.bassin = z.code AND s.year = t.year
                    AND z.vintage = coalesce(nullif(%s, ''), s.year::text))
        AND NOT EXISTS (SELECT FROM staged s WHERE s.bassin = z.code AND s.year = t.year AND {rest})"""
    parts = [year for year, kept in before.items() if kept.is_part(min_kept)]
    for year in parts:
        missing = one(f"SELECT count(*) FROM {table} t, geo_zone z WHERE {absent}", [year], zoning)[0]
        if missing:
            before[year].tell(str(year), missing, tally)
    whole = [year for year in before if year not in parts]
    retired = run(f"DELETE FROM {table} t USING geo_zone z WHERE {absent}", whole, zoning)
    rows = int(one("SELECT count(*) FROM staged")[0])
    tally.outcome(new=merged.new, changed=merged.changed, unchanged=rows - merged.new - merged.changed, retired=retired)


def _kept(table: str, rest: str, zoning: str) -> dict[int, Kept]:
    """Of each year of ``staged`` already known: the rows known, and those it holds again."""
    found = every(
        f"""SELECT t.year, count(*), count(s.year) FROM {table} t
            JOIN geo_zone z ON z.id = t.zone_id AND z.kind = 'bmo'
                AND z.vintage = coalesce(nullif(%s, ''), t.year::text)
            LEFT JOIN staged s ON s.bassin = z.code AND s.year = t.year AND {rest}
            WHERE t.year IN (SELECT year FROM staged) GROUP BY 1 ORDER BY 1""",
        zoning,
    )
    return {year: Kept(known, kept) for year, known, kept in found}


def _hiring_facts(read: int, smallest: int | None, tally: Tally) -> None:
    bassins, metiers, secret, shown, low, high = one(
        """SELECT count(DISTINCT bassin), count(DISTINCT fap), count(*) FILTER (WHERE projects IS NULL),
                  coalesce(sum(projects), 0), sum(projects_low), sum(projects_high) FROM staged"""
    )
    tally.fact("lignes", read)
    tally.fact("bassins", bassins)
    tally.fact("métiers", metiers)
    tally.fact("projets secrets (*)", secret)
    tally.fact("somme des projets publiés", shown)
    tally.fact("somme avec les secrets, au moins", low)
    tally.fact("somme avec les secrets, au plus", high)
    if smallest is not None:
        tally.fact("plus petit effectif publié", smallest)
