"""Write a need: a draft keeps itself, errors are told field by field, and no tab overwrites another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from rapidfuzz import fuzz, process

from accounts.models import Organisation
from allotment.edit import StaleNeedError, begin, keep_draft, save
from allotment.models import Need
from allotment.queries import buyers_of
from frontend import need_form, words
from frontend.access import signed_in
from frontend.need_form import Form
from frontend.opened import edited
from geo import ground
from geo.domain.codes import search_name
from geo.domain.gazetteer import Gazetteer
from geo.models import Commune
from geo.queries import edition, gazetteer
from matchmaker.reference import reference

EPCI_CHOICES = 6
MOST_NAMED = 40  # communes, where two versions are compared


@dataclass(frozen=True, slots=True)
class Epci:
    """The intercommunalité asked for: its communes as lines to add, or those whose name is near."""

    asked: str = ""
    lines: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def unknown(self) -> bool:
        return bool(self.asked) and not self.lines and not self.choices


NONE = Epci()


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def need_new(request: HttpRequest) -> HttpResponse:
    """A form for one of the person's organisations. A draft begun by the same form is gone on with."""
    number = request.POST.get("need", "")
    if number.isdecimal() and len(number) < 18:
        return _edit(request, edited(request, int(number)))
    buyers = list(buyers_of(request.user))
    if not buyers:
        return render(request, "needs/no_organisation.html", {"section": "new"})
    if request.method != "POST":
        today = timezone.localdate()
        return _page(request, None, need_form.blank(buyers[0].pk, today), told=False)
    said, epci = need_form.typed_of(request.POST), _epci(request)
    if request.POST.get("do") == "save":
        form = need_form.read(said, reference(), gazetteer())
        if form.content is not None:
            need = begin(request.user, _organisation(request, said), {}, form.content.fields["launched_on"])
            save(need.pk, need.revision, form.content)
            return redirect("need", need.pk)
    return _page(request, None, _added(said, epci), told=not epci.asked, epci=epci)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def need_edit(request: HttpRequest, need_id: int) -> HttpResponse:
    """For members of the need's organisation."""
    return _edit(request, edited(request, need_id))


def _edit(request: HttpRequest, need: Need) -> HttpResponse:
    if request.method != "POST":
        said = need.draft or need_form.typed_from(need, gazetteer())
        return _page(request, need, said, told=False)
    said, epci = need_form.typed_of(request.POST), _epci(request)
    if request.POST.get("do") == "forget":
        keep_draft(need.pk, need.revision, {})
        return redirect("need-edit", need.pk)
    if request.POST.get("do") != "save":
        return _page(request, need, _added(said, epci), told=not epci.asked, epci=epci)
    form = need_form.read(said, reference(), gazetteer())
    if form.content is None:
        return _page(request, need, said, told=True)
    try:
        save(need.pk, _revision(request), form.content)
    except StaleNeedError:
        return _page(request, need, said, told=True, stale=True)
    return redirect("need", need.pk)


@signed_in
@require_POST
def need_draft(request: HttpRequest) -> HttpResponse:
    """Keep what is typed; asked by the form as one types. The first time, the need begins."""
    said = need_form.typed_of(request.POST)
    number = request.POST.get("need", "")
    if number.isdecimal() and len(number) < 18:
        need = edited(request, int(number))
        try:
            keep_draft(need.pk, _revision(request), said)
        except StaleNeedError:
            return render(request, "needs/draft.html", {"need": need, "revision": _revision(request), "stale": True})
    else:
        need = begin(request.user, _organisation(request, said), said, timezone.localdate())
    context = {"need": need, "revision": need.revision, "at": words.hour_of(timezone.now())}
    return render(request, "needs/draft.html", context)


@signed_in
@require_safe
def need_trade(request: HttpRequest) -> HttpResponse:
    """What a row of the form means, told as one leaves its field."""
    what = next((value[:300] for name, value in request.GET.items() if name.startswith("what")), "")
    said = need_form.trade_in_words(what, reference())
    return render(request, "needs/trade_said.html", {"said": said, "what": what.strip()})


def _revision(request: HttpRequest) -> int:
    number = request.POST.get("revision", "")
    return int(number) if number.isdecimal() and len(number) < 10 else 0


def _organisation(request: HttpRequest, said: Mapping[str, Any]) -> Organisation:
    """The chosen one among the person's; 404 for another's."""
    buyers = buyers_of(request.user)
    number = str(said.get("organisation", ""))
    found = buyers.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 18 else buyers.first()
    if found is None:
        raise Http404(_("Choisissez une organisation dont vous êtes membre."))
    return found


def _epci(request: HttpRequest) -> Epci:
    """What the button beside the name, or one of the choices it gave, asks for."""
    code = request.POST.get("epci_code", "").replace("\x00", "")
    asked = request.POST.get("epci", "").strip()[:150]
    if not code and request.POST.get("do") != "epci":
        return Epci()
    if not code:
        found = _epci_named(asked)
        if len(found) != 1:
            return Epci(asked, choices=tuple(found))
        code = found[0][0]
    members = Commune.objects.filter(epci_code=code, kind=Commune.Kind.COMMUNE).order_by("code")
    return Epci(asked or code, tuple(f"{name} ({insee})" for insee, name in members.values_list("code", "name")))


def _epci_named(text: str) -> list[tuple[str, str]]:
    """(code, name) of the one of that very name, else of those that are near."""
    name = search_name(text)
    if not name:
        return []
    known = _epcis(edition())
    same = [(code, label) for code, label, plain in known if plain == name]
    near = process.extract(
        name, [plain for _, _, plain in known], scorer=fuzz.partial_ratio, limit=EPCI_CHOICES, score_cutoff=80
    )
    return same if len(same) == 1 else [known[place][:2] for _, _, place in near]


@lru_cache(maxsize=1)
def _epcis(_edition: str) -> list[tuple[str, str, str]]:
    """Code, name and name to compare of all intercommunalités. One query an edition."""
    rows = Commune.objects.exclude(epci_code="").order_by("epci_code").values_list("epci_code", "epci_name").distinct()
    return [(code, name, search_name(name)) for code, name in rows]


def _added(said: dict[str, Any], epci: Epci) -> dict[str, Any]:
    return said | {"places": "\n".join(filter(None, [str(said["places"]).strip(), *epci.lines]))}


def _page(
    request: HttpRequest,
    need: Need | None,
    said: Mapping[str, Any],
    *,
    told: bool,
    epci: Epci = NONE,
    stale: bool = False,
) -> HttpResponse:
    """The form. ``told``: with what to correct; ``stale``: with what another tab saved."""
    known = gazetteer()
    form = need_form.read(said, reference(), known)
    errors = form.errors if told else {}
    context = {
        "need": need,
        "section": "edit",
        "form": form,
        "typed": form.typed,
        "errors": errors,
        "summary": [(field, message) for field, message in errors.items()],
        "unread": form.unread,
        "places": _places(form, known, errors),
        "revision": _current(need) if stale else need.revision if need else 0,
        "stale": _differences(form, need, known) if stale and need else (),
        "draft": bool(need and need.draft and request.method != "POST"),
        "buyers": buyers_of(request.user),
        "natures": Need.Nature.choices,
        "trades": sorted((trade.label, code) for code, trade in reference().trades.items()),
        "epci": epci,
        "date_fields": need_form.short_fields(),
        "codes": ",".join(form.codes),
        "ground_deepest": ground.FINEST,
        "tiles": settings.TILES,
        "fictitious": bool(need and need.fictitious),
    }
    status = 409 if stale else 422 if errors and request.POST.get("do") == "save" else 200
    return render(request, "needs/edit.html", context, status=status)


def _places(form: Form, known: Gazetteer, errors: Mapping[str, str]) -> list[dict[str, Any]]:
    """Communes understood, each with its weight as it will be saved."""
    found = (known.communes[code] for code in form.codes)
    return [
        {
            "code": one.code,
            "name": one.name,
            "weight": form.weights.get(one.code) or max(1, one.population),
            "error": errors.get(f"weight-{one.code}", ""),
        }
        for one in found
    ]


def _current(need: Need | None) -> int:
    return Need.objects.values_list("revision", flat=True).get(pk=need.pk) if need else 0


def _differences(form: Form, need: Need, known: Gazetteer) -> list[tuple[str, str, str]]:
    """(field, as saved by the other tab, as typed here), where both differ."""
    saved = need_form.read(need_form.typed_from(Need.objects.get(pk=need.pk), known), reference(), known)
    labels = need_form.field_labels()
    told = [(labels[name], saved.typed[name], form.typed[name]) for name in labels if name in saved.typed]
    told.append((_("Métiers"), need_form.rows_in_words(saved), need_form.rows_in_words(form)))
    both = (saved, form)
    named = [words.joined([known.communes[code].name for code in one.codes[:MOST_NAMED]]) for one in both]
    told.append((_("Communes"), *named))
    return [one for one in told if one[1] != one[2]]
