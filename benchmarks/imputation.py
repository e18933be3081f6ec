"""Claim: a lot without amount gets an honest range from comparable awards.

Real awards of 2018-2019 (../shared/data), split by a hash of the buyer: the contracts of 70 % of the buyers are
known, those of the others are to be guessed, so that no lot is guessed from its own siblings. An honest range of
even chances holds half of them, one of four chances in five 80 %; the median absolute log error is compared with
guessing the median of all, or of the CPV division.

    ./run bench imputation
"""

from __future__ import annotations

import os
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import exp, log
from pathlib import Path
from statistics import mean, median
from types import MappingProxyType

import django

from benchmarks.table import show
from matchmaker.domain.award import AwardRecord
from matchmaker.domain.imputation import Comparable, Comparables
from matchmaker.domain.reference import Reference, build_reference
from matchmaker.sources.decp import read_awards

DATA = Path(__file__).parents[2] / "shared" / "data" / "awards" / "decp_v1_2018_2019.jsonl.gz"
KNOWN_PERCENT = 70
WIDE = (0.05, 0.95)  # quantiles of comparables that hold four amounts of five
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def contracts() -> tuple[list[Comparable], list[Comparable]]:
    """Distinct contracts with a CPV code and an amount: known, to be guessed."""
    seen: dict[str, Comparable] = {}
    for found in read_awards(DATA, amendment_ratio=1.5, facts=Counter()):
        if isinstance(found, AwardRecord) and found.cpv and found.amount_eur:
            seen[found.uid] = Comparable(found.cpv, found.buyer_id, found.months, found.amount_eur)
    known = {uid: zlib.crc32(one.buyer.encode()) % 100 < KNOWN_PERCENT for uid, one in seen.items()}
    return [one for uid, one in seen.items() if known[uid]], [one for uid, one in seen.items() if not known[uid]]


def error(guess: Callable[[Comparable], float], wanted: Sequence[Comparable]) -> float:
    """Median of |log(guess / truth)|: 0.69 is a factor of two."""
    return median(abs(log(guess(one)) - log(one.amount_eur)) for one in wanted)


def judged(rules: Reference, known: Comparables, wanted: Sequence[Comparable]) -> list[str]:
    """Share imputed; coverage of the range shown (a contract counting 1, then a buyer counting 1), of a wider
    range, and the median error of those imputed."""
    inside, most, errors = [], [], []
    by_buyer: dict[str, list[bool]] = defaultdict(list)
    for one in wanted:
        found = known.impute([one.cpv], one.buyer, one.months, rules)
        if found is None:
            continue
        low, high = known.quantiles(found.prefix, found.kind, one.months, WIDE, rules)
        inside.append(found.low_eur <= one.amount_eur <= found.high_eur)
        by_buyer[one.buyer].append(inside[-1])
        most.append(low <= one.amount_eur <= high)
        errors.append(abs(log(found.mid_eur) - log(one.amount_eur)))
    buyers = mean(mean(held) for held in by_buyer.values())
    wrong = median(errors)
    return [
        f"{len(inside) / len(wanted):.1%}",
        f"{mean(inside):.1%}",
        f"{buyers:.1%}",
        f"{mean(most):.1%}",
        f"{wrong:.3f} (x{exp(wrong):.2f})",
    ]


def with_parameters(rules: Reference, **changes: float) -> Reference:
    values = {f"imputation.{name}": value for name, value in changes.items()}
    return replace(rules, parameters=MappingProxyType({**rules.parameters, **values}))


def main() -> None:
    if not DATA.exists():
        sys.exit("Données réelles absentes (../shared/data) : rien à mesurer.")
    django.setup()
    from matchmaker.reference import shipped_tables

    rules = build_reference("shipped", shipped_tables())
    train, wanted = contracts()
    known = Comparables(train)
    everywhere = median(one.amount_eur for one in train)
    divisions: dict[str, list[int]] = defaultdict(list)
    for one in train:
        divisions[one.cpv[:2]].append(one.amount_eur)
    by_division = {code: median(amounts) for code, amounts in divisions.items()}
    print(f"{len(train)} contrats connus, {len(wanted)} à deviner.\n")
    rows = [
        ["médiane de tous", "100 %", "", "", "", f"{error(lambda _: everywhere, wanted):.3f}"],
        [
            "médiane de la division CPV",
            "100 %",
            "",
            "",
            "",
            f"{error(lambda one: by_division.get(one.cpv[:2], everywhere), wanted):.3f}",
        ],
    ]
    tried = [("retenu", dict[str, float]())] + [
        (f"n ≥ {least}, durée^{power:g}", {"min_buyers": least, "duration_exponent": power})
        for least in (5, 12, 20, 40)
        for power in (0.0, 0.5)
    ]
    tried += [
        (f"quantiles {low:g} et {1 - low:g}", {"low_quantile": low, "high_quantile": 1 - low})
        for low in (0.05, 0.1, 0.15, 0.2, 0.25)
    ]
    for name, changes in tried:
        rows.append([name, *judged(with_parameters(rules, **changes), known, wanted)])
    columns = ["méthode", "estimés", "dans la fourchette", "par acheteur", "entre 5 % et 95 %", "erreur log médiane"]
    show("Montants estimés", columns, rows)


if __name__ == "__main__":
    main()
