"""``manage.py link_directory``: the same linking, from the command line."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from matchmaker.models import Directory
from tests.factories import make_firm, siret
from tests.sources.firm_tables import write_csv

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

ROWS = [{"Organisation": "Les Jardins du Drac", "Où": "Grenoble"}, {"Organisation": "Zanzibar Plongée", "Où": "Vif"}]


@pytest.fixture
def members(tmp_path: Path) -> Path:
    make_firm("LES JARDINS DU DRAC", siret=siret(501))
    return write_csv(tmp_path / "adherents.csv", ROWS)


def run(*arguments: str | Path) -> str:
    out = StringIO()
    call_command("link_directory", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_it_says_the_columns_and_the_counts(members: Path) -> None:
    said = run(members, "--name", "CRESS", "--map", "name=Organisation", "city=Où")
    assert "name          Organisation" in said
    assert "2 lus, 2 nouveaux" in said
    assert "rapproché : 1" in said
    assert Directory.objects.get().rows.get(state="linked").firm.siret == siret(501)  # type: ignore[union-attr]


def test_the_same_command_again_changes_nothing(members: Path) -> None:
    for _ in range(2):
        said = run(members, "--map", "name=Organisation", "city=Où")
    assert "2 lus, 2 inchangés" in said
    assert Directory.objects.count() == 1


def test_columns_can_be_looked_at_before(members: Path) -> None:
    assert "Organisation" in run(members, "--guess-only")
    assert Directory.objects.get().state == "mapping"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--map", "name=Absente"), "« Absente » n'existe pas"),
        (("--map", "name"), "écrivez CHAMP=COLONNE"),
        (("--owner", "personne"), "Personne ne porte l'identifiant"),
    ],
)
def test_mistakes_are_told_in_french(members: Path, arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run(members, *arguments)
