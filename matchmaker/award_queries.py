"""Named reads of awards: what a firm won, what a buyer gave, which contracts end soon. Each says what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncMonth

from matchmaker.domain.award import add_months
from matchmaker.models import Award, AwardHolder, Buyer, Firm
from matchmaker.queries import Params

MONTHS = (0, 36)  # how far one may look
USUAL = (6, 18)  # where a renewal is being prepared


def awards_of(firm: Firm, limit: int = 50) -> list[AwardHolder]:
    """The contracts a firm won, latest first, with its part of each. One query."""
    rows = AwardHolder.objects.filter(firm=firm).select_related("award__buyer")
    return list(rows.annotate(holders=Count("award__holders")).order_by("-award__notified_on", "award_id")[:limit])


def running_awards(firm: Firm, on: date) -> list[AwardHolder]:
    """Those under way on a day, the first to end first. One query."""
    rows = AwardHolder.objects.filter(firm=firm, award__notified_on__lte=on, award__ends_on__gte=on)
    return list(rows.select_related("award__buyer").order_by("award__ends_on", "award_id"))


def won_by_same_buyer(firm: Firm, buyer: Buyer, since: date) -> list[AwardHolder]:
    """What a firm won from any establishment of a buyer since a day (rule R5's three years). One query."""
    rows = AwardHolder.objects.filter(firm__siren=firm.siren, award__notified_on__gte=since)
    same = {"award__buyer__siret__startswith": buyer.siret[:9]} if buyer.siret else {"award__buyer": buyer}
    return list(rows.filter(**same).select_related("award").order_by("-award__notified_on", "award_id"))


# ---------------------------------------------------------------- the expiry radar


@dataclass(frozen=True, slots=True)
class ExpiryFilter:
    """What the address of the radar says; ``first`` and ``last`` in months from the day of reference."""

    trades: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    first: int = USUAL[0]
    last: int = USUAL[1]

    def window(self, on: date) -> tuple[date, date]:
        """First day included, last day excluded."""
        return add_months(on, self.first), add_months(on, self.last)


def expiry_filter(params: Params) -> ExpiryFilter:
    """Read a filter; a value that means nothing is dropped, as old links must go on working."""

    def month(name: str, usual: int) -> int:
        values = [int(text) for text in params.getlist(name) if text.isascii() and text.isdigit() and len(text) < 4]
        return min(MONTHS[1], values[-1]) if values else usual

    def many(name: str) -> tuple[str, ...]:
        values = dict.fromkeys(text.strip()[:10] for text in params.getlist(name) if text.strip())
        return tuple(text for text in values if "\x00" not in text)[:50]

    first, last = month("from", USUAL[0]), month("to", USUAL[1])
    if last <= first:
        first, last = min(first, last), max(first, last, min(first, last) + 1)
    return ExpiryFilter(many("trade"), many("dep"), first, last)


def expiring_awards(wanted: ExpiryFilter, on: date) -> QuerySet[Award]:
    """Contracts that end in a window, the first first, with their buyer and number of holders. Lazy."""
    start, end = wanted.window(on)
    found = Award.objects.filter(ends_on__gte=start, ends_on__lt=end)
    if wanted.trades:
        found = found.filter(trades__overlap=list(wanted.trades))
    if wanted.departements:
        found = found.filter(departement__in=wanted.departements)
    return found.select_related("buyer", "departement").annotate(n_holders=Count("holders")).order_by("ends_on", "pk")


@dataclass(frozen=True, slots=True)
class Month:
    first_day: date
    contracts: int
    annual_eur: int


def by_month(wanted: ExpiryFilter, on: date) -> list[Month]:
    """Contracts and their yearly value month by month, empty months too. One query."""
    start, end = wanted.window(on)
    rows = (
        Award.objects.filter(pk__in=expiring_awards(wanted, on).order_by().values("pk"))
        .order_by()
        .values(month=TruncMonth("ends_on"))
        .annotate(n=Count("pk"), total=Sum("annual_eur"))
    )
    found = {row["month"]: row for row in rows}
    months, day = [], start.replace(day=1)
    while day < end:
        row = found.get(day, {})
        months.append(Month(day, row.get("n", 0), int(row.get("total") or 0)))
        day = add_months(day, 1)
    return months


def choices(on: date) -> tuple[list[str], list[tuple[str, str]]]:
    """Trades and départements that have a contract ending within reach. Two queries."""
    reach = Award.objects.filter(ends_on__gte=on, ends_on__lt=add_months(on, MONTHS[1]))
    trades: Iterable[list[str]] = reach.exclude(trades=[]).order_by().values_list("trades", flat=True).distinct()
    departements = reach.exclude(departement=None).order_by("departement")
    found = departements.values_list("departement", "departement__name").distinct()
    return sorted({code for codes in trades for code in codes}), list(found)
