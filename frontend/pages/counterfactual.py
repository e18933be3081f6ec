"""What a département's contracts of a year would have reached, split as proposed. Public: made for a public debate."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from allotment import counterfactual as verbs
from allotment.counterfactual import Territory
from frontend import counterfactual_words, words
from frontend.access import login_not_required
from frontend.pages.documents import sent
from geo.models import Departement
from matchmaker.queries import current_as_of, labels
from matchmaker.reference import reference
from matchmaker.sources.catalogue import BY_KEY

LINES = 20  # trades shown, the largest first


@login_not_required
@require_safe
def territories(request: HttpRequest) -> HttpResponse:
    """Choose a département and a year. Three queries."""
    found = verbs.territories()
    today = current_as_of()
    code = request.GET.get("dep", "")
    years = next((years for one, years in found if one.pk == code), None)
    if years:
        full = [year for year in years if year < today.year]
        return redirect("counterfactual", code, (full or years)[0])
    return render(request, "counterfactual/list.html", {"territories": found, "last": today.year - 1})


@login_not_required
@require_safe
def territory(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """The answer, two pictures, trade by trade, and what it does not say. Twelve queries, computed once a day."""
    one = _territory(code, year)
    years = next((years for dep, years in verbs.territories() if dep.pk == code), [year])
    context = _context(one) | {"years": years, "fictitious": one.fictitious}
    return render(request, "counterfactual/detail.html", context)


@login_not_required
@require_safe
def paper(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """Two pages to hand out at a public debate."""
    one = _territory(code, year)
    printed_on = timezone.localdate()
    decp = BY_KEY["decp"]
    latest = _("dernier contrat connu le %(d)s") % {"d": words.day(one.latest)} if one.latest else ""
    origins = [
        (decp.title, ", ".join(filter(None, (decp.producer, latest, decp.licence)))),
        (_("Entreprises"), _("répertoire SIRENE et listes de l'inclusion, voir la page « Sources »")),
        (_("Tables de référence"), _("version %(v)s") % {"v": reference().version}),
        (_("Document établi le"), words.day(printed_on)),
    ]
    file = SimpleNamespace(printed_on=printed_on, view=SimpleNamespace(fictitious=one.fictitious))
    context = _context(one) | {"lang": get_language(), "file": file, "origins": origins}
    page = render_to_string("documents/counterfactual.html", context)
    return sent(request, page, f"debat-{code.lower()}-{year}")


def _territory(code: str, year: int) -> Territory:
    departement = Departement.objects.defer("outline").filter(pk=code.replace("\x00", "")).first()
    if departement is None or not 2000 <= year <= 2100:
        raise Http404(_("Aucun département de ce code, ou aucune donnée pour cette année."))
    return verbs.territory(departement, year)


def _context(one: Territory) -> dict[str, Any]:
    tables, found = reference(), one.found
    per_fte = tables["insertion.hours_per_fte"]
    return {
        "territory": one,
        "found": found,
        "departement": one.departement,
        "year": one.year,
        "reach_sentence": counterfactual_words.reach_sentence(one),
        "hours_sentence": counterfactual_words.hours_sentence(one, per_fte),
        "reach_bars": counterfactual_words.reach_bars(one),
        "hour_bars": counterfactual_words.hour_bars(one),
        "jobs_before": counterfactual_words.between(counterfactual_words.full_time(found.hours_before, per_fte)),
        "jobs_after": counterfactual_words.between(counterfactual_words.full_time(found.hours_after, per_fte)),
        "limits": counterfactual_words.limits(one),
        "lines": found.lines[:LINES],
        "more_lines": max(0, len(found.lines) - LINES),
        "names": labels("trade"),
        "per_fte": round(per_fte),
        "lots": tables.integer("counterfactual.lots"),
        "smallest": tables.integer("counterfactual.smallest_lot"),
        "team": tables.integer("grouping.max_members"),
        "lots_cost": found.more_lots * tables.integer("allotment.lot_cost"),
    }
