"""The stock of SIRENE in, by columns: 2.3 M establishments in minutes, in bounded memory, by COPY.

Deduction is the row path's own (``parse_row`` then ``Describer.describe``), run once a *distinct* combination of the
cells each answer rests on, and joined back (``GROUPS``). A row goes that way when it is new to us and regular. All
others, changed or known from other sources, closing, or odd in any way, go through the row path itself, so that
both ways give the same firms by construction. Unchanged rows are told by their hash and touched by neither.

Each chunk commits with its counts: killed anywhere, the same command again ends in the same state.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from django.conf import settings
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from geo.domain.point import FRENCH_BOXES
from geo.queries import edition
from matchmaker.describe import Describer, describer
from matchmaker.domain.ess import BY_PERSON
from matchmaker.domain.firm import FirmRecord
from matchmaker.ingest.copying import as_copied, literal, load, pull, quoted
from matchmaker.ingest.firms import NOWHERE, REPEATED, Table
from matchmaker.ingest.report import Progress, Report, batch_size, importing, silent
from matchmaker.ingest.sirene_groups import GROUPS, Group
from matchmaker.models import Firm, ImportRun, QuarantineItem, RawDocument
from matchmaker.sources import tables
from matchmaker.sources.catalogue import Source
from matchmaker.sources.firms import SIRENE, parse_row, parse_rows
from matchmaker.sources.rows import Row
from matchmaker.sources.sirene import COLUMNS, Staged, Stock, open_stock, rows_of

CHUNK = 20_000  # rows of one COPY, thus of one transaction
SLOW = 1_000  # rows of one batch of the row path
LAYOUT = "1"  # raise when the same cells come to mean another firm: every row is then looked at again
NOBODY = "12345678200010"  # a well-formed SIRET, for cells that mean the same whosever they are
SQL, MONTH = Path(__file__).with_name("sirene.sql"), Path(__file__).with_name("sirene_month.sql")
# Lines of a CSV by blocks of ten thousand: PostgreSQL hands rows one by one, and Python would count them.
# ``alone``: SIRENE is all we know of the firm; ``flagged``: it told of the ESS flag; ``exact``: placed by an address.
KNOWN = (
    "SELECT string_agg(concat_ws(',', siret, coalesce(sirene_hash::text, ''), "
    "source = 'sirene' AND inclusive_kind = '' AND declared_trades = '{}' AND declared_departements = '{}' "
    "AND num_nonnulls(declared_free_fte, "
    'declared_on, declared_vacancies, declared_radius_km, headcount_fte, places, turnover_eur, "references") = 0 '
    "AND ending_eur = 0 AND notified_eur = 0 AND ess_provenance <> %s AND NOT fictitious, "
    "ess_flag IS NOT NULL, point_precision = 'address'), E'\\n') FROM matchmaker_firm GROUP BY id / 10000"
)
KNOWN_TYPES = "number BIGINT, known BIGINT, alone BOOLEAN, flagged BOOLEAN, exact BOOLEAN"
# A month later: fields whose silence keeps earlier words, and how silence looks.
KEPT = {
    **dict.fromkeys(("legal_form", "naf", "naf25", "headcount_band", "postcode", "city", "size_category"), "''"),
    **dict.fromkeys(("headcount_year", "employer", "head_office"), "NULL"),
}
CLAIMS = (
    "SELECT string_agg(line, E'\\n') FROM (SELECT number || ',' || string_agg("
    "concat_ws(':', source, inclusive_kind, ess, esus, esus_until), '+' ORDER BY source) || ',' || "
    "bool_or(inclusive_kind <> '')::text AS line FROM matchmaker_registerentry GROUP BY number) lines "
    "GROUP BY left(line, 3)"
)
EMPLOYS = ("caractereEmployeurEtablissement", "caractereEmployeurUniteLegale")
# What a network adds to SIRENE's columns concerns few rows: they all take the row path.
EXTENSION = (
    *("metiersDeclares", "etpLibresDeclares", "postesAPourvoir"),
    *("typeInclusif", "chiffreAffaires", "placesAutorisees", "fictif"),
)
LEFT_OUT = "établissements laissés de côté (fermés, ou ni employeurs ni ESS)"
MISSED = {
    EMPLOYS: "Aucune colonne ne dit qui emploie : tous les établissements ouverts sont gardés.",
    ("etatAdministratifEtablissement",): "Aucune colonne ne dit qui est fermé : tous sont tenus pour ouverts.",
    ("categorieJuridiqueUniteLegale",): "Sans StockUniteLegale, ni nom ni forme juridique : ESS à vérifier plus tard.",
    ("trancheEffectifsEtablissement",): "Aucune colonne d'effectif : la capacité reste inconnue.",
}
# Latitude from conformal latitude c on GRS 80, as a series in the square of its eccentricity.
_E2 = 0.08181919106**2
SERIES = (
    f"{_E2 / 2 + 5 * _E2**2 / 24 + _E2**3 / 12 + 13 * _E2**4 / 360!r} * sin(2 * c)"
    f" + {7 * _E2**2 / 48 + 29 * _E2**3 / 240 + 811 * _E2**4 / 11520!r} * sin(4 * c)"
    f" + {7 * _E2**3 / 120 + 81 * _E2**4 / 1120!r} * sin(6 * c) + {4279 * _E2**4 / 161280!r} * sin(8 * c)"
)
# Control characters and the spaces that are not plain ones: left to Python, which knows them all.
UNUSUAL = r"[\x00-\x1f\x7f-\xa0\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"


def ingest_sirene(paths: Sequence[Path], progress: Progress = silent, *, source: Source | None = None) -> ImportRun:
    """Import a stock or a monthly delta. Raises TableError in a French sentence, ImportBusyError when busy."""
    names = ", ".join(path.name for path in paths)
    with importing("firms", names, source) as report, workplace() as folder:
        stock = open_stock(paths, folder)  # inside: files refused whole leave a report too
        with closing(stock.db):
            report.run.sha256 = fingerprint(paths)
            raw, _ = RawDocument.objects.get_or_create(
                sha256=report.run.sha256,
                defaults={"name": names[:500], "size": sum(path.stat().st_size for path in paths)},
            )
            _Import(stock, report, raw, describer(timezone.localdate()), folder, progress).run()
    return report.run


@dataclass(slots=True)
class _Import:
    stock: Stock
    report: Report
    raw: RawDocument
    deducing: Describer
    folder: Path
    progress: Progress

    def run(self) -> None:
        self.progress("lecture des fichiers")
        staged = self._prepare()
        with transaction.atomic():
            self.report.counts["read"] = staged.read
            self._count("unchanged", staged.unchanged)
            if staged.repeated:
                self.report.warnings[REPEATED] += staged.repeated
            self.report.save()
        self._by_columns()
        self._slowly("SELECT * FROM one_by_one")
        with transaction.atomic():
            self._set_aside()
            self._conclude()
            self.report.save()

    # ------------------------------------------------------------ tables of duckdb

    def _prepare(self) -> Staged:
        """What is known, what registers claim, the rows to look at, and a table for each group of cells."""
        pull(self.stock.db, self.folder, "known", KNOWN, KNOWN_TYPES, [BY_PERSON])
        pull(self.stock.db, self.folder, "claim", CLAIMS, "number VARCHAR, said VARCHAR, inclusive BOOLEAN")
        ess = [(form, flag) for form, flag in self.stock.forms() if self._is_ess(form, flag)]
        staged = self.stock.stage(ess, f"{LAYOUT} {edition()}")
        self.progress(f"{staged.read} établissements lus")
        views = SQL.read_text(encoding="utf-8").format(
            series=SERIES,
            boxes=" OR ".join(f"(lon BETWEEN {w} AND {e} AND lat BETWEEN {s} AND {n})" for w, s, e, n in FRENCH_BOXES),
            name=_said("name"),
            trade_name=_said("trade_name"),
            address=f"concat_ws(' ', {', '.join(f'shown({quoted(part)})' for part in SIRENE.street)})",
            text=", ".join(map(quoted, (*COLUMNS, "longitude", "latitude"))),
            unusual=UNUSUAL,
            extended=str(self.stock.knows(*EXTENSION)).lower(),
            everyone=str(not self.stock.knows(*EMPLOYS)).lower(),
            joins=" ".join(f"JOIN {group.name} USING ({', '.join(map(quoted, group.cells))})" for group in GROUPS),
            line=", ".join(self._fields().values()),
        )
        first, second = views.split("-- PART TWO")
        self.stock.db.execute(first)
        for group in GROUPS:
            self._deduce(group)
        self.stock.db.execute(second.partition("\n")[2])
        return staged

    def _is_ess(self, form: str, flag: str) -> bool:
        cells = {"categorieJuridiqueUniteLegale": form, "economieSocialeSolidaireUniteLegale": flag}
        return self._described(cells).ess == Firm.Ess.YES

    def _described(self, cells: dict[str, str], siret: str = NOBODY) -> Firm:
        """The firm the row path makes of a few cells."""
        row = Row(0, {name: value.strip() for name, value in cells.items()} | {"siret": siret})
        return self.deducing.describe(parse_row(row, SIRENE), None)

    def _deduce(self, group: Group) -> None:
        """Table of a group: its cells, and what each distinct combination of them makes of a firm."""
        cells = ", ".join(map(quoted, group.cells))
        whose = "any_value(siret) FILTER (sound)" if "claims" in group.cells else "NULL"
        found = self.stock.db.cursor().execute(f"SELECT {whose}, {cells} FROM cells GROUP BY {cells}")
        path = self.folder / f"{group.name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            while combinations := found.fetchmany(10_000):
                for siret, *values in combinations:
                    firm = self._described(dict(zip(group.cells, values, strict=True)), siret or NOBODY)
                    writer.writerow([*values, *(_of(firm, name) for name in group.fields)])
        load(self.stock.db, path, group.name, dict.fromkeys((*group.cells, *group.fields), "VARCHAR"))

    def _fields(self) -> dict[str, str]:
        """SQL of each field of a new firm, as COPY wants it: constants, what groups decide, and the row's own."""
        blank = Firm(
            source="sirene",
            raw=self.raw,
            described_with=self.deducing.reference.version,
            described_on=self.deducing.on,
        )
        fields = {
            field.column: literal(as_copied(field.value_from_object(blank)))
            for field in Firm._meta.concrete_fields
            if not field.primary_key
        }
        fields |= {name: name for group in GROUPS for name in group.fields if not name.startswith("town_")}
        fields |= {name: f"escaped({name})" for name in ("name", "trade_name", "address")}
        place = "coalesce('SRID=4326;POINT(' || lon || ' ' || lat || ')', '\\N')"
        return fields | {
            "capacity_steps": "'[]'",
            "updated_at": "'now'",  # COPY's word for the start of its transaction: an import has many
            "siret": "siret",
            "siren": "siret[:9]",
            "sirene_hash": "hash",
            "point": place,
            "point_precision": "point_precision",
        }

    # ------------------------------------------------------------ two ways in

    def _by_columns(self) -> None:
        """Regular rows, by COPY: of firms unknown so far, and of those we know from SIRENE alone."""
        for lane, write in (("new", self._insert), ("month", self._update)):
            query = "SELECT siret, located, line FROM by_columns WHERE lane = ?"
            found, done = self.stock.db.cursor().execute(query, [lane]), 0
            while rows := found.fetchmany(batch_size(CHUNK)):
                try:
                    with transaction.atomic():
                        write("".join(line for *_, line in rows), len(rows))
                        if lost := sum(not located for _, located, _ in rows):
                            self.report.warnings[NOWHERE] += lost
                        self.report.save()
                except (DataError, IntegrityError):  # a value too long, a firm that came in meanwhile: one by one
                    sirets = ", ".join(f"'{siret}'" for siret, *_ in rows)
                    self._slowly(f"SELECT * FROM kept WHERE siret IN ({sirets})")
                done += len(rows)
                self.progress(f"{done} {'nouvelles entreprises' if lane == 'new' else 'entreprises revues'}")

    def _insert(self, lines: str, number: int) -> None:
        self._copy(Firm._meta.db_table, lines)
        self._count("new", number)

    def _update(self, lines: str, _number: int) -> None:
        fields = ", ".join(map(quoted, self._fields()))
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE month ON COMMIT DROP AS SELECT {fields} FROM matchmaker_firm LIMIT 0")
            self._copy("month", lines)
            cursor.execute("ANALYZE month")
            cursor.execute(month_statement())
            outcomes = cursor.fetchall()
            cursor.execute("DROP TABLE month")
        for outcome, number in outcomes:
            self._count(outcome, number)

    def _copy(self, table: str, lines: str) -> None:
        statement = f"COPY {table} ({', '.join(map(quoted, self._fields()))}) FROM STDIN"
        with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(lines)

    def _slowly(self, query: str) -> None:
        """Rows that changed, that other sources know too, or that are odd: through the row path."""
        read, done = self.report.counts["read"], 0
        table = Table(self.stock.places.name, "sirene", self.deducing, self.raw, self.report)
        for rows in rows_of(self.stock.db, query, batch_size(SLOW)):
            with transaction.atomic():
                records = list(table.readable(parse_rows(rows, SIRENE)))
                table.keep(records)
                remember(rows, records)
                self.report.counts["read"] = read
                self.report.save()
            done += len(rows)
            self.progress(f"{done} lignes reprises une à une")

    # ------------------------------------------------------------ report

    def _count(self, outcome: str, number: int) -> None:
        self.report.counts[outcome] += number
        self.report.formats["sirene"][outcome] += number

    def _set_aside(self) -> None:
        """Lines of CSV files that are no rows; those read at last leave quarantine."""
        bad = {f"{one.file}, ligne {one.line}": one for one in self.stock.rejected()}
        for locator, one in bad.items():
            message = "Cette ligne n'a pas les colonnes de l'en-tête, ou n'est pas en UTF-8 : corrigez-la et relancez."
            self.report.quarantine(locator, "ligne_illisible", message, "sirene", one.excerpt)
            self.report.counts["read"] += 1
        ours = tuple(f"{file.name}, ligne " for file in self.stock.files)
        before = {locator for locator in self.report.open_locators if locator.startswith(ours)}
        if before:
            again = QuarantineItem.objects.filter(run=self.report.run).values_list("locator", flat=True)
            self.report.mend(before - set(again))

    def _conclude(self) -> None:
        counts = self.report.counts
        self.report.formats["sirene"]["read"] = counts["read"]
        kept = sum(counts[name] for name in ("new", "changed", "unchanged", "retired", "quarantined"))
        self.report.facts[LEFT_OUT] = max(0, counts["read"] - kept)
        for columns, words in MISSED.items():
            if not self.stock.knows(*columns):
                self.report.warn(words)


def remember(rows: Sequence[Row], records: Sequence[FirmRecord]) -> None:
    """Keep the hash of rows taken in, so that they are told unchanged next time. One statement."""
    hashes = {row.number: int(row.values["hash"]) for row in rows}
    taken = {record.siret: hashes[record.line] for record in records}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE matchmaker_firm f SET sirene_hash = v.hash "
            "FROM unnest(%s::text[], %s::bigint[]) AS v(siret, hash) WHERE f.siret = v.siret",
            [list(taken), list(taken.values())],
        )


# ---------------------------------------------------------------- SQL and COPY


def month_statement() -> str:
    """The statement of ``sirene_month.sql``."""
    own = ("name", "trade_name", "address", "closed_on")
    decided = [name for group in GROUPS for name in group.fields if not name.startswith("town_")]
    taken = [name for name in (*decided, "point", "point_precision") if name not in KEPT and name not in own]
    compared = [*own, *KEPT, *taken]
    assigned = [*compared, "described_with", "described_on", "updated_at", "raw_id", "sirene_hash"]
    return MONTH.read_text(encoding="utf-8").format(
        kept=", ".join(f"coalesce(nullif(m.{name}, {silence}), f.{name}) AS {name}" for name, silence in KEPT.items()),
        taken=", ".join(f"m.{name}" for name in taken),
        compared=", ".join(f"g.{name}" for name in compared),
        before=", ".join(f"f.{name}" for name in compared),
        assigned=", ".join(f"{name} = g.{name}" for name in assigned),
    )


def _said(field: str) -> str:
    """SQL of the first of a text's columns that says something; NULL when all are silent."""
    candidates = []
    for together in SIRENE.fields[field][0]:
        parts = [quoted(column) for column in together.split("+")]
        joined = f"concat_ws(' ', {', '.join(f"nullif({part}, '')" for part in parts)})"
        candidates.append(f"shown({joined if len(parts) > 1 else parts[0]})")
    return f"coalesce({', '.join(candidates)})"


def _of(firm: Firm, name: str) -> str:
    """A field of a firm as COPY wants it; the point as two plain numbers."""
    if name in ("town_lon", "town_lat"):
        place = firm.point
        return repr((place.x, place.y)[name == "town_lat"]) if place else ""
    return as_copied(getattr(firm, name))


# ---------------------------------------------------------------- files


def fingerprint(paths: Sequence[Path]) -> str:
    """Hash of a file, or of the hashes of several."""
    hashes = [tables.sha256(path) for path in paths]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder for duckdb, beside the downloads; those that killed imports left behind go."""
    settings.DOWNLOADS.mkdir(parents=True, exist_ok=True)
    for left in settings.DOWNLOADS.glob("sirene-en-cours-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(mkdtemp(prefix="sirene-en-cours-", dir=settings.DOWNLOADS))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
