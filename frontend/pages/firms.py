"""The card of a firm: what it does, what it could take on, and what the public sees of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from consortia.queries import memberships_of
from frontend import charts, exports, geojson, open_lots
from frontend.access import login_not_required
from frontend.pages.lots import backdrop_answer
from matchmaker.award_queries import awards_of
from matchmaker.explain import capacity_of
from matchmaker.models import Firm
from matchmaker.queries import (
    area_of,
    current_as_of,
    firm_by_siret,
    formula,
    labels,
    public_firm,
    radius_of,
    running_run,
)

WON = 20  # contracts shown
FIRST_LOTS = 12  # the others wait in a fold


def _firm_or_404(siret: str) -> Firm:
    firm = firm_by_siret(siret)
    if firm is None:
        raise Http404(_("Aucune entreprise connue ne porte ce SIRET."))
    return firm


@login_not_required
@require_safe
def firm(request: HttpRequest, siret: str) -> HttpResponse:
    """At most 27 queries."""
    known = _firm_or_404(siret)
    shown = public_firm(known)
    as_of = current_as_of()
    teams = [
        {
            "lot": member.proposal.lot,
            "rank": member.proposal.rank,
            "mandataire": member.mandataire,
            "share": member.share,
            "others": [public_firm(other.firm) for other in member.proposal.members.all() if other.firm_id != known.pk],
        }
        for member in memberships_of(known, as_of)
    ]
    trades = labels("trade")
    context = {
        "as_of": as_of,
        "firm": shown,
        "known": known,
        "steps": capacity_of(known).steps,
        "interval": charts.capacity_interval(shown, charts.capacity_scale([shown], None)),
        "area": area_of(known),
        "radius_km": radius_of(known),
        "radius_declared": known.declared_radius_km is not None,
        "won": [] if shown.masked else awards_of(known, WON),  # a contract published elsewhere would name its holder
        "teams": teams,
        "trades": trades,
        **_open_lots(request, known, as_of, trades),
        "kinds": labels("kind"),
        "fictitious": known.fictitious,
        "run": running_run(),
        "tiles": settings.TILES,
    }
    return render(request, "firms/detail.html", context)


def _open_lots(request: HttpRequest, known: Firm, as_of: date, trades: dict[str, str]) -> dict[str, Any]:
    """What ``firms/open_lots.html`` shows."""
    wanted, official = open_lots.read(request.GET), formula()
    everything = open_lots.lots_of(known, as_of, official)
    shown = open_lots.narrowed(everything, wanted, as_of)
    query = wanted.query()
    return {
        "wanted": wanted,
        "query": query,
        "everything": everything,
        "lots": shown[:FIRST_LOTS],
        "more_lots": shown[FIRST_LOTS:],
        "listed": len(shown),
        "lot_trades": open_lots.trades_among(everything, trades),
        "day_choices": open_lots.DAYS,
        "news_days": open_lots.NEWS_DAYS,
        "fresh": sum(one.new for one in everything),
        "why_none": "" if everything else open_lots.why_none(known, as_of),
        "weights": charts.part_weights(official.weights),
        "features": reverse("firm-map", args=[known.siret]) + (f"?{query}" if query else ""),
    }


def _listed(request: HttpRequest, known: Firm, as_of: date) -> list[open_lots.OpenLot]:
    """The lots listed under the filters of the address."""
    return open_lots.narrowed(open_lots.lots_of(known, as_of, formula()), open_lots.read(request.GET), as_of)


@login_not_required
@require_safe
def firm_lots_csv(request: HttpRequest, siret: str) -> HttpResponse:
    """The lots listed, under the same filters. A partially diffused firm is absent from exports (rule D1)."""
    known = _firm_or_404(siret)
    if public_firm(known).masked:
        raise Http404(_("Cette entreprise a choisi la diffusion partielle : elle est absente des exports."))
    as_of = current_as_of()
    return exports.firm_lots_csv(known.siret, _listed(request, known, as_of), as_of)


def _drawn(request: HttpRequest, siret: str) -> geojson.Json:
    known = _firm_or_404(siret)
    lots = [one.lot for one in _listed(request, known, current_as_of())]
    radius_km = 0.0 if known.declared_departements else radius_of(known) or 0.0
    return geojson.firm_map(known, lots, radius_km)


@login_not_required
@require_safe
def firm_map(request: HttpRequest, siret: str) -> HttpResponse:
    return JsonResponse(_drawn(request, siret))


@login_not_required
@require_safe
@gzip_page
def firm_context(request: HttpRequest, siret: str) -> HttpResponse:
    return backdrop_answer(_drawn(request, siret))
