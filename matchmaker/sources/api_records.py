"""Records of APIs laid flat, as a table would hold them.

- INSEE's Sirene API nests the legal unit, the address and the periods: laid flat it has the columns of the stock;
- the API Recherche d'entreprises gives a legal unit with its establishments: one row an establishment, the unit's
  own fields behind ``unite.``. Its clients rewrite its names in camelCase: both spellings give the same columns;
- anything else: nested objects as ``a.b``, lists of plain values joined by "|".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from matchmaker.sources.rows import as_text

Json = Mapping[str, Any]
_NATURAL_PERSON: Final = "1000"  # names of natural persons are neither kept nor shown
_PERSON_NAMES: Final = ("nomUniteLegale", "nomUsageUniteLegale", "prenom1UniteLegale", "prenomUsuelUniteLegale")
_NOMENCLATURES: Final = ("NAFRev2", "NAF2025")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def rows_of(record: Json) -> Iterator[dict[str, str]]:
    """The rows a record makes: one, or one an establishment."""
    if isinstance(fields := record.get("fields"), dict):  # Opendatasoft's v1, Django's fixtures
        record = fields
    if record.get("type") == "Feature" and isinstance(record.get("properties"), dict):
        yield flattened(record["properties"]) | _coordinates(record)
    elif "periodesEtablissement" in record or "adresseEtablissement" in record or "periodesUniteLegale" in record:
        yield _insee(record)
    elif isinstance(record.get("siege"), dict):
        yield from _establishments(record)
    else:
        yield flattened(record)


def flattened(record: Json, prefix: str = "") -> dict[str, str]:
    """Plain values by their path. Lists of objects are left out."""
    row: dict[str, str] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            row |= flattened(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            row[f"{prefix}{name}"] = "|".join(as_text(item) for item in value if not isinstance(item, dict | list))
        else:
            row[f"{prefix}{name}"] = as_text(value)
    return row


def _coordinates(record: Json) -> dict[str, str]:
    geometry = record.get("geometry") or {}
    if geometry.get("type") != "Point":
        return {}
    lon, lat = geometry["coordinates"][:2]
    return {"longitude": as_text(lon), "latitude": as_text(lat)}


# ---------------------------------------------------------------- INSEE


def _insee(record: Json) -> dict[str, str]:
    """The columns of the stock; of several periods, the one still open."""
    unit = record.get("uniteLegale") or {}
    parts = [
        unit,
        _current(unit.get("periodesUniteLegale")),
        record,
        _current(record.get("periodesUniteLegale")),
        _current(record.get("periodesEtablissement")),
        record.get("adresseEtablissement") or {},
    ]
    row: dict[str, str] = {}
    for part in parts:
        plain = {name: as_text(value) for name, value in part.items() if not isinstance(value, dict | list)}
        row |= {name: "" if value == "MASQUE" else value for name, value in plain.items()}
    for level in ("Etablissement", "UniteLegale"):
        _keep_known_nomenclature(row, level)
    if row.get("categorieJuridiqueUniteLegale") == _NATURAL_PERSON:
        row |= dict.fromkeys(_PERSON_NAMES, "")
    return row


def _current(periods: Any) -> Json:
    """The period without end, else the latest."""
    known = [period for period in periods or () if isinstance(period, dict)]
    return max(known, key=lambda period: (not period.get("dateFin"), period.get("dateDebut") or ""), default={})


def _keep_known_nomenclature(row: dict[str, str], level: str) -> None:
    """Codes of 1993 or earlier mean other things today; from 2027 the main code is one of NAF 2025."""
    main, nomenclature = f"activitePrincipale{level}", row.get(f"nomenclatureActivitePrincipale{level}", "")
    if nomenclature == "NAF2025":
        row.setdefault(f"activitePrincipaleNAF25{level}", row.get(main, ""))
        row[main] = ""
    elif nomenclature and nomenclature not in _NOMENCLATURES:
        row[main] = ""


# ---------------------------------------------------------------- Recherche d'entreprises


def _establishments(unit: Json) -> Iterator[dict[str, str]]:
    """One row an establishment, each once, the head office first."""
    unit = _snake(unit)
    own = {name: value for name, value in unit.items() if name not in ("siege", "etablissements")}
    about = {f"unite.{name}": value for name, value in flattened(own).items()}
    if about.get("unite.nature_juridique") == _NATURAL_PERSON:
        about = {name: value for name, value in about.items() if not name.startswith("unite.nom")}
    listed = unit.get("etablissements")
    groups = [unit["siege"]], unit.get("matching_etablissements"), listed.get("all") if isinstance(listed, dict) else ()
    seen: set[str] = set()
    for establishment in (one for group in groups for one in group or ()):
        siret = as_text(establishment.get("siret"))
        if siret not in seen:
            seen.add(siret)
            yield about | flattened(establishment)


def _snake(value: Any) -> Any:
    """camelCase names as the API itself writes them."""
    if isinstance(value, dict):
        return {_HUMP.sub("_", name).lower(): _snake(item) for name, item in value.items()}
    return [_snake(item) for item in value] if isinstance(value, list) else value
