"""The counterfactual of a territory in plain words and bars, for people who have never read a procurement file."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from allotment.counterfactual import Territory
from allotment.domain.counterfactual import Triple
from frontend import words


@dataclass(frozen=True, slots=True)
class Bar:
    """Positions in per cent of its scale; ``low`` and ``high`` None for a fact."""

    label: str
    said: str
    mid: float
    low: float | None = None
    high: float | None = None


def between(values: Triple, *, share: bool = False) -> str:
    """ "40 % (entre 25 % et 60 %)"."""
    low, mid, high = (words.percent(one) if share else words.about(one) for one in values)
    if low == high:
        return mid
    return _("%(mid)s (entre %(low)s et %(high)s)") % {"mid": mid, "low": low, "high": high}


def full_time(hours: Triple, per_fte: float) -> Triple:
    low, mid, high = (one / per_fte for one in hours)
    return low, mid, high


def reach_sentence(one: Territory) -> str:
    found = one.found
    return _(
        "Découpés en lots à leur taille, les marchés auraient mis %(after)s de leur montant à portée des entreprises "
        "de l'économie sociale et solidaire et de l'insertion, au lieu de %(before)s tels qu'ils ont été achetés. "
        "Elles en ont gagné %(won)s."
    ) % {
        "after": words.percent(found.after[1]),
        "before": words.percent(found.before[1]),
        "won": words.percent(found.share(found.won_eur)),
    }


def hours_sentence(one: Territory, per_fte: float) -> str:
    found = one.found
    return _(
        "Avec une clause sociale partout où elle se justifie, ils auraient porté %(after)s heures d'insertion par an, "
        "soit %(fte)s ETP (emplois équivalents temps plein), au lieu de %(before)s heures."
    ) % {
        "after": words.about(found.hours_after[1]),
        "fte": words.about(found.hours_after[1] / per_fte),
        "before": words.about(found.hours_before[1]),
    }


def reach_bars(one: Territory) -> list[Bar]:
    found = one.found
    won = found.share(found.won_eur)
    return [
        Bar(_("Gagné par l'ESS et l'insertion (constaté)"), words.percent(won), 100 * won),
        _bar(_("À leur portée, tels qu'achetés (au plus)"), found.before, 1.0, share=True),
        _bar(_("À leur portée, découpés en lots"), found.after, 1.0, share=True),
    ]


def hour_bars(one: Territory) -> list[Bar]:
    found = one.found
    scale = found.hours_after[2] or 1.0
    return [
        _bar(_("Tels qu'achetés"), found.hours_before, scale),
        _bar(_("Avec une clause partout où elle se justifie"), found.hours_after, scale),
    ]


def _bar(label: str, values: Triple, scale: float, *, share: bool = False) -> Bar:
    low, mid, high = (100 * value / scale for value in values)
    return Bar(label, between(values, share=share), mid, low, high)


def limits(one: Territory) -> list[str]:
    """What the figures do not say, first what is missing in the data."""
    said = []
    if one.unread:
        said.append(
            ngettext(
                "%(n)s contrat sur %(all)s n'est pas compté : montant, métier ou lieu inconnu (%(eur)s par an connus).",
                "%(n)s contrats sur %(all)s ne sont pas comptés : montant, métier ou lieu inconnus (%(eur)s par an "
                "connus parmi eux).",
                one.unread,
            )
            % {
                "n": words.grouped(one.unread),
                "all": words.grouped(one.notified),
                "eur": words.about_euros(one.unread_eur) or "0",
            }
        )
    if one.found.silent:
        said.append(
            ngettext(
                "%(n)s contrat ne dit rien de ses considérations sociales : le bas et le milieu le comptent sans "
                "clause, le haut avec.",
                "%(n)s contrats ne disent rien de leurs considérations sociales : le bas et le milieu les comptent "
                "sans clause, le haut avec.",
                one.found.silent,
            )
            % {"n": words.grouped(one.found.silent)}
        )
    return [
        *said,
        _(
            "Être à portée n'est pas gagner : les prix, les calendriers et l'envie de répondre ne sont pas connus. "
            "Découper davantage peut aussi réduire le nombre d'offres par lot."
        ),
        _(
            "La capacité de chaque entreprise est estimée aujourd'hui, et comptée une seule fois pour tous les marchés "
            "de l'année ; ce qu'elle a gagné cette année-là lui est rendu."
        ),
        _(
            "Les heures ne sont pas plafonnées par les besoins de recrutement de chaque bassin : le dimensionnement "
            "d'un marché l'est, lot par lot."
        ),
        _("La proximité sert ici au repérage ; elle ne peut être ni un critère ni une condition d'un marché."),
    ]
