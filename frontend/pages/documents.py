"""Documents to download about a lot and its groupings: fit sheets (PDF), allocation tables (XLSX, CSV)."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consortia.documents import Dossier, dossier, masked
from consortia.queries import Team
from frontend.access import login_not_required
from frontend.documents import allocation, groupings, sheet
from frontend.documents.pdf import PdfBusyError, PdfError, pdf_of, tag_of

RETRY_S = 30


@login_not_required
@require_safe
def lot_sheet(request: HttpRequest, lot_id: int) -> HttpResponse:
    """At most seventeen queries."""
    file = _file(lot_id)
    return sent(request, sheet.lot_page(file), _name("fiche", file))


@login_not_required
@require_safe
def team_sheet(request: HttpRequest, lot_id: int, rank: int) -> HttpResponse:
    """At most seventeen queries."""
    file = _file(lot_id)
    return sent(request, sheet.team_page(file, _team(file, rank)), _name("fiche", file, rank))


@login_not_required
@require_safe
def allocation_xlsx(request: HttpRequest, lot_id: int, rank: int) -> HttpResponse:
    return _allocation(request, lot_id, rank, allocation.xlsx)


@login_not_required
@require_safe
def allocation_csv(request: HttpRequest, lot_id: int, rank: int) -> HttpResponse:
    return _allocation(request, lot_id, rank, allocation.csv)


@login_not_required
@require_safe
def groupings_xlsx(_request: HttpRequest, lot_id: int) -> HttpResponse:
    file = _file(lot_id)
    return groupings.xlsx(file, _name("groupements", file))


@login_not_required
@require_safe
def groupings_csv(_request: HttpRequest, lot_id: int) -> HttpResponse:
    file = _file(lot_id)
    return groupings.csv(file, _name("groupements", file))


def _file(lot_id: int) -> Dossier:
    file = dossier(lot_id)
    if file is None:
        raise Http404(_("Ce lot n'existe pas ou n'est plus publié."))
    return file


def _team(file: Dossier, rank: int) -> Team:
    team = file.team(rank)
    if team is None:
        raise Http404(_("Ce lot n'a pas de groupement de ce numéro : il a pu être recalculé depuis."))
    return team


def _allocation(
    request: HttpRequest, lot_id: int, rank: int, made: Callable[[Dossier, Team, str], HttpResponse]
) -> HttpResponse:
    """A grouping with a partially diffused member has no table: its shape would name the member (rule D1)."""
    file = _file(lot_id)
    team = _team(file, rank)
    if masked(team):
        reason = _(
            "Un membre de ce groupement s'est opposé à la diffusion de son identité (article R123-232-1 du code de "
            "commerce) : le groupement est absent des tableaux. Sa fiche PDF reste disponible, sans ce nom."
        )
        return _refusal(request, file, reason, 404)
    return made(file, team, _name("repartition", file, rank))


def _name(what: str, file: Dossier, rank: int | None = None) -> str:
    """Readable, ASCII, without extension: "fiche-lot-12-nettoyage-des-ecoles-groupement-1"."""
    parts = [what, f"lot-{file.lot.pk}", slugify(file.title)[:40].strip("-"), f"groupement-{rank}" if rank else ""]
    return "-".join(filter(None, parts))


def sent(request: HttpRequest, page: str, name: str, back: str = "") -> HttpResponse:
    """A document laid out, or why not now, with a way ``back``.

    Asked again with the tag it was given, a document that says the same is not laid out again.
    """
    tag = tag_of(page)
    if tag in request.headers.get("If-None-Match", ""):
        response: HttpResponse = HttpResponseNotModified()
    else:
        try:
            response = HttpResponse(pdf_of(page), content_type="application/pdf")
        except PdfError as error:
            return _not_now(request, error, back)
        response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"  # the language is a cookie's, the day left changes daily
    return response


def _not_now(request: HttpRequest, error: PdfError, back: str) -> HttpResponse:
    response = _refusal(request, None, str(error), 503, back)
    if isinstance(error, PdfBusyError):
        response["Retry-After"] = str(RETRY_S)
    return response


def _refusal(request: HttpRequest, file: Dossier | None, reason: str, status: int, back: str = "") -> HttpResponse:
    context = {"file": file, "reason": reason, "back": back}
    return render(request, "documents/refusal.html", context, status=status)
