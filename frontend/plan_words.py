"""What a plan says, in sentences. Pure: no query."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from consortia.models import Plan
from consortia.plan_queries import Load
from frontend import words

OBJECTIVES = {
    "lots": gettext_lazy("le plus de lots"),
    "hours": gettext_lazy("le plus d'heures d'insertion"),
    "amount": gettext_lazy("le plus gros montant"),
}
MEMBERS = {
    "any": gettext_lazy("avec au moins un de vos membres"),
    "all": gettext_lazy("entre vos membres seulement"),
}


def scope(plan: Plan, names: Mapping[str, str]) -> str:
    if plan.directory:
        return plan.directory.name
    return names.get(plan.departement, plan.departement) if plan.departement else _("Tous les territoires")


def amount(plan: Plan, value: int) -> str:
    """A value of the objective with its unit; euros and hours are estimates."""
    if plan.objective == "hours":
        return _("%(n)s heures d'insertion par an (estimation)") % {"n": words.about(value)}
    if plan.objective == "amount":
        return _("%(n)s par an (estimation)") % {"n": words.about_euros(value) or "0"}
    return ngettext("%(n)s lot", "%(n)s lots", value) % {"n": words.grouped(value)}


def sentence(plan: Plan, members: int) -> str:
    """The answer: who can reach what."""
    if plan.directory:
        who = ngettext("Votre membre peut", "Vos %(n)s membres peuvent", members) % {"n": words.grouped(members)}
    else:
        who = _("Ensemble, les entreprises peuvent")
    said = {"who": who, "reached": amount(plan, plan.value or 0), "open": words.grouped(plan.open_lots)}
    if plan.objective == "lots":
        text = ngettext(
            "%(who)s emporter %(reached)s sur %(open)s ouvert",
            "%(who)s emporter %(reached)s sur %(open)s ouverts",
            plan.open_lots,
        )
    else:
        text = ngettext(
            "%(who)s atteindre %(reached)s sur %(open)s lot ouvert",
            "%(who)s atteindre %(reached)s sur %(open)s lots ouverts",
            plan.open_lots,
        )
    return text % said


def proof(plan: Plan) -> str:
    """What no other plan can pass, always told."""
    if plan.proven:
        return _("aucun autre plan ne fait mieux (prouvé)")
    return _("au mieux %(bound)s, soit un écart d'au plus %(gap)s") % {
        "bound": amount(plan, plan.bound or 0),
        "gap": small_percent(plan.gap),
    }


def small_percent(share: float) -> str:
    """A gap: two decimals, rounded up so that it is never told smaller than it is."""
    hundredths = -(-share * 10_000 // 1)
    text = f"{hundredths / 100:.2f}".rstrip("0").rstrip(".")
    return f"{text.replace('.', ',')}{words.THIN}%" if words.french() else f"{text}%"


def short(plan: Plan) -> str:
    """One cell of the list of plans."""
    if plan.value is None:
        return ""
    return amount(plan, plan.value)


def price(plan: Plan, one: Load) -> str:
    """The shadow price in words: what 10 k€ a year more of this firm would bring; nothing when it has none."""
    value = one.row.price
    if value <= 0:
        return ""
    if plan.objective == "lots":
        per_lot = 10_000 / value
        return _("environ un lot de plus pour %(eur)s par an de capacité en plus (estimation)") % {
            "eur": words.about_euros(per_lot)
        }
    return _("environ %(more)s de plus pour 10 k€ par an de capacité en plus (estimation)") % {
        "more": words.about_euros(value) if plan.objective == "amount" else f"{words.about(value)}{words.THIN}h"
    }
