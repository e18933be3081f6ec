"""A network's own lists: upload, columns, linking, result, and the review of doubtful rows.

A person sees the lists they uploaded; staff see all. To others a list does not exist.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from frontend import compared, exports, words
from frontend.access import signed_in
from matchmaker import directory as verbs
from matchmaker.models import Directory, DirectoryRow, Firm
from matchmaker.queries import public_firm, with_commune
from matchmaker.sources.tables import TableError
from matchmaker.tasks import ask_link

MAX_BYTES = 20 * 1024 * 1024
PER_PAGE = 50
PREVIEWED = 5
State = DirectoryRow.State


def _mine(request: HttpRequest) -> QuerySet[Directory]:
    found = Directory.objects.select_related("run", "owner")
    return found if request.user.is_staff else found.filter(owner=request.user.pk)


def _directory_or_404(request: HttpRequest, directory_id: int) -> Directory:
    found = _mine(request).filter(pk=directory_id).first()
    if found is None:
        raise Http404(_("Aucune de vos listes ne porte ce numéro."))
    return found


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def directories(request: HttpRequest) -> HttpResponse:
    """The lists one has, and the form for another. Two queries."""
    error = ""
    if request.method == "POST":
        found = _uploaded(request)
        if isinstance(found, Directory):
            return redirect("directory-columns" if found.state == Directory.State.MAPPING else "directory", found.pk)
        error = found
    page = Paginator(_mine(request), PER_PAGE).get_page(request.GET.get("page"))
    lists = [(one, words.DIRECTORY_STATES[one.state]) for one in page.object_list]
    pages = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    context = {"lists": lists, "page": page, "pages": pages, "error": error, "name": request.POST.get("name", "")}
    return render(request, "directories/list.html", context, status=422 if error else 200)


def _uploaded(request: HttpRequest) -> Directory | str:
    """The list kept, or why not."""
    name, file = request.POST.get("name", "").replace("\x00", "").strip()[:200], request.FILES.get("file")
    if not name:
        return _("Donnez le nom du réseau.")
    if not isinstance(file, UploadedFile) or not file.size:
        return _("Choisissez un fichier CSV ou XLSX.")
    if file.size > MAX_BYTES:
        return _("Ce fichier dépasse 20 Mo : découpez-le ou enregistrez-le en CSV.")
    shown = Path((file.name or "liste").replace("\x00", "")).name
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"liste{Path(shown).suffix[:10]}"
        with path.open("wb") as kept:
            for chunk in file.chunks():
                kept.write(chunk)
        try:
            return verbs.propose(path, name, request.user, shown)
        except TableError as error:
            return str(error).replace(path.name, shown)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: HttpRequest, directory_id: int) -> HttpResponse:
    """What was guessed of the columns, for a person to correct. Three queries."""
    directory = _directory_or_404(request, directory_id)
    error, mapping = "", directory.mapping
    if request.method == "POST":
        mapping = {field: request.POST.get(field, "") for field in words.DIRECTORY_FIELDS}
        try:
            with transaction.atomic():
                verbs.confirm(directory, mapping)
                ask_link(directory.pk)
            return redirect("directory", directory.pk)
        except verbs.DirectoryError as refused:
            error = str(refused)
    rows = list(directory.rows.order_by("line")[:PREVIEWED])
    context = {
        "directory": directory,
        "total": directory.rows.count(),
        "error": error,
        "fields": [(field, label, mapping.get(field, "")) for field, label in words.DIRECTORY_FIELDS.items()],
        "preview": [(row.line, [row.values.get(column, "") for column in directory.columns]) for row in rows],
    }
    return render(request, "directories/columns.html", context, status=422 if error else 200)


@signed_in
@require_safe
def directory(request: HttpRequest, directory_id: int) -> HttpResponse:
    """How far linking is, then what it found. Polled while it goes. At most six queries."""
    found = _directory_or_404(request, directory_id)
    counts = verbs.counts(found)
    state = request.GET.get("state", "")
    rows = found.rows.order_by("line").select_related(*with_commune("firm")[0]).defer(*with_commune("firm")[1])
    page = Paginator(rows.filter(state=state) if state in State.values else rows, PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "directory": found,
        "fictitious": verbs.only_fictitious(),
        "counts": [(key, words.ROW_STATES[key], n) for key, n in counts.items() if n],
        "n": counts,
        "total": sum(counts.values()),
        "state": state,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "rows": [_row(found, row) for row in page.object_list],
    }
    return render(request, "directories/detail.html", context)


def _row(directory: Directory, row: DirectoryRow) -> dict[str, object]:
    said = compared.said(directory, row)
    return {
        "row": row,
        "name": said.get("name") or said.get("siret") or _("(sans nom)"),
        "where": " ".join(filter(None, (said.get("postcode"), said.get("city")))),
        "state": words.ROW_STATES[row.state],
        "firm": public_firm(row.firm) if row.firm else None,
    }


@signed_in
@require_POST
def relink(request: HttpRequest, directory_id: int) -> HttpResponse:
    """Search again, as firms come and go; what a person decided stays."""
    found = _directory_or_404(request, directory_id)
    if found.state != Directory.State.MAPPING:
        with transaction.atomic():
            Directory.objects.filter(pk=found.pk).update(state=Directory.State.LINKING)
            ask_link(found.pk)
    return redirect("directory", found.pk)


@signed_in
@require_POST
def delete(request: HttpRequest, directory_id: int) -> HttpResponse:
    found = _directory_or_404(request, directory_id)
    found.delete()
    messages.success(request, _("La liste « %(name)s » est effacée.") % {"name": found.name})
    return redirect("directories")


@signed_in
@require_safe
def directory_csv(request: HttpRequest, directory_id: int) -> HttpResponse:
    """Every row with the establishment found; partially diffused firms are left out of exports (rule D1)."""
    found = _directory_or_404(request, directory_id)
    rows = found.rows.order_by("line").select_related(*with_commune("firm")[0]).defer(*with_commune("firm")[1])
    return exports.directory_csv(found, rows)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, directory_id: int) -> HttpResponse:
    """One doubtful row and its candidates; a choice leads to the next. At most seven queries."""
    found = _directory_or_404(request, directory_id)
    if request.method == "POST":
        return _decided(request, found)
    after = request.GET.get("after", "")
    row = verbs.next_doubtful(found, int(after) if after.isdecimal() and len(after) < 8 else 0)
    counts = verbs.counts(found)
    undo = request.GET.get("undo", "")
    context = {
        "directory": found,
        "row": row,
        "left": counts[State.AMBIGUOUS],
        "undo": found.rows.filter(pk=int(undo), decided_at__isnull=False).first()
        if undo.isdecimal() and len(undo) < 18
        else None,
        **(compared.review(found, row) if row else {}),
    }
    return render(request, "directories/review.html", context)


def _decided(request: HttpRequest, directory: Directory) -> HttpResponse:
    number, choice = request.POST.get("row", ""), request.POST.get("choice", "")
    row = directory.rows.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 18 else None
    if row is None:
        raise Http404(_("Cette ligne n'existe plus."))
    back = redirect("directory-review", directory.pk)
    if choice == "skip":
        back["Location"] += f"?after={row.line}"
    elif choice == "undo":
        verbs.reopen(row)
        back["Location"] += f"?after={row.line - 1}"
    elif row.state == State.AMBIGUOUS:
        firm = None if choice == "none" else Firm.objects.filter(siret=choice[:14]).first()
        if choice != "none" and firm is None:
            raise Http404(_("Cette entreprise n'existe pas."))
        try:
            verbs.decide(row, firm, request.user)
        except verbs.DirectoryError as refused:
            raise Http404(str(refused)) from None
        back["Location"] += f"?after={row.line}&undo={row.pk}"
    return back
