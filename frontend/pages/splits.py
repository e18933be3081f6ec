"""Splits of a need: its versions, one of them with its map and lots, and the changes that make the next.

Readers of a shared need see; members of its organisation change. Everything is answered at once: a lot asks the index
and the solver for a hundredth of a second or so, and only lots that changed are asked anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.gis.db.models import Extent, GeometryField
from django.contrib.gis.db.models.functions import AsGeoJSON
from django.db.models import F, Func, Value
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allotment.domain import versions
from allotment.domain.evaluate import Totals, totals
from allotment.domain.law import LawError
from allotment.domain.need import Need as DomainNeed
from allotment.domain.need import NeedError
from allotment.domain.split import MOST_LOTS
from allotment.domain.versions import Shapes, SplitError
from allotment.models import Need, Split
from allotment.queries import may_edit, need_of
from allotment.reference import rules_on
from allotment.simulate import evaluate, fingerprint
from allotment.splits import TooManyVersionsError, keep, refresh, shapes_of, totals_of, zones_of
from frontend import split_words
from frontend.access import login_not_required, signed_in
from frontend.documents import split_table
from frontend.geojson import Json, collection
from frontend.opened import edited, opened
from frontend.split_picture import picture
from frontend.split_view import View, view_of
from geo.ground import FINEST
from geo.models import Commune

MOST_COMPARED = 4
THUMBNAILS = 6
_DETAIL = 0.0008  # degrees


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A version as small maps: for each layer of trades, the lot of each commune."""

    split: Split
    totals: Totals
    layers: list[tuple[str, list[tuple[str, int]]]]


# ---------------------------------------------------------------- all versions


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def splits(request: HttpRequest, need_id: int) -> HttpResponse:
    """The versions of a need, those compared side by side (``?compare=1,4``), and how to make a new one."""
    found = edited(request, need_id) if request.method == "POST" else opened(request, need_id)
    error = ""
    need = _need(found)
    if request.method == "POST" and isinstance(need, DomainNeed):
        try:
            made = _started(need, request.POST)
            kept = keep(found, made, user=request.user, origin=_origin(request.POST.get("way", "")), need=need)
            return redirect(_address(request, kept))
        except (SplitError, TooManyVersionsError) as refused:
            error = str(refused)
    chosen = request.GET.getlist("compare")
    if len(chosen) > 1:  # as a form without script sends it: the address is made short
        return redirect(f"{request.path}?{urlencode(_kept(request) | {'compare': ','.join(chosen)}, safe=',')}")
    context = _list_context(request, found, need, chosen[0] if chosen else "") | {"error": error}
    return render(request, "needs/splits.html", context, status=422 if error else 200)


def _list_context(request: HttpRequest, found: Need, need: DomainNeed | str, compare: str) -> Json:
    made = list(found.splits.select_related("parent", "created_by").prefetch_related("lots"))
    asked = [int(number) for number in compare.split(",") if number.isdecimal() and len(number) < 9]
    by_number = {split.number: split for split in made}
    side_by_side = [by_number[number] for number in dict.fromkeys(asked) if number in by_number][:MOST_COMPARED]
    zones = zones_of([place.commune for place in need.places]) if isinstance(need, DomainNeed) else {}
    drawn = side_by_side or made[: -THUMBNAILS - 1 : -1]
    communes = frozenset(code for split in drawn for lot in split.lots.all() for code in lot.communes)
    return _common(request, found) | {
        "lacks": need if isinstance(need, str) else "",
        "versions": [(split, totals_of(split)) for split in reversed(made)],
        "drawn": [_thumbnail(split) for split in drawn],
        "picture": picture(communes) if communes else None,
        "side_by_side": side_by_side,
        "compared": split_words.compared([totals_of(split) for split in side_by_side]),
        "zonings": {kind: split_words.ZONINGS[kind] for kind in zones},
        "trades": len(need.trades) if isinstance(need, DomainNeed) else 0,
        "most_compared": MOST_COMPARED,
    }


def _thumbnail(split: Split) -> Thumbnail:
    layers: dict[str, list[tuple[str, int]]] = {}
    for lot in split.lots.all():
        layers.setdefault("-".join(lot.trades), []).extend((code, lot.position) for code in lot.communes)
    return Thumbnail(split, totals_of(split), list(layers.items()))


def _common(request: HttpRequest, found: Need) -> Json:
    return {
        "need": found,
        "section": "splits",
        "editable": may_edit(request.user, found),
        "fictitious": found.fictitious,
        "kept": urlencode(_kept(request)),
    }


def _kept(request: HttpRequest) -> dict[str, str]:
    """What every address of a shared need carries."""
    key = request.GET.get("key", "")
    return {"key": key} if key else {}


def _need(found: Need) -> DomainNeed | str:
    """The need, or what it lacks: a trade, a commune, or a law known for its date."""
    try:
        need = need_of(found)
        split_words.law_help(rules_on(need.launched_on), need.nature)
    except (NeedError, LawError) as lack:
        return str(lack)
    return need


def _started(need: DomainNeed, said: QueryDict) -> Shapes:
    """A first split, by a rule applied to the whole need."""
    way = said.get("way", "")
    lots = versions.whole(need)
    if way == "trade-parts":
        lots = versions.by_trade(need, lots, 0)
        parts, most = _parts(said), max(2, MOST_LOTS // len(lots))
        for place in range(len(lots) - 1, -1, -1):
            lots = versions.by_parts(need, lots, place, min(parts, most, len(need.places)))
        return lots
    return lots if way == "whole" else _cut(need, lots, 0, said)


def _cut(need: DomainNeed, lots: Shapes, lot: int, said: QueryDict) -> Shapes:
    way = said.get("way", "")
    if way == "trade":
        return versions.by_trade(need, lots, lot)
    if way == "parts":
        return versions.by_parts(need, lots, lot, _parts(said))
    if way == "volume":
        return versions.by_volume(need, lots, lot, _parts(said))
    if way.startswith("zone-"):
        zones = zones_of([place.commune for place in need.places])
        return versions.by_zone(need, lots, lot, zones.get(way.removeprefix("zone-"), {}))
    raise SplitError(_("Choisissez comment découper parmi les choix proposés."))


def _parts(said: QueryDict) -> int:
    text = said.get("parts", "").strip()
    return int(text) if text.isdecimal() and len(text) < 4 else 0


def _origin(way: str) -> str:
    return Split.Origin.HAND if way == "whole" else Split.Origin.RULE


# ---------------------------------------------------------------- one version


def _version(found: Need, number: int) -> Split:
    split = found.splits.filter(number=number).select_related("need", "parent", "created_by").first()
    if split is None:
        raise Http404(_("Ce besoin n'a pas de découpage de ce numéro."))
    return split


def _address(request: HttpRequest, split: Split) -> str:
    asked = _kept(request) | ({"layer": layer} if (layer := request.GET.get("layer", "")) else {})
    address = reverse("need-split", args=[split.need_id, split.number])
    return f"{address}?{urlencode(asked)}" if asked else address


@login_not_required
@require_safe
def split(request: HttpRequest, need_id: int, number: int) -> HttpResponse:
    """One version: the answer, the map, the lots, what may be changed."""
    found = opened(request, need_id)
    return _page(request, found, _version(found, number))


def _page(request: HttpRequest, found: Need, made: Split, error: str = "") -> HttpResponse:
    need = _need(found)
    editable = may_edit(request.user, found) and isinstance(need, DomainNeed)
    view = _view(made, need, editable)
    mine = totals_of(made)
    layers = [layer.key for layer in view.layers]
    asked = request.GET.get("layer", "")
    context = _common(request, found) | {
        "split": made,
        "view": view,
        "totals": mine,
        "error": error,
        "editable": editable,
        "lacks": need if isinstance(need, str) else "",
        "stale": isinstance(need, DomainNeed) and made.evaluated_with != fingerprint(need, fictitious=found.fictitious),
        "answer": split_words.answer(mine, _whole(need, found) or mine),
        "second": split_words.second(mine),
        "limit": split_words.award_limit(mine, found.max_lots_won),
        "law": split_words.law_help(rules_on(need.launched_on), need.nature) if isinstance(need, DomainNeed) else "",
        "state": view.state(asked if asked in layers else layers[0]) if layers else {},
        "chosen": asked if asked in layers else (layers[0] if layers else ""),
        "children": list(made.children.order_by("-number")[:3]),
        "zonings": {kind: split_words.ZONINGS[kind] for kind in zones_of(_communes(need))} if editable else {},
        "tiles": settings.TILES,
        "ground_deepest": FINEST,
    }
    response = render(request, "needs/split.html", context, status=422 if error else 200)
    if "HX-Request" in request.headers and not error:
        response["HX-Push-Url"] = _address(request, made)
    response["Vary"] = "HX-Request"
    return response


def _view(made: Split, need: DomainNeed | str, editable: bool) -> View:
    known = need if isinstance(need, DomainNeed) else None
    try:
        return view_of(made, known, editable=editable)
    except (KeyError, TypeError):  # kept by an older version of the simulation
        if known is None:
            raise
        refresh(made, known)
        return view_of(made, known, editable=editable)


def _communes(need: DomainNeed | str) -> list[str]:
    return [place.commune for place in need.places] if isinstance(need, DomainNeed) else []


def _whole(need: DomainNeed | str, found: Need) -> Totals | None:
    """The need in one lot, which every split is compared with."""
    if isinstance(need, str):
        return None
    return totals(evaluate(need, versions.whole(need), fictitious=found.fictitious))


# ---------------------------------------------------------------- changes


@signed_in
@require_POST
def change(request: HttpRequest, need_id: int, number: int) -> HttpResponse:
    """Move, cut or join: the next version. A name is kept on this one; ``again`` evaluates it with today's supply."""
    found = edited(request, need_id)
    made = _version(found, number)
    need = _need(found)
    if isinstance(need, str):
        return _page(request, found, made, need)
    try:
        what = request.POST.get("do", "")
        if what == "name":
            made.name = request.POST.get("name", "").replace("\x00", "").strip()[:120]
            made.save(update_fields=["name"])
        elif what == "again":
            refresh(made, need)
        else:
            after = _changed(need, shapes_of(list(made.lots.all())), what, request.POST)
            origin = Split.Origin.RULE if what == "cut" else Split.Origin.HAND
            made = keep(found, after, user=request.user, parent=made, origin=origin, need=need)
    except (SplitError, TooManyVersionsError) as refused:
        return _page(request, found, made, str(refused))
    return redirect(_address(request, made))


def _changed(need: DomainNeed, lots: Shapes, what: str, said: QueryDict) -> Shapes:
    if what == "move":
        return versions.moved(need, lots, _moves(lots, said))
    if what == "cut":
        return _cut(need, lots, _lot(lots, said.get("lot", "")), said)
    if what == "join":
        return versions.joined(need, lots, _lot(lots, said.get("one", "")), _lot(lots, said.get("other", "")))
    raise SplitError(_("Choisissez un changement parmi ceux de la page."))


def _moves(lots: Shapes, said: QueryDict) -> Mapping[str, tuple[int, int]]:
    """One commune (from the map), or one field a border commune (from the table): ``to-<lot>-<commune>``."""
    moves: dict[str, tuple[int, int]] = {}
    if said.get("commune"):
        moves[said["commune"]] = _lot(lots, said.get("from", "")), _lot(lots, said.get("to", ""))
    for name, value in said.items():
        kind, _sep, rest = name.partition("-")
        if kind == "to" and rest and value:
            giver, _sep, commune = rest.partition("-")
            moves[commune] = _lot(lots, giver), _lot(lots, str(value))
    if not moves:
        raise SplitError(_("Choisissez au moins une commune à déplacer, et son nouveau lot."))
    return moves


def _lot(lots: Shapes, text: str) -> int:
    if not (text.isdecimal() and len(text) < 4 and 1 <= int(text) <= len(lots)):
        raise SplitError(_("Ce lot n'existe pas dans ce découpage : rechargez la page."))
    return int(text) - 1


# ---------------------------------------------------------------- outlines, exports


@login_not_required
@require_safe
def outlines(request: HttpRequest, need_id: int) -> JsonResponse:
    """The communes of a need as GeoJSON: what the map colours. One query."""
    found = opened(request, need_id)
    simple = Func(F("boundary"), Value(_DETAIL), function="ST_SimplifyPreserveTopology", output_field=GeometryField())
    rows = Commune.objects.filter(pk__in=found.places.values("commune"), boundary__isnull=False).annotate(
        outline=AsGeoJSON(simple, precision=4)
    )
    features = [
        {"type": "Feature", "properties": {"code": code, "name": name}, "geometry": json.loads(outline)}
        for code, name, outline in rows.order_by("pk").values_list("pk", "name", "outline")
    ]
    return JsonResponse(collection(features, bbox=rows.aggregate(box=Extent("boundary"))["box"]))


@login_not_required
@require_safe
def lots_csv(request: HttpRequest, need_id: int, number: int) -> HttpResponse:
    """The lots of a version, one a row."""
    return split_table.csv(*_exported(request, need_id, number))


@login_not_required
@require_safe
def lots_xlsx(request: HttpRequest, need_id: int, number: int) -> HttpResponse:
    """The lots, and on a second sheet the lot of each commune."""
    return split_table.xlsx(*_exported(request, need_id, number))


def _exported(request: HttpRequest, need_id: int, number: int) -> tuple[Need, View]:
    found = opened(request, need_id)
    made = _version(found, number)
    return found, _view(made, _need(found), editable=False)
