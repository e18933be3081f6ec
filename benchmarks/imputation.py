"""Claim: a lot without amount gets an honest range from comparable awards.

Real awards of 2018-2019 (../shared/data), split by a hash of the buyer: the contracts of 70 % of the buyers are
known, those of the others are to be guessed, so that no lot is guessed from its own siblings. An honest range of
even chances holds half of them, one of four chances in five 80 %; the median absolute log error is compared with
guessing the median of all, or of the CPV division.

Second table: lots of real TED contract notices that publish an amount, guessed from all these awards and the award
notices of TED, less those of the same buyers. Notices of one half, by a hash of their number, served to set the
quantiles of formal procedures; the other half judges them.

    ./run bench imputation
"""

from __future__ import annotations

import os
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from math import exp, log
from pathlib import Path
from statistics import mean, median
from types import MappingProxyType

import django

from benchmarks.table import show
from matchmaker.domain.award import AwardRecord
from matchmaker.domain.imputation import Comparable, Comparables, Level, procedure_level
from matchmaker.domain.notice import Notice, NoticeKind
from matchmaker.domain.reference import Reference, build_reference
from matchmaker.sources.decp import read_awards
from matchmaker.sources.files import RawDocument, iter_documents
from matchmaker.sources.notices import parse_notice
from matchmaker.sources.xml import NoticeError

SHARED = Path(__file__).parents[2] / "shared" / "data"
DATA = SHARED / "awards" / "decp_v1_2018_2019.jsonl.gz"
WORKS = SHARED / "awards" / "decp_2024h2_cpv4521.csv.gz"
TED = SHARED / "notices" / "ted_fr_r209.tar.gz"
KNOWN_PERCENT = 70
WIDE = (0.05, 0.95)  # quantiles of comparables that hold four amounts of five
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def awards(path: Path) -> list[tuple[str, Comparable]]:
    """Distinct contracts with a CPV code and an amount, and the name of their buyer."""
    seen: dict[str, tuple[str, Comparable]] = {}
    for found in read_awards(path, amendment_ratio=1.5, facts=Counter()):
        if isinstance(found, AwardRecord) and found.cpv and found.amount_eur:
            level = Level.CONCESSION if found.concession else procedure_level(found.procedure)
            one = Comparable(found.cpv, found.buyer_id, found.months, found.amount_eur, level)
            seen[found.uid] = (found.buyer_name.casefold(), one)
    return [*seen.values()]


def contracts() -> tuple[list[Comparable], list[Comparable]]:
    """Contracts known, and those to be guessed."""
    sides: tuple[list[Comparable], list[Comparable]] = ([], [])
    for _, one in awards(DATA):
        sides[zlib.crc32(one.buyer.encode()) % 100 >= KNOWN_PERCENT].append(one)
    return sides


def notices() -> list[Notice]:
    found = []
    for document in iter_documents([TED]):
        if isinstance(document, RawDocument):
            with suppress(NoticeError):
                found.append(parse_notice(document))
    return found


def level_of(notice: Notice) -> Level:
    return procedure_level(notice.procedure, notice.source, notice.form)


def lots_told(notice: Notice) -> list[Comparable]:
    """The lots of a contract notice whose own amount is published."""
    return [
        Comparable(lot.cpvs[0], notice.buyer.national_id, lot.duration_months, lot.amount_eur, level_of(notice))
        for lot in notice.lots
        if lot.amount_eur and lot.cpvs and not lot.amount_shared
    ]


def results(notice: Notice) -> list[tuple[str, Comparable]]:
    """The contracts an award notice tells with their amount."""
    lots = {lot.id: lot for lot in notice.lots}
    found = []
    for award in notice.awards if notice.kind is NoticeKind.AWARD else ():
        lot = lots.get(award.lot_ids[0]) if award.lot_ids else None
        if lot and lot.cpvs and award.amount_eur:
            who = notice.buyer.national_id or notice.buyer.name
            one = Comparable(lot.cpvs[0], who, lot.duration_months, award.amount_eur, level_of(notice))
            found.append((notice.buyer.name.casefold(), one))
    return found


def european(rules: Reference) -> list[list[str]]:
    """Rows of the second table: lots of contract notices of each half, with and without the level."""
    published = notices()
    opened = [notice for notice in published if notice.kind is NoticeKind.CONTRACT and lots_told(notice)]
    tested = {notice.buyer.name.casefold() for notice in opened} | {notice.buyer.national_id for notice in opened} - {
        ""
    }
    told = [*awards(DATA), *awards(WORKS), *(pair for notice in published for pair in results(notice))]
    known = Comparables(one for name, one in told if name not in tested and one.buyer not in tested)
    middle = median(one.amount_eur for _, one in told if one.level is Level.FORMAL)
    rows = []
    for half, name in ((0, "calage"), (1, "contrôle")):
        lots = [lot for one in opened if zlib.crc32(one.id.encode()) % 2 == half for lot in lots_told(one)]
        formal = [lot for lot in lots if lot.level is Level.FORMAL]
        unlevelled = [replace(lot, level=Level.UNKNOWN) for lot in formal]
        rows.append([f"{name}, {len(formal)} lots formalisés, sans le niveau", *judged(rules, known, unlevelled)])
        rows.append([f"{name}, {len(formal)} lots formalisés", *judged(rules, known, formal)])
        rows.append([f"{name}, {len(lots) - len(formal)} concessions", "0.0%", "", "", "", ""])
        wrong = median(abs(log(one.amount_eur / middle)) for one in formal)
        rows.append([f"{name}, médiane des formalisées", "100 %", "", "", "", f"{wrong:.3f} (x{exp(wrong):.2f})"])
    return rows


def error(guess: Callable[[Comparable], float], wanted: Sequence[Comparable]) -> float:
    """Median of |log(guess / truth)|: 0.69 is a factor of two."""
    return median(abs(log(guess(one)) - log(one.amount_eur)) for one in wanted)


def judged(rules: Reference, known: Comparables, wanted: Sequence[Comparable]) -> list[str]:
    """Share imputed; coverage of the range shown (a contract counting 1, then a buyer counting 1), of a wider
    range, and the median error of those imputed."""
    inside, most, errors = [], [], []
    by_buyer: dict[str, list[bool]] = defaultdict(list)
    for one in wanted:
        found = known.impute([one.cpv], one.buyer, one.months, rules, one.level)
        if found is None:
            continue
        low, high = known.quantiles(found, one.months, WIDE, rules)
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
    show("Lots d'avis européens au montant publié", columns, european(rules))


if __name__ == "__main__":
    main()
