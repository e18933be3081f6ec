"""``kill -9`` at any moment, then the same command again: the same end as without (``killing.py`` says how)."""

from __future__ import annotations

from pathlib import Path

import pytest

from matchmaker.models import Buyer, Firm, Lot, Publication, Tender
from tests.services.firm_rows import many
from tests.services.killing import KILLS, Import, survives
from tests.services.notices import TED, folder, numbered, text, version
from tests.sources.firm_tables import SIAE, write_csv


def siae_list(path: Path) -> list[str]:
    """Sixteen structures, one without a SIRET, one twice."""
    rows = [*many(16), SIAE | {"siret": "123"}, *many(1)]
    return ["sync", "siae", str(write_csv(path / "siae.csv", rows))]


def notices(path: Path) -> list[str]:
    """Two formats, two versions of one notice, one that is cut."""
    files = {f"n{number:02}": numbered(number) for number in range(1, 11)}
    newer = numbered(3, version("02"), ("Parcs", "Parcs et jardins"))
    return ["ingest", "notices", str(folder(path / "avis", **files, n11=text(TED), n12=newer, n13=text()[:3000]))]


IMPORTS = [
    Import("siae", siae_list, (Firm,)),
    Import("notices", notices, (Tender, Lot, Buyer, Publication)),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("wanted", IMPORTS, ids=lambda wanted: wanted.name)
def test_killed_ten_times_an_import_ends_as_if_it_had_never_been(wanted: Import, tmp_path: Path) -> None:
    assert survives(wanted, tmp_path / "import") >= KILLS
