"""The radar of missing pieces: one more firm, of which trade and where, that would make most lots reachable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from consortia.radar import Lacking, Light, choices, known, lacking, lights, lots_lacking, neighbours
from frontend import geojson, missing_export
from frontend.access import login_not_required
from frontend.missing_words import reason, trades_named
from geo import ground
from matchmaker.queries import current_as_of, labels
from matchmaker.reference import reference
from matchmaker.supply_queries import MAINLAND

PAGE_SIZE = 20
AROUND_DEG = 0.3  # of sight around the lots, about 30 km


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address says, and what it leaves; a value that means nothing is dropped."""

    trade: str
    departement: str
    demo: bool
    both: bool
    trades: Counter[str]  # of all lots that lack a piece
    departements: Counter[tuple[str, str]]
    lots: tuple[Lacking, ...]  # that pass


def _asked(request: HttpRequest, as_of: date) -> Asked:
    """Real lots are shown when there are any, unless the demonstration is asked for. At most five queries."""
    kinds = known(as_of)
    demo = True in kinds and (request.GET.get("demo") == "1" or False not in kinds)
    every = lacking(lots_lacking(as_of, fictitious=demo))
    trades, departements = choices(every)
    trade, departement = request.GET.get("trade", ""), request.GET.get("dep", "")
    trade = trade if trade in trades else ""
    departement = departement if departement in {code for code, _ in departements} else ""
    return Asked(
        trade=trade,
        departement=departement,
        demo=demo,
        both=len(kinds) == 2,
        trades=trades,
        departements=departements,
        lots=tuple(
            one
            for one in every
            if (not trade or trade in one.piece.trades) and (not departement or one.lot.departement_id == departement)
        ),
    )


def _page(request: HttpRequest, found: Sequence[Light]) -> Page[Light]:
    return Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))


@login_not_required
@require_safe
def missing(request: HttpRequest) -> HttpResponse:
    """The answer, the map, the beacons with their lots and who might be called. At most 14 queries."""
    as_of = current_as_of()
    asked = _asked(request, as_of)
    found = lights(asked.lots)
    page = _page(request, found)
    shown = list(page.object_list)
    names = labels("trade")
    context: dict[str, Any] = {
        "as_of": as_of,
        "asked": asked,
        "best": found[0] if found else None,
        "best_trade": trades_named(found[0], names) if found else "",
        "rows": [
            (number, light, trades_named(light, names), [(one, reason(one, light)) for one in who])
            for number, light, who in zip(
                count(page.start_index()), shown, neighbours(shown, fictitious=asked.demo), strict=False
            )
        ],
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "trades": [(code, names.get(code, code), lots) for code, lots in sorted(asked.trades.items())],
        "departements": [(code, name, lots) for (code, name), lots in sorted(asked.departements.items())],
        "extent": _extent(asked.lots),
        "fictitious": asked.demo,
        "tiles": settings.TILES,
        "ground_deepest": ground.FINEST,
    }
    return render(request, "missing.html", context)


def _extent(lots: Sequence[Lacking]) -> str:
    """The part of the map shown first: mainland France where lots lie there and overseas; "" for all of them."""
    west, south, east, north = MAINLAND
    inland = [one.place for one in lots if west < one.place.lon < east and south < one.place.lat < north]
    if len(inland) in (0, len(lots)):
        return ""
    lons, lats = [place.lon for place in inland], [place.lat for place in inland]
    box = min(lons) - AROUND_DEG, min(lats) - AROUND_DEG, max(lons) + AROUND_DEG, max(lats) + AROUND_DEG
    return ",".join(f"{edge:.3f}" for edge in box)


@login_not_required
@require_safe
@gzip_page
def missing_map(request: HttpRequest) -> HttpResponse:
    """All lots that lack a piece, and the beacons of the page with how far they reach. At most ten queries."""
    asked = _asked(request, current_as_of())
    page = _page(request, lights(asked.lots))
    factor = reference()["distance.road_factor"]
    names = labels("trade")
    features = [
        geojson.point(one.place.lon, one.place.lat, role="lot", lot=one.lot.pk, name=one.lot.place_label)
        for one in asked.lots
    ]
    features += [
        geojson.point(
            light.place.lon,
            light.place.lat,
            role="beacon",
            beacon=number,
            name=trades_named(light, names),
            circle_km=round(light.farthest_km / factor, 1) if len(light.lots) > 1 else 0,
        )
        for number, light in enumerate(page.object_list, start=page.start_index())
    ]
    return JsonResponse(geojson.collection(features))


@login_not_required
@require_safe
def missing_csv(request: HttpRequest) -> HttpResponse:
    """One line a lot, with its beacon. At most seven queries."""
    as_of = current_as_of()
    return missing_export.missing_csv(lights(_asked(request, as_of).lots), labels("trade"), as_of)
