"""Where a contract is performed: the many ways a DECP record says it, and the buyer's département for want of it."""

from __future__ import annotations

import re

from geo.domain.codes import search_name
from geo.domain.gazetteer import Gazetteer, Located
from matchmaker.domain.award import AwardRecord


def place_of(record: AwardRecord, places: Gazetteer) -> tuple[Located | None, str]:
    """The place and the words for it. The type of the code is only a hint: half of them contradict their code."""
    found = _by_code(record, places)
    if found:
        return found, found.label
    if record.buyer_departement:
        found = places.locate_departement(record.buyer_departement)
        if found:
            return found, f"{found.label}, département de l'acheteur"
    return None, ""


def _by_code(record: AwardRecord, places: Gazetteer) -> Located | None:
    code, kind = re.sub(r"\s", "", record.place_code).upper(), search_name(record.place_type)
    if re.fullmatch(r"FR[A-Z0-9]{2,3}", code) and not code[2:].isdigit():
        return places.locate(nuts=code)
    code = code.removeprefix("FR").removeprefix("-")
    if "commune" in kind and re.fullmatch(r"[0-9AB]{5}", code):
        return places.locate_commune(code) or places.locate(zipcode=code)
    if re.fullmatch(r"\d{4,5}", code) and ("postal" in kind or len(code) == 5):
        city = "" if search_name(record.place_label) in ("", "code postal") else record.place_label
        return places.locate(zipcode=code.zfill(5), city=city) or places.locate_commune(code.zfill(5))
    if "region" in kind or "pays" in kind:
        return None
    if re.fullmatch(r"9[78]\d", code):
        return places.locate_departement(code)
    if re.fullmatch(r"\d{1,2}|2[AB]|\d{3,4}|2[AB]\d", code):  # a département, or an arrondissement or canton of one
        return places.locate_departement(code[:2] if len(code) > 2 else code)
    return None
