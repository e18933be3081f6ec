"""The ranking of a lot, part of its page: filtered and weighed anew at each change, exported as shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consortia.queries import lot_view
from frontend import charts, exports, geojson
from frontend.access import login_not_required
from frontend.groupings import merged
from frontend.rank_form import advice, lifts, page_address, rank_form, said
from frontend.ranking import MORE, Ranking, Wanted, ranking_of, read
from matchmaker.domain.score import Formula
from matchmaker.models import Lot, Match
from matchmaker.queries import Params, current_as_of, formula, labels
from matchmaker.queries import ranking as stored_ranking

FIRST_FIRMS = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """A ranking as an address asks for it, with the formula its weights are compared with."""

    lot: Lot
    official: Formula
    wanted: Wanted
    need: int | None
    ranking: Ranking


def asked(lot: Lot, params: Params, stored: list[Match] | None = None) -> Asked:
    """At most seven queries. ``stored``: the matches kept, where they were read already."""
    official = formula()
    wanted = read(params, official)
    outcome = getattr(lot, "outcome", None)
    need = outcome.yearly_eur if outcome else None
    kept = stored_ranking(lot) if stored is None and wanted.stored else stored or []
    return Asked(lot, official, wanted, need, ranking_of(lot, wanted, official, need, kept))


def context_of(it: Asked, kinds: dict[str, str]) -> dict[str, Any]:
    """What ``lots/ranking.html`` shows."""
    wanted, rows, query = it.wanted, it.ranking.rows, it.wanted.query().urlencode()
    return {
        "lot": it.lot,
        "need": it.need,
        "kinds": kinds,
        "ranking": it.ranking,
        "wanted": wanted,
        "rank_form": rank_form(wanted, it.official, kinds),
        "first_rows": rows[:FIRST_FIRMS],
        "more_rows": rows[FIRST_FIRMS:],
        "rows": rows,
        "weights": charts.part_weights(it.ranking.weights),
        "said": said(it.ranking),
        "lifts": lifts(it.lot, wanted) if rows else advice(it.lot, wanted, it.official),
        "usual_href": page_address(it.lot, wanted.official()),
        "all_href": page_address(it.lot, Wanted()),
        "more": MORE,
        "more_href": page_address(it.lot, replace(wanted, count=MORE)) if _cut(it) else "",
        "query": query,
        "features": reverse("lot-map", args=[it.lot.pk]) + (f"?{query}" if query else ""),
    }


def _cut(it: Asked) -> bool:
    """Whether firms in reach are left out for their number only."""
    return it.wanted.count < MORE and it.ranking.supply > len(it.ranking.rows) == it.wanted.count


def lot_or_404(lot_id: int) -> Lot:
    """One query."""
    lot = Lot.objects.select_related("tender__buyer", "outcome").filter(pk=lot_id).first()
    if lot is None:
        raise Http404(_("Ce lot n'existe pas ou n'est plus publié."))
    return lot


@login_not_required
@require_safe
def part(request: HttpRequest, lot_id: int) -> HttpResponse:
    """What a change of the form replaces. At most nine queries; opened by hand, it leads to the page."""
    lot = lot_or_404(lot_id)
    if "HX-Request" not in request.headers:
        return redirect(page_address(lot, read(request.GET, formula())))
    it = asked(lot, request.GET)
    response = render(request, "lots/ranking.html", context_of(it, labels("kind")))
    response["HX-Replace-Url"] = merged(request, lot, it.wanted.query(), groupings=False)
    response["Vary"] = "HX-Request"
    return response


@login_not_required
@require_safe
def ranking_csv(request: HttpRequest, lot_id: int) -> HttpResponse:
    """The rows the page shows, under the same filters."""
    it = asked(lot_or_404(lot_id), request.GET)
    return exports.ranking_csv(it.lot, it.ranking, current_as_of())


@login_not_required
@require_safe
def lot_map(request: HttpRequest, lot_id: int) -> HttpResponse:
    """The firms of the ranking as filtered, and the groupings."""
    view = lot_view(lot_id)
    if view is None:
        raise Http404(_("Ce lot n'existe pas ou n'est plus publié."))
    rows = asked(view.lot, request.GET, [row.match for row in view.ranked]).ranking.rows
    return JsonResponse(geojson.lot_map(view, rows))
