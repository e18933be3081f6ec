"""What is said of a missing piece and of the firms that might become it."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consortia.domain.explain import least_money
from consortia.radar import Light, Neighbour
from frontend.words import kilometres


def trades_named(light: Light, names: Mapping[str, str]) -> str:
    return ", ".join(names.get(trade, trade) for trade in light.beacon.trades)


def reason(one: Neighbour, light: Light) -> str:
    """Why a known firm is not that piece yet: too small, out of reach, or something only a call can tell."""
    lots = len(light.lots)
    if not one.within:
        said = _("hors de portée (rayon %(km)s)") % {"km": kilometres(one.radius_km)}
        if one.lacking_eur:
            said += _(" et trop petite : il lui manque %(eur)s par an") % {"eur": least_money(one.lacking_eur)}
        return said
    if one.both == 0:
        return _("à portée, trop petite : il lui manque %(eur)s de capacité libre par an (estimation)") % {
            "eur": least_money(one.lacking_eur)
        }
    if one.both < lots:
        return ngettext(
            "assez grande et à portée pour %(n)d lot sur %(all)d",
            "assez grande et à portée pour %(n)d lots sur %(all)d",
            one.both,
        ) % {"n": one.both, "all": lots}
    return _("assez grande et à portée : réserve du lot, expérience ou règle C1 l'écartent, à vérifier avec elle")
