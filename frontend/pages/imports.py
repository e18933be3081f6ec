"""One source and its imports; for staff, what could not be read, and the doors that read it again."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from frontend import exports
from frontend.access import login_not_required, staff_only
from matchmaker.import_queries import quarantine, quarantine_filter, reasons, runs, stopped
from matchmaker.locks import ImportBusyError
from matchmaker.retry import retry, retry_stand
from matchmaker.sources.catalogue import BY_KEY, UnknownSourceError
from matchmaker.stand import Stand, stand_of
from matchmaker.tasks import ask, ask_retry

PER_PAGE = 50
AT_ONCE = 20  # records read again within the request; more go to a worker


def _stand_or_404(key: str) -> Stand:
    try:
        return stand_of(key)
    except UnknownSourceError:
        raise Http404(_("Aucune source ne porte ce nom.")) from None


@login_not_required
@require_safe
def source(request: HttpRequest, key: str) -> HttpResponse:
    """At most 12 queries."""
    stand = _stand_or_404(key)
    page = Paginator(runs(key), 20).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    context = {
        "stand": stand,
        "source": stand.source,
        "runs": shown,
        "killed": stopped(shown),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "reasons": reasons(key) if stand.waiting else [],
        "retrying": retry_stand(),
    }
    return render(request, "source.html", context)


@require_POST
@staff_only
def sync_now(request: HttpRequest, key: str) -> HttpResponse:
    stand = _stand_or_404(key)
    if not stand.fetchable:
        messages.warning(request, _("Cette source ne se télécharge pas : donnez son fichier en ligne de commande."))
    elif stand.busy or stand.state.asked_at:
        messages.info(request, _("Cette source est déjà en cours de mise à jour."))
    else:
        ask(key)
        messages.success(request, _("Mise à jour demandée : elle commence dès qu'un ouvrier est libre."))
    return redirect("source", key)


@require_safe
@staff_only
def imports(request: HttpRequest) -> HttpResponse:
    """Every import, with a catalogue entry or not. At most 8 queries."""
    page = Paginator(runs(), 30).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    context = {
        "runs": shown,
        "killed": stopped(shown),
        "sources": BY_KEY,
        "reasons": reasons(),
        "retrying": retry_stand(),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
    }
    return render(request, "imports.html", context)


# ---------------------------------------------------------------- quarantine


@require_safe
@staff_only
def quarantined(request: HttpRequest) -> HttpResponse:
    """Excerpts may hold names: staff only. At most 8 queries."""
    wanted = quarantine_filter(request.GET.dict())
    page = Paginator(quarantine(wanted), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "wanted": wanted,
        "reasons": reasons(),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "sources": BY_KEY,
        "retrying": retry_stand(),
    }
    return render(request, "quarantine.html", context)


@require_safe
@staff_only
def quarantine_csv(request: HttpRequest) -> HttpResponse:
    return exports.quarantine_csv(quarantine(quarantine_filter(request.GET.dict())))


@require_POST
@staff_only
def retry_quarantine(request: HttpRequest) -> HttpResponse:
    """One record (``item``), or all that a filter finds; then back where one was."""
    item = request.POST.get("item", "")
    if item:
        numbers = [int(item)] if item.isdecimal() else []
        _retry_here(request, numbers)
    else:
        wanted = quarantine_filter(request.POST.dict())
        found = quarantine(wanted)
        count = found.count()
        if count <= AT_ONCE:
            _retry_here(request, list(found.values_list("pk", flat=True)))
        elif ask_retry(wanted):
            words = ngettext("%(n)d enregistrement sera relu.", "%(n)d enregistrements seront relus.", count)
            messages.success(request, words % {"n": count})
        else:
            messages.info(request, _("Une relecture est déjà en cours : attendez sa fin."))
    back = request.POST.get("next", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else "quarantine")


def _retry_here(request: HttpRequest, numbers: list[int]) -> None:
    try:
        done = retry(numbers)
    except ImportBusyError as error:
        messages.warning(request, str(error))
        return
    if not done.wanted:
        messages.info(request, _("Cet enregistrement n'est plus en quarantaine."))
        return
    told = messages.success if done.mended else messages.warning
    told(request, retried_words(done.wanted, done.mended, done.left, done.gone))


def retried_words(wanted: int, mended: int, left: int, gone: int) -> str:
    """What became of the records one wanted read again. Nothing is singular in French."""
    parts = [
        ngettext("%(n)d enregistrement relu", "%(n)d enregistrements relus", max(1, wanted - gone))
        % {"n": wanted - gone},
        ngettext("%(n)d réparé", "%(n)d réparés", max(1, mended)) % {"n": mended},
        ngettext("%(n)d toujours illisible", "%(n)d toujours illisibles", max(1, left)) % {"n": left},
    ]
    if gone:
        parts.append(_("%(n)d sans contenu gardé : redonnez leur fichier") % {"n": gone})
    return ", ".join(parts) + "."
