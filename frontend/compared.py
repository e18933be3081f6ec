"""A row of a network's list beside the firms it may stand for: what agrees, what differs, how far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from rapidfuzz import fuzz

from frontend.words import DIRECTORY_FIELDS
from geo.domain.codes import search_name
from geo.domain.distance import distance_km
from geo.domain.point import Point
from geo.queries import gazetteer
from matchmaker.domain.columns import understood
from matchmaker.labels import labels_of
from matchmaker.models import Directory, DirectoryRow, Firm
from matchmaker.queries import PublicFirm, public_firm, with_commune

KEYS = 9
_ALIKE, _NEAR = 90.0, 60.0  # how alike two texts are to be shown as agreeing, or as nearly so


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a comparison; ``agrees`` is "yes", "near", "no", or "" when one side is silent."""

    label: str
    value: str
    agrees: str


@dataclass(frozen=True, slots=True)
class Shown:
    key: int
    firm: PublicFirm
    probability: float
    facts: tuple[Fact, ...]
    active: bool


def said(directory: Directory, row: DirectoryRow) -> dict[str, str]:
    return understood(row.values, directory.mapping)


def review(directory: Directory, row: DirectoryRow) -> dict[str, Any]:
    """What the page shows of a row. Three queries, the gazetteer apart."""
    mine = said(directory, row)
    related, heavy = with_commune()
    numbers = [one["firm"] for one in row.candidates[:KEYS]]
    firms = Firm.objects.select_related(*related).defer(*heavy).in_bulk(numbers)
    forms = {one.code: one.label for one in labels_of("legal_form", [firm.legal_form for firm in firms.values()])}
    activities = {one.code: one.label for one in labels_of("naf", [firm.naf for firm in firms.values()])}
    kept = [one for one in row.candidates[:KEYS] if one["firm"] in firms]
    here = _place(mine)
    shown = []
    for key, one in enumerate(kept, start=1):
        firm = firms[one["firm"]]
        facts = tuple(_facts(mine, firm, here, forms, activities))
        shown.append(Shown(key, public_firm(firm), one["probability"], facts, firm.active))
    told = [(label, mine[field]) for field, label in DIRECTORY_FIELDS.items() if mine.get(field)]
    return {"said": told, "shown": shown}


def _facts(
    mine: dict[str, str], firm: Firm, here: Point | None, forms: dict[str, str], activities: dict[str, str]
) -> list[Fact]:
    public = public_firm(firm)
    facts = [
        Fact(_("Nom"), public.name, "" if public.masked else _alike(mine.get("name", ""), firm.name, firm.trade_name)),
        Fact(_("Enseigne ou sigle"), public.trade_name, ""),
        Fact(_("Commune"), f"{public.postcode} {public.city}".strip(), _same_town(mine, public, firm)),
        Fact(_("Adresse"), public.address, "" if public.masked else _alike(mine.get("address", ""), public.address)),
        Fact(
            _("Activité (NAF)"),
            f"{firm.naf} {activities.get(firm.naf, '')}".strip(),
            _same_code(mine.get("naf", ""), firm.naf),
        ),
        Fact(_("Forme juridique"), forms.get(firm.legal_form) or firm.legal_form, ""),
        Fact(_("Type de structure"), firm.inclusive_kind, _same_kind(mine.get("kind", ""), firm.inclusive_kind)),
    ]
    if here and public.lon is not None and public.lat is not None:
        km = distance_km(here, Point(public.lon, public.lat))
        facts.append(
            Fact(_("Distance à vol d'oiseau"), f"{km:.0f} km", "yes" if km < 5 else "near" if km < 20 else "no")
        )
    return [fact for fact in facts if fact.value]


def _place(mine: dict[str, str]) -> Point | None:
    places = gazetteer()
    by_code = places.locate_commune(mine["commune_code"]) if mine.get("commune_code") else None
    found = by_code or places.locate(zipcode=mine.get("postcode", ""), city=mine.get("city", ""))
    return found.point if found else None


def _alike(one: str, *others: str) -> str:
    score = max((fuzz.token_set_ratio(search_name(one), search_name(other)) for other in others if other), default=0)
    if not one or not any(others):
        return ""
    return "yes" if score >= _ALIKE else "near" if score >= _NEAR else "no"


def _same_town(mine: dict[str, str], public: PublicFirm, firm: Firm) -> str:
    code, town = mine.get("postcode", "").zfill(5), search_name(mine.get("city", ""))
    if not mine.get("postcode") and not town:
        return ""
    if (town and town in (search_name(public.city), search_name(firm.city))) or code == public.postcode:
        return "yes"
    return "near" if public.postcode[:2] and code[:2] == public.postcode[:2] else "no"


def _same_code(one: str, other: str) -> str:
    one, other = one.replace(".", "").upper(), other.replace(".", "")
    if not one or not other:
        return ""
    return "yes" if one == other else "near" if one[:2] == other[:2] else "no"


def _same_kind(one: str, other: str) -> str:
    return "" if not one or not other else "yes" if one.upper() == other else "no"
