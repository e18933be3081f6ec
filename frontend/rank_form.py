"""The form above a ranking: its choices, the chips that lift them, and what lifting each would bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from frontend import charts, words
from frontend.ranking import KINDS, LEAST, ORDINARY, OWN, WITHIN_KM, Ranking, Wanted, ask
from matchmaker.domain.score import Formula
from matchmaker.models import Lot


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    checked: bool
    title: str = ""


@dataclass(frozen=True, slots=True)
class Slider:
    """``official``: points the service gives; ``points``: what the slider comes to once all make 100."""

    name: str
    key: str
    label: str
    value: int
    official: float


@dataclass(frozen=True, slots=True)
class Lift:
    """An active filter, and the addresses without it: of the page, and of the part htmx replaces."""

    label: str
    href: str
    part: str
    firms: int | None = None  # how many firms would then be left


@dataclass(frozen=True, slots=True)
class RankForm:
    kinds: list[Choice]
    within: list[Choice]
    least: list[Choice]
    sliders: list[Slider]


def rank_form(wanted: Wanted, official: Formula, kinds: Mapping[str, str]) -> RankForm:
    """``kinds``: labels of the inclusive kinds by code."""
    labels = charts.part_labels()
    return RankForm(
        kinds=[Choice(code, _kind_label(code), code in wanted.kinds, kinds.get(code, "")) for code in KINDS],
        within=[
            Choice("", _("indifférent"), not wanted.within_km),
            *(Choice(str(km), words.kilometres(km), km == wanted.within_km) for km in WITHIN_KM),
        ],
        least=[
            Choice("", _("indifférent"), not wanted.least),
            *(Choice(str(score), str(score), score == wanted.least) for score in LEAST),
        ],
        sliders=[
            Slider(OWN + part, part, labels[part], wanted.sliders[part], points)
            for part, points in official.weights.items()
        ],
    )


def _kind_label(code: str) -> str:
    return _("Entreprises ordinaires") if code == ORDINARY else code


def lifts(lot: Lot, wanted: Wanted) -> list[Lift]:
    """One chip an active filter."""
    return [_lift(lot, label, rest) for label, rest in _active(wanted)]


def advice(lot: Lot, wanted: Wanted, official: Formula) -> list[Lift]:
    """What lifting each filter would bring, most firms first. One question to the index each."""
    found = []
    for label, rest in _active(wanted):
        answer = ask(lot, rest, official)
        firms = len(answer.top) if rest.least else answer.supply
        found.append(_lift(lot, label, rest, firms))
    return sorted(found, key=lambda lift: -(lift.firms or 0))


def _active(wanted: Wanted) -> list[tuple[str, Wanted]]:
    """(what is asked, the same without it)."""
    active = [(_kind_label(kind), wanted.without("kinds", kind)) for kind in wanted.kinds]
    if wanted.ess_only:
        active.append((_("ESS seulement"), wanted.without("ess_only")))
    if wanted.alone:
        active.append((_("capables seules"), wanted.without("alone")))
    if wanted.within_km:
        active.append(
            (_("à moins de %(km)s") % {"km": words.kilometres(wanted.within_km)}, wanted.without("within_km"))
        )
    if wanted.least:
        active.append((_("score d'au moins %(n)d") % {"n": wanted.least}, wanted.without("least")))
    return active


def _lift(lot: Lot, label: str, rest: Wanted, firms: int | None = None) -> Lift:
    return Lift(label, page_address(lot, rest), part_address(lot, rest), firms)


def page_address(lot: Lot, wanted: Wanted, *, title: bool = True) -> str:
    """The shareable address of a ranking."""
    query = wanted.query().urlencode()
    address = reverse("lot", args=[lot.pk]) + (f"?{query}" if query else "")
    return f"{address}#ranking-title" if title else address


def part_address(lot: Lot, wanted: Wanted) -> str:
    query = wanted.query().urlencode()
    return reverse("lot-ranking", args=[lot.pk]) + (f"?{query}" if query else "")


def said(ranking: Ranking) -> str:
    """The count, in one sentence a screen reader announces at each change."""
    shown, wanted = len(ranking.rows), ranking.wanted
    if not shown:
        return _("Aucune entreprise ne répond à ces filtres.")
    if wanted.least and shown < wanted.count:
        return ngettext(
            "%(n)s entreprise a un score d'au moins %(least)d.",
            "%(n)s entreprises ont un score d'au moins %(least)d.",
            shown,
        ) % {"n": words.grouped(shown), "least": wanted.least}
    total = ngettext(
        "%(n)s entreprise à portée et éligible", "%(n)s entreprises à portée et éligibles", ranking.supply
    ) % {"n": words.grouped(ranking.supply)}
    alone = ngettext(", dont %(n)s capable seule", ", dont %(n)s capables seules", ranking.solo) % {
        "n": words.grouped(ranking.solo)
    }
    best = _(" ; voici les %(n)d meilleures") % {"n": shown} if ranking.supply > shown else ""
    return f"{total}{alone if ranking.solo else ''}{best}."
