"""The form of a need: what was typed, what it means, and what to correct, field by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from rapidfuzz import fuzz, process

from allotment.domain.need import TradeNeed
from allotment.domain.placelist import PlaceList, Unread, read_places
from allotment.edit import Content
from allotment.models import Need
from allotment.queries import MOST_PLACES
from frontend import words
from geo.domain.codes import search_name
from geo.domain.gazetteer import Gazetteer
from matchmaker.domain.reference import Reference
from matchmaker.domain.trade import lot_trades, trades_of_cpv

TEXTS = ("title", "description", "nature", "months", "start", "launched_on", "constraints_text", "exclusive_grouping")
LIMITS = ("max_lots_bid", "max_lots_won")
FIELDS = (*TEXTS, *LIMITS, "places", "organisation")
MOST_ROWS = 12
MOST_MONTHS = 240
MOST_EUR = 10**10
MOST_HOURS = 10**7
MOST_WEIGHT = 10**8
LONGEST = 60_000  # characters of a field: a list of all communes of France is refused, not read
_UNITS = {
    "": 1,
    "€": 1,
    "eur": 1,
    "euros": 1,
    "k€": 1000,
    "keur": 1000,
    "k": 1000,
    "m€": 10**6,
    "meur": 10**6,
    "m": 10**6,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A trade as typed, and what it means."""

    number: int
    what: str = ""
    amount: str = ""
    hours: str = ""
    said: str = ""  # the trade and its codes, once understood
    error: str = ""


@dataclass
class Form:
    """``typed`` is what the fields hold; ``content`` what they mean, when there is no error."""

    typed: dict[str, str]
    rows: list[Row]
    weights: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)  # by id of a field
    unread: tuple[Unread, ...] = ()
    codes: tuple[str, ...] = ()
    content: Content | None = None


def blank(organisation: int, today: date) -> dict[str, Any]:
    """What a new form holds."""
    return {"organisation": str(organisation), "nature": "services", "months": "36", "launched_on": today.isoformat()}


def typed_of(post: QueryDict) -> dict[str, Any]:
    """The form as sent, cut to sensible lengths, without the character PostgreSQL refuses."""

    def text(name: str) -> str:
        return post.get(name, "").replace("\x00", "")[:LONGEST]

    rows = [[text(f"what-{n}"), text(f"amount-{n}"), text(f"hours-{n}")] for n in range(1, MOST_ROWS + 1)]
    names = [name for name in post if name.startswith("weight-")][:MOST_PLACES]
    weights = {name.removeprefix("weight-")[:5]: text(name)[:12] for name in names}
    return {name: text(name) for name in FIELDS} | {"rows": rows, "weights": weights}


def typed_from(need: Need, known: Gazetteer) -> dict[str, Any]:
    """The fields that would give a saved need again. Two queries."""
    places = list(need.places.values_list("commune_id", "weight"))
    named = [known.communes[code] for code, _weight in places if code in known.communes]
    return {
        "organisation": str(need.organisation_id),
        "title": need.title,
        "description": need.description,
        "nature": need.nature,
        "months": str(need.months),
        "start": need.start.isoformat() if need.start else "",
        "launched_on": need.launched_on.isoformat(),
        "constraints_text": need.constraints_text,
        "exclusive_grouping": "1" if need.exclusive_grouping else "",
        "max_lots_bid": str(need.max_lots_bid or ""),
        "max_lots_won": str(need.max_lots_won or ""),
        "places": "\n".join(f"{one.name} ({one.code})" for one in named),
        "weights": {code: str(weight) for code, weight in places},
        "rows": [
            [" ".join(one.cpvs) or one.trade, str(one.amount_eur), str(one.transferred_hours or "")]
            for one in need.trades.all()
        ],
    }


def read(said: Mapping[str, Any], tables: Reference, known: Gazetteer) -> Form:
    """Understand what was typed; every error is told at once."""
    typed = {name: str(said.get(name, "")) for name in FIELDS}
    errors: dict[str, str] = {}
    rows, trades = _rows(said.get("rows", []), tables, errors)
    places = read_places(typed["places"], known)
    form = Form(typed, rows, dict(said.get("weights", {})), errors, places.unread, places.codes)
    weights = _weights(form, places, known)
    fields = _fields(typed, errors)
    if not errors:
        form.content = Content(fields, trades, weights)
    return form


def _fields(typed: Mapping[str, str], errors: dict[str, str]) -> dict[str, Any]:
    title = typed["title"].strip()
    if not title:
        errors["title"] = _("Donnez un objet au besoin : une ligne suffit, par exemple « Entretien des bâtiments ».")
    elif len(title) > 250:
        errors["title"] = _("L'objet dépasse 250 caractères : gardez l'essentiel, la description accueille le reste.")
    if typed["nature"] not in Need.Nature.values:
        errors["nature"] = _("Choisissez services, fournitures ou travaux.")
    launched = _date(typed["launched_on"])
    if launched is None:
        errors["launched_on"] = _("Donnez la date prévue de la consultation, par exemple 2027-03-15.")
    if typed["start"] and _date(typed["start"]) is None:
        errors["start"] = _("Cette date est illisible : écrivez-la comme 2027-03-15, ou laissez vide.")
    months = _whole(typed["months"], MOST_MONTHS)
    if months is None:
        errors["months"] = _("La durée est un nombre entier de mois, de 1 à %(n)d.") % {"n": MOST_MONTHS}
    limits = {name: _whole(typed[name], MOST_ROWS) for name in LIMITS}
    for name in LIMITS:
        if typed[name].strip() and limits[name] is None:
            errors[name] = _("Écrivez un nombre de lots de 1 à %(n)d, ou laissez vide.") % {"n": MOST_ROWS}
    return {
        "title": title,
        "description": typed["description"].strip(),
        "nature": typed["nature"],
        "months": months,
        "start": _date(typed["start"]),
        "launched_on": launched,
        "constraints_text": typed["constraints_text"].strip(),
        "exclusive_grouping": bool(typed["exclusive_grouping"]),
        **limits,
    }


def _rows(said: Any, tables: Reference, errors: dict[str, str]) -> tuple[list[Row], list[TradeNeed]]:
    """Rows as typed with two blank ones after them, and the trades they mean."""
    rows, trades, seen = [], [], dict[str, int]()
    filled = [one for one in said if any(str(part).strip() for part in one)][:MOST_ROWS]
    for number, (what, amount, hours) in enumerate(filled, start=1):
        found = trade_of(what, tables)
        eur, taken_over = euros_of(amount), _whole(hours, MOST_HOURS) if hours.strip() else 0
        error = ""
        if found is None:
            error = _("Ce métier n'est pas reconnu : choisissez-le dans la liste, ou tapez son code CPV à 8 chiffres.")
            errors[f"what-{number}"] = error
        elif found[0] in seen:
            error = _("Ce métier est déjà à la ligne %(n)d : réunissez leurs montants.") % {"n": seen[found[0]]}
            errors[f"what-{number}"] = error
        if eur is None:
            errors[f"amount-{number}"] = error = _("Donnez un montant supérieur à zéro, hors taxes, durée entière.")
        if taken_over is None:
            errors[f"hours-{number}"] = error = _("Les heures reprises sont un nombre entier, ou rien.")
        rows.append(Row(number, what, amount, hours, _said(found, tables), error))
        if found and found[0] not in seen and eur and taken_over is not None:
            trades.append(TradeNeed(found[0], eur, found[1], taken_over))
        if found:
            seen.setdefault(found[0], number)
    if not filled:
        errors["what-1"] = _("Indiquez au moins un métier et son montant.")
    blanks = range(len(rows) + 1, min(MOST_ROWS, len(rows) + 2) + 1)
    return [*rows, *(Row(number) for number in blanks)], trades


def trade_of(text: str, tables: Reference) -> tuple[str, tuple[str, ...]] | None:
    """The trade meant by its code, its name, words, or CPV codes (then kept with it); None when none is."""
    cpvs = tuple(dict.fromkeys(re.findall(r"(?<!\d)(\d{8})(?:-\d)?(?!\d)", text)))
    if cpvs:
        options = trades_of_cpv(cpvs[0], tables)
        return (max(options, key=lambda code: (options[code], code)), cpvs) if options else None
    code = re.search(r"\bT\d\d\b", text.upper())
    if code and code.group() in tables.trades:
        return code.group(), ()
    name = search_name(text)
    if not name:
        return None
    by_name = {search_name(trade.label): code for code, trade in tables.trades.items()}
    spoken = lot_trades((), tables, text)
    near = process.extractOne(name, by_name.keys(), scorer=fuzz.WRatio, score_cutoff=88)
    if name in by_name:
        return by_name[name], ()
    if spoken:
        return spoken[0].trade, ()
    return (by_name[near[0]], ()) if near else None


def trade_in_words(text: str, tables: Reference) -> str:
    """The trade that words or codes mean, with its codes; "" when none."""
    return _said(trade_of(text, tables), tables)


def field_labels() -> dict[str, str]:
    """Fields whose two versions are compared when two tabs wrote."""
    return {
        "title": _("Objet"),
        "description": _("Description"),
        "nature": _("Nature"),
        "months": _("Durée en mois"),
        "start": _("Début d'exécution"),
        "launched_on": _("Date prévue de la consultation"),
        "constraints_text": _("Contraintes d'exécution"),
        "exclusive_grouping": _("Une seule candidature par entreprise"),
        "max_lots_bid": _("Lots demandés au plus"),
        "max_lots_won": _("Lots attribués au plus"),
    }


def short_fields() -> list[tuple[str, str, str]]:
    """(name, label, help) of the dates and numbers of the form."""
    labels = field_labels()
    helps = {
        "launched_on": _("Les seuils légaux sont ceux de ce jour."),
        "max_lots_bid": _("Article R2113-1 ; laissez vide pour ne pas limiter."),
        "max_lots_won": _("Article R2113-1 ; laissez vide pour ne pas limiter."),
    }
    names = ("months", "launched_on", "start", "max_lots_bid", "max_lots_won")
    return [(name, labels[name], helps.get(name, "")) for name in names]


def rows_in_words(form: Form) -> str:
    return " ; ".join(f"{row.said or row.what} : {row.amount}" for row in form.rows if row.what or row.amount)


def _said(found: tuple[str, tuple[str, ...]] | None, tables: Reference) -> str:
    if found is None:
        return ""
    trade = tables.trades[found[0]]
    return f"{trade.label} ({trade.code}), CPV {', '.join(found[1] or tuple(trade.cpvs)[:3])}"


def _weights(form: Form, places: PlaceList, known: Gazetteer) -> list[tuple[str, int]]:
    """Communes with their weights: as typed, else by population, at least one."""
    if places.unread:
        entries = words.joined([f"« {one.entry[:60]} »" for one in places.unread[:5]])
        form.errors["places"] = _("Pas compris dans la liste des communes : %(entries)s.") % {"entries": entries}
    elif not places.codes:
        form.errors["places"] = _("Indiquez au moins une commune : sur la carte, par intercommunalité, ou par son nom.")
    elif len(places.codes) > MOST_PLACES:
        form.errors["places"] = _("Un besoin compte au plus %(n)d communes ; celui-ci en a %(m)d : scindez-le.") % {
            "n": MOST_PLACES,
            "m": len(places.codes),
        }
    found = []
    for code in places.codes:
        written = form.weights.get(code, "").strip()
        weight = _whole(written, MOST_WEIGHT) if written else max(1, known.communes[code].population)
        if weight is None:
            form.errors[f"weight-{code}"] = _("Le poids de %(name)s est un nombre entier positif.") % {
                "name": known.communes[code].name
            }
        found.append((code, weight or 1))
    return found


def euros_of(text: str) -> int | None:
    """Whole euros in "1 200 000", "1,2 M€" or "350k€"; None when it is no positive amount."""
    plain = re.sub(r"[\s\u00a0\u202f]", "", text).lower()
    found = re.fullmatch(r"(\d+(?:[.,]\d+)?)([a-z€]*)", plain)
    if not found or found[2] not in _UNITS:
        return None
    try:
        value = Decimal(found[1].replace(",", ".")) * _UNITS[found[2]]
    except InvalidOperation:
        return None
    return round(value) if 1 <= value < MOST_EUR else None


def _whole(text: str, most: int) -> int | None:
    plain = re.sub(r"[\s\u00a0\u202f]", "", text)
    return int(plain) if plain.isascii() and plain.isdigit() and 1 <= int(plain[:12]) <= most else None


def _date(text: str) -> date | None:
    """ISO as the date fields of browsers send it, or 15/03/2027."""
    plain = text.strip()
    french = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", plain)
    try:
        return date(*map(int, french.group(3, 2, 1))) if french else date.fromisoformat(plain)
    except ValueError:
        return None
