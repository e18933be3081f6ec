"""The public page of a consultation, what people say in it, and what its buyer tells. Nothing here is private talk."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Organisation, User
from allotment import consult as verbs
from allotment import consult_queries as reads
from allotment.consult import ContributionError, LotInterest, Terms, Words
from allotment.domain.consultation import ConsultationError, Phase, phase
from allotment.models import BuyerWord, Consultation, Contribution, Interest, Need
from allotment.queries import may_edit, visible
from frontend.access import login_not_required, signed_in
from frontend.documents import consultation_archive
from frontend.flood import too_many
from frontend.opened import edited
from frontend.pages.documents import sent

USUAL = timedelta(days=21)


def _public(need_id: int) -> Consultation:
    found = reads.consultations().filter(need=need_id).first()
    if found is None:
        raise Http404(_("Aucune consultation n'est ouverte sur ce besoin."))
    return found


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@login_not_required
@require_safe
def consultation(request: HttpRequest, need_id: int) -> HttpResponse:
    """Public once opened; before that, the form that opens it, for the buyer alone. At most twenty queries."""
    found = reads.consultations().filter(need=need_id).first()
    if found is None:
        need = visible(request.user).select_related("organisation").filter(pk=need_id).first()
        if need is None or not may_edit(request.user, need):
            raise Http404(_("Aucune consultation n'est ouverte sur ce besoin."))
        return _opening(request, need)
    return _page(request, found)


def _page(request: HttpRequest, found: Consultation, status: int = 200, **more: Any) -> HttpResponse:
    now, need = timezone.now(), found.need
    shown = reads.lots(found)
    aggregates = reads.aggregates(found, now)
    buyer = may_edit(request.user, need)
    about = request.GET.get("about", "")
    subjects = reads.subjects(found, shown)
    context = {
        "need": need,
        "consultation": found,
        "section": "consultation",
        "fictitious": need.fictitious,
        "buyer": buyer,
        "moderates": buyer or reads.moderated_by(request.user).filter(pk=found.pk).exists(),
        "phase": phase(found.window, now).value,
        "today": timezone.localdate(),
        "trades": reads.trades_of(need),
        "communes": list(need.places.order_by("commune__name").values_list("commune__name", flat=True)),
        "lots": [(lot, reads.lot_label(lot), aggregates.get(lot.pk)) for lot in shown],
        "whole": aggregates.get(None),
        "words": reads.buyer_words(found),
        "threads": reads.threads(found, about),
        "about": about,
        "subjects": subjects,
        "refused": sum(reads.refused_by_reason(found).values()),
        "waiting": found.contributions.filter(status=Contribution.Status.WAITING).count() if buyer else 0,
        "mine": list(reads.answering(request.user)),
        "typed": request.POST if request.method == "POST" else {},
        "reply": next(iter(_numbers(request, "parent") or _number(request.GET.get("reply", ""))), None),
        "longest": verbs.LONGEST,
    }
    return render(request, "needs/consultation.html", context | more, status=status)


def _opening(request: HttpRequest, need: Need, error: str = "") -> HttpResponse:
    """The form of the terms: to open, or to change what is open."""
    row = Consultation.objects.filter(need=need).first()
    now = timezone.localtime()
    chosen = set(row.splits.values_list("pk", flat=True)) if row else set()
    appointed = set(row.agencies.values_list("pk", flat=True)) if row else set()
    context = {
        "need": need,
        "row": row,
        "section": "consultation",
        "fictitious": need.fictitious,
        "error": error,
        "question": request.POST.get("question", row.question if row else ""),
        "opens": request.POST.get("opens_at", _field(row.opens_at if row else now)),
        "closes": request.POST.get("closes_at", _field(row.closes_at if row else now + USUAL)),
        "splits": [(split, split.pk in chosen) for split in need.splits.all()],
        "agencies": [(one, one.pk in appointed) for one in Organisation.objects.filter(kind=Organisation.Kind.AGENCY)],
    }
    return render(request, "needs/consultation_open.html", context, status=422 if error else 200)


def _field(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"


def _moment(text: str) -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise ConsultationError(_("Donnez les deux dates, avec leur heure."))
    return timezone.make_aware(found) if timezone.is_naive(found) else found


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def consultation_open(request: HttpRequest, need_id: int) -> HttpResponse:
    """Open a consultation, or change its terms: members of the need's organisation."""
    need = edited(request, need_id)
    if request.method != "POST":
        return _opening(request, need)
    try:
        terms = Terms(
            question=request.POST.get("question", ""),
            opens_at=_moment(request.POST.get("opens_at", "")),
            closes_at=_moment(request.POST.get("closes_at", "")),
            show_amounts=request.POST.get("show_amounts") == "1",
            splits=list(need.splits.filter(pk__in=_numbers(request, "split"))),
            agencies=list(Organisation.objects.filter(pk__in=_numbers(request, "agency"))),
        )
        verbs.open_consultation(need, terms, _user(request))
    except ConsultationError as error:
        return _opening(request, need, str(error))
    messages.success(request, _("La consultation est publiée. Son adresse peut être donnée à tous."))
    return redirect("need-consultation", need.pk)


def _numbers(request: HttpRequest, name: str) -> list[int]:
    return [number for value in request.POST.getlist(name) for number in _number(value)]


def _number(text: str) -> list[int]:
    """One identifier, or none."""
    return [int(text)] if text.isascii() and text.isdigit() and len(text) < 18 else []


@signed_in
@require_POST
def consultation_close(request: HttpRequest, need_id: int) -> HttpResponse:
    need = edited(request, need_id)
    try:
        verbs.close_consultation(_public(need.pk))
    except ConsultationError as error:
        messages.error(request, str(error))
    return redirect("need-consultation", need.pk)


@signed_in
@require_POST
def consultation_tell(request: HttpRequest, need_id: int) -> HttpResponse:
    """The buyer tells all: an answer, a precision, a document."""
    need = edited(request, need_id)
    found = _public(need.pk)
    file = request.FILES.get("document")
    answers = (_numbers(request, "answers") or [None])[0]
    try:
        document = (file.name or "", file.read(verbs.MOST_BYTES + 1)) if file else None
        verbs.tell(found, request.POST.get("body", ""), _user(request), answers=answers, document=document)
    except ConsultationError as error:
        return _page(request, found, 422, told_error=str(error))
    messages.success(request, _("C'est publié, pour tous."))
    return redirect(reverse("need-consultation", args=[need.pk]) + "#told")


@login_not_required
@require_POST
def consultation_say(request: HttpRequest, need_id: int) -> HttpResponse:
    """Anybody contributes, without an account; moderators decide. A trap for robots, and a limit by address."""
    found = _public(need_id)
    asked = request.POST
    error, field = _trapped(request, need_id), "body"
    organisation = reads.answering(request.user).filter(pk__in=_numbers(request, "organisation")).first()
    if not error and asked.get("email"):
        try:
            validate_email(asked["email"])
        except ValidationError:
            error, field = _("Cette adresse de courriel n'en est pas une : corrigez-la ou videz le champ."), "email"
    if not error:
        said = Words(
            body=asked.get("body", ""),
            name=asked.get("name", ""),
            quality=asked.get("quality", ""),
            email=asked.get("email", ""),
            subject=asked.get("subject", ""),
            parent=(_numbers(request, "parent") or [None])[0],
        )
        try:
            _row, token = verbs.contribute(found, said, organisation)
        except (ConsultationError, ContributionError) as refused:
            error = str(refused)
        else:
            return redirect("consultation-follow", token)
    return _page(request, found, 422, error=error, error_field=field)


def _trapped(request: HttpRequest, need_id: int) -> str:
    if request.POST.get("website"):
        return _("Videz le champ « Site » : il n'est là que pour les robots. Votre message est gardé ci-dessous.")
    if too_many(request, f"consultation:{need_id}"):
        return _("Beaucoup de messages arrivent en même temps : renvoyez le vôtre dans dix minutes.")
    return ""


@login_not_required
@require_safe
def consultation_follow(request: HttpRequest, token: str) -> HttpResponse:
    """The secret address where an author follows a contribution: its state, and the reason of a refusal."""
    row = reads.followed(token)
    if row is None:
        raise Http404(_("Cette adresse ne suit aucune contribution."))
    context = {
        "row": row,
        "need": row.consultation.need,
        "fictitious": row.consultation.need.fictitious,
        "answers": list(row.answers.defer("document")),
        "address": request.build_absolute_uri(),
    }
    response = render(request, "needs/consultation_follow.html", context)
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


@login_not_required
@require_safe
def consultation_document(_request: HttpRequest, need_id: int, word_id: int) -> HttpResponse:
    """A document the buyer gave: to all. Always downloaded, never opened inside the site."""
    word = get_object_or_404(BuyerWord.objects.exclude(document_name=""), pk=word_id, consultation=_public(need_id))
    response = HttpResponse(bytes(word.document), content_type="application/octet-stream")
    stem, _dot, ending = word.document_name.rpartition(".")
    response["Content-Disposition"] = f'attachment; filename="{slugify(stem) or "document"}.{slugify(ending)}"'
    return response


@login_not_required
@require_safe
def consultation_pdf(request: HttpRequest, need_id: int) -> HttpResponse:
    """The archive: what is public, on paper."""
    found = _public(need_id)
    back = reverse("need-consultation", args=[need_id])
    return sent(request, consultation_archive.page(found), f"consultation-{need_id}", back)


# ---------------------------------------------------------------- what organisations declare


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def consultation_interest(request: HttpRequest, need_id: int) -> HttpResponse:
    """A firm, network or agency says what interests it and what it could do: sealed, the buyer alone reads it."""
    found = _public(need_id)
    mine = list(reads.answering(request.user))
    if not mine:
        raise PermissionDenied
    wanted = [request.POST.get("organisation"), request.GET.get("organisation")]
    organisation = next((one for one in mine if str(one.pk) in wanted), mine[0])
    shown = [(None, _("L'ensemble du besoin")), *((lot.pk, reads.lot_label(lot)) for lot in reads.lots(found))]
    error = ""
    if request.method == "POST":
        try:
            lines = [line for lot, _label in shown if (line := _line(request, lot))]
            verbs.declare(found, organisation, lines, _user(request))
        except ConsultationError as refused:
            error = str(refused)
        else:
            said = _("Votre réponse est scellée : seul l'acheteur la lit. Vous pouvez la changer jusqu'à la clôture.")
            messages.success(request, said)
            return redirect("need-consultation", need_id)
    kept = {row.lot_id: row for row in found.interests.filter(organisation=organisation)}
    context = {
        "need": found.need,
        "consultation": found,
        "section": "consultation",
        "fictitious": found.need.fictitious,
        "mine": mine,
        "organisation": organisation,
        "rows": [(lot or 0, label, _typed(request, lot, kept.get(lot))) for lot, label in shown],
        "levels": Interest.Level.choices,
        "open": phase(found.window, timezone.now()) == Phase.OPEN,
        "error": error,
    }
    return render(request, "needs/consultation_interest.html", context, status=422 if error else 200)


def _typed(request: HttpRequest, lot: int | None, row: Interest | None) -> dict[str, str]:
    """What to show in the fields of a lot: what was just typed, else what is kept."""
    names = ("level", "fte", "amount_eur")
    if request.method == "POST":
        return {name: request.POST.get(f"{name}_{lot or 0}", "") for name in names}
    return {name: str(value) if row and (value := getattr(row, name)) is not None else "" for name in names}


def _line(request: HttpRequest, lot: int | None) -> LotInterest | None:
    key = lot or 0
    level = request.POST.get(f"level_{key}", "")
    if not level:
        return None
    fte = _decimal(request.POST.get(f"fte_{key}", ""))
    amount = _decimal(request.POST.get(f"amount_eur_{key}", ""))
    return LotInterest(lot, level, fte, int(amount) if amount is not None else None)


def _decimal(text: str) -> Decimal | None:
    cleaned = "".join(text.split()).replace(",", ".").removesuffix("€")
    if not cleaned:
        return None
    try:
        found = Decimal(cleaned)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise ConsultationError(_("« %(t)s » n'est pas un nombre.") % {"t": text[:30]})
    return found


@signed_in
@require_safe
def consultation_capacities(request: HttpRequest, need_id: int) -> HttpResponse:
    """What organisations declared, name by name: members of the need's organisation and nobody else."""
    need = edited(request, need_id)
    found = _public(need.pk)
    rows = found.interests.select_related("organisation", "lot__split").order_by("lot", "organisation__name")
    context = {
        "need": need,
        "consultation": found,
        "section": "consultation",
        "fictitious": need.fictitious,
        "rows": [(row, reads.lot_label(row.lot) if row.lot else "") for row in rows],
    }
    return render(request, "needs/consultation_capacities.html", context)
