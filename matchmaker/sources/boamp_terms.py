"""The words of the BOAMP: natures of notices, dates of several shapes, départements, descriptors."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Final

from geo.sources.territory import read_nuts3
from matchmaker.domain.notice import NoticeKind, Place
from matchmaker.sources import fields
from matchmaker.sources.json_trees import folded

_PACKAGE: Final = Path(__file__).parents[1]
_DESCRIPTORS: Final = _PACKAGE / "reference_data" / "boamp_descriptors.csv"
_NUTS3: Final = _PACKAGE.parent / "geo" / "data" / "nuts3.csv"

# --- what a notice is ----------------------------------------------------------------------------

_KINDS: Final = {
    "preinformation": NoticeKind.PRIOR_INFORMATION,
    "periodique": NoticeKind.PRIOR_INFORMATION,
    "appeloffre": NoticeKind.CONTRACT,
    "soustraitance": NoticeKind.CONTRACT,  # a holder looks for subcontractors
    "attribution": NoticeKind.AWARD,
    "intentionconclure": NoticeKind.AWARD,  # voluntary ex ante transparency names the holder
    "exantevolontaire": NoticeKind.AWARD,
    "modification": NoticeKind.MODIFICATION,
    "rectificatif": NoticeKind.CORRECTION,
    "annulation": NoticeKind.CORRECTION,
    "qualification": NoticeKind.OTHER,  # one applies, there is no lot to win yet
    "profilacheteur": NoticeKind.OTHER,
    "autre": NoticeKind.OTHER,
}
_KINDS_BY_LABEL: Final = {
    "avis de marche": NoticeKind.CONTRACT,
    "resultat de marche": NoticeKind.AWARD,
    "avis d'attribution": NoticeKind.AWARD,
    "rectificatif": NoticeKind.CORRECTION,
    "avis rectificatif": NoticeKind.CORRECTION,
    "annulation": NoticeKind.CORRECTION,
    "avis d'annulation": NoticeKind.CORRECTION,
    "avis de modification": NoticeKind.MODIFICATION,
    "modification de marche": NoticeKind.MODIFICATION,
    "avis de preinformation": NoticeKind.PRIOR_INFORMATION,
    "avis de pre-information": NoticeKind.PRIOR_INFORMATION,
    "avis d'intention de conclure": NoticeKind.AWARD,
}
_NO_LOT_YET: Final = {"qualification"}


def kind_of(natures: Iterable[str], labels: Iterable[str] = (), sub_nature: str = "") -> NoticeKind | None:
    """What the first word that is understood says; None when none is. ``APPEL_OFFRE/STANDARD`` reads as its head."""
    if folded(sub_nature) in _NO_LOT_YET:
        return NoticeKind.OTHER
    for nature in natures:
        kind = _KINDS.get(folded(nature.partition("/")[0]))
        if kind:
            return kind
    return next((kind for label in labels if (kind := _KINDS_BY_LABEL.get(plain(label)))), None)


def is_cancelled(*words: str) -> bool:
    """Whether a nature or a state says that the procedure was called off."""
    return any(folded(word) in ("annulation", "avisannule", "annule") for word in words)


_NATURES: Final = {"travaux": "works", "fournitures": "supplies", "fourniture": "supplies"}
_PROCEDURES: Final = {
    "ouvert": "open",
    "restreint": "restricted",
    "negocie": "neg-w-call",
    "dialoguecompetitif": "comp-dial",
    "partenariatinnovation": "innovation",
    "attribuesanspubjoue": "neg-wo-call",
    "attribuesansconcurrence": "neg-wo-call",
    "procedureadapte": "mapa",
    "procedureadaptee": "mapa",
    "adapte": "mapa",
    "concoursouvert": "open",
    "concoursrestreint": "restricted",
}


def nature_of(words: Iterable[str]) -> str:
    """works, supplies or services; empty when several are named, or none."""
    found = {_NATURES.get(folded(word)) or ("services" if folded(word).startswith("service") else "") for word in words}
    found.discard("")
    return found.pop() if len(found) == 1 else ""


def procedure_of(words: Sequence[str]) -> str:
    """The code of eForms where there is one, ``mapa`` for the procédure adaptée, else the word as published."""
    for word in words:
        name = folded(word)
        if name in _PROCEDURES:
            return _PROCEDURES[name]
        for start, code in _PROCEDURES.items():
            if name.startswith(start):
                return code
    return next(filter(None, words), "")


# --- dates ---------------------------------------------------------------------------------------

_FRENCH = re.compile(r"\s*(\d{1,2})[/.](\d{1,2})[/.](\d{4})\b")
_EPOCH_MS = re.compile(r"-?\d{11,14}")
_HOUR = re.compile(
    r"(?:T|\s|à|a|-)+(\d{1,2})\s*(?:h|:|heures?)\s*(\d{2})?(?::\d{2}(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?"
)


def _iso(text: str) -> tuple[str, str]:
    """The day and the hour, as ISO texts; empty texts when there are none."""
    text = " ".join(text.split())
    if _EPOCH_MS.fullmatch(text):  # milliseconds, in the old API
        moment = datetime.fromtimestamp(int(text) / 1000, UTC).astimezone(fields.PARIS)
        return moment.date().isoformat(), moment.strftime("%H:%M:%S%z")
    if french := _FRENCH.match(text):
        day, rest = f"{french[3]}-{int(french[2]):02d}-{int(french[1]):02d}", text[french.end() :]
    else:
        day, rest = text[:10], text[10:]
    if hour := _HOUR.match(rest):
        return day, f"{hour[1]}:{hour[2] or '00'}{hour[3] or ''}"
    return day, rest if rest.startswith(("+", "Z")) else ""


def day(text: str) -> date | None:
    """``2017-02-28``, ``28/02/2017`` or milliseconds; None if it is no date."""
    return fields.parse_date(_iso(text)[0])


def moment(text: str, label: str, warnings: list[str]) -> datetime | None:
    """An aware moment; without an offset, Paris time; without an hour, the end of the day."""
    day_text, hour = _iso(text)
    if not hour or hour.startswith(("+", "Z")):
        return fields.deadline(day_text + hour, "", label, warnings) if day_text.strip() else None
    return fields.deadline(day_text, hour, label, warnings)


# --- places and descriptors ----------------------------------------------------------------------


@cache
def _nuts_of_departements() -> dict[str, str]:
    """Départements that are one NUTS3 area, newest edition first."""
    codes: dict[str, str] = {}
    for nuts, departement in read_nuts3(_NUTS3).items():
        codes.setdefault(departement, nuts)
    return codes


def departement(code: str) -> str:
    """``6`` is 06, ``20A`` is 2A: the BOAMP writes both ways."""
    text = code.strip().upper()
    text = re.sub(r"^20([AB])$", r"2\1", text)
    return text.zfill(2) if text.isdigit() else text


def departement_places(codes: Iterable[str]) -> tuple[Place, ...]:
    """Whole départements as places of performance."""
    known = _nuts_of_departements()
    found = (known.get(departement(code)) for code in codes)
    return tuple(dict.fromkeys(Place(nuts=nuts, country="FR") for nuts in found if nuts))


@cache
def _cpvs_of_descriptors() -> dict[str, str]:
    with _DESCRIPTORS.open(encoding="utf-8", newline="") as file:
        return {plain(row["label"]): row["cpv"] for row in csv.DictReader(file)}


def descriptor_cpvs(labels: Iterable[str]) -> tuple[str, ...]:
    """CPV codes (estimation) of the descriptors whose label tells a trade; most tell none."""
    known = _cpvs_of_descriptors()
    return tuple(dict.fromkeys(known[name] for label in labels if (name := plain(label)) in known))


def plain(text: str) -> str:
    """Lower case, without accents, blanks folded."""
    decomposed = unicodedata.normalize("NFD", text.replace("œ", "oe").replace("’", "'"))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(bare.lower().split())
