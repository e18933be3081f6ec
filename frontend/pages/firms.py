"""The card of a firm: what it does, what it could take on, and what the public sees of it."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from consortia.queries import memberships_of
from frontend import charts, geojson
from frontend.access import login_not_required
from frontend.pages.lots import backdrop_answer
from matchmaker.award_queries import awards_of
from matchmaker.explain import capacity_of
from matchmaker.models import Firm
from matchmaker.queries import (
    current_as_of,
    firm_by_siret,
    labels,
    open_matches_of,
    public_firm,
    radius_of,
    running_run,
)

WON = 20  # contracts shown


def _firm_or_404(siret: str) -> Firm:
    firm = firm_by_siret(siret)
    if firm is None:
        raise Http404(_("Aucune entreprise connue ne porte ce SIRET."))
    return firm


@login_not_required
@require_safe
def firm(request: HttpRequest, siret: str) -> HttpResponse:
    """At most 16 queries."""
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
    context = {
        "as_of": as_of,
        "firm": shown,
        "known": known,
        "steps": capacity_of(known).steps,
        "interval": charts.capacity_interval(shown, charts.capacity_scale([shown], None)),
        "radius_km": radius_of(known),
        "radius_declared": known.declared_radius_km is not None,
        "won": [] if shown.masked else awards_of(known, WON),  # a contract published elsewhere would name its holder
        "matches": open_matches_of(known, as_of),
        "teams": teams,
        "trades": labels("trade"),
        "kinds": labels("kind"),
        "fictitious": known.fictitious,
        "run": running_run(),
        "tiles": settings.TILES,
    }
    return render(request, "firms/detail.html", context)


def _drawn(siret: str) -> geojson.Json:
    known = _firm_or_404(siret)
    return geojson.firm_map(known, open_matches_of(known, current_as_of()), radius_of(known) or 0)


@login_not_required
@require_safe
def firm_map(_request: HttpRequest, siret: str) -> HttpResponse:
    return JsonResponse(_drawn(siret))


@login_not_required
@require_safe
@gzip_page
def firm_context(_request: HttpRequest, siret: str) -> HttpResponse:
    return backdrop_answer(_drawn(siret))
