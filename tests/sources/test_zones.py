"""Zones d'emploi from a table: no package carries them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from geo.sources.zones import CommuneZone, ZoneFileError, read_commune_zones

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "zones" / "commune_zone_emploi_2020.csv.gz"


def written(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("insee.csv", "CODGEO;LIBGEO;ZE2020;LIBZE2020\n01001;L'Abergement;8405;Bourg-en-Bresse\n"),
        ("etalab.csv", "codgeo,libgeo,ze2020,libze2020\n1001,L'Abergement,8405,Bourg-en-Bresse\n"),
        ("etalab.csv.gz", "codgeo,libgeo,ze2020,libze2020\n1001,L'Abergement,8405,Bourg-en-Bresse\n"),
        ("excel.csv", "\ufeffcode_commune;code_zone;lib_zone\n01001;8405;Bourg-en-Bresse\n"),
    ],
)
def test_the_spellings_of_the_columns_are_all_read(tmp_path: Path, name: str, text: str) -> None:
    assert list(read_commune_zones(written(tmp_path / name, text))) == [CommuneZone("01001", "8405", "Bourg-en-Bresse")]


def test_zeros_a_spreadsheet_ate_come_back_in_the_zone_too(tmp_path: Path) -> None:
    path = written(tmp_path / "z.csv", "CODGEO,ZE2020,LIBZE2020\n97101,101,Cap Excellence\n")
    assert [row.zone for row in read_commune_zones(path)] == ["0101"]


def test_communes_outside_any_zone_and_rubbish_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path / "z.csv", "CODGEO,ZE2020\n01001,ZZZZ\nrien,8405\n01002,\n01003,8405\n")
    assert [row.commune for row in read_commune_zones(path)] == ["01003"]


def test_another_table_is_refused_with_the_columns_it_has(tmp_path: Path) -> None:
    path = written(tmp_path / "z.csv", "nom,ville\nDupont,Vif\n")
    with pytest.raises(ZoneFileError, match=r"colonnes CODGEO et ZE2020.*nom, ville"):
        list(read_commune_zones(path))


@pytest.mark.skipif(not REAL.is_file(), reason="../shared/data/zones absent à côté du dépôt")
def test_the_real_table_holds_306_zones() -> None:
    rows = list(read_commune_zones(REAL))
    assert len({row.zone for row in rows}) == 306
    assert len(rows) > 34_000
    assert all(row.name for row in rows)
