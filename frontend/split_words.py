"""Splits in the words people use: the sentence that answers, intervals, what versions are compared by. No query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from allotment.domain.evaluate import MEASURES, Interval, Totals, Triple, best
from allotment.domain.law import Thresholds
from allotment.domain.need import Nature
from frontend import words

LABELS = {
    "ess_share": gettext_lazy("Part du montant à la portée de l'ESS"),
    "contested_share": gettext_lazy("Part du montant avec au moins trois candidats possibles"),
    "empty": gettext_lazy("Lots sans aucun candidat connu"),
    "least_bidders": gettext_lazy("Offres attendues au lot le moins disputé (estimation)"),
    "firms": gettext_lazy("Entreprises capables seules d'un lot au moins"),
    "groupings": gettext_lazy("Groupements possibles, tous lots réunis"),
    "hours": gettext_lazy("Heures d'insertion que le territoire peut accueillir (estimation)"),
    "lots": gettext_lazy("Lots"),
    "coordination_eur": gettext_lazy("Coût de gestion des lots pour l'acheteur (estimation)"),
}


ZONINGS = {
    "epci": gettext_lazy("par intercommunalité"),
    "bmo": gettext_lazy("par bassin d'emploi"),
    "bv2022": gettext_lazy("par bassin de vie"),
    "ze2020": gettext_lazy("par zone d'emploi"),
}


def answer(made: Totals, whole: Totals) -> str:
    """What the split brings, against one lot."""
    share = words.percent(made.ess_share)
    if made.lots == 1:
        return _("En un seul lot, %(share)s du montant est à la portée de l'ESS.") % {"share": share}
    return _("En %(lots)s lots, %(share)s du montant est à la portée de l'ESS, contre %(before)s en un seul.") % {
        "lots": made.lots,
        "share": share,
        "before": words.percent(whole.ess_share),
    }


def second(made: Totals) -> str:
    """Who would compete, and where nobody would."""
    said = _(
        "%(share)s du montant a au moins trois candidats possibles ; le lot le moins disputé peut attendre %(offers)s "
        "offres (estimation)."
    ) % {"share": words.percent(made.contested_share), "offers": offers(made.least_bidders)}
    if made.empty:
        said += " " + ngettext(
            "%(n)s lot n'a aucun candidat connu.", "%(n)s lots n'ont aucun candidat connu.", made.empty
        ) % {"n": made.empty}
    return said


def offers(bidders: Triple) -> str:
    """ "0 à 3" or "2": whole offers, as nobody counts halves."""
    low, high = int(bidders.low + 0.5), int(bidders.high + 0.5)
    return str(low) if low == high else _("%(low)s à %(high)s") % {"low": low, "high": high}


def count(triple: Triple) -> str:
    """Firms by low and high estimate."""
    low, high = int(triple.low), int(triple.high)
    return str(low) if low == high else _("%(low)s à %(high)s") % {"low": low, "high": high}


def interval(pair: Interval | None) -> str:
    """Hours or an index: one figure where both bounds are alike, else both; a dash where nothing is known."""
    if pair is None:
        return "–"
    low, high = words.about(pair[0]), words.about(pair[1])
    return low if low == high else _("%(low)s à %(high)s") % {"low": low, "high": high}


def award_limit(made: Totals, max_lots_won: int | None) -> str:
    """What a limit of lots won (A3) leaves without holder; empty when there is no limit."""
    if max_lots_won is None:
        return ""
    limit = ngettext("%(n)s lot", "%(n)s lots", max_lots_won) % {"n": max_lots_won}
    if made.awardable == made.lots:
        return _("Avec au plus %(limit)s par entreprise (article R2113-1), tous les lots peuvent être attribués.") % {
            "limit": limit
        }
    return _(
        "Avec au plus %(limit)s par entreprise (article R2113-1), %(some)s lots sur %(all)s ont un titulaire possible "
        "connu : relevez la limite ou faites moins de lots."
    ) % {"limit": limit, "some": made.awardable, "all": made.lots}


def law_help(law: Thresholds, nature: Nature) -> str:
    """What the law says of lots on the day of the consultation. Raises :class:`LawError` where it is not known."""
    return _(
        "Pour une consultation lancée le %(day)s, découper est la règle (article L2113-10). Un lot de moins "
        "de %(small)s peut suivre une procédure adaptée, quel que soit le montant de l'ensemble, si tous les "
        "lots de cette taille font au plus 20 %% du total (R2123-1 2°). En dessous de %(dispensed)s, il est "
        "dispensé de publicité et de mise en concurrence, dans la même limite (R2122-8). L'acheteur peut "
        "limiter le nombre de lots auxquels une entreprise répond ou qu'elle gagne, s'il le dit dans les "
        "documents (R2113-1)."
    ) % {
        "day": words.day(law.day),
        "small": words.euros(law.small_lot_eur(nature)),
        "dispensed": words.euros(law.dispensed_eur(nature)),
    }


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    best: bool


def compared(versions: Sequence[Totals]) -> list[tuple[str, list[Cell]]]:
    """One row a measure: its label, and the value of each version, the best ones marked."""
    marks = best(versions)
    return [
        (str(LABELS[name]), [Cell(_value(one, name), place in marks[name]) for place, one in enumerate(versions)])
        for name in MEASURES
    ]


def _value(one: Totals, name: str) -> str:
    match name:
        case "ess_share" | "contested_share":
            return words.percent(getattr(one, name))
        case "least_bidders":
            return offers(one.least_bidders)
        case "hours":
            return interval(one.hours)
        case "coordination_eur":
            return words.about_euros(one.coordination_eur)
        case _:
            return words.grouped(getattr(one, name))
