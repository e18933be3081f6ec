"""INSEE's stock of SIRENE in columns: which file is what, one table of the establishments worth keeping.

StockUniteLegale, StockEtablissement and, when given, the geolocation file; Parquet or CSV, gzip or zip, in any order,
recognised by their columns (whose case changes from one edition to the next). Nothing is held in memory beyond
``MEMORY``: duckdb works in a file of its own and spills beside it.

Every cell is kept as the text a CSV would hold, so that rows read one by one (``sources/firms.py``) and in columns are
the same words.
"""

from __future__ import annotations

import csv
import gzip
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from matchmaker.sources.firms import SIRENE
from matchmaker.sources.tables import Row, TableError

MEMORY: Final = "500MB"
THREADS: Final = 2

UNIT, PLACE, POINT = "unit", "place", "point"
_NEEDED: Final = {
    PLACE: ("siret", "activitePrincipaleEtablissement", "codePostalEtablissement"),
    UNIT: ("siren", "categorieJuridiqueUniteLegale"),
    POINT: ("siret", "x_longitude", "y_latitude"),
}
_NAMES: Final = {PLACE: "StockEtablissement", UNIT: "StockUniteLegale", POINT: "géolocalisation"}
_POINTS: Final = ("longitude", "latitude")
# Qualities of INSEE's geolocation whose point is drawn at random in the commune: they say no more than the commune.
_NO_ADDRESS: Final = ("33",)
COLUMNS: Final = tuple(column for column in ("siret", *SIRENE.columns) if column not in _POINTS)


@dataclass(frozen=True, slots=True)
class StockFile:
    """A recognised file: the SQL that reads it, and how it spells the columns we know."""

    name: str
    kind: str
    relation: str
    spelling: dict[str, str]  # in lower case -> as the file has it
    numbers: frozenset[str]  # columns stored as floating point, where NaN stands for nothing

    def text(self, column: str, alias: str = "f") -> str:
        """SQL of a column as text, '' when empty or absent."""
        spelled = self.spelling.get(column.lower())
        if spelled is None:
            return "''"
        cell = f'{alias}."{spelled}"'
        if spelled in self.numbers:  # as ``rows.as_text``: no NaN, no ".0" of a spreadsheet's integers
            whole = f"{cell} = trunc({cell}) AND abs({cell}) < 1e15 THEN CAST({cell}::BIGINT AS VARCHAR)"
            return f"CASE WHEN {cell} IS NULL OR isnan({cell}) THEN '' WHEN {whole} ELSE CAST({cell} AS VARCHAR) END"
        return f"coalesce(trim(CAST({cell} AS VARCHAR)), '')"

    def has(self, column: str) -> bool:
        return column.lower() in self.spelling


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line of a CSV that is no row."""

    file: str
    line: int
    excerpt: str


@dataclass(frozen=True, slots=True)
class Staged:
    """What was read: rows of establishments, those that repeat a SIRET, those known to us as they are."""

    read: int
    repeated: int
    unchanged: int


@dataclass(slots=True)
class Stock:
    """Files opened together in one duckdb; ``stage`` makes the table ``kept``."""

    db: duckdb.DuckDBPyConnection
    files: list[StockFile]

    @property
    def places(self) -> StockFile:
        return next(file for file in self.files if file.kind == PLACE)

    @property
    def units(self) -> StockFile:
        """Where the legal units are; the establishments' own file when it carries their columns."""
        return next((file for file in self.files if file.kind == UNIT), self.places)

    @property
    def points(self) -> StockFile | None:
        return next((file for file in self.files if file.kind == POINT), None)

    def knows(self, *columns: str) -> bool:
        return any(file.has(column) for file in self.files for column in columns)

    def forms(self) -> list[tuple[str, str]]:
        """Distinct (legal form, ESS flag) of all units."""
        form, flag = "categorieJuridiqueUniteLegale", "economieSocialeSolidaireUniteLegale"
        query = f"SELECT DISTINCT {self.units.text(form)}, {self.units.text(flag)} FROM {self.units.relation} f"
        with self._whole():
            return self.db.execute(query).fetchall()

    def stage(self, ess: Sequence[tuple[str, str]], version: str) -> Staged:
        """Fill ``kept`` with the establishments worth a look that are not as they were.

        Worth a look: known to us (table ``known``), or open and either employer, of a unit whose (legal form, flag)
        is in ``ess``, or claimed by a register (table ``claim``). ``hash`` is of all that we read of a row.
        """
        self.db.execute("CREATE OR REPLACE TABLE ess (form VARCHAR, flag VARCHAR)")
        if ess:
            self.db.executemany("INSERT INTO ess VALUES (?, ?)", [list(pair) for pair in ess])
        with self._whole():
            repeated = self._candidates()
            self._joined(version)
            read = self._number(f"SELECT count(*) FROM {self.places.relation}")
        candidates, kept = (self._number(f"SELECT count(*) FROM {table}") for table in ("candidate", "kept"))
        for table in ("candidate", "u", "p", "ess_unit", "twice"):
            self.db.execute(f"DROP TABLE IF EXISTS {table}")
        return Staged(read, repeated, unchanged=candidates - kept)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Files are read to their end within. Raises TableError when one is cut short; a full disk stays itself."""
        try:
            yield
        except duckdb.IOException as error:
            damaged = next((file.name for file in self.files if file.name in str(error)), None)
            if damaged is None:
                raise
            raise TableError(
                f"{damaged} est abîmé ou incomplet : rien n'en a été importé ; téléchargez-le à nouveau et relancez."
            ) from error

    def _number(self, query: str) -> int:
        (found,) = self.db.execute(query).fetchone() or (0,)
        return int(found)

    def _candidates(self) -> int:
        """Columns of the establishments' file, for those worth a look. Returns how many rows repeat a SIRET."""
        places, units = self.places, self.units
        form, flag = units.text("categorieJuridiqueUniteLegale"), units.text("economieSocialeSolidaireUniteLegale")
        self.db.execute(
            "CREATE OR REPLACE TABLE ess_unit AS SELECT DISTINCT siren FROM ("
            f"SELECT left({units.text('siren')}, 9) AS siren, {form} AS form, {flag} AS flag FROM {units.relation} f"
            ") JOIN ess USING (form, flag) UNION SELECT number[:9] FROM claim"
        )
        columns = ", ".join(f'{places.text(column)} AS "{column}"' for column in COLUMNS if places.has(column))
        points = ", ".join(f'{places.text(column)} AS "{column}"' for column in _POINTS)
        self.db.execute(f"CREATE OR REPLACE VIEW raw AS SELECT {columns}, {points}, line FROM {places.relation} f")
        state = (
            "upper(\"etatAdministratifEtablissement\") <> 'F'"
            if places.has("etatAdministratifEtablissement")
            else "true"
        )
        employs = (
            "upper(\"caractereEmployeurEtablissement\") = 'O'"
            if places.has("caractereEmployeurEtablissement")
            else "true"
        )
        self.db.execute(
            "CREATE OR REPLACE TABLE candidate AS SELECT * FROM raw "
            f"WHERE ({state} AND ({employs} OR siret[:9] IN (SELECT siren FROM ess_unit))) "
            "OR TRY_CAST(siret AS BIGINT) IN (SELECT number FROM known)"
        )
        return self._first_only("candidate", "siret")

    def _first_only(self, table: str, key: str) -> int:
        """Keep the first row of each key; returns how many others there were."""
        self.db.execute(
            f"CREATE OR REPLACE TABLE twice AS SELECT {key} AS key, min(rowid) AS first FROM {table} "
            "GROUP BY 1 HAVING count(*) > 1"
        )
        (gone,) = self.db.execute(
            f"DELETE FROM {table} USING twice WHERE {table}.{key} = twice.key AND {table}.rowid > twice.first"
        ).fetchone() or (0,)
        return int(gone)

    def _joined(self, version: str) -> None:
        """``kept``: candidates that are not as they were, with their unit's columns and their point."""
        parts, joins = [], ""
        for column in COLUMNS:
            if self.places.has(column):
                parts.append(f'c."{column}"')
            elif self.units.has(column):
                parts.append(f'coalesce(u."{column}", \'\') AS "{column}"')
            else:
                parts.append(f"'' AS \"{column}\"")
        if self.units is not self.places:
            wanted = [column for column in COLUMNS if self.units.has(column) and not self.places.has(column)]
            self._side("u", self.units, "siren", {column: column for column in wanted}, "siret[:9]")
            joins += " LEFT JOIN u ON u.key = c.siret[:9]"
        lon, lat = "c.longitude", "c.latitude"
        if points := self.points:
            doubtful = ", ".join(f"'{quality}'" for quality in _NO_ADDRESS)
            sure = f"AND {points.text('qualite_xy')} NOT IN ({doubtful})"
            self._side("p", points, "siret", {"x": "x_longitude", "y": "y_latitude"}, "siret", sure)
            joins += " LEFT JOIN p ON p.key = c.siret"
            lon, lat = f"coalesce(nullif({lon}, ''), p.x, '')", f"coalesce(nullif({lat}, ''), p.y, '')"
        parts += [f"{lon} AS longitude", f"{lat} AS latitude"]
        every = ", ".join(f'"{column}"' for column in (*COLUMNS, *_POINTS))
        self.db.execute(
            "CREATE OR REPLACE TABLE kept AS SELECT * FROM ("
            f"SELECT *, (hash(concat_ws(chr(31), {every}, '{version}')) >> 1)::BIGINT AS hash "
            f"FROM (SELECT {', '.join(parts)}, c.line FROM candidate c{joins})"
            ") j ANTI JOIN known k ON k.number = TRY_CAST(j.siret AS BIGINT) AND k.known = j.hash"
        )

    def _side(self, table: str, file: StockFile, key: str, cells: dict[str, str], whose: str, also: str = "") -> None:
        """Columns of another file for the candidates, one row a key."""
        columns = ", ".join(f'{file.text(column)} AS "{name}"' for name, column in cells.items())
        self.db.execute(
            f"CREATE OR REPLACE TABLE {table} AS SELECT {file.text(key)} AS key, {columns} FROM {file.relation} f "
            f"WHERE {file.text(key)} IN (SELECT {whose} FROM candidate) {also}"
        )
        self._first_only(table, "key")

    def rejected(self) -> list[Rejected]:
        """Lines of CSV files that were passed over, each once, by file and line."""
        query = (
            "SELECT DISTINCT parse_filename(file_path), line, coalesce(csv_line, '') FROM reject_errors "
            "JOIN reject_scans USING (scan_id, file_id) ORDER BY 1, 2"
        )
        try:
            found = self.db.execute(query).fetchall()
        except duckdb.CatalogException:  # no CSV was read
            return []
        return [
            Rejected(file, line, text[:500]) for file, line, text in {(f, n): (f, n, t) for f, n, t in found}.values()
        ]


def open_stock(paths: Iterable[Path], folder: Path) -> Stock:
    """Recognise files and open them; temporary files go to ``folder``. Raises TableError in a French sentence."""
    db = duckdb.connect(
        str(folder / "sirene.duckdb"),
        config={"memory_limit": MEMORY, "threads": THREADS, "temp_directory": str(folder / "spilled")},
    )
    try:
        files = [recognise(db, path, folder) for path in paths]
        for kind, name in _NAMES.items():
            if sum(file.kind == kind for file in files) > 1:
                raise TableError(f"Deux fichiers {name} ont été donnés : importez-les l'un après l'autre.")
        if not any(file.kind == PLACE for file in files):
            raise TableError(f"Il manque le fichier StockEtablissement (colonnes {', '.join(_NEEDED[PLACE])}).")
        return Stock(db, files)
    except BaseException:
        db.close()
        raise


def recognise(db: duckdb.DuckDBPyConnection, path: Path, folder: Path) -> StockFile:
    """What a file is, by its columns."""
    if not path.is_file():
        raise TableError(f"{path} : fichier introuvable.")
    try:
        with path.open("rb") as file:
            head = file.read(4)
        whole = _unzipped(path, folder) if head == b"PK\x03\x04" else path
        relation = _parquet(whole) if head == b"PAR1" else _csv(whole)
        described = db.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    except (duckdb.Error, OSError, EOFError, UnicodeDecodeError, zipfile.BadZipFile, zlib.error) as error:
        raise TableError(f"{path.name} ne se lit pas ({type(error).__name__}) : téléchargez-le à nouveau.") from error
    spelling = {name.lower(): name for name, *_ in described}
    numbers = frozenset(name for name, kind, *_ in described if kind in ("DOUBLE", "FLOAT"))
    if "datefin" in spelling:
        raise TableError(f"{path.name} est un historique : donnez StockEtablissement et StockUniteLegale.")
    for kind, needed in _NEEDED.items():
        if all(column.lower() in spelling for column in needed):
            return StockFile(path.name, kind, relation, spelling, numbers)
    closest = min(_NEEDED, key=lambda kind: sum(column.lower() not in spelling for column in _NEEDED[kind]))
    missing = [column for column in _NEEDED[closest] if column.lower() not in spelling]
    wanted = " ; ".join(f"{_NAMES[kind]} ({', '.join(needed)})" for kind, needed in _NEEDED.items())
    raise TableError(f"{path.name} : il manque {', '.join(missing)}. Fichiers de SIRENE attendus : {wanted}.")


def rows_of(db: duckdb.DuckDBPyConnection, query: str, size: int = 1_000) -> Iterator[list[Row]]:
    """Rows of a query on ``kept`` as the row reader takes them, by lists."""
    cursor = db.cursor()
    try:
        cursor.execute(query)
        names = [column[0] for column in cursor.description or ()]
        while found := cursor.fetchmany(size):
            yield [Row(row[names.index("line")], _values(names, row)) for row in found]
    finally:
        cursor.close()


def _values(names: Sequence[str], row: Sequence[object]) -> dict[str, str]:
    return {name: str(value).strip() for name, value in zip(names, row, strict=True) if name != "line"}


def _unzipped(path: Path, folder: Path) -> Path:
    """The one CSV of an archive, beside the rest of our temporary files."""
    with zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if info.filename.lower().endswith((".csv", ".parquet"))]
        if len(members) != 1:
            raise TableError(f"{path.name} : l'archive doit contenir un fichier CSV, et un seul.")
        target = folder / Path(members[0].filename).name
        with archive.open(members[0]) as packed, target.open("wb") as whole:
            shutil.copyfileobj(packed, whole, 1 << 20)
    return target


def _parquet(path: Path) -> str:
    return f"(SELECT *, file_row_number + 2 AS line FROM read_parquet({_quoted(path)}, file_row_number = true))"


def _csv(path: Path) -> str:
    """A CSV with all its columns as text; a line that is no row is set aside instead of stopping the reading."""
    with path.open("rb") as start:
        packed = start.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if packed else path.open("rb") as file:
        head = file.readline().decode("utf-8-sig").rstrip("\r\n")
    delimiter = max(",;\t", key=head.count)
    names = next(csv.reader([head], delimiter=delimiter), [])
    if len(names) < 2 or len({name.lower() for name in names}) < len(names):
        raise TableError(f"{path.name} : {TableError.__doc__}")
    columns = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in names)
    options = f"header = true, auto_detect = false, delim = '{delimiter}', quote = '\"', escape = '\"'"
    packing = ", compression = 'gzip'" if packed else ""
    return (
        f"(SELECT *, 1 + row_number() OVER () AS line FROM read_csv({_quoted(path)}, columns = {{{columns}}}, "
        f"{options}, strict_mode = false, store_rejects = true, rejects_limit = 10000{packing}))"
    )


def _quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"
