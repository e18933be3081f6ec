"""Official codes of places: communes (INSEE), départements, NUTS."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_COMMUNE = re.compile(r"^(?:\d{5}|2[AB]\d{3})$")
_NUTS = re.compile(r"^FR[0-9A-Z]{0,3}$")


def commune_code(text: str) -> str | None:
    """Normalise a commune code; leading zeros lost in spreadsheets come back ("1001" -> "01001")."""
    code = text.strip().upper().zfill(5) if text.strip() else ""
    return code if _COMMUNE.match(code) else None


def postcode(text: str) -> str | None:
    """Normalise a postcode ("1150" -> "01150"; "F-75012" -> "75012"), or None when it cannot be one."""
    digits = re.sub(r"[^\d]", "", text)
    return digits.zfill(5) if 4 <= len(digits) <= 5 and int(digits) > 0 else None


def departement_of(code: str) -> str:
    """Département of a commune code: two characters, three overseas ("97411" -> "974")."""
    return code[:3] if code.startswith(("97", "98")) else code[:2]


def common_departement(communes: Iterable[str]) -> str:
    """The one département of all these communes (codes); "" where they are of several, or none.

    >>> common_departement(["38185", "38421"]), common_departement(["38185", "26362"])
    ('38', '')
    """
    found = {departement_of(code) for code in communes}
    return found.pop() if len(found) == 1 else ""


def departement_of_postcode(code: str) -> str:
    """Département a postcode belongs to; Corsica's begin with 20 and not with the codes of its two départements.

    >>> departement_of_postcode("20090"), departement_of_postcode("20600"), departement_of_postcode("97400")
    ('2A', '2B', '974')
    """
    if code.startswith("20"):
        return "2A" if code[:3] in ("200", "201", "207", "208", "209") else "2B"
    return departement_of(code)


def is_nuts_fr(text: str) -> bool:
    return bool(_NUTS.match(text))


def search_name(text: str) -> str:
    """The form names are compared in: no accent, no punctuation, "saint" for "st", no article in front."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe"))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = re.sub(r"[^a-z0-9]+", " ", plain).strip()
    plain = re.sub(r"\bste\b", "sainte", re.sub(r"\bst\b", "saint", plain))
    plain = re.sub(r"\bcedex( \d+)?$", "", plain).strip()
    return re.sub(r"^(l|le|la|les) (?=\S)", "", plain)


def zone_code(text: str) -> str | None:
    """Normalise the code of a zone d'emploi or bassin: four characters, zeros lost in front come back."""
    code = text.strip().upper()
    code = code.zfill(4) if code.isdigit() else code
    return code if re.fullmatch(r"[0-9A-Z]{4}", code) and code != "ZZZZ" else None
