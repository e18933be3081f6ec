"""The expiry radar: contracts that end soon, so that groupings are ready before the renewal is published."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from frontend import exports
from frontend.access import login_not_required
from matchmaker.award_queries import MONTHS, by_month, choices, expiring_awards, expiry_filter
from matchmaker.models import Award
from matchmaker.queries import current_as_of, labels

PAGE_SIZE = 50
CSV_ROWS = 20_000


@login_not_required
@require_safe
def expiring(request: HttpRequest) -> HttpResponse:
    """The months as bars, the contracts under them. At most 10 queries."""
    as_of = current_as_of()
    wanted = expiry_filter(request.GET)
    months = by_month(wanted, as_of)
    highest = max((month.contracts for month in months), default=0) or 1
    page = Paginator(expiring_awards(wanted, as_of), PAGE_SIZE).get_page(request.GET.get("page"))
    trades, departements = choices(as_of)
    names = labels("trade")
    total = sum(month.contracts for month in months)
    context = {
        "as_of": as_of,
        "wanted": wanted,
        "window": wanted.window(as_of),
        "months": [(month, 100 * month.contracts / highest) for month in months],
        "total": total,
        "annual": sum(month.annual_eur for month in months),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "trades": [(code, names.get(code, code)) for code in trades],
        "names": names,
        "departements": departements,
        "reach": range(MONTHS[0], MONTHS[1] + 1),
        "fictitious": any(award.fictitious for award in page.object_list),
        "known": total or Award.objects.exists(),
    }
    return render(request, "expiring.html", context)


@login_not_required
@require_safe
def expiring_csv(request: HttpRequest) -> HttpResponse:
    as_of = current_as_of()
    return exports.expiring_csv(expiring_awards(expiry_filter(request.GET), as_of)[:CSV_ROWS], as_of)
