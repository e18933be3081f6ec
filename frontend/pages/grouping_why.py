"""Why a firm someone names is not in a grouping of a lot: a part of the lot's page, and a page without script."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consortia.live import UnsizedLotError
from consortia.whynot import why_not_in
from frontend.access import login_not_required
from frontend.lookup import LONGEST, firm_meant, siret_in
from frontend.pages.ranking import lot_or_404
from matchmaker.models import Firm, Lot
from matchmaker.queries import public_firm

MOST = 99  # rank of a grouping in an address


@login_not_required
@require_safe
def why_not_in_grouping(request: HttpRequest, lot_id: int) -> HttpResponse:
    """The rule that bars it, or the least change that would bring it in, proven by the grouping. At most 12 queries."""
    lot = lot_or_404(lot_id)
    text = request.GET.get("q", "").strip()[:LONGEST]
    rank = _rank(request.GET.get("g", ""))
    firm, found = firm_meant(lot, text) if text else (None, [])
    context: dict[str, Any] = {
        "lot": lot,
        "q": text,
        "g": rank,
        "title": _("Pourquoi pas telle entreprise dans ce groupement ?"),
        "meant": [(one, _href(lot, one.siret, rank)) for one in found],
        "problem": "" if firm or found or not text else _problem(text),
        "fictitious": lot.tender.fictitious,
        **(_told(lot, firm, rank) if firm else {}),
    }
    alone = "HX-Request" in request.headers
    response = render(request, "lots/team_why_answer.html" if alone else "lots/team_why_page.html", context)
    response["Vary"] = "HX-Request"
    return response


def _rank(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text) <= MOST else 1


def _href(lot: Lot, siret: str, rank: int) -> str:
    return f"{reverse('lot-team-why-not', args=[lot.pk])}?{urlencode({'q': siret, 'g': rank})}"


def _told(lot: Lot, firm: Firm, rank: int) -> dict[str, Any]:
    shown = public_firm(firm)
    try:
        told = why_not_in(lot, firm, rank)
    except UnsizedLotError as error:
        return {"problem": str(error)}
    return {"told": told, "firm": shown, "address": _href(lot, shown.siret, rank)}


def _problem(text: str) -> str:
    if siret_in(text):
        return _("Aucune entreprise connue ne porte ce SIRET.")
    return _(
        "Aucune entreprise du métier de ce lot ne porte ce nom. Essayez un autre mot de son nom, ou son SIRET "
        "(14 chiffres)."
    )
