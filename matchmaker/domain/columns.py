"""Which column of a network's list says what: guessed from headers and values, shown, corrected by a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from matchmaker.domain.siret import is_valid_siret

FIELDS = (
    "name",
    "sigle",
    "trade_name",
    "siret",
    "address",
    "postcode",
    "city",
    "commune_code",
    "departement",
    "legal_form",
    "naf",
    "kind",
)
_SURE, _LIKELY, _LEAST = 1.0, 0.6, 0.45
# A whole header, then words that suffice inside one.
_HEADERS: Mapping[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "name": (
        frozenset(
            [
                "nom",
                "name",
                "raisonsociale",
                "denomination",
                "structure",
                "entreprise",
                "organisme",
                "adherent",
                "nomdelastructure",
                "nomstructure",
                "denominationsociale",
                "association",
                "membre",
                "etablissement",
            ]
        ),
        ("raisonsociale", "denomination", "nom", "structure", "organisme", "adherent"),
    ),
    "sigle": (frozenset(["sigle", "acronyme"]), ("sigle", "acronyme")),
    "trade_name": (frozenset(["enseigne", "nomcommercial", "nomdusage", "marque"]), ("enseigne", "commercial")),
    "siret": (frozenset(["siret", "nsiret", "numerosiret", "codesiret"]), ("siret",)),
    "address": (frozenset(["adresse", "address", "rue", "voie", "adressepostale"]), ("adresse", "rue", "voie")),
    "postcode": (frozenset(["cp", "codepostal", "postcode", "codepost", "zip"]), ("postal",)),
    "city": (frozenset(["ville", "commune", "city", "localite", "town"]), ("ville", "commune", "localite")),
    "commune_code": (frozenset(["insee", "codeinsee", "codecommune", "communecode"]), ("insee", "codecommune")),
    "departement": (frozenset(["departement", "dep", "dept", "dpt"]), ("departement",)),
    "legal_form": (frozenset(["formejuridique", "statut", "statutjuridique", "forme"]), ("juridique", "statut")),
    "naf": (frozenset(["naf", "ape", "codenaf", "codeape"]), ("naf", "codeape")),
    "kind": (frozenset(["type", "typesiae", "agrement", "typedestructure", "categorie"]), ("typede", "siae")),
}
_CONTACT = re.compile(
    r"mail|courriel|tel(?!et|ier)|phone|mobile|portable|fax|contact|dirigeant|president|responsable|directeur|"
    r"directrice|prenom|interlocut|referent|gerant|civilite|nomdefamille|naissance"
)
_MAIL_OR_PHONE = re.compile(r"\S@\S+\.\w|(?:\+33|\b0)\s?[1-9](?:[\s.\-]?\d{2}){4}\b")
_FORMS = re.compile(
    r"^(?:association|asso|loi 1901|scop|scic|sa|sas|sasu|sarl|eurl|sci|fondation|mutuelle|coop\w*|geiq|\d{4})\b", re.I
)
_PATTERNS: Mapping[str, Callable[[str], bool]] = {
    "siret": lambda text: is_valid_siret("".join(text.split()).zfill(14)) and len("".join(text.split())) > 12,
    "postcode": lambda text: re.fullmatch(r"(?:F-?)?\d{2}\s?\d{3}|\d{4}", text) is not None,
    "commune_code": lambda text: re.fullmatch(r"\d{5}|2[AB]\d{3}", text) is not None,
    "departement": lambda text: re.fullmatch(r"\d{2}|2[AB]|97\d", text) is not None,
    "naf": lambda text: re.fullmatch(r"\d{2}\.?\d{2}\s?[A-Z]", text) is not None,
    "legal_form": lambda text: _FORMS.match(text) is not None,
    "kind": lambda text: text.upper() in ("EI", "ETTI", "ACI", "AI", "EITI", "EA", "EATT", "ESAT", "GEIQ"),
    "sigle": lambda text: re.fullmatch(r"[A-Z0-9&.\-]{2,12}", text) is not None,
    "address": lambda text: re.match(r"\d{1,4}\s?(?:bis|ter|quater)?,?\s+\D", text, re.I) is not None,
}
_NEED_PATTERN = ("siret", "postcode", "commune_code", "departement", "naf")  # a value of another shape is no such thing

Row = Mapping[str, str]


def plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.lower().replace("œ", "oe").replace("°", ""))
    return re.sub(r"[^a-z0-9]", "", letters)


def contacts(columns: Sequence[str], rows: Sequence[Row]) -> tuple[str, ...]:
    """Columns that speak of persons, mails or phones: never kept."""
    return tuple(
        column
        for column in columns
        if _CONTACT.search(plain(column)) or _share(column, rows, lambda text: bool(_MAIL_OR_PHONE.search(text))) > 0.2
    )


def guess(columns: Sequence[str], rows: Sequence[Row]) -> dict[str, str]:
    """Field -> column, each column at most once, the surest first; what nothing tells is left out."""
    merits = sorted(
        (
            (-merit, FIELDS.index(field), place, column)
            for place, column in enumerate(columns)
            for field in FIELDS
            if (merit := _merit(field, column, rows)) >= _LEAST
        )
    )
    found: dict[str, str] = {}
    for _, number, _, column in merits:
        field = FIELDS[number]
        if field not in found and column not in found.values():
            found[field] = column
    if "name" not in found and (column := _wordiest(columns, rows, found)):
        found["name"] = column
    return {field: found[field] for field in FIELDS if field in found}


def _merit(field: str, column: str, rows: Sequence[Row]) -> float:
    """How likely a column holds a field: what its header says, and whether its values look the part."""
    whole, parts = _HEADERS[field]
    header = plain(column)
    said = _SURE if header in whole else _LIKELY if any(part in header for part in parts) else 0.0
    pattern = _PATTERNS.get(field)
    if pattern is None:
        return said
    looks = _share(column, rows, pattern)
    if field in _NEED_PATTERN:
        silent = not any(row.get(column, "").strip() for row in rows)
        return said * (1.0 if silent else looks) + (0.5 * looks if field in ("siret", "naf", "postcode") else 0.0)
    return said + (0.2 * looks if said else 0.0) + (0.5 * looks if field == "kind" else 0.0)


def _share(column: str, rows: Sequence[Row], looks: Callable[[str], bool]) -> float:
    texts = [text for row in rows if (text := row.get(column, "").strip())]
    return sum(map(looks, texts)) / len(texts) if texts else 0.0


def _wordiest(columns: Sequence[str], rows: Sequence[Row], taken: Mapping[str, str]) -> str:
    """Without a header that says so, the name is where values are texts, each its own."""

    def merit(column: str) -> float:
        texts = [row.get(column, "").strip() for row in rows]
        letters = sum(sum(map(str.isalpha, text)) > 0.6 * len(text) > 0 for text in texts)
        return letters * len(set(texts))

    free = [column for column in columns if column not in taken.values() and not _CONTACT.search(plain(column))]
    return max(free, key=merit, default="") if any(merit(column) for column in free) else ""


def understood(values: Row, mapping: Mapping[str, str]) -> dict[str, str]:
    """What a row says, field by field; a postcode written with the town or at the end of the address is found."""
    said = {field: values.get(column, "").strip() for field, column in mapping.items() if column}
    if not said.get("postcode"):
        # In an address the postcode comes last, before the town; in front stands a house number.
        for field, shape in (("city", r"^\D*\b(\d{5})\b\s*(\D*)$"), ("address", r"\S[\s,]+(\d{5})\b\s*(\D*)$")):
            if match := re.search(shape, said.get(field, "")):
                said["postcode"] = match[1]
                said["city"] = match[2].strip(" ,") or ("" if field == "city" else said.get("city", ""))
                break
    return {field: text for field, text in said.items() if text}
