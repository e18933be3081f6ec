"""Places of performance as published: NUTS codes, and what free text says of postcodes and towns."""

from __future__ import annotations

import re
from collections.abc import Iterable

from matchmaker.domain.notice import Place
from matchmaker.sources.countries import country_of_nuts

_NUTS = re.compile(r"[A-Z]{2}[0-9A-Z]{0,3}")
_POSTCODE = re.compile(
    r"(?<![\d.,=])((?:0[1-9]|[1-8]\d|9[0-57])\d{3})(?!\d|[.,]\d|\s*(?:m²|m2|€|euros?|tonnes?|km|heures?|habitants))"
    r"(?:\s*[—–-]?\s*((?:l[ae]s?\s+|l['’])?[A-ZÀ-Þ][^\d,;.:()|/\n—–]{1,45}))?"
)
_CEDEX = re.compile(r"\s+c[ée]dex.*$", re.IGNORECASE)
_TOWN = re.compile(
    r"(?:(?:ville|commune|mairie)\s+d(?:e\s+|['’]\s*))?"
    r"((?:L[ae]s?\s+|L['’])?[A-ZÀ-Þ][\w'’]+(?:[ -][\w'’]+){0,5})(?:\s+\d{1,2}e)?\.?",
    re.IGNORECASE,
)
_NOT_A_TOWN = re.compile(
    r"\b(?:france|r[ée]gions?|r[ée]gional|d[ée]partements?|d[ée]partemental|m[ée]tropole|eurom[ée]tropole|"
    r"communaut[ée]s?|agglom[ée]ration|territoires?|territorial|plages?|sites?|centres?|locaux|bureaux|siège|"
    r"école|coll[èe]ge|lycée|groupe|campus|hôpital|hôpitaux|chu?|eps|ehpad|aéroports?|aérodrome|port|gare|zone|"
    r"quartier|arrondissements?|communes|ville|nationale?|titulaire|technicentre|lieux?|[îi]le|réseau|ensemble|"
    r"divers|voir|monde|états|et|métropolitaine|secteur|bâtiments?|périmètre|pays|lignes?|alpes|occitanie|"
    r"normandie|bretagne|aquitaine|bourgogne|corse|picardie|calais|lorraine|alsace|auvergne|limousin|"
    r"languedoc|roussillon|guadeloupe|martinique|guyane|réunion|mayotte)\b",
    re.IGNORECASE,
)


def nuts_code(text: str) -> str:
    """The code as published if it has the shape of one, else an empty text."""
    code = text.strip().upper()
    return code if _NUTS.fullmatch(code) else ""


def postcode(text: str) -> str:
    """A postal code of plausible length, as published."""
    code = " ".join(text.split())
    return code if len(code) <= 10 else ""


def places_from_text(nuts_codes: Iterable[str], site: str) -> tuple[Place, ...]:
    """NUTS codes, made precise by a French postcode or a lone town name in ``site`` when there is one.

    A town without postcode is a hint: only a table of communes can confirm it.
    """
    codes = list(dict.fromkeys(filter(None, map(nuts_code, nuts_codes))))
    french = all(country_of_nuts(code) == "FR" for code in codes)
    towns = _towns(site) if french else []
    if not towns:
        return tuple(Place(nuts=code, country=country_of_nuts(code)) for code in codes)
    nuts = codes[0] if len(codes) == 1 else ""
    precise = [Place(nuts=nuts, postcode=code, city=city, country="FR") for code, city in towns]
    if len(codes) > 1:
        precise += [Place(nuts=code, country="FR") for code in codes]
    return tuple(precise)


def _towns(site: str) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for match in _POSTCODE.finditer(site):
        found[match[1]] = found.get(match[1]) or _city(match[2] or "")
    if found:
        return list(found.items())
    alone = _TOWN.fullmatch(_CEDEX.sub("", site.strip()))
    town = alone[1] if alone else ""
    if town[:1].isupper() and not any(map(str.isdigit, town)) and not _NOT_A_TOWN.search(town):
        return [("", town)]
    return []


def _city(text: str) -> str:
    city = _CEDEX.sub("", text).strip(" -'’")
    return city if len(city.split()) <= 5 else ""
