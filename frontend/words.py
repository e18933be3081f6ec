"""Figures, dates and rules in the words people use. Pure: no query, no clock."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

THIN = "\u202f"  # narrow no-break space, the French thousands separator

RESERVATIONS = {
    "none": (gettext_lazy("Ouvert à toutes les entreprises"), ""),
    "ea_esat": (gettext_lazy("Réservé aux entreprises adaptées et aux ESAT"), "L2113-12"),
    "siae": (gettext_lazy("Réservé aux structures d'insertion (SIAE)"), "L2113-13"),
    "ea_esat_siae": (gettext_lazy("Réservé aux entreprises adaptées, ESAT et structures d'insertion"), "L2113-14"),
    "prison": (gettext_lazy("Réservé aux opérateurs employant des personnes détenues"), "L2113-13-1"),
    "ess": (gettext_lazy("Réservé aux entreprises de l'économie sociale et solidaire"), "L2113-15"),
}

STATES = {
    "alone": (gettext_lazy("Une entreprise peut répondre seule"), gettext_lazy("Seul")),
    "group": (gettext_lazy("Un groupement peut répondre"), gettext_lazy("À plusieurs")),
    "none": (gettext_lazy("Il manque une pièce"), gettext_lazy("Pas encore")),
    "unknown": (gettext_lazy("Taille inconnue ou calcul à venir"), gettext_lazy("À étudier")),
}

FORMS = {
    "conjoint": (gettext_lazy("Conjoint"), gettext_lazy("chacun répond de sa part")),
    "conjoint_mandataire_solidaire": (
        gettext_lazy("Conjoint, mandataire solidaire"),
        gettext_lazy("chacun répond de sa part, le mandataire répond aussi pour les autres"),
    ),
    "solidaire": (gettext_lazy("Solidaire"), gettext_lazy("chacun répond de l'ensemble")),
}

ESS = {
    "yes": gettext_lazy("ESS"),
    "verify": gettext_lazy("ESS à vérifier"),
    "no": gettext_lazy("hors ESS"),
}

DIRECTORY_FIELDS = {
    "name": gettext_lazy("Nom"),
    "sigle": gettext_lazy("Sigle"),
    "trade_name": gettext_lazy("Enseigne"),
    "siret": gettext_lazy("SIRET"),
    "address": gettext_lazy("Adresse"),
    "postcode": gettext_lazy("Code postal"),
    "city": gettext_lazy("Commune"),
    "commune_code": gettext_lazy("Code INSEE de la commune"),
    "departement": gettext_lazy("Département"),
    "legal_form": gettext_lazy("Forme juridique"),
    "naf": gettext_lazy("Code NAF"),
    "kind": gettext_lazy("Type de structure"),
}

DIRECTORY_STATES = {
    "mapping": gettext_lazy("colonnes à confirmer"),
    "linking": gettext_lazy("rapprochement en cours"),
    "done": gettext_lazy("rapprochée"),
    "failed": gettext_lazy("interrompue"),
}

ROW_STATES = {
    "waiting": gettext_lazy("à rapprocher"),
    "linked": gettext_lazy("rapprochée"),
    "ambiguous": gettext_lazy("à confirmer"),
    "not_found": gettext_lazy("introuvable"),
    "refused": gettext_lazy("illisible"),
}

SOCIAL = {
    "clause": gettext_lazy("clause sociale"),
    "opp": gettext_lazy("emploi de personnes éloignées du travail"),
    "acc-all": gettext_lazy("accessibilité pour tous"),
    "et-eq": gettext_lazy("égalité de traitement"),
    "gen-eq": gettext_lazy("égalité entre femmes et hommes"),
    "hum-right": gettext_lazy("droits humains dans la chaîne d'approvisionnement"),
    "work-cond": gettext_lazy("conditions de travail équitables"),
    "other": gettext_lazy("autre objectif social"),
    "none": "",
}

GREEN = {
    "clause": gettext_lazy("clause environnementale"),
    "biodiv-eco": gettext_lazy("biodiversité et écosystèmes"),
    "circ-econ": gettext_lazy("économie circulaire"),
    "clim-adapt": gettext_lazy("adaptation au climat"),
    "clim-mitig": gettext_lazy("réduction des émissions"),
    "other": gettext_lazy("autre objectif environnemental"),
    "pollu-prev": gettext_lazy("prévention de la pollution"),
    "water-mar": gettext_lazy("eau et milieux marins"),
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


def times(ratio: float) -> str:
    """ "1,3 fois": one digit, as what it rests on is an estimate."""
    text = f"{ratio:.1f}"
    return _("%(n)s fois") % {"n": text.replace(".", ",") if french() else text}


def hour_of(moment: datetime) -> str:
    local = timezone.localtime(moment)
    if french():
        return f"{local.hour}{THIN}h" + (f"{THIN}{local.minute:02}" if local.minute else "")
    return f"{local:%H:%M}"


def day(value: date | None) -> str:
    return _with_ordinal(date_format(value, "j F Y"), value) if value else ""


def _with_ordinal(text: str, value: date) -> str:
    """The first of a month is an ordinal in French: "mardi 1er décembre"."""
    return re.sub(r"(^|\s)1 ", r"\g<1>1er ", text, count=1) if value.day == 1 and french() else text


def lasting(value: timedelta | None) -> str:
    """How long something took, in two figures at most: 0,4 s, 12 s, 3 min 20 s, 1 h 05 min."""
    if value is None:
        return ""
    seconds = value.total_seconds()
    if seconds < 10:
        text = f"{seconds:.1f}"
        return f"{text.replace('.', ',') if french() else text}{THIN}s"
    minutes, left = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{THIN}min {left:02}{THIN}s" if minutes else f"{left}{THIN}s"
    return f"{minutes // 60}{THIN}h {minutes % 60:02}{THIN}min"


def situation(as_of: date, today: date) -> str:
    """At what date lots count as open. A past date is a replay: notices published since count too, and it is said."""
    if as_of >= today:
        return _("Situation au %(d)s.") % {"d": day(as_of)}
    return _("Rejeu au %(d)s : les avis dont l'échéance est postérieure comptent, même publiés après ce jour.") % {
        "d": day(as_of)
    }


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
    return f"{_with_ordinal(date_format(local, pattern), local)}, {hour_of(local)}"


def joined(names: list[str]) -> str:
    """["a", "b", "c"] -> "a, b et c"."""
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s et %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}
