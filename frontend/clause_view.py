"""The clauses page in figures and words: bars of hours, advice on reservations. Pure: no query."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from allotment.clause_sheet import ClauseSheet, LotSheet
from allotment.domain.clauses import Sizing
from allotment.domain.reserve import Advice, Held
from frontend import words

SCALE = 1.5  # the longest bar, in targets: what exceeds it is cut, and said


@dataclass(frozen=True, slots=True)
class HoursBar:
    """One line of the picture; positions in per cent of the scale. ``unsure`` is what statistical secrets hide."""

    key: str
    label: str
    figure: str
    sure: float
    unsure: float
    over: bool


def hours_bars(lot: LotSheet) -> list[HoursBar]:
    """What the lot could ask for, what the bassin and the inclusive firms can host, and what is kept."""
    sizing = lot.sized.sizing
    scale = SCALE * sizing.target or 1.0
    bars = [_bar("target", _("Objectif des métiers du lot"), (sizing.target, sizing.target), scale)]
    if sizing.hosted:
        bars.append(_bar("bassin", _("Ce que les recrutements du bassin permettent"), sizing.hosted, scale))
    if sizing.free_hours is not None:
        free = (sizing.free_hours, sizing.free_hours)
        bars.append(_bar("hosts", _("Ce que les structures inclusives proches peuvent accueillir"), free, scale))
    kept = 0 if lot.too_few_hours else sizing.asked
    asked = _bar("kept", _("Heures demandées par la clause"), (kept, kept), scale)
    return [*bars, replace(asked, figure=_("%(n)s h") % {"n": words.grouped(kept)})]  # exact: the text says it


def _bar(key: str, label: str, hours: tuple[float, float], scale: float) -> HoursBar:
    low, high = (min(100.0, 100 * value / scale) for value in hours)
    return HoursBar(key, label, interval(hours), low, high - low, hours[1] > scale)


def interval(hours: tuple[float, float]) -> str:
    low, high = (words.about(value) for value in hours)
    if low == high:
        return _("%(n)s h") % {"n": low}
    return _("%(low)s à %(high)s h") % {"low": low, "high": high}


def fit_index(sizing: Sizing) -> str:
    """HFI over 100, as an interval where it is one."""
    if sizing.fit is None:
        return ""
    low, high = (round(value) for value in sizing.fit.index)
    return f"{low}" if low == high else _("%(low)s à %(high)s") % {"low": low, "high": high}


def binding(lot: LotSheet) -> str:
    """Why the hours asked are what they are, in a sentence."""
    if lot.too_few_hours:
        return _(
            "Trop peu d'heures pour un objectif chiffré : le texte demande un accueil, une tâche confiée à une "
            "structure inclusive ou l'envoi des offres au service public de l'emploi."
        )
    if lot.sized.sizing.fit is None:
        return _(
            "Les besoins de recrutement du bassin ne sont pas connus ici : l'objectif des métiers est gardé tel quel."
        )
    return {
        "target": _("Le bassin et les structures inclusives peuvent accueillir tout l'objectif."),
        "bassin": _("Limité par le bassin : au-delà, il manquerait de candidats ou d'emplois de sortie."),
        "hosts": _("Limité par les places que les structures inclusives proches peuvent offrir."),
        "effort": _("Limité par l'effort d'insertion le plus élevé qu'une clause puisse demander."),
    }[lot.sized.sizing.binding]


def bassins(lot: LotSheet) -> str:
    """Published in capitals: "CLERMONT FERRAND"."""
    hiring = lot.sized.hiring
    return words.joined([name.title() if name.isupper() else name for name in hiring.bassins]) if hiring else ""


@dataclass(frozen=True, slots=True)
class Reserve:
    """A reservation in words; ``verdict``: possible, risky (one firm), empty (none) or unlawful."""

    label: str
    article: str
    firms: int
    verdict: str
    conditions: list[tuple[str, str, str]]  # (held, text, article)


def reserves(lot: LotSheet) -> list[Reserve]:
    return [_reserve(one) for one in lot.sized.reservations]


def _reserve(advice: Advice) -> Reserve:
    label = str(words.RESERVATIONS[advice.reservation][0])
    verdict = ("empty", "risky", "possible")[min(2, advice.firms)] if advice.lawful else "unlawful"
    conditions = [(one.held.value, one.text, one.article) for one in advice.conditions]
    return Reserve(label, advice.article, advice.firms, verdict, conditions)


def held_word(held: str) -> str:
    return {
        Held.YES.value: _("remplie"),
        Held.NO.value: _("non remplie"),
        Held.TO_CHECK.value: _("à vérifier par l'acheteur"),
    }[held]


def share_of_need(sheet: ClauseSheet) -> str:
    """How many clauses are on, of all."""
    clauses = [one for lot in sheet.lots for one in lot.clauses]
    on = sum(one.state.is_on for one in clauses)
    return _("%(on)s clauses actives sur %(all)s") % {"on": on, "all": len(clauses)}
