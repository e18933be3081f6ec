"""Clauses of a need, on by default: sized and worded by lot, switched off only with a lawful exception and a reason."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from allotment import clause_edit as verbs
from allotment.clause_sheet import ClauseSheet, ClauseView, LotSheet, clause_sheet, journal, split_of
from allotment.domain.need import NeedError
from allotment.models import Need, Split
from allotment.models.clause import Kind
from allotment.queries import may_edit
from frontend import clause_view
from frontend.access import login_not_required, signed_in
from frontend.documents import clauses_docx, justification
from frontend.opened import edited, opened
from frontend.pages.documents import sent

MOST_LOGGED = 200


@login_not_required
@require_safe
def clauses(request: HttpRequest, need_id: int) -> HttpResponse:
    """The clauses of a version: for the members of the need's organisation, to change; for its readers, to see."""
    return _page(request, opened(request, need_id))


@signed_in
@require_POST
def clause(request: HttpRequest, need_id: int, lot_id: int, kind: str) -> HttpResponse:
    """One change of one clause, by a member of the need's organisation."""
    need = edited(request, need_id)
    sheet = _sheet(need, request.POST.get("split", ""), lot_id)
    lot, view = _found(sheet, lot_id, kind)
    try:
        _act(request, need, sheet, lot, view)
    except verbs.ClauseRefusedError as error:
        return _refused(request, need, lot_id, kind, error)
    if request.htmx:  # type: ignore[attr-defined]
        now = _sheet(need, request.POST.get("split", ""), lot_id)
        return _saved(request, need, now, lot_id, kind)
    number = sheet.split.number if sheet.split else 0
    return redirect(f"{reverse('need-clauses', args=[need.pk])}?split={number}#{kind}-{lot_id}")


def _act(request: HttpRequest, need: Need, sheet: ClauseSheet, lot: LotSheet | None, view: ClauseView) -> None:
    row = lot.sized.lot.row if lot else None
    title = lot.sized.lot.title if lot else need.title
    target = verbs.Target(need, row, title, view.kind, view.article)
    match request.POST.get("action"):
        case "off":
            verbs.switch_off(
                target,
                view.state,
                code=request.POST.get("exemption", ""),
                reason=request.POST.get("reason", "").replace("\x00", ""),
                allowed=view.exemptions,
                shortest=sheet.shortest_reason,
                user=request.user,
            )
        case "on":
            verbs.switch_on(target, view.state, user=request.user)
        case "undo":
            verbs.undo(target, view.state, user=request.user)
        case "default":
            verbs.write_text(target, view.state, text="", user=request.user, version=_version(request))
        case _:
            text = request.POST.get("text", "").replace("\r\n", "\n").strip()
            own = "" if text == view.generated else text
            verbs.write_text(target, view.state, text=own, user=request.user, version=_version(request))


def _version(request: HttpRequest) -> int:
    """``over``: the version a person has read and chosen to write over."""
    text = request.POST.get("over") or request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1


def _refused(request: HttpRequest, need: Need, lot_id: int, kind: str, error: verbs.ClauseRefusedError) -> HttpResponse:
    """What was typed stays, with what is wrong beside it, and the other's words where two wrote at once."""
    status = 409 if isinstance(error, verbs.ClauseConflictError) else 422
    typed = {
        "lot": lot_id,
        "kind": kind,
        "error": str(error),
        "conflict": status == 409,
        "action": request.POST.get("action", ""),
        "reason": request.POST.get("reason", ""),
        "exemption": request.POST.get("exemption", ""),
        "text": request.POST.get("text", ""),
    }
    if request.htmx:  # type: ignore[attr-defined]
        return _saved(request, need, _sheet(need, request.POST.get("split", ""), lot_id), lot_id, kind, typed, status)
    return _page(request, need, typed, status)


def _saved(
    request: HttpRequest,
    need: Need,
    sheet: ClauseSheet,
    lot_id: int,
    kind: str,
    typed: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """What the editor says after it saved by itself."""
    _lot, view = _found(sheet, lot_id, kind)
    kept = _version(request) if typed else view.state.version
    context = {"need": need, "view": view, "typed": typed, "now": timezone.now(), "version": kept, "key": lot_id}
    return render(request, "needs/clauses_saved.html", context, status=status)


def _page(request: HttpRequest, need: Need, typed: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    number = request.POST.get("split") or request.GET.get("split", "")
    editable = may_edit(request.user, need)
    context: dict[str, Any] = {
        "need": need,
        "section": "clauses",
        "fictitious": need.fictitious,
        "editable": editable,
        "key": request.GET.get("key", ""),
        "versions": list(need.splits.order_by("-number")[:50]),
        "typed": typed,
    }
    try:
        sheet = clause_sheet(need, _split(need, number))
    except NeedError as error:
        return render(request, "needs/clauses.html", context | {"lacks": str(error)})
    context |= {
        "sheet": sheet,
        "said": clause_view.share_of_need(sheet),
        "lots": [_shown(sheet, lot) for lot in sheet.lots],
        "journal": list(journal(need, MOST_LOGGED)),
    }
    return render(request, "needs/clauses.html", context, status=status)


def _shown(sheet: ClauseSheet, lot: LotSheet) -> dict[str, Any]:
    bars = clause_view.hours_bars(lot)
    return {
        "lot": lot,
        "key": lot.key,
        "trades": [sheet.trades.get(code, code) for code in lot.sized.lot.trades],
        "bars": bars,
        "secret": any(bar.unsure for bar in bars),
        "index": clause_view.fit_index(lot.sized.sizing),
        "bassins": clause_view.bassins(lot),
        "why": clause_view.binding(lot),
        "reserves": clause_view.reserves(lot),
    }


def _split(need: Need, number: str) -> Split | None:
    found = split_of(need, number)
    if found is None and number not in ("", "0"):
        raise Http404(_("Ce besoin n'a pas de version de ce numéro."))
    return found


def _sheet(need: Need, number: str, only: int | None = None) -> ClauseSheet:
    try:
        return clause_sheet(need, _split(need, number), only)
    except NeedError as error:
        raise Http404(str(error)) from error


def _found(sheet: ClauseSheet, lot_id: int, kind: str) -> tuple[LotSheet | None, ClauseView]:
    if kind == Kind.ONE_LOT and sheet.one_lot:
        return None, sheet.one_lot
    for lot in sheet.lots:
        view = lot.clause(kind)
        if lot.key == lot_id and view:
            return lot, view
    raise Http404(_("Cette clause n'existe pas, ou sa version de découpage a été supprimée."))


@login_not_required
@require_safe
def clauses_word(request: HttpRequest, need_id: int) -> HttpResponse:
    """The texts of the clauses that are on, to edit in a word processor.

    Refused while one asks for locality (S5), or while a need kept whole owes its reason (A1).
    """
    need = opened(request, need_id)
    sheet = _sheet(need, request.GET.get("split", ""))
    if sheet.faults or sheet.owes_reason:
        context = {"need": need, "faults": sheet.faults, "sheet": sheet}
        return render(request, "needs/clauses_faults.html", context, status=409)
    return clauses_docx.answer(sheet, _name("clauses", need))


@login_not_required
@require_safe
def justification_pdf(request: HttpRequest, need_id: int) -> HttpResponse:
    """What is left out and why, with the journal: for the file of the procedure."""
    need = opened(request, need_id)
    sheet = _sheet(need, request.GET.get("split", ""))
    named = may_edit(request.user, need)
    page = justification.page(sheet, list(journal(need, MOST_LOGGED)), named=named)
    return sent(request, page, _name("justification", need))


def _name(what: str, need: Need) -> str:
    return f"{what}-besoin-{need.pk}-{slugify(need.title)[:40].strip('-')}"
