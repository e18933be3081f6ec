"""How a cell of a table of firms is read: each reader gives a value, or says in French why it cannot."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, datetime
from functools import lru_cache

from geo.domain.codes import commune_code as official_commune
from geo.domain.codes import postcode as official_postcode
from matchmaker.domain.siret import is_valid_siret

KINDS = frozenset(["EI", "ETTI", "ACI", "AI", "EITI", "EA", "EATT", "ESAT", "GEIQ", "SEP"])
_KINDS_IN_WORDS = {
    "entreprisedinsertion": "EI",
    "entreprisedetravailtemporairedinsertion": "ETTI",
    "entreprisedinsertionpartravailtemporaire": "ETTI",
    "atelieretchantierdinsertion": "ACI",
    "ateliersetchantiersdinsertion": "ACI",
    "atelierchantierdinsertion": "ACI",
    "associationintermediaire": "AI",
    "entreprisedinsertionparletravailindependant": "EITI",
    "entrepriseadaptee": "EA",
    "entrepriseadapteedetravailtemporaire": "EATT",
    "etablissementetservicedaideparletravail": "ESAT",
    "etablissementouservicedaideparletravail": "ESAT",
    "etablissementetservicedaccompagnementparletravail": "ESAT",
    "groupementdemployeurspourlinsertionetlaqualification": "GEIQ",
}
_HIDDEN = re.compile(r"\[(?:ND|NON-DIFFUSIBLE)\]")
_YES, _NO = frozenset({"O", "1", "TRUE", "OUI", "VRAI", "X"}), frozenset({"N", "0", "FALSE", "NON", "FAUX"})
_FRENCH_DAY = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b")


class FirmRowError(ValueError):
    """Cette ligne ne décrit pas une entreprise lisible."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@lru_cache(4_096)
def plain(name: str) -> str:
    """A column's name without accents, case, spaces or signs: what differs from one edition to the next."""
    letters = unicodedata.normalize("NFKD", name.lower().replace("œ", "oe").replace("°", ""))
    return re.sub(r"[^a-z0-9.]", "", letters)


def hidden(value: str) -> bool:
    """Whether INSEE masks this value: the firm opposed its diffusion."""
    return _HIDDEN.search(value) is not None


def text(value: str) -> str:
    return re.sub(r"[\s\x00]+", " ", _HIDDEN.sub("", value)).strip()


def number(value: str) -> float:
    try:
        found = float("".join(value.split()).replace(",", "."))  # thousands come with all kinds of spaces
    except ValueError:
        found = math.nan
    if math.isnan(found):
        raise FirmRowError("nombre_illisible", f"« {value} » n'est pas un nombre.")
    return found


def positive(value: str) -> float:
    found = number(value)
    if found < 0:
        raise FirmRowError("nombre_negatif", f"« {value} » ne peut pas être négatif.")
    if found > 1e12:
        raise FirmRowError("nombre_excessif", f"« {value} » dépasse tout ce qu'une entreprise peut déclarer.")
    return found


def count(value: str) -> int:
    return round(positive(value))


def day(value: str) -> date:
    """2026-03-01, 01/03/2026, or the serial number of a spreadsheet."""
    try:
        if french := _FRENCH_DAY.match(value):
            return date(int(french[3]), int(french[2]), int(french[1]))
        if re.fullmatch(r"[34]\d{4}|5[0-4]\d{3}", value):
            return date.fromordinal(date(1899, 12, 30).toordinal() + int(value))
        return datetime.fromisoformat(value).date() if len(value) > 10 else date.fromisoformat(value)
    except ValueError:
        raise FirmRowError("date_illisible", f"« {value} » n'est pas une date AAAA-MM-JJ.") from None


def year(value: str) -> int | None:
    return int(value) if value.isdigit() and len(value) == 4 else None


def flag(value: str) -> bool | None:
    return True if value.upper() in _YES else False if value.upper() in _NO else None


def only_yes(value: str) -> bool | None:
    """A flag whose "no" means "not that we know"."""
    return flag(value) or None


def kind(value: str) -> str:
    code = value.upper()
    found = code if code in KINDS else _KINDS_IN_WORDS.get(_singular(plain(value.partition("(")[0])))
    if found is None:
        raise FirmRowError("type_inconnu", f"Type de structure inclusive inconnu : « {value} ».")
    return found


def _singular(word: str) -> str:
    return _KINDS_PLURAL.get(word, word)


_KINDS_PLURAL = {
    "entreprisesdinsertion": "entreprisedinsertion",
    "entreprisesadaptees": "entrepriseadaptee",
    "associationsintermediaires": "associationintermediaire",
}


def legal_form(value: str) -> str:
    return value if value.isdigit() and len(value) == 4 else ""


def band(value: str) -> str:
    return value if re.fullmatch(r"NN|\d\d", value) else ""


def band_in_words(value: str) -> str:
    """ "20 à 49 salariés" -> "12"; words of the API Entreprise."""
    first = re.match(r"\d[\d ]*", value)
    bands = {0: "00", 1: "01", 3: "02", 6: "03", 10: "11", 20: "12", 50: "21", 100: "22", 200: "31", 250: "32"}
    bands |= {500: "41", 1000: "42", 2000: "51", 5000: "52", 10000: "53"}
    return bands.get(int(first[0].replace(" ", "")), "") if first else ""


def trades(value: str) -> tuple[str, ...]:
    codes = tuple(code.strip().upper() for code in re.split(r"[|;, ]+", value) if code.strip())
    wrong = [code for code in codes if not re.fullmatch(r"T(?:0[1-9]|[1-5]\d|6[0-3])", code)]
    if wrong:
        raise FirmRowError("metier_inconnu", f"Métier déclaré inconnu : « {wrong[0]} » (attendu : T01 à T63).")
    return codes


def postcode(value: str) -> str:
    return official_postcode(value) or ""


def commune_code(value: str) -> str:
    return official_commune(value) or ""


def town(value: str) -> str:
    """A town's name; a column "commune" may hold its code instead."""
    return "" if official_commune(value) else text(value)


def opposed(statuses: str) -> bool:
    """Whether the establishment or its unit opposes full diffusion: P, or N before 2023; or in words."""
    return not {"P", "N"}.isdisjoint(statuses.upper().split()) or statuses.lower().startswith(("partiel", "non"))


def still_open(states: str) -> bool:
    """Neither the establishment closed (F) nor its unit ceased (C); or in words."""
    return {"F", "C"}.isdisjoint(states.upper().split()) and not states.lower().startswith(("ferm", "cess"))


def size(value: str) -> str:
    return value if value in ("PME", "ETI", "GE") else ""


def padded(value: str) -> str:
    """A SIRET with the zeros a spreadsheet ate, when its key proves them; else as it came."""
    digits = "".join(value.split())
    short = digits.isdigit() and 9 <= len(digits) < 14
    return digits.zfill(14) if short and is_valid_siret(digits.zfill(14)) else value
