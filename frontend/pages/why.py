"""Why a firm stands where it does for a lot, and why one is not among the first: parts of the lot's page, and pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from frontend import charts
from frontend.access import login_not_required
from frontend.lookup import LONGEST, choice, firm_meant, firms_named, siret_in
from frontend.pages.ranking import lot_or_404
from frontend.rank_form import page_address
from frontend.ranking import read
from matchmaker.models import Firm, Lot
from matchmaker.queries import firm_by_siret, formula, public_firm
from matchmaker.why import explain, why_not


def _answer(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The part alone when htmx asks, else within a page of its own: it works without script too."""
    alone = "HX-Request" in request.headers
    shown = context | {"part": template, "fictitious": context["lot"].tender.fictitious}
    response = render(request, template if alone else "lots/why_page.html", shown)
    response["Vary"] = "HX-Request"
    return response


@login_not_required
@require_safe
def why(request: HttpRequest, lot_id: int, siret: str) -> HttpResponse:
    """The parts of one firm's score in sentences, under the weights of the address. At most eight queries."""
    lot = lot_or_404(lot_id)
    firm = firm_by_siret(siret)
    if firm is None:
        raise Http404(_("Aucune entreprise connue ne porte ce SIRET."))
    official = formula()
    wanted = read(request.GET, official)
    told = explain(lot, firm, wanted.formula(official))
    context = {
        "lot": lot,
        "told": told,
        "firm": told.firm,
        "wanted": wanted,
        "title": _("Pourquoi %(name)s a cette place") % {"name": told.firm.name},
        "back": page_address(lot, wanted),
        "why_not_href": _why_not_href(lot, siret),
        "labels": charts.part_labels(),
    }
    return _answer(request, "lots/why.html", context)


def _why_not_href(lot: Lot, siret: str) -> str:
    return f"{reverse('lot-why-not', args=[lot.pk])}?{urlencode({'q': siret})}"


@login_not_required
@require_safe
def why_not_page(request: HttpRequest, lot_id: int) -> HttpResponse:
    """A firm someone names: its rank, the score it lacks and the smallest change. At most nine queries."""
    lot = lot_or_404(lot_id)
    text = request.GET.get("q", "").strip()[:LONGEST]
    firm, found = firm_meant(lot, text) if text else (None, [])
    context = {
        "lot": lot,
        "q": text,
        "title": _("Pourquoi pas telle entreprise ?"),
        "back": page_address(lot, read(request.GET, formula())),
        "meant": [(one, _why_not_href(lot, one.siret)) for one in found],
        "problem": "" if firm or found or not text else _problem(text),
        **(_told(lot, firm) if firm else {}),
    }
    return _answer(request, "lots/why_not_answer.html", context)


def _told(lot: Lot, firm: Firm) -> dict[str, Any]:
    shown = public_firm(firm)
    told = why_not(lot, firm)

    return {"told": told, "firm": shown, "address": _why_not_href(lot, shown.siret)}


def _problem(text: str) -> str:
    if siret_in(text):
        return _("Aucune entreprise connue ne porte ce SIRET.")
    return _(
        "Aucune entreprise du métier de ce lot ne porte ce nom. Essayez un autre mot de son nom, ou son SIRET "
        "(14 chiffres)."
    )


@login_not_required
@require_safe
def firm_choices(request: HttpRequest, lot_id: int) -> HttpResponse:
    """What the field suggests while one types: options of a datalist. Two queries."""
    lot = lot_or_404(lot_id)
    found = firms_named(lot, request.GET.get("q", "")) if not siret_in(request.GET.get("q", "")) else []
    return render(request, "lots/firm_choices.html", {"choices": [choice(firm) for firm in found]})
