"""Make the demo territory and put it into a folder, all or nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from matchmaker.demo.awards import awards_json, make_awards
from matchmaker.demo.buyers import make_buyers
from matchmaker.demo.firms import firms_csv, make_firms
from matchmaker.demo.hiring import hiring_files
from matchmaker.demo.identifiers import BUYERS
from matchmaker.demo.notices import make_notices
from matchmaker.demo.places import Territory, Town
from matchmaker.demo.ubl import notice_xml
from matchmaker.domain.reference import Reference

FIRMS = "firms.csv"
NOTICES = "notices"
HIRING = "recrutement"
AWARDS = "awards.json"


class FolderTakenError(Exception):
    """Le dossier contient autre chose qu'une démonstration : choisissez-en un vide ou nouveau."""

    def __str__(self) -> str:
        return f"{self.args[0]} : {self.__doc__}" if self.args else str(self.__doc__)


@dataclass(frozen=True, slots=True)
class Written:
    firms: int
    notices: int
    lots: int
    awards: int


def write_demo(
    folder: Path,
    towns: Iterable[Town],
    reference: Reference,
    *,
    firms: int,
    lots: int,
    seed: int,
    as_of: date,
    say: Callable[[str], None] = lambda _: None,
    jobs: Sequence[Mapping[str, str]] = (),
) -> Written:
    """Write firms, awards, notices and ``folder/recrutement/*.csv``, at once.

    A former demo there is replaced. ``jobs`` are the ROME jobs hiring needs are made for; none, no such folder.
    """
    refuse_foreign(folder)
    territory = Territory(towns)
    say(f"Territoire : {len(territory.towns)} communes.")
    made = make_firms(firms, seed, territory, reference, as_of)
    say(f"Entreprises fictives : {len(made)}.")
    notices = make_notices(lots, seed, territory, made, reference, as_of)
    count = sum(len(notice.lots) for notice in notices)
    say(f"Avis fictifs : {len(notices)}, soit {count} lots.")
    awards = make_awards(seed, made, make_buyers(min(BUYERS, max(4, lots // 4)), seed, territory), reference, as_of)
    say(f"Marchés attribués fictifs : {len(awards)}.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        (fresh / FIRMS).write_text(firms_csv(made), encoding="utf-8", newline="")
        (fresh / AWARDS).write_text(awards_json(awards), encoding="utf-8")
        (fresh / NOTICES).mkdir()
        for rank, notice in enumerate(notices, start=1):
            (fresh / NOTICES / f"{rank:04d}-{notice.id}.xml").write_bytes(notice_xml(notice))
        if jobs:
            (fresh / HIRING).mkdir()
            for name, text in hiring_files(territory, jobs, seed, as_of).items():
                (fresh / HIRING / name).write_text(text, encoding="utf-8", newline="")
        fresh.chmod(0o755)  # mkdtemp closes the folder to others
        _put_in_place(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return Written(len(made), len(notices), count, len(awards))


def refuse_foreign(folder: Path) -> None:
    """Only a demo, or nothing, is ever replaced."""
    if not folder.exists():
        return
    if not folder.is_dir() or any(entry.name not in (FIRMS, NOTICES, HIRING, AWARDS) for entry in folder.iterdir()):
        raise FolderTakenError(folder)


def _put_in_place(fresh: Path, folder: Path) -> None:
    if not folder.exists():
        fresh.rename(folder)
        return
    former = Path(tempfile.mkdtemp(prefix=f".{folder.name}.ancien.", dir=folder.parent))
    try:
        folder.rename(former)  # onto an empty folder: one step
        fresh.rename(folder)
    except OSError:
        if not folder.exists():
            former.rename(folder)
        raise
    finally:
        shutil.rmtree(former, ignore_errors=True)
