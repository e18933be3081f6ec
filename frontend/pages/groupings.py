"""The groupings of a lot, part of its page: compared side by side, sought anew when a person weighs otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consortia.case import weights_of
from consortia.queries import LotView, Team, lot_view
from frontend import geojson
from frontend.access import login_not_required
from frontend.groupings import Wanted, address, answer_of, merged, others, read, said, sliders
from frontend.proposals import cards, side_by_side
from matchmaker.domain.reference import Reference
from matchmaker.reference import reference


def context_of(view: LotView, params: QueryDict, tables: Reference) -> dict[str, Any]:
    """What ``lots/groupings.html`` shows. Queries only under weights of one's own."""
    official = weights_of(tables)
    trades = {code: trade.label for code, trade in tables.trades.items()}
    wanted = read(params, official)
    answer = answer_of(view, wanted)
    shown = cards(answer.teams, wanted.compare, trades)
    compared = sum(card.shown for card in shown)
    return {
        "lot": view.lot,
        "view": view,
        "trades": trades,
        "grouped": answer,
        "grouped_wanted": wanted,
        "grouping_sliders": sliders(wanted, official),
        "usual_fewest": official.fewest_first,
        "cards": shown,
        "usual_compare": sorted(side_by_side(answer.teams)),
        "folded": len(shown) - compared,
        "grouped_said": said(answer, compared),
        "grouped_usual_href": address(view.lot, wanted.official().query(), others(params, groupings=True)),
        "grouped_features": geojson.collection(geojson.teams_features(view.lot, answer.teams)),
        "others": others(params, groupings=True),
    }


@login_not_required
@require_safe
def part(request: HttpRequest, lot_id: int) -> HttpResponse:
    """What a change of the form replaces. At most 15 queries; opened by hand, it leads to the page."""
    view = lot_view(lot_id)
    if view is None:
        raise Http404(_("Ce lot n'existe pas ou n'est plus publié."))
    if "HX-Request" not in request.headers:
        return redirect(address(view.lot, request.GET))
    context = context_of(view, request.GET, reference())
    response = render(request, "lots/groupings_part.html", context)
    own = _shortest(context["grouped_wanted"], context["grouped"].teams)
    response["HX-Replace-Url"] = merged(request, view.lot, own.query(), groupings=True)
    response["Vary"] = "HX-Request"
    return response


def _shortest(wanted: Wanted, teams: list[Team]) -> Wanted:
    """Without the choice of proposals when it is the usual one."""
    return replace(wanted, compare=()) if set(wanted.compare) == side_by_side(teams) else wanted
