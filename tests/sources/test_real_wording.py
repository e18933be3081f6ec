"""Les mots réels de 24 407 avis du début de 2021 : ce qui est reconnu, compté, et rien d'inventé."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from functools import cache

from matchmaker.sources import clauses
from matchmaker.sources.clauses import Wording
from tests.sources.notice_data import REAL, needs_real_notices

# Lus à la main dans les 818 conditions particulières : les heures d'insertion de chaque lot, "1" sans lot nommé.
HOURS: dict[str, dict[str, int]] = {
    "20-153816": {"1": 140}, "21-10705": {"1": 630}, "21-11688": {"1": 70}, "21-12841": {"1": 150},
    "21-14357": {"1": 250}, "21-1489": {"1": 100}, "21-18389": {"1": 1600}, "21-18595": {"3": 70},
    "21-18596": {"1": 700}, "21-22988": {"1": 140}, "21-23757": {"1": 369}, "21-26843": {"1": 100},
    "21-27479": {"1": 386}, "21-27635": {"1": 300}, "21-2836": {"1": 245}, "21-30861": {"1": 120},
    "21-34923": {"1": 300}, "21-35942": {"1": 105}, "21-36207": {"6": 35, "10": 50, "12": 40, "13": 40, "15": 50},
    "21-36903": {"1": 175, "2": 70}, "21-37226": {"1": 150}, "21-37267": {"1": 1200, "2": 250},
    "21-37518": {"1": 70}, "21-41025": {"1": 35}, "21-41140": {"2": 300, "13": 200}, "21-6298": {"1": 210},
    "21-6817": {"1": 123},
}  # fmt: skip
NUMBERS = [str(number) for number in range(1, 41)]


@cache
def rows() -> list[dict[str, str]]:
    with gzip.open(REAL / "boamp_2021_t1_avis.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def conditions() -> dict[str, str]:
    told = {row["idweb"]: row["autres_conditions_particulieres"] for row in rows()}
    return {idweb: text for idweb, text in told.items() if text.strip()}


@cache
def groupings() -> list[str]:
    return [text for row in rows() if (text := row["forme_juridique_groupement"]).strip()]


def hours_of(text: str) -> dict[str, int]:
    """Les heures lues lot par lot ; celles de tout l'avis comptent une fois, pour le lot 1."""
    wording = Wording.of(text.split("\n"))
    found = {number: clauses.insertion_hours(number, "", wording) for number in NUMBERS}
    shared = clauses.insertion_hours("999", "", wording)
    return {number: hours for number, hours in found.items() if hours and (hours != shared or number == "1")}


@needs_real_notices
def test_les_heures_d_insertion_sont_celles_que_les_avis_disent_et_aucune_autre() -> None:
    assert len(conditions()) == 818
    assert {idweb: hours for idweb, text in conditions().items() if (hours := hours_of(text))} == HOURS


@needs_real_notices
def test_un_texte_sur_les_groupements_ne_donne_aucune_heure() -> None:
    assert len(groupings()) == 4225
    assert [text for text in groupings() if hours_of(text)] == []


@needs_real_notices
def test_les_clauses_sociales_et_environnementales_de_ces_avis() -> None:
    flags = Counter[str]()
    for text in conditions().values():
        wording = Wording.of(text.split("\n"))
        flags["sociale"] += any(clauses.has_social_clause(number, "", wording) for number in NUMBERS)
        flags["environnementale"] += any(clauses.has_green_clause(number, "", wording) for number in NUMBERS)
    assert flags == {"sociale": 230, "environnementale": 151}


@needs_real_notices
def test_l_interdiction_de_candidatures_multiples_dans_ces_avis() -> None:
    told = Counter(clauses.exclusive_grouping(text) for text in groupings())
    assert told == {None: 2864, True: 1313, False: 48}
