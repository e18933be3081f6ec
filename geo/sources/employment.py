"""Hiring projects, jobseekers and the ROME-FAP table, as France Travail and DARES publish them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from geo.domain.codes import zone_code
from geo.domain.hiring import Count, secret_bounds
from geo.sources.shapes import Column, Row, Shape, Table
from geo.sources.zones import NAME, Refused, too_long

HIRING = Shape(
    "l'enquête Besoins en main-d'œuvre",
    (
        Column("year", ("annee",)),
        Column("fap", ("code_metier_bmo", "code_metier", "metier")),
        Column("label", ("nom_metier_bmo", "nom_metier", "nommetier")),
        Column("departement", ("dept", "dep", "departement"), optional=True),
        Column("clpe", ("clpe",), optional=True),
        Column("bassin", (r"be(\d\d)", "be")),
        Column("name", (r"nombe(\d\d)", "nombe")),
        Column("met", ("met",)),
        Column("xmet", ("xmet",)),
        Column("smet", ("smet",)),
    ),
)
JOBSEEKERS = Shape(
    "les demandeurs d'emploi par bassin et métier ROME",
    (
        Column("year", ("annee",)),
        Column("rome", ("rome", "code_rome")),
        Column("label", ("rome_label", "libelle_rome", "lib_rome"), optional=True),
        Column("bassin", ("cbassin", r"be(\d\d)", r"code_bassin_(\d{4})", "code_bassin")),
        Column("name", (r"lib_bassin_bmo(\d\d)", r"nombe(\d\d)", r"lib_bassin_(\d{4})", "lib_bassin"), optional=True),
        Column("offers", ("oee", "offres"), optional=True),
        Column("seekers", ("defm_abc", "defm", "demandeurs")),
        Column("tension", ("ind_tension_d", "tension"), optional=True),
    ),
)
ROME_FAP = Shape(
    "une table FAP - PCS - ROME",
    (Column("fap", ("fap", "code_fap")), Column("pcs", ("pcs", "code_pcs")), Column("rome", ("rome", "code_rome"))),
    bare=(r"[A-Z][0-9A-Z]{4}", r"[0-9a-z]{0,4}", r"(?:[A-N]\d{4})?"),
)
FAP, LABEL, TENSION = 8, 200, 4  # characters these cells have at most
SECRET: Final = frozenset({"*", "", "s", "nd", "n.d.", "na"})


@dataclass(frozen=True, slots=True)
class Hiring:
    """One row of the survey. ``part``: the département, and since 2026 the CLPE, a bassin across borders is cut by."""

    line: int
    year: int
    bassin: str
    name: str
    fap: str
    label: str
    part: str
    projects: Count
    hard: Count
    seasonal: Count


@dataclass(frozen=True, slots=True)
class Seekers:
    line: int
    year: int
    bassin: str
    name: str
    rome: str
    label: str
    seekers: Count
    offers: int | None
    tension: int | None


@dataclass(frozen=True, slots=True)
class Pair:
    """A ROME job's métier; ``approximate`` when only the family of an older FAP can be told."""

    line: int
    rome: str
    fap: str
    approximate: bool


def read_hiring(table: Table, ceiling: int) -> Iterator[Hiring | Refused]:
    """Rows of the survey; ``ceiling`` is the largest figure a secret can hide."""
    for row in table.rows:
        bassin = zone_code(row["bassin"])
        if bassin is None or not row["year"].isdigit() or not row["fap"]:
            message = "Année, bassin ou métier illisible : comparez la ligne à celles d'autour."
            yield Refused(row.number, "ligne_illisible", message)
            continue
        if refused := _unfit(row, {"code de métier": (row["fap"], FAP)}):
            yield refused
            continue
        if not row["met"]:
            yield _absent(row)
            continue
        try:
            met, xmet, smet = (figure(row[name]) for name in ("met", "xmet", "smet"))
            projects, hard, seasonal = secret_bounds(met, xmet, smet, ceiling)
        except ValueError as error:
            yield Refused(row.number, "effectif_illisible", str(error))
            continue
        part = "/".join(kept for kept in (row["departement"], row["clpe"]) if kept)
        yield Hiring(
            row.number,
            int(row["year"]),
            bassin,
            row["name"],
            row["fap"].upper(),
            row["label"],
            part[:60],
            projects,
            hard,
            seasonal,
        )


def read_jobseekers(table: Table, min_cell: int) -> Iterator[Seekers | Refused]:
    """Counts under ``min_cell`` are not kept, only their bounds: no aggregate may point at persons."""
    for row in table.rows:
        bassin = zone_code(row["bassin"])
        rome = row["rome"].upper()
        if bassin is None or not row["year"].isdigit() or not re.fullmatch(r"[A-N]\d{4}", rome):
            message = "Année, bassin ou code ROME illisible : comparez la ligne à celles d'autour."
            yield Refused(row.number, "ligne_illisible", message)
            continue
        if refused := _unfit(row, {"indice de tension": (row["tension"], TENSION)}):
            yield refused
            continue
        if not row["seekers"]:
            yield _absent(row)
            continue
        try:
            seekers = figure(row["seekers"])
            offers, tension = (figure(row[name]) for name in ("offers", "tension"))
        except ValueError as error:
            yield Refused(row.number, "effectif_illisible", str(error))
            continue
        kept = Count(None, 0, min_cell - 1) if seekers is None or seekers < min_cell else Count.of(seekers)
        name, label = row["name"], row["label"]
        yield Seekers(row.number, int(row["year"]), bassin, name, rome, label, kept, offers, tension)


def read_rome_fap(table: Table) -> Iterator[Pair | Refused]:
    """A FAP stands once, above the jobs it holds. Codes of the FAP of 2009 (A1Z41) say their family in that of 2021."""
    fap = ""
    for row in table.rows:
        fap = row["fap"].upper() or fap
        rome = row["rome"].upper()
        if not rome:
            continue
        if not re.fullmatch(r"[A-N]\d{4}", rome) or not re.fullmatch(r"[A-Z][0-9A-Z]{4}", fap):
            yield Refused(row.number, "code_illisible", f"Code ROME « {rome} » ou FAP « {fap} » illisible.")
        elif fap[2] == "Z":
            yield Pair(row.number, rome, f"{fap[:2]}X", approximate=True)
        else:
            yield Pair(row.number, rome, fap, approximate=False)


def figure(text: str) -> int | None:
    """A count, None when secret or not published. Raises ValueError."""
    plain = re.sub(r"[\s\u202f\xa0]", "", text)
    if plain.lower() in SECRET:
        return None
    if not re.fullmatch(r"\d{1,8}", plain):
        raise ValueError(f"Effectif « {text} » illisible : un nombre entier ou « * » est attendu.")
    return int(plain)


def _unfit(row: Row, codes: Mapping[str, tuple[str, int]]) -> Refused | None:
    """The refusal of a row with a cell too long, or with a year that is none."""
    if not re.fullmatch(r"(?:19|20)\d\d", row["year"]):
        return Refused(
            row.number, "ligne_illisible", f"Année « {row['year'][:40]} » illisible : quatre chiffres attendus."
        )
    return too_long(row, {**codes, "nom de bassin": (row["name"], NAME), "libellé": (row["label"], LABEL)})


def _absent(row: Row) -> Refused:
    return Refused(row.number, "effectif_absent", "Aucun effectif sur cette ligne : ni nombre, ni « * ».")
