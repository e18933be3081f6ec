"""How right the trades deduced from the words of a lot's title are, and how many lots they give a trade to.

Truth: lots whose CPV names a trade precisely (fit of ``cpv.match_7`` at least). Their codes are cut to the division,
as if the buyer had been vague, and the words must find a trade the codes named. Then the lots whose codes are vague
or missing: how many get a trade, with a sample to read by eye (``--sample N``).

    ./run bench lot_words      (or: ./run exec python benchmarks/lot_words.py --sample 30)
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.table import show  # noqa: E402
from matchmaker.domain.reference import Reference  # noqa: E402
from matchmaker.domain.trade import lot_trades, trades_of_cpv, trades_of_words  # noqa: E402
from matchmaker.sources.files import RawDocument, iter_documents  # noqa: E402
from matchmaker.sources.notices import parse_notice  # noqa: E402
from tests.domain.tables import shipped  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
NOTICES = ("ted_fr_r209.tar.gz", "eforms_real", "eforms_converted", "boamp_xml_2017", "boamp_json_2020")
AWARDS = "decp_v1_2018_2019.jsonl.gz"

Titled = tuple[str, tuple[str, ...]]  # title, CPV codes


def notices() -> Iterator[Titled]:
    for document in iter_documents([DATA / "notices" / name for name in NOTICES]):
        if isinstance(document, RawDocument):
            for lot in parse_notice(document).lots:
                yield lot.title, lot.cpvs


def awards() -> Iterator[Titled]:
    with gzip.open(DATA / "awards" / AWARDS, "rt", encoding="utf-8") as lines:
        for line in lines:
            contract = json.loads(line)
            code = str(contract.get("codeCPV") or "").split("-")[0]
            yield str(contract.get("objet") or ""), (code,) if len(code) == 8 and code.isdigit() else ()


def precise(cpvs: Iterable[str], rules: Reference) -> set[str]:
    sure = rules["cpv.match_7"]
    return {trade for cpv in cpvs for trade, fit in trades_of_cpv(cpv, rules).items() if fit >= sure}


def against_codes(lots: list[Titled], rules: Reference) -> tuple[object, ...]:
    """(lots with a precise code, of those told by words, of those right, shares)."""
    known = [(title, cpvs, truth) for title, cpvs in lots if (truth := precise(cpvs, rules))]
    told = [(set(trades_of_words(title, cpvs, rules)), truth) for title, cpvs, truth in known]
    told = [(trades, truth) for trades, truth in told if trades]
    right = sum(bool(trades & truth) for trades, truth in told)
    return len(known), len(told), right, f"{right / len(told):.0%}", f"{len(told) / len(known):.0%}"


def effect(lots: list[Titled], rules: Reference) -> tuple[tuple[object, ...], list[tuple[str, ...]]]:
    """(all, precise by code, vague, no trade, of the vague told by words, of the others), and what was told."""
    counts = {"precise": 0, "vague": 0, "none": 0, "vague told": 0, "none told": 0}
    told = []
    for title, cpvs in lots:
        before, after = lot_trades(cpvs, rules), lot_trades(cpvs, rules, title)
        fit = max((need.fit for need in before), default=0.0)
        kind = "precise" if fit >= rules["cpv.match_4"] else "vague" if before else "none"
        counts[kind] += 1
        if after and after[0].by_words:
            counts[f"{kind} told"] += 1
            labels = ", ".join(rules.trades[trade].label for trade, _ in after[0].options)
            told.append((title[:120], " ".join(cpvs[:3]), labels))
    return (len(lots), *counts.values()), told


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--sample", type=int, default=0)
    sample = asked.parse_args().sample
    if not DATA.is_dir():
        sys.exit("Données réelles absentes : ../shared/data à côté du dépôt.")
    rules = shipped()
    sets = {"avis (TED, eForms, BOAMP)": list(notices()), "marchés attribués (DECP 2018-2019)": list(awards())}
    head = ("jeu", "code précis", "dits par les mots", "justes", "précision", "couverture")
    show("Les mots contre les codes précis", head, [(name, *against_codes(lots, rules)) for name, lots in sets.items()])
    head = ("jeu", "lots", "code précis", "code vague", "sans métier", "vagues éclairés", "métier trouvé")
    effects = {name: effect(lots, rules) for name, lots in sets.items()}
    show("Les lots sans code précis", head, [(name, *found[0]) for name, found in effects.items()])
    for name, (_, told) in effects.items():
        for row in random.Random(1).sample(sorted(set(told)), min(sample, len(set(told)))):
            print(f"{name[:4]} | {' | '.join(row)}")


if __name__ == "__main__":
    main()
