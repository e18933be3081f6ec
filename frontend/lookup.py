"""Find the firm a person has in mind: by its SIRET, or by a name among the firms of a lot's trades.

A partially diffused firm (rule D1) has no name to be found by.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from matchmaker.models import Firm, Lot
from matchmaker.queries import PublicFirm, firm_by_siret, public_firm, with_commune

CHOICES = 10
SHORTEST = 2  # letters
LONGEST = 100


def siret_in(text: str) -> str:
    """The SIRET someone typed or chose: 14 digits at the end, spaces within allowed; "" without."""
    found = re.search(r"(?:[0-9][  ]?){14}$", text.strip())
    return re.sub(r"[^0-9]", "", found.group()) if found else ""


def choice(firm: PublicFirm) -> str:
    """A firm as a line to choose; ``siret_in`` reads it back."""
    return " · ".join(filter(None, (firm.name, firm.city, firm.siret)))


def firms_named(lot: Lot, text: str) -> list[PublicFirm]:
    """Open firms of the lot's trades, those of its département first. One query; [] for a text too short."""
    wanted = " ".join(text.split())[:LONGEST]
    if len(wanted) < SHORTEST:
        return []
    related, heavy = with_commune()
    firms = _of_trades(lot).filter(Q(name__icontains=wanted) | Q(trade_name__icontains=wanted))
    near = Case(When(commune__departement=lot.departement_id, then=Value(0)), default=1, output_field=IntegerField())
    found = firms.select_related(*related).defer(*heavy).order_by(near, "name", "siret")[:CHOICES]
    return [public_firm(firm) for firm in found]


def _of_trades(lot: Lot) -> QuerySet[Firm]:
    known = Firm.objects.filter(diffusion=Firm.Diffusion.OPEN, active=True, fictitious=lot.tender.fictitious)
    return known.filter(trades__overlap=list(_trades(lot))) if lot.trades else known.none()


def _trades(lot: Lot) -> Iterable[str]:
    options = (code for need in lot.needs for code in need.get("options") or [need["trade"]])
    return dict.fromkeys([*lot.trades, *options])


def firm_meant(lot: Lot, text: str) -> tuple[Firm | None, list[PublicFirm]]:
    """(the firm, when the text names one only; else those it may mean). At most two queries."""
    siret = siret_in(text)
    if siret:
        return firm_by_siret(siret), []
    found = firms_named(lot, text)
    return (firm_by_siret(found[0].siret), []) if len(found) == 1 else (None, found)
