"""Zones d'emploi from a file: no package carries them, INSEE publishes them as a table."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geo.domain.codes import commune_code

# Column names differ between editions and re-publications; the first present wins.
_COMMUNE = ("CODGEO", "codgeo", "code_commune", "commune_id")
_ZONE = ("ZE2020", "ze2020", "code_zone")
_NAME = ("LIBZE2020", "libze2020", "lib_zone")


class ZoneFileError(ValueError):
    """Ce fichier n'est pas une table commune - zone d'emploi : il faut des colonnes CODGEO et ZE2020."""


@dataclass(frozen=True, slots=True)
class CommuneZone:
    commune: str
    zone: str
    name: str


def read_commune_zones(path: Path) -> Iterator[CommuneZone]:
    """Yield (commune, zone) pairs from a CSV, gzip or not; zeros lost in front are put back."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        head = file.readline()
        file.seek(0)
        reader = csv.DictReader(file, delimiter=";" if head.count(";") > head.count(",") else ",")
        fields = reader.fieldnames or []
        commune = next((name for name in _COMMUNE if name in fields), None)
        zone = next((name for name in _ZONE if name in fields), None)
        label = next((name for name in _NAME if name in fields), None)
        if commune is None or zone is None:
            raise ZoneFileError(f"{ZoneFileError.__doc__} Colonnes lues : {', '.join(fields)}.")
        for row in reader:
            code = commune_code(row[commune])
            if code and row[zone] and not row[zone].startswith("ZZZ"):
                yield CommuneZone(code, row[zone].zfill(4), row[label] if label else "")
