"""Needs: those of my organisations, and the local supply for one of them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from allotment.domain.need import NeedError
from allotment.queries import may_edit, need_of, visible
from frontend.access import login_not_required
from frontend.opened import opened


@login_not_required
@require_safe
def needs(request: HttpRequest) -> HttpResponse:
    """The needs of the person's organisations; what needs are for, to others."""
    return render(request, "needs/list.html", {"needs": visible(request.user)})


@login_not_required
@require_safe
def need(request: HttpRequest, need_id: int) -> HttpResponse:
    """One need and the supply for it: for its organisation's members, and those who hold its shared address."""
    found = opened(request, need_id)
    lacks = ""
    try:
        need_of(found)
    except NeedError as error:
        lacks = str(error)
    context = {
        "need": found,
        "section": "overview",
        "lacks": lacks,
        "editable": may_edit(request.user, found),
        "fictitious": found.fictitious,
    }
    return render(request, "needs/detail.html", context)
