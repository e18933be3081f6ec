"""Lots without a published amount get the range of comparable awards, marked as an estimation."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import batched

from django.db.models import Q

from matchmaker.domain.imputation import Comparable, Comparables, Imputed, Level, procedure_level
from matchmaker.models import Award, Lot
from matchmaker.reference import reference

BATCH = 1_000
_FIELDS = ("imputed_low_eur", "imputed_mid_eur", "imputed_high_eur", "imputed_basis")


def impute_lots() -> int:
    """Bring the estimations of all lots up to the awards known. Returns how many lots changed.

    One query when every amount is published; else the awards are read once. Interrupted, the next call goes on.
    """
    changed = 0
    for fictitious in (False, True):
        lots = Lot.objects.filter(tender__fictitious=fictitious)
        wanted = lots.filter(Q(amount_eur__isnull=True) | Q(imputed_mid_eur__isnull=False))
        numbers = list(wanted.order_by("pk").values_list("pk", flat=True))
        if numbers:
            known = Comparables(_awards(fictitious=fictitious))
            changed += sum(_impute(known, batch) for batch in batched(numbers, BATCH, strict=False))
    return changed


def _awards(*, fictitious: bool) -> Iterator[Comparable]:
    rows = Award.objects.filter(fictitious=fictitious, amount_eur__isnull=False).exclude(cpv="").order_by()
    fields = ("cpv", "buyer__siret", "buyer__key", "duration_months", "amount_eur")
    told = ("nature", "procedure", "source", "tender__form")
    for cpv, siret, key, months, amount, nature, *procedure in rows.values_list(*fields, *told).iterator(
        chunk_size=10_000
    ):
        level = (
            Level.CONCESSION
            if "concession" in nature.casefold()
            else procedure_level(*(text or "" for text in procedure))
        )
        yield Comparable(cpv, siret or key or "", months, amount, level)


def _impute(known: Comparables, numbers: tuple[int, ...]) -> int:
    rules = reference()
    changed = []
    for lot in Lot.objects.filter(pk__in=numbers).select_related("tender__buyer").defer("description"):
        found = None
        if lot.amount_eur is None:
            tender = lot.tender
            level = procedure_level(tender.procedure, tender.source, tender.form)
            found = known.impute(lot.cpvs, tender.buyer.siret, lot.duration_months, rules, level)
        before = [getattr(lot, name) for name in _FIELDS]
        _set(lot, found)
        if before != [getattr(lot, name) for name in _FIELDS]:
            changed.append(lot)
    Lot.objects.bulk_update(changed, _FIELDS)
    return len(changed)


def _set(lot: Lot, found: Imputed | None) -> None:
    lot.imputed_low_eur = found.low_eur if found else None
    lot.imputed_mid_eur = found.mid_eur if found else None
    lot.imputed_high_eur = found.high_eur if found else None
    lot.imputed_basis = found.words[:250] if found else ""
