"""The need a page is about, if this person may see or change it: one door for all sections of a need."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from allotment.models import Need
from allotment.queries import may_edit, visible


def opened(request: HttpRequest, need_id: int) -> Need:
    """A need the person's organisation or the address's ``key`` opens; else 404, as if there were none. One query."""
    found = visible(request.user, request.GET.get("key", "")).select_related("organisation").filter(pk=need_id).first()
    if found is None:
        raise Http404(_("Aucun besoin ne porte ce numéro, ou il n'est pas partagé avec vous."))
    return found


def edited(request: HttpRequest, need_id: int) -> Need:
    """A need this person may change; 404 where they may not even see it, 403 where they may only see it."""
    found = opened(request, need_id)
    if not may_edit(request.user, found):
        raise PermissionDenied
    return found
