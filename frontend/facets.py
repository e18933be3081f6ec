"""Facets and chips of the list of lots: choices with their counts, and links that lift one filter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortia.queries import STATES, Facets
from frontend import words
from matchmaker.queries import AMOUNTS, DEADLINES, RESERVATIONS, LotFilter

OPEN_CHOICES = 6  # further ones wait in a fold

DEADLINE_LABELS = {
    "7": gettext_lazy("moins de 7 jours"),
    "21": gettext_lazy("7 à 20 jours"),
    "45": gettext_lazy("21 à 44 jours"),
    "later": gettext_lazy("45 jours ou plus"),
    "none": gettext_lazy("sans date publiée"),
}
AMOUNT_LABELS = {"known": gettext_lazy("montant publié"), "unknown": gettext_lazy("montant non publié")}
SORT_LABELS = {
    "deadline": gettext_lazy("Échéance la plus proche"),
    "amount": gettext_lazy("Montant le plus élevé"),
    "published": gettext_lazy("Publication la plus récente"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    count: int
    checked: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """One group of checkboxes or radios. ``more`` are the rarer choices."""

    name: str
    label: str
    kind: str  # checkbox | radio
    choices: list[Choice]
    more: list[Choice]


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter and the address without it."""

    label: str
    href: str


def facet_groups(wanted: LotFilter, counted: Facets, trades: Mapping[str, str]) -> list[Facet]:
    """``trades`` maps a trade code to its label."""
    return [
        _fixed("state", _("Qui peut répondre"), STATES, _state_labels(), counted.states, wanted.states),
        _open(
            "trade",
            _("Métier"),
            [(code, trades.get(code, code), n) for code, n in counted.trades],
            wanted.trades,
            trades,
        ),
        _open(
            "dep",
            _("Département"),
            sorted(
                ((code, f"{name} ({code})", n) for code, name, n in counted.departements),
                key=lambda row: -row[2],
            ),
            wanted.departements,
            {},
        ),
        _radios(
            "deadline",
            _("Échéance"),
            (*DEADLINES, "none"),
            DEADLINE_LABELS,
            counted.deadline,
            wanted.deadline,
        ),
        _fixed(
            "reserved",
            _("Réservation"),
            RESERVATIONS,
            _reservation_labels(),
            counted.reserved,
            wanted.reserved,
        ),
        _radios("amount", _("Montant"), AMOUNTS, AMOUNT_LABELS, counted.amount, wanted.amount),
    ]


def _state_labels() -> dict[str, str]:
    return {state: str(label) for state, (label, _mark) in words.STATES.items()}


def _reservation_labels() -> dict[str, str]:
    return {code: str(label) for code, (label, _article) in words.RESERVATIONS.items()}


def _fixed(
    name: str,
    label: str,
    values: tuple[str, ...],
    labels: Mapping[str, str],
    counts: Mapping[str, int],
    on: tuple[str, ...],
) -> Facet:
    choices = [Choice(value, str(labels[value]), counts.get(value, 0), value in on) for value in values]
    return Facet(name, label, "checkbox", [one for one in choices if one.count or one.checked], [])


def _open(
    name: str, label: str, rows: list[tuple[str, str, int]], on: tuple[str, ...], labels: Mapping[str, str]
) -> Facet:
    """A long list: what is ticked first, then the most frequent; the rest is folded."""
    known = {value for value, _label, _n in rows}
    ticked = [Choice(value, labels.get(value, value), 0, True) for value in on if value not in known]
    choices = ticked + [Choice(value, text, n, value in on) for value, text, n in rows]
    choices.sort(key=lambda one: not one.checked)
    shown = max(OPEN_CHOICES, sum(one.checked for one in choices))
    return Facet(name, label, "checkbox", choices[:shown], choices[shown:])


def _radios(
    name: str,
    label: str,
    values: tuple[str, ...],
    labels: Mapping[str, object],
    counts: Mapping[str, int],
    on: str,
) -> Facet:
    choices = [Choice(value, str(labels[value]), counts.get(value, 0), value == on) for value in values]
    everything = Choice("", _("indifférent"), sum(counts.values()), not on)
    return Facet(name, label, "radio", [everything, *(one for one in choices if one.count or one.checked)], [])


def chips(query: QueryDict, wanted: LotFilter, groups: list[Facet]) -> list[Chip]:
    """One link a ticked filter, in the order of the facets."""
    found = []
    if wanted.q:
        found.append(Chip(_("« %(q)s »") % {"q": wanted.q}, _href(query, "q", None)))
    for group in groups:
        for choice in [*group.choices, *group.more]:
            if choice.checked and choice.value:
                found.append(Chip(f"{group.label} : {choice.label}", _href(query, group.name, choice.value)))
    return found


def _href(query: QueryDict, name: str, value: str | None) -> str:
    rest = query.copy()
    kept = [one for one in rest.getlist(name) if value is not None and one != value]
    rest.setlist(name, kept)
    rest.pop("page", None)
    clean = QueryDict(mutable=True)
    for key, values in rest.lists():
        if any(values):
            clean.setlist(key, [one for one in values if one])
    return f"?{clean.urlencode()}"
