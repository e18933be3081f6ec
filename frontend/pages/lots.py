"""The list of open lots, one lot, their CSV and what their maps draw."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from consortia.queries import LotView, facets, for_list, lot_cards, lot_view, lots_matching, searched_lots
from frontend import charts, exports, geojson, words
from frontend.access import login_not_required
from frontend.facets import SORT_LABELS, chips, facet_groups
from frontend.groupings import others
from frontend.hiring import panel
from frontend.history import history_of
from frontend.lot_news import news_of
from frontend.pages import groupings
from frontend.pages.ranking import asked, context_of
from matchmaker.hiring import hiring_near
from matchmaker.labels import labels_of
from matchmaker.models import Lot
from matchmaker.queries import current_as_of, labels, lot_filter, running_run, start_of, stock
from matchmaker.reference import reference

PAGE_SIZE = 20
CSV_ROWS = 5000


@login_not_required
@require_safe
def home(_request: HttpRequest) -> HttpResponse:
    return redirect("lots")


@login_not_required
@require_safe
def lots(request: HttpRequest) -> HttpResponse:
    """The answer in a sentence, the facets, the rows. At most 20 queries."""
    as_of = current_as_of()
    wanted = lot_filter(request.GET)
    searched = searched_lots(wanted, as_of)
    counted = facets(wanted, as_of, searched)
    trades = labels("trade")
    groups = facet_groups(wanted, counted, trades)
    page = Paginator(for_list(lots_matching(wanted, as_of, searched)), PAGE_SIZE).get_page(request.GET.get("page"))
    cards = lot_cards(page.object_list)
    context = {
        "as_of": as_of,
        "wanted": wanted,
        "counted": counted,
        "groups": groups,
        "chips": chips(request.GET, wanted, groups),
        "sorts": SORT_LABELS,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "cards": cards,
        "run": running_run(),
        "fictitious": any(card.lot.tender.fictitious for card in cards),
        "mixed": len({card.lot.tender.fictitious for card in cards}) > 1,
        "stock": stock() if not page.paginator.count else None,
    }
    return render(request, "lots/list.html", context)


@login_not_required
@require_safe
def lots_csv(request: HttpRequest) -> HttpResponse:
    as_of = current_as_of()
    found = for_list(lots_matching(lot_filter(request.GET), as_of))[:CSV_ROWS]
    return exports.lots_csv(lot_cards(found), as_of)


def _view_or_404(lot_id: int) -> LotView:
    view = lot_view(lot_id)
    if view is None:
        raise Http404(_("Ce lot n'existe pas ou n'est plus publié."))
    return view


@login_not_required
@require_safe
def lot(request: HttpRequest, lot_id: int) -> HttpResponse:
    """One lot: what is bought, who can do it, alone or together, or what is missing.

    At most 14 queries, and ten more when the address holds weights of one's own.
    """
    view = _view_or_404(lot_id)
    as_of = current_as_of()
    tables = reference()
    kinds = labels("kind")
    it = asked(view.lot, request.GET, [row.match for row in view.ranked])
    near = hiring_near(view.lot)
    cpvs = labels_of("cpv", view.lot.cpvs)
    context = groupings.context_of(view, request.GET, tables)
    trades = context["trades"]
    context |= context_of(it, kinds) | {
        "as_of": as_of,
        "view": view,
        "tender": view.lot.tender,
        "main_trade": trades.get(view.lot.trades[0], "") if view.lot.trades else "",
        "needs": [(_need_label(need, trades), 100 * need.get("share", 1)) for need in view.lot.needs],
        "gaps": [charts.gap_bar(gap, trades) for gap in (view.outcome.gaps if view.outcome else [])],
        "partners": charts.partner_bars(view.partners),
        "piece_with": _piece_with(view),
        "rank_others": others(request.GET, groupings=False),
        "fictitious": view.fictitious,
        "run": running_run(),
        "tiles": settings.TILES,
        "closed": _closed(view.lot, as_of),
        "history": history_of(view.lot),
        "news": news_of(view.lot, [row.match for row in view.ranked]),
        "hiring": near,
        "panel": panel(near),
        "cpvs": cpvs,
        "cpv_advice": next((cpv.advice for cpv in cpvs if cpv.advice), ""),
    }
    return render(request, "lots/detail.html", context)


def _piece_with(view: LotView) -> str:
    """Who would answer with the missing piece, those the page lists."""
    members = view.outcome.piece.get("members", []) if view.outcome else []
    return words.joined([row.firm.name for row in view.ranked if row.match.firm_id in members])


def _closed(one: Lot, as_of: date) -> bool:
    return one.deadline is not None and one.deadline < start_of(as_of)


def _need_label(need: dict[str, Any], trades: dict[str, str]) -> str:
    """A need that several trades can meet names them all: "Petite enfance ou Aide à domicile"."""
    codes = need.get("options") or [need["trade"]]
    label = f" {_('ou')} ".join(trades.get(code, code) for code in codes)
    return f"{label} ({_("métier déduit des mots de l'avis")})" if need.get("by") == "words" else label


@login_not_required
@require_safe
@gzip_page
def lot_context(_request: HttpRequest, lot_id: int) -> HttpResponse:
    view = _view_or_404(lot_id)
    rows = asked(view.lot, QueryDict(), [row.match for row in view.ranked]).ranking.rows
    return backdrop_answer(geojson.lot_map(view, rows))


def backdrop_answer(drawn: geojson.Json) -> HttpResponse:
    """Outlines around what is drawn. They change once a year: browsers may keep them for an hour."""
    box = geojson.box_of(drawn["features"])
    found = geojson.backdrop(box) if box else {"outlines": "", "labels": []}
    text = (
        f'{{"outlines":{{"type":"FeatureCollection","features":[{found["outlines"]}]}},'
        f'"labels":{json.dumps(geojson.collection(found["labels"]), ensure_ascii=False)}}}'
    )
    response = HttpResponse(text, content_type="application/json")
    response["Cache-Control"] = "public, max-age=3600"
    return response
