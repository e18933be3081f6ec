"""Needs: those of my organisations, and the local supply for one of them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from allotment.domain.need import Need as DomainNeed
from allotment.domain.need import NeedError
from allotment.edit import KEPT_DAYS, PublicNeedError, aside, set_aside, share, stop_sharing, take_back
from allotment.models import Need
from allotment.queries import buyers_of, may_edit, need_of, visible
from allotment.supply import study
from frontend import words
from frontend.access import login_not_required, signed_in
from frontend.documents.sourcing import report_page
from frontend.geojson import Json, collection, point
from frontend.need_supply import MAPPED, main_trade, overview, public_firms
from frontend.opened import edited, opened
from frontend.pages.documents import sent
from geo import ground
from geo.queries import gazetteer
from matchmaker.queries import PublicFirm, labels

AROUND = 0.12  # degrees around the communes on the map


@login_not_required
@require_safe
def needs(request: HttpRequest) -> HttpResponse:
    """The needs of the person's organisations; what needs are for, to others. At most five queries."""
    context = {
        "needs": visible(request.user).select_related("organisation").prefetch_related("trades", "places"),
        "buyers": buyers_of(request.user).exists(),
        "aside": aside(request.user) if request.user.is_authenticated else (),
        "kept_days": KEPT_DAYS,
        "trades": labels("trade"),
    }
    return render(request, "needs/list.html", context)


@login_not_required
@require_safe
def need(request: HttpRequest, need_id: int) -> HttpResponse:
    """One need and the supply for it: for its organisation's members, and those who hold its shared address."""
    found = opened(request, need_id)
    context = _frame(request, found)
    try:
        asked = need_of(found)
    except NeedError as error:
        return render(request, "needs/detail.html", context | {"lacks": str(error)})
    supply = overview(asked, _trade(request, asked), fictitious=found.fictitious)
    return render(request, "needs/detail.html", context | supply)


def _frame(request: HttpRequest, need: Need) -> dict[str, Any]:
    """What the page says of the need itself."""
    names, trades = labels("trade"), list(need.trades.all())
    codes = list(need.places.order_by("commune_id").values_list("commune_id", flat=True))
    address = request.build_absolute_uri(f"{reverse('need', args=[need.pk])}?key={need.share_key}")
    return {
        "need": need,
        "section": "overview",
        "editable": may_edit(request.user, need),
        "fictitious": need.fictitious,
        "total_eur": sum(one.amount_eur for one in trades),
        "trade_names": words.joined([names.get(one.trade, one.trade) for one in trades]),
        "n_places": len(codes),
        "codes": ",".join(codes),
        "box": _box(codes),
        "share_address": address if need.share_key else "",
        "kind_names": labels("kind"),
        "ground_deepest": ground.FINEST,
        "tiles": settings.TILES,
    }


def _box(codes: list[str]) -> str:
    """What the map first shows: the communes and a little around, west, south, east, north."""
    known = gazetteer().communes
    points = [place for code in codes if code in known and (place := known[code].point)]
    if not points:
        return ""
    lons, lats = [one.lon for one in points], [one.lat for one in points]
    west, south, east, north = min(lons), min(lats), max(lons), max(lats)
    return f"{west - AROUND:.4f},{south - AROUND:.4f},{east + AROUND:.4f},{north + AROUND:.4f}"


def _trade(request: HttpRequest, need: DomainNeed) -> str:
    """The trade the curve is drawn for, by the address: the main one, "all" in one lot, or any of the need."""
    asked = request.GET.get("trade", "")
    if not asked:
        return main_trade(need)
    if asked == "all":
        return ""
    if asked not in {one.trade for one in need.trades}:
        raise Http404(_("Ce métier n'est pas dans le besoin."))
    return asked


def _asked(need: Need) -> DomainNeed:
    try:
        return need_of(need)
    except NeedError as error:
        raise Http404(str(error)) from error


@login_not_required
@require_safe
def need_map(request: HttpRequest, need_id: int) -> HttpResponse:
    """The firms within reach, the best for the need first; a masked one stands at its commune, unnamed."""
    found = opened(request, need_id)
    asked = _asked(found)
    seen = study(asked, fictitious=found.fictitious).firms[:MAPPED]
    firms = public_firms([one.id for one in seen])
    drawn = [_mark(firms[one.id], rank) for rank, one in enumerate(seen, start=1) if one.id in firms]
    return JsonResponse(collection([one for one in drawn if one]))


def _mark(firm: PublicFirm, rank: int) -> Json | None:
    """A firm as the script of the maps draws it."""
    if firm.lon is None or firm.lat is None:
        return None
    told = {"siret": firm.siret, "name": firm.name, "social": firm.social, "precision": firm.point_precision}
    return point(firm.lon, firm.lat, role="firm", rank=rank, solo=False, **told)


@signed_in
@require_safe
def need_json(request: HttpRequest, need_id: int) -> HttpResponse:
    """The need as data, for members of its organisation."""
    found = edited(request, need_id)
    return JsonResponse(
        {
            "id": found.pk,
            "title": found.title,
            "description": found.description,
            "organisation": found.organisation.name,
            "nature": found.nature,
            "state": found.state,
            "months": found.months,
            "start": found.start,
            "launched_on": found.launched_on,
            "constraints": found.constraints_text,
            "exclusive_grouping": found.exclusive_grouping,
            "max_lots_bid": found.max_lots_bid,
            "max_lots_won": found.max_lots_won,
            "revision": found.revision,
            "fictitious": found.fictitious,
            "trades": list(found.trades.values("trade", "cpvs", "amount_eur", "transferred_hours")),
            "places": list(found.places.values("commune_id", "commune__name", "weight")),
        },
        json_dumps_params={"ensure_ascii": False},
    )


@login_not_required
@require_safe
def need_report(request: HttpRequest, need_id: int) -> HttpResponse:
    """The sourcing report, to put in the file: same readers as the page."""
    found = opened(request, need_id)
    asked = _asked(found)
    name = f"sourcage-{found.pk}-{slugify(found.title)[:40].strip('-')}"
    return sent(request, report_page(found, asked), name, reverse("need", args=[found.pk]))


@signed_in
@require_POST
def need_share(request: HttpRequest, need_id: int) -> HttpResponse:
    """Open by a secret address, or close it."""
    found = edited(request, need_id)
    if request.POST.get("stop"):
        stop_sharing(found)
        messages.info(request, _("Le lien est fermé : il n'ouvre plus rien."))
    else:
        share(found)
    return redirect("need", need_id)


@signed_in
@require_POST
def need_delete(request: HttpRequest, need_id: int) -> HttpResponse:
    """Set aside; the list offers to take it back."""
    found = edited(request, need_id)
    try:
        set_aside(found)
    except PublicNeedError:
        said = _("Ce besoin a une consultation publique : il reste avec elle, sans pouvoir être supprimé.")
        messages.error(request, said)
        return redirect("needs")
    messages.info(
        request, _("« %(title)s » est supprimé. Vous pouvez le rétablir ci-dessous.") % {"title": found.title}
    )
    return redirect("needs")


@signed_in
@require_POST
def need_restore(request: HttpRequest, need_id: int) -> HttpResponse:
    found = take_back(request.user, need_id)
    if found is None:
        raise Http404(_("Aucun besoin supprimé ne porte ce numéro, ou le délai est passé."))
    return redirect("need", need_id)
