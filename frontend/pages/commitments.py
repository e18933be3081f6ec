"""Commitment boards: what part of a buyer's spend is converted. Public, as awards are; only its members write."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Organisation
from allotment import commitments as verbs
from allotment.commitments import Board
from allotment.domain.commitment import Kind
from frontend import commitment_words
from frontend.access import login_not_required, signed_in
from frontend.documents import commitment as paper
from frontend.pages.documents import sent
from matchmaker.models import Buyer
from matchmaker.queries import current_as_of

PER_PAGE = 40
FIRST_YEAR, LAST_YEAR = 2000, 2100


@login_not_required
@require_safe
def commitments(request: HttpRequest) -> HttpResponse:
    """Choose a buyer. At most three queries."""
    text = request.GET.get("q", "")
    own = verbs.own_buyers(request.user)
    context = {"q": text, "own": own, "buyers": verbs.buyers(text), "limit": 30}
    return render(request, "commitments/list.html", context)


@login_not_required
@require_safe
def latest(_request: HttpRequest, buyer_id: int) -> HttpResponse:
    """The last full year known, else the last one."""
    buyer = _buyer(buyer_id)
    today = current_as_of()
    years = verbs.years_of(buyer, today)
    full = [year for year in years if year < today.year]
    return redirect("commitment", buyer.pk, (full or years or [today.year])[0])


@login_not_required
@require_safe
def commitment(request: HttpRequest, buyer_id: int, year: int) -> HttpResponse:
    """The number against the target, the trend, what converts, the contracts. At most 16 queries."""
    return _page(request, *_board(buyer_id, year))


def _page(
    request: HttpRequest, board: Board, today: date, *, error: str = "", typed: Any = None, status: int = 200
) -> HttpResponse:
    wanted = request.GET.get("kind", "")
    wanted = wanted if wanted in commitment_words.DRILLS else ""
    found = verbs.drilled(board.contracts, wanted)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    mine = verbs.writer(request.user, board.buyer)
    journal = verbs.journal(board.buyer, board.year)
    taken_back = {line.cancels_id for line in journal}
    context = {
        "board": board,
        "buyer": board.buyer,
        "year": board.figures,
        "years": verbs.years_of(board.buyer, today) or [board.year],
        "running": board.year == today.year,
        "sentence": commitment_words.sentence(board),
        "trend": commitment_words.trend(board),
        "projected": commitment_words.projected(board.projection) if board.projection else "",
        "bars": commitment_words.bars(board.figures),
        "beside": commitment_words.beside(board.levels, board.spaser.indicators),
        "indicators": commitment_words.indicators(board),
        "wanted": wanted,
        "drills": commitment_words.DRILLS,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "rows": [(one, commitment_words.kinds_of(one.contract.kinds)) for one in page],
        "mine": mine,
        "journal": journal,
        "standing": {line.pk for line in journal if line.pk not in taken_back},
        "kinds": [(str(kind), label, article) for kind, (label, article) in commitment_words.KINDS.items()],
        "error": error,
        "typed": typed or {},
        "typed_kinds": typed.getlist("kinds") if typed else [],
        "today": today,
        "as_of": today,
        "fictitious": board.fictitious,
    }
    return render(request, "commitments/detail.html", context, status=status)


@login_not_required
@require_safe
def commitment_csv(_request: HttpRequest, buyer_id: int, year: int) -> HttpResponse:
    return paper.csv(_board(buyer_id, year)[0])


@login_not_required
@require_safe
def commitment_xlsx(_request: HttpRequest, buyer_id: int, year: int) -> HttpResponse:
    return paper.xlsx(_board(buyer_id, year)[0])


@login_not_required
@require_safe
def commitment_pdf(request: HttpRequest, buyer_id: int, year: int) -> HttpResponse:
    board, _today = _board(buyer_id, year)
    return sent(request, paper.page(board, timezone.localdate()), paper.name_of(board))


# ---------------------------------------------------------------- by hand, by members of the buyer


@signed_in
@require_POST
def commitment_line(request: HttpRequest, buyer_id: int, year: int) -> HttpResponse:
    """Add a contract, or complete a published one: by a member of the organisation with the buyer's SIRET."""
    board, today = _board(buyer_id, year)
    organisation = _writer(request, board.buyer)
    try:
        line = _line(request, board)
        verbs.add_line(board.buyer, organisation, request.user, line, today)
    except verbs.CommitmentRefusedError as error:
        return _page(request, board, today, error=str(error), typed=request.POST, status=422)
    return redirect("commitment", buyer_id, line.on.year)


def _line(request: HttpRequest, board: Board) -> verbs.Line:
    said = request.POST
    award = said.get("award", "").replace("\x00", "")
    known = {one.contract.key: one.contract.on for one in board.contracts if one.award}
    on = known.get(award) if award else _day(said.get("on", ""))
    if on is None:
        raise verbs.CommitmentRefusedError(_("Indiquez la date de notification du contrat."))
    digits = "".join(said.get("amount", "").split()).replace("\u202f", "").removesuffix("€")
    return verbs.Line(
        on=on,
        note=said.get("note", "").replace("\x00", "")[:2000],
        title=said.get("title", "").replace("\x00", ""),
        amount_eur=int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 13 and not award else None,
        award=award,
        kinds=tuple(kind for kind in said.getlist("kinds") if kind in set(Kind)),
        green=True if said.get("green") else None,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@signed_in
@require_POST
def commitment_cancel(request: HttpRequest, buyer_id: int, year: int, line_id: int) -> HttpResponse:
    """Take a line back: the journal keeps both."""
    board, today = _board(buyer_id, year)
    try:
        verbs.cancel_line(_writer(request, board.buyer), request.user, line_id)
    except verbs.CommitmentRefusedError as error:
        return _page(request, board, today, error=str(error), status=422)
    return redirect("commitment", buyer_id, year)


@signed_in
@require_POST
def commitment_target(request: HttpRequest, buyer_id: int, year: int) -> HttpResponse:
    """The organisation's own target for a year, in per cent."""
    board, today = _board(buyer_id, year)
    organisation = _writer(request, board.buyer)
    text = request.POST.get("target", "").replace(",", ".").strip().removesuffix("%").strip()
    try:
        whole = text.replace(".", "", 1)
        share = float(text) / 100 if whole.isascii() and whole.isdigit() and len(whole) < 6 else -1.0
        verbs.set_target(organisation, request.user, year, share)
    except verbs.CommitmentRefusedError as error:
        return _page(request, board, today, error=str(error), status=422)
    return redirect("commitment", buyer_id, year)


def _writer(request: HttpRequest, buyer: Buyer) -> Organisation:
    found = verbs.writer(request.user, buyer)
    if found is None:
        raise PermissionDenied
    return found


def _buyer(buyer_id: int) -> Buyer:
    found = Buyer.objects.filter(pk=buyer_id).first()
    if found is None:
        raise Http404(_("Aucun acheteur ne porte ce numéro."))
    return found


def _board(buyer_id: int, year: int) -> tuple[Board, date]:
    buyer = _buyer(buyer_id)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404(_("Cette année n'a pas de données."))
    today = current_as_of()
    return verbs.board(buyer, year, today), today
