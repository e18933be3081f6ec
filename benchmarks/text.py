"""The words of the score at the size of a département and of the country: fitting, weighing, size, memory.

Names are drawn from those of real structures and winners (../shared) with a made-up word each, as family names are:
more different ones than there really are. Each size runs in a process of its own, so that its memory is its own.

    ./run bench text
"""

from __future__ import annotations

import csv
import gzip
import json
import multiprocessing
import random
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.table import show  # noqa: E402
from matchmaker.domain.text import TextModel, TextSettings  # noqa: E402
from tests.domain.tables import shipped  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
SIZES = (22_000, 220_000, 2_300_000)
SYLLABLES = "ba ro li ma du pont ger fou sel vi ne tra cor".split()  # noqa: SIM905


def vocabulary() -> list[str]:
    with gzip.open(DATA / "ess" / "siae_le_marche.csv.gz", "rt", encoding="utf-8") as rows:
        found = [word for row in csv.DictReader(rows) for word in f"{row['name']} {row['brand']}".split()]
    with gzip.open(DATA / "awards" / "decp_v1_2018_2019.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            for holder in json.loads(line).get("titulaires") or []:
                found += str(holder.get("denominationSociale") or "").split()
    return found


def names(count: int, words: list[str]) -> Iterator[str]:
    dice = random.Random(1)
    for _ in range(count):
        told = " ".join(dice.choice(words) for _ in range(dice.randint(1, 4)))
        yield f"{told} {''.join(dice.choices(SYLLABLES, k=6))}"


def measure(count: int) -> list[object]:
    words, settings = vocabulary(), TextSettings.of(shipped())
    start = time.perf_counter()
    for _ in names(count, words):
        pass
    drawn = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model = TextModel.fit(names(count, words), settings)
    fitted = time.perf_counter()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = model.rows(names(count, words))
    weighed = time.perf_counter()
    drawing = drawn - start
    return [
        f"{count:,}".replace(",", " "),
        f"{fitted - drawn - drawing:.1f}",
        f"{weighed - fitted - drawing:.1f}",
        len(model),
        f"{len(model.to_bytes()) / 1000:.0f}",
        f"{len(rows.term) / count:.1f}",
        f"{(after - before) / 1024:.0f}",
    ]


def main() -> None:
    if not DATA.is_dir():
        sys.exit("Données réelles absentes : ../shared/data à côté du dépôt.")
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        rows = [pool.apply(measure, (size,)) for size in SIZES]
    head = (
        "entreprises",
        "apprendre (s)",
        "peser (s)",
        "mots",
        "fichier (ko)",
        "mots par nom",
        "mémoire d'apprentissage (Mo)",
    )
    show("Les mots des entreprises", head, rows)


if __name__ == "__main__":
    main()
