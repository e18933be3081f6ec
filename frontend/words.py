"""Figures, dates and rules in the words people use. Pure: no query, no clock."""

from __future__ import annotations

import math
from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

THIN = "\u202f"  # narrow no-break space, the French thousands separator

RESERVATIONS = {
    "none": (lazy("Ouvert à toutes les entreprises"), ""),
    "ea_esat": (lazy("Réservé aux entreprises adaptées et aux ESAT"), "L2113-12"),
    "siae": (lazy("Réservé aux structures d'insertion (SIAE)"), "L2113-13"),
    "ea_esat_siae": (lazy("Réservé aux entreprises adaptées, ESAT et structures d'insertion"), "L2113-14"),
    "prison": (lazy("Réservé aux opérateurs employant des personnes détenues"), "L2113-13-1"),
    "ess": (lazy("Réservé aux entreprises de l'économie sociale et solidaire"), "L2113-15"),
}

STATES = {
    "alone": (lazy("Une entreprise peut répondre seule"), lazy("Seul")),
    "group": (lazy("Un groupement peut répondre"), lazy("À plusieurs")),
    "none": (lazy("Il manque une pièce"), lazy("Pas encore")),
    "unknown": (lazy("Taille inconnue ou calcul à venir"), lazy("À étudier")),
}

FORMS = {
    "conjoint": (lazy("Conjoint"), lazy("chacun répond de sa part")),
    "conjoint_mandataire_solidaire": (
        lazy("Conjoint, mandataire solidaire"),
        lazy("chacun répond de sa part, le mandataire répond aussi pour les autres"),
    ),
    "solidaire": (lazy("Solidaire"), lazy("chacun répond de l'ensemble")),
}

ESS = {
    "yes": lazy("ESS"),
    "verify": lazy("ESS à vérifier"),
    "no": lazy("hors ESS"),
}

SOCIAL = {
    "clause": lazy("clause sociale"),
    "opp": lazy("emploi de personnes éloignées du travail"),
    "acc-all": lazy("accessibilité pour tous"),
    "et-eq": lazy("égalité de traitement"),
    "gen-eq": lazy("égalité entre femmes et hommes"),
    "hum-right": lazy("droits humains dans la chaîne d'approvisionnement"),
    "work-cond": lazy("conditions de travail équitables"),
    "other": lazy("autre objectif social"),
    "none": "",
}

GREEN = {
    "clause": lazy("clause environnementale"),
    "biodiv-eco": lazy("biodiversité et écosystèmes"),
    "circ-econ": lazy("économie circulaire"),
    "clim-adapt": lazy("adaptation au climat"),
    "clim-mitig": lazy("réduction des émissions"),
    "other": lazy("autre objectif environnemental"),
    "pollu-prev": lazy("prévention de la pollution"),
    "water-mar": lazy("eau et milieux marins"),
    "none": "",
}


def french() -> bool:
    return (get_language() or "fr").startswith("fr")


def grouped(value: int) -> str:
    """12345 -> "12 345" (French) or "12,345"."""
    text = f"{value:,}"
    return text.replace(",", THIN) if french() else text


def euros(value: int | None) -> str:
    """A published amount: every digit that was published."""
    return "" if value is None else f"{grouped(value)}{THIN}€"


def two_digits(value: float) -> float:
    """Two significant digits: an estimate never shows more than it knows."""
    if not value:
        return 0
    step: float = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    return round(value / step) * step


def about_euros(value: float | None) -> str:
    """An estimate in k€ or M€: 34 400 -> "34 k€"."""
    if value is None:
        return ""
    rounded = two_digits(value)
    if rounded >= 1_000_000:
        text = f"{rounded / 1_000_000:.1f}".removesuffix(".0")
        return f"{text.replace('.', ',') if french() else text}{THIN}M€"
    if rounded >= 10_000:
        return f"{grouped(round(rounded / 1000))}{THIN}k€"
    return f"{grouped(round(rounded))}{THIN}€"


def about(value: float | None) -> str:
    """An estimated count with two significant digits: 3264 -> "3 300"."""
    return grouped(round(two_digits(value or 0)))


def kilometres(value: float | None) -> str:
    if value is None:
        return ""
    if value < 1:
        return f"<{THIN}1{THIN}km"
    return f"{round(value)}{THIN}km"


def percent(share: float) -> str:
    return f"{round(share * 100)}{THIN}%" if french() else f"{round(share * 100)}%"


def hour_of(moment: datetime) -> str:
    local = timezone.localtime(moment)
    if french():
        return f"{local.hour}{THIN}h" + (f"{THIN}{local.minute:02}" if local.minute else "")
    return f"{local:%H:%M}"


def day(value: date | None) -> str:
    return date_format(value, "j F Y") if value else ""


def days_until(deadline: datetime, as_of: date) -> int:
    return (timezone.localtime(deadline).date() - as_of).days


def time_left(deadline: datetime | None, as_of: date) -> str:
    """The first half of a date as people feel it: "dans 12 jours"."""
    if deadline is None:
        return _("date limite non publiée")
    days = days_until(deadline, as_of)
    if days < 0:
        return ngettext("clos depuis %(n)d jour", "clos depuis %(n)d jours", -days) % {"n": -days}
    if days == 0:
        return _("aujourd'hui")
    if days == 1:
        return _("demain")
    return ngettext("dans %(n)d jour", "dans %(n)d jours", days) % {"n": days}


def moment_in_words(deadline: datetime | None, as_of: date) -> str:
    """The second half: "mardi 2 décembre, 12 h", with the year when it is another one."""
    if deadline is None:
        return ""
    local = timezone.localtime(deadline)
    pattern = "l j F" if local.year == as_of.year else "l j F Y"
    return f"{date_format(local, pattern)}, {hour_of(local)}"


def joined(names: list[str]) -> str:
    """["a", "b", "c"] -> "a, b et c"."""
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s et %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}
