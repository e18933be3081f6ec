"""The queue of what waits for validation, one contribution at a time, by keys; and the history of a consultation."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from allotment import consult as verbs
from allotment import consult_queries as reads
from allotment.domain.consultation import UNDO, Act, ModerationError, Reason
from allotment.models import Contribution
from frontend.access import signed_in

ACTS = {"publish": Act.PUBLISH, "refuse": Act.REFUSE, "withdraw": Act.WITHDRAW, "undo": Act.UNDO}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def moderation(request: HttpRequest) -> HttpResponse:
    """What waits in the consultations this person moderates, the oldest first. At most twelve queries."""
    if request.method == "POST":
        return _decided(request)
    need = _number(request.GET.get("need", ""))
    after = _number(request.GET.get("after", "")) or 0
    queue = reads.queue(request.user, need).order_by("pk")
    row = queue.filter(pk__gt=after).first() or queue.first()
    mine = list(reads.moderated_by(request.user))
    context = {
        "row": row,
        "left": queue.count(),
        "consultations": mine,
        "chosen": need,
        "reasons": [(number, *choice) for number, choice in enumerate(Contribution.Reason.choices, start=1)],
        "undo": reads.recent_decisions(request.user, timezone.now() - UNDO),
        "fictitious": bool(mine) and all(one.need.fictitious for one in mine),
    }
    return render(request, "moderation/queue.html", context)


def _decided(request: HttpRequest) -> HttpResponse:
    """Apply one decision, by somebody who moderates that consultation: to others the contribution does not exist."""
    choice, _colon, reason = request.POST.get("choice", "").partition(":")
    pk = _number(request.POST.get("contribution", ""))
    row = Contribution.objects.filter(pk=pk, consultation__in=reads.moderated_by(request.user)).first() if pk else None
    if row is None:
        raise Http404(_("Cette contribution n'est pas de celles que vous modérez."))
    back = request.POST.get("back", "")
    need = _number(request.POST.get("need", ""))
    following = reverse("moderation-need", args=[need]) if back == "history" and need else reverse("moderation")
    query = f"?need={need}" if need and back != "history" else ""
    if choice == "skip":
        return redirect(f"{following}?after={row.pk}{f'&need={need}' if need else ''}")
    if choice not in ACTS:
        raise Http404(_("Cette décision n'existe pas."))
    assert isinstance(request.user, User)
    try:
        verbs.decide(
            row.pk,
            ACTS[choice],
            request.user,
            reason=Reason(reason or request.POST.get("reason", "")) if choice in ("refuse", "withdraw") else None,
            words=request.POST.get("words", ""),
        )
    except ModerationError as error:
        messages.error(request, str(error))
    except ValueError:
        messages.error(request, _("Donnez le motif : son auteur doit le connaître."))
    return redirect(following + query)


@signed_in
@require_safe
def moderation_need(request: HttpRequest, need_id: int) -> HttpResponse:
    """All that was said on a need with its history; what is public can be withdrawn. For its moderators."""
    found = reads.moderated_by(request.user).filter(need=need_id).first()
    if found is None:
        raise Http404(_("Vous ne modérez pas de consultation de ce numéro."))
    rows = found.contributions.select_related("organisation").prefetch_related("decisions__by").order_by("-pk")
    context = {
        "consultation": found,
        "need": found.need,
        "rows": rows,
        "reasons": Contribution.Reason.choices,
        "fictitious": found.need.fictitious,
    }
    return render(request, "moderation/history.html", context)
