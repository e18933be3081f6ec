"""What a correction of the BOAMP changes: "au lieu de ..., lire ...", as fields or in words.

Only the deadline is understood, the one change that decides whether one can still answer; everything else stays
in the published words. A date that is not plainly the new deadline is not taken for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from matchmaker.domain.notice import Change
from matchmaker.sources import boamp_terms
from matchmaker.sources.boamp_body import prose
from matchmaker.sources.fields import PARIS
from matchmaker.sources.xml import Element, descendants, local_name, raw_text

_LONGEST: Final = 2000
_RUBRIC: Final = re.compile(
    r"receptionoffres|receptioncandidatures|receptoffres|receptcandidat|limite.*(?:offres|candidatures)"
)
_MONTHS: Final = [
    "janvier", "fevrier", "mars", "avril", "mai", "juin",
    "juillet", "aout", "septembre", "octobre", "novembre", "decembre",
]  # fmt: skip
_DATE: Final = (
    r"(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\s+)?"
    r"(\d{1,2})(?:er)?\s*(?:[/.]|\s)\s*(\d{1,2}|" + "|".join(_MONTHS) + r")\s*(?:[/.]|\s)\s*(\d{4})"
    r"(?:\s*,?\s*(?:a|jusqu'a|avant)?\s*(\d{1,2})\s*(?:h|:|heures?)\s*(\d{2})?)?"
)
_NEW: Final = re.compile(
    r"\b(?:lire|reporte[es]*|repousse[es]*|prolonge[es]*|decale[es]*|fixe[es]*|desormais|nouvelle date[^:.]{0,60})"
    r"(?:\s|:|\"|au\b|le\b|jusqu'au\b|fixee?\b)*" + _DATE
)
_SUBJECT: Final = re.compile(
    r"date[s]? (?:et heure[s]? )?limites?|remise des (?:offres|plis|candidatures)|"
    r"reception des (?:offres|plis|candidatures)|depot des (?:offres|plis|candidatures)"
)
_ANOTHER_SUBJECT: Final = re.compile(r"visite|complementaires|questions|validite|ouverture des|initialement")


def changes(correction: Element | None) -> list[Change]:
    """The changes told below ``correction``: a new deadline where it is plain, and the words."""
    if correction is None:
        return []
    found = list(_fields(correction))
    words = "\n".join(dict.fromkeys(prose(correction)))[:_LONGEST]
    if not any(change.field == "deadline" for change in found) and (deadline := new_deadline(words)):
        found.append(Change("deadline", deadline.isoformat()))
    if words:
        found.append(Change("", words))
    return found


def _fields(correction: Element) -> Iterator[Change]:
    """Pairs of elements "auLieuDe..." and "lire...", beside the one that says of what."""
    seen: set[tuple[str, str]] = set()
    for item in [correction, *descendants(correction, "*")]:
        parts = {local_name(part): raw_text(part) for part in item.iterchildren("{*}*")}
        new = next((text for name, text in parts.items() if name.startswith("lire") and text), "")
        rubric = " ".join(f"{name} {text}" for name, text in parts.items() if name.startswith("rub"))
        moment = boamp_terms.moment(new, "", []) if new and "date" in " ".join(parts) else None
        if moment and _RUBRIC.search(re.sub(r"[^a-z ]", "", boamp_terms.plain(rubric))):
            old = next((text for name, text in parts.items() if name.startswith("aulieude")), "")
            if (moment.isoformat(), old) not in seen:
                seen.add((moment.isoformat(), old))
                yield Change("deadline", moment.isoformat(), old=_iso(old))


def _iso(text: str) -> str:
    moment = boamp_terms.moment(text, "", []) if text else None
    return moment.isoformat() if moment else text


def new_deadline(words: str) -> datetime | None:
    """The new deadline for offers or candidacies in a sentence that gives it; None when it is not plain."""
    flat = boamp_terms.plain(words)
    subjects = list(_SUBJECT.finditer(flat))
    for match in _NEW.finditer(flat):
        before = [subject for subject in subjects if subject.start() <= match.start()]
        if (
            not before
            or match.start() - before[-1].end() > 250
            or "au lieu de" in flat[match.start() - 12 : match.start()]
        ):
            continue
        if _ANOTHER_SUBJECT.search(flat[before[-1].start() : match.start()]) or "locale" in flat[match.end() :][:20]:
            continue
        return _moment(match)
    return None


def _moment(match: re.Match[str]) -> datetime | None:
    day, month, year, hour, minute = match.groups()[-5:]
    rank = int(month) if month.isdigit() else _MONTHS.index(month) + 1
    try:
        if hour is None:
            return datetime(int(year), rank, int(day), 23, 59, tzinfo=PARIS)
        return datetime(int(year), rank, int(day), int(hour), int(minute or 0), tzinfo=PARIS)
    except ValueError:
        return None
