"""Claim: names without SIRET find their establishment among 2.3 million: precision >= 98 %, 1,000 names a second.

Run by ``./run bench linkage``; needs the public lists in ../shared/data. Makes a database of its own and drops it.
``python -m benchmarks.linkage [--size N] [--keep] [--train]``: a smaller country, keep the database for another
run, fit the classifier first and write it where the product ships it.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from benchmarks import linkage_country as country
from benchmarks.linkage_truth import Asked, Entity, absent, entities, plain_questions, real_questions, split
from benchmarks.table import show

if TYPE_CHECKING:
    from matchmaker.link import Linked, Sought

SIZE = 2_300_000
EACH = 1_500  # planted questions a way, over the three splits


@dataclass(frozen=True, slots=True)
class Answer:
    asked: Asked
    linked: Linked
    siret: str  # of the establishment chosen, "" when none
    shown: tuple[str, ...]  # SIREN of the candidates shown
    near: str = ""  # name of the establishment chosen, for the table of errors

    @property
    def outcome(self) -> str:
        if self.linked.state != "linked":
            return self.linked.state
        if self.asked.absent:
            return "wrong"
        if self.siret == self.asked.siret:
            return "siret"
        return "siren" if self.siret[:9] == self.asked.siren else "wrong"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--size", type=int, default=SIZE)
    options.add_argument("--keep", action="store_true")
    options.add_argument("--train", action="store_true")
    chosen = options.parse_args()
    country.own_database(chosen.size, chosen.keep)
    try:
        run(chosen.size, train=chosen.train)
    finally:
        if not chosen.keep:
            country.drop_database(chosen.size)


def run(size: int, *, train: bool) -> None:
    from matchmaker.linknames import refresh
    from matchmaker.models import Firm, LinkIndex

    known = entities()
    country.tables()
    if not Firm.objects.exists():
        country.fill([entity for entity in known.values() if not absent(entity.siret[:9])], size)
    built = not LinkIndex.objects.exists()
    start = time.perf_counter()
    refresh()
    seconds = time.perf_counter() - start
    questions = [*plain_questions(known), *real_questions(known), *_planted(known)]
    if train:
        train_on(questions)
    answers = _answers([asked for asked in questions if split(asked.siren) == "test"])
    by_kind(answers, known)
    outcomes(answers)
    calibration(answers)
    errors(answers, known)
    speed(questions)
    total, again = Firm.objects.count(), _timed_refresh()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    if built:
        print(f"\nNames of {total} firms reduced in {seconds:.0f} s; brought up to date in {1000 * again:.0f} ms when "
              f"nothing changed; peak memory {peak:.2f} GB.")  # fmt: skip


def _timed_refresh() -> float:
    from matchmaker.linknames import refresh

    start = time.perf_counter()
    refresh()
    return time.perf_counter() - start


def sought(asked: Asked) -> Sought:
    from matchmaker.link import Sought

    said = asked.said
    return Sought(
        said.name, postcode=said.postcode, city=said.city, commune_code=said.commune, departement=said.departement,
        kind=said.kind, naf=said.naf,
    )  # fmt: skip


def train_on(questions: Sequence[Asked]) -> None:
    from matchmaker.linktrain import Example, train
    from matchmaker.models import ReferenceRow

    examples = [Example(sought(asked), asked.siret, split(asked.siren), _weight(asked)) for asked in questions]
    made = train(examples, note="benchmarks/linkage.py --train", on=date.today())  # noqa: DTZ011
    print(made)
    for name in ("link", "rival"):
        row = ReferenceRow.objects.get(table="parameter", key=f"linkage.{name}")
        row.values["value"] = str(made["thresholds"][name])
        row.save()


def _weight(asked: Asked) -> float:
    """Real names weigh more than made-up mistakes; another list's name most, they are few."""
    return 1.0 if not asked.real else 2.0 if asked.plain else 5.0


def _planted(known: dict[str, Entity]) -> list[Asked]:
    """Planted questions on real organisations and on made-up ones, half and half."""
    from django.db import connection

    from benchmarks.linkage_plant import Held, planted
    from geo.domain.distance import distance_km
    from geo.queries import gazetteer
    from matchmaker.linknames import words

    places = gazetteer()
    with connection.cursor() as cursor:
        cursor.execute("SELECT siret, name, trade_name, postcode, city, coalesce(commune_id, '') FROM matchmaker_firm "
                       "WHERE siret = ANY(%s) ORDER BY siret", [sorted(known)])  # fmt: skip
        rows = cursor.fetchall()
        cursor.execute("SELECT siret, name, trade_name, postcode, city, commune_id FROM matchmaker_firm "
                       "WHERE id %% %s = 7 AND commune_id IS NOT NULL ORDER BY siret LIMIT %s",
                       [max(1, cursor_size(cursor) // len(rows)), len(rows)])  # fmt: skip
        rows += cursor.fetchall()
        cursor.execute("SELECT name, count(DISTINCT siren) FROM matchmaker_firm WHERE name = ANY(%s) GROUP BY 1",
                       [sorted({row[1] for row in rows})])  # fmt: skip
        units = dict(cursor.fetchall())
    near: dict[str, tuple[tuple[str, str], ...]] = {}

    def neighbours(code: str) -> tuple[tuple[str, str], ...]:
        town = places.communes.get(code)
        if code not in near and town and town.point:
            near[code] = tuple(
                (other.postcodes[0], other.name)
                for other in places.by_departement[town.departement]
                if other.current and other.code != code and other.postcodes and other.point
                and distance_km(town.point, other.point) < 12
            )  # fmt: skip
        return near.get(code, ())

    held = [
        Held(siret, name, trade_name, zipcode, city, code, getattr(places.communes.get(code), "departement", ""),
             neighbours(code), units[name] - 1)
        for siret, name, trade_name, zipcode, city, code in rows
    ]  # fmt: skip
    return list(planted(held, words(), EACH))


def cursor_size(cursor: object) -> int:
    cursor.execute("SELECT count(*) FROM matchmaker_firm")  # type: ignore[attr-defined]
    return int(cursor.fetchone()[0])  # type: ignore[attr-defined]


def _answers(questions: Sequence[Asked]) -> list[Answer]:
    from matchmaker.link import link_rows
    from matchmaker.models import Firm

    found = link_rows([sought(asked) for asked in questions])
    ids = {item.firm_id for linked in found for item in linked.candidates}
    firms = {
        pk: (siret, name) for pk, siret, name in Firm.objects.filter(id__in=ids).values_list("id", "siret", "name")
    }
    return [
        Answer(
            asked,
            linked,
            firms[linked.firm_id][0] if linked.firm_id else "",
            tuple(firms[item.firm_id][0][:9] for item in linked.candidates),
            firms[linked.firm_id][1] if linked.firm_id else "",
        )
        for asked, linked in zip(questions, found, strict=True)
    ]


# ---------------------------------------------------------------- tables


def by_kind(answers: Sequence[Answer], known: dict[str, Entity]) -> None:
    """Precision and recall by where the pair comes from."""
    groups: dict[str, list[Answer]] = defaultdict(list)
    shared = _homonyms(answers)
    for answer in answers:
        asked = answer.asked
        if asked.real:
            told = "lieu connu" if asked.said.postcode or asked.said.city or asked.said.commune else "sans lieu"
            told = told if told == "lieu connu" or not asked.said.departement else "département seul"
            stratum = "MÊME LISTE" if asked.plain else "AUTRE LISTE"
            if asked.absent:
                groups[f"{stratum}, ABSENTES de l'index"].append(answer)
                continue
            groups["RÉELLES, les deux strates"].append(answer)
            groups[f"{stratum}, toutes"].append(answer)
            groups[f"{stratum}, {told}"].append(answer)
            if asked.plain and told != "lieu connu":
                twin = "un homonyme au moins" if asked.siret in shared else "nom sans homonyme"
                groups[f"{stratum}, {told}, {twin}"].append(answer)
            if asked.plain:
                groups[f"même liste : {asked.kind}, {told}"].append(answer)
                continue
            if told == "lieu connu" and not asked.kind.startswith(("acheteur", "boamp")):
                groups["AUTRE LISTE, lieu connu, entreprises et structures"].append(answer)
            if told == "lieu connu" and not unknowable(answer, known):
                groups["AUTRE LISTE, lieu connu, nom reconnaissable"].append(answer)
            groups["autre liste, même écriture" if asked.same else f"autre liste : {asked.kind}"].append(answer)
        else:
            groups["PLANTÉES ABSENTES" if asked.absent else "PLANTÉES, toutes"].append(answer)
            groups[f"plantées : {asked.kind}"].append(answer)
    rows = [_row(name, groups[name]) for name in sorted(groups)]
    columns = [
        "Names",
        "asked",
        "linked",
        "precision (SIREN)",
        "recall SIREN",
        "recall SIRET",
        "ambiguous, true one shown",
        "not found",
    ]
    notes = [
        "Held-out organisations only (hash of the SIREN). Recall: among those in the index. Precision: of those linked."
    ]
    show("Linkage: precision and recall", columns, rows, notes)


def _homonyms(answers: Sequence[Answer]) -> set[str]:
    """SIRET of those asked whose reduced name another legal unit of the country bears too."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "WITH asked AS (SELECT f.siret, l.siren, l.names FROM matchmaker_firm f JOIN matchmaker_linkname l "
            "ON l.firm_id = f.id WHERE f.siret = ANY(%s)) SELECT DISTINCT a.siret FROM asked a "
            "JOIN matchmaker_linkname l ON l.names = a.names AND l.siren <> a.siren",
            [sorted({answer.asked.siret for answer in answers if answer.asked.plain})],
        )
        return {siret for (siret,) in cursor.fetchall()}


def _row(name: str, answers: Sequence[Answer]) -> list[object]:
    count = Counter(answer.outcome for answer in answers)
    linked = count["siret"] + count["siren"] + count["wrong"]
    there = sum(not answer.asked.absent for answer in answers)
    shown = sum(answer.outcome == "ambiguous" and answer.asked.siren in answer.shown for answer in answers)

    def share(part: int, whole: int) -> str:
        return f"{100 * part / whole:.1f} %" if whole else "-"

    right = count["siret"] + count["siren"]
    return [name, len(answers), linked, share(right, linked), share(right, there), share(count["siret"], there),
            f"{count['ambiguous']}, {shown}", count["not_found"]]  # fmt: skip


def unknowable(answer: Answer, known: dict[str, Entity]) -> bool:
    """Nothing in the name asked says which organisation it is: no word, no sigle, no likeness with any name held."""
    from rapidfuzz import fuzz

    from matchmaker.domain.blocking import sigles_of
    from matchmaker.domain.naming import understood, variants
    from matchmaker.linknames import words

    entity = known.get(answer.asked.siret)
    held = entity.indexed if entity else None
    if held is None:
        return False
    ours = [understood(text, words()) for text in variants(answer.asked.said.name)]
    theirs = [understood(text, words()) for text in variants(held.name, held.trade_name)]
    alike = max((fuzz.ratio(a.joined, b.joined) for a in ours for b in theirs), default=0)
    shared = any(set(a.tokens) & set(b.tokens) for a in ours for b in theirs)
    return not shared and alike < 60 and not set(sigles_of(ours)) & set(sigles_of(theirs))


def outcomes(answers: Sequence[Answer]) -> None:
    rows = []
    for name, wanted in (("real, in the index", (True, False)), ("real, absent", (True, True)),
                         ("planted, in the index", (False, False)), ("planted, absent", (False, True))):  # fmt: skip
        some = [answer for answer in answers if (answer.asked.real, answer.asked.absent) == wanted]
        count = Counter(answer.outcome for answer in some)
        rows.append([name, len(some), *(count[key] for key in ("siret", "siren", "wrong", "ambiguous", "not_found"))])
    columns = [
        "Names",
        "asked",
        "linked, right SIRET",
        "linked, other SIRET of the SIREN",
        "linked wrong",
        "ambiguous",
        "not found",
    ]
    show("Linkage: three outcomes", columns, rows)


def calibration(answers: Sequence[Answer]) -> None:
    """Of the best candidate of each name: what is said against what is so."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for answer in answers:
        if answer.shown:
            said = answer.linked.probability
            bins[min(9, int(said * 10))].append(
                (said, answer.shown[0] == answer.asked.siren and not answer.asked.absent)
            )
    rows = [
        [f"{at / 10:.1f}-{at / 10 + 0.1:.1f}", len(seen), f"{sum(s for s, _ in seen) / len(seen):.3f}",
         f"{sum(r for _, r in seen) / len(seen):.3f}"]
        for at, seen in sorted(bins.items())
    ]  # fmt: skip
    show(
        "Linkage: probability said, and share right (best candidate, legal unit)",
        ["probability", "names", "said", "right"],
        rows,
    )


def errors(answers: Iterable[Answer], known: dict[str, Entity], most: int = 25) -> None:
    """Every wrong link on real names, then what was missed."""
    wrong = [answer for answer in answers if answer.asked.real and answer.outcome == "wrong"]
    missed = [
        answer for answer in answers if answer.asked.real and not answer.asked.absent and answer.outcome == "not_found"
    ]

    def line(answer: Answer) -> list[object]:
        entity = known.get(answer.asked.siret)
        held = entity.indexed.name if entity and entity.indexed and not answer.asked.absent else "(absent)"
        return [answer.asked.said.name, answer.asked.said.city or answer.asked.said.departement, held, answer.near,
                f"{answer.linked.probability:.2f}"]  # fmt: skip

    columns = ["asked", "where", "true one", "linked to", "probability"]
    show(f"Linkage: wrong links, real names ({len(wrong)})", columns, [line(answer) for answer in wrong[:most]])
    unknown = sum(unknowable(answer, known) for answer in missed)
    title = (
        f"Linkage: not found, real names ({len(missed)}, {unknown} of them with nothing in common with the name held)"
    )
    show(title, columns, [line(answer) for answer in missed[:most]])


def speed(questions: Sequence[Asked]) -> None:
    """A public list as it comes, with its places; then names miswritten, or without a place, that must be judged."""
    placed = [asked for asked in questions if asked.plain and (asked.said.postcode or asked.said.city)]
    hard = [asked for asked in questions if not asked.plain]
    rows = [[name, 2_000, *_rates(some[:2_000])] for name, some in (("list with places", placed), ("hard names", hard))]
    columns = [
        "names",
        "how many",
        "names/s by the clock, worst, median, best",
        "per second of Python's processor time",
    ]
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    show("Linkage: speed", columns, rows, [f"{os.cpu_count()} cores; load of the machine {load}."])


def _rates(asked: Sequence[Asked]) -> tuple[str, str]:
    from matchmaker.link import link_rows

    rows, rates = [sought(one) for one in asked], []
    for _ in range(3):
        start, work = time.perf_counter(), time.process_time()
        link_rows(rows)
        rates.append((len(rows) / (time.perf_counter() - start), len(rows) / (time.process_time() - work)))
    wall, processor = zip(*rates, strict=True)
    return _three(wall), _three(processor)


def _three(values: Sequence[float]) -> str:
    return " ".join(f"{value:.0f}" for value in sorted(values))


if __name__ == "__main__":
    main()
