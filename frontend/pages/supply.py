"""The map of the supply: how many firms of a trade are where, what they can still take on, and what is asked there."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from frontend import geojson, supply_export
from frontend.access import login_not_required
from geo import ground
from geo.domain.mercator import Cell, CellError
from geo.models import Commune
from geo.queries import edition, find_communes
from matchmaker import supply_cells, tiles
from matchmaker.models import Lot
from matchmaker.queries import current_as_of, labels
from matchmaker.supply_queries import Row, by_departement, extent, mark, out_of_reach, supply_known, trades_counted

MVT = "application/vnd.mapbox-vector-tile"
FAMILIES = {
    "": gettext_lazy("toutes les entreprises"),
    "social": gettext_lazy("ESS ou structures inclusives"),
    "siae": gettext_lazy("structures d'insertion (SIAE)"),
    "adapted": gettext_lazy("entreprises adaptées et ESAT"),
}
SIZES = {"firms": gettext_lazy("nombre d'entreprises"), "capacity": gettext_lazy("capacité libre (estimation)")}
SORTS = ("code", "name", "firms", "social", "capacity", "lots", "demand", "ratio")
GAPS_LISTED = 20
GAPS_DRAWN = 2_000
TILE_S = 300  # a browser asks again after that, and is mostly told that nothing changed


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address of the page says; a value that means nothing is dropped."""

    trade: str = ""
    who: str = ""
    size: str = "firms"
    sort: str = "code"
    demo: bool = False

    @property
    def query(self) -> str:
        """What the addresses of tiles, cards and gaps need."""
        said = {"trade": self.trade, "demo": "1" if self.demo else ""}
        return urlencode({name: value for name, value in said.items() if value})


def wanted_of(request: HttpRequest, known: set[bool]) -> Wanted:
    """Real firms are shown when there are any, unless the demonstration is asked for."""
    asked = request.GET

    def one(name: str, allowed: object, default: str) -> str:
        value = asked.get(name, default)
        return value if value in allowed else default  # type: ignore[operator]

    demo = True in known and (asked.get("demo") == "1" or False not in known)
    return Wanted(
        trade=one("trade", labels("trade"), ""),
        who=one("who", FAMILIES, ""),
        size=one("size", SIZES, "firms"),
        sort=one("sort", SORTS, "code"),
        demo=demo,
    )


@login_not_required
@require_safe
def supply(request: HttpRequest) -> HttpResponse:
    """The answer, the map, the same figures in a table. At most 12 queries."""
    as_of = current_as_of()
    known = supply_known()
    wanted = wanted_of(request, known)
    counted = trades_counted(fictitious=wanted.demo)
    rows = by_departement(wanted.trade, as_of, fictitious=wanted.demo)
    gaps = out_of_reach(wanted.trade, as_of, fictitious=wanted.demo)
    names = labels("trade")
    asked = " ".join(request.GET.get("place", "").split())[:80]
    context = {
        "as_of": as_of,
        "wanted": wanted,
        "trades": [
            (code, names.get(code, code), one.count(wanted.who)) for code, one in sorted(counted.items()) if code
        ],
        "everything": counted[""].count(wanted.who) if "" in counted else 0,
        "trade_name": names.get(wanted.trade, ""),
        "families": FAMILIES,
        "sizes": SIZES,
        "total": counted.get(wanted.trade),
        "low": sum(row.low_eur for row in rows),
        "high": sum(row.high_eur for row in rows),
        "lots": sum(row.demand.lots for row in rows),
        "rows": [_line(row, wanted) for row in sorted_rows(rows, wanted)],
        "columns": _columns(wanted),
        "gaps": gaps[:GAPS_LISTED],
        "n_gaps": gaps.count(),
        "place": asked,
        "found": _place(asked),
        "extent": extent(wanted.trade, fictitious=wanted.demo),
        "both": len(known) == 2,
        "fictitious": wanted.demo,
        "tiles": settings.TILES,
        "deepest": tiles.MAX_ZOOM,
        "ground_deepest": ground.FINEST,
    }
    return render(request, "supply/map.html", context)


def _columns(wanted: Wanted) -> list[tuple[str, str, str, bool]]:
    """Sort key, heading, what it rests on, whether it is a figure."""
    firms = _("Entreprises") if not wanted.who else _("Entreprises choisies")
    columns = [
        ("code", _("Code"), "", False),
        ("name", _("Département"), "", False),
        ("firms", firms, "", True),
        ("social", _("ESS ou inclusives"), "", True),
        ("capacity", _("Capacité libre par an"), _("estimation"), True),
        ("lots", _("Lots ouverts"), "", True),
        ("demand", _("Demande par an"), _("estimation"), True),
        ("ratio", _("Demande / capacité"), _("estimation"), True),
    ]
    return [column for column in columns if not (wanted.who and column[0] == "social")]


def _line(row: Row, wanted: Wanted) -> dict[str, object]:
    """A row as the table draws it; the bar of the ratio is full at 100 %."""
    ratio = row.ratio(wanted.who)
    return {
        "row": row,
        "count": row.offer.count(wanted.who),
        "capacity": row.offer.capacity(wanted.who),
        "ratio": ratio,
        "bar": 100 * min(1.0, ratio or 0),
    }


def _place(asked: str) -> Commune | None:
    found = find_communes(asked, 1) if asked else []
    return found[0] if found and found[0].point else None


def sorted_rows(rows: list[Row], wanted: Wanted) -> list[Row]:
    """Largest first, but names and codes; rows without the figure last."""
    keys = {
        "name": lambda row: (not row.name, row.name),
        "firms": lambda row: -row.offer.count(wanted.who),
        "social": lambda row: -row.offer.social,
        "capacity": lambda row: -row.offer.capacity(wanted.who),
        "lots": lambda row: -row.demand.lots,
        "demand": lambda row: -row.demand.eur,
        "ratio": lambda row: -(row.ratio(wanted.who) or (math.inf if row.demand.eur else 0)),
    }
    return sorted(rows, key=keys[wanted.sort]) if wanted.sort in keys else rows


@login_not_required
@require_safe
def supply_csv(request: HttpRequest) -> HttpResponse:
    as_of = current_as_of()
    wanted = wanted_of(request, supply_known())
    rows = by_departement(wanted.trade, as_of, fictitious=wanted.demo)
    return supply_export.supply_csv(sorted_rows(rows, wanted), wanted.trade, as_of, fictitious=wanted.demo)


# ---------------------------------------------------------------- what the map asks


@login_not_required
@require_safe
@gzip_page
def supply_tile(request: HttpRequest, zoom: int, x: int, y: int) -> HttpResponse:
    """At most two queries; none but the version's when the browser has the tile already."""
    cell = _tile_or_404(zoom, x, y, tiles.MAX_ZOOM)
    trade, demo = _trade_or_404(request), request.GET.get("demo") == "1"
    if cell.zoom < tiles.NEAR:  # counted before: the version of the counts says all
        tag = f'"{supply_cells.version(fictitious=demo)} {zoom}/{x}/{y} {trade}"'.replace(" ", "-")
        known = get_conditional_response(request, etag=tag)
        if known is not None and known.status_code == 304:
            return _lasting(known, TILE_S)
        return _tile(request, tiles.tile(cell, trade, fictitious=demo), tag, TILE_S)
    body = tiles.tile(cell, trade, fictitious=demo)
    return _tile(request, body, f'"{hashlib.sha256(body).hexdigest()[:20]}"', TILE_S)


@login_not_required
@require_safe
@gzip_page
def ground_tile(request: HttpRequest, zoom: int, x: int, y: int) -> HttpResponse:
    """Outlines and names; they change once a year, browsers keep them for a day."""
    cell = _tile_or_404(zoom, x, y, ground.FINEST)
    tag = f'"{edition()}-{zoom}/{x}/{y}"'
    known = get_conditional_response(request, etag=tag)
    if known is not None and known.status_code == 304:
        return _lasting(known, 86_400)
    return _tile(request, ground.tile(cell), tag, 86_400)


def _tile_or_404(zoom: int, x: int, y: int, deepest: int) -> Cell:
    try:
        return tiles.address(zoom, x, y, deepest=deepest)
    except tiles.TileError as error:
        raise Http404(str(error)) from error


def _trade_or_404(request: HttpRequest) -> str:
    trade = request.GET.get("trade", "")
    if trade and trade not in labels("trade"):
        raise Http404(_("Ce métier est inconnu : la page « Carte de l'offre » les donne tous."))
    return trade


def _tile(request: HttpRequest, body: bytes, tag: str, seconds: int) -> HttpResponse:
    response = HttpResponse(body, content_type=MVT, status=200 if body else 204)
    response["ETag"] = tag
    return _lasting(get_conditional_response(request, etag=tag, response=response), seconds)


def _lasting(response: HttpResponse, seconds: int) -> HttpResponse:
    response["Cache-Control"] = f"public, max-age={seconds}"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


@login_not_required
@require_safe
def supply_mark(request: HttpRequest, zoom: int, x: int, y: int) -> HttpResponse:
    """The card of a mark: a fragment of a page. At most 8 queries."""
    trade = _trade_or_404(request)
    who = request.GET.get("who", "")
    demo = request.GET.get("demo") == "1"
    try:
        found = mark(Cell(zoom, x, y), trade, who if who in FAMILIES else "", fictitious=demo)
    except CellError as error:
        raise Http404(str(error)) from error
    if found is None:
        raise Http404(_("Il n'y a plus d'entreprise ici."))
    context = {
        "mark": found,
        "who": who,
        "count": found.figures.count(who if who in FAMILIES else ""),
        "capacity": found.figures.capacity(who if who in FAMILIES else ""),
        "more": found.figures.count(who if who in FAMILIES else "") - len(found.listed) - found.hidden,
        "trade_name": labels("trade").get(trade, ""),
        "kinds": labels("kind"),
    }
    return render(request, "supply/mark.html", context)


@login_not_required
@require_safe
@gzip_page
def supply_gaps(request: HttpRequest) -> HttpResponse:
    """Open lots of the trade that no firm reaches, as GeoJSON. Three queries."""
    lots = out_of_reach(_trade_or_404(request), current_as_of(), fictitious=request.GET.get("demo") == "1")
    features = [
        geojson.point(lot.point.x, lot.point.y, role="gap", lot=lot.pk, name=_title(lot))
        for lot in lots[:GAPS_DRAWN]
        if lot.point
    ]
    return JsonResponse(geojson.collection(features))


def _title(lot: Lot) -> str:
    return (lot.title or lot.tender.title)[:120]
