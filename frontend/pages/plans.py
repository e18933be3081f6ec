"""Plans: which proposals to pursue together, for a territory (public) or for one's own network.

A network's plan exists for the owner of its list and for staff only; a territory's is for all.
"""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from consortia.models import Plan
from consortia.plan import ask, visible
from consortia.plan_queries import binding, lines_of, loads, planned_lots, territories
from consortia.portfolio import members as members_of
from frontend import plan_words
from frontend.access import login_not_required
from frontend.documents import plan_table
from geo.models import Departement
from matchmaker.models import Directory, Lot
from matchmaker.queries import current_as_of

PER_PAGE = 50
RECENT = 12
BARS = 20  # firms drawn, the most loaded first
BINDING = 12
MISSED = 50


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def plans(request: HttpRequest) -> HttpResponse:
    """The question, and the answers known to this person. At most seven queries."""
    error = ""
    if request.method == "POST":
        found = _asked(request)
        if isinstance(found, Plan):
            return redirect("plan", found.pk)
        error = found
    as_of = current_as_of()
    recent = list(visible(request.user).filter(as_of=as_of)[:RECENT])
    names = dict(Departement.objects.values_list("code", "name"))
    context = {
        "error": error,
        "as_of": as_of,
        "territories": territories(as_of),
        "networks": list(_networks(request)),
        "objectives": plan_words.OBJECTIVES,
        "memberships": plan_words.MEMBERS,
        "recent": [(plan, plan_words.scope(plan, names), plan_words.short(plan)) for plan in recent],
        "lots": Lot.objects.exists(),
    }
    return render(request, "plans/list.html", context, status=422 if error else 200)


def _networks(request: HttpRequest) -> QuerySet[Directory]:
    """The lists this person may plan for: their own, once linked."""
    if not request.user.is_authenticated:
        return Directory.objects.none()
    found = Directory.objects.filter(state=Directory.State.DONE)
    return found if request.user.is_staff else found.filter(owner=request.user.pk)


def _asked(request: HttpRequest) -> Plan | str:
    """The plan asked for, or what is wrong with the question."""
    said = request.POST
    where, members = said.get("scope", ""), said.get("members", "any")
    objective = said.get("objective", "lots")
    if objective not in Plan.Objective.values or members not in Plan.Members.values:
        return _("Choisissez ce que le plan doit atteindre parmi les choix proposés.")
    owner = request.user if request.user.is_authenticated else None
    kind, _sep, key = where.partition("-")
    if kind == "network":
        directory = _networks(request).filter(pk=int(key)).first() if key.isdecimal() and len(key) < 18 else None
        if directory is None:
            raise Http404(_("Aucune de vos listes ne porte ce numéro."))
        return ask(directory=directory, members=members, objective=objective, owner=owner)
    if kind == "dep" and not Departement.objects.filter(code=key.replace("\x00", "")).exists():
        return _("Choisissez un département de la liste.")
    return ask(departement=key if kind == "dep" else "", objective=objective, owner=owner)


def _plan_or_404(request: HttpRequest, plan_id: int) -> Plan:
    found = visible(request.user).filter(pk=plan_id).first()
    if found is None:
        raise Http404(_("Aucun plan ne porte ce numéro."))
    return found


@login_not_required
@require_safe
def plan(request: HttpRequest, plan_id: int) -> HttpResponse:
    """The answer, the load of each firm, the lots, and what was not reached. Polled. At most 14 queries."""
    found = _plan_or_404(request, plan_id)
    network = members_of(found)
    names = dict(Departement.objects.values_list("code", "name"))
    page = Paginator(lines_of(found, reached=True), PER_PAGE).get_page(request.GET.get("page"))
    missed = lines_of(found, reached=False)
    shown = planned_lots(list(page.object_list), network or set())
    total = found.loads.aggregate(load=Sum("load_eur"))["load"] or 0
    context = {
        "plan": found,
        "scope": plan_words.scope(found, names),
        "sentence": plan_words.sentence(found, len(network or ())),
        "proof": plan_words.proof(found),
        "members": len(network or ()),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "lots": shown,
        "loads": loads(found, network or set(), BARS),
        "n_loads": found.loads.filter(load_eur__gt=0).count(),
        "total_eur": total,
        "binding": [(one, plan_words.price(found, one)) for one in binding(found, network or set(), BINDING)],
        "missed": planned_lots(list(missed[:MISSED]), network or set()),
        "n_missed": missed.count(),
        "silent": max(0, found.open_lots - found.lots),
        "objective": plan_words.OBJECTIVES[found.objective],
        "fictitious": any(one.lot.tender.fictitious for one in shown),
    }
    return render(request, "plans/detail.html", context)


@login_not_required
@require_safe
def plan_csv(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Every lot of the plan; teams with a partially diffused firm are left out (rule D1)."""
    return plan_table.csv(_plan_or_404(request, plan_id))


@login_not_required
@require_safe
def plan_xlsx(request: HttpRequest, plan_id: int) -> HttpResponse:
    """The same rows, and the load of each firm on a second sheet."""
    return plan_table.xlsx(_plan_or_404(request, plan_id))
